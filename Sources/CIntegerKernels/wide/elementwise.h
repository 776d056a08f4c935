// Addition, subtraction and multiplication of arrays element by element, rows of one repeated along those
// of the other where shapes are broadcast.
//
// Both arrays are read as runs of bytes that follow each other. A repeated element fills a buffer; a short
// row that all rows share is repeated in a buffer too, so that many rows of the other array are one run.

enum {
  // Elements of a run that goes through a buffer.
  buffer_length = 1024,
  width_of_four = 4 * lane_count,
};

// What an operation needs beside its operands.
typedef struct {
  const fbq_elementwise *operation;
  loaded_stage stage;
  loaded_scale scale;
  uint8_t path;
  lanes bias;
  // Of `add`.
  loaded_input inputs[2];
  // Of `multiply`.
  lanes zero_points[2];
} combination;

static int32_t add_accepts(const fbq_elementwise *e) {
  return e->first_multiplier.shift <= 0 && e->second_multiplier.shift <= 0 && e->left_shift >= 0 &&
         e->left_shift <= 21;
}

// As `scaled`, with the scale in registers.
WIDE_INLINE lanes combined_scaled(const combination *with, lanes x) {
  const fbq_output *stage = &with->operation->stage;
  if (with->path == fbq_quick) return scaled_quick(x, &with->scale);
  if (with->path == fbq_quick_signed) return scaled_signed(x, &with->scale);
  return scaled_general(x, stage->scales, stage->single);
}

// Four vectors' codes. Which inputs are only shifted is a constant once inlined.
WIDE_INLINE lanes added_codes_of_four(const int shifts_first, const int shifts_second,
                                      const combination *with, const uint8_t *first,
                                      const uint8_t *second) {
  const fbq_elementwise *e = with->operation;
  lanes values[4];
  for (int i = 0; i < 4; i++) {
    lanes a = scaled_input(shifts_first, first + i * lane_count, e->input_flip, &with->inputs[0]);
    lanes b = scaled_input(shifts_second, second + i * lane_count, e->input_flip, &with->inputs[1]);
    lanes sum = e->negates_second ? lanes_subtract(a, b) : lanes_add(a, b);
    values[i] = combined_scaled(with, lanes_add(sum, with->bias));
  }
  return codes_of_four(values[0], values[1], values[2], values[3], &with->stage);
}

WIDE_INLINE lanes multiplied_codes_of_four(const combination *with, const uint8_t *first,
                                           const uint8_t *second) {
  const fbq_elementwise *e = with->operation;
  lanes values[4];
  for (int i = 0; i < 4; i++) {
    lanes a = lanes_expand_signed(first + i * lane_count, e->input_flip);
    lanes b = lanes_expand_signed(second + i * lane_count, e->input_flip);
    lanes product = lanes_multiply_short(lanes_subtract(a, with->zero_points[0]),
                                         lanes_subtract(b, with->zero_points[1]));
    values[i] = combined_scaled(with, lanes_add(product, with->bias));
  }
  return codes_of_four(values[0], values[1], values[2], values[3], &with->stage);
}

WIDE_INLINE lanes combined_codes(const int multiplies, const combination *with,
                                 const uint8_t *first, const uint8_t *second) {
  if (multiplies) return multiplied_codes_of_four(with, first, second);
  if (with->inputs[0].is_shift) return added_codes_of_four(1, 0, with, first, second);
  if (with->inputs[1].is_shift) return added_codes_of_four(0, 1, with, first, second);
  return added_codes_of_four(0, 0, with, first, second);
}

WIDE_INLINE void combine_run(const int multiplies, const combination *with, const uint8_t *first,
                             const uint8_t *second, size_t length, uint8_t *to) {
  size_t i = 0;
  for (; i + width_of_four <= length; i += width_of_four) {
    lanes_store_blocks(to + i, combined_codes(multiplies, with, first + i, second + i), 4);
  }
  if (i < length) {
    uint8_t rest[2][width_of_four] = {{0}};
    __builtin_memcpy(rest[0], first + i, length - i);
    __builtin_memcpy(rest[1], second + i, length - i);
    lanes_store_bytes(to + i, combined_codes(multiplies, with, rest[0], rest[1]), length - i);
  }
}

// Rows begin…end − 1 of which one array has a single one, `shared`, and the other, `rows`, all.
WIDE_INLINE void combine_shared(const int multiplies, const combination *with, const uint8_t *rows,
                                const uint8_t *shared, const int shared_is_second, size_t begin,
                                size_t end) {
  const size_t length = with->operation->length, together = buffer_length / length;
  uint8_t repeated[buffer_length];
  for (size_t i = 0; i < together; i++) __builtin_memcpy(repeated + i * length, shared, length);
  for (size_t row = begin; row < end; row += together) {
    const size_t count = least(together, end - row) * length;
    const uint8_t *from = rows + row * length;
    combine_run(multiplies, with, shared_is_second ? from : repeated,
                shared_is_second ? repeated : from, count,
                with->operation->output + row * length);
  }
}

// One row of each, of which one or both may repeat an element.
WIDE_INLINE void combine_row(const int multiplies, const combination *with, const uint8_t *first,
                             const uint8_t *second, uint8_t *to) {
  const fbq_elementwise *e = with->operation;
  if (e->first_stride == 1 && e->second_stride == 1) {
    combine_run(multiplies, with, first, second, e->length, to);
    return;
  }
  uint8_t filled[2][buffer_length];
  if (e->first_stride == 0) __builtin_memset(filled[0], first[0], least(buffer_length, e->length));
  if (e->second_stride == 0) {
    __builtin_memset(filled[1], second[0], least(buffer_length, e->length));
  }
  for (size_t i = 0; i < e->length; i += buffer_length) {
    combine_run(multiplies, with, e->first_stride == 0 ? filled[0] : first + i,
                e->second_stride == 0 ? filled[1] : second + i,
                least(buffer_length, e->length - i), to + i);
  }
}

WIDE_INLINE void combine_rows(const int multiplies, const combination *with, size_t begin,
                              size_t end) {
  const fbq_elementwise *e = with->operation;
  const size_t length = e->length;
  const int is_short = e->first_stride == 1 && e->second_stride == 1 && length <= buffer_length / 4;
  if (is_short && e->first_row_stride == length && e->second_row_stride == 0) {
    combine_shared(multiplies, with, e->first, e->second, 1, begin, end);
  } else if (is_short && e->first_row_stride == 0 && e->second_row_stride == length) {
    combine_shared(multiplies, with, e->second, e->first, 0, begin, end);
  } else {
    for (size_t row = begin; row < end; row++) {
      combine_row(multiplies, with, e->first + row * e->first_row_stride,
                  e->second + row * e->second_row_stride, e->output + row * length);
    }
  }
}

WIDE_INLINE combination combination_of(const fbq_elementwise *e) {
  return (combination){
      .operation = e,
      .stage = load_stage(&e->stage),
      .scale = load_scale(e->stage.scales),
      .path = e->stage.path,
      .bias = lanes_load(((const wide_scale *)e->stage.scales)->bias),
  };
}

static void add_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_elementwise *e = parameters;
  const int single = e->stage.single;
  combination with = combination_of(e);
  with.inputs[0] = load_input(e->first_zero_point, e->first_multiplier, e->left_shift, single);
  with.inputs[1] = load_input(e->second_zero_point, e->second_multiplier, e->left_shift, single);
  // As combined_codes has it: one of both at most.
  const int32_t excess = with.inputs[0].is_shift ? with.inputs[0].excess
                         : e->negates_second     ? -with.inputs[1].excess
                                                 : with.inputs[1].excess;
  with.bias = lanes_subtract(with.bias, lanes_repeat(excess));
  combine_rows(0, &with, begin, end);
}

static void multiply_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_elementwise *e = parameters;
  combination with = combination_of(e);
  with.zero_points[0] = lanes_repeat(e->first_zero_point);
  with.zero_points[1] = lanes_repeat(e->second_zero_point);
  combine_rows(1, &with, begin, end);
}
