// Backward operators as versions 2 and 3 of oneDNN describe them; see onednn_versions.h. `forward`
// is the description of the forward primitive, by which oneDNN picks matching kernels.
#ifndef FBQ_ONEDNN_BACKWARD_H
#define FBQ_ONEDNN_BACKWARD_H

#include "onednn_versions.h"

static inline dnnl_status_t describe_convolution_backward_data(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView source_gradient,
    MemoryView weights, MemoryView gradient, WindowSteps steps, const_dnnl_primitive_desc_t forward,
    dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_backward_data_primitive_desc_create(
      result, engine, dnnl_convolution_direct, source_gradient, weights, gradient, steps.strides,
      steps.dilations, steps.pad_before, steps.pad_after, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_backward_data_desc_init(
      &operation, dnnl_convolution_direct, source_gradient, weights, gradient, steps.strides,
      steps.dilations, steps.pad_before, steps.pad_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

static inline dnnl_status_t describe_convolution_backward_weights(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView source,
    MemoryView weights_gradient, MemoryView bias_gradient, MemoryView gradient, WindowSteps steps,
    const_dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_convolution_backward_weights_primitive_desc_create(
      result, engine, dnnl_convolution_direct, source, weights_gradient, bias_gradient, gradient,
      steps.strides, steps.dilations, steps.pad_before, steps.pad_after, forward, attributes);
#else
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_dilated_convolution_backward_weights_desc_init(
      &operation, dnnl_convolution_direct, source, weights_gradient, bias_gradient, gradient,
      steps.strides, steps.dilations, steps.pad_before, steps.pad_after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

static inline dnnl_status_t describe_fully_connected_backward_data(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView source_gradient,
    MemoryView weights, MemoryView gradient, const_dnnl_primitive_desc_t forward,
    dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_inner_product_backward_data_primitive_desc_create(
      result, engine, source_gradient, weights, gradient, forward, attributes);
#else
  dnnl_inner_product_desc_t operation;
  dnnl_status_t status = dnnl_inner_product_backward_data_desc_init(
      &operation, source_gradient, weights, gradient);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

static inline dnnl_status_t describe_fully_connected_backward_weights(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, MemoryView source,
    MemoryView weights_gradient, MemoryView bias_gradient, MemoryView gradient,
    const_dnnl_primitive_desc_t forward, dnnl_primitive_attr_t attributes) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_inner_product_backward_weights_primitive_desc_create(
      result, engine, source, weights_gradient, bias_gradient, gradient, forward, attributes);
#else
  dnnl_inner_product_desc_t operation;
  dnnl_status_t status = dnnl_inner_product_backward_weights_desc_init(
      &operation, source, weights_gradient, bias_gradient, gradient);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(result, &operation, attributes, engine, forward);
#endif
}

#endif
