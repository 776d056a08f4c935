#include "float_gradient_loops.h"
#include "loop_chunks.h"

#define INLINE static inline __attribute__((always_inline))

// One row; `EXPRESSION` sees the operands a and b and the gradient dy. Inlined with constant
// strides, so that each shape of broadcasting has a loop that vectorizes.
#define GRADIENT_ROW(name, EXPRESSION)                                                    \
  INLINE void name##_strided(                                                             \
      const float *left, int64_t sa, const float *right, int64_t sb, const float *gradient, \
      float *dx, int64_t sd, bool overwrites, int64_t count) {                            \
    if (!sd) {                                                                            \
      double sum = 0;                                                                     \
      for (int64_t i = 0; i < count; ++i) {                                               \
        float a = left[i * sa], b = right[i * sb], dy = gradient[i];                      \
        (void)a, (void)b;                                                                 \
        sum += EXPRESSION;                                                                \
      }                                                                                   \
      *dx = (float)(*dx + sum);                                                           \
    } else if (overwrites) {                                                              \
      for (int64_t i = 0; i < count; ++i) {                                               \
        float a = left[i * sa], b = right[i * sb], dy = gradient[i];                      \
        (void)a, (void)b;                                                                 \
        dx[i] = EXPRESSION;                                                               \
      }                                                                                   \
    } else {                                                                              \
      for (int64_t i = 0; i < count; ++i) {                                               \
        float a = left[i * sa], b = right[i * sb], dy = gradient[i];                      \
        (void)a, (void)b;                                                                 \
        dx[i] += EXPRESSION;                                                              \
      }                                                                                   \
    }                                                                                     \
  }                                                                                       \
  static void name##_row(                                                                 \
      const float *a, int64_t sa, const float *b, int64_t sb, const float *dy, float *dx, \
      int64_t sd, bool overwrites, int64_t count) {                                       \
    if (sa && sb) {                                                                       \
      name##_strided(a, 1, b, 1, dy, dx, sd, overwrites, count);                          \
    } else if (sa) {                                                                      \
      name##_strided(a, 1, b, 0, dy, dx, sd, overwrites, count);                          \
    } else {                                                                              \
      name##_strided(a, 0, b, 1, dy, dx, sd, overwrites, count);                          \
    }                                                                                     \
  }

GRADIENT_ROW(same, dy)
GRADIENT_ROW(negated, -dy)
GRADIENT_ROW(factor_left, (dy * b))
GRADIENT_ROW(factor_right, (dy * a))
GRADIENT_ROW(prelu_input, (a < 0 ? dy * b : dy))
GRADIENT_ROW(prelu_slope, (a < 0 ? dy * a : 0.0f))

typedef void (*RowGradient)(
    const float *, int64_t, const float *, int64_t, const float *, float *, int64_t, bool, int64_t);

static RowGradient row_gradient(FloatBinary operation, bool right) {
  switch (operation) {
    case FLOAT_ADD: return same_row;
    case FLOAT_SUBTRACT: return right ? negated_row : same_row;
    case FLOAT_MULTIPLY: return right ? factor_right_row : factor_left_row;
    case FLOAT_PRELU: return right ? prelu_slope_row : prelu_input_row;
  }
  return same_row;
}

typedef struct {
  RowGradient row_gradient;
  FloatOperand a, b;
  const float *dy;
  FloatGradientOperand dx;
  int64_t images, rows, row_count;
  // A row longer than a chunk is cut into `parts`, where nothing is summed.
  int64_t parts, part_count;
} BinaryGradient;

static void gradient_row(const BinaryGradient *work, int64_t image, int64_t row, int64_t part) {
  int64_t from = part * work->part_count;
  int64_t count = smaller(work->row_count - from, work->part_count);
  const FloatOperand *a = &work->a, *b = &work->b;
  const FloatGradientOperand *dx = &work->dx;
  work->row_gradient(
      a->values + image * a->image_stride + a->row_offsets[row] + from * a->element_stride,
      a->element_stride,
      b->values + image * b->image_stride + b->row_offsets[row] + from * b->element_stride,
      b->element_stride, work->dy + (image * work->rows + row) * work->row_count + from,
      dx->values + image * dx->image_stride + dx->row_offsets[row] + from * dx->element_stride,
      dx->element_stride, dx->overwrites, count);
}

static void gradient_units(const void *context, int64_t begin, int64_t end) {
  const BinaryGradient *work = context;
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t row = unit / work->parts;
    gradient_row(work, row / work->rows, row % work->rows, unit % work->parts);
  }
}

static void gradient_images(const void *context, int64_t begin, int64_t end) {
  const BinaryGradient *work = context;
  for (int64_t image = begin; image < end; ++image) {
    for (int64_t row = 0; row < work->rows; ++row) gradient_row(work, image, row, 0);
  }
}

static void gradient_all(const void *context, int64_t begin, int64_t end) {
  const BinaryGradient *work = context;
  (void)begin, (void)end;
  gradient_images(work, 0, work->images);
}

void float_binary_gradient(
    FloatBinary operation, bool right, FloatOperand a, FloatOperand b, const float *dy,
    FloatGradientOperand dx, int64_t images, int64_t rows, int64_t row_count) {
  BinaryGradient work = {
      row_gradient(operation, right), a, b, dy, dx, images, rows, row_count, 1, row_count};
  if (dx.overwrites) {
    work.part_count = smaller(row_count, chunk_elements);
    work.parts = (row_count + work.part_count - 1) / work.part_count;
    float_threads_run(images * rows * work.parts, gradient_units, &work);
  } else if (dx.image_stride) {
    float_threads_run(images, gradient_images, &work);
  } else {
    // Images meet in the same elements: one thread.
    float_threads_run(1, gradient_all, &work);
  }
}
