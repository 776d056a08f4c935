// Addition and subtraction of arrays of the same shape, scaled in registers.

static int32_t add_accepts(const fbq_elementwise *e) {
  return e->first_stride == 1 && e->second_stride == 1 && e->first_multiplier.shift <= 0 &&
         e->second_multiplier.shift <= 0 && e->left_shift >= 0 && e->left_shift <= 21;
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
