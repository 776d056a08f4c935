// Umbrella header: float kernels of the engine, float32, row-major, images as [N, H, W, C].
#ifndef FBQ_CFLOATKERNELS_H
#define FBQ_CFLOATKERNELS_H

#include "float_gradient_loops.h"
#include "float_loops.h"
#include "float_memory.h"
#include "float_primitives.h"
#include "float_quantizers.h"
#include "float_rounding.h"
#include "float_threads.h"

#endif
