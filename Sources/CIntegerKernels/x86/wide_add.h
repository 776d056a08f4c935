// Addition and subtraction of arrays of the same shape, scaled in registers.
//
// An input's factor is multiplied as in `quick_signed` of wide_requantize.h, of which it needs the case
// k = 0 as well: there the upper half of 2x·m + 2^31 is the result.

// The scale of an input in registers.
typedef struct {
  lanes zero_point, multiplier, nudge, ties, shift;
  int32_t left;
} loaded_input;

WIDE_INLINE loaded_input load_input(int32_t zero_point, fbq_multiplier factor, int32_t left,
                                    int single) {
  const int32_t k = -factor.shift;
  // As 64-bit lanes: 2^31 where v is rounded, 2^(31+k) for the second or single rounding.
  uint64_t nudge = k > 0 ? (uint64_t)1 << (31 + k) : 0;
  if (k == 0 || !single) nudge += (uint64_t)1 << 31;
  int64_t nudges[lane_count / 2];
  for (int i = 0; i < lane_count / 2; i++) nudges[i] = (int64_t)nudge;
  return (loaded_input){
      .zero_point = lanes_repeat(zero_point),
      .multiplier = lanes_repeat(factor.multiplier),
      .nudge = lanes_load(nudges),
      .ties = lanes_repeat(single || k == 0 ? 0 : -1),
      .shift = lanes_repeat(k),
      // For 2x.
      .left = left + 1,
  };
}

WIDE_INLINE lanes scaled_input(const uint8_t *codes, uint8_t flip, const loaded_input *input) {
  lanes difference = lanes_subtract(lanes_expand_signed(codes, flip), input->zero_point);
  lanes x = lanes_shift_left_by(difference, input->left);
  lanes even = lanes_add_64(lanes_multiply_even(x, input->multiplier), input->nudge);
  lanes odd = lanes_add_64(lanes_multiply_even(lanes_odd(x), input->multiplier), input->nudge);
  lanes ties = lanes_and(lanes_sign(difference), input->ties);
  return lanes_shift_right(lanes_add(lanes_upper_halves(even, odd), ties), input->shift);
}

// Four vectors' codes.
WIDE_INLINE lanes add_codes_of_four(const fbq_elementwise *e, const uint8_t *first,
                                    const uint8_t *second, const loaded_input *inputs,
                                    const loaded_stage *stage) {
  const wide_scale *scale = e->stage.scales;
  const lanes bias = lanes_load(scale->bias);
  lanes values[4];
  for (int i = 0; i < 4; i++) {
    lanes a = scaled_input(first + i * lane_count, e->input_flip, &inputs[0]);
    lanes b = scaled_input(second + i * lane_count, e->input_flip, &inputs[1]);
    lanes sum = e->negates_second ? lanes_subtract(a, b) : lanes_add(a, b);
    values[i] = scaled(lanes_add(sum, bias), scale, &e->stage);
  }
  return codes_of_four(values[0], values[1], values[2], values[3], stage);
}
