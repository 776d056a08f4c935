// Softmax: a code's exponential depends on its difference to the greatest code alone, of which there are
// 256, and so does its probability once the sum of a row is known. The steps are those of the reference's
// GemmlowpMath.
#include "portable.h"
#include "vectors.h"

enum { differences = 256 };

static int32_t product(int32_t a, int32_t b) {
  // The saturating case does not arise: no operand is INT32_MIN.
  return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

static int32_t saturated(int64_t value) {
  return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

// Halves away from zero; x is not negative.
static int32_t divided(int32_t x, int32_t exponent) {
  return (int32_t)(((int64_t)x + ((int64_t)1 << (exponent - 1))) >> exponent);
}

// 1 / (1 + f) for f in [0, 1), Q0.31 to Q0.31.
static int32_t one_over_one_plus(int32_t f) {
  const int32_t half = (int32_t)(((int64_t)f + INT32_MAX + 1) / 2);
  int32_t estimate = 1515870810 + product(half, -1010580540);
  for (int i = 0; i < 3; i++) {
    int32_t error = (1 << 29) - product(half, estimate);
    estimate += saturated((int64_t)product(estimate, error) * 4);
  }
  return saturated((int64_t)estimate * 2);
}

// What makes codes of exponentials: their product with `reciprocal`, divided by 2^`shift`.
typedef struct {
  int32_t reciprocal, shift;
} normalization;

static uint8_t code(int32_t term, normalization n, uint8_t flip) {
  int32_t probability =
      term < 0 || n.shift > 31 ? 0 : divided(product(n.reciprocal, term), n.shift);
  return (uint8_t)((probability > 255 ? 255 : probability) - 128) ^ flip;
}

// `sum` is at least 2^19: the greatest code's own term makes it that.
static normalization normalization_of(uint32_t sum) {
  const int32_t headroom = __builtin_clz(sum);
  return (normalization){
      .reciprocal = one_over_one_plus((int32_t)((sum << headroom) - 0x80000000u)),
      .shift = 12 - headroom + 31 - 8,
  };
}

static uint32_t summand(int32_t term) { return term < 0 ? 0 : (uint32_t)divided(term, 12); }

static void normalize_row(const fbq_softmax *s, const uint8_t *input, uint8_t *output) {
  int32_t greatest = INT8_MIN;
  for (size_t i = 0; i < s->length; i++) {
    int32_t value = fbq_code(input[i], s->flip);
    greatest = value > greatest ? value : greatest;
  }
  uint32_t sum = 0;
  for (size_t i = 0; i < s->length; i++) {
    sum += summand(s->exponentials[greatest - fbq_code(input[i], s->flip)]);
  }
  const normalization n = normalization_of(sum);
  if (s->length < differences) {
    for (size_t i = 0; i < s->length; i++) {
      output[i] = code(s->exponentials[greatest - fbq_code(input[i], s->flip)], n, s->flip);
    }
    return;
  }
  uint8_t codes[differences];
  for (int i = 0; i < differences; i++) codes[i] = code(s->exponentials[i], n, s->flip);
  for (size_t i = 0; i < s->length; i++) {
    output[i] = codes[greatest - fbq_code(input[i], s->flip)];
  }
}

// Rows of two, of which detectors have thousands: their difference decides both codes, so that those of
// each difference are computed once.
static void normalize_pairs(const fbq_softmax *s, size_t begin, size_t end) {
  uint8_t greater[differences], lesser[differences], is_known[differences] = {0};
  for (size_t row = begin; row < end; row++) {
    const uint8_t *input = s->input + 2 * row;
    uint8_t *output = s->output + 2 * row;
    const int32_t difference = fbq_code(input[0], s->flip) - fbq_code(input[1], s->flip);
    const int32_t distance = difference < 0 ? -difference : difference;
    if (!is_known[distance]) {
      const int32_t first = s->exponentials[0], second = s->exponentials[distance];
      const normalization n = normalization_of(summand(first) + summand(second));
      greater[distance] = code(first, n, s->flip);
      lesser[distance] = code(second, n, s->flip);
      is_known[distance] = 1;
    }
    output[0] = difference < 0 ? lesser[distance] : greater[distance];
    output[1] = difference < 0 ? greater[distance] : lesser[distance];
  }
}

void fbq_portable_softmax(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_softmax *s = parameters;
  if (s->length == 2) {
    normalize_pairs(s, begin, end);
    return;
  }
  for (size_t row = begin; row < end; row++) {
    normalize_row(s, s->input + row * s->length, s->output + row * s->length);
  }
}
