// Pairs of 16-bit codes, and from their sums to codes. Included once in the source file of a table, after
// x86_requantize.h.

// The two numbers of 16 bits at `from` in every lane.
WIDE_INLINE lanes lanes_repeat_pair(const uint8_t *from) { return lanes_repeat_four(from); }

// Pairs of numbers of 16 bits, one of a and one of b, for lanes_dot_16: lane 4g + i of the lower is pair
// 8g + i, of the upper pair 8g + 4 + i. lanes_narrow_16 undoes that.
WIDE_INLINE lanes lanes_pairs_low(lanes a, lanes b) { return lanes_unpack_low_16(a, b); }

WIDE_INLINE lanes lanes_pairs_high(lanes a, lanes b) { return lanes_unpack_high_16(a, b); }

// Where among the numbers of 16 bits of a vector the first or second of a lane's pair is.
static size_t pair_element(size_t lane, size_t k) { return lane * 2 + k; }

// Per block of `lane_count` channels: those of the even lanes and of the odd ones, in even lanes.
typedef struct {
  int32_t multiplier[lane_count];
  int32_t odd_multiplier[lane_count];
  int64_t even_nudge[lane_count / 2];
  int64_t odd_nudge[lane_count / 2];
  int32_t shift[lane_count];
} scale_16x8;

static void set_scale_16x8(scale_16x8 *scale, size_t lane, const fbq_scale_16x8 *own) {
  scale->multiplier[lane] = own->multiplier;
  if (lane % 2 == 1) scale->odd_multiplier[lane - 1] = own->multiplier;
  (lane % 2 == 1 ? scale->odd_nudge : scale->even_nudge)[lane / 2] = own->nudge;
  scale->shift[lane] = own->shift;
}

// A lane's scaled sums with 64 bits.
typedef struct {
  lanes even, odd;
} lane_totals;

WIDE_INLINE lane_totals load_nudges(const scale_16x8 *scale) {
  return (lane_totals){lanes_load(scale->even_nudge), lanes_load(scale->odd_nudge)};
}

WIDE_INLINE lane_totals add_scaled(lane_totals totals, lanes sums, const scale_16x8 *scale) {
  const lanes even = lanes_multiply_even(sums, lanes_load(scale->multiplier));
  const lanes odd = lanes_multiply_even(lanes_odd(sums), lanes_load(scale->odd_multiplier));
  return (lane_totals){lanes_add_64(totals.even, even), lanes_add_64(totals.odd, odd)};
}

WIDE_INLINE lanes shifted_totals(lane_totals totals, const scale_16x8 *scale) {
  return lanes_shift_right(lanes_upper_halves(totals.even, totals.odd), lanes_load(scale->shift));
}
