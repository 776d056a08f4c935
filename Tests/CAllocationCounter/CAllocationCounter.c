#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FBQ_HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(FBQ_HAS_SANITIZER)

static _Thread_local int counting;
static _Thread_local long allocations;

int fbq_allocations_are_counted(void) { return 1; }

void fbq_allocations_start(void) {
  allocations = 0;
  counting = 1;
}

long fbq_allocations_stop(void) {
  counting = 0;
  return allocations;
}

static void note(void) {
  if (counting) allocations++;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note();
  return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
  note();
  return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  note();
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}

#else

int fbq_allocations_are_counted(void) { return 0; }
void fbq_allocations_start(void) {}
long fbq_allocations_stop(void) { return 0; }

#endif
