// How an operator of oneDNN is made: shared by the file that describes the operators and the file
// that runs them.
#ifndef FBQ_PRIMITIVE_RECIPE_H
#define FBQ_PRIMITIVE_RECIPE_H

#include <math.h>

#include "float_primitives.h"
#include "onednn_versions.h"

struct FloatContext {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
};

// What a primitive's memories are to oneDNN: a backward primitive reads and writes gradients.
typedef struct {
  dnnl_query_t source_query, destination_query, weights_query;
  int source, destination, weights, bias;
  // Weights and bias are results, into memory that the caller names with each run.
  bool computes_weights;
} Roles;

extern const Roles forward_roles, backward_data_roles, backward_weights_roles;

struct FloatPrimitive {
  FloatContext *context;
  const Roles *roles;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t kernel;
  dnnl_memory_t source, destination, weights, bias, scratch;
  size_t scratch_bytes;
  // The weights as the caller lays them out, and the reorder between them and the kernel's layout;
  // none where the layouts are the same.
  dnnl_memory_t plain_weights;
  dnnl_primitive_t reorder;
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
dnnl_status_t recipe_begin(
    Recipe *recipe, FloatContext *context, const Roles *roles, FloatClamp clamp);

static const FloatClamp unlimited = {-INFINITY, INFINITY};

// Compiles the kernel that `recipe->primitive->description` stands for.
dnnl_status_t recipe_compile(Recipe *recipe);

// Releases the recipe; the primitive goes to `result` if `status` is success, else away.
FloatStatus recipe_finish(Recipe *recipe, dnnl_status_t status, FloatPrimitive **result);

#endif
