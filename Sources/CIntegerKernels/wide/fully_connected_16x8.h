// Fully connected layer of 16-bit codes and 8-bit weights, for the portable table too: every weight is read
// where it lies, widened, and multiplied with the codes of one or two rows. Units are four outputs, the last
// of which may be the layer's last output again, computed and not stored.
//
// Sums have 64 bits, those of a chunk of inputs 32. A product is at most 2^15 · 2^7 = 2^22 in magnitude, and a
// chunk has at most 480 of them: together less than 480 · 2^22 < 2^31, in whatever lanes they are gathered,
// with any of them missing, and when the lanes are added up. 480 inputs are whole vectors of 8, 16 and 32.

enum { chunk_16x8 = 480, most_rows_16x8 = 2 };

// Four outputs: their weights, and what makes codes of their sums.
typedef struct {
  const uint8_t *weights[fbq_16x8_unit];
  fbq_multiplier multipliers[fbq_16x8_unit];
  int64_t bias[fbq_16x8_unit];
  // Of sums of 64 bits: the multiplier's upper 16, half of what is divided by, and the division's shift.
  int64_t upper[fbq_16x8_unit];
  int64_t half[fbq_16x8_unit];
  int64_t shift[fbq_16x8_unit];
} unit_16x8;

WIDE_INLINE unit_16x8 load_unit_16x8(const fbq_fully_connected_16x8 *layer, size_t first) {
  unit_16x8 unit;
  for (size_t o = 0; o < fbq_16x8_unit; o++) {
    const size_t output = first + o < layer->outputs ? first + o : layer->outputs - 1;
    const fbq_multiplier factor = layer->stage.multipliers[layer->stage.has_one_multiplier ? 0 : output];
    unit.weights[o] = layer->weights + output * layer->inputs;
    unit.multipliers[o] = factor;
    unit.bias[o] = layer->stage.bias[output];
    unit.upper[o] = factor.multiplier < 0x7fff0000 ? (factor.multiplier + (1 << 15)) >> 16 : 0x7fff;
    unit.shift[o] = layer->stage.has_narrow_sums ? 1 : 15 - factor.shift;
    unit.half[o] = (int64_t)1 << (unit.shift[o] - 1);
  }
  return unit;
}

// Adds one vector's products to the lanes of four outputs and `rows` rows, a constant once inlined.
WIDE_INLINE void dot_16x8(lanes partial[][fbq_16x8_unit], const int16_t *codes, size_t inputs,
                          const uint8_t *const *weights, size_t at, size_t count, const int rows) {
  lanes u[most_rows_16x8];
  UNROLLED for (int row = 0; row < rows; row++) {
    u[row] = lanes_load_16(codes + (size_t)row * inputs + at, count);
  }
  UNROLLED for (int o = 0; o < fbq_16x8_unit; o++) {
    const lanes w = lanes_expand_16(weights[o] + at, count);
    // The next unit's: each line is asked for once, long enough before it is read.
    __builtin_prefetch(weights[o] + at + fbq_16x8_unit * inputs);
    UNROLLED for (int row = 0; row < rows; row++) {
      partial[row][o] = lanes_dot_16(partial[row][o], u[row], w);
    }
  }
}

// The codes of four sums.
WIDE_INLINE void codes_16x8(const fbq_fully_connected_16x8 *layer, const unit_16x8 *unit,
                            const int64_t *sums, int16_t *codes) {
  int64_t scaled[fbq_16x8_unit];
  if (layer->stage.has_narrow_sums) {
    for (int o = 0; o < fbq_16x8_unit; o++) {
      scaled[o] = fbq_scale_general((int32_t)sums[o], unit->multipliers[o].multiplier,
                                    unit->multipliers[o].shift, layer->stage.single);
    }
  } else {
    // |sum| < 2^47 and the multiplier has 15 bits. What would saturate at 32 bits is clamped below.
    for (int o = 0; o < fbq_16x8_unit; o++) {
      scaled[o] = (sums[o] * unit->upper[o] + unit->half[o]) >> unit->shift[o];
    }
  }
  for (int o = 0; o < fbq_16x8_unit; o++) {
    const int64_t v = scaled[o] < layer->stage.minimum ? layer->stage.minimum : scaled[o];
    codes[o] = (int16_t)(v > layer->stage.maximum ? layer->stage.maximum : v);
  }
}

// Four outputs of `rows` rows, from row `first_row` on.
WIDE_INLINE void rows_16x8(const fbq_fully_connected_16x8 *layer, const unit_16x8 *unit, size_t output,
                           size_t first_row, const int rows) {
  enum { step = sizeof(lanes) / sizeof(int16_t) };
  const size_t inputs = layer->inputs;
  const int16_t *codes = layer->input + first_row * inputs;
  int64_t sums[most_rows_16x8][fbq_16x8_unit];
  for (int row = 0; row < rows; row++) {
    for (int o = 0; o < fbq_16x8_unit; o++) sums[row][o] = unit->bias[o];
  }
  for (size_t i = 0; i < inputs;) {
    const size_t end = inputs - i < chunk_16x8 ? inputs : i + chunk_16x8;
    lanes partial[most_rows_16x8][fbq_16x8_unit];
    UNROLLED for (int row = 0; row < rows; row++) {
      UNROLLED for (int o = 0; o < fbq_16x8_unit; o++) partial[row][o] = lanes_zero();
    }
    for (; i + step <= end; i += step) dot_16x8(partial, codes, inputs, unit->weights, i, step, rows);
    if (i < end) dot_16x8(partial, codes, inputs, unit->weights, i, end - i, rows);
    i = end;
    for (int row = 0; row < rows; row++) {
      int32_t part[fbq_16x8_unit];
      lanes_sums_of_four(partial[row], part);
      for (int o = 0; o < fbq_16x8_unit; o++) sums[row][o] += part[o];
    }
  }
  const size_t used = layer->outputs - output;
  for (int row = 0; row < rows; row++) {
    int16_t *to = layer->output + (first_row + (size_t)row) * layer->outputs + output;
    int16_t codes[fbq_16x8_unit];
    codes_16x8(layer, unit, sums[row], codes);
    if (used >= fbq_16x8_unit) {
      __builtin_memcpy(to, codes, sizeof codes);
    } else {
      for (size_t o = 0; o < used; o++) to[o] = codes[o];
    }
  }
}

static void fully_connected_16x8_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_fully_connected_16x8 *layer = parameters;
  for (size_t index = begin; index < end; index++) {
    const size_t output = index * fbq_16x8_unit;
    const unit_16x8 unit = load_unit_16x8(layer, output);
    size_t row = 0;
    for (; row + most_rows_16x8 <= layer->rows; row += most_rows_16x8) {
      rows_16x8(layer, &unit, output, row, most_rows_16x8);
    }
    for (; row < layer->rows; row++) rows_16x8(layer, &unit, output, row, 1);
  }
}
