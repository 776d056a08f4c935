#include "onednn_backward.h"
#include "primitive_recipe.h"
#include "window_recipe.h"

static dnnl_status_t build_convolution_data(
    FloatContext *context, const FloatWindow *window, int64_t groups,
    const FloatPrimitive *forward, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, &backward_data_roles, unlimited));
  CHECK(describe_window(window, recipe));
  CHECK(describe_filters(window, groups, recipe));
  WindowArrays arrays = window_arrays(window);
  CHECK(describe_convolution_backward_data(
      &recipe->primitive->description, context->engine, VIEW(recipe->source),
      VIEW(recipe->weights), VIEW(recipe->destination), window_steps(&arrays),
      forward->description, recipe->attributes));
  recipe->has_weights = true;
  return recipe_compile(recipe);
}

FloatStatus float_convolution_backward_data_create(
    FloatContext *context, const FloatWindow *window, int64_t groups,
    const FloatPrimitive *forward, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status = build_convolution_data(context, window, groups, forward, &recipe);
  return recipe_finish(&recipe, status, result);
}

static dnnl_status_t build_convolution_weights(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    const FloatPrimitive *forward, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, &backward_weights_roles, unlimited));
  CHECK(describe_window(window, recipe));
  CHECK(describe_filters(window, groups, recipe));
  if (has_bias) CHECK(memory_vector(&recipe->bias, window->output_channels));
  WindowArrays arrays = window_arrays(window);
  CHECK(describe_convolution_backward_weights(
      &recipe->primitive->description, context->engine, VIEW(recipe->source),
      VIEW(recipe->weights), has_bias ? VIEW(recipe->bias) : NULL, VIEW(recipe->destination),
      window_steps(&arrays), forward->description, recipe->attributes));
  recipe->has_weights = true;
  recipe->has_bias = has_bias;
  return recipe_compile(recipe);
}

FloatStatus float_convolution_backward_weights_create(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    const FloatPrimitive *forward, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status =
      build_convolution_weights(context, window, groups, has_bias, forward, &recipe);
  return recipe_finish(&recipe, status, result);
}

static dnnl_status_t build_fully_connected_data(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs,
    const FloatPrimitive *forward, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, &backward_data_roles, unlimited));
  CHECK(describe_matrices(rows, inputs, outputs, recipe));
  CHECK(describe_fully_connected_backward_data(
      &recipe->primitive->description, context->engine, VIEW(recipe->source),
      VIEW(recipe->weights), VIEW(recipe->destination), forward->description,
      recipe->attributes));
  recipe->has_weights = true;
  return recipe_compile(recipe);
}

FloatStatus float_fully_connected_backward_data_create(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs,
    const FloatPrimitive *forward, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status =
      build_fully_connected_data(context, rows, inputs, outputs, forward, &recipe);
  return recipe_finish(&recipe, status, result);
}

static dnnl_status_t build_fully_connected_weights(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
    const FloatPrimitive *forward, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, &backward_weights_roles, unlimited));
  CHECK(describe_matrices(rows, inputs, outputs, recipe));
  if (has_bias) CHECK(memory_vector(&recipe->bias, outputs));
  CHECK(describe_fully_connected_backward_weights(
      &recipe->primitive->description, context->engine, VIEW(recipe->source),
      VIEW(recipe->weights), has_bias ? VIEW(recipe->bias) : NULL, VIEW(recipe->destination),
      forward->description, recipe->attributes));
  recipe->has_weights = true;
  recipe->has_bias = has_bias;
  return recipe_compile(recipe);
}

FloatStatus float_fully_connected_backward_weights_create(
    FloatContext *context, int64_t rows, int64_t inputs, int64_t outputs, bool has_bias,
    const FloatPrimitive *forward, FloatPrimitive **result) {
  Recipe recipe;
  dnnl_status_t status =
      build_fully_connected_weights(context, rows, inputs, outputs, has_bias, forward, &recipe);
  return recipe_finish(&recipe, status, result);
}

FloatStatus float_matrix_weights_gradient(
    const float *source, const float *gradient, float *weights, int64_t rows, int64_t inputs,
    int64_t outputs, bool adds) {
  return dnnl_sgemm(
      'T', 'N', outputs, inputs, rows, 1, gradient, outputs, source, inputs, adds ? 1 : 0, weights,
      inputs);
}
