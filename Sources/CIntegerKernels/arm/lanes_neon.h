// Vectors of 4 lanes: NEON with dot products of bytes. One of the instruction sets that the wide kernels
// are written for; included once in the source file of its table, after <arm_neon.h>.

#include "../wide/few_bytes.h"

typedef int32x4_t lanes;

enum {
  lane_count = 4,
  // A tile of the matrix product: 6 pixels by 4 blocks of channels are 24 accumulators, with 4 vectors of
  // weights and one of codes 29 of the 32 registers.
  tile_pixels = 6,
  tile_blocks = 4,
  piece_pixels = tile_pixels,
  // Dot products are those of signed codes.
  code_flip = 0,
};

// Pixels of a tile of 1, 2, … blocks.
static const uint8_t tile_heights[tile_blocks] = {6, 6, 6, 6};
#define WIDE_TILES(TILE) \
  PIXELS_6(TILE, 1) PIXELS_6(TILE, 2) PIXELS_6(TILE, 3) PIXELS_6(TILE, 4)

WIDE_INLINE lanes lanes_load(const void *from) { return vreinterpretq_s32_u8(vld1q_u8(from)); }

WIDE_INLINE void lanes_store(void *to, lanes v) { vst1q_u8(to, vreinterpretq_u8_s32(v)); }

WIDE_INLINE lanes lanes_repeat(int32_t value) { return vdupq_n_s32(value); }

WIDE_INLINE lanes lanes_repeat_16(int32_t value) {
  return vreinterpretq_s32_s16(vdupq_n_s16((int16_t)value));
}

WIDE_INLINE lanes lanes_repeat_8(int32_t value) {
  return vreinterpretq_s32_s8(vdupq_n_s8((int8_t)value));
}

WIDE_INLINE lanes lanes_zero(void) { return vdupq_n_s32(0); }

WIDE_INLINE lanes lanes_add(lanes a, lanes b) { return vaddq_s32(a, b); }

WIDE_INLINE lanes lanes_subtract(lanes a, lanes b) { return vsubq_s32(a, b); }

WIDE_INLINE lanes lanes_or(lanes a, lanes b) { return vorrq_s32(a, b); }

WIDE_INLINE lanes lanes_xor(lanes a, lanes b) { return veorq_s32(a, b); }

WIDE_INLINE lanes lanes_shift_left(lanes v, int count) { return vshlq_s32(v, vdupq_n_s32(count)); }

// v · 2^count with a count that is no constant.
WIDE_INLINE lanes lanes_shift_left_by(lanes v, int32_t count) {
  return vshlq_s32(v, vdupq_n_s32(count));
}

// −1 where negative, else 0.
WIDE_INLINE lanes lanes_sign(lanes v) { return vshrq_n_s32(v, 31); }

// Each lane divided by 2^count, rounded down.
WIDE_INLINE lanes lanes_shift_right(lanes v, lanes counts) { return vshlq_s32(v, vnegq_s32(counts)); }

// Products of numbers of 16 bits.
WIDE_INLINE lanes lanes_multiply_short(lanes a, lanes b) { return vmulq_s32(a, b); }

// Upper halves of products.
WIDE_INLINE lanes lanes_multiply_high(lanes a, lanes b) {
  const int64x2_t low = vmull_s32(vget_low_s32(a), vget_low_s32(b)), high = vmull_high_s32(a, b);
  return vuzp2q_s32(vreinterpretq_s32_s64(low), vreinterpretq_s32_s64(high));
}

#include "../wide/lanes_bytes.h"

// a + Σ of 4 products of signed bytes.
WIDE_INLINE lanes lanes_dot(lanes a, lane_codes codes, lane_weights weights) {
  return vdotq_s32(a, vreinterpretq_s8_s32(codes), vreinterpretq_s8_s32(weights));
}

// The 4 bytes at `from` in every lane.
WIDE_INLINE lanes lanes_repeat_four(const uint8_t *from) {
  int32_t four;
  __builtin_memcpy(&four, from, sizeof four);
  return vdupq_n_s32(four);
}

// One byte per lane, the first `count` of them read, the others 0.
WIDE_INLINE lanes lanes_expand(const uint8_t *from, size_t count) {
  const uint8x8_t bytes = vcreate_u8(load_up_to_8(from, count < 4 ? count : 4));
  return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))));
}

// One signed byte per lane, flipped before.
WIDE_INLINE lanes lanes_expand_signed(const uint8_t *from, uint8_t flip) {
  const int8x8_t bytes = vreinterpret_s8_u8(veor_u8(vcreate_u8(load_up_to_8(from, 4)), vdup_n_u8(flip)));
  return vmovl_s16(vget_low_s16(vmovl_s8(bytes)));
}

// One number of 16 bits per lane.
WIDE_INLINE lanes lanes_expand_words(const int16_t *from) { return vmovl_s16(vld1_s16(from)); }

// Bytes in the order from which the unpacking below makes whole blocks: its results hold, for each
// channel of block 0, 1, 2, 3, the bytes of the operands side by side.
WIDE_INLINE lanes lanes_spread(lanes bytes) { return bytes; }

// Bytes, or pairs of bytes, of a and b by turns: of their lower or upper halves.
WIDE_INLINE lanes lanes_unpack_low_8(lanes a, lanes b) {
  return vreinterpretq_s32_s8(vzip1q_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

WIDE_INLINE lanes lanes_unpack_high_8(lanes a, lanes b) {
  return vreinterpretq_s32_s8(vzip2q_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

WIDE_INLINE lanes lanes_unpack_low_16(lanes a, lanes b) {
  return vreinterpretq_s32_s16(vzip1q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

WIDE_INLINE lanes lanes_unpack_high_16(lanes a, lanes b) {
  return vreinterpretq_s32_s16(vzip2q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

// 0…16 bytes, the others 0.
WIDE_INLINE lanes load_up_to_16(const uint8_t *from, size_t count) {
  if (count >= 16) return lanes_load(from);
  const size_t first = count < 8 ? count : 8;
  return vreinterpretq_s32_u64(vcombine_u64(
      vcreate_u64(load_up_to_8(from, first)), vcreate_u64(load_up_to_8(from + first, count - first))));
}

// 16 bytes of which the first `count` are read and flipped; what the others become is not settled.
WIDE_INLINE lanes lanes_load_bytes(const uint8_t *from, size_t count, lanes flips) {
  return lanes_xor(load_up_to_16(from, count), flips);
}

// The same, with zeros for what is not read.
WIDE_INLINE lanes lanes_load_bytes_or_zeros(const uint8_t *from, size_t count, lanes flips) {
  const uint8x16_t places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const uint8x16_t read = vcltq_u8(places, vdupq_n_u8((uint8_t)(count < 16 ? count : 16)));
  return lanes_xor(load_up_to_16(from, count), vandq_s32(flips, vreinterpretq_s32_u8(read)));
}

// Numbers of 16 bits, the first `count` of them read.
WIDE_INLINE lanes lanes_load_16(const int16_t *from, size_t count) {
  return load_up_to_16((const uint8_t *)from, count * sizeof *from);
}

// Signed bytes as 16 bits each, the first `count` read, the others 0.
WIDE_INLINE lanes lanes_expand_16(const uint8_t *from, size_t count) {
  return vreinterpretq_s32_s16(vmovl_s8(vcreate_s8(load_up_to_8(from, count))));
}

// a + Σ of 2 products of 16 bits; those of lane i are elements i and i + 4.
WIDE_INLINE lanes lanes_dot_16(lanes a, lanes codes, lanes weights) {
  const int16x8_t u = vreinterpretq_s16_s32(codes), w = vreinterpretq_s16_s32(weights);
  return vmlal_high_s16(vmlal_s16(a, vget_low_s16(u), vget_low_s16(w)), u, w);
}

// Saturated to 16 bits: a, then b.
WIDE_INLINE lanes lanes_narrow_16(lanes a, lanes b) {
  return vreinterpretq_s32_s16(vqmovn_high_s32(vqmovn_s32(a), b));
}

WIDE_INLINE lanes lanes_narrow_16_in_order(lanes a, lanes b) { return lanes_narrow_16(a, b); }

WIDE_INLINE lanes lanes_minimum_16(lanes a, lanes b) {
  return vreinterpretq_s32_s16(vminq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

WIDE_INLINE lanes lanes_maximum_16(lanes a, lanes b) {
  return vreinterpretq_s32_s16(vmaxq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

WIDE_INLINE lanes lanes_add_saturating_16(lanes a, lanes b) {
  return vreinterpretq_s32_s16(vqaddq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)));
}

// Saturated to 8 bits, from two that lanes_narrow_16 made: all bytes of its four operands in order.
WIDE_INLINE lanes lanes_narrow_8(lanes a, lanes b) {
  return vreinterpretq_s32_s8(
      vqmovn_high_s16(vqmovn_s16(vreinterpretq_s16_s32(a)), vreinterpretq_s16_s32(b)));
}

WIDE_INLINE lanes lanes_minimum_8(lanes a, lanes b) {
  return vreinterpretq_s32_s8(vminq_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

WIDE_INLINE lanes lanes_maximum_8(lanes a, lanes b) {
  return vreinterpretq_s32_s8(vmaxq_s8(vreinterpretq_s8_s32(a), vreinterpretq_s8_s32(b)));
}

// The first `count` bytes.
WIDE_INLINE void lanes_store_bytes(uint8_t *to, lanes v, size_t count) {
  if (count >= 16) {
    lanes_store(to, v);
    return;
  }
  const uint64x2_t halves = vreinterpretq_u64_s32(v);
  store_up_to_8(to, vgetq_lane_u64(halves, 0), count);
  if (count > 8) store_up_to_8(to + 8, vgetq_lane_u64(halves, 1), count - 8);
}

// The first `blocks` times lane_count bytes; a constant once inlined.
WIDE_INLINE void lanes_store_blocks(uint8_t *to, lanes v, const int blocks) {
  lanes_store_bytes(to, v, (size_t)blocks * lane_count);
}

// The halves, or quarters, of a vector, `stride` apart.
WIDE_INLINE void lanes_store_halves(uint8_t *to, size_t stride, lanes v) {
  const uint64x2_t halves = vreinterpretq_u64_s32(v);
  store_up_to_8(to, vgetq_lane_u64(halves, 0), 8);
  store_up_to_8(to + stride, vgetq_lane_u64(halves, 1), 8);
}

WIDE_INLINE void lanes_store_quarters(uint8_t *to, size_t stride, lanes v) {
  const uint32x4_t quarters = vreinterpretq_u32_s32(v);
  store_up_to_8(to, vgetq_lane_u32(quarters, 0), 4);
  store_up_to_8(to + stride, vgetq_lane_u32(quarters, 1), 4);
  store_up_to_8(to + 2 * stride, vgetq_lane_u32(quarters, 2), 4);
  store_up_to_8(to + 3 * stride, vgetq_lane_u32(quarters, 3), 4);
}

// The sums of all lanes of four vectors.
WIDE_INLINE void lanes_sums_of_four(const lanes *v, int32_t *sums) {
  lanes_store(sums, vpaddq_s32(vpaddq_s32(v[0], v[1]), vpaddq_s32(v[2], v[3])));
}
