// Sum or difference of two arrays of 16-bit codes, in `lanes`. Inputs are scaled as those of elementwise.h;
// −2^15 · 2^15 = −2^30 is the one product whose double needs all 32 bits, and has them.

// A vector of codes; the path is a constant once inlined.
WIDE_INLINE lanes added_16(const int path, const fbq_addition_16 *a, const loaded_input *inputs,
                           const loaded_scale *scale, const int16_t *first, const int16_t *second) {
  lanes sums[2];
  UNROLLED for (int half = 0; half < 2; half++) {
    const lanes x = scaled_code(0, lanes_expand_words(first + half * lane_count), &inputs[0]);
    const lanes y = scaled_code(0, lanes_expand_words(second + half * lane_count), &inputs[1]);
    const lanes sum = a->negates_second ? lanes_subtract(x, y) : lanes_add(x, y);
    sums[half] = path == fbq_general ? scaled_general(sum, a->stage.scales, a->stage.single)
                 : path == fbq_quick ? scaled_quick(sum, scale)
                                     : scaled_signed(sum, scale);
  }
  return lanes_narrow_16_in_order(sums[0], sums[1]);
}

WIDE_INLINE void add_rows_16(const int path, const fbq_addition_16 *a, size_t begin, size_t end) {
  const int32_t single = a->stage.single;
  const loaded_input inputs[2] = {load_input(0, a->first_multiplier, a->left_shift, single),
                                  load_input(0, a->second_multiplier, a->left_shift, single)};
  const loaded_scale scale = load_scale(a->stage.scales);
  const clamp_16x8 clamp = {lanes_repeat_16(a->stage.minimum), lanes_repeat_16(a->stage.maximum)};
  for (size_t row = begin; row < end; row++) {
    const int16_t *first = a->first + row * a->first_row_stride;
    const int16_t *second = a->second + row * a->second_row_stride;
    int16_t *to = a->output + row * a->length;
    size_t i = 0;
    for (; i + codes_in_lanes <= a->length; i += codes_in_lanes) {
      const lanes codes = added_16(path, a, inputs, &scale, first + i, second + i);
      lanes_store(to + i, clamped_16x8(codes, &clamp));
    }
    const size_t left = a->length - i;
    if (left == 0) continue;
    int16_t rest[2][codes_in_lanes] = {{0}};
    __builtin_memcpy(rest[0], first + i, left * sizeof *to);
    __builtin_memcpy(rest[1], second + i, left * sizeof *to);
    const lanes codes = added_16(path, a, inputs, &scale, rest[0], rest[1]);
    store_codes_16x8(to + i, clamped_16x8(codes, &clamp), left);
  }
}

static void add_16_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_addition_16 *a = parameters;
  switch (a->stage.path) {
    case fbq_quick: add_rows_16(fbq_quick, a, begin, end); break;
    case fbq_quick_signed: add_rows_16(fbq_quick_signed, a, begin, end); break;
    default: add_rows_16(fbq_general, a, begin, end); break;
  }
}
