// The table for processors with AVX-512 and its dot products of bytes (VNNI).
#include "CIntegerKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "../portable/general_scale.h"
#include "tables.h"

#define WIDE_INLINE static inline __attribute__((always_inline))
// Arrays of vectors stay in registers only where every loop over them is unrolled.
#define UNROLLED _Pragma("clang loop unroll(full)")

#pragma clang attribute push(                                                               \
    __attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

#include "lanes_avx512.h"
#include "wide_requantize.h"
#include "wide_patches.h"
#include "wide_convolution.h"
#include "wide_depthwise.h"
#include "wide_fully_connected.h"
#include "wide_add.h"

#pragma clang attribute pop

const fbq_kernels fbq_avx512_vnni_kernels = {
    .scale_bytes = wide_scale_bytes,
    .set_scales = wide_set_scales,
    .convolution = &wide_convolution,
    .depthwise = &wide_depthwise,
    .fully_connected = &wide_fully_connected,
    .accepts_add = add_accepts,
    .add = add_run,
};

#endif
