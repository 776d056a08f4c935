// Vectors of 8 lanes, 256 bits: what the tables for AVX2 and AVX-VNNI have in common. Included once in
// the source file of a table, after <immintrin.h>.

#include "../wide/few_bytes.h"

typedef __m256i lanes;

enum { lane_count = 8 };

WIDE_INLINE lanes lanes_load(const void *from) {
  return _mm256_loadu_si256((const __m256i *)from);
}

WIDE_INLINE void lanes_store(void *to, lanes v) { _mm256_storeu_si256((__m256i *)to, v); }

WIDE_INLINE lanes lanes_repeat(int32_t value) { return _mm256_set1_epi32(value); }

WIDE_INLINE lanes lanes_repeat_16(int32_t value) { return _mm256_set1_epi16((int16_t)value); }

WIDE_INLINE lanes lanes_repeat_8(int32_t value) { return _mm256_set1_epi8((int8_t)value); }

WIDE_INLINE lanes lanes_repeat_64(int64_t value) { return _mm256_set1_epi64x(value); }

WIDE_INLINE lanes lanes_zero(void) { return _mm256_setzero_si256(); }

WIDE_INLINE lanes lanes_add(lanes a, lanes b) { return _mm256_add_epi32(a, b); }

WIDE_INLINE lanes lanes_subtract(lanes a, lanes b) { return _mm256_sub_epi32(a, b); }

WIDE_INLINE lanes lanes_and(lanes a, lanes b) { return _mm256_and_si256(a, b); }

WIDE_INLINE lanes lanes_or(lanes a, lanes b) { return _mm256_or_si256(a, b); }

WIDE_INLINE lanes lanes_xor(lanes a, lanes b) { return _mm256_xor_si256(a, b); }

WIDE_INLINE lanes lanes_shift_left(lanes v, int count) { return _mm256_slli_epi32(v, count); }

// v · 2^count with a count that is no constant.
WIDE_INLINE lanes lanes_shift_left_by(lanes v, int32_t count) {
  return _mm256_sll_epi32(v, _mm_cvtsi32_si128(count));
}

// −1 where negative, else 0.
WIDE_INLINE lanes lanes_sign(lanes v) { return _mm256_srai_epi32(v, 31); }

// Each lane divided by 2^count, rounded down.
WIDE_INLINE lanes lanes_shift_right(lanes v, lanes counts) { return _mm256_srav_epi32(v, counts); }

// Each lane times 2^count; bits beyond 32 are lost.
WIDE_INLINE lanes lanes_shift_left_each(lanes v, lanes counts) { return _mm256_sllv_epi32(v, counts); }

// −1 where a > b, or where both are equal, else 0.
WIDE_INLINE lanes lanes_greater(lanes a, lanes b) { return _mm256_cmpgt_epi32(a, b); }

// v − 1 where a < b.
WIDE_INLINE lanes lanes_less_where_less(lanes v, lanes a, lanes b) {
  return lanes_add(v, lanes_greater(b, a));
}

WIDE_INLINE lanes lanes_equal(lanes a, lanes b) { return _mm256_cmpeq_epi32(a, b); }

// a where the mask has ones, b where it has zeros.
WIDE_INLINE lanes lanes_select(lanes mask, lanes a, lanes b) {
  return _mm256_blendv_epi8(b, a, mask);
}

// The even lanes' products, as 64 bits each.
WIDE_INLINE lanes lanes_multiply_even(lanes a, lanes b) { return _mm256_mul_epi32(a, b); }

// Products of numbers of 16 bits.
WIDE_INLINE lanes lanes_multiply_short(lanes a, lanes b) {
  return _mm256_madd_epi16(_mm256_and_si256(a, _mm256_set1_epi32(0xffff)), b);
}

WIDE_INLINE lanes lanes_add_64(lanes a, lanes b) { return _mm256_add_epi64(a, b); }

// Odd lanes where the even ones were.
WIDE_INLINE lanes lanes_odd(lanes v) { return _mm256_srli_epi64(v, 32); }

// The upper halves of 64-bit lanes: the even ones from `even`, the odd ones from `odd`.
WIDE_INLINE lanes lanes_upper_halves(lanes even, lanes odd) {
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

// Upper halves of products.
WIDE_INLINE lanes lanes_multiply_high(lanes a, lanes b) {
  return lanes_upper_halves(lanes_multiply_even(a, b),
                            lanes_multiply_even(lanes_odd(a), lanes_odd(b)));
}

// The 4 bytes at `from` in every lane.
WIDE_INLINE lanes lanes_repeat_four(const uint8_t *from) {
  int32_t four;
  __builtin_memcpy(&four, from, sizeof four);
  return _mm256_set1_epi32(four);
}

// 0…16 bytes, the others 0.
WIDE_INLINE __m128i load_up_to_16(const uint8_t *from, size_t count) {
  if (count >= 16) return _mm_loadu_si128((const __m128i *)(const void *)from);
  if (count <= 8) return _mm_cvtsi64_si128((int64_t)load_up_to_8(from, count));
  return _mm_set_epi64x((int64_t)load_up_to_8(from + 8, count - 8),
                        (int64_t)load_up_to_8(from, 8));
}

// 0…32 bytes, the others 0.
WIDE_INLINE lanes load_up_to_32(const uint8_t *from, size_t count) {
  if (count >= 32) return lanes_load(from);
  if (count <= 16) return _mm256_zextsi128_si256(load_up_to_16(from, count));
  return _mm256_set_m128i(load_up_to_16(from + 16, count - 16), load_up_to_16(from, 16));
}

WIDE_INLINE void store_up_to_16(uint8_t *to, __m128i bytes, size_t count) {
  if (count >= 16) {
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
    return;
  }
  store_up_to_8(to, (uint64_t)_mm_cvtsi128_si64(bytes), count);
  if (count > 8) store_up_to_8(to + 8, (uint64_t)_mm_extract_epi64(bytes, 1), count - 8);
}

// One byte per lane, the first `count` of them read, the others 0.
WIDE_INLINE lanes lanes_expand(const uint8_t *from, size_t count) {
  return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)load_up_to_8(from, count)));
}

// One signed byte per lane, flipped before.
WIDE_INLINE lanes lanes_expand_signed(const uint8_t *from, uint8_t flip) {
  __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)from);
  return _mm256_cvtepi8_epi32(_mm_xor_si128(bytes, _mm_set1_epi8((char)flip)));
}

// One number of 16 bits per lane.
WIDE_INLINE lanes lanes_expand_words(const int16_t *from) {
  return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}

// Bytes in the order from which the unpacking below makes whole blocks: its results hold, for each
// channel of block 0, 1, 2, 3, the bytes of the operands side by side.
WIDE_INLINE lanes lanes_spread(lanes bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}

// Bytes, or pairs of bytes, of a and b by turns: of the lower or the upper half of each 128 bits.
WIDE_INLINE lanes lanes_unpack_low_8(lanes a, lanes b) { return _mm256_unpacklo_epi8(a, b); }

WIDE_INLINE lanes lanes_unpack_high_8(lanes a, lanes b) { return _mm256_unpackhi_epi8(a, b); }

WIDE_INLINE lanes lanes_unpack_low_16(lanes a, lanes b) { return _mm256_unpacklo_epi16(a, b); }

WIDE_INLINE lanes lanes_unpack_high_16(lanes a, lanes b) { return _mm256_unpackhi_epi16(a, b); }

// 32 bytes of which the first `count` are read and flipped; what the others become is not settled.
WIDE_INLINE lanes lanes_load_bytes(const uint8_t *from, size_t count, lanes flips) {
  return _mm256_xor_si256(load_up_to_32(from, count), flips);
}

// The same, with zeros for what is not read.
WIDE_INLINE lanes lanes_load_bytes_or_zeros(const uint8_t *from, size_t count, lanes flips) {
  const __m256i places =
      _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                       22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
  const lanes read = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(count < 32 ? count : 32)), places);
  return _mm256_xor_si256(load_up_to_32(from, count), _mm256_and_si256(flips, read));
}

// Numbers of 16 bits, the first `count` of them read.
WIDE_INLINE lanes lanes_load_16(const int16_t *from, size_t count) {
  return load_up_to_32((const uint8_t *)from, count * sizeof *from);
}

// Signed bytes as 16 bits each, the first `count` read, the others 0.
WIDE_INLINE lanes lanes_expand_16(const uint8_t *from, size_t count) {
  return _mm256_cvtepi8_epi16(load_up_to_16(from, count));
}

// Saturated to 16 bits: a and b by turns, 4 lanes of each.
WIDE_INLINE lanes lanes_narrow_16(lanes a, lanes b) { return _mm256_packs_epi32(a, b); }

// The same: all of a, then all of b.
WIDE_INLINE lanes lanes_narrow_16_in_order(lanes a, lanes b) {
  return _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
}

WIDE_INLINE lanes lanes_minimum_16(lanes a, lanes b) { return _mm256_min_epi16(a, b); }

WIDE_INLINE lanes lanes_maximum_16(lanes a, lanes b) { return _mm256_max_epi16(a, b); }

WIDE_INLINE lanes lanes_add_saturating_16(lanes a, lanes b) { return _mm256_adds_epi16(a, b); }

// Saturated to 8 bits, from two that lanes_narrow_16 made: all bytes of its four operands in order.
WIDE_INLINE lanes lanes_narrow_8(lanes a, lanes b) {
  return _mm256_permutevar8x32_epi32(_mm256_packs_epi16(a, b),
                                     _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

WIDE_INLINE lanes lanes_minimum_8(lanes a, lanes b) { return _mm256_min_epi8(a, b); }

WIDE_INLINE lanes lanes_maximum_8(lanes a, lanes b) { return _mm256_max_epi8(a, b); }

// The first `count` bytes.
static __attribute__((noinline)) void lanes_store_bytes(uint8_t *to, lanes v, size_t count) {
  if (count >= 32) {
    lanes_store(to, v);
    return;
  }
  store_up_to_16(to, _mm256_castsi256_si128(v), count);
  if (count > 16) store_up_to_16(to + 16, _mm256_extracti128_si256(v, 1), count - 16);
}

// The first `blocks` times lane_count bytes; a constant once inlined.
WIDE_INLINE void lanes_store_blocks(uint8_t *to, lanes v, const int blocks) {
  if (blocks == 4) {
    lanes_store(to, v);
    return;
  }
  store_up_to_16(to, _mm256_castsi256_si128(v), (size_t)blocks * lane_count);
  if (blocks == 3) store_up_to_16(to + 16, _mm256_extracti128_si256(v, 1), lane_count);
}

// The halves, or quarters, of a vector, `stride` apart.
WIDE_INLINE void lanes_store_halves(uint8_t *to, size_t stride, lanes v) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(v));
  _mm_storeu_si128((__m128i *)(void *)(to + stride), _mm256_extracti128_si256(v, 1));
}

WIDE_INLINE void lanes_store_quarters(uint8_t *to, size_t stride, lanes v) {
  const __m128i first = _mm256_castsi256_si128(v), last = _mm256_extracti128_si256(v, 1);
  store_up_to_8(to, (uint64_t)_mm_cvtsi128_si64(first), 8);
  store_up_to_8(to + stride, (uint64_t)_mm_extract_epi64(first, 1), 8);
  store_up_to_8(to + 2 * stride, (uint64_t)_mm_cvtsi128_si64(last), 8);
  store_up_to_8(to + 3 * stride, (uint64_t)_mm_extract_epi64(last, 1), 8);
}

// The sums of all lanes of four vectors.
WIDE_INLINE void lanes_sums_of_four(const lanes *v, int32_t *sums) {
  __m256i ab = _mm256_hadd_epi32(v[0], v[1]), cd = _mm256_hadd_epi32(v[2], v[3]);
  __m256i all = _mm256_hadd_epi32(ab, cd);
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
  _mm_storeu_si128((__m128i *)(void *)sums, sum);
}
