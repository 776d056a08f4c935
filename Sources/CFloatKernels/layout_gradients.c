#include "float_gradient_loops.h"
#include "loop_chunks.h"

typedef struct {
  const float *dy;
  float *dx;
  int64_t image_stride, rows;
  const int64_t *row_offsets;
  int64_t row_count;
  const int64_t *element_offsets;
} Scatter;

static void scatter_row(const Scatter *work, const float *dy, float *image, int64_t row) {
  int64_t offset = work->row_offsets[row];
  if (offset < 0) return;
  float *dx = image + offset;
  if (!work->element_offsets) {
    for (int64_t i = 0; i < work->row_count; ++i) dx[i] += dy[i];
    return;
  }
  for (int64_t i = 0; i < work->row_count; ++i) {
    int64_t element = work->element_offsets[i];
    if (element >= 0) dx[element] += dy[i];
  }
}

// A unit of work is an image: elements of one may meet at their origin.
static void scatter_images(const void *context, int64_t begin, int64_t end) {
  const Scatter *work = context;
  for (int64_t image = begin; image < end; ++image) {
    const float *dy = work->dy + image * work->rows * work->row_count;
    float *dx = work->dx + image * work->image_stride;
    for (int64_t row = 0; row < work->rows; ++row) {
      scatter_row(work, dy + row * work->row_count, dx, row);
    }
  }
}

void float_scatter(
    const float *dy, float *dx, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, const int64_t *element_offsets) {
  Scatter work = {dy, dx, image_stride, rows, row_offsets, row_count, element_offsets};
  float_threads_run(images, scatter_images, &work);
}

typedef struct {
  const float *dy;
  int64_t dy_stride;
  float *dx;
  int64_t dx_stride, rows, row_count;
  bool adds;
} RowCopyGradient;

static void copy_chunks(const void *context, int64_t begin, int64_t end) {
  const RowCopyGradient *work = context;
  int64_t step = rows_per_chunk(work->row_count);
  int64_t limit = smaller(end * step, work->rows);
  for (int64_t row = begin * step; row < limit; ++row) {
    const float *dy = work->dy + row * work->dy_stride;
    float *dx = work->dx + row * work->dx_stride;
    if (work->adds) {
      for (int64_t i = 0; i < work->row_count; ++i) dx[i] += dy[i];
    } else {
      for (int64_t i = 0; i < work->row_count; ++i) dx[i] = dy[i];
    }
  }
}

void float_copy_rows_gradient(
    const float *dy, int64_t dy_stride, float *dx, int64_t dx_stride, int64_t rows,
    int64_t row_count, bool adds) {
  RowCopyGradient work = {dy, dy_stride, dx, dx_stride, rows, row_count, adds};
  int64_t step = rows_per_chunk(row_count);
  float_threads_run((rows + step - 1) / step, copy_chunks, &work);
}

typedef struct {
  const float *y, *dy;
  float *dx;
  int64_t extent, inner;
  bool adds;
} SoftmaxGradient;

static void softmax_units(const void *context, int64_t begin, int64_t end) {
  const SoftmaxGradient *work = context;
  int64_t inner = work->inner;
  for (int64_t unit = begin; unit < end; ++unit) {
    int64_t start = unit / inner * work->extent * inner + unit % inner;
    const float *y = work->y + start, *dy = work->dy + start;
    float *dx = work->dx + start;
    // Gradients count from that of the greatest element: where it is close to 1, the difference from
    // the mean would otherwise cancel.
    int64_t greatest = 0;
    for (int64_t i = 1; i < work->extent; ++i) {
      if (y[i * inner] > y[greatest * inner]) greatest = i;
    }
    double origin = dy[greatest * inner], mean = 0;
    for (int64_t i = 0; i < work->extent; ++i) mean += y[i * inner] * (dy[i * inner] - origin);
    for (int64_t i = 0; i < work->extent; ++i) {
      float gradient = (float)(y[i * inner] * (dy[i * inner] - origin - mean));
      dx[i * inner] = work->adds ? dx[i * inner] + gradient : gradient;
    }
  }
}

void float_softmax_gradient(
    const float *y, const float *dy, float *dx, int64_t outer, int64_t extent, int64_t inner,
    bool adds) {
  SoftmaxGradient work = {y, dy, dx, extent, inner, adds};
  float_threads_run(outer * inner, softmax_units, &work);
}
