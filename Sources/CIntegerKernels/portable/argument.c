// Arg max and arg min over the last axis: the code above the position from the end, as one number of 16 bits
// whose greatest is the greatest code that stands first.
#include "portable.h"
#include "vectors.h"

static int32_t first_greatest(const uint8_t *codes, int32_t length, uint8_t flip) {
  int16_t greatest = INT16_MIN;
  for (int32_t i = 0; i < length; i++) {
    const int16_t key = (int16_t)(fbq_code(codes[i], flip) * 256 + 255 - i);
    greatest = key > greatest ? key : greatest;
  }
  return 255 - (greatest & 255);
}

void fbq_portable_argument(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_argument *a = parameters;
  // All bits flipped, the least code is the greatest.
  const uint8_t flip = a->finds_least ? a->flip ^ 0xff : a->flip;
  for (size_t row = begin; row < end; row++) {
    const int32_t index = first_greatest(a->input + row * a->length, (int32_t)a->length, flip);
    const int64_t wide = index;
    if (a->width == sizeof wide) {
      __builtin_memcpy(a->output + row * sizeof wide, &wide, sizeof wide);
    } else {
      __builtin_memcpy(a->output + row * sizeof index, &index, sizeof index);
    }
  }
}
