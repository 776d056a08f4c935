// Depthwise convolution of 16-bit codes and 8-bit weights, one output per input, in `lanes`, for the portable
// table too.
//
// The image rows under a row of output are copied into a ring, each once, with zeros beside the image. A tap
// is then a place in one of these rows, from where the codes of neighboring outputs follow each other: a
// vector of codes is a part of one pixel's channels or, where channels are few, several pixels. For that a
// row with a stride s is laid out by phases, first the columns 0, s, 2s, …, then 1, s + 1, …
//
//    tap a   ┌───┬───┬───┬───┐
//    tap b   ├───┼───┼───┼───┤   two taps are interleaved and multiplied with pairs of weights; sums have
//            └───┴───┴───┴───┘   32 bits, which hold 480 products, and are in order again as codes
//
// Units are rows of output over [N, OH].

enum {
  // Vectors that are computed together.
  vectors_together = 4,
  // Codes that are copied at once, and perhaps too many.
  copied_codes = 16,
  most_taps_16x8 = 480,
};

typedef struct {
  const fbq_convolution *c;
  size_t channels, pairs;
  // Columns that follow each other in each of so many phases, and codes from one phase to the next.
  size_t phases, phase_columns, phase_codes;
  // Rows from the first tap of a window to its last, and codes of each.
  size_t ring_rows, row_codes;
  // Codes of a block, and blocks of each pixel: one where a block has several pixels.
  size_t block_codes, blocks, block_pixels;
  // Vectors of a row of output, for each block, and codes from one to the next where they are read.
  size_t vectors, step;
} depthwise_plan;

static depthwise_plan plan_depthwise(const fbq_convolution *c) {
  const size_t channels = (size_t)c->output_channels, width = (size_t)c->output_width;
  const size_t stride = (size_t)c->stride_width;
  const size_t last_tap = (size_t)(c->kernel_width - 1) * (size_t)c->dilation_width;
  depthwise_plan p = {.c = c, .channels = channels, .pairs = (taps(c) + 1) / 2};
  p.block_pixels = channels < codes_in_lanes ? codes_in_lanes / channels : 1;
  p.block_codes = least(channels * p.block_pixels, codes_in_lanes);
  p.blocks = (channels + codes_in_lanes - 1) / codes_in_lanes;
  p.vectors = (width + p.block_pixels - 1) / p.block_pixels;
  const int is_phased = channels < codes_in_lanes && stride > 1;
  p.phases = is_phased ? stride : 1;
  p.phase_columns = is_phased ? width + last_tap / stride : (width - 1) * stride + last_tap + 1;
  p.phase_codes = p.phase_columns * channels + copied_codes;
  p.step = channels < codes_in_lanes ? p.block_codes : stride * channels;
  p.ring_rows = (size_t)(c->kernel_height - 1) * (size_t)c->dilation_height + 1;
  // Vectors of the last pixels are read whole.
  p.row_codes = (p.phases * p.phase_codes + 2 * codes_in_lanes) / codes_in_lanes * codes_in_lanes;
  return p;
}

static size_t depthwise_16x8_units(const fbq_convolution_16x8 *layer) {
  return (size_t)layer->windows.batches * (size_t)layer->windows.output_height;
}

// The ring, a row of zeros, the image row in each slot of the ring, the place of each tap.
static size_t depthwise_16x8_scratch(const fbq_convolution_16x8 *layer) {
  const depthwise_plan p = plan_depthwise(&layer->windows);
  return (p.ring_rows + 1) * p.row_codes * sizeof(int16_t) + p.ring_rows * sizeof(size_t) +
         2 * p.pairs * sizeof(const int16_t *);
}

// Of a block: its scales and for each pair of taps two vectors of weights.
static size_t depthwise_block_bytes(const depthwise_plan *p) {
  return 2 * sizeof(scale_16x8) + p->pairs * 2 * sizeof(lanes);
}

static size_t depthwise_16x8_weight_bytes(const fbq_convolution_16x8 *layer) {
  const depthwise_plan p = plan_depthwise(&layer->windows);
  return p.blocks * depthwise_block_bytes(&p);
}

static int32_t depthwise_16x8_accepts(fbq_convolution_16x8 *layer, const uint8_t *weights) {
  fbq_choose_path_16x8(layer, weights, 1);
  return layer->windows.input_channels == layer->windows.output_channels &&
         taps(&layer->windows) <= most_taps_16x8 && depthwise_16x8_scratch(layer) <= scratch_limit;
}

// Of the two vectors that interleaving makes, which has code `at`, and in which lane.
static size_t half_of(size_t at) { return at / 4 % 2; }

static size_t lane_of(size_t at) { return at / 8 * 4 + at % 4; }

static void depthwise_16x8_pack(const fbq_convolution_16x8 *layer, const uint8_t *weights,
                                void *packed) {
  const depthwise_plan p = plan_depthwise(&layer->windows);
  __builtin_memset(packed, 0, depthwise_16x8_weight_bytes(layer));
  for (size_t block = 0; block < p.blocks; block++) {
    scale_16x8 *scales = (void *)((uint8_t *)packed + block * depthwise_block_bytes(&p));
    int16_t *to = (int16_t *)(void *)(scales + 2);
    const size_t first = block * codes_in_lanes;
    for (size_t at = 0; at < least(p.block_codes, p.channels * p.block_pixels - first); at++) {
      const size_t channel = (first + at) % p.channels, half = half_of(at), lane = lane_of(at);
      for (size_t tap = 0; tap < taps(p.c); tap++) {
        const size_t vector = tap / 2 * 2 + half;
        to[vector * codes_in_lanes + pair_element(lane, tap % 2)] =
            (int8_t)weights[tap * p.channels + channel];
      }
      fbq_scale_16x8 scale;
      const int64_t greatest = fbq_greatest_sum_16x8(p.c, weights, 1, channel);
      if (layer->path == fbq_quick && fbq_find_scale_16x8(&layer->stage, channel, greatest, &scale)) {
        set_scale_16x8(scales + half, lane, &scale);
      }
    }
  }
}

// Where the parts of the scratch are.
typedef struct {
  int16_t *ring, *zeros;
  // The image row in each slot, over [N, H].
  size_t *held;
  const int16_t **taps;
} depthwise_scratch_16x8;

static depthwise_scratch_16x8 divide_scratch(const depthwise_plan *p, void *scratch) {
  depthwise_scratch_16x8 s = {.ring = scratch};
  s.zeros = s.ring + p->ring_rows * p->row_codes;
  s.held = (size_t *)(void *)(s.zeros + p->row_codes);
  s.taps = (const int16_t **)(void *)(s.held + p->ring_rows);
  for (size_t slot = 0; slot < p->ring_rows; slot++) s.held[slot] = SIZE_MAX;
  __builtin_memset(s.zeros, 0, p->row_codes * sizeof *s.zeros);
  return s;
}

// How many columns of a phase are before a column of the padded image.
static size_t columns_before(const depthwise_plan *p, size_t column, size_t phase) {
  const size_t count = column > phase ? (column - phase + p->phases - 1) / p->phases : 0;
  return least(count, p->phase_columns);
}

// Whole runs of columns; their length is a constant once inlined, or not.
WIDE_INLINE void copy_columns(const size_t whole, size_t count, const int16_t *from, size_t step,
                              int16_t *to, size_t to_step) {
  for (size_t i = 0; i < count; i++, from += step, to += to_step) {
    for (size_t k = 0; k < whole; k += copied_codes) {
      __builtin_memcpy(to + k, from + k, copied_codes * sizeof *from);
    }
  }
}

// Columns of one row of the image, by phases where the plan has them.
static void lay_out_row(const depthwise_plan *p, const int16_t *image_row, int16_t *to) {
  const fbq_convolution *c = p->c;
  const size_t channels = p->channels, left = (size_t)c->padding_left, width = (size_t)c->input_width;
  const size_t code_bytes = sizeof(int16_t);
  if (p->phases == 1) {
    const size_t before = least(left, p->phase_columns), inside = least(width, p->phase_columns - before);
    const size_t after = p->phase_columns - before - inside;
    __builtin_memset(to, 0, before * channels * code_bytes);
    __builtin_memcpy(to + before * channels, image_row, inside * channels * code_bytes);
    __builtin_memset(to + (before + inside) * channels, 0, after * channels * code_bytes);
    return;
  }
  // Columns that enough others follow are copied in whole runs: what is too much is written again, or lies
  // behind the phase.
  const size_t whole = (channels + copied_codes - 1) / copied_codes * copied_codes;
  const size_t most_whole = (width * channels - least(whole - channels, width * channels)) / channels;
  for (size_t phase = 0; phase < p->phases; phase++, to += p->phase_codes) {
    // Columns of the phase before the image's first, before the last that may be copied whole, before its end.
    const size_t first = columns_before(p, left, phase), last = columns_before(p, left + width, phase);
    if (first >= last) {
      __builtin_memset(to, 0, p->phase_columns * channels * code_bytes);
      continue;
    }
    const size_t last_whole = most(first, columns_before(p, left + most_whole, phase));
    const int16_t *from = image_row + (phase + first * p->phases - left) * channels;
    const size_t step = p->phases * channels;
    int16_t *column = to + first * channels;
    __builtin_memset(to, 0, first * channels * code_bytes);
    if (whole == copied_codes) {
      copy_columns(copied_codes, last_whole - first, from, step, column, channels);
    } else {
      copy_columns(whole, last_whole - first, from, step, column, channels);
    }
    from += (last_whole - first) * step;
    column += (last_whole - first) * channels;
    for (size_t i = last_whole; i < last; i++, from += step, column += channels) {
      __builtin_memcpy(column, from, channels * code_bytes);
    }
    __builtin_memset(column, 0, (p->phase_columns - last) * channels * code_bytes);
  }
}

// Says where the taps of a row of output over [N, OH] are, and copies the image rows that it is first to see.
static void aim_taps_16x8(const depthwise_plan *p, const depthwise_scratch_16x8 *s, size_t row) {
  const fbq_convolution *c = p->c;
  const size_t image = row / (size_t)c->output_height * (size_t)c->input_height;
  int32_t at = (int32_t)(row % (size_t)c->output_height) * c->stride_height - c->padding_top;
  const int16_t **tap = s->taps;
  for (int32_t k = 0; k < c->kernel_height; k++, at += c->dilation_height) {
    const int16_t *codes = s->zeros;
    if (at >= 0 && at < c->input_height) {
      const size_t slot = (size_t)at % p->ring_rows, held = image + (size_t)at;
      int16_t *to = s->ring + slot * p->row_codes;
      if (s->held[slot] != held) {
        const int16_t *input = (const int16_t *)(const void *)c->input;
        lay_out_row(p, input + held * (size_t)c->input_width * p->channels, to);
        s->held[slot] = held;
      }
      codes = to;
    }
    for (size_t l = 0; l < (size_t)c->kernel_width; l++) {
      const size_t column = l * (size_t)c->dilation_width;
      *tap++ = codes + column % p->phases * p->phase_codes + column / p->phases * p->channels;
    }
  }
  // The last of an odd number is paired with itself and a weight of zero.
  if (taps(c) % 2 == 1) *tap = tap[-1];
}

// One block of a row of output.
typedef struct {
  const fbq_convolution_16x8 *layer;
  const depthwise_plan *plan;
  const int16_t *const *taps;
  const scale_16x8 *scales;
  const clamp_16x8 *clamp;
  // The first code of the block in its pixel, and how many a vector stores.
  size_t first, count;
  int16_t *to;
} row_of_block;

static __attribute__((noinline)) void code_by_code(const row_of_block *work, int32_t *low, int32_t *high) {
  for (size_t at = 0; at < work->count; at++) {
    int32_t *sum = (half_of(at) ? high : low) + lane_of(at);
    *sum = fbq_code_16x8(&work->layer->stage, (work->first + at) % work->plan->channels, *sum);
  }
}

// `count` vectors, a constant once inlined, from vector `first`.
WIDE_INLINE void multiply_vectors(const int count, const row_of_block *work, size_t first) {
  const depthwise_plan *p = work->plan;
  const size_t offset = first * p->step + work->first;
  const lanes *weights = (const lanes *)(const void *)(work->scales + 2);
  lanes low[vectors_together], high[vectors_together];
  UNROLLED for (int i = 0; i < count; i++) low[i] = high[i] = lanes_zero();
  for (size_t pair = 0; pair < p->pairs; pair++) {
    const int16_t *a = work->taps[2 * pair] + offset, *b = work->taps[2 * pair + 1] + offset;
    const lanes w_low = lanes_load(weights + 2 * pair), w_high = lanes_load(weights + 2 * pair + 1);
    UNROLLED for (int i = 0; i < count; i++, a += p->step, b += p->step) {
      const lanes x = lanes_load(a), y = lanes_load(b);
      low[i] = lanes_dot_16(low[i], lanes_pairs_low(x, y), w_low);
      high[i] = lanes_dot_16(high[i], lanes_pairs_high(x, y), w_high);
    }
  }
  if (work->layer->path == fbq_quick) {
    UNROLLED for (int i = 0; i < count; i++) {
      low[i] = scaled_16x8(low[i], work->scales);
      high[i] = scaled_16x8(high[i], work->scales + 1);
    }
  } else {
    UNROLLED for (int i = 0; i < count; i++) {
      int32_t sums[2][lane_count];
      lanes_store(sums[0], low[i]);
      lanes_store(sums[1], high[i]);
      code_by_code(work, sums[0], sums[1]);
      low[i] = lanes_load(sums[0]);
      high[i] = lanes_load(sums[1]);
    }
  }
  int16_t *to = work->to + first * p->block_pixels * p->channels;
  UNROLLED for (int i = 0; i < count; i++, to += p->block_pixels * p->channels) {
    const lanes codes = clamped_16x8(lanes_narrow_16(low[i], high[i]), work->clamp);
    if (work->count == codes_in_lanes) {
      lanes_store(to, codes);
    } else {
      store_codes_16x8(to, codes, work->count);
    }
  }
}

// Vectors 0…count − 1. The last ones may be computed twice, which changes nothing.
static void multiply_row_16x8(const row_of_block *work, size_t count) {
  if (count >= vectors_together) {
    for (size_t first = 0; first < count; first += vectors_together) {
      multiply_vectors(vectors_together, work, least(first, count - vectors_together));
    }
  } else {
    for (size_t first = 0; first < count; first++) multiply_vectors(1, work, first);
  }
}

static void depthwise_16x8_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution_16x8 *layer = parameters;
  const fbq_convolution *c = &layer->windows;
  const depthwise_plan p = plan_depthwise(c);
  const clamp_16x8 clamp = load_clamp_16x8(&layer->stage);
  const depthwise_scratch_16x8 s = divide_scratch(&p, scratch);
  // Pixels of a last vector that is not whole.
  const size_t left_over = (size_t)c->output_width % p.block_pixels;
  for (size_t row = begin; row < end; row++) {
    aim_taps_16x8(&p, &s, row);
    int16_t *to = (int16_t *)(void *)c->output + row * (size_t)c->output_width * p.channels;
    for (size_t block = 0; block < p.blocks; block++) {
      const size_t first = block * codes_in_lanes;
      row_of_block work = {
          .layer = layer,
          .plan = &p,
          .taps = s.taps,
          .scales = (const void *)((const uint8_t *)c->weights + block * depthwise_block_bytes(&p)),
          .clamp = &clamp,
          .first = first,
          .count = least(p.block_codes, p.channels * p.block_pixels - first),
          .to = to + first,
      };
      multiply_row_16x8(&work, p.vectors - (left_over > 0));
      if (left_over == 0) continue;
      work.count = left_over * p.channels;
      multiply_vectors(1, &work, p.vectors - 1);
    }
  }
}

// The kernel, as a table or the portable kernels name it.
#define WIDE_DEPTHWISE_16X8                                                             \
  {                                                                                       \
    .accepts = depthwise_16x8_accepts, .units = depthwise_16x8_units,                 \
    .scratch = depthwise_16x8_scratch, .weight_bytes = depthwise_16x8_weight_bytes,   \
    .pack = depthwise_16x8_pack, .run = depthwise_16x8_run,                           \
  }
