#include <string.h>

#include "float_loops.h"
#include "loop_chunks.h"

typedef struct {
  const float *x;
  float *y;
  int64_t images, image_stride, rows;
  const int64_t *row_offsets;
  int64_t row_count;
  const int64_t *element_offsets;
  float fill;
} Gather;

static void gather_row(const Gather *work, const float *image, int64_t row, float *y) {
  int64_t offset = work->row_offsets[row];
  if (offset < 0) {
    for (int64_t i = 0; i < work->row_count; ++i) y[i] = work->fill;
    return;
  }
  const float *x = image + offset;
  if (!work->element_offsets) {
    memcpy(y, x, (size_t)work->row_count * sizeof *y);
    return;
  }
  for (int64_t i = 0; i < work->row_count; ++i) {
    int64_t element = work->element_offsets[i];
    y[i] = element < 0 ? work->fill : x[element];
  }
}

static void gather_chunks(const void *context, int64_t begin, int64_t end) {
  const Gather *work = context;
  int64_t step = rows_per_chunk(work->row_count);
  int64_t limit = smaller(end * step, work->images * work->rows);
  for (int64_t row = begin * step; row < limit; ++row) {
    const float *image = work->x + row / work->rows * work->image_stride;
    gather_row(work, image, row % work->rows, work->y + row * work->row_count);
  }
}

void float_gather(
    const float *x, float *y, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, const int64_t *element_offsets, float fill) {
  Gather work = {x,         y,    images, image_stride, rows, row_offsets, row_count,
                 element_offsets, fill};
  int64_t step = rows_per_chunk(row_count);
  float_threads_run((images * rows + step - 1) / step, gather_chunks, &work);
}

typedef struct {
  const float *x;
  int64_t x_stride;
  float *y;
  int64_t y_stride, rows, row_count;
} RowCopy;

static void copy_chunks(const void *context, int64_t begin, int64_t end) {
  const RowCopy *work = context;
  int64_t step = rows_per_chunk(work->row_count);
  int64_t limit = smaller(end * step, work->rows);
  for (int64_t row = begin * step; row < limit; ++row) {
    memcpy(
        work->y + row * work->y_stride, work->x + row * work->x_stride,
        (size_t)work->row_count * sizeof(float));
  }
}

void float_copy_rows(
    const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t rows,
    int64_t row_count) {
  RowCopy work = {x, x_stride, y, y_stride, rows, row_count};
  int64_t step = rows_per_chunk(row_count);
  float_threads_run((rows + step - 1) / step, copy_chunks, &work);
}
