#include "float_loops.h"
#include "loop_chunks.h"

enum {
  // Channels summed at a time: their double sums stay in the first-level cache.
  mean_block = 512,
};

typedef struct {
  const float *x;
  float *y;
  int64_t images, image_stride, rows;
  const int64_t *row_offsets;
  int64_t row_count, tap_count;
  const int64_t *taps;
  int64_t blocks;
} Mean;

static void mean_chunks(const void *context, int64_t begin, int64_t end) {
  const Mean *work = context;
  double sums[mean_block];
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t row = unit / work->blocks;
    int64_t from = unit % work->blocks * mean_block;
    int64_t count = smaller(work->row_count - from, mean_block);
    const float *x = work->x + row / work->rows * work->image_stride +
                     work->row_offsets[row % work->rows] + from;
    for (int64_t i = 0; i < count; ++i) sums[i] = 0;
    for (int64_t tap = 0; tap < work->tap_count; ++tap) {
      const float *values = x + work->taps[tap];
      for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
    }
    float *y = work->y + row * work->row_count + from;
    for (int64_t i = 0; i < count; ++i) y[i] = (float)(sums[i] / (double)work->tap_count);
  }
}

void float_mean(
    const float *x, float *y, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, int64_t tap_count, const int64_t *taps) {
  int64_t blocks = (row_count + mean_block - 1) / mean_block;
  Mean work = {x,         y,         images, image_stride, rows, row_offsets,
               row_count, tap_count, taps,   blocks};
  float_threads_run(images * rows * blocks, mean_chunks, &work);
}

typedef struct {
  const float *x;
  float *y;
  int64_t input_height, input_width, channels, output_height, output_width;
  const FloatBlend *vertical, *horizontal;
} Resize;

// A unit of work is one output row of one image.
static void resize_rows(const void *context, int64_t begin, int64_t end) {
  const Resize *work = context;
  int64_t channels = work->channels;
  int64_t input_row = work->input_width * channels;
  for (int64_t unit = begin; unit < end; ++unit) {
    const float *image = work->x + unit / work->output_height * work->input_height * input_row;
    FloatBlend v = work->vertical[unit % work->output_height];
    const float *upper = image + v.low * input_row;
    const float *lower = image + v.high * input_row;
    float *y = work->y + unit * work->output_width * channels;
    for (int64_t column = 0; column < work->output_width; ++column, y += channels) {
      FloatBlend h = work->horizontal[column];
      const float *upper_left = upper + h.low * channels, *upper_right = upper + h.high * channels;
      const float *lower_left = lower + h.low * channels, *lower_right = lower + h.high * channels;
      for (int64_t c = 0; c < channels; ++c) {
        float top = upper_left[c] * h.low_weight + upper_right[c] * h.high_weight;
        float bottom = lower_left[c] * h.low_weight + lower_right[c] * h.high_weight;
        y[c] = top * v.low_weight + bottom * v.high_weight;
      }
    }
  }
}

void float_resize_linear(
    const float *x, float *y, int64_t images, int64_t input_height, int64_t input_width,
    int64_t channels, int64_t output_height, const FloatBlend *vertical, int64_t output_width,
    const FloatBlend *horizontal) {
  Resize work = {x,        y,         input_height, input_width, channels, output_height,
                 output_width, vertical, horizontal};
  float_threads_run(images * output_height, resize_rows, &work);
}
