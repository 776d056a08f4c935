// Scaling for any accumulator and shift. Internal to the kernels.
#ifndef FBQ_GENERAL_SCALE_H
#define FBQ_GENERAL_SCALE_H

#include <stdint.h>

// x · multiplier · 2^(shift − 31), as FixedPointMultiplier.scale has it.
int32_t fbq_scale_general(int32_t x, int32_t multiplier, int32_t shift, int32_t single);

#endif
