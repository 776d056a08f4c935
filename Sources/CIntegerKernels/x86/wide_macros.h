// How the wide kernels are compiled. Internal.
#ifndef FBQ_WIDE_MACROS_H
#define FBQ_WIDE_MACROS_H

#define WIDE_INLINE static inline __attribute__((always_inline))
// Arrays of vectors stay in registers only where every loop over them is unrolled.
#define UNROLLED _Pragma("clang loop unroll(full)")

#endif
