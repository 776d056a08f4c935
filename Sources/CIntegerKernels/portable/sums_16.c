// Sums of 16-bit codes: of two arrays, and over the middle of one.
#include "general_scale.h"
#include "portable.h"
#include "requantize.h"

// A code of a sum, by the scale that all of a stage's block are.
static int16_t code_of_sum(const fbq_output *stage, int32_t sum, int32_t minimum, int32_t maximum) {
  const fbq_scale *scale = stage->scales;
  const int32_t code =
      fbq_scale_general(sum, (int32_t)scale->multiplier[0], scale->shift[0], stage->single);
  return (int16_t)(code < minimum ? minimum : code > maximum ? maximum : code);
}

static int32_t scaled_input(const fbq_addition_16 *a, int16_t code, fbq_multiplier factor) {
  return fbq_scale_general(code * (1 << a->left_shift), factor.multiplier, factor.shift, a->stage.single);
}

void fbq_portable_add_16(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_addition_16 *a = parameters;
  for (size_t row = begin; row < end; row++) {
    const int16_t *first = a->first + row * a->first_row_stride;
    const int16_t *second = a->second + row * a->second_row_stride;
    for (size_t i = 0; i < a->length; i++) {
      const int32_t x = scaled_input(a, first[i], a->first_multiplier);
      const int32_t y = scaled_input(a, second[i], a->second_multiplier);
      a->output[row * a->length + i] = code_of_sum(&a->stage, a->negates_second ? x - y : x + y,
                                                   a->stage.minimum, a->stage.maximum);
    }
  }
}

void fbq_portable_reduce_16(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_reduce *r = parameters;
  const int16_t *input = (const int16_t *)(const void *)r->input;
  int16_t *output = (int16_t *)(void *)r->output;
  for (size_t outer = begin; outer < end; outer++) {
    for (size_t at = 0; at < r->inner; at++) {
      const int16_t *from = input + outer * r->count * r->inner + at;
      int32_t sum = 0;
      for (size_t i = 0; i < r->count; i++) sum += from[i * r->inner];
      output[outer * r->inner + at] = code_of_sum(&r->stage, sum, INT16_MIN, INT16_MAX);
    }
  }
}
