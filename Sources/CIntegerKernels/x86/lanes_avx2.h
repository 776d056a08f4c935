// Vectors of 8 lanes: AVX2, which has no exact dot products of bytes. The one it has of unsigned and signed
// bytes saturates at 16 bits, so both are widened to 16 bits first, weights when they are packed. Included
// once in the source file of its table, after lanes_256.h.
//
//                     byte 0  1  2  3
//   even, 16 bits each     0     2        two vectors of codes and two of weights; Σ of 4 products are
//   odd                       1     3     two `vpmaddwd`, which cannot overflow, and two additions

enum {
  // A tile of the matrix product: 2 pixels by 4 blocks of channels are 8 accumulators, with 4 vectors of
  // codes, one product and the mask that makes codes of bytes 14 of the 16 registers.
  tile_pixels = 4,
  tile_blocks = 4,
  piece_pixels = tile_pixels,
  has_wide_weights = 1,
  code_flip = 0x80,
};

// Pixels of a tile of 1, 2, … blocks.
static const uint8_t tile_heights[tile_blocks] = {4, 4, 2, 2};
#define WIDE_TILES(TILE) PIXELS_4(TILE, 1) PIXELS_4(TILE, 2) PIXELS_2(TILE, 3) PIXELS_2(TILE, 4)

typedef struct {
  lanes even, odd;
} lane_codes;

typedef struct {
  lanes even, odd;
} lane_weights;

WIDE_INLINE lane_codes codes_of_bytes(lanes bytes) {
  return (lane_codes){
      .even = _mm256_and_si256(bytes, _mm256_set1_epi16(0xff)),
      .odd = _mm256_srli_epi16(bytes, 8),
  };
}

WIDE_INLINE lane_codes forget_codes(lane_codes codes) {
  FORGET(codes.even);
  FORGET(codes.odd);
  return codes;
}

WIDE_INLINE lane_weights weights_of_bytes(lanes bytes) {
  return (lane_weights){
      .even = _mm256_srai_epi16(_mm256_slli_epi16(bytes, 8), 8),
      .odd = _mm256_srai_epi16(bytes, 8),
  };
}

WIDE_INLINE lane_weights load_weights(const void *from) {
  const uint8_t *bytes = from;
  return (lane_weights){.even = lanes_load(bytes), .odd = lanes_load(bytes + sizeof(lanes))};
}

// Puts weight `k` of 4 of a lane where load_weights finds it.
WIDE_INLINE void set_weight(uint8_t *to, size_t lane, size_t k, int32_t weight) {
  const int16_t wide = (int16_t)weight;
  __builtin_memcpy(to + k % 2 * sizeof(lanes) + lane * 4 + k / 2 * 2, &wide, sizeof wide);
}

// a + Σ of 4 products.
WIDE_INLINE lanes lanes_dot(lanes a, lane_codes codes, lane_weights weights) {
  lanes even = _mm256_madd_epi16(codes.even, weights.even);
  lanes odd = _mm256_madd_epi16(codes.odd, weights.odd);
  return _mm256_add_epi32(a, _mm256_add_epi32(even, odd));
}

// a + Σ of 2 products of 16 bits.
WIDE_INLINE lanes lanes_dot_16(lanes a, lanes codes, lanes weights) {
  return _mm256_add_epi32(a, _mm256_madd_epi16(codes, weights));
}
