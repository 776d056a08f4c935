// Shares random work among 1…8 threads: every unit is done once, by a thread with scratch of its own, and
// the next operator sees what the one before wrote. Meant to run under the thread sanitizer, see
// tools/check-kernels.
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "CIntegerKernels.h"

enum { most_units = 700, most_threads = 8, stride = 64 };

typedef struct {
  const uint32_t *before;
  uint32_t *after;
  uint32_t step;
  atomic_int *users;
} operator_step;

// Plain memory, which two threads may not touch at once; the sanitizer and `users` both tell.
static void add_one(const void *parameters, size_t begin, size_t end, void *scratch) {
  const operator_step *o = parameters;
  atomic_int *user = &o->users[*(uint8_t *)scratch];
  if (atomic_fetch_add(user, 1) != 0) {
    fprintf(stderr, "thread_stress: step %u: two threads share a scratch\n", o->step);
    exit(1);
  }
  for (size_t i = begin; i < end; i++) o->after[i] += o->before[i] + 1;
  atomic_fetch_sub(user, 1);
}

static uint32_t state = 1;

static uint32_t next(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

static void pause_for(long nanoseconds) {
  nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

// `count` operators on one set of threads.
static void run(int32_t threads, uint32_t count) {
  static uint32_t values[2][most_units];
  static atomic_int users[most_threads];
  static uint8_t scratch[most_threads * stride];
  for (int i = 0; i < most_threads; i++) scratch[i * stride] = (uint8_t)i;
  fbq_threads *pool = fbq_threads_create(threads);
  if (threads > 1 && pool == NULL) {
    fprintf(stderr, "thread_stress: no threads\n");
    exit(1);
  }
  for (size_t i = 0; i < most_units; i++) values[0][i] = 0;
  for (uint32_t step = 0; step < count; step++) {
    // All units in turn with few, which leave some threads without any.
    const size_t units = next() % 3 == 0 ? most_units : next() % 20;
    uint32_t *before = values[step % 2], *after = values[(step + 1) % 2];
    for (size_t i = 0; i < most_units; i++) after[i] = i < units ? 0 : before[i] + 1;
    const operator_step parameters = {before, after, step, users};
    fbq_threads_run(pool, add_one, &parameters, units, scratch, stride);
    for (size_t i = 0; i < most_units; i++) {
      if (after[i] == step + 1) continue;
      fprintf(stderr, "thread_stress: %d threads, step %u, %zu units: unit %zu was done %u times\n",
              threads, step, units, i, after[i] - before[i]);
      exit(1);
    }
    // Now and then workers fall asleep.
    if (next() % 100 == 0) pause_for(300000);
  }
  fbq_threads_destroy(pool);
}

int main(int argc, char **argv) {
  const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
  for (int32_t threads = 1; threads <= most_threads; threads++) run(threads, count);
  // Sets that nothing uses.
  for (int32_t i = 0; i < 50; i++) fbq_threads_destroy(fbq_threads_create(2 + i % 7));
  printf("threads: %u operators on each of 1 to %d threads\n", count, most_threads);
  return 0;
}
