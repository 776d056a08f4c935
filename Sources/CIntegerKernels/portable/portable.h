// The kernels of `fbq_portable_kernels`. Internal.
#ifndef FBQ_PORTABLE_H
#define FBQ_PORTABLE_H

#include "CIntegerKernels.h"

extern const fbq_kernels fbq_portable_kernels;

extern const fbq_convolution_kernel fbq_portable_convolution;
extern const fbq_convolution_kernel fbq_portable_depthwise;
extern const fbq_fully_connected_kernel fbq_portable_fully_connected;
extern const fbq_convolution_16x8_kernel fbq_portable_convolution_16x8;
extern const fbq_convolution_16x8_kernel fbq_portable_depthwise_16x8;
void fbq_portable_fully_connected_16x8(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_add(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_add_16(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_multiply(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_lookup(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_widen(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_narrow(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_average_pool(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_max_pool(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_reduce(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_reduce_16(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_softmax(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_pad(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_move(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_argument(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_resize_bilinear(const void *parameters, size_t begin, size_t end, void *scratch);

#endif
