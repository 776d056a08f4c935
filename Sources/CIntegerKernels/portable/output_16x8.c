#include "output_16x8.h"

#include "general_scale.h"

static fbq_multiplier multiplier_of(const fbq_output_16x8 *stage, size_t output) {
  return stage->multipliers[stage->has_one_multiplier ? 0 : output];
}

// The upper 16 bits of a multiplier, rounded.
static int64_t upper_of(int32_t multiplier) {
  return multiplier < 0x7fff0000 ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
}

int32_t fbq_code_16x8(const fbq_output_16x8 *stage, size_t output, int64_t sum) {
  const fbq_multiplier factor = multiplier_of(stage, output);
  int64_t code;
  sum += stage->bias[output];
  if (stage->has_narrow_sums) {
    code = fbq_scale_general((int32_t)sum, factor.multiplier, factor.shift, stage->single);
  } else {
    // |sum| < 2^47 and the multiplier has 15 bits. What would saturate at 32 bits is clamped below.
    const int32_t shift = 15 - factor.shift;
    code = (sum * upper_of(factor.multiplier) + ((int64_t)1 << (shift - 1))) >> shift;
  }
  code = code < stage->minimum ? stage->minimum : code;
  return (int32_t)(code > stage->maximum ? stage->maximum : code);
}

int32_t fbq_find_scale_16x8(const fbq_output_16x8 *stage, size_t output, int64_t greatest,
                            fbq_scale_16x8 *scale) {
  if (stage->has_narrow_sums) return 0;
  const fbq_multiplier factor = multiplier_of(stage, output);
  const int64_t bias = stage->bias[output], upper = upper_of(factor.multiplier);
  const int32_t total = 15 - factor.shift;
  // 15 bits, shifted by more than 16, would not fit into 32.
  if (total < 16) return 0;
  const int32_t before = total < 32 ? 32 - total : 0;
  const int64_t half = (int64_t)1 << (total - 1);
  // Together below 2^47, as validation proved.
  const int64_t magnitude = greatest + (bias < 0 ? -bias : bias);
  if (magnitude * upper + half > INT64_MAX >> before) return 0;
  const int64_t power = (int64_t)1 << before;
  scale->multiplier = (int32_t)(upper * power);
  scale->shift = total + before - 32;
  scale->nudge = (bias * upper + half) * power;
  return 1;
}

int64_t fbq_greatest_sum_16x8(const fbq_convolution *c, const uint8_t *weights, int is_depthwise,
                              size_t output) {
  const size_t taps = (size_t)c->kernel_height * (size_t)c->kernel_width;
  const size_t depth = is_depthwise ? taps : taps * (size_t)c->input_channels;
  const size_t stride = is_depthwise ? (size_t)c->output_channels : 1;
  const uint8_t *from = weights + output * (is_depthwise ? 1 : depth);
  int64_t sum = 0;
  for (size_t k = 0; k < depth; k++) {
    const int32_t weight = (int8_t)from[k * stride];
    sum += weight < 0 ? -weight : weight;
  }
  return sum << 15;
}

void fbq_choose_path_16x8(fbq_convolution_16x8 *layer, const uint8_t *weights, int is_depthwise) {
  layer->path = fbq_quick;
  layer->has_long_sums = 0;
  for (size_t output = 0; output < (size_t)layer->windows.output_channels; output++) {
    fbq_scale_16x8 scale;
    const int64_t greatest = fbq_greatest_sum_16x8(&layer->windows, weights, is_depthwise, output);
    if (greatest > INT32_MAX) layer->has_long_sums = 1;
    if (!fbq_find_scale_16x8(&layer->stage, output, greatest, &scale)) layer->path = fbq_general;
  }
}
