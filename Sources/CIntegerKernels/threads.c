// Threads that share the units of a kernel.
//
// Units are grouped into a few parts per thread, and each thread has a range of them: neighboring
// operators leave and find the same part of a tensor in the same core's cache. A thread that is done
// with its range takes parts from the ends of the others' ranges. Nothing waits for a thread that has
// not taken a part, so that one without a core holds nobody up:
//
//   range of thread 0 ┌──┬──┬──┬──┐   of thread 1 ┌──┬──┬──┬──┐
//                     └──┴──┴──┴──┘               └──┴──┴──┴──┘
//                     └► its own    a thief's ◄┘
//
// Workers wait for a generation number to change: a short while spinning, for operators follow each
// other within microseconds, then asleep. The caller is thread 0 and, when no part is left, waits in the
// same way for those that others have taken.
#include "CIntegerKernels.h"

#if defined(__unix__) || defined(__APPLE__)

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
  spin_rounds = 2000,
  // More even out what threads get, fewer cost less.
  parts_per_thread = 2,
  // What one core writes and others read lies in lines of its own.
  cache_line = 64,
};

// The parts that a thread begins with. `left` counts those not yet taken: whoever lowers it owns one, the
// thread itself the first, others the last.
typedef struct {
  _Alignas(cache_line) atomic_int left;
  atomic_size_t end;
  // Only its own thread changes it.
  size_t first;
} range;

struct fbq_threads {
  int32_t count;
  pthread_mutex_t mutex;
  pthread_cond_t work_arrived;
  pthread_cond_t work_done;
  // The work at hand. It changes only while no part is left and none is being worked on.
  fbq_kernel kernel;
  const void *parameters;
  size_t units, parts;
  uint8_t *scratch;
  size_t scratch_stride;
  range *ranges;
  pthread_t *handles;
  _Alignas(cache_line) atomic_uint generation;
  atomic_int sleepers;
  atomic_int stops;
  _Alignas(cache_line) atomic_size_t unfinished;
  atomic_int caller_sleeps;
};

typedef struct {
  fbq_threads *threads;
  int32_t index;
} worker_start;

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield");
#endif
}

// Whether a part of the range is the caller's now.
static int claim(range *r) {
  int left = atomic_load_explicit(&r->left, memory_order_relaxed);
  while (left > 0) {
    if (atomic_compare_exchange_weak_explicit(&r->left, &left, left - 1, memory_order_acquire,
                                              memory_order_relaxed)) {
      return 1;
    }
  }
  return 0;
}

static void finish_part(fbq_threads *t) {
  if (atomic_fetch_sub(&t->unfinished, 1) != 1 || !atomic_load(&t->caller_sleeps)) return;
  // Under the mutex, so that the caller cannot fall asleep between its check and this signal.
  pthread_mutex_lock(&t->mutex);
  pthread_cond_signal(&t->work_done);
  pthread_mutex_unlock(&t->mutex);
}

static void run_part(fbq_threads *t, int32_t index, size_t part) {
  size_t begin = t->units * part / t->parts;
  size_t end = t->units * (part + 1) / t->parts;
  t->kernel(t->parameters, begin, end, t->scratch + (size_t)index * t->scratch_stride);
  finish_part(t);
}

// Works on parts until none is left.
static void take_parts(fbq_threads *t, int32_t index) {
  range *own = &t->ranges[index];
  while (claim(own)) run_part(t, index, own->first++);
  for (int32_t i = 1; i < t->count; i++) {
    range *other = &t->ranges[(index + i) % t->count];
    while (claim(other)) run_part(t, index, atomic_fetch_sub(&other->end, 1) - 1);
  }
}

static unsigned wait_for_work(fbq_threads *t, unsigned seen) {
  for (int i = 0; i < spin_rounds; i++) {
    unsigned now = atomic_load_explicit(&t->generation, memory_order_acquire);
    if (now != seen) return now;
    relax();
  }
  pthread_mutex_lock(&t->mutex);
  atomic_fetch_add(&t->sleepers, 1);
  unsigned now;
  while ((now = atomic_load(&t->generation)) == seen) {
    pthread_cond_wait(&t->work_arrived, &t->mutex);
  }
  atomic_fetch_sub(&t->sleepers, 1);
  pthread_mutex_unlock(&t->mutex);
  return now;
}

static void *work(void *argument) {
  worker_start start = *(worker_start *)argument;
  free(argument);
  fbq_threads *t = start.threads;
  unsigned seen = 0;
  for (;;) {
    seen = wait_for_work(t, seen);
    if (atomic_load_explicit(&t->stops, memory_order_acquire)) return NULL;
    take_parts(t, start.index);
  }
}

static void announce(fbq_threads *t) {
  atomic_fetch_add(&t->generation, 1);
  if (atomic_load(&t->sleepers) == 0) return;
  pthread_mutex_lock(&t->mutex);
  pthread_cond_broadcast(&t->work_arrived);
  pthread_mutex_unlock(&t->mutex);
}

static int start_worker(fbq_threads *t, int32_t index) {
  worker_start *start = malloc(sizeof *start);
  if (!start) return 0;
  *start = (worker_start){.threads = t, .index = index};
  if (pthread_create(&t->handles[index], NULL, work, start) != 0) {
    free(start);
    return 0;
  }
  return 1;
}

static void free_threads(fbq_threads *t) {
  free(t->ranges);
  free(t->handles);
  free(t);
}

// Stops and joins workers 1…last.
static void stop_workers(fbq_threads *t, int32_t last) {
  atomic_store_explicit(&t->stops, 1, memory_order_release);
  announce(t);
  for (int32_t index = 1; index <= last; index++) pthread_join(t->handles[index], NULL);
  pthread_cond_destroy(&t->work_done);
  pthread_cond_destroy(&t->work_arrived);
  pthread_mutex_destroy(&t->mutex);
  free_threads(t);
}

// Zeroed memory in cache lines of its own.
static void *allocate_lines(size_t bytes) {
  void *lines = NULL;
  if (posix_memalign(&lines, cache_line, bytes) != 0) return NULL;
  __builtin_memset(lines, 0, bytes);
  return lines;
}

fbq_threads *fbq_threads_create(int32_t count) {
  if (count < 2) return NULL;
  fbq_threads *t = allocate_lines(sizeof *t);
  if (!t) return NULL;
  t->count = count;
  t->ranges = allocate_lines((size_t)count * sizeof *t->ranges);
  t->handles = calloc((size_t)count, sizeof *t->handles);
  if (!t->ranges || !t->handles) {
    free_threads(t);
    return NULL;
  }
  pthread_mutex_init(&t->mutex, NULL);
  pthread_cond_init(&t->work_arrived, NULL);
  pthread_cond_init(&t->work_done, NULL);
  for (int32_t index = 1; index < count; index++) {
    if (!start_worker(t, index)) {
      stop_workers(t, index - 1);
      return NULL;
    }
  }
  return t;
}

void fbq_threads_destroy(fbq_threads *t) {
  if (t) stop_workers(t, t->count - 1);
}

static void wait_for_workers(fbq_threads *t) {
  for (int i = 0; i < spin_rounds; i++) {
    if (atomic_load_explicit(&t->unfinished, memory_order_acquire) == 0) return;
    relax();
  }
  pthread_mutex_lock(&t->mutex);
  atomic_store(&t->caller_sleeps, 1);
  while (atomic_load(&t->unfinished) != 0) pthread_cond_wait(&t->work_done, &t->mutex);
  atomic_store(&t->caller_sleeps, 0);
  pthread_mutex_unlock(&t->mutex);
}

void fbq_threads_run(fbq_threads *t, fbq_kernel kernel, const void *parameters, size_t units,
                     uint8_t *scratch, size_t scratch_stride) {
  if (!t || units < 2) {
    kernel(parameters, 0, units, scratch);
    return;
  }
  const size_t count = (size_t)t->count, most = count * parts_per_thread;
  t->kernel = kernel;
  t->parameters = parameters;
  t->units = units;
  t->parts = units < most ? units : most;
  t->scratch = scratch;
  t->scratch_stride = scratch_stride;
  atomic_store_explicit(&t->unfinished, t->parts, memory_order_relaxed);
  for (size_t i = 0; i < count; i++) {
    range *r = &t->ranges[i];
    const size_t end = t->parts * (i + 1) / count;
    r->first = t->parts * i / count;
    atomic_store_explicit(&r->end, end, memory_order_relaxed);
    // Publishes the work: from here on others may take parts.
    atomic_store_explicit(&r->left, (int)(end - r->first), memory_order_release);
  }
  announce(t);
  take_parts(t, 0);
  wait_for_workers(t);
}

#else

// No threads on this target: the caller does all the work.
fbq_threads *fbq_threads_create(int32_t count) {
  (void)count;
  return NULL;
}

void fbq_threads_destroy(fbq_threads *t) { (void)t; }

void fbq_threads_run(fbq_threads *t, fbq_kernel kernel, const void *parameters, size_t units,
                     uint8_t *scratch, size_t scratch_stride) {
  (void)t;
  (void)scratch_stride;
  kernel(parameters, 0, units, scratch);
}

#endif
