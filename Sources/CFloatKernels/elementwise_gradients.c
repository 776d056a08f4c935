#include "float_gradient_loops.h"
#include "loop_chunks.h"

typedef struct {
  const float *x, *dy;
  float *dx;
  int64_t count;
  float first, second;
  bool adds;
} UnaryGradient;

// One threaded gradient of a function of one element. `EXPRESSION` sees x, dy, first and second.
#define UNARY_GRADIENT(name, EXPRESSION)                                              \
  WIDE_VECTORS static void name##_chunks(                                             \
      const void *context, int64_t begin, int64_t end) {                              \
    const UnaryGradient *work = context;                                              \
    const float *input = work->x, *gradient = work->dy;                               \
    float *dx = work->dx;                                                             \
    float first = work->first, second = work->second;                                 \
    (void)first, (void)second;                                                        \
    int64_t limit = smaller(end * chunk_elements, work->count);                       \
    if (work->adds) {                                                                 \
      for (int64_t i = begin * chunk_elements; i < limit; ++i) {                      \
        float x = input[i], dy = gradient[i];                                         \
        (void)x;                                                                      \
        dx[i] += (EXPRESSION);                                                        \
      }                                                                               \
    } else {                                                                          \
      for (int64_t i = begin * chunk_elements; i < limit; ++i) {                      \
        float x = input[i], dy = gradient[i];                                         \
        (void)x;                                                                      \
        dx[i] = (EXPRESSION);                                                         \
      }                                                                               \
    }                                                                                 \
  }

UNARY_GRADIENT(pass, dy)
// Without a branch: both comparisons become vector masks.
UNARY_GRADIENT(clip, ((x > first) & (x < second)) ? dy : 0.0f)
UNARY_GRADIENT(leaky_relu, x < 0 ? first * dy : dy)
UNARY_GRADIENT(hard_swish, x <= -3 ? 0.0f : x >= 3 ? dy : (x / 3 + 0.5f) * dy)
UNARY_GRADIENT(
    hard_sigmoid, ((first * x + second > 0) & (first * x + second < 1)) ? first * dy : 0.0f)
UNARY_GRADIENT(sigmoid, x * (1 - x) * dy)
UNARY_GRADIENT(tanh, (1 - x * x) * dy)

static void run(
    FloatRangeBody chunks, const float *x, const float *dy, float *dx, int64_t count, float first,
    float second, bool adds) {
  UnaryGradient work = {x, dy, dx, count, first, second, adds};
  float_threads_run(chunk_count(count), chunks, &work);
}

void float_accumulate(const float *x, float *y, int64_t count) {
  run(pass_chunks, x, x, y, count, 0, 0, true);
}

void float_pass_gradient(const float *dy, float *dx, int64_t count, bool adds) {
  if (dx == dy && !adds) return;
  run(pass_chunks, dy, dy, dx, count, 0, 0, adds);
}

void float_clip_gradient(
    const float *x, const float *dy, float *dx, int64_t count, float minimum, float maximum,
    bool adds) {
  run(clip_chunks, x, dy, dx, count, minimum, maximum, adds);
}

void float_leaky_relu_gradient(
    const float *x, const float *dy, float *dx, int64_t count, float alpha, bool adds) {
  run(leaky_relu_chunks, x, dy, dx, count, alpha, 0, adds);
}

void float_hard_swish_gradient(
    const float *x, const float *dy, float *dx, int64_t count, bool adds) {
  run(hard_swish_chunks, x, dy, dx, count, 0, 0, adds);
}

void float_hard_sigmoid_gradient(
    const float *x, const float *dy, float *dx, int64_t count, float alpha, float beta,
    bool adds) {
  run(hard_sigmoid_chunks, x, dy, dx, count, alpha, beta, adds);
}

void float_function_gradient(
    FloatFunction function, const float *y, const float *dy, float *dx, int64_t count, bool adds) {
  run(function == FLOAT_TANH ? tanh_chunks : sigmoid_chunks, y, dy, dx, count, 0, 0, adds);
}

typedef struct {
  const float *dy;
  float *dx;
  int64_t rows, channels;
  const float *scale;
  bool adds;
} ScaleGradient;

static void scale_chunks(const void *context, int64_t begin, int64_t end) {
  const ScaleGradient *work = context;
  int64_t channels = work->channels;
  int64_t step = rows_per_chunk(channels);
  int64_t limit = smaller(end * step, work->rows);
  for (int64_t row = begin * step; row < limit; ++row) {
    const float *dy = work->dy + row * channels;
    float *dx = work->dx + row * channels;
    if (work->adds) {
      for (int64_t c = 0; c < channels; ++c) dx[c] += dy[c] * work->scale[c];
    } else {
      for (int64_t c = 0; c < channels; ++c) dx[c] = dy[c] * work->scale[c];
    }
  }
}

void float_scale_gradient(
    const float *dy, float *dx, int64_t rows, int64_t channels, const float *scale, bool adds) {
  ScaleGradient work = {dy, dx, rows, channels, scale, adds};
  int64_t step = rows_per_chunk(channels);
  float_threads_run((rows + step - 1) / step, scale_chunks, &work);
}

enum {
  // Channels summed at a time: their double sums stay in the first-level cache.
  sum_block = 512,
};

typedef struct {
  const float *x;
  float *sums;
  int64_t rows, channels;
} RowSum;

// Eight rows are summed in single precision before they join the double sums: exact enough, and
// most of the conversions are saved.
WIDE_VECTORS static void sum_blocks(const void *context, int64_t begin, int64_t end) {
  const RowSum *work = context;
  double sums[sum_block];
  for (int64_t block = begin; block < end; ++block) {
    int64_t from = block * sum_block, stride = work->channels;
    int64_t count = smaller(stride - from, sum_block);
    for (int64_t i = 0; i < count; ++i) sums[i] = 0;
    const float *x = work->x + from;
    int64_t row = 0;
    for (; row + 8 <= work->rows; row += 8, x += 8 * stride) {
      for (int64_t i = 0; i < count; ++i) {
        const float *y = x + i;
        float first = (y[0] + y[stride]) + (y[2 * stride] + y[3 * stride]);
        y += 4 * stride;
        sums[i] += first + ((y[0] + y[stride]) + (y[2 * stride] + y[3 * stride]));
      }
    }
    for (; row < work->rows; ++row, x += stride) {
      for (int64_t i = 0; i < count; ++i) sums[i] += x[i];
    }
    for (int64_t i = 0; i < count; ++i) {
      work->sums[from + i] = (float)(work->sums[from + i] + sums[i]);
    }
  }
}

void float_sum_rows(const float *x, float *sums, int64_t rows, int64_t channels) {
  RowSum work = {x, sums, rows, channels};
  float_threads_run((channels + sum_block - 1) / sum_block, sum_blocks, &work);
}
