// Addition and subtraction of arrays of the same shape, scaled in registers.
//
// An input's factor is multiplied as in `quick_signed` of wide_requantize.h, of which it needs the case
// k = 0 as well: there the upper half of 2x·m + 2^31 is the result.

// The scale of an input in registers.
typedef struct {
  lanes zero_point, multiplier, nudge, ties, shift;
  int32_t left;
} loaded_input;

static int32_t add_accepts(const fbq_elementwise *e) {
  return e->first_stride == 1 && e->second_stride == 1 && e->first_multiplier.shift <= 0 &&
         e->second_multiplier.shift <= 0 && e->left_shift >= 0 && e->left_shift <= 21;
}

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

static void add_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_elementwise *e = parameters;
  const loaded_stage stage = load_stage(&e->stage);
  const loaded_input inputs[2] = {
      load_input(e->first_zero_point, e->first_multiplier, e->left_shift, e->stage.single),
      load_input(e->second_zero_point, e->second_multiplier, e->left_shift, e->stage.single),
  };
  const size_t width = 4 * lane_count;
  for (size_t row = begin; row < end; row++) {
    const uint8_t *first = e->first + row * e->first_row_stride;
    const uint8_t *second = e->second + row * e->second_row_stride;
    uint8_t *to = e->output + row * e->length;
    size_t i = 0;
    for (; i + width <= e->length; i += width) {
      lanes codes = add_codes_of_four(e, first + i, second + i, inputs, &stage);
      lanes_store_blocks(to + i, codes, 4);
    }
    if (i < e->length) {
      uint8_t rest[2][4 * lane_count] = {{0}};
      __builtin_memcpy(rest[0], first + i, e->length - i);
      __builtin_memcpy(rest[1], second + i, e->length - i);
      lanes_store_bytes(to + i, add_codes_of_four(e, rest[0], rest[1], inputs, &stage),
                        e->length - i);
    }
  }
}
