// A table of the wide kernels. Included once in the source file of each, after what defines its `lanes` and
// how they are scaled.

#include "divisions.h"
#include "output.h"
#include "patches.h"
#include "patch_sums.h"
#include "tiles.h"
#ifdef TILES_TAKE_TURNS
#include "turns.h"
#else
#include "no_turns.h"
#endif
#include "convolution.h"
#include "depthwise.h"
#include "fully_connected.h"
#include "fully_connected_16x8.h"
#include "output_16x8.h"
#include "convolution_16x8.h"
#include "depthwise_16x8.h"
#include "elementwise.h"
#include "sums_16.h"
#include "code_widths.h"
#include "pool.h"
#include "peak.h"

static const fbq_convolution_16x8_kernel wide_convolution_16x8 = WIDE_CONVOLUTION_16X8;
static const fbq_convolution_16x8_kernel wide_depthwise_16x8 = WIDE_DEPTHWISE_16X8;

// What all tables of wide kernels have.
#define WIDE_KERNELS                                                              \
  .scale_bytes = wide_scale_bytes, .set_scales = wide_set_scales,                 \
  .convolution = &wide_convolution, .depthwise = &wide_depthwise,                 \
  .fully_connected = &wide_fully_connected,                                       \
  .fully_connected_16x8 = fully_connected_16x8_run,                               \
  .convolution_16x8 = &wide_convolution_16x8,                                     \
  .depthwise_16x8 = &wide_depthwise_16x8, .accepts_add = add_accepts,             \
  .add = add_run, .add_16 = add_16_run, .multiply = multiply_run,                 \
  .reduce_16 = reduce_16_run, .widen = widen_run,                                 \
  .narrow = narrow_run, .average_pool = average_pool_run,                         \
  .max_pool = max_pool_run, .reduce = reduce_run,                                 \
  .multiply_registers = wide_multiply_registers
