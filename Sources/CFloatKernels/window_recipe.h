// How windows, filters and matrices are described to oneDNN, forward and backward alike.
#ifndef FBQ_WINDOW_RECIPE_H
#define FBQ_WINDOW_RECIPE_H

#include "primitive_recipe.h"

// [N, H, W, C] in memory, (N, C, H, W) in oneDNN's order of axes.
static inline dnnl_status_t memory_image(
    dnnl_memory_desc_t *memory, int64_t images, int64_t height, int64_t width, int64_t channels) {
  int64_t extents[4] = {images, channels, height, width};
  int64_t strides[4] = {height * width * channels, 1, width * channels, channels};
  return memory_strided(memory, 4, extents, strides);
}

static inline dnnl_status_t memory_vector(dnnl_memory_desc_t *memory, int64_t count) {
  int64_t stride = 1;
  return memory_strided(memory, 1, &count, &stride);
}

// Padding at the far side follows from the output extent; oneDNN checks the sum.
static inline int64_t pad_after(
    int64_t input, int64_t output, int64_t kernel, int64_t stride, int64_t dilation,
    int64_t pad_before) {
  int64_t needed = (output - 1) * stride + (kernel - 1) * dilation + 1 - input - pad_before;
  return needed > 0 ? needed : 0;
}

static inline dnnl_status_t describe_window(const FloatWindow *window, Recipe *recipe) {
  CHECK(memory_image(
      &recipe->source, window->images, window->input_height, window->input_width,
      window->input_channels));
  return memory_image(
      &recipe->destination, window->images, window->output_height, window->output_width,
      window->output_channels);
}

typedef struct {
  int64_t strides[2], kernel[2], dilations[2], before[2], after[2];
} WindowArrays;

static inline WindowArrays window_arrays(const FloatWindow *w) {
  return (WindowArrays){
      .strides = {w->stride_height, w->stride_width},
      .kernel = {w->kernel_height, w->kernel_width},
      .dilations = {w->dilation_height - 1, w->dilation_width - 1},
      .before = {w->pad_top, w->pad_left},
      .after = {
          pad_after(
              w->input_height, w->output_height, w->kernel_height, w->stride_height,
              w->dilation_height, w->pad_top),
          pad_after(
              w->input_width, w->output_width, w->kernel_width, w->stride_width,
              w->dilation_width, w->pad_left)}};
}

static inline WindowSteps window_steps(const WindowArrays *arrays) {
  return (WindowSteps){
      arrays->strides, arrays->kernel, arrays->dilations, arrays->before, arrays->after};
}

// Weights [O, KH, KW, C / groups]; oneDNN wants the groups as an axis of their own.
static inline dnnl_status_t describe_filters(const FloatWindow *w, int64_t groups, Recipe *recipe) {
  int64_t depth = w->input_channels / groups;
  int64_t row = w->kernel_width * depth;
  int64_t filter = w->kernel_height * row;
  int64_t outputs = w->output_channels / groups;
  int64_t extents[5] = {groups, outputs, depth, w->kernel_height, w->kernel_width};
  int64_t strides[5] = {outputs * filter, filter, 1, row, depth};
  int skipped = groups == 1 ? 1 : 0;
  CHECK(memory_any(&recipe->weights, 5 - skipped, extents + skipped));
  return memory_strided(
      &recipe->plain_weights, 5 - skipped, extents + skipped, strides + skipped);
}

// [rows, inputs] · weights [outputs, inputs]ᵀ
static inline dnnl_status_t describe_matrices(
    int64_t rows, int64_t inputs, int64_t outputs, Recipe *recipe) {
  int64_t source[2] = {rows, inputs}, source_strides[2] = {inputs, 1};
  int64_t weights[2] = {outputs, inputs}, weights_strides[2] = {inputs, 1};
  int64_t destination[2] = {rows, outputs}, destination_strides[2] = {outputs, 1};
  CHECK(memory_strided(&recipe->source, 2, source, source_strides));
  CHECK(memory_any(&recipe->weights, 2, weights));
  CHECK(memory_strided(&recipe->plain_weights, 2, weights, weights_strides));
  return memory_strided(&recipe->destination, 2, destination, destination_strides);
}

#endif
