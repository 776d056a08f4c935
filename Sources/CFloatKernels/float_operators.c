#include "primitive_recipe.h"
#include "window_recipe.h"

static dnnl_status_t build_convolution(
    FloatContext *context, const FloatWindow *window, int64_t groups, bool has_bias,
    FloatClamp clamp, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, &forward_roles, clamp));
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
  CHECK(recipe_begin(recipe, context, &forward_roles, clamp));
  CHECK(describe_matrices(rows, inputs, outputs, recipe));
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

static dnnl_status_t build_pool(
    FloatContext *context, const FloatWindow *window, bool maximum, Recipe *recipe) {
  CHECK(recipe_begin(recipe, context, &forward_roles, unlimited));
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
  CHECK(recipe_begin(recipe, context, &forward_roles, unlimited));
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
  CHECK(recipe_begin(recipe, context, &forward_roles, unlimited));
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
