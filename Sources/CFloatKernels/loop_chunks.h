// How the loops of this module share work among threads.
#ifndef FBQ_LOOP_CHUNKS_H
#define FBQ_LOOP_CHUNKS_H

#include <stdint.h>

#include "float_threads.h"

enum {
  // Elements per unit of work: below this a thread costs more than it brings.
  chunk_elements = 1 << 14,
};

// Compiled for several instruction sets, the best of which is chosen when the program is loaded: for
// loops that are called often enough for wider vectors to matter.
#if defined(__x86_64__) && defined(__ELF__) && __has_attribute(target_clones)
#define WIDE_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE_VECTORS
#endif

static inline int64_t chunk_count(int64_t elements) {
  return (elements + chunk_elements - 1) / chunk_elements;
}

static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// Rows handled as one unit, so that a unit has about `chunk_elements` elements.
static inline int64_t rows_per_chunk(int64_t row_elements) {
  int64_t rows = chunk_elements / (row_elements > 0 ? row_elements : 1);
  return rows > 0 ? rows : 1;
}

#endif
