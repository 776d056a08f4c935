// The table for processors with AVX2 and the dot products of bytes of AVX-VNNI.
#include "CIntegerKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "../portable/general_scale.h"
#include "../portable/output_16x8.h"
#include "../portable/portable.h"
#include "tables.h"
#include "../wide/macros.h"

#pragma clang attribute push(__attribute__((target("avx2,avxvnni"))), apply_to = function)

#include "lanes_256.h"
#include "lanes_avx_vnni.h"
#include "x86_requantize.h"
#include "x86_scale_16x8.h"
#include "../wide/table.h"

#pragma clang attribute pop

const fbq_kernels fbq_avx_vnni_kernels = {WIDE_KERNELS};

#endif
