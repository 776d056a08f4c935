#include "requantize.h"

void fbq_scale_set(fbq_scale *scale, int32_t channel, int32_t bias, int32_t multiplier,
                   int32_t shift, int32_t single) {
  // Positive shifts take the general path, which reads bias, multiplier and shift alone.
  uint32_t right = shift < 0 ? (uint32_t)-shift : 0;
  uint32_t top = 0x80000000u;
  scale->bias[channel] = (uint32_t)bias + top;
  scale->multiplier[channel] = (uint32_t)multiplier;
  scale->nudge[channel] = single && right > 0 ? 0 : 1u << 30;
  scale->half[channel] = (right > 0 ? 1u << (right - 1) : 0) + top;
  scale->away[channel] = !single && right > 0 ? 0xffffffffu : 0;
  scale->power[channel] = top >> right;
  scale->shift[channel] = shift;
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
