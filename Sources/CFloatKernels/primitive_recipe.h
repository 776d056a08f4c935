// How an operator of oneDNN is made: shared by the file that describes the operators and the file
// that runs them.
#ifndef FBQ_PRIMITIVE_RECIPE_H
#define FBQ_PRIMITIVE_RECIPE_H

#include "float_primitives.h"
#include "onednn_versions.h"

struct FloatContext {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
};

struct FloatPrimitive {
  FloatContext *context;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t kernel;
  dnnl_memory_t source, destination, weights, bias, scratch;
  size_t scratch_bytes;
  // The weights as the caller lays them out, kept to reorder from.
  dnnl_memory_desc_t plain_weights;
  bool has_weights;
};

// The pieces of an operator while it is made.
typedef struct {
  FloatPrimitive *primitive;
  dnnl_memory_desc_t source, destination, weights, plain_weights, bias;
  bool has_weights, has_bias;
  dnnl_primitive_attr_t attributes;
} Recipe;

#define CHECK(call)                                        \
  do {                                                     \
    dnnl_status_t check_status = (call);                   \
    if (check_status != dnnl_success) return check_status; \
  } while (0)

// Allocates the primitive and sets the fused clamp.
dnnl_status_t recipe_begin(Recipe *recipe, FloatContext *context, FloatClamp clamp);

// Compiles the kernel that `recipe->primitive->description` stands for.
dnnl_status_t recipe_compile(Recipe *recipe);

// Releases the recipe; the primitive goes to `result` if `status` is success, else away.
FloatStatus recipe_finish(Recipe *recipe, dnnl_status_t status, FloatPrimitive **result);

#endif
