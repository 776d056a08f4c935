#include "float_primitives.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "primitive_recipe.h"

enum { maximum_arguments = 5 };

const char *float_status_text(FloatStatus status) {
  switch ((dnnl_status_t)status) {
    case dnnl_success: return "success";
    case dnnl_out_of_memory: return "out of memory";
    case dnnl_invalid_arguments: return "invalid arguments";
    case dnnl_unimplemented: return "not implemented for these shapes";
    case dnnl_runtime_error: return "run-time error";
    default: return "failure";
  }
}

FloatStatus float_context_create(FloatContext **context) {
  FloatContext *result = calloc(1, sizeof *result);
  if (!result) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_engine_create(&result->engine, dnnl_cpu, 0);
  if (status == dnnl_success) {
    status = dnnl_stream_create(&result->stream, result->engine, dnnl_stream_default_flags);
  }
  if (status != dnnl_success) {
    float_context_destroy(result);
    return status;
  }
  *context = result;
  return dnnl_success;
}

void float_context_destroy(FloatContext *context) {
  if (!context) return;
  if (context->stream) dnnl_stream_destroy(context->stream);
  if (context->engine) dnnl_engine_destroy(context->engine);
  free(context);
}

const Roles forward_roles = {
    dnnl_query_src_md, dnnl_query_dst_md, dnnl_query_weights_md, DNNL_ARG_SRC, DNNL_ARG_DST,
    DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, false};

const Roles backward_data_roles = {
    dnnl_query_diff_dst_md, dnnl_query_diff_src_md, dnnl_query_weights_md, DNNL_ARG_DIFF_DST,
    DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, false};

const Roles backward_weights_roles = {
    dnnl_query_src_md, dnnl_query_diff_dst_md, dnnl_query_diff_weights_md, DNNL_ARG_SRC,
    DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS, true};

dnnl_status_t recipe_begin(
    Recipe *recipe, FloatContext *context, const Roles *roles, FloatClamp clamp) {
  *recipe = (Recipe){.primitive = calloc(1, sizeof(FloatPrimitive))};
  if (!recipe->primitive) return dnnl_out_of_memory;
  recipe->primitive->context = context;
  recipe->primitive->roles = roles;
  // Working memory is the caller's, so that all operators of a network share one.
  CHECK(dnnl_primitive_attr_create(&recipe->attributes));
  CHECK(dnnl_primitive_attr_set_scratchpad_mode(recipe->attributes, dnnl_scratchpad_mode_user));
  bool has_minimum = clamp.minimum != -INFINITY;
  bool has_maximum = clamp.maximum != INFINITY;
  if (!has_minimum && !has_maximum) return dnnl_success;
  dnnl_post_ops_t chain;
  CHECK(dnnl_post_ops_create(&chain));
  dnnl_status_t status =
      clamp.minimum == 0 && !has_maximum
          ? append_function(chain, dnnl_eltwise_relu, 0, 0)
          : append_function(chain, dnnl_eltwise_clip, clamp.minimum, clamp.maximum);
  if (status == dnnl_success) {
    status = dnnl_primitive_attr_set_post_ops(recipe->attributes, chain);
  }
  dnnl_post_ops_destroy(chain);
  return status;
}

static dnnl_status_t make_memory(
    FloatPrimitive *primitive, dnnl_query_t which, void *handle, dnnl_memory_t *memory) {
  return dnnl_memory_create(
      memory, dnnl_primitive_desc_query_md(primitive->description, which, 0),
      primitive->context->engine, handle);
}

// The reorder between the caller's layout of the weights and the kernel's, made once.
static dnnl_status_t make_reorder(FloatPrimitive *primitive, MemoryView plain) {
  dnnl_engine_t engine = primitive->context->engine;
  MemoryView blocked =
      dnnl_primitive_desc_query_md(primitive->description, primitive->roles->weights_query, 0);
  CHECK(dnnl_memory_create(&primitive->plain_weights, plain, engine, DNNL_MEMORY_NONE));
  bool unloads = primitive->roles->computes_weights;
  dnnl_primitive_desc_t description = NULL;
  CHECK(dnnl_reorder_primitive_desc_create(
      &description, unloads ? blocked : plain, engine, unloads ? plain : blocked, engine, NULL));
  dnnl_status_t status = dnnl_primitive_create(&primitive->reorder, description);
  dnnl_primitive_desc_destroy(description);
  return status;
}

dnnl_status_t recipe_compile(Recipe *recipe) {
  FloatPrimitive *primitive = recipe->primitive;
  const Roles *roles = primitive->roles;
  void *own = roles->computes_weights ? DNNL_MEMORY_NONE : DNNL_MEMORY_ALLOCATE;
  CHECK(dnnl_primitive_create(&primitive->kernel, primitive->description));
  CHECK(make_memory(primitive, roles->source_query, DNNL_MEMORY_NONE, &primitive->source));
  CHECK(make_memory(
      primitive, roles->destination_query, DNNL_MEMORY_NONE, &primitive->destination));
  MemoryView scratch =
      dnnl_primitive_desc_query_md(primitive->description, dnnl_query_scratchpad_md, 0);
  primitive->scratch_bytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  CHECK(make_memory(primitive, dnnl_query_scratchpad_md, DNNL_MEMORY_NONE, &primitive->scratch));
  if (recipe->has_weights) {
    CHECK(make_memory(primitive, roles->weights_query, own, &primitive->weights));
    CHECK(make_reorder(primitive, VIEW(recipe->plain_weights)));
  }
  if (recipe->has_bias) {
    CHECK(dnnl_memory_create(
        &primitive->bias, VIEW(recipe->bias), primitive->context->engine, own));
  }
  return dnnl_success;
}

FloatStatus recipe_finish(Recipe *recipe, dnnl_status_t status, FloatPrimitive **result) {
  memory_release(&recipe->source);
  memory_release(&recipe->destination);
  memory_release(&recipe->weights);
  memory_release(&recipe->plain_weights);
  memory_release(&recipe->bias);
  if (recipe->attributes) dnnl_primitive_attr_destroy(recipe->attributes);
  if (status == dnnl_success) {
    *result = recipe->primitive;
  } else {
    float_primitive_destroy(recipe->primitive);
  }
  return status;
}

static dnnl_status_t reorder(
    FloatPrimitive *primitive, int plain_argument, const float *plain, int argument) {
  CHECK(dnnl_memory_set_data_handle(primitive->plain_weights, (void *)plain));
  dnnl_exec_arg_t arguments[2] = {
      {plain_argument, primitive->plain_weights}, {argument, primitive->weights}};
  dnnl_stream_t stream = primitive->context->stream;
  CHECK(dnnl_primitive_execute(primitive->reorder, stream, 2, arguments));
  return dnnl_stream_wait(stream);
}

FloatStatus float_primitive_load(
    FloatPrimitive *primitive, const float *weights, const float *bias) {
  if (weights && primitive->weights) {
    CHECK(reorder(primitive, DNNL_ARG_FROM, weights, DNNL_ARG_TO));
  }
  if (bias && primitive->bias) {
    void *values = NULL;
    CHECK(dnnl_memory_get_data_handle(primitive->bias, &values));
    MemoryView view = NULL;
    CHECK(dnnl_memory_get_memory_desc(primitive->bias, &view));
    memcpy(values, bias, dnnl_memory_desc_get_size(view));
  }
  return dnnl_success;
}

FloatStatus float_primitive_unload(
    FloatPrimitive *primitive, const float *weights, float *plain) {
  CHECK(dnnl_memory_set_data_handle(primitive->weights, (void *)weights));
  return reorder(primitive, DNNL_ARG_TO, plain, DNNL_ARG_FROM);
}

size_t float_primitive_scratch_bytes(const FloatPrimitive *primitive) {
  return primitive->scratch_bytes;
}

size_t float_primitive_weights_bytes(const FloatPrimitive *primitive) {
  if (!primitive->weights) return 0;
  return dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(
      primitive->description, primitive->roles->weights_query, 0));
}

FloatStatus float_primitive_run(
    FloatPrimitive *primitive, const float *source, float *destination, void *scratch) {
  const Roles *roles = primitive->roles;
  CHECK(dnnl_memory_set_data_handle(primitive->source, (void *)source));
  CHECK(dnnl_memory_set_data_handle(primitive->destination, destination));
  dnnl_exec_arg_t arguments[maximum_arguments] = {
      {roles->source, primitive->source}, {roles->destination, primitive->destination}};
  int count = 2;
  if (primitive->scratch_bytes) {
    CHECK(dnnl_memory_set_data_handle(primitive->scratch, scratch));
    arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, primitive->scratch};
  }
  if (primitive->weights) {
    arguments[count++] = (dnnl_exec_arg_t){roles->weights, primitive->weights};
  }
  if (primitive->bias) {
    arguments[count++] = (dnnl_exec_arg_t){roles->bias, primitive->bias};
  }
  CHECK(dnnl_primitive_execute(
      primitive->kernel, primitive->context->stream, count, arguments));
  return dnnl_stream_wait(primitive->context->stream);
}

FloatStatus float_primitive_run_weights(
    FloatPrimitive *primitive, const float *source, const float *gradient, float *weights,
    float *bias, void *scratch) {
  CHECK(dnnl_memory_set_data_handle(primitive->weights, weights));
  if (primitive->bias) CHECK(dnnl_memory_set_data_handle(primitive->bias, bias));
  return float_primitive_run(primitive, source, (float *)gradient, scratch);
}

void float_primitive_destroy(FloatPrimitive *primitive) {
  if (!primitive) return;
  dnnl_memory_t memories[] = {
      primitive->source, primitive->destination, primitive->weights, primitive->bias,
      primitive->scratch, primitive->plain_weights};
  for (size_t i = 0; i < sizeof memories / sizeof *memories; ++i) {
    if (memories[i]) dnnl_memory_destroy(memories[i]);
  }
  if (primitive->reorder) dnnl_primitive_destroy(primitive->reorder);
  if (primitive->kernel) dnnl_primitive_destroy(primitive->kernel);
  if (primitive->description) dnnl_primitive_desc_destroy(primitive->description);
  free(primitive);
}
