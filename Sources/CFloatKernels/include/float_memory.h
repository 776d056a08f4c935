// Buffers for activations and working memory.
#ifndef FBQ_FLOAT_MEMORY_H
#define FBQ_FLOAT_MEMORY_H

#include <stddef.h>

/// Memory of `bytes` bytes, all zero, 64-byte aligned as the widest vector instructions like it;
/// null if the machine has not that much.
void *float_memory_create(size_t bytes);

void float_memory_destroy(void *memory);

#endif
