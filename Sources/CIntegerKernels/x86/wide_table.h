// A table of the wide kernels. Included once in the source file of each, after what defines its `lanes` and
// how they are scaled.

#include "wide_output.h"
#include "wide_patches.h"
#include "wide_convolution.h"
#include "wide_depthwise.h"
#include "wide_fully_connected.h"
#include "wide_add.h"
#include "wide_peak.h"

#define WIDE_TABLE                             \
  {                                            \
      .scale_bytes = wide_scale_bytes,         \
      .set_scales = wide_set_scales,           \
      .convolution = &wide_convolution,        \
      .depthwise = &wide_depthwise,            \
      .fully_connected = &wide_fully_connected, \
      .accepts_add = add_accepts,              \
      .add = add_run,                          \
      .multiply_registers = wide_multiply_registers, \
  }
