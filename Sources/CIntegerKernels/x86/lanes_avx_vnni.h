// Dot products of bytes in vectors of 8 lanes: AVX-VNNI. Included once in the source file of its table, after
// lanes_256.h.

#include "../wide/lanes_bytes.h"

enum {
  // A tile of the matrix product: 3 pixels by 4 blocks of channels are 12 accumulators, with 3 vectors of
  // codes and one of weights all 16 registers.
  tile_pixels = 6,
  tile_blocks = 4,
  piece_pixels = tile_pixels,
  code_flip = 0x80,
};

// Pixels of a tile of 1, 2, … blocks.
static const uint8_t tile_heights[tile_blocks] = {6, 6, 3, 3};
#define WIDE_TILES(TILE) PIXELS_6(TILE, 1) PIXELS_6(TILE, 2) PIXELS_3(TILE, 3) PIXELS_3(TILE, 4)

// a + Σ of 4 products: unsigned bytes of `codes` times signed bytes of `weights`.
WIDE_INLINE lanes lanes_dot(lanes a, lane_codes codes, lane_weights weights) {
  return _mm256_dpbusd_avx_epi32(a, codes, weights);
}

// a + Σ of 2 products of 16 bits. Of the intrinsic, Clang 21 makes a multiplication and an addition where
// it thinks that the sum is waited for.
WIDE_INLINE lanes lanes_dot_16(lanes a, lanes codes, lanes weights) {
  __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(a) : "x"(codes), "x"(weights));
  return a;
}
