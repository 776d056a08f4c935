#include "float_threads.h"

#include <stdlib.h>
#include <unistd.h>

// The compiler of the Swift toolchain lowers `#pragma omp` to LLVM's OpenMP runtime, while
// Debian's oneDNN runs on GNU's. These are GNU's documented entry points ("The libgomp ABI" in its
// manual, and the OpenMP API itself), declared here because its omp.h is not on clang's path.
extern void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned flags);
extern int omp_get_max_threads(void);
extern int omp_get_num_threads(void);
extern int omp_get_thread_num(void);
extern void omp_set_num_threads(int threads);

typedef struct {
  int64_t count;
  FloatRangeBody body;
  const void *context;
} Region;

static void run_part(void *argument) {
  const Region *region = argument;
  int64_t threads = omp_get_num_threads();
  int64_t thread = omp_get_thread_num();
  int64_t quotient = region->count / threads;
  int64_t remainder = region->count % threads;
  int64_t begin = thread * quotient + (thread < remainder ? thread : remainder);
  int64_t end = begin + quotient + (thread < remainder ? 1 : 0);
  if (begin < end) region->body(region->context, begin, end);
}

int float_threads_exchange(int threads) {
  int former = omp_get_max_threads();
  if (threads != former) omp_set_num_threads(threads);
  return former;
}

void float_threads_run(int64_t count, FloatRangeBody body, const void *context) {
  int64_t threads = omp_get_max_threads();
  if (threads > count) threads = count;
  if (threads <= 1) {
    if (count > 0) body(context, 0, count);
    return;
  }
  Region region = {count, body, context};
  GOMP_parallel(run_part, &region, (unsigned)threads, 0);
}

// Where other processes want the cores too, a spinning thread keeps the working one from running: a
// network was measured fifty times slower. After a thousand turns, some microseconds, it is as fast
// on a quiet machine and merely shares a busy one.
void float_threads_limit_spinning(char *const *arguments) {
  if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) return;
  if (setenv("GOMP_SPINCOUNT", "1000", 0) == 0) execv("/proc/self/exe", arguments);
}
