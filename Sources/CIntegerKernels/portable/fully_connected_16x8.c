// Fully connected layer of 16-bit codes and 8-bit weights, in vectors of 4 lanes.
#include "../wide/macros.h"
#include "general_scale.h"
#include "portable.h"
#include "vectors.h"

typedef fbq_u32x4 lanes;

WIDE_INLINE lanes lanes_zero(void) { return (lanes){0}; }

// Numbers of 16 bits, the first `count` read, the others 0.
WIDE_INLINE lanes lanes_load_16(const int16_t *from, size_t count) {
  if (count == 8) return (lanes)fbq_load_i16x8(from);
  int16_t all[8] = {0};
  for (size_t i = 0; i < count; i++) all[i] = from[i];
  return (lanes)fbq_load_i16x8(all);
}

// Signed bytes as 16 bits each, the first `count` read, the others 0.
WIDE_INLINE lanes lanes_expand_16(const uint8_t *from, size_t count) {
  if (count == 8) return (lanes)fbq_widen(from, 0);
  uint8_t all[8] = {0};
  for (size_t i = 0; i < count; i++) all[i] = from[i];
  return (lanes)fbq_widen(all, 0);
}

// a + Σ of 2 products of 16 bits.
WIDE_INLINE lanes lanes_dot_16(lanes a, lanes codes, lanes weights) {
  return a + fbq_dot_pairs((fbq_i16x8)codes, (fbq_i16x8)weights);
}

// The sums of all lanes of four vectors.
WIDE_INLINE void lanes_sums_of_four(const lanes *v, int32_t *sums) {
  for (int i = 0; i < 4; i++) sums[i] = (int32_t)(v[i][0] + v[i][1] + v[i][2] + v[i][3]);
}

#include "../wide/fully_connected_16x8.h"

void fbq_portable_fully_connected_16x8(const void *parameters, size_t begin, size_t end, void *scratch) {
  fully_connected_16x8_run(parameters, begin, end, scratch);
}
