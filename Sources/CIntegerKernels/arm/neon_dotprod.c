// The table for AArch64 processors with dot products of bytes (Armv8.2 and later).
#include "CIntegerKernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "../portable/general_scale.h"
#include "../portable/output_16x8.h"
#include "../portable/portable.h"
#include "../wide/macros.h"
#include "tables.h"

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "lanes_neon.h"
#include "neon_requantize.h"
#include "neon_scale_16x8.h"
#include "../wide/table.h"

#pragma clang attribute pop

const fbq_kernels fbq_neon_dotprod_kernels = {WIDE_KERNELS};

#endif
