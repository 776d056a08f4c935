#include "portable.h"

#include "requantize.h"

static int32_t accepts_any_addition(const fbq_elementwise *addition) {
  (void)addition;
  return 1;
}

const fbq_kernels fbq_portable_kernels = {
    .scale_bytes = fbq_portable_scale_bytes,
    .set_scales = fbq_portable_set_scales,
    .convolution = &fbq_portable_convolution,
    .depthwise = &fbq_portable_depthwise,
    .fully_connected = &fbq_portable_fully_connected,
    .fully_connected_16x8 = fbq_portable_fully_connected_16x8,
    .convolution_16x8 = &fbq_portable_convolution_16x8,
    .depthwise_16x8 = &fbq_portable_depthwise_16x8,
    .accepts_add = accepts_any_addition,
    .add = fbq_portable_add,
    .add_16 = fbq_portable_add_16,
    .multiply = fbq_portable_multiply,
    .lookup = fbq_portable_lookup,
    .widen = fbq_portable_widen,
    .narrow = fbq_portable_narrow,
    .average_pool = fbq_portable_average_pool,
    .max_pool = fbq_portable_max_pool,
    .reduce = fbq_portable_reduce,
    .reduce_16 = fbq_portable_reduce_16,
    .softmax = fbq_portable_softmax,
    .pad = fbq_portable_pad,
    .move = fbq_portable_move,
    .resize_bilinear = fbq_portable_resize_bilinear,
    .argument = fbq_portable_argument,
};
