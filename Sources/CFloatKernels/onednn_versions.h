// oneDNN 2 (Debian 12) and 3 (later distributions) differ in how operators are described. The
// functions below speak both; the rest of this module sees only them.
#ifndef FBQ_ONEDNN_VERSIONS_H
#define FBQ_ONEDNN_VERSIONS_H

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_version.h>
#include <stddef.h>
#include <stdint.h>

// Version 2 describes memory by a value, version 3 by a handle that must be destroyed.
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t MemoryView;
#define VIEW(memory) (memory)
#else
typedef const dnnl_memory_desc_t *MemoryView;
#define VIEW(memory) (&(memory))
#endif

typedef struct {
  const int64_t *strides, *kernel, *dilations, *pad_before, *pad_after;
} WindowSteps;

static inline dnnl_status_t memory_strided(
    dnnl_memory_desc_t *memory, int rank, const int64_t *extents, const int64_t *strides) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_strides(memory, rank, extents, dnnl_f32, strides);
#else
  return dnnl_memory_desc_init_by_strides(memory, rank, extents, dnnl_f32, strides);
#endif
}

/// Memory whose layout the kernel chooses.
static inline dnnl_status_t memory_any(
    dnnl_memory_desc_t *memory, int rank, const int64_t *extents) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag(memory, rank, extents, dnnl_f32, dnnl_format_tag_any);
#else
  return dnnl_memory_desc_init_by_tag(memory, rank, extents, dnnl_f32, dnnl_format_tag_any);
#endif
}

static inline void memory_release(dnnl_memory_desc_t *memory) {
#if DNNL_VERSION_MAJOR >= 3
  if (*memory) dnnl_memory_desc_destroy(*memory);
#endif
  (void)memory;
}

static inline dnnl_status_t append_function(
    dnnl_post_ops_t chain, dnnl_alg_kind_t function, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(chain, function, alpha, beta);
#else
  return dnnl_post_ops_append_eltwise(chain, 1.0f, function, alpha, beta);
#endif
}

static inline dnnl_status_t describe_convolution(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView source, MemoryView weights,
    MemoryView bias, MemoryView destination, WindowSteps steps, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_forward_primitive_desc_create(
      result, engine, dnnl_forward_inference, dnnl_convolution_direct, source, weights, bias,
      destination, steps.strides, steps.dilations, steps.pad_before, steps.pad_after, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &operation, dnnl_forward_inference, dnnl_convolution_direct, source, weights, bias,
      destination, steps.strides, steps.dilations, steps.pad_before, steps.pad_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t describe_fully_connected(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView source, MemoryView weights,
    MemoryView bias, MemoryView destination, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_inner_product_forward_primitive_desc_create(
      result, engine, dnnl_forward_inference, source, weights, bias, destination, attributes);
#else
  dnnl_inner_product_desc_t operation;
  dnnl_status_t status = dnnl_inner_product_forward_desc_init(
      &operation, dnnl_forward_inference, source, weights, bias, destination);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t describe_pool(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_alg_kind_t kind, MemoryView source,
    MemoryView destination, WindowSteps steps, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_pooling_forward_primitive_desc_create(
      result, engine, dnnl_forward_inference, kind, source, destination, steps.strides,
      steps.kernel, steps.dilations, steps.pad_before, steps.pad_after, attributes);
#else
  dnnl_pooling_desc_t operation;
  dnnl_status_t status = dnnl_pooling_forward_desc_init(
      &operation, dnnl_forward_inference, kind, source, destination, steps.strides, steps.kernel,
      steps.pad_before, steps.pad_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t describe_softmax(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView memory, int axis,
    dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_softmax_forward_primitive_desc_create(
      result, engine, dnnl_forward_inference, dnnl_softmax_accurate, memory, memory, axis,
      attributes);
#else
  dnnl_softmax_desc_t operation;
  dnnl_status_t status =
      dnnl_softmax_forward_desc_init(&operation, dnnl_forward_inference, memory, axis);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

static inline dnnl_status_t describe_function(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_alg_kind_t kind, MemoryView memory,
    dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_eltwise_forward_primitive_desc_create(
      result, engine, dnnl_forward_inference, kind, memory, memory, 0.0f, 0.0f, attributes);
#else
  dnnl_eltwise_desc_t operation;
  dnnl_status_t status = dnnl_eltwise_forward_desc_init(
      &operation, dnnl_forward_inference, kind, memory, 0.0f, 0.0f);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, NULL);
#endif
}

#endif
