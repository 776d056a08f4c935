// From accumulators to codes, for kernels that are written in `lanes`.
//
// With k = −shift ≥ 1 both roundings are one 64-bit addition and a shift, where a negative accumulator's
// code is the clamp's lower limit or rounding is single (`quick`):
//
//   (x·m + n) >> (31 + k)      n = 2^(30+k), and for double rounding 2^30 more
//
// for then v = (x·m + 2^30) >> 31 is not negative, and (v + 2^(k−1)) >> k is the same as one shift of the
// sum (nested divisions by powers of two); a negative v gives at most 0, which that clamp makes its
// limit. The shift is one by 32, which is taking upper halves, and one by k − 1.
//
// Otherwise (`quick_signed`) ties go away from zero: v + 2^(k−1) − (v < 0). With 2x in place of x the
// upper half is v, and the sign of x serves for that of v: they differ only for v = 0, which becomes 0
// either way. That needs |x| < 2^30.
//
// No 64-bit sum overflows: |x·m| < 2^62, |2x·m| < 2^62 where |x| < 2^30, and n ≤ 2^62.
//
// The zero point is added with n, as z·2^(31+k), where that leaves room (k ≤ 20): it saves an addition per
// code, and what follows is only narrowing where the limits are those of the type (`is_plain`).
//
// Accumulators out of these bounds, and shifts of 0 and more, take the general path (`fbq_general`). It
// goes step by step as FixedPointMultiplier.scale does: x·2^left saturated; v as the upper half of
// 2·(x·m + 2^30), whose lost top bit v does not need; division by 2^right from the remainder. Single
// rounding by it is rare and goes lane by lane.

// Per block of `lane_count` channels; 32-bit lanes.
typedef struct {
  int32_t bias[lane_count];
  int32_t multiplier[lane_count];
  // The odd channels' multipliers in even lanes.
  int32_t odd_multiplier[lane_count];
  // n of the even and of the odd channels.
  int64_t even_nudge[lane_count / 2];
  int64_t odd_nudge[lane_count / 2];
  // The final shift; for the general path the multiplier's own.
  int32_t shift[lane_count];
} wide_scale;

static void wide_set_scale(wide_scale *scale, size_t lane, int32_t bias, fbq_multiplier factor,
                           const fbq_output *stage) {
  const int32_t single = stage->single;
  const uint8_t path = stage->path;
  // Zero times anything is zero, whatever the shift.
  int32_t k = factor.multiplier == 0 ? 1 : -factor.shift;
  scale->bias[lane] = bias;
  scale->multiplier[lane] = factor.multiplier;
  if (lane % 2 == 1) scale->odd_multiplier[lane - 1] = factor.multiplier;
  if (path == fbq_general) {
    scale->shift[lane] = factor.shift;
    return;
  }
  int64_t nudge = ((int64_t)1 << (30 + k)) + (single ? 0 : (int64_t)1 << 30);
  if (stage->folds_zero_point) nudge += stage->zero_point * ((int64_t)1 << (31 + k));
  if (path == fbq_quick_signed) nudge *= 2;
  (lane % 2 == 1 ? scale->odd_nudge : scale->even_nudge)[lane / 2] = nudge;
  scale->shift[lane] = path == fbq_quick_signed ? k : k - 1;
}

// `greatest_shift` is that of the multipliers other than 0.
static fbq_path wide_path(int32_t greatest_shift, int reaches_limit, const fbq_output *stage) {
  if (greatest_shift >= 0) return fbq_general;
  if (stage->single || stage->minimum >= 0) return fbq_quick;
  return reaches_limit ? fbq_general : fbq_quick_signed;
}

// Whether scales add the zero point; `least_shift` is that of the multipliers other than 0.
static int wide_folds_zero_point(int32_t least_shift, fbq_path path) {
  return path != fbq_general && least_shift >= -20;
}

// A block's scales in registers.
typedef struct {
  lanes multiplier, odd_multiplier, even_nudge, odd_nudge, shift;
} loaded_scale;

WIDE_INLINE loaded_scale load_scale(const wide_scale *scale) {
  return (loaded_scale){
      .multiplier = lanes_load(scale->multiplier),
      .odd_multiplier = lanes_load(scale->odd_multiplier),
      .even_nudge = lanes_load(scale->even_nudge),
      .odd_nudge = lanes_load(scale->odd_nudge),
      .shift = lanes_load(scale->shift),
  };
}

// The upper halves of x·m + n.
WIDE_INLINE lanes scaled_upper(lanes x, const loaded_scale *scale) {
  lanes even = lanes_multiply_even(x, scale->multiplier);
  lanes odd = lanes_multiply_even(lanes_odd(x), scale->odd_multiplier);
  return lanes_upper_halves(lanes_add_64(even, scale->even_nudge),
                            lanes_add_64(odd, scale->odd_nudge));
}

WIDE_INLINE lanes scaled_quick(lanes x, const loaded_scale *scale) {
  return lanes_shift_right(scaled_upper(x, scale), scale->shift);
}

WIDE_INLINE lanes scaled_signed(lanes x, const loaded_scale *scale) {
  lanes rounded = lanes_add(scaled_upper(lanes_add(x, x), scale), lanes_sign(x));
  return lanes_shift_right(rounded, scale->shift);
}

// The general path for single rounding, lane by lane.
static __attribute__((noinline)) void scale_lanes(int32_t *x, const wide_scale *scale) {
  for (int lane = 0; lane < lane_count; lane++) {
    x[lane] = fbq_scale_general(x[lane], scale->multiplier[lane], scale->shift[lane], 1);
  }
}

WIDE_INLINE lanes scaled_general(lanes x, const wide_scale *scale, int32_t single) {
  if (single) {
    int32_t buffer[lane_count];
    lanes_store(buffer, x);
    scale_lanes(buffer, scale);
    return lanes_load(buffer);
  }
  const lanes shift = lanes_load(scale->shift), one = lanes_repeat(1), zero = lanes_zero();
  const lanes is_left = lanes_greater(shift, zero);
  const lanes left = lanes_and(shift, is_left);
  const lanes right = lanes_subtract(left, shift);
  const lanes shifted = lanes_shift_left_each(x, left);
  const lanes kept = lanes_equal(lanes_shift_right(shifted, left), x);
  const lanes limit = lanes_xor(lanes_repeat(INT32_MAX), lanes_sign(x));
  const lanes factor = lanes_select(kept, shifted, limit);
  const lanes nudge = lanes_repeat_64(1 << 30);
  lanes even = lanes_multiply_even(factor, lanes_load(scale->multiplier));
  lanes odd = lanes_multiply_even(lanes_odd(factor), lanes_load(scale->odd_multiplier));
  even = lanes_add_64(even, nudge);
  odd = lanes_add_64(odd, nudge);
  const lanes v = lanes_upper_halves(lanes_add_64(even, even), lanes_add_64(odd, odd));
  const lanes mask = lanes_subtract(lanes_shift_left_each(one, right), one);
  const lanes remainder = lanes_and(v, mask);
  const lanes threshold = lanes_subtract(lanes_shift_right(mask, one), lanes_sign(v));
  // The mask of a division by 2^31 is positive as a signed number, so that the comparison holds.
  return lanes_subtract(lanes_shift_right(v, right), lanes_greater(remainder, threshold));
}

// The scale of an input of an addition, in registers: as in `quick_signed`, with the case k = 0 as well,
// where the upper half of 2x·m + 2^31 is the result. What the zero point takes away is part of the nudge.
//
// The input of greater scale has the factor 1/2 in every model that TensorFlow made: m = 2^30, k = 0. A
// power of two that leaves a whole number only shifts; then the zero point is left to the bias.
typedef struct {
  lanes multiplier, nudge, shift;
  // Codes below it are negative values whose ties go away from zero.
  lanes ties_below;
  int32_t left;
  // Where it only shifts, by how much, and what that leaves to be taken away.
  int is_shift, only_left;
  int32_t excess;
} loaded_input;

WIDE_INLINE loaded_input load_input(int32_t zero_point, fbq_multiplier factor, int32_t left,
                                    int single) {
  const int32_t k = -factor.shift;
  // As 64-bit lanes: 2^31 where v is rounded, 2^(31+k) for the second or single rounding.
  int64_t nudge = k > 0 ? (int64_t)1 << (31 + k) : 0;
  if (k == 0 || !single) nudge += (int64_t)1 << 31;
  nudge -= zero_point * (int64_t)factor.multiplier * ((int64_t)2 << left);
  int64_t nudges[lane_count / 2];
  for (int i = 0; i < lane_count / 2; i++) nudges[i] = nudge;
  const int is_shift = factor.multiplier == 1 << 30 && k < left;
  return (loaded_input){
      .multiplier = lanes_repeat(factor.multiplier),
      .nudge = lanes_load(nudges),
      .shift = lanes_repeat(k),
      .ties_below = lanes_repeat(single || k == 0 ? INT32_MIN : zero_point),
      // For 2x.
      .left = left + 1,
      .is_shift = is_shift,
      .only_left = left - 1 - k,
      .excess = is_shift ? zero_point * (1 << (left - 1 - k)) : 0,
  };
}

// `shifts` is a constant once inlined, and no more than the input's own.
WIDE_INLINE lanes scaled_code(const int shifts, lanes code, const loaded_input *input) {
  if (shifts) return lanes_shift_left_by(code, input->only_left);
  const lanes x = lanes_shift_left_by(code, input->left);
  const lanes even = lanes_add_64(lanes_multiply_even(x, input->multiplier), input->nudge);
  const lanes odd = lanes_add_64(lanes_multiply_even(lanes_odd(x), input->multiplier), input->nudge);
  const lanes v = lanes_less_where_less(lanes_upper_halves(even, odd), code, input->ties_below);
  return lanes_shift_right(v, input->shift);
}

WIDE_INLINE lanes scaled_input(const int shifts, const uint8_t *codes, uint8_t flip,
                               const loaded_input *input) {
  return scaled_code(shifts, lanes_expand_signed(codes, flip), input);
}
