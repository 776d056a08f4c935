// The table for processors with AVX-512 and its dot products of bytes (VNNI).
#include "CIntegerKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "../portable/general_scale.h"
#include "../portable/output_16x8.h"
#include "../portable/portable.h"
#include "tables.h"
#include "../wide/macros.h"

#pragma clang attribute push(                                                               \
    __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#include "lanes_avx512.h"
#include "x86_requantize.h"
#include "x86_scale_16x8.h"
#include "../wide/table.h"
#include "lookup_avx512.h"

#pragma clang attribute pop

const fbq_kernels fbq_avx512_vnni_kernels = {WIDE_KERNELS, .lookup = lookup_run};

#endif
