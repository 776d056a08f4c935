// Addition, subtraction, multiplication and table lookup.
#include "requantize.h"

// The two inputs of eight neighboring outputs, combined; a constant `multiplies` once inlined.
FBQ_INLINE void combine_row(const fbq_elementwise *e, const int multiplies, const uint8_t *first,
                            const uint8_t *second, uint8_t *to) {
  const fbq_scale *scale = e->stage.scales;
  for (size_t start = 0; start < e->length; start += fbq_channel_block) {
    size_t left = e->length - start;
    size_t count = left < fbq_channel_block ? left : fbq_channel_block;
    uint32_t values[fbq_channel_block] = {0};
    for (size_t i = 0; i < count; i++) {
      uint8_t a = first[(start + i) * e->first_stride];
      uint8_t b = second[(start + i) * e->second_stride];
      values[i] =
          multiplies
              ? (uint32_t)((fbq_code(a, e->input_flip) - e->first_zero_point) *
                           (fbq_code(b, e->input_flip) - e->second_zero_point))
              : (uint32_t)e->first_table[a] + (uint32_t)e->second_table[b];
      values[i] += scale->bias[i];
    }
    fbq_store_codes(fbq_load_u32x4(values), fbq_load_u32x4(values + 4), scale, &e->stage,
                    to + start, (int32_t)count);
  }
}

FBQ_INLINE void combine(const fbq_elementwise *e, const int multiplies, size_t begin,
                        size_t end) {
  for (size_t row = begin; row < end; row++) {
    combine_row(e, multiplies, e->first + row * e->first_row_stride,
                e->second + row * e->second_row_stride, e->output + row * e->length);
  }
}

void fbq_portable_add(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  combine(parameters, 0, begin, end);
}

void fbq_portable_multiply(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  combine(parameters, 1, begin, end);
}

void fbq_portable_lookup(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_lookup *l = parameters;
  size_t stop = end * fbq_lookup_unit < l->count ? end * fbq_lookup_unit : l->count;
  for (size_t i = begin * fbq_lookup_unit; i < stop; i++) l->output[i] = l->table[l->input[i]];
}
