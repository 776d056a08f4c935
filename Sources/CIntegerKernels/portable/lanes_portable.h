// Vectors of 4 lanes in the compiler's own notation, for the wide kernels of 16-bit codes. Included once in
// the source file of the portable ones.

typedef fbq_u32x4 lanes;

enum {
  lane_count = 4,
  tile_pixels = 4,
  tile_blocks = 2,
  piece_pixels = tile_pixels,
  code_flip = 0,
};

static const uint8_t tile_heights[tile_blocks] = {4, 4};
#define WIDE_TILES(TILE) PIXELS_4(TILE, 1) PIXELS_4(TILE, 2)

WIDE_INLINE lanes lanes_load(const void *from) {
  lanes value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

WIDE_INLINE void lanes_store(void *to, lanes v) { __builtin_memcpy(to, &v, sizeof v); }

WIDE_INLINE lanes lanes_zero(void) { return (lanes){0}; }

WIDE_INLINE lanes lanes_repeat_8(int32_t value) { return (lanes){0} + (uint8_t)value * 0x01010101u; }

WIDE_INLINE lanes lanes_repeat_16(int32_t value) { return (lanes){0} + (uint16_t)value * 0x00010001u; }

WIDE_INLINE lanes lanes_xor(lanes a, lanes b) { return a ^ b; }

// 16 bytes of which the first `count` are read and flipped; what the others become is not settled.
WIDE_INLINE lanes lanes_load_bytes(const uint8_t *from, size_t count, lanes flips) {
  uint8_t all[sizeof(lanes)] = {0};
  for (size_t i = 0; i < count; i++) all[i] = from[i];
  return lanes_load(all) ^ flips;
}

// Numbers of 16 bits, the first `count` read, the others 0.
WIDE_INLINE lanes lanes_load_16(const int16_t *from, size_t count) {
  if (count == 8) return lanes_load(from);
  return lanes_load_bytes((const uint8_t *)from, count * sizeof *from, lanes_zero());
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

// The two numbers of 16 bits at `from` in every lane.
WIDE_INLINE lanes lanes_repeat_pair(const uint8_t *from) {
  uint32_t pair;
  __builtin_memcpy(&pair, from, sizeof pair);
  return (lanes){0} + pair;
}

// Pairs of numbers of 16 bits, one of a and one of b: of the lower halves, and of the upper ones.
WIDE_INLINE lanes lanes_pairs_low(lanes a, lanes b) {
  return (lanes)__builtin_shufflevector((fbq_i16x8)a, (fbq_i16x8)b, 0, 8, 1, 9, 2, 10, 3, 11);
}

WIDE_INLINE lanes lanes_pairs_high(lanes a, lanes b) {
  return (lanes)__builtin_shufflevector((fbq_i16x8)a, (fbq_i16x8)b, 4, 12, 5, 13, 6, 14, 7, 15);
}

// Where among the numbers of 16 bits of a vector the first or second of a lane's pair is.
static size_t pair_element(size_t lane, size_t k) { return lane * 2 + k; }

WIDE_INLINE lanes lanes_minimum_16(lanes a, lanes b) {
  const fbq_i16x8 v = (fbq_i16x8)a, limit = (fbq_i16x8)b, less = v < limit;
  return (lanes)((v & less) | (limit & ~less));
}

WIDE_INLINE lanes lanes_maximum_16(lanes a, lanes b) {
  const fbq_i16x8 v = (fbq_i16x8)a, limit = (fbq_i16x8)b, more = v > limit;
  return (lanes)((v & more) | (limit & ~more));
}

WIDE_INLINE int16_t saturated_16(uint32_t value) {
  const int32_t v = (int32_t)value;
  return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

// Saturated to 16 bits: a, then b.
WIDE_INLINE lanes lanes_narrow_16(lanes a, lanes b) {
  fbq_i16x8 codes;
  for (int i = 0; i < 4; i++) {
    codes[i] = saturated_16(a[i]);
    codes[i + 4] = saturated_16(b[i]);
  }
  return (lanes)codes;
}

WIDE_INLINE lanes lanes_narrow_16_in_order(lanes a, lanes b) { return lanes_narrow_16(a, b); }

// The first `count` bytes.
WIDE_INLINE void lanes_store_bytes(uint8_t *to, lanes v, size_t count) {
  uint8_t all[sizeof v];
  lanes_store(all, v);
  for (size_t i = 0; i < count; i++) to[i] = all[i];
}

// The first `blocks` times lane_count bytes.
WIDE_INLINE void lanes_store_blocks(uint8_t *to, lanes v, const int blocks) {
  __builtin_memcpy(to, &v, (size_t)blocks * lane_count);
}

// The halves of a vector, `stride` apart.
WIDE_INLINE void lanes_store_halves(uint8_t *to, size_t stride, lanes v) {
  __builtin_memcpy(to, &v, sizeof v / 2);
  __builtin_memcpy(to + stride, (const uint8_t *)&v + sizeof v / 2, sizeof v / 2);
}

// Per block of lane_count channels.
typedef struct {
  fbq_scale_16x8 of[lane_count];
} scale_16x8;

static void set_scale_16x8(scale_16x8 *scale, size_t lane, const fbq_scale_16x8 *own) {
  scale->of[lane] = *own;
}

// A lane's scaled sums with 64 bits.
typedef struct {
  int64_t of[lane_count];
} lane_totals;

WIDE_INLINE lane_totals load_nudges(const scale_16x8 *scale) {
  lane_totals totals;
  for (int i = 0; i < lane_count; i++) totals.of[i] = scale->of[i].nudge;
  return totals;
}

WIDE_INLINE lane_totals add_scaled(lane_totals totals, lanes sums, const scale_16x8 *scale) {
  for (int i = 0; i < lane_count; i++) {
    totals.of[i] += (int64_t)(int32_t)sums[i] * scale->of[i].multiplier;
  }
  return totals;
}

WIDE_INLINE lanes shifted_totals(lane_totals totals, const scale_16x8 *scale) {
  lanes codes;
  for (int i = 0; i < lane_count; i++) {
    codes[i] = (uint32_t)((int32_t)(totals.of[i] >> 32) >> scale->of[i].shift);
  }
  return codes;
}
