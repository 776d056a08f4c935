// Gradients of the operators of float_loops.h, and of pools and softmax, whose backward pass is
// bound by memory too. `dy` is the gradient of the operator's output, `dx` that of an input. Where
// there is `adds`, it says whether `dx` is added to or overwritten; otherwise `dx` is added to.
// Element by element functions may have dx == dy.
#ifndef FBQ_FLOAT_GRADIENT_LOOPS_H
#define FBQ_FLOAT_GRADIENT_LOOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "float_loops.h"
#include "float_primitives.h"

/// y += x
void float_accumulate(const float *x, float *y, int64_t count);

/// dx = dy, or dx += dy.
void float_pass_gradient(const float *dy, float *dx, int64_t count, bool adds);

/// dy where minimum < x < maximum, else 0.
void float_clip_gradient(
    const float *x, const float *dy, float *dx, int64_t count, float minimum, float maximum,
    bool adds);

/// x < 0 ? alpha · dy : dy
void float_leaky_relu_gradient(
    const float *x, const float *dy, float *dx, int64_t count, float alpha, bool adds);

/// 0 up to −3, dy from 3 on, between them (x / 3 + 1/2) · dy.
void float_hard_swish_gradient(
    const float *x, const float *dy, float *dx, int64_t count, bool adds);

/// alpha · dy where 0 < alpha · x + beta < 1, else 0.
void float_hard_sigmoid_gradient(
    const float *x, const float *dy, float *dx, int64_t count, float alpha, float beta, bool adds);

/// y · (1 − y) · dy for sigmoid, (1 − y²) · dy for tanh, with y the function's value.
void float_function_gradient(
    FloatFunction function, const float *y, const float *dy, float *dx, int64_t count, bool adds);

/// dy[row, c] · scale[c] over [rows, channels].
void float_scale_gradient(
    const float *dy, float *dx, int64_t rows, int64_t channels, const float *scale, bool adds);

/// sums[c] += x[row, c] over [rows, channels], summed in double precision but for groups of eight.
void float_sum_rows(const float *x, float *sums, int64_t rows, int64_t channels);

/// Where the gradient of one operand of a broadcast operator goes; offsets and strides as for the
/// operand itself.
typedef struct {
  float *values;
  int64_t image_stride;
  int64_t element_stride;
  const int64_t *row_offsets;
  /// Whether each element belongs to one element of the output and is overwritten.
  bool overwrites;
} FloatGradientOperand;

/// Gradient of the left operand of `float_binary`, or of the right one, summed over the axes along
/// which it is broadcast.
void float_binary_gradient(
    FloatBinary operation, bool right, FloatOperand a, FloatOperand b, const float *dy,
    FloatGradientOperand dx, int64_t images, int64_t rows, int64_t row_count);

/// The reverse of `float_gather`: every element goes back to where it came from.
void float_scatter(
    const float *dy, float *dx, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, const int64_t *element_offsets);

/// dx[row, i] = dy[row, i], or += , over rows of other lengths.
void float_copy_rows_gradient(
    const float *dy, int64_t dy_stride, float *dx, int64_t dx_stride, int64_t rows,
    int64_t row_count, bool adds);

/// Gradient of `float_mean`: dy / tap_count at every tap.
void float_mean_gradient(
    const float *dy, float *dx, int64_t images, int64_t image_stride, int64_t rows,
    const int64_t *row_offsets, int64_t row_count, int64_t tap_count, const int64_t *taps,
    bool adds);

/// Gradient of `float_resize_linear`.
void float_resize_linear_gradient(
    const float *dy, float *dx, int64_t images, int64_t input_height, int64_t input_width,
    int64_t channels, int64_t output_height, const FloatBlend *vertical, int64_t output_width,
    const FloatBlend *horizontal);

/// Gradient of a maximum pool: the whole of dy goes to the first greatest tap inside the image, in
/// row-major order of the window.
void float_max_pool_gradient(
    const float *x, const float *dy, float *dx, const FloatWindow *window);

/// Gradient of an average pool that counts only taps inside the image: an equal share to each.
void float_average_pool_gradient(const float *dy, float *dx, const FloatWindow *window);

/// y · (dy − Σ y · dy), where Σ y = 1, over the middle axis of [outer, extent, inner], y the softmax.
void float_softmax_gradient(
    const float *y, const float *dy, float *dx, int64_t outer, int64_t extent, int64_t inner,
    bool adds);

#endif
