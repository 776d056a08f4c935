// From sums of products of 16-bit codes and 8-bit weights to codes. Internal to the kernels.
//
// A code is the sum with its bias, times the upper 16 bits of a multiplier, half a unit added, shifted:
//
//   ((Σ + b)·m + 2^(t−1)) >> t  =  ((Σ·(m·2^p) + (b·m + 2^(t−1))·2^p) >> 32) >> q,  32 + q = t + p
//
// where Σ may be added up in parts of 32 bits each. Taking upper halves is a shift by 32.
#ifndef FBQ_OUTPUT_16X8_H
#define FBQ_OUTPUT_16X8_H

#include "CIntegerKernels.h"

// Of one output: m·2^p, (b·m + 2^(t−1))·2^p and q.
typedef struct {
  int32_t multiplier;
  int32_t shift;
  int64_t nudge;
} fbq_scale_16x8;

// The code of a sum of products, without the bias.
int32_t fbq_code_16x8(const fbq_output_16x8 *stage, size_t output, int64_t sum);

// The scale of an output whose sums are no greater than `greatest` in magnitude. 0 where it has none, for
// sums of 32 bits, multipliers of 1/2 and more, and where 64 bits would not do.
int32_t fbq_find_scale_16x8(const fbq_output_16x8 *stage, size_t output, int64_t greatest,
                            fbq_scale_16x8 *scale);

// The greatest magnitude that sums of an output can have, with parts of them missing.
int64_t fbq_greatest_sum_16x8(const fbq_convolution *c, const uint8_t *weights, int is_depthwise,
                              size_t output);

// Says in the layer which path it takes, and whether sums are long.
void fbq_choose_path_16x8(fbq_convolution_16x8 *layer, const uint8_t *weights, int is_depthwise);

#endif
