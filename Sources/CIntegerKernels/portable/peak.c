// Dot products of the portable convolution in registers alone.
#include "portable.h"
#include "vectors.h"

enum { peak_sums = 8, products_of_dot = 8 };

size_t fbq_portable_multiply_in_registers(size_t rounds) {
  fbq_u32x4 sums[peak_sums];
  fbq_i16x8 codes = {3, 5, 7, 9, 11, 13, 15, 17};
  const fbq_i16x8 weights = {-1, 2, -3, 4, -5, 6, -7, 8};
  for (uint32_t i = 0; i < peak_sums; i++) sums[i] = (fbq_u32x4){i, i, i, i};
  for (size_t round = 0; round < rounds; round++) {
    // The same for all rounds, unless the compiler cannot know it.
    codes += (int16_t)(round >> 40);
    for (int i = 0; i < peak_sums; i++) sums[i] += fbq_dot_pairs(codes + (int16_t)i, weights);
  }
  fbq_u32x4 all = sums[0];
  for (int i = 1; i < peak_sums; i++) all ^= sums[i];
  volatile uint32_t result = all[0] ^ all[1] ^ all[2] ^ all[3];
  (void)result;
  return rounds * peak_sums * products_of_dot;
}
