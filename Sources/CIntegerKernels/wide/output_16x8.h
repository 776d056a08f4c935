// The output stage of convolutions of 16-bit codes, see ../portable/output_16x8.h. How a block is scaled is a
// file's of its instruction set, as its `scale_16x8`.

// Numbers of 16 bits in a vector.
enum { codes_in_lanes = 2 * lane_count };

WIDE_INLINE lanes scaled_16x8(lanes sums, const scale_16x8 *scale) {
  return shifted_totals(add_scaled(load_nudges(scale), sums, scale), scale);
}

// The limits of codes in registers.
typedef struct {
  lanes minimum, maximum;
} clamp_16x8;

WIDE_INLINE clamp_16x8 load_clamp_16x8(const fbq_output_16x8 *stage) {
  return (clamp_16x8){lanes_repeat_16(stage->minimum), lanes_repeat_16(stage->maximum)};
}

WIDE_INLINE lanes clamped_16x8(lanes codes, const clamp_16x8 *clamp) {
  return lanes_minimum_16(lanes_maximum_16(codes, clamp->minimum), clamp->maximum);
}

// The first `count` codes of a vector that holds no more than `codes_in_lanes`.
WIDE_INLINE void store_codes_16x8(int16_t *to, lanes codes, size_t count) {
  lanes_store_bytes((uint8_t *)to, codes, count * sizeof *to);
}
