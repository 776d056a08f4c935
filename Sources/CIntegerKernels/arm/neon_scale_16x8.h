// Pairs of 16-bit codes, and from their sums to codes. Included once in the source file of a table, after
// neon_requantize.h.

// The two numbers of 16 bits at `from`, each in half of the vector, for lanes_dot_16.
WIDE_INLINE lanes lanes_repeat_pair(const uint8_t *from) {
  uint32_t two;
  __builtin_memcpy(&two, from, sizeof two);
  const int16x4_t pair = vcreate_s16(two);
  return vreinterpretq_s32_s16(vcombine_s16(vdup_lane_s16(pair, 0), vdup_lane_s16(pair, 1)));
}

// Pairs of numbers of 16 bits, one of a and one of b, for lanes_dot_16: of the lower halves, and of the
// upper ones. lanes_narrow_16 undoes that.
WIDE_INLINE lanes lanes_pairs_low(lanes a, lanes b) {
  return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

WIDE_INLINE lanes lanes_pairs_high(lanes a, lanes b) {
  return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

// Where among the numbers of 16 bits of a vector the first or second of a lane's pair is.
static size_t pair_element(size_t lane, size_t k) { return k * 4 + lane; }

// Per block of `lane_count` channels.
typedef struct {
  int32_t multiplier[lane_count];
  int64_t nudge[lane_count];
  int32_t shift[lane_count];
} scale_16x8;

static void set_scale_16x8(scale_16x8 *scale, size_t lane, const fbq_scale_16x8 *own) {
  scale->multiplier[lane] = own->multiplier;
  scale->nudge[lane] = own->nudge;
  scale->shift[lane] = own->shift;
}

// A lane's scaled sums with 64 bits.
typedef struct {
  int64x2_t low, high;
} lane_totals;

WIDE_INLINE lane_totals load_nudges(const scale_16x8 *scale) {
  return (lane_totals){vld1q_s64(scale->nudge), vld1q_s64(scale->nudge + 2)};
}

WIDE_INLINE lane_totals add_scaled(lane_totals totals, lanes sums, const scale_16x8 *scale) {
  const lanes factor = lanes_load(scale->multiplier);
  return (lane_totals){vmlal_s32(totals.low, vget_low_s32(sums), vget_low_s32(factor)),
                       vmlal_high_s32(totals.high, sums, factor)};
}

WIDE_INLINE lanes shifted_totals(lane_totals totals, const scale_16x8 *scale) {
  const lanes upper = vuzp2q_s32(vreinterpretq_s32_s64(totals.low), vreinterpretq_s32_s64(totals.high));
  return lanes_shift_right(upper, lanes_load(scale->shift));
}
