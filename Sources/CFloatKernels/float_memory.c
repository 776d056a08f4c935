#include "float_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { alignment = 64 };

void *float_memory_create(size_t bytes) {
  // Linux hands out more than there is and kills the process on use: ask first.
  long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0 && bytes / (size_t)page_bytes > (size_t)pages) return NULL;
  if (bytes > SIZE_MAX - alignment) return NULL;
  size_t rounded = (bytes + alignment) / alignment * alignment;
  void *memory = aligned_alloc(alignment, rounded);
  if (memory) memset(memory, 0, rounded);
  return memory;
}

void float_memory_destroy(void *memory) { free(memory); }
