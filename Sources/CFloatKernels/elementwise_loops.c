#include "float_loops.h"
#include "loop_chunks.h"

// Written with comparisons so that NaN stays NaN and the compiler emits vector minima and maxima.
static inline float clipped(float x, float minimum, float maximum) {
  float raised = x < minimum ? minimum : x;
  return raised > maximum ? maximum : raised;
}

typedef struct {
  const float *x;
  float *y;
  int64_t count;
  float first, second;
} Unary;

// One threaded function of one element. `EXPRESSION` sees x, first and second.
#define UNARY(name, EXPRESSION)                                                        \
  static void name##_chunks(const void *context, int64_t begin, int64_t end) {         \
    const Unary *unary = context;                                                      \
    const float *input = unary->x;                                                     \
    float *output = unary->y;                                                          \
    float first = unary->first, second = unary->second;                                \
    (void)first, (void)second;                                                         \
    int64_t limit = smaller(end * chunk_elements, unary->count);                       \
    for (int64_t i = begin * chunk_elements; i < limit; ++i) {                         \
      float x = input[i];                                                              \
      output[i] = (EXPRESSION);                                                        \
    }                                                                                  \
  }

UNARY(clip, clipped(x, first, second))
UNARY(leaky_relu, x < 0 ? first * x : x)
UNARY(hard_swish, x * clipped(x / 6 + 0.5f, 0, 1))
UNARY(hard_sigmoid, clipped(first * x + second, 0, 1))

void float_clip(const float *x, float *y, int64_t count, float minimum, float maximum) {
  Unary unary = {x, y, count, minimum, maximum};
  float_threads_run(chunk_count(count), clip_chunks, &unary);
}

void float_leaky_relu(const float *x, float *y, int64_t count, float alpha) {
  Unary unary = {x, y, count, alpha, 0};
  float_threads_run(chunk_count(count), leaky_relu_chunks, &unary);
}

void float_hard_swish(const float *x, float *y, int64_t count) {
  Unary unary = {x, y, count, 0, 0};
  float_threads_run(chunk_count(count), hard_swish_chunks, &unary);
}

void float_hard_sigmoid(const float *x, float *y, int64_t count, float alpha, float beta) {
  Unary unary = {x, y, count, alpha, beta};
  float_threads_run(chunk_count(count), hard_sigmoid_chunks, &unary);
}

typedef struct {
  const float *x;
  float *y;
  int64_t rows, channels;
  const float *scale, *shift;
} ScaleShift;

static void scale_shift_chunks(const void *context, int64_t begin, int64_t end) {
  const ScaleShift *work = context;
  int64_t channels = work->channels;
  int64_t step = rows_per_chunk(channels);
  int64_t limit = smaller(end * step, work->rows);
  for (int64_t row = begin * step; row < limit; ++row) {
    const float *x = work->x + row * channels;
    float *y = work->y + row * channels;
    for (int64_t c = 0; c < channels; ++c) y[c] = x[c] * work->scale[c] + work->shift[c];
  }
}

void float_scale_shift(
    const float *x, float *y, int64_t rows, int64_t channels, const float *scale,
    const float *shift) {
  ScaleShift work = {x, y, rows, channels, scale, shift};
  int64_t step = rows_per_chunk(channels);
  float_threads_run((rows + step - 1) / step, scale_shift_chunks, &work);
}

typedef struct {
  FloatBinary operation;
  FloatOperand a, b;
  float *y;
  int64_t images, rows, row_count;
  // A row longer than a chunk is cut into `parts`, shorter ones are taken `step` at a time.
  int64_t parts, step;
  float minimum, maximum;
} Binary;

// One row; the three shapes of broadcasting along it have loops of their own, so that each
// vectorizes.
#define BINARY_ROW(name, EXPRESSION)                                                     \
  static void name##_row(                                                                \
      const float *left, int64_t left_stride, const float *right, int64_t right_stride,  \
      float *y, int64_t count, float minimum, float maximum) {                           \
    if (left_stride && right_stride) {                                                   \
      for (int64_t i = 0; i < count; ++i) {                                              \
        float a = left[i], b = right[i];                                                 \
        y[i] = clipped(EXPRESSION, minimum, maximum);                                    \
      }                                                                                  \
    } else if (left_stride) {                                                            \
      float b = *right;                                                                  \
      for (int64_t i = 0; i < count; ++i) {                                              \
        float a = left[i];                                                               \
        y[i] = clipped(EXPRESSION, minimum, maximum);                                    \
      }                                                                                  \
    } else {                                                                             \
      float a = *left;                                                                   \
      for (int64_t i = 0; i < count; ++i) {                                              \
        float b = right[i * right_stride];                                               \
        y[i] = clipped(EXPRESSION, minimum, maximum);                                    \
      }                                                                                  \
    }                                                                                    \
  }

BINARY_ROW(add, a + b)
BINARY_ROW(subtract, a - b)
BINARY_ROW(multiply, a *b)
BINARY_ROW(prelu, a < 0 ? a * b : a)

static const float *row_start(const FloatOperand *operand, int64_t image, int64_t row) {
  return operand->values + image * operand->image_stride + operand->row_offsets[row];
}

static void binary_row(const Binary *work, int64_t image, int64_t row, int64_t from, int64_t to) {
  const float *a = row_start(&work->a, image, row) + from * work->a.element_stride;
  const float *b = row_start(&work->b, image, row) + from * work->b.element_stride;
  float *y = work->y + (image * work->rows + row) * work->row_count + from;
  int64_t sa = work->a.element_stride, sb = work->b.element_stride;
  switch (work->operation) {
    case FLOAT_ADD: add_row(a, sa, b, sb, y, to - from, work->minimum, work->maximum); break;
    case FLOAT_SUBTRACT:
      subtract_row(a, sa, b, sb, y, to - from, work->minimum, work->maximum);
      break;
    case FLOAT_MULTIPLY:
      multiply_row(a, sa, b, sb, y, to - from, work->minimum, work->maximum);
      break;
    case FLOAT_PRELU: prelu_row(a, sa, b, sb, y, to - from, work->minimum, work->maximum); break;
  }
}

static void binary_chunks(const void *context, int64_t begin, int64_t end) {
  const Binary *work = context;
  int64_t all_rows = work->images * work->rows;
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t part = unit % work->parts;
    int64_t first = unit / work->parts * work->step;
    int64_t last = smaller(first + work->step, all_rows);
    int64_t from = part * chunk_elements;
    int64_t to = smaller(work->row_count, from + chunk_elements);
    for (int64_t row = first; row < last; ++row) {
      binary_row(work, row / work->rows, row % work->rows, from, to);
    }
  }
}

void float_binary(
    FloatBinary operation, FloatOperand a, FloatOperand b, float *y, int64_t images, int64_t rows,
    int64_t row_count, float minimum, float maximum) {
  int64_t parts = chunk_count(row_count);
  int64_t step = parts > 1 ? 1 : rows_per_chunk(row_count);
  Binary work = {operation, a, b, y, images, rows, row_count, parts, step, minimum, maximum};
  int64_t groups = (images * rows + step - 1) / step;
  float_threads_run(groups * parts, binary_chunks, &work);
}
