// Padding with a constant: a row of the output is a row of the input with the constant at its ends, or the
// constant alone.
#include "portable.h"

enum { last_axis = fbq_pad_axes - 1 };

// The input's row under a row of the output; null where there is none.
static const uint8_t *row_under(const fbq_pad *p, size_t row) {
  size_t index = 0, stride = p->input_extents[last_axis];
  for (int axis = last_axis - 1; axis >= 0; axis--) {
    size_t at = row % p->output_extents[axis];
    row /= p->output_extents[axis];
    // Below `before`, the difference wraps to beyond any extent.
    if (at - p->before[axis] >= p->input_extents[axis]) return NULL;
    index += (at - p->before[axis]) * stride;
    stride *= p->input_extents[axis];
  }
  return p->input + index;
}

void fbq_portable_pad(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_pad *p = parameters;
  const size_t length = p->output_extents[last_axis], used = p->input_extents[last_axis];
  const size_t before = p->before[last_axis], after = length - before - used;
  for (size_t row = begin; row < end; row++) {
    uint8_t *to = p->output + row * length;
    const uint8_t *from = row_under(p, row);
    if (!from) {
      __builtin_memset(to, p->value, length);
      continue;
    }
    __builtin_memset(to, p->value, before);
    __builtin_memcpy(to + before, from, used);
    __builtin_memset(to + before + used, p->value, after);
  }
}
