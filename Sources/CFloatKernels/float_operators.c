#include <math.h>

#include "primitive_recipe.h"

// [N, H, W, C] in memory, (N, C, H, W) in oneDNN's order of axes.
static dnnl_status_t memory_image(
    dnnl_memory_desc_t *memory, int64_t images, int64_t height, int64_t width, int64_t channels) {
  int64_t extents[4] = {images, channels, height, width};
  int64_t strides[4] = {height * width * channels, 1, width * channels, channels};
  return memory_strided(memory, 4, extents, strides);
}

static dnnl_status_t memory_vector(dnnl_memory_desc_t *memory, int64_t count) {
  int64_t stride = 1;
  return memory_strided(memory, 1, &count, &stride);
}

// Padding at the far side follows from the output extent; oneDNN checks the sum.
static int64_t pad_after(
    int64_t input, int64_t output, int64_t kernel, int64_t stride, int64_t dilation,
    int64_t pad_before) {
  int64_t needed = (output - 1) * stride + (kernel - 1) * dilation + 1 - input - pad_before;
  return needed > 0 ? needed : 0;
}

static dnnl_status_t describe_window(const FloatWindow *window, Recipe *recipe) {
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

static WindowArrays window_arrays(const FloatWindow *w) {
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

static WindowSteps window_steps(const WindowArrays *arrays) {
  return (WindowSteps){
      arrays->strides, arrays->kernel, arrays->dilations, arrays->before, arrays->after};
}

// Weights [O, KH, KW, C / groups]; oneDNN wants the groups as an axis of their own.
static dnnl_status_t describe_filters(const FloatWindow *w, int64_t groups, Recipe *recipe) {
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

static dnnl_status_t build_convolution(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    FloatClamp clamp, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, clamp));
  CHECK(describe_window(window, recipe));
  CHECK(describe_filters(window, groups, recipe));
  if (has_bias) CHECK(memory_vector(&recipe->bias, window->output_channels));
  WindowArrays arrays = window_arrays(window);
  CHECK(describe_convolution(
      &recipe->primitive->description, context->engine, VIEW(recipe->source),
      VIEW(recipe->weights), has_bias ? VIEW(recipe->bias) : NULL, VIEW(recipe->destination),
      window_steps(&arrays), recipe->attributes));
  recipe->has_weights = true;
  recipe->has_bias = has_bias;
  return recipe_compile(recipe);
}

FloatStatus float_convolution_create(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    FloatClamp clamp, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status = build_convolution(context, window, groups, has_bias, clamp, &recipe);
  return recipe_finish(&recipe, status, result);
}

static dnnl_status_t build_fully_connected(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
    FloatClamp clamp, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, clamp));
  int64_t source[2] = {rows, inputs}, source_strides[2] = {inputs, 1};
  int64_t weights[2] = {outputs, inputs}, weights_strides[2] = {inputs, 1};
  int64_t destination[2] = {rows, outputs}, destination_strides[2] = {outputs, 1};
  CHECK(memory_strided(&recipe->source, 2, source, source_strides));
  CHECK(memory_any(&recipe->weights, 2, weights));
  CHECK(memory_strided(&recipe->plain_weights, 2, weights, weights_strides));
  CHECK(memory_strided(&recipe->destination, 2, destination, destination_strides));
  if (has_bias) CHECK(memory_vector(&recipe->bias, outputs));
  CHECK(describe_fully_connected(
      &recipe->primitive->description, context->engine, VIEW(recipe->source),
      VIEW(recipe->weights), has_bias ? VIEW(recipe->bias) : NULL, VIEW(recipe->destination),
      recipe->attributes));
  recipe->has_weights = true;
  recipe->has_bias = has_bias;
  return recipe_compile(recipe);
}

FloatStatus float_fully_connected_create(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
    FloatClamp clamp, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status =
      build_fully_connected(context, rows, inputs, outputs, has_bias, clamp, &recipe);
  return recipe_finish(&recipe, status, result);
}

static const FloatClamp unlimited = {-INFINITY, INFINITY};

static dnnl_status_t build_pool(
    FloatContext *context, const FloatWindow *window, bool maximum, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, unlimited));
  CHECK(describe_window(window, recipe));
  WindowArrays arrays = window_arrays(window);
  CHECK(describe_pool(
      &recipe->primitive->description, context->engine,
      maximum ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding, VIEW(recipe->source),
      VIEW(recipe->destination), window_steps(&arrays), recipe->attributes));
  return recipe_compile(recipe);
}

FloatStatus float_pool_create(
    FloatContext *context, const FloatWindow *window, bool maximum, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status = build_pool(context, window, maximum, &recipe);
  return recipe_finish(&recipe, status, result);
}

static dnnl_status_t build_softmax(
    FloatContext *context, int64_t outer, int64_t extent, int64_t inner, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, unlimited));
  int64_t extents[3] = {outer, extent, inner}, strides[3] = {extent * inner, inner, 1};
  // Two axes where they suffice: the fast kernels want the softmax axis to be the last.
  CHECK(memory_strided(&recipe->source, inner == 1 ? 2 : 3, extents, strides));
  CHECK(describe_softmax(
      &recipe->primitive->description, context->engine, VIEW(recipe->source), 1,
      recipe->attributes));
  return recipe_compile(recipe);
}

FloatStatus float_softmax_create(
    FloatContext *context, int64_t outer, int64_t extent, int64_t inner,
    FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status = build_softmax(context, outer, extent, inner, &recipe);
  return recipe_finish(&recipe, status, result);
}

static dnnl_status_t build_function(
    FloatContext *context, FloatFunction function, int64_t count, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, unlimited));
  CHECK(memory_vector(&recipe->source, count));
  CHECK(describe_function(
      &recipe->primitive->description, context->engine,
      function == FLOAT_TANH ? dnnl_eltwise_tanh : dnnl_eltwise_logistic, VIEW(recipe->source),
      recipe->attributes));
  return recipe_compile(recipe);
}

FloatStatus float_function_create(
    FloatContext *context, FloatFunction function, int64_t count, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status = build_function(context, function, count, &recipe);
  return recipe_finish(&recipe, status, result);
}
