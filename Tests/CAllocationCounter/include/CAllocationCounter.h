// Counts heap allocations of the calling thread, for tests that assert there are none.
//
// Linked into an executable, this library's malloc and its relatives stand before those of the C
// library and pass every call on to them.
#ifndef FBQ_ALLOCATION_COUNTER_H
#define FBQ_ALLOCATION_COUNTER_H

// Whether allocations are counted in this build: not under a sanitizer, which has its own malloc.
int fbq_allocations_are_counted(void);

// Starts counting on this thread, from 0.
void fbq_allocations_start(void);

// Stops counting and returns how many allocations this thread has made since the start.
long fbq_allocations_stop(void);

#endif
