// Vectors of 16 lanes: AVX-512 with VNNI. One of the instruction sets that the wide kernels are written
// for; included once in the source file of its table, after <immintrin.h>.

typedef __m512i lanes;

enum {
  lane_count = 16,
  // A tile of the matrix product: 8 pixels by 3 blocks of channels are 24 accumulators, with 3 vectors
  // of weights and one of activations 28 of the 32 registers.
  // One block alone takes 16 pixels: fewer load weights too often for the products.
  tile_pixels = 16,
  tile_blocks = 3,
  piece_pixels = 8,
  code_flip = 0x80,
};

// Pixels of a tile of 1, 2, … blocks.
static const uint8_t tile_heights[tile_blocks] = {16, 8, 8};
#define WIDE_TILES(TILE) PIXELS_16(TILE, 1) PIXELS_8(TILE, 2) PIXELS_8(TILE, 3)

WIDE_INLINE lanes lanes_load(const void *from) { return _mm512_loadu_si512(from); }

WIDE_INLINE void lanes_store(void *to, lanes v) { _mm512_storeu_si512(to, v); }

WIDE_INLINE lanes lanes_repeat(int32_t value) { return _mm512_set1_epi32(value); }

WIDE_INLINE lanes lanes_repeat_16(int32_t value) { return _mm512_set1_epi16((int16_t)value); }

WIDE_INLINE lanes lanes_repeat_8(int32_t value) { return _mm512_set1_epi8((int8_t)value); }

WIDE_INLINE lanes lanes_repeat_64(int64_t value) { return _mm512_set1_epi64(value); }

WIDE_INLINE lanes lanes_zero(void) { return _mm512_setzero_si512(); }

WIDE_INLINE lanes lanes_add(lanes a, lanes b) { return _mm512_add_epi32(a, b); }

WIDE_INLINE lanes lanes_subtract(lanes a, lanes b) { return _mm512_sub_epi32(a, b); }

WIDE_INLINE lanes lanes_and(lanes a, lanes b) { return _mm512_and_si512(a, b); }

WIDE_INLINE lanes lanes_or(lanes a, lanes b) { return _mm512_or_si512(a, b); }

WIDE_INLINE lanes lanes_xor(lanes a, lanes b) { return _mm512_xor_si512(a, b); }

WIDE_INLINE lanes lanes_shift_left(lanes v, int count) { return _mm512_slli_epi32(v, (unsigned)count); }

// v · 2^count with a count that is no constant.
WIDE_INLINE lanes lanes_shift_left_by(lanes v, int32_t count) {
  return _mm512_sll_epi32(v, _mm_cvtsi32_si128(count));
}

// −1 where negative, else 0.
WIDE_INLINE lanes lanes_sign(lanes v) { return _mm512_srai_epi32(v, 31); }

// Each lane divided by 2^count, rounded down.
WIDE_INLINE lanes lanes_shift_right(lanes v, lanes counts) { return _mm512_srav_epi32(v, counts); }

// Each lane times 2^count; bits beyond 32 are lost.
WIDE_INLINE lanes lanes_shift_left_each(lanes v, lanes counts) { return _mm512_sllv_epi32(v, counts); }

// −1 where a > b, or where both are equal, else 0.
WIDE_INLINE lanes lanes_greater(lanes a, lanes b) {
  return _mm512_movm_epi32(_mm512_cmpgt_epi32_mask(a, b));
}

// v − 1 where a < b.
WIDE_INLINE lanes lanes_less_where_less(lanes v, lanes a, lanes b) {
  return _mm512_mask_sub_epi32(v, _mm512_cmplt_epi32_mask(a, b), v, _mm512_set1_epi32(1));
}

WIDE_INLINE lanes lanes_equal(lanes a, lanes b) {
  return _mm512_movm_epi32(_mm512_cmpeq_epi32_mask(a, b));
}

// a where the mask has ones, b where it has zeros.
WIDE_INLINE lanes lanes_select(lanes mask, lanes a, lanes b) {
  return _mm512_ternarylogic_epi32(mask, a, b, 0xca);
}

#include "../wide/lanes_bytes.h"

#define TILES_TAKE_TURNS

// a + Σ of 4 products: unsigned bytes of `codes` times signed bytes of `weights`.
WIDE_INLINE lanes lanes_dot(lanes a, lane_codes codes, lane_weights weights) {
  return _mm512_dpbusd_epi32(a, codes, weights);
}

// a + Σ of 2 products of 16 bits. Of the intrinsic, Clang 21 makes a multiplication and an addition where
// it thinks that the sum is waited for.
WIDE_INLINE lanes lanes_dot_16(lanes a, lanes codes, lanes weights) {
  __asm__("vpdpwssd %2, %1, %0" : "+v"(a) : "v"(codes), "v"(weights));
  return a;
}

// The even lanes' products, as 64 bits each.
WIDE_INLINE lanes lanes_multiply_even(lanes a, lanes b) { return _mm512_mul_epi32(a, b); }

// Products of numbers of 16 bits.
WIDE_INLINE lanes lanes_multiply_short(lanes a, lanes b) {
  return _mm512_madd_epi16(_mm512_and_si512(a, _mm512_set1_epi32(0xffff)), b);
}

WIDE_INLINE lanes lanes_add_64(lanes a, lanes b) { return _mm512_add_epi64(a, b); }

// Odd lanes where the even ones were.
WIDE_INLINE lanes lanes_odd(lanes v) { return _mm512_srli_epi64(v, 32); }

// The upper halves of 64-bit lanes: the even ones from `even`, the odd ones from `odd`. The compiler would
// make the slower `vpermt2d` of it.
WIDE_INLINE lanes lanes_upper_halves(lanes even, lanes odd) {
  const __mmask16 evens = 0x5555;
  __asm__("vmovshdup %1, %0%{%2%}" : "+v"(odd) : "v"(even), "Yk"(evens));
  return odd;
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
  return _mm512_set1_epi32(four);
}

// One byte per lane, the first `count` of them read, the others 0.
WIDE_INLINE lanes lanes_expand(const uint8_t *from, size_t count) {
  return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)((1u << count) - 1), from));
}

// One signed byte per lane, flipped before.
WIDE_INLINE lanes lanes_expand_signed(const uint8_t *from, uint8_t flip) {
  __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
  return _mm512_cvtepi8_epi32(_mm_xor_si128(bytes, _mm_set1_epi8((char)flip)));
}

// One number of 16 bits per lane.
WIDE_INLINE lanes lanes_expand_words(const int16_t *from) {
  return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

// Bytes in the order from which the unpacking below makes whole blocks: its results hold, for each
// channel of block 0, 1, 2, 3, the bytes of the operands side by side.
WIDE_INLINE lanes lanes_spread(lanes bytes) {
  const __m512i order =
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  lanes result = _mm512_permutexvar_epi32(order, bytes);
  // Clang 21 does not come to an end where it may combine this with the unpacking.
  __asm__("" : "+v"(result));
  return result;
}

// Bytes, or pairs of bytes, of a and b by turns: of the lower or the upper half of each 128 bits.
WIDE_INLINE lanes lanes_unpack_low_8(lanes a, lanes b) { return _mm512_unpacklo_epi8(a, b); }

WIDE_INLINE lanes lanes_unpack_high_8(lanes a, lanes b) { return _mm512_unpackhi_epi8(a, b); }

WIDE_INLINE lanes lanes_unpack_low_16(lanes a, lanes b) { return _mm512_unpacklo_epi16(a, b); }

WIDE_INLINE lanes lanes_unpack_high_16(lanes a, lanes b) { return _mm512_unpackhi_epi16(a, b); }

// 64 bytes of which the first `count` are read and flipped; what the others become is not settled.
WIDE_INLINE lanes lanes_load_bytes(const uint8_t *from, size_t count, lanes flips) {
  __mmask64 mask = count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
  return _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, from), flips);
}

// The same, with zeros for what is not read.
WIDE_INLINE lanes lanes_load_bytes_or_zeros(const uint8_t *from, size_t count, lanes flips) {
  __mmask64 mask = count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
  lanes bytes = _mm512_maskz_loadu_epi8(mask, from);
  return _mm512_maskz_mov_epi8(mask, _mm512_xor_si512(bytes, flips));
}

// Numbers of 16 bits, the first `count` of them read.
WIDE_INLINE lanes lanes_load_16(const int16_t *from, size_t count) {
  return _mm512_maskz_loadu_epi16((__mmask32)(((uint64_t)1 << count) - 1), from);
}

// Signed bytes as 16 bits each, the first `count` read, the others 0.
WIDE_INLINE lanes lanes_expand_16(const uint8_t *from, size_t count) {
  return _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8((__mmask32)(((uint64_t)1 << count) - 1), from));
}

// Saturated to 16 bits: a and b by turns, 4 lanes of each.
WIDE_INLINE lanes lanes_narrow_16(lanes a, lanes b) { return _mm512_packs_epi32(a, b); }

// The same: all of a, then all of b.
WIDE_INLINE lanes lanes_narrow_16_in_order(lanes a, lanes b) {
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  return _mm512_permutexvar_epi64(order, _mm512_packs_epi32(a, b));
}

WIDE_INLINE lanes lanes_minimum_16(lanes a, lanes b) { return _mm512_min_epi16(a, b); }

WIDE_INLINE lanes lanes_maximum_16(lanes a, lanes b) { return _mm512_max_epi16(a, b); }

WIDE_INLINE lanes lanes_add_saturating_16(lanes a, lanes b) { return _mm512_adds_epi16(a, b); }

// Saturated to 8 bits, from two that lanes_narrow_16 made: all bytes of its four operands in order.
WIDE_INLINE lanes lanes_narrow_8(lanes a, lanes b) {
  const __m512i order =
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_packs_epi16(a, b));
}

WIDE_INLINE lanes lanes_minimum_8(lanes a, lanes b) { return _mm512_min_epi8(a, b); }

WIDE_INLINE lanes lanes_maximum_8(lanes a, lanes b) { return _mm512_max_epi8(a, b); }

// The first `count` bytes.
WIDE_INLINE void lanes_store_bytes(uint8_t *to, lanes v, size_t count) {
  _mm512_mask_storeu_epi8(to, count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1, v);
}

// The first `blocks` times lane_count bytes; a constant once inlined.
WIDE_INLINE void lanes_store_blocks(uint8_t *to, lanes v, const int blocks) {
  if (blocks == 4) {
    _mm512_storeu_si512(to, v);
  } else if (blocks == 1) {
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_castsi512_si128(v));
  } else {
    _mm256_storeu_si256((__m256i *)(void *)to, _mm512_castsi512_si256(v));
    if (blocks == 3) {
      _mm_storeu_si128((__m128i *)(void *)(to + 32), _mm512_extracti32x4_epi32(v, 2));
    }
  }
}

// The halves, or quarters, of a vector, `stride` apart.
WIDE_INLINE void lanes_store_halves(uint8_t *to, size_t stride, lanes v) {
  _mm256_storeu_si256((__m256i *)(void *)to, _mm512_castsi512_si256(v));
  _mm256_storeu_si256((__m256i *)(void *)(to + stride), _mm512_extracti64x4_epi64(v, 1));
}

WIDE_INLINE void lanes_store_quarters(uint8_t *to, size_t stride, lanes v) {
  _mm_storeu_si128((__m128i *)(void *)to, _mm512_castsi512_si128(v));
  _mm_storeu_si128((__m128i *)(void *)(to + stride), _mm512_extracti32x4_epi32(v, 1));
  _mm_storeu_si128((__m128i *)(void *)(to + 2 * stride), _mm512_extracti32x4_epi32(v, 2));
  _mm_storeu_si128((__m128i *)(void *)(to + 3 * stride), _mm512_extracti32x4_epi32(v, 3));
}

// The first `count` bytes of each of 2 or 4 parts of a vector, `stride` apart.
WIDE_INLINE void lanes_store_part_bytes(uint8_t *to, size_t stride, lanes v, const int parts,
                                        size_t count) {
  const __mmask64 first = ((__mmask64)1 << count) - 1;
  UNROLLED for (int part = 0; part < parts; part++) {
    // Bytes before the part are not written, whatever lies there.
    const int before = 64 / parts * part;
    _mm512_mask_storeu_epi8(to + (size_t)part * stride - before, first << before, v);
  }
}

// The sums of all lanes of four vectors.
WIDE_INLINE void lanes_sums_of_four(const lanes *v, int32_t *sums) {
  __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(v[0], v[1]), _mm512_unpackhi_epi32(v[0], v[1]));
  __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(v[2], v[3]), _mm512_unpackhi_epi32(v[2], v[3]));
  __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
  __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  _mm_storeu_si128((__m128i *)(void *)sums, sum);
}
