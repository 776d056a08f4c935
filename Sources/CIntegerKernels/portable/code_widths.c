// Codes of 8 bits as codes of 16, and back.
#include "portable.h"
#include "requantize.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void fbq_portable_widen(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_widening *w = parameters;
  const size_t stop = least(end * fbq_lookup_unit, w->count);
  for (size_t i = begin * fbq_lookup_unit; i < stop; i++) w->output[i] = w->table[w->input[i]];
}

void fbq_portable_narrow(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_narrowing *n = parameters;
  const fbq_scale *scale = n->stage.scales;
  const size_t stop = least(end * fbq_lookup_unit, n->count);
  for (size_t i = begin * fbq_lookup_unit; i < stop; i += fbq_channel_block) {
    const size_t count = least(fbq_channel_block, stop - i);
    uint32_t values[fbq_channel_block] = {0};
    for (size_t k = 0; k < count; k++) values[k] = (uint32_t)n->input[i + k] + scale->bias[k];
    fbq_store_codes(fbq_load_u32x4(values), fbq_load_u32x4(values + 4), scale, &n->stage,
                    n->output + i, (int32_t)count);
  }
}
