// Operators that oneDNN computes: the ones where a good kernel is hundreds of lines per instruction
// set. Weights are reordered once into the layout that the kernel likes; activations stay
// [N, H, W, C], so that nothing is reordered while running.
#ifndef FBQ_FLOAT_PRIMITIVES_H
#define FBQ_FLOAT_PRIMITIVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// oneDNN's engine and stream. One context serves one thread at a time.
typedef struct FloatContext FloatContext;

/// One operator with fixed shapes: the compiled kernel, its argument handles and its weights.
typedef struct FloatPrimitive FloatPrimitive;

/// Limits of the result; infinite ones clamp nothing.
typedef struct {
  float minimum;
  float maximum;
} FloatClamp;

/// The sliding window of a convolution or pool. Dilation 1 means adjacent taps.
typedef struct {
  int64_t images;
  int64_t input_height, input_width, input_channels;
  int64_t output_height, output_width, output_channels;
  int64_t kernel_height, kernel_width;
  int64_t stride_height, stride_width;
  int64_t dilation_height, dilation_width;
  int64_t pad_top, pad_left;
} FloatWindow;

/// Functions of one element that need an exponential.
typedef enum { FLOAT_SIGMOID, FLOAT_TANH } FloatFunction;

/// 0 on success, else a code for `float_status_text`.
typedef int FloatStatus;

/// What a status means, in oneDNN's words.
const char *float_status_text(FloatStatus status);

FloatStatus float_context_create(FloatContext **context);
void float_context_destroy(FloatContext *context);

/// Weights [O, KH, KW, C / groups], bias [O] or none.
FloatStatus float_convolution_create(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    FloatClamp clamp, FloatPrimitive **primitive);

/// [rows, inputs] · weights [outputs, inputs]ᵀ + bias [outputs] or none.
FloatStatus float_fully_connected_create(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
    FloatClamp clamp, FloatPrimitive **primitive);

/// Maximum or mean of the taps inside the image.
FloatStatus float_pool_create(
    FloatContext *context, const FloatWindow *window, bool maximum, FloatPrimitive **primitive);

/// Softmax over the middle axis of [outer, extent, inner].
FloatStatus float_softmax_create(
    FloatContext *context, int64_t outer, int64_t extent, int64_t inner,
    FloatPrimitive **primitive);

/// `function` of each of `count` elements.
FloatStatus float_function_create(
    FloatContext *context, FloatFunction function, int64_t count, FloatPrimitive **primitive);

/// Gradient of a convolution's source: the source of the run is the gradient of its destination.
/// Has the weights of `forward`, which must be loaded here too.
FloatStatus float_convolution_backward_data_create(
    FloatContext *context, const FloatWindow *window, int64_t groups,
    const FloatPrimitive *forward, FloatPrimitive **primitive);

/// Gradients of a convolution's weights and, where `has_bias`, of its bias.
FloatStatus float_convolution_backward_weights_create(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    const FloatPrimitive *forward, FloatPrimitive **primitive);

/// As for convolutions.
FloatStatus float_fully_connected_backward_data_create(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs,
    const FloatPrimitive *forward, FloatPrimitive **primitive);

/// As for convolutions.
FloatStatus float_fully_connected_backward_weights_create(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
    const FloatPrimitive *forward, FloatPrimitive **primitive);

/// Reorders the parameters into the kernel's layout, those that are not null. The pointers are free
/// afterwards; may be called again with other values.
FloatStatus float_primitive_load(
    FloatPrimitive *primitive, const float *weights, const float *bias);

/// Bytes of working memory that `float_primitive_run` needs, 64-byte aligned.
size_t float_primitive_scratch_bytes(const FloatPrimitive *primitive);

FloatStatus float_primitive_run(
    FloatPrimitive *primitive, const float *source, float *destination, void *scratch);

/// Bytes of the weights, or of their gradient, in the kernel's layout; 0 if it has none.
size_t float_primitive_weights_bytes(const FloatPrimitive *primitive);

/// Runs a primitive that computes the gradient of weights: `weights` is written in the kernel's
/// layout, `bias` [O] where it has one.
FloatStatus float_primitive_run_weights(
    FloatPrimitive *primitive, const float *source, const float *gradient, float *weights,
    float *bias, void *scratch);

/// Reorders a gradient of weights from the kernel's layout to the caller's.
FloatStatus float_primitive_unload(FloatPrimitive *primitive, const float *weights, float *plain);

/// Gradient of weights [outputs, inputs] that multiply a matrix: gradient [rows, outputs]ᵀ · source
/// [rows, inputs], written to `weights` or added to them.
FloatStatus float_matrix_weights_gradient(
    const float *source, const float *gradient, float *weights, int64_t rows, int64_t inputs,
    int64_t outputs, bool adds);

void float_primitive_destroy(FloatPrimitive *primitive);

#endif
