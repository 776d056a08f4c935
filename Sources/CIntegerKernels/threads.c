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
// What an operator of two microseconds can afford is a few cache lines that move from core to core. The
// caller writes one, `job`, with a generation number that workers wait for. Ranges carry the generation
// that they were last taken from: those of an older one are full, so that nobody has to fill them. Each
// thread counts what it has finished in a line of its own, and the caller reads these.
//
// Workers wait a short while spinning, for operators follow each other within microseconds, then asleep.
// The caller is thread 0 and, when no part is left, waits in the same way for those that others have taken.
#include "CIntegerKernels.h"

#if defined(__unix__) || defined(__APPLE__)

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
  spin_rounds = 2000,
  // As long as threads that began at the same time may end apart.
  rounds_before_stealing = 20,
  // More even out what threads get, fewer cost less.
  parts_per_thread = 2,
  // What one core writes and others read lies in lines of its own.
  cache_line = 64,
};

// The work at hand. It changes only while no part is left and none is being worked on.
typedef struct {
  _Alignas(cache_line) atomic_uint generation;
  // Read by those who take parts before they have one.
  atomic_uint parts;
  size_t units;
  fbq_kernel kernel;
  const void *parameters;
  uint8_t *scratch;
  size_t scratch_stride;
} job;

// A thread's parts first…end − 1 that nobody has taken yet, as generation << 32 | first << 16 | end.
// Whoever changes it owns a part: the thread itself the first, others the last.
typedef struct {
  _Alignas(cache_line) atomic_uint_fast64_t left;
} range;

// How many parts a thread has finished, as generation << 32 | count.
typedef struct {
  _Alignas(cache_line) atomic_uint_fast64_t count;
} progress;

struct fbq_threads {
  job job;
  range *ranges;
  progress *finished;
  pthread_t *handles;
  int32_t count;
  pthread_mutex_t mutex;
  pthread_cond_t work_arrived;
  pthread_cond_t work_done;
  _Alignas(cache_line) atomic_int sleepers;
  atomic_int caller_sleeps;
  atomic_int stops;
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

// Takes a part of thread `owner` for `index`, the thread itself or a thief; -1 if none is left.
//
// No range is empty at first. One of the previous generation is therefore proof that this one is not over,
// and the job, read here, cannot change before the exchange fails.
static int64_t claim(fbq_threads *t, unsigned generation, int32_t owner, int32_t index) {
  atomic_uint_fast64_t *range = &t->ranges[owner].left;
  uint_fast64_t left = atomic_load_explicit(range, memory_order_acquire);
  for (;;) {
    uint64_t first = left >> 16 & 0xffff, end = left & 0xffff;
    if ((unsigned)(left >> 32) != generation) {
      if ((unsigned)(left >> 32) != generation - 1) return -1;
      const uint64_t parts = atomic_load_explicit(&t->job.parts, memory_order_relaxed);
      first = parts * (uint64_t)owner / (uint64_t)t->count;
      end = parts * ((uint64_t)owner + 1) / (uint64_t)t->count;
    }
    if (first == end) return -1;
    const uint64_t part = owner == index ? first++ : --end;
    const uint_fast64_t rest = (uint64_t)generation << 32 | first << 16 | end;
    if (atomic_compare_exchange_weak_explicit(range, &left, rest, memory_order_acq_rel,
                                              memory_order_acquire)) {
      return (int64_t)part;
    }
  }
}

static void run_part(fbq_threads *t, int32_t index, uint64_t part) {
  const job *job = &t->job;
  const size_t parts = atomic_load_explicit(&job->parts, memory_order_relaxed);
  const size_t begin = job->units * part / parts, end = job->units * (part + 1) / parts;
  if (begin == end) return;
  job->kernel(job->parameters, begin, end, job->scratch + (size_t)index * job->scratch_stride);
}

// Says that a worker has finished `count` parts.
static void report(fbq_threads *t, unsigned generation, int32_t index, uint32_t count) {
  // Ordered before the look at `caller_sleeps`, as the caller sets that before its look at counts.
  atomic_store(&t->finished[index].count, (uint64_t)generation << 32 | count);
  if (!atomic_load(&t->caller_sleeps)) return;
  // Under the mutex, so that the caller cannot fall asleep between its check and this signal.
  pthread_mutex_lock(&t->mutex);
  pthread_cond_signal(&t->work_done);
  pthread_mutex_unlock(&t->mutex);
}

// Whether workers have finished `count` parts.
static int have_finished(const fbq_threads *t, unsigned generation, uint32_t count) {
  for (int32_t i = 1; i < t->count; i++) {
    const uint_fast64_t finished = atomic_load(&t->finished[i].count);
    if ((unsigned)(finished >> 32) == generation) count -= (uint32_t)finished;
  }
  return count == 0;
}

// Whether everything is done, or will be before a thread that is done with its range could help. To look
// at another's range takes the line from it, and with equal parts there is seldom anything left in it.
static int is_over(const fbq_threads *t, unsigned generation, int32_t index, uint32_t left) {
  for (int i = 0; i < rounds_before_stealing; i++) {
    const int is_done = index == 0 ? have_finished(t, generation, left)
                                   : atomic_load_explicit(&t->job.generation,
                                                          memory_order_relaxed) != generation;
    if (is_done) return 1;
    relax();
  }
  return 0;
}

// Works on parts until none is left; returns how many.
static uint32_t take_parts(fbq_threads *t, unsigned generation, int32_t index) {
  const uint32_t parts = (uint32_t)atomic_load_explicit(&t->job.parts, memory_order_relaxed);
  uint32_t count = 0;
  for (int32_t i = 0; i < t->count; i++) {
    // The caller's job does not change while it works on it; of others only the caller asks how many.
    if (i == 1 && is_over(t, generation, index, parts - count)) break;
    int64_t part;
    while ((part = claim(t, generation, (index + i) % t->count, index)) >= 0) {
      run_part(t, index, (uint64_t)part);
      count++;
      if (index != 0) report(t, generation, index, count);
    }
  }
  return count;
}

static unsigned wait_for_work(fbq_threads *t, unsigned seen) {
  atomic_uint *generation = &t->job.generation;
  for (int i = 0; i < spin_rounds; i++) {
    unsigned now = atomic_load_explicit(generation, memory_order_acquire);
    if (now != seen) return now;
    relax();
  }
  pthread_mutex_lock(&t->mutex);
  atomic_fetch_add(&t->sleepers, 1);
  unsigned now;
  while ((now = atomic_load(generation)) == seen) {
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
    take_parts(t, seen, start.index);
  }
}

static void wake(fbq_threads *t) {
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
  free(t->finished);
  free(t->handles);
  free(t);
}

// Stops and joins workers 1…last.
static void stop_workers(fbq_threads *t, int32_t last) {
  atomic_store(&t->stops, 1);
  atomic_fetch_add(&t->job.generation, 1);
  wake(t);
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
  t->finished = allocate_lines((size_t)count * sizeof *t->finished);
  t->handles = calloc((size_t)count, sizeof *t->handles);
  if (!t->ranges || !t->finished || !t->handles) {
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

static void wait_for_workers(fbq_threads *t, unsigned generation, uint32_t count) {
  for (int i = 0; i < spin_rounds; i++) {
    if (have_finished(t, generation, count)) return;
    relax();
  }
  pthread_mutex_lock(&t->mutex);
  atomic_store(&t->caller_sleeps, 1);
  while (!have_finished(t, generation, count)) pthread_cond_wait(&t->work_done, &t->mutex);
  atomic_store(&t->caller_sleeps, 0);
  pthread_mutex_unlock(&t->mutex);
}

void fbq_threads_run(fbq_threads *t, fbq_kernel kernel, const void *parameters, size_t units,
                     uint8_t *scratch, size_t scratch_stride) {
  if (!t || units < 2) {
    kernel(parameters, 0, units, scratch);
    return;
  }
  const uint32_t most = (uint32_t)t->count * parts_per_thread;
  // At least one for each thread, though it be empty: all ranges have to be taken from.
  const uint32_t parts = units < most ? (uint32_t)t->count : most;
  job *job = &t->job;
  job->kernel = kernel;
  job->parameters = parameters;
  job->units = units;
  atomic_store_explicit(&job->parts, parts, memory_order_relaxed);
  job->scratch = scratch;
  job->scratch_stride = scratch_stride;
  const unsigned generation = atomic_load_explicit(&job->generation, memory_order_relaxed) + 1;
  // Publishes the work: from here on others may take parts.
  atomic_store_explicit(&job->generation, generation, memory_order_release);
  // A worker that falls asleep at this very moment may be missed. It wakes for the next operator: to wait
  // here until the store above is everywhere would cost every operator more.
  if (atomic_load_explicit(&t->sleepers, memory_order_relaxed) != 0) wake(t);
  const uint32_t own = take_parts(t, generation, 0);
  wait_for_workers(t, generation, parts - own);
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
