// Threads that share the units of a kernel in equal, fixed parts.
//
// Workers wait for a generation number to change: a short while spinning, for operators follow each
// other within microseconds, then asleep. The caller is thread 0 and, when its own part is done, waits
// for the count of the others to reach zero in the same way.
#include "CIntegerKernels.h"

#if defined(__unix__) || defined(__APPLE__)

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { spin_rounds = 2000 };

struct fbq_threads {
  int32_t count;
  pthread_mutex_t mutex;
  pthread_cond_t work_arrived;
  pthread_cond_t work_done;
  atomic_uint generation;
  atomic_int unfinished;
  atomic_int stops;
  // The work of the current generation, written before the generation changes.
  fbq_kernel kernel;
  const void *parameters;
  size_t units;
  uint8_t *scratch;
  size_t scratch_stride;
  pthread_t handles[];
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

static void run_part(fbq_threads *t, int32_t index) {
  size_t begin = t->units * (size_t)index / (size_t)t->count;
  size_t end = t->units * ((size_t)index + 1) / (size_t)t->count;
  if (begin < end) {
    t->kernel(t->parameters, begin, end, t->scratch + (size_t)index * t->scratch_stride);
  }
}

static unsigned wait_for_work(fbq_threads *t, unsigned seen) {
  for (int i = 0; i < spin_rounds; i++) {
    unsigned now = atomic_load_explicit(&t->generation, memory_order_acquire);
    if (now != seen) return now;
    relax();
  }
  pthread_mutex_lock(&t->mutex);
  unsigned now;
  while ((now = atomic_load_explicit(&t->generation, memory_order_acquire)) == seen) {
    pthread_cond_wait(&t->work_arrived, &t->mutex);
  }
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
    run_part(t, start.index);
    if (atomic_fetch_sub_explicit(&t->unfinished, 1, memory_order_acq_rel) == 1) {
      // Under the mutex, so that the caller cannot fall asleep between its check and this signal.
      pthread_mutex_lock(&t->mutex);
      pthread_cond_signal(&t->work_done);
      pthread_mutex_unlock(&t->mutex);
    }
  }
}

static void announce(fbq_threads *t) {
  pthread_mutex_lock(&t->mutex);
  atomic_fetch_add_explicit(&t->generation, 1, memory_order_release);
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

// Stops and joins workers 1…last.
static void stop_workers(fbq_threads *t, int32_t last) {
  atomic_store_explicit(&t->stops, 1, memory_order_release);
  announce(t);
  for (int32_t index = 1; index <= last; index++) pthread_join(t->handles[index], NULL);
  pthread_cond_destroy(&t->work_done);
  pthread_cond_destroy(&t->work_arrived);
  pthread_mutex_destroy(&t->mutex);
  free(t);
}

fbq_threads *fbq_threads_create(int32_t count) {
  if (count < 2) return NULL;
  fbq_threads *t = calloc(1, sizeof *t + (size_t)count * sizeof t->handles[0]);
  if (!t) return NULL;
  t->count = count;
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
  while (atomic_load_explicit(&t->unfinished, memory_order_acquire) != 0) {
    pthread_cond_wait(&t->work_done, &t->mutex);
  }
  pthread_mutex_unlock(&t->mutex);
}

void fbq_threads_run(fbq_threads *t, fbq_kernel kernel, const void *parameters, size_t units,
                     uint8_t *scratch, size_t scratch_stride) {
  if (!t || units < 2) {
    kernel(parameters, 0, units, scratch);
    return;
  }
  t->kernel = kernel;
  t->parameters = parameters;
  t->units = units;
  t->scratch = scratch;
  t->scratch_stride = scratch_stride;
  atomic_store_explicit(&t->unfinished, t->count - 1, memory_order_relaxed);
  announce(t);
  run_part(t, 0);
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
