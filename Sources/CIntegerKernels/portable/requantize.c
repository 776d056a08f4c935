#include "requantize.h"

static void set_scale(fbq_scale *scale, size_t lane, int32_t bias, fbq_multiplier factor,
                      int single) {
  // Positive shifts take the general path, which reads bias, multiplier and shift alone.
  uint32_t right = factor.shift < 0 ? (uint32_t)-factor.shift : 0;
  uint32_t top = 0x80000000u;
  scale->bias[lane] = (uint32_t)bias + top;
  scale->multiplier[lane] = (uint32_t)factor.multiplier;
  scale->nudge[lane] = single && right > 0 ? 0 : 1u << 30;
  scale->half[lane] = (right > 0 ? 1u << (right - 1) : 0) + top;
  scale->away[lane] = !single && right > 0 ? 0xffffffffu : 0;
  scale->power[lane] = top >> right;
  scale->shift[lane] = factor.shift;
}

static size_t blocks_per_group(const fbq_channels *channels) {
  return (channels->channels + fbq_channel_block - 1) / fbq_channel_block;
}

size_t fbq_portable_scale_bytes(const fbq_channels *channels) {
  return channels->groups * blocks_per_group(channels) * sizeof(fbq_scale);
}

void fbq_portable_set_scales(const fbq_channels *channels, void *scales, fbq_output *stage) {
  fbq_scale *blocks = scales;
  __builtin_memset(scales, 0, fbq_portable_scale_bytes(channels));
  stage->scales = scales;
  stage->path = channels->reaches_limit ? fbq_general : fbq_quick;
  for (size_t group = 0; group < channels->groups; group++) {
    fbq_scale *first = blocks + group * blocks_per_group(channels);
    for (size_t channel = 0; channel < channels->channels; channel++) {
      size_t index = group * channels->channels + channel;
      fbq_multiplier factor = channels->multipliers[channels->has_one_multiplier ? 0 : index];
      if (factor.shift > 0) stage->path = fbq_general;
      set_scale(first + channel / fbq_channel_block, channel % fbq_channel_block,
                channels->bias[index], factor, stage->single);
    }
  }
}

static int32_t saturated(int64_t value) {
  return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

int32_t fbq_scale_general(int32_t x, int32_t multiplier, int32_t shift, int32_t single) {
  if (single) {
    int32_t total = 31 - shift;
    return saturated(((int64_t)x * multiplier + ((int64_t)1 << (total - 1))) >> total);
  }
  int32_t left = shift > 0 ? shift : 0;
  int32_t right = shift < 0 ? -shift : 0;
  int32_t shifted = saturated((int64_t)x * ((int64_t)1 << left));
  int32_t v = saturated(((int64_t)shifted * multiplier + (1 << 30)) >> 31);
  int32_t mask = (int32_t)(((int64_t)1 << right) - 1);
  return (v >> right) + ((v & mask) > (mask >> 1) + (v < 0));
}

void fbq_codes_general(const uint32_t *biased, const fbq_scale *scale, const fbq_output *stage,
                       uint8_t *codes) {
  for (int lane = 0; lane < fbq_channel_block; lane++) {
    int32_t x = (int32_t)(biased[lane] - 0x80000000u);
    int32_t v = fbq_scale_general(x, (int32_t)scale->multiplier[lane], scale->shift[lane],
                                  stage->single);
    v = v < stage->minimum ? stage->minimum : v > stage->maximum ? stage->maximum : v;
    codes[lane] = (uint8_t)(v + stage->zero_point) ^ stage->flip;
  }
}
