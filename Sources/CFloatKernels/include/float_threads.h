// Threads: the OpenMP pool that oneDNN uses anyway, so that two pools never compete.
#ifndef FBQ_FLOAT_THREADS_H
#define FBQ_FLOAT_THREADS_H

#include <stdint.h>

/// Work on the part [begin, end) of a range.
typedef void (*FloatRangeBody)(const void *context, int64_t begin, int64_t end);

/// Makes the calling thread's parallel regions `threads` wide, oneDNN's included, and returns the
/// former width.
int float_threads_exchange(int threads);

/// Splits [0, count) into one contiguous part per thread and runs `body` on each. The split
/// depends on `count` and the number of threads alone, so equal settings give equal bits.
void float_threads_run(int64_t count, FloatRangeBody body, const void *context);

/// Makes idle threads sleep soon instead of spinning for milliseconds, by starting the program
/// `arguments` anew with GOMP_SPINCOUNT set, unless the environment says how threads wait. OpenMP
/// reads that once, when it is loaded. To be called first thing in `main`; returns if nothing had
/// to be changed, or nothing could be.
void float_threads_limit_spinning(char *const *arguments);

#endif
