// Depthwise convolution with one output channel per input channel, a strip of 4 blocks of channels at a time.
//
// First the bytes of up to four rows are laid side by side, column by column, one vector per block:
//
//   column   0    1    2    3
//   row 0   ┌──┐ ┌──┐ ┌──┐ ┌──┐     ▲
//   row 1   │  │ │  │ │  │ │  │     │ the 4 bytes of a lane, a "quad"; kernels of more than 4 rows have
//   row 2   │  │ │  │ │  │ │  │     ▼ several vectors per column and block
//           └──┘ └──┘ └──┘ └──┘
//           └────────────┘           output 0 of a 3 × 3 kernel: three dot products
//                └────────────┘      output 1
//
// so that a column's vector, once made, serves all outputs that see it, and rows and columns outside the
// image, made of the zero point, need no more attention (the bias takes them away again, see
// convolution.h). Where windows of neighboring outputs are one row apart and the quads have a row
// to spare, the same quads serve two output rows, with weights that are one row apart. Then four output
// pixels are computed at a time: sixteen sums, whose codes are the 64 bytes of a strip of each. Long rows
// are done in segments that stay in the first-level cache.
//
// Weights with a zero point need 9 bits: where lane_weights have no room for that they are the sum of two
// halves, each with a dot product of its own. Units are groups of output rows that quads serve, image by
// image, or strips of channels.

enum {
  strip_blocks = 4,
  strip_channels = strip_blocks * lane_count,
  // Quads of the tallest kernel.
  most_quads = 4,
  // Output pixels that are computed together.
  together = 4,
  // Columns of a segment, at least those of one group of pixels.
  segment_columns = 48,
};

static size_t quads(const fbq_convolution *c) { return ((size_t)c->kernel_height + 3) / 4; }

static size_t strips(const fbq_convolution *c) {
  return ((size_t)c->output_channels + strip_channels - 1) / strip_channels;
}

// Columns from the first tap of the first of `pixels` windows to the last tap of the last.
static size_t window_columns(const fbq_convolution *c, size_t pixels) {
  return (pixels - 1) * (size_t)c->stride_width +
         (size_t)(c->kernel_width - 1) * (size_t)c->dilation_width + 1;
}

// Output pixels of a segment.
static size_t segment_pixels(const fbq_convolution *c) {
  size_t pixels = segment_columns / (size_t)c->stride_width / together * together;
  size_t all = ((size_t)c->output_width + together - 1) / together * together;
  return least(pixels < together ? together : pixels, all);
}

// Output rows that the same quads serve: their weights are one row apart.
static size_t rows_together(const fbq_convolution *c) {
  return c->stride_height == 1 && c->dilation_height == 1 && c->kernel_height % 4 != 0 ? 2 : 1;
}

// Of an image, each the rows that the same quads serve.
static size_t row_groups(const fbq_convolution *c) {
  return ((size_t)c->output_height + rows_together(c) - 1) / rows_together(c);
}

static size_t depthwise_units(const fbq_convolution *c) {
  return c->splits_channels ? strips(c) : (size_t)c->batches * row_groups(c);
}

// The quads of a segment and a strip of zero points, in place of rows outside the image.
static size_t depthwise_scratch(const fbq_convolution *c) {
  return (window_columns(c, segment_pixels(c)) * quads(c) * strip_blocks + 1) * sizeof(lanes);
}

// What a weight is the sum of.
static size_t weight_parts(const fbq_convolution *c) {
  return has_wide_weights || c->weight_zero_point == 0 ? 1 : 2;
}

// Packed weights of a block of channels.
static size_t block_bytes(const fbq_convolution *c) {
  return quads(c) * (size_t)c->kernel_width * weight_parts(c) * sizeof(lane_weights);
}

// Of one copy of the weights.
static size_t copy_bytes(const fbq_convolution *c) {
  return wide_blocks((size_t)c->output_channels) * block_bytes(c);
}

static size_t depthwise_weight_bytes(const fbq_convolution *c) {
  return rows_together(c) * copy_bytes(c);
}

static int32_t depthwise_accepts(const fbq_convolution *c) {
  // Half of 127 + 128 would not fit.
  return (has_wide_weights || c->weight_zero_point != -128) &&
         c->input_channels == c->output_channels && quads(c) <= most_quads &&
         depthwise_scratch(c) <= scratch_limit;
}

// For each output row that the quads serve, and each block of channels, [kernel_width][quads][parts]
// lane_weights, padded with zeros.
static void depthwise_pack(const fbq_convolution *c, const uint8_t *weights, int32_t *bias,
                           void *packed) {
  const size_t channels = (size_t)c->output_channels;
  const size_t width = (size_t)c->kernel_width, parts = weight_parts(c);
  const uint32_t zero_point = (uint32_t)shifted_zero_point(c);
  __builtin_memset(packed, 0, depthwise_weight_bytes(c));
  for (size_t row = 0; row < (size_t)c->kernel_height; row++) {
    for (size_t column = 0; column < width; column++, weights += channels) {
      for (size_t copy = 0; copy < rows_together(c); copy++) {
        const size_t at = row + copy;
        uint8_t *to = (uint8_t *)packed + copy * copy_bytes(c) +
                      (column * quads(c) + at / 4) * parts * sizeof(lane_weights);
        for (size_t channel = 0; channel < channels; channel++) {
          uint8_t *first = to + channel / lane_count * block_bytes(c);
          const size_t lane = channel % lane_count;
          const int32_t weight =
              (int8_t)(weights[channel] ^ c->weight_flip) - c->weight_zero_point;
          const int32_t half = parts == 1 ? weight : weight >> 1;
          set_weight(first, lane, at % 4, half);
          if (parts == 2) set_weight(first + sizeof(lane_weights), lane, at % 4, weight - half);
        }
      }
      for (size_t channel = 0; channel < channels; channel++) {
        const int32_t weight = (int8_t)(weights[channel] ^ c->weight_flip) - c->weight_zero_point;
        bias[channel] = (int32_t)((uint32_t)bias[channel] - (uint32_t)weight * zero_point);
      }
    }
  }
}

// Where the rows under a window are, and the step from one column to the next: none where the row is
// outside the image.
typedef struct {
  const uint8_t *codes[4 * most_quads];
  size_t steps[4 * most_quads];
} window_rows;

// A segment of one row of output, of one strip of channels.
typedef struct {
  const fbq_convolution *convolution;
  const loaded_stage *stage;
  lanes *quads;
  const uint8_t *weights;
  const wide_scale *scales;
  uint8_t *to;
  // Those of the strip and of the segment.
  size_t channels, pixels;
} segment_work;

// A quad of all columns inside the image, from as many rows as it has; constants once inlined.
WIDE_INLINE void lay_inside(const int rows, const int blocks, const int whole,
                            const uint8_t *const *codes, const size_t *steps, size_t columns,
                            size_t channels, lanes flips, lanes *to, size_t to_step) {
  const uint8_t *from[4];
  UNROLLED for (int i = 0; i < rows; i++) from[i] = codes[i];
  for (size_t column = 0; column < columns; column++, to += to_step) {
    if (blocks == 1) {
      lanes all = lanes_expand(from[0], channels);
      UNROLLED for (int i = 1; i < rows; i++) {
        all = lanes_or(all, lanes_shift_left(lanes_expand(from[i], channels), 8 * i));
      }
      UNROLLED for (int i = 0; i < rows; i++) from[i] += steps[i];
      to[0] = lanes_xor(all, flips);
      continue;
    }
    lanes row[4];
    UNROLLED for (int i = 0; i < rows; i++) {
      row[i] = lanes_spread(whole ? lanes_xor(lanes_load(from[i]), flips)
                                  : lanes_load_bytes(from[i], channels, flips));
      from[i] += steps[i];
    }
    // What stands in for absent rows meets weights of zero.
    UNROLLED for (int i = rows; i < 4; i++) row[i] = row[rows - 1];
    lanes low = lanes_unpack_low_8(row[0], row[1]), high = lanes_unpack_low_8(row[2], row[3]);
    to[0] = lanes_unpack_low_16(low, high);
    if (blocks > 1) to[1] = lanes_unpack_high_16(low, high);
    if (blocks > 2) {
      low = lanes_unpack_high_8(row[0], row[1]);
      high = lanes_unpack_high_8(row[2], row[3]);
      to[2] = lanes_unpack_low_16(low, high);
      if (blocks > 3) to[3] = lanes_unpack_high_16(low, high);
    }
  }
}

// A quad of all columns of a segment that begins at a column of the image. `codes` are those of column 0.
WIDE_INLINE void lay_quad(const int rows, const segment_work *work, const window_rows *window,
                          size_t quad, int32_t begin, size_t columns) {
  const fbq_convolution *c = work->convolution;
  const size_t step = quads(c) * strip_blocks;
  const lanes flips = lanes_repeat_8(flip_of_codes(c));
  const lanes zero_points = lanes_repeat_8(shifted_zero_point(c));
  lanes *to = work->quads + quad * strip_blocks;
  const size_t before = begin < 0 ? least((size_t)-begin, columns) : 0;
  const size_t first = begin < 0 ? 0 : (size_t)begin;
  const size_t width = (size_t)c->input_width;
  const size_t inside = least(columns - before, first < width ? width - first : 0);
  for (size_t i = 0; i < columns; i++) {
    if (i == before) i += inside;
    if (i >= columns) break;
    UNROLLED for (int block = 0; block < strip_blocks; block++) to[i * step + block] = zero_points;
  }
  const size_t *steps = window->steps + quad * 4;
  const uint8_t *codes[4];
  for (int i = 0; i < rows; i++) codes[i] = window->codes[quad * 4 + i] + first * steps[i];
  to += before * step;
  if (work->channels == strip_channels) {
    lay_inside(rows, 4, 1, codes, steps, inside, work->channels, flips, to, step);
  } else if (work->channels > 3 * lane_count) {
    lay_inside(rows, 4, 0, codes, steps, inside, work->channels, flips, to, step);
  } else if (work->channels > 2 * lane_count) {
    lay_inside(rows, 3, 0, codes, steps, inside, work->channels, flips, to, step);
  } else if (work->channels > lane_count) {
    lay_inside(rows, 2, 0, codes, steps, inside, work->channels, flips, to, step);
  } else {
    lay_inside(rows, 1, 0, codes, steps, inside, work->channels, flips, to, step);
  }
}

// All quads of a window of `height` rows.
static void lay_quads(const segment_work *work, const window_rows *window, size_t height,
                      int32_t begin, size_t columns) {
  for (size_t quad = 0; quad < quads(work->convolution); quad++) {
    switch (height - quad * 4) {
      case 1: lay_quad(1, work, window, quad, begin, columns); break;
      case 2: lay_quad(2, work, window, quad, begin, columns); break;
      case 3: lay_quad(3, work, window, quad, begin, columns); break;
      default: lay_quad(4, work, window, quad, begin, columns); break;
    }
  }
}

// Four pixels of one block; extents are constants once inlined, or not.
WIDE_INLINE void multiply_block(const size_t width, const size_t in_column, const size_t parts,
                                const size_t stride, const size_t dilation, const int path,
                                const segment_work *work, const lanes *codes, size_t block,
                                lanes *values) {
  const wide_scale *scale = work->scales + block;
  const lane_weights *weights =
      (const lane_weights *)(const void *)work->weights + block * width * in_column * parts;
  UNROLLED for (int i = 0; i < together; i++) values[i] = lanes_load(scale->bias);
  for (size_t k = 0; k < width; k++) {
    for (size_t quad = 0; quad < in_column; quad++) {
      const lane_weights weight = weights[(k * in_column + quad) * parts];
      const lane_weights other = weights[(k * in_column + quad) * parts + parts - 1];
      UNROLLED for (size_t i = 0; i < together; i++) {
        const size_t column = i * stride + k * dilation;
        const lane_codes four =
            codes_of_bytes(codes[(column * in_column + quad) * strip_blocks + block]);
        values[i] = lanes_dot(values[i], four, weight);
        if (parts == 2) values[i] = lanes_dot(values[i], four, other);
      }
    }
  }
  if (path == fbq_general) {
    UNROLLED for (int i = 0; i < together; i++) {
      values[i] = scaled_general(values[i], scale, work->convolution->stage.single);
    }
    return;
  }
  const loaded_scale loaded = load_scale(scale);
  UNROLLED for (int i = 0; i < together; i++) {
    values[i] = path == fbq_quick ? scaled_quick(values[i], &loaded)
                                  : scaled_signed(values[i], &loaded);
  }
}

WIDE_INLINE lanes strip_codes(lanes a, lanes b, lanes c, lanes d, const loaded_stage *stage) {
  return stage->is_plain ? narrowed_four(a, b, c, d) : codes_of_four(a, b, c, d, stage);
}

// The codes of four pixels. Those of few blocks share vectors: two pixels of two blocks, or four of one.
WIDE_INLINE void store_pixels(const int blocks, const segment_work *work,
                              lanes (*values)[together], size_t first) {
  const size_t stride = (size_t)work->convolution->output_channels;
  const size_t count = least(together, work->pixels - first);
  const int last = blocks - 1;
  const int whole = work->channels == (size_t)(blocks * lane_count);
  uint8_t *to = work->to + first * stride;
  if (blocks == 1 && whole && count == together) {
    lanes codes = strip_codes(values[0][0], values[0][1], values[0][2], values[0][3], work->stage);
    lanes_store_quarters(to, stride, codes);
    return;
  }
  if (blocks == 2 && whole && count == together) {
    UNROLLED for (int i = 0; i < together; i += 2) {
      lanes codes = strip_codes(values[0][i], values[1][i], values[0][i + 1], values[1][i + 1],
                                work->stage);
      lanes_store_halves(to + (size_t)i * stride, stride, codes);
    }
    return;
  }
  lanes codes[together];
  UNROLLED for (int i = 0; i < together; i++) {
    codes[i] = strip_codes(values[0][i], values[last < 1 ? last : 1][i],
                           values[last < 2 ? last : 2][i], values[last][i], work->stage);
  }
  if (whole && count == together) {
    UNROLLED for (int i = 0; i < together; i++) {
      lanes_store_blocks(to + (size_t)i * stride, codes[i], blocks);
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      lanes_store_bytes(to + i * stride, codes[i], work->channels);
    }
  }
}

WIDE_INLINE void multiply_segment(const int blocks, const size_t width, const size_t in_column,
                                  const size_t parts, const size_t stride, const size_t dilation,
                                  const int path, const segment_work *work) {
  const lanes *codes = work->quads;
  for (size_t first = 0; first < work->pixels; first += together) {
    lanes values[strip_blocks][together];
    UNROLLED for (int block = 0; block < blocks; block++) {
      multiply_block(width, in_column, parts, stride, dilation, path, work, codes, (size_t)block,
                     values[block]);
    }
    store_pixels(blocks, work, values, first);
    codes += together * stride * in_column * strip_blocks;
  }
}

// Segments of the common kernels have code of their own.
WIDE_INLINE void multiply_blocks(const int blocks, const segment_work *work) {
  const fbq_convolution *c = work->convolution;
  const size_t width = (size_t)c->kernel_width, stride = (size_t)c->stride_width;
  const size_t dilation = (size_t)c->dilation_width, parts = weight_parts(c);
  const int path = c->stage.path;
  const int is_common = path == fbq_quick && width == 3 && quads(c) == 1 && dilation == 1;
  if (is_common && parts == 1 && stride == 1) {
    multiply_segment(blocks, 3, 1, 1, 1, 1, fbq_quick, work);
  } else if (is_common && parts == 1 && stride == 2) {
    multiply_segment(blocks, 3, 1, 1, 2, 1, fbq_quick, work);
  } else {
    multiply_segment(blocks, width, quads(c), parts, stride, dilation, path, work);
  }
}

static void multiply_blocks_1(const segment_work *work) { multiply_blocks(1, work); }
static void multiply_blocks_2(const segment_work *work) { multiply_blocks(2, work); }
static void multiply_blocks_3(const segment_work *work) { multiply_blocks(3, work); }
static void multiply_blocks_4(const segment_work *work) { multiply_blocks(4, work); }

static void (*const strip_kernels[strip_blocks])(const segment_work *work) = {
    multiply_blocks_1, multiply_blocks_2, multiply_blocks_3, multiply_blocks_4};

// The `height` rows under output row `row` of all [N, OH], from channel `first`.
static void find_rows(const fbq_convolution *c, size_t row, size_t height, size_t first,
                      const uint8_t *outside, window_rows *rows) {
  const size_t channels = (size_t)c->input_channels;
  const size_t line_bytes = (size_t)c->input_width * channels;
  const size_t batch = row / (size_t)c->output_height;
  const uint8_t *image = c->input + batch * (size_t)c->input_height * line_bytes + first;
  int32_t at = (int32_t)(row % (size_t)c->output_height) * c->stride_height - c->padding_top;
  for (size_t k = 0; k < height; k++, at += c->dilation_height) {
    const int inside = at >= 0 && at < c->input_height;
    rows->codes[k] = inside ? image + (size_t)at * line_bytes : outside;
    rows->steps[k] = inside ? channels : 0;
  }
}

// `count` rows of output from `row`, which the same quads serve, of one strip of channels.
static void depthwise_rows(const fbq_convolution *c, const loaded_stage *stage, size_t row,
                           size_t count, size_t strip, lanes *scratch) {
  const size_t channels = (size_t)c->output_channels;
  const size_t block = strip * strip_blocks, first = block * lane_count;
  const size_t height = (size_t)c->kernel_height + count - 1;
  const size_t width = (size_t)c->output_width;
  window_rows window;
  find_rows(c, row, height, first, (const uint8_t *)scratch, &window);
  segment_work work = {
      .convolution = c,
      .stage = stage,
      .quads = scratch + 1,
      .scales = (const wide_scale *)c->stage.scales + block,
      .channels = least(strip_channels, channels - first),
  };
  for (size_t pixel = 0; pixel < width; pixel += segment_pixels(c)) {
    work.pixels = least(segment_pixels(c), width - pixel);
    const size_t computed = (work.pixels + together - 1) / together * together;
    lay_quads(&work, &window, height, (int32_t)pixel * c->stride_width - c->padding_left,
              window_columns(c, computed));
    for (size_t i = 0; i < count; i++) {
      work.weights = (const uint8_t *)c->weights + i * copy_bytes(c) + block * block_bytes(c);
      work.to = c->output + ((row + i) * width + pixel) * channels + first;
      strip_kernels[wide_blocks(work.channels) - 1](&work);
    }
  }
}

static void depthwise_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution *c = parameters;
  const loaded_stage stage = load_stage(&c->stage);
  const size_t height = (size_t)c->output_height;
  const size_t groups = row_groups(c);
  const size_t first_group = c->splits_channels ? 0 : begin;
  const size_t last_group = c->splits_channels ? (size_t)c->batches * groups : end;
  const size_t first_strip = c->splits_channels ? begin : 0;
  const size_t last_strip = c->splits_channels ? end : strips(c);
  // As the input's bytes are, before they are flipped.
  __builtin_memset(scratch, (uint8_t)c->input_zero_point ^ c->input_flip, sizeof(lanes));
  for (size_t group = first_group; group < last_group; group++) {
    const size_t first = group % groups * rows_together(c);
    const size_t count = least(rows_together(c), height - first);
    for (size_t strip = first_strip; strip < last_strip; strip++) {
      depthwise_rows(c, &stage, group / groups * height + first, count, strip, scratch);
    }
  }
}

static const fbq_convolution_kernel wide_depthwise = {
    .accepts = depthwise_accepts,
    .units = depthwise_units,
    .scratch = depthwise_scratch,
    .weight_bytes = depthwise_weight_bytes,
    .pack = depthwise_pack,
    .run = depthwise_run,
};
