// From accumulators to codes with NEON, which has the steps of both roundings as instructions. With
// k = −shift ≥ 0:
//
//   double   v = (x·m + 2^30) >> 31                `sqrdmulh`
//            (v + 2^(k−1) − (v < 0)) >> k          the sign where k > 0, `srshl`
//   single   v = x·m >> 31                         `sqdmulh`, k ≥ 1
//            (v + 2^(k−1)) >> k                    `srshl`: the nudge 2^(30+k) is a multiple of 2^31
//
// Neither product saturates, since m ≥ 0, and `srshl` keeps the bit that its sum may carry; so this holds
// for any accumulator. Only shifts to the left, and single rounding with a shift of 0, go another way.

// Per block of `lane_count` channels.
typedef struct {
  int32_t bias[lane_count];
  int32_t multiplier[lane_count];
  int32_t shift[lane_count];
  int32_t single;
} wide_scale;

static void wide_set_scale(wide_scale *scale, size_t lane, int32_t bias, fbq_multiplier factor,
                           const fbq_output *stage) {
  scale->bias[lane] = bias;
  scale->multiplier[lane] = factor.multiplier;
  // Zero times anything is zero, whatever the shift.
  scale->shift[lane] = factor.multiplier == 0 ? -1 : factor.shift;
  scale->single = stage->single;
}

// `greatest_shift` is that of the multipliers other than 0.
static fbq_path wide_path(int32_t greatest_shift, int reaches_limit, const fbq_output *stage) {
  (void)reaches_limit;
  return greatest_shift > 0 || (greatest_shift == 0 && stage->single) ? fbq_general : fbq_quick;
}

// Nothing is added here that could hold it.
static int wide_folds_zero_point(int32_t least_shift, fbq_path path) {
  (void)least_shift, (void)path;
  return 0;
}

// A block's scales in registers.
typedef struct {
  lanes multiplier, shift;
  int32_t single;
} loaded_scale;

WIDE_INLINE loaded_scale load_scale(const wide_scale *scale) {
  return (loaded_scale){
      .multiplier = lanes_load(scale->multiplier),
      .shift = lanes_load(scale->shift),
      .single = scale->single,
  };
}

// Shifts that are not negative leave v as it is in double rounding.
WIDE_INLINE lanes scaled_double(lanes x, lanes multiplier, lanes shift) {
  const lanes v = vqrdmulhq_s32(x, multiplier);
  return vrshlq_s32(vsraq_n_s32(v, vandq_s32(v, shift), 31), shift);
}

WIDE_INLINE lanes scaled_quick(lanes x, const loaded_scale *scale) {
  if (scale->single) return vrshlq_s32(vqdmulhq_s32(x, scale->multiplier), scale->shift);
  return scaled_double(x, scale->multiplier, scale->shift);
}

// No block takes this path.
WIDE_INLINE lanes scaled_signed(lanes x, const loaded_scale *scale) { return scaled_quick(x, scale); }

// Lane by lane.
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
  const lanes shift = lanes_load(scale->shift), zero = lanes_zero();
  const lanes shifted = vqshlq_s32(x, vmaxq_s32(shift, zero));
  return scaled_double(shifted, lanes_load(scale->multiplier), vminq_s32(shift, zero));
}

// The scale of an input of an addition, in registers.
typedef struct {
  lanes zero_point, multiplier, shift, left;
  int32_t truncates;
  // No input is worth a path of its own, which would leave something to the bias.
  int is_shift;
  int32_t excess;
} loaded_input;

WIDE_INLINE loaded_input load_input(int32_t zero_point, fbq_multiplier factor, int32_t left,
                                    int single) {
  return (loaded_input){
      .zero_point = lanes_repeat(zero_point),
      .multiplier = lanes_repeat(factor.multiplier),
      .shift = lanes_repeat(factor.shift),
      .left = lanes_repeat(left),
      // With a shift of 0 both roundings are one.
      .truncates = single && factor.shift < 0,
  };
}

WIDE_INLINE lanes scaled_code(const int shifts, lanes code, const loaded_input *input) {
  (void)shifts;
  const lanes difference = lanes_subtract(code, input->zero_point);
  const lanes x = vshlq_s32(difference, input->left);
  if (input->truncates) return vrshlq_s32(vqdmulhq_s32(x, input->multiplier), input->shift);
  return scaled_double(x, input->multiplier, input->shift);
}

WIDE_INLINE lanes scaled_input(const int shifts, const uint8_t *codes, uint8_t flip,
                               const loaded_input *input) {
  return scaled_code(shifts, lanes_expand_signed(codes, flip), input);
}
