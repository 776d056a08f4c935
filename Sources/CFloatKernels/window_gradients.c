#include "float_gradient_loops.h"
#include "loop_chunks.h"

typedef struct {
  const float *dy;
  float *dx;
  int64_t image_stride, rows;
  const int64_t *row_offsets;
  int64_t row_count, tap_count;
  const int64_t *taps;
  bool adds;
} MeanGradient;

static void mean_rows(const void *context, int64_t begin, int64_t end) {
  const MeanGradient *work = context;
  float share = (float)(1 / (double)work->tap_count);
  for (int64_t row = begin; row < end; ++row) {
    const float *dy = work->dy + row * work->row_count;
    float *image = work->dx + row / work->rows * work->image_stride +
                   work->row_offsets[row % work->rows];
    for (int64_t tap = 0; tap < work->tap_count; ++tap) {
      float *dx = image + work->taps[tap];
      if (work->adds) {
        for (int64_t i = 0; i < work->row_count; ++i) dx[i] += dy[i] * share;
      } else {
        for (int64_t i = 0; i < work->row_count; ++i) dx[i] = dy[i] * share;
      }
    }
  }
}

void float_mean_gradient(
    const float *dy, float *dx, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, int64_t tap_count, const int64_t *taps,
    bool adds) {
  MeanGradient work = {dy, dx, image_stride, rows, row_offsets, row_count, tap_count, taps, adds};
  float_threads_run(images * rows, mean_rows, &work);
}

typedef struct {
  const float *dy;
  float *dx;
  int64_t input_height, input_width, channels, output_height, output_width;
  const FloatBlend *vertical, *horizontal;
} ResizeGradient;

static void resize_row(const ResizeGradient *work, const float *dy, float *image, FloatBlend v) {
  int64_t channels = work->channels, input_row = work->input_width * channels;
  float *upper = image + v.low * input_row, *lower = image + v.high * input_row;
  for (int64_t column = 0; column < work->output_width; ++column, dy += channels) {
    FloatBlend h = work->horizontal[column];
    int64_t left = h.low * channels, right = h.high * channels;
    // Neighbors may be one element, at the border: each addition is complete before the next.
    for (int64_t c = 0; c < channels; ++c) {
      float top = dy[c] * v.low_weight, bottom = dy[c] * v.high_weight;
      upper[left + c] += top * h.low_weight;
      upper[right + c] += top * h.high_weight;
      lower[left + c] += bottom * h.low_weight;
      lower[right + c] += bottom * h.high_weight;
    }
  }
}

static void resize_images(const void *context, int64_t begin, int64_t end) {
  const ResizeGradient *work = context;
  int64_t output_row = work->output_width * work->channels;
  for (int64_t image = begin; image < end; ++image) {
    float *dx = work->dx + image * work->input_height * work->input_width * work->channels;
    for (int64_t row = 0; row < work->output_height; ++row) {
      const float *dy = work->dy + (image * work->output_height + row) * output_row;
      resize_row(work, dy, dx, work->vertical[row]);
    }
  }
}

void float_resize_linear_gradient(
    const float *dy, float *dx, int64_t images, int64_t input_height, int64_t input_width,
    int64_t channels, int64_t output_height, const FloatBlend *vertical, int64_t output_width,
    const FloatBlend *horizontal) {
  ResizeGradient work = {dy,       dx,         input_height, input_width, channels, output_height,
                         output_width, vertical, horizontal};
  float_threads_run(images, resize_images, &work);
}

typedef struct {
  const float *x, *dy;
  float *dx;
  const FloatWindow *window;
} PoolGradient;

// The taps of a window that lie inside the image.
typedef struct {
  int64_t top, bottom, left, right;
} Taps;

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static Taps taps_inside(const FloatWindow *w, int64_t row, int64_t column) {
  int64_t top = row * w->stride_height - w->pad_top;
  int64_t left = column * w->stride_width - w->pad_left;
  return (Taps){
      larger(top, 0), smaller(top + w->kernel_height, w->input_height), larger(left, 0),
      smaller(left + w->kernel_width, w->input_width)};
}

static void max_pool_window(
    const FloatWindow *w, const float *x, const float *dy, float *dx, Taps taps) {
  for (int64_t c = 0; c < w->input_channels; ++c) {
    int64_t best = (taps.top * w->input_width + taps.left) * w->input_channels + c;
    for (int64_t row = taps.top; row < taps.bottom; ++row) {
      for (int64_t column = taps.left; column < taps.right; ++column) {
        int64_t tap = (row * w->input_width + column) * w->input_channels + c;
        if (x[tap] > x[best]) best = tap;
      }
    }
    dx[best] += dy[c];
  }
}

static void average_pool_window(const FloatWindow *w, const float *dy, float *dx, Taps taps) {
  float share = 1 / (float)((taps.bottom - taps.top) * (taps.right - taps.left));
  for (int64_t row = taps.top; row < taps.bottom; ++row) {
    for (int64_t column = taps.left; column < taps.right; ++column) {
      float *tap = dx + (row * w->input_width + column) * w->input_channels;
      for (int64_t c = 0; c < w->input_channels; ++c) tap[c] += dy[c] * share;
    }
  }
}

// Windows overlap within an image, never between images.
static void pool_images(const void *context, int64_t begin, int64_t end) {
  const PoolGradient *work = context;
  const FloatWindow *w = work->window;
  int64_t input = w->input_height * w->input_width * w->input_channels;
  for (int64_t image = begin; image < end; ++image) {
    float *dx = work->dx + image * input;
    const float *dy =
        work->dy + image * w->output_height * w->output_width * w->output_channels;
    for (int64_t row = 0; row < w->output_height; ++row) {
      for (int64_t column = 0; column < w->output_width; ++column, dy += w->output_channels) {
        Taps taps = taps_inside(w, row, column);
        if (work->x) {
          max_pool_window(w, work->x + image * input, dy, dx, taps);
        } else {
          average_pool_window(w, dy, dx, taps);
        }
      }
    }
  }
}

void float_max_pool_gradient(
    const float *x, const float *dy, float *dx, const FloatWindow *window) {
  PoolGradient work = {x, dy, dx, window};
  float_threads_run(window->images, pool_images, &work);
}

void float_average_pool_gradient(const float *dy, float *dx, const FloatWindow *window) {
  PoolGradient work = {0, dy, dx, window};
  float_threads_run(window->images, pool_images, &work);
}
