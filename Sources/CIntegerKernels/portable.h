// The kernels of `fbq_portable_kernels`. Internal.
#ifndef FBQ_PORTABLE_H
#define FBQ_PORTABLE_H

#include <stddef.h>

void fbq_portable_convolution(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_depthwise(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_fully_connected(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_add(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_multiply(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_lookup(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_average_pool(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_max_pool(const void *parameters, size_t begin, size_t end, void *scratch);
void fbq_portable_reduce(const void *parameters, size_t begin, size_t end, void *scratch);

#endif
