// Operators that are bound by memory: plain loops that the compiler vectorizes, threaded by
// `float_threads_run`. Counts and offsets are in elements.
#ifndef FBQ_FLOAT_LOOPS_H
#define FBQ_FLOAT_LOOPS_H

#include <stdint.h>

/// max(minimum, min(maximum, x)); NaN stays NaN.
void float_clip(const float *x, float *y, int64_t count, float minimum, float maximum);

/// x < 0 ? alpha · x : x
void float_leaky_relu(const float *x, float *y, int64_t count, float alpha);

/// x · clip(x / 6 + 1/2, 0, 1)
void float_hard_swish(const float *x, float *y, int64_t count);

/// clip(alpha · x + beta, 0, 1)
void float_hard_sigmoid(const float *x, float *y, int64_t count, float alpha, float beta);

/// x[row, c] · scale[c] + shift[c] over [rows, channels].
void float_scale_shift(
    const float *x, float *y, int64_t rows, int64_t channels, const float *scale,
    const float *shift);

/// Operators of two operands. PReLU is x < 0 ? slope · x : x with the slope as second operand.
typedef enum { FLOAT_ADD, FLOAT_SUBTRACT, FLOAT_MULTIPLY, FLOAT_PRELU } FloatBinary;

/// One operand of a broadcast operator.
typedef struct {
  const float *values;
  /// Distance between images; 0 for a constant.
  int64_t image_stride;
  /// Distance between elements of a row: 1, or 0 where the operand is broadcast along it.
  int64_t element_stride;
  /// Start of each row within an image.
  const int64_t *row_offsets;
} FloatOperand;

/// y[image, row, i] = operation(a, b), clamped as `float_clip` does.
void float_binary(
    FloatBinary operation, FloatOperand a, FloatOperand b, float *y, int64_t images, int64_t rows,
    int64_t row_count, float minimum, float maximum);

/// y[image, row, i] = x[image · image_stride + row_offsets[row] + element_offsets[i]], or `fill`
/// where either offset is negative. Without `element_offsets` a row is contiguous.
void float_gather(
    const float *x, float *y, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, const int64_t *element_offsets, float fill);

/// Copies `rows` rows of `row_count` elements between arrays of other row lengths.
void float_copy_rows(
    const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t rows, int64_t row_count);

/// y[image, row, i] = mean over t of x[image · image_stride + row_offsets[row] + taps[t] + i],
/// summed in double precision in the order of `taps`.
void float_mean(
    const float *x, float *y, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, int64_t tap_count, const int64_t *taps);

/// Where an output position of a bilinear resize lies between two input positions.
typedef struct {
  int64_t low;
  int64_t high;
  float low_weight;
  float high_weight;
} FloatBlend;

/// Bilinear resize of [images, input_height, input_width, channels]; `vertical` has one entry per
/// output row, `horizontal` one per output column.
void float_resize_linear(
    const float *x, float *y, int64_t images, int64_t input_height, int64_t input_width,
    int64_t channels, int64_t output_height, const FloatBlend *vertical, int64_t output_width,
    const FloatBlend *horizontal);

#endif
