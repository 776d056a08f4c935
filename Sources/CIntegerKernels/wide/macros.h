// How the wide kernels are compiled. Internal.
#ifndef FBQ_WIDE_MACROS_H
#define FBQ_WIDE_MACROS_H

#define WIDE_INLINE static inline __attribute__((always_inline))
// Arrays of vectors stay in registers only where every loop over them is unrolled.
#define UNROLLED _Pragma("clang loop unroll(full)")
// A vector that the compiler knows nothing about, so that it computes again what it would compute once.
#if defined(__aarch64__)
#define FORGET(vector) __asm__ volatile("" : "+w"(vector))
#else
#define FORGET(vector) __asm__ volatile("" : "+v"(vector))
#endif

#endif
