// Average and max pool, and sums for mean and sum: the channels of a pixel side by side in vectors.

// The taps of a window inside the image.
typedef struct {
  // The first, and the bytes from one to the next along both axes.
  const uint8_t *codes;
  size_t rows, columns, row_step, column_step;
} window_taps;

static window_taps taps_at(const fbq_pool *p, size_t row, int32_t column) {
  const int32_t top = (int32_t)(row % (size_t)p->output_height) * p->stride_height - p->padding_top;
  const int32_t left = column * p->stride_width - p->padding_left;
  const int32_t first_row = top > 0 ? top : 0, first_column = left > 0 ? left : 0;
  const int32_t bottom = top + p->window_height, right = left + p->window_width;
  const size_t channels = (size_t)p->channels, line = (size_t)p->input_width * channels;
  const size_t batch = row / (size_t)p->output_height;
  return (window_taps){
      .codes = p->input + (batch * (size_t)p->input_height + (size_t)first_row) * line +
               (size_t)first_column * channels,
      .rows = (size_t)((bottom < p->input_height ? bottom : p->input_height) - first_row),
      .columns = (size_t)((right < p->input_width ? right : p->input_width) - first_column),
      .row_step = line,
      .column_step = channels,
  };
}

static void max_pool_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_pool *p = parameters;
  const size_t channels = (size_t)p->channels;
  const lanes minimum = lanes_repeat_8(p->minimum), maximum = lanes_repeat_8(p->maximum);
  const lanes flips = lanes_repeat_8(p->flip);
  uint8_t *to = p->output + begin * (size_t)p->output_width * channels;
  for (size_t row = begin; row < end; row++) {
    for (int32_t column = 0; column < p->output_width; column++, to += channels) {
      const window_taps taps = taps_at(p, row, column);
      for (size_t channel = 0; channel < channels; channel += sizeof(lanes)) {
        const size_t count = least(sizeof(lanes), channels - channel);
        // Starting from the lower limit clamps from below.
        lanes greatest = minimum;
        for (size_t i = 0; i < taps.rows; i++) {
          const uint8_t *from = taps.codes + i * taps.row_step + channel;
          for (size_t j = 0; j < taps.columns; j++, from += taps.column_step) {
            greatest = lanes_maximum_8(greatest, count == sizeof(lanes)
                                                     ? lanes_xor(lanes_load(from), flips)
                                                     : lanes_load_bytes(from, count, flips));
          }
        }
        lanes codes = lanes_xor(lanes_minimum_8(greatest, maximum), flips);
        if (count == sizeof(lanes)) {
          lanes_store(to + channel, codes);
        } else {
          lanes_store_bytes(to + channel, codes, count);
        }
      }
    }
  }
}

// Division by a count, halves away from zero: q = (4·n·m) >> (32 + shift) is n / count for
// 0 ≤ n < 2^29, where 2^shift ≤ count and m = ⌈2^(30 + shift) / count⌉ ≤ 2^30. For m·count is less than
// `count` ≤ 2^(shift + 1) − 1 beyond 2^(30 + shift), and n times that less than 2^(30 + shift).
typedef struct {
  int32_t count;
  lanes half, multiplier, shift;
} divisor;

// More taps would leave these bounds: sums are below 2^7 and 2^8 times the taps.
enum { most_taps = 1 << 20 };

static divisor divisor_of(int32_t count) {
  const int32_t shift = 31 - __builtin_clz((unsigned)count);
  const int64_t power = (int64_t)1 << (30 + shift);
  return (divisor){
      .count = count,
      .half = lanes_repeat(count / 2),
      .multiplier = lanes_repeat((int32_t)((power + count - 1) / count)),
      .shift = lanes_repeat(shift),
  };
}

WIDE_INLINE lanes divided(lanes sum, const divisor *by) {
  const lanes sign = lanes_sign(sum);
  const lanes magnitude = lanes_subtract(lanes_xor(sum, sign), sign);
  const lanes n = lanes_shift_left(lanes_add(magnitude, by->half), 2);
  const lanes quotient = lanes_shift_right(lanes_multiply_high(n, by->multiplier), by->shift);
  return lanes_subtract(lanes_xor(quotient, sign), sign);
}

// Σ of unsigned codes of up to lane_count channels.
WIDE_INLINE lanes sum_of_taps(const window_taps *taps, size_t channel, size_t count, lanes flips) {
  lanes sum = lanes_zero();
  for (size_t i = 0; i < taps->rows; i++) {
    const uint8_t *from = taps->codes + i * taps->row_step + channel;
    for (size_t j = 0; j < taps->columns; j++, from += taps->column_step) {
      sum = lanes_add(sum, lanes_xor(lanes_expand(from, count), flips));
    }
  }
  return sum;
}

static void average_pool_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_pool *p = parameters;
  if ((int64_t)p->window_height * p->window_width > most_taps) {
    fbq_portable_average_pool(parameters, begin, end, scratch);
    return;
  }
  const size_t channels = (size_t)p->channels;
  // int8 codes become unsigned and back; so do those of uint8 when they are narrowed as signed ones.
  const int32_t offset = p->flip ? 128 : 0;
  const lanes flips = lanes_repeat(p->flip ^ 0x80);
  const loaded_stage stage = {
      .zero_point = lanes_zero(),
      .minimum = lanes_repeat_8(p->minimum - offset),
      .maximum = lanes_repeat_8(p->maximum - offset),
      .flip = lanes_repeat_8(p->flip),
  };
  divisor by = divisor_of(1);
  uint8_t *to = p->output + begin * (size_t)p->output_width * channels;
  for (size_t row = begin; row < end; row++) {
    for (int32_t column = 0; column < p->output_width; column++, to += channels) {
      const window_taps taps = taps_at(p, row, column);
      const int32_t taps_count = (int32_t)(taps.rows * taps.columns);
      if (by.count != taps_count) by = divisor_of(taps_count);
      const lanes zero_points = lanes_repeat(p->flip ? 0 : 128 * taps_count);
      for (size_t channel = 0; channel < channels; channel += lane_count) {
        const size_t count = least(lane_count, channels - channel);
        lanes sum = count == lane_count ? sum_of_taps(&taps, channel, lane_count, flips)
                                        : sum_of_taps(&taps, channel, count, flips);
        lanes mean = divided(lanes_subtract(sum, zero_points), &by);
        mean = lanes_subtract(mean, lanes_repeat(offset));
        lanes_store_bytes(to + channel, codes_of_four(mean, mean, mean, mean, &stage), count);
      }
    }
  }
}

static void reduce_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  (void)scratch;
  const fbq_reduce *r = parameters;
  const wide_scale *scale = r->stage.scales;
  const loaded_stage stage = load_stage(&r->stage);
  const uint8_t flip = r->input_flip ^ 0x80;
  const lanes flips = lanes_repeat(flip), code_flips = lanes_repeat_8(r->input_flip ^ code_flip);
  // Of unsigned bytes over codes.
  const int32_t excess = (int32_t)((128 - code_flip) * (uint32_t)r->count);
  const lanes bias = lanes_subtract(
      lanes_load(scale->bias), lanes_repeat((int32_t)(128 * (uint32_t)r->count)));
  for (size_t outer = begin; outer < end; outer++) {
    const window_taps taps = {
        .codes = r->input + outer * r->count * r->inner,
        .rows = 1,
        .columns = r->count,
        .column_step = r->inner,
    };
    uint8_t *to = r->output + outer * r->inner;
    for (size_t channel = 0; channel < r->inner; channel += lane_count) {
      const size_t count = least(lane_count, r->inner - channel);
      lanes sum = r->inner == 1 ? lanes_repeat(sum_of_run(taps.codes, r->count, code_flips) + excess)
                  : count == lane_count ? sum_of_taps(&taps, channel, lane_count, flips)
                                        : sum_of_taps(&taps, channel, count, flips);
      sum = scaled(lanes_add(sum, bias), scale, &r->stage);
      lanes_store_bytes(to + channel, codes_of_four(sum, sum, sum, sum, &stage), count);
    }
  }
}
