// Vectors of 128 bits in the compiler's own notation, which any target lowers: SSE2 and NEON to single
// instructions, others to scalar code. Internal to the kernels.
#ifndef FBQ_VECTORS_H
#define FBQ_VECTORS_H

#include <stddef.h>
#include <stdint.h>

typedef int8_t fbq_i8x8 __attribute__((vector_size(8)));
typedef int16_t fbq_i16x8 __attribute__((vector_size(16)));
typedef int32_t fbq_i32x4 __attribute__((vector_size(16)));
typedef int32_t fbq_i32x8 __attribute__((vector_size(32)));
typedef uint32_t fbq_u32x4 __attribute__((vector_size(16)));
typedef uint64_t fbq_u64x2 __attribute__((vector_size(16)));

// Everything is inlined: a vector of 256 bits between two functions would have no settled convention.
#define FBQ_INLINE static inline __attribute__((always_inline))

FBQ_INLINE fbq_i16x8 fbq_load_i16x8(const int16_t *from) {
  fbq_i16x8 value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

FBQ_INLINE fbq_u32x4 fbq_load_u32x4(const uint32_t *from) {
  fbq_u32x4 value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

// Σ of neighbors: a[0]·b[0] + a[1]·b[1], a[2]·b[2] + a[3]·b[3], …
// In this form the compiler finds `pmaddwd`: eight products in one instruction of the baseline.
// No overflow: one of the operands of each product is a code or a code minus a zero point, below 2^8 in
// magnitude.
FBQ_INLINE fbq_u32x4 fbq_dot_pairs(fbq_i16x8 a, fbq_i16x8 b) {
  fbq_i32x8 products =
      __builtin_convertvector(a, fbq_i32x8) * __builtin_convertvector(b, fbq_i32x8);
  fbq_i32x4 sums = __builtin_shufflevector(products, products, 0, 2, 4, 6) +
                   __builtin_shufflevector(products, products, 1, 3, 5, 7);
  return (fbq_u32x4)sums;
}

// The two int16 at `from`, four times.
FBQ_INLINE fbq_i16x8 fbq_repeat_pair(const int16_t *from) {
  int32_t pair;
  __builtin_memcpy(&pair, from, sizeof pair);
  fbq_i32x4 value = {pair, pair, pair, pair};
  return (fbq_i16x8)value;
}

// Eight codes as int16; `flip` turns uint8 into int8.
FBQ_INLINE fbq_i16x8 fbq_widen(const uint8_t *from, uint8_t flip) {
  uint64_t bytes;
  __builtin_memcpy(&bytes, from, sizeof bytes);
  bytes ^= flip * 0x0101010101010101u;
  fbq_i8x8 codes;
  __builtin_memcpy(&codes, &bytes, sizeof codes);
  return __builtin_convertvector(codes, fbq_i16x8);
}

// One code as an integer.
FBQ_INLINE int32_t fbq_code(uint8_t byte, uint8_t flip) { return (int8_t)(byte ^ flip); }

// `count` codes minus the zero point.
FBQ_INLINE void fbq_widen_run(int16_t *restrict to, const uint8_t *restrict from, size_t count,
                              uint8_t flip, int32_t zero_point) {
  for (size_t i = 0; i < count; i++) to[i] = (int16_t)(fbq_code(from[i], flip) - zero_point);
}

#endif
