// Memory for an arena and packed weights: one large mapping instead of many blocks of the heap.
//
// Most of the time that a model takes to load goes into page faults: memory is first written a page of
// 4 KB at a time, and each page costs the system more than the writing. What will surely be written lies
// in pages of 2 MB where the system has them. The rest takes no memory until it is written.
#if !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE
#endif
#include "CIntegerKernels.h"

#if defined(__linux__)

#include <sys/mman.h>
#include <unistd.h>

enum { huge_page = 2 << 20 };

static size_t in_pages(size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

void *fbq_memory_reserve(size_t bytes, size_t expected) {
  const size_t in_huge_pages = expected / huge_page * huge_page;
  if (in_huge_pages == 0 || expected > bytes || bytes > SIZE_MAX / 2) return NULL;
  const size_t size = in_pages(bytes);
  uint8_t *const start = mmap(NULL, size + huge_page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return NULL;
  // The part of it that begins at a multiple of a huge page.
  const size_t before = (huge_page - (uintptr_t)start % huge_page) % huge_page;
  if (before > 0) munmap(start, before);
  munmap(start + before + size, huge_page - before);
  // Where the system has no such pages, it has others.
  (void)madvise(start + before, in_huge_pages, MADV_HUGEPAGE);
  return start + before;
}

void fbq_memory_release(void *block, size_t bytes) { munmap(block, in_pages(bytes)); }

#else

// The caller has a heap.
void *fbq_memory_reserve(size_t bytes, size_t expected) {
  (void)bytes;
  (void)expected;
  return NULL;
}

void fbq_memory_release(void *block, size_t bytes) {
  (void)block;
  (void)bytes;
}

#endif
