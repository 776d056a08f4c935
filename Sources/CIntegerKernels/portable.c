#include "portable.h"

#include "CIntegerKernels.h"

const fbq_kernels fbq_portable_kernels = {
    .name = "portable",
    .convolution = fbq_portable_convolution,
    .depthwise = fbq_portable_depthwise,
    .fully_connected = fbq_portable_fully_connected,
    .add = fbq_portable_add,
    .multiply = fbq_portable_multiply,
    .lookup = fbq_portable_lookup,
    .average_pool = fbq_portable_average_pool,
    .max_pool = fbq_portable_max_pool,
    .reduce = fbq_portable_reduce,
};
