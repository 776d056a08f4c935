// Operators that move elements without computing with them: each part is an array with steps of its own in
// input and output.
#include "portable.h"

// The innermost axis; a constant `run` once inlined becomes a load and a store.
static inline __attribute__((always_inline)) void copy_runs(const fbq_copy *c, const uint8_t *from,
                                                            uint8_t *to, const size_t run) {
  const size_t count = c->extents[fbq_copy_axes - 1];
  const ptrdiff_t from_step = c->input_steps[fbq_copy_axes - 1];
  const ptrdiff_t to_step = c->output_steps[fbq_copy_axes - 1];
  for (size_t i = 0; i < count; i++, from += from_step, to += to_step) {
    __builtin_memcpy(to, from, run);
  }
}

static void copy_innermost(const fbq_copy *c, const uint8_t *from, uint8_t *to) {
  switch (c->run) {
    case 1: copy_runs(c, from, to, 1); break;
    case 2: copy_runs(c, from, to, 2); break;
    case 4: copy_runs(c, from, to, 4); break;
    case 8: copy_runs(c, from, to, 8); break;
    case 16: copy_runs(c, from, to, 16); break;
    default: copy_runs(c, from, to, c->run); break;
  }
}

static void copy_part(const fbq_copy *c) {
  enum { outer_axes = fbq_copy_axes - 1 };
  size_t index[outer_axes] = {0};
  const uint8_t *from = c->input;
  uint8_t *to = c->output;
  for (;;) {
    copy_innermost(c, from, to);
    int axis = outer_axes - 1;
    for (; axis >= 0; axis--) {
      from += c->input_steps[axis];
      to += c->output_steps[axis];
      if (++index[axis] < c->extents[axis]) break;
      from -= (ptrdiff_t)c->extents[axis] * c->input_steps[axis];
      to -= (ptrdiff_t)c->extents[axis] * c->output_steps[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

void fbq_portable_move(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_copy *parts = parameters;
  for (size_t part = begin; part < end; part++) copy_part(&parts[part]);
}
