// Layers of 16-bit codes and 8-bit weights, in vectors of 4 lanes.
#include "../wide/macros.h"
#include "general_scale.h"
#include "output_16x8.h"
#include "portable.h"
#include "vectors.h"

#include "lanes_portable.h"

#include "../wide/divisions.h"
#include "../wide/patches.h"
#include "../wide/fully_connected_16x8.h"
#include "../wide/output_16x8.h"
#include "../wide/convolution_16x8.h"
#include "../wide/depthwise_16x8.h"

void fbq_portable_fully_connected_16x8(const void *parameters, size_t begin, size_t end, void *scratch) {
  fully_connected_16x8_run(parameters, begin, end, scratch);
}

const fbq_convolution_16x8_kernel fbq_portable_convolution_16x8 = WIDE_CONVOLUTION_16X8;
const fbq_convolution_16x8_kernel fbq_portable_depthwise_16x8 = WIDE_DEPTHWISE_16X8;
