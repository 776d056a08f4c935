// Sums of 16-bit codes, in `lanes`: of two arrays, and over the middle of one.
//
// Inputs of an addition are scaled as those of elementwise.h; −2^15 · 2^15 = −2^30 is the one product whose
// double needs all 32 bits, and has them.

// One vector by a path that is a constant once inlined.
WIDE_INLINE lanes scaled_by(const int path, lanes x, const fbq_output *stage, const loaded_scale *scale) {
  if (path == fbq_general) return scaled_general(x, stage->scales, stage->single);
  return path == fbq_quick ? scaled_quick(x, scale) : scaled_signed(x, scale);
}

// A vector of codes; the path is a constant once inlined.
WIDE_INLINE lanes added_16(const int path, const fbq_addition_16 *a, const loaded_input *inputs,
                           const loaded_scale *scale, const int16_t *first, const int16_t *second) {
  lanes sums[2];
  UNROLLED for (int half = 0; half < 2; half++) {
    const lanes x = scaled_code(0, lanes_expand_words(first + half * lane_count), &inputs[0]);
    const lanes y = scaled_code(0, lanes_expand_words(second + half * lane_count), &inputs[1]);
    const lanes sum = a->negates_second ? lanes_subtract(x, y) : lanes_add(x, y);
    sums[half] = scaled_by(path, sum, &a->stage, scale);
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

// Two rows of the array are added at a time, as pairs of codes with weights of 1.
static void reduce_16_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_reduce *r = parameters;
  const wide_scale *scale = r->stage.scales;
  const lanes ones = lanes_repeat_16(1);
  const int16_t *input = (const int16_t *)(const void *)r->input;
  int16_t *output = (int16_t *)(void *)r->output;
  for (size_t outer = begin; outer < end; outer++) {
    for (size_t at = 0; at < r->inner; at += codes_in_lanes) {
      const size_t count = least(codes_in_lanes, r->inner - at);
      const int16_t *from = input + outer * r->count * r->inner + at;
      lanes low = lanes_zero(), high = lanes_zero();
      for (size_t i = 0; i < r->count; i += 2, from += 2 * r->inner) {
        const lanes x = lanes_load_16(from, count);
        const lanes y = i + 1 < r->count ? lanes_load_16(from + r->inner, count) : lanes_zero();
        low = lanes_dot_16(low, lanes_pairs_low(x, y), ones);
        high = lanes_dot_16(high, lanes_pairs_high(x, y), ones);
      }
      const lanes codes = lanes_narrow_16(scaled(low, scale, &r->stage), scaled(high, scale, &r->stage));
      store_codes_16x8(output + outer * r->inner + at, codes, count);
    }
  }
}
