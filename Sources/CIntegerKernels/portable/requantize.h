// From accumulators to output codes. Internal to the kernels.
//
// The product with a 31-bit multiplier needs 64 bits, and the division by 2^k another shift count for
// each channel; the baseline instruction sets have neither for signed vectors. Both are made of the
// unsigned product of 32-bit halves, which they have:
//
//   u = x + 2^31 as unsigned           then (x·m + r) >> 31 = ((u·m + r) >> 31) − m
//   w = v + 2^31 as unsigned           then  v >> k = ((w·2^(31 − k)) >> 31) − 2^(31 − k)
//
// because 2^31·m and 2^31·2^(31 − k) are multiples of 2^31. With k = −shift, the two roundings are:
//
//   double: v = (x·m + 2^30) >> 31;  k ≥ 1: (v + 2^(k−1) − (v < 0)) >> k;  k = 0: v
//   single: k ≥ 1: ((x·m >> 31) + 2^(k−1)) >> k;  k = 0: (x·m + 2^30) >> 31
//
// (for single and k ≥ 1 the nudge 2^(30+k) is a multiple of 2^31, so it may be added after the shift).
// Thus per channel: nudge r, half = 2^(k−1) + 2^31 (the bias of w), away = all ones where v < 0 costs
// one, power = 2^(31−k); and the bias of the channel carries the 2^31 of u.
//
// With |x| < 2^30 nothing overflows: |v| ≤ 2^30 and half ≤ 2^30. Otherwise, and for positive shifts,
// the general path computes as the reference does.
#ifndef FBQ_REQUANTIZE_H
#define FBQ_REQUANTIZE_H

#include "CIntegerKernels.h"
#include "general_scale.h"
#include "vectors.h"

// Output channels that are computed together; channel arrays are padded to a multiple of it.
enum { fbq_channel_block = 8 };

// How the accumulators of 8 channels become codes.
typedef struct {
  uint32_t bias[fbq_channel_block];
  uint32_t multiplier[fbq_channel_block];
  uint32_t nudge[fbq_channel_block];
  uint32_t half[fbq_channel_block];
  uint32_t away[fbq_channel_block];
  uint32_t power[fbq_channel_block];
  // For the path that holds for any shift and accumulator.
  int32_t shift[fbq_channel_block];
} fbq_scale;

size_t fbq_portable_scale_bytes(const fbq_channels *channels);
void fbq_portable_set_scales(const fbq_channels *channels, void *scales, fbq_output *stage);

// (a·b + r) >> 31 for four unsigned lanes.
FBQ_INLINE fbq_u32x4 fbq_multiply_shift_31(fbq_u32x4 a, fbq_u32x4 b, fbq_u32x4 r) {
  const fbq_u64x2 low = {0xffffffffu, 0xffffffffu};
  fbq_u64x2 even = ((fbq_u64x2)a & low) * ((fbq_u64x2)b & low) + ((fbq_u64x2)r & low);
  fbq_u64x2 odd = ((fbq_u64x2)a >> 32) * ((fbq_u64x2)b >> 32) + ((fbq_u64x2)r >> 32);
  return (fbq_u32x4)(((even >> 31) & low) | ((odd << 1) & ~low));
}

// Four scaled values from accumulators that carry the 2^31 of their bias.
FBQ_INLINE fbq_i32x4 fbq_scale_four(fbq_u32x4 biased, const fbq_scale *scale, int at) {
  const fbq_u32x4 none = {0, 0, 0, 0};
  fbq_u32x4 multiplier = fbq_load_u32x4(scale->multiplier + at);
  fbq_u32x4 v =
      fbq_multiply_shift_31(biased, multiplier, fbq_load_u32x4(scale->nudge + at)) - multiplier;
  fbq_u32x4 negative = (fbq_u32x4)((fbq_i32x4)v >> 31);
  v += (negative & fbq_load_u32x4(scale->away + at)) + fbq_load_u32x4(scale->half + at);
  fbq_u32x4 power = fbq_load_u32x4(scale->power + at);
  return (fbq_i32x4)(fbq_multiply_shift_31(v, power, none) - power);
}

// The general path for eight accumulators.
void fbq_codes_general(const uint32_t *biased, const fbq_scale *scale, const fbq_output *stage,
                       uint8_t *codes);

// Eight codes of one block of channels from accumulators that carry the 2^31 of their bias.
FBQ_INLINE void fbq_codes(fbq_u32x4 low, fbq_u32x4 high, const fbq_scale *scale,
                          const fbq_output *stage, uint8_t *codes) {
  if (__builtin_expect(stage->path == fbq_general, 0)) {
    uint32_t biased[8];
    __builtin_memcpy(biased, &low, sizeof low);
    __builtin_memcpy(biased + 4, &high, sizeof high);
    fbq_codes_general(biased, scale, stage, codes);
    return;
  }
  fbq_i32x8 scaled = __builtin_shufflevector(fbq_scale_four(low, scale, 0),
                                             fbq_scale_four(high, scale, 4), 0, 1, 2, 3, 4, 5, 6, 7);
  // Saturating to 16 bits first changes nothing, since the clamp is narrower, and makes one packing
  // instruction of it.
  const fbq_i32x8 least = {-32768, -32768, -32768, -32768, -32768, -32768, -32768, -32768};
  const fbq_i32x8 most = {32767, 32767, 32767, 32767, 32767, 32767, 32767, 32767};
  scaled = __builtin_elementwise_min(__builtin_elementwise_max(scaled, least), most);
  fbq_i16x8 narrow = __builtin_convertvector(scaled, fbq_i16x8);
  fbq_i16x8 minimum = (fbq_i16x8){0} + (int16_t)stage->minimum;
  fbq_i16x8 maximum = (fbq_i16x8){0} + (int16_t)stage->maximum;
  narrow = __builtin_elementwise_min(__builtin_elementwise_max(narrow, minimum), maximum);
  narrow += (int16_t)stage->zero_point;
  fbq_i8x8 bytes = __builtin_convertvector(narrow, fbq_i8x8);
  uint64_t all;
  __builtin_memcpy(&all, &bytes, sizeof all);
  all ^= stage->flip * 0x0101010101010101u;
  __builtin_memcpy(codes, &all, sizeof all);
}

// The same, keeping only the first `count` codes, 1…8.
FBQ_INLINE void fbq_store_codes(fbq_u32x4 low, fbq_u32x4 high, const fbq_scale *scale,
                                const fbq_output *stage, uint8_t *to, int32_t count) {
  if (count == fbq_channel_block) {
    fbq_codes(low, high, scale, stage, to);
  } else {
    uint8_t codes[fbq_channel_block];
    fbq_codes(low, high, scale, stage, codes);
    for (int32_t i = 0; i < count; i++) to[i] = codes[i];
  }
}

#endif
