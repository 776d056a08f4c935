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

typedef struct combination combination;

// Combines two runs of `length` bytes.
typedef void (*run_kernel)(const combination *with, const uint8_t *first, const uint8_t *second,
                           size_t length, uint8_t *to);

// What an operation needs beside its operands.
struct combination {
  const fbq_elementwise *operation;
  run_kernel run;
  loaded_stage stage;
  loaded_scale scale;
  lanes bias;
  // Of `add`.
  loaded_input inputs[2];
  // Of `multiply`.
  lanes zero_points[2];
};

// What is combined how: whether inputs of an addition are only shifted is worth code of its own.
typedef enum { adds, adds_shifted_first, adds_shifted_second, multiplies } combination_kind;

static int32_t add_accepts(const fbq_elementwise *e) {
  return e->first_multiplier.shift <= 0 && e->second_multiplier.shift <= 0 && e->left_shift >= 0 &&
         e->left_shift <= 21;
}

// The sum or product of two vectors. Kind and path are constants once inlined.
WIDE_INLINE lanes combined(const int kind, const combination *with, const uint8_t *first,
                           const uint8_t *second) {
  const fbq_elementwise *e = with->operation;
  lanes value;
  if (kind == multiplies) {
    const lanes a = lanes_expand_signed(first, e->input_flip);
    const lanes b = lanes_expand_signed(second, e->input_flip);
    value = lanes_multiply_short(lanes_subtract(a, with->zero_points[0]),
                                 lanes_subtract(b, with->zero_points[1]));
  } else {
    const lanes a =
        scaled_input(kind == adds_shifted_first, first, e->input_flip, &with->inputs[0]);
    const lanes b =
        scaled_input(kind == adds_shifted_second, second, e->input_flip, &with->inputs[1]);
    value = e->negates_second ? lanes_subtract(a, b) : lanes_add(a, b);
  }
  value = lanes_add(value, with->bias);
  // Where it is written is where it is to be.
  FORGET(value);
  return value;
}

// As `scaled`, with the scale in registers.
WIDE_INLINE lanes combined_scaled(const int path, const combination *with, lanes x) {
  FORGET(x);
  const fbq_output *stage = &with->operation->stage;
  if (path == fbq_general) {
    x = scaled_general(x, stage->scales, stage->single);
  } else {
    x = path == fbq_quick ? scaled_quick(x, &with->scale) : scaled_signed(x, &with->scale);
  }
  FORGET(x);
  return x;
}

// Writes the codes of four `values` and, with `continues`, puts in their place those of the next four
// vectors, by turns: see turns.h.
WIDE_INLINE lanes combine_four(const int kind, const int path, const int continues,
                               const combination *with, lanes *values, const uint8_t *first,
                               const uint8_t *second) {
  lanes x[4];
  UNROLLED for (int i = 0; i < 4; i++) {
    const lanes value = values[i];
    if (continues) {
      values[i] = combined(kind, with, first + i * lane_count, second + i * lane_count);
    }
    x[i] = combined_scaled(path, with, value);
  }
  return codes_of_four(x[0], x[1], x[2], x[3], &with->stage);
}

WIDE_INLINE void combine_run(const int kind, const int path, const combination *shared,
                             const uint8_t *first, const uint8_t *second, size_t length,
                             uint8_t *to) {
  // In registers: nothing that is stored changes a copy.
  const combination copy = *shared, *const with = &copy;
  lanes values[4];
  size_t i = 0;
  if (length >= width_of_four) {
    UNROLLED for (int k = 0; k < 4; k++) {
      values[k] = combined(kind, with, first + k * lane_count, second + k * lane_count);
    }
    for (; i + 2 * width_of_four <= length; i += width_of_four) {
      const size_t next = i + width_of_four;
      const lanes codes =
          combine_four(kind, path, 1, with, values, first + next, second + next);
      lanes_store_blocks(to + i, codes, 4);
    }
    lanes_store_blocks(to + i, combine_four(kind, path, 0, with, values, first, second), 4);
    i += width_of_four;
  }
  if (i < length) {
    uint8_t rest[2][width_of_four] = {{0}};
    __builtin_memcpy(rest[0], first + i, length - i);
    __builtin_memcpy(rest[1], second + i, length - i);
    UNROLLED for (int k = 0; k < 4; k++) {
      values[k] = combined(kind, with, rest[0] + k * lane_count, rest[1] + k * lane_count);
    }
    lanes_store_bytes(to + i, combine_four(kind, path, 0, with, values, first, second), length - i);
  }
}

#define RUN_KERNEL(kind, path)                                                               \
  static void run_##kind##_##path(const combination *with, const uint8_t *first,             \
                                  const uint8_t *second, size_t length, uint8_t *to) {       \
    combine_run(kind, path, with, first, second, length, to);                                \
  }
#define RUN_KERNELS(kind) \
  RUN_KERNEL(kind, fbq_quick) RUN_KERNEL(kind, fbq_quick_signed) RUN_KERNEL(kind, fbq_general)
#define RUN_KERNEL_NAMES(kind)                                                       \
  [kind] = {[fbq_quick] = run_##kind##_fbq_quick,                                    \
            [fbq_quick_signed] = run_##kind##_fbq_quick_signed,                      \
            [fbq_general] = run_##kind##_fbq_general}

RUN_KERNELS(adds)
RUN_KERNELS(adds_shifted_first)
RUN_KERNELS(adds_shifted_second)
RUN_KERNELS(multiplies)

// By kind and path.
static const run_kernel run_kernels[][3] = {
    RUN_KERNEL_NAMES(adds), RUN_KERNEL_NAMES(adds_shifted_first),
    RUN_KERNEL_NAMES(adds_shifted_second), RUN_KERNEL_NAMES(multiplies)};

// Rows begin…end − 1 of which one array has a single one, `shared`, and the other, `rows`, all.
static void combine_shared(const combination *with, const uint8_t *rows, const uint8_t *shared,
                           int shared_is_second, size_t begin, size_t end) {
  const size_t length = with->operation->length, together = buffer_length / length;
  uint8_t repeated[buffer_length];
  for (size_t i = 0; i < together; i++) __builtin_memcpy(repeated + i * length, shared, length);
  for (size_t row = begin; row < end; row += together) {
    const size_t count = least(together, end - row) * length;
    const uint8_t *from = rows + row * length;
    with->run(with, shared_is_second ? from : repeated, shared_is_second ? repeated : from, count,
              with->operation->output + row * length);
  }
}

// One row of each, of which one or both may repeat an element.
static void combine_row(const combination *with, const uint8_t *first, const uint8_t *second,
                        uint8_t *to) {
  const fbq_elementwise *e = with->operation;
  if (e->first_stride == 1 && e->second_stride == 1) {
    with->run(with, first, second, e->length, to);
    return;
  }
  uint8_t filled[2][buffer_length];
  if (e->first_stride == 0) __builtin_memset(filled[0], first[0], least(buffer_length, e->length));
  if (e->second_stride == 0) {
    __builtin_memset(filled[1], second[0], least(buffer_length, e->length));
  }
  for (size_t i = 0; i < e->length; i += buffer_length) {
    with->run(with, e->first_stride == 0 ? filled[0] : first + i,
              e->second_stride == 0 ? filled[1] : second + i,
              least(buffer_length, e->length - i), to + i);
  }
}

static void combine_rows(const combination *with, size_t begin, size_t end) {
  const fbq_elementwise *e = with->operation;
  const size_t length = e->length;
  const int is_short = e->first_stride == 1 && e->second_stride == 1 && length <= buffer_length / 4;
  if (is_short && e->first_row_stride == length && e->second_row_stride == 0) {
    combine_shared(with, e->first, e->second, 1, begin, end);
  } else if (is_short && e->first_row_stride == 0 && e->second_row_stride == length) {
    combine_shared(with, e->second, e->first, 0, begin, end);
  } else {
    for (size_t row = begin; row < end; row++) {
      combine_row(with, e->first + row * e->first_row_stride,
                  e->second + row * e->second_row_stride, e->output + row * length);
    }
  }
}

static combination combination_of(const fbq_elementwise *e) {
  return (combination){
      .operation = e,
      .stage = load_stage(&e->stage),
      .scale = load_scale(e->stage.scales),
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
  // One of both at most is only shifted.
  const int32_t excess = with.inputs[0].is_shift ? with.inputs[0].excess
                         : e->negates_second     ? -with.inputs[1].excess
                                                 : with.inputs[1].excess;
  with.bias = lanes_subtract(with.bias, lanes_repeat(excess));
  const int kind = with.inputs[0].is_shift   ? adds_shifted_first
                   : with.inputs[1].is_shift ? adds_shifted_second
                                             : adds;
  with.run = run_kernels[kind][e->stage.path];
  combine_rows(&with, begin, end);
}

static void multiply_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_elementwise *e = parameters;
  combination with = combination_of(e);
  with.zero_points[0] = lanes_repeat(e->first_zero_point);
  with.zero_points[1] = lanes_repeat(e->second_zero_point);
  with.run = run_kernels[multiplies][e->stage.path];
  combine_rows(&with, begin, end);
}
