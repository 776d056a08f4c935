// Convolution as a matrix product of patches and packed weights, in `lanes`.
//
//            channels: blocks of lanes, tile_blocks to a panel
//            ┌───────────┐
//   depth    │ 4 depths  │   a lane_weights holds 4 depths of each channel of a block; the codes' 4 bytes
//   in steps │ of a panel│   are repeated to all lanes and multiplied with them
//   of 4     └───────────┘
//   ┌───────┐┌───────────┐
//   │patches││accumulators   up to tile_pixels × tile_blocks of them stay in registers over the whole
//   │       ││           │   depth, then become codes
//   └───────┘└───────────┘
//
// Codes go in as unsigned bytes (int8 with the top bit flipped), weights as signed ones; what the offset
// of the codes adds, their zero point times the sum of a channel's weights, is taken from its bias. A tap
// outside the image is the zero point, which therefore adds nothing.
//
// Patches are packed for so many pixels at a time as stay in the first-level cache while the panels of
// weights pass over them; a 1 × 1 convolution over uint8 needs no packing. Units are tiles of tile_pixels
// output pixels over [N, OH, OW], or blocks of channels through all groups.

enum {
  // Bytes of patches that are packed at a time.
  patch_bytes = 24 * 1024,
  // Packing may write so many bytes more than a patch has.
  patch_slack = 64,
  // Only absurd dilations need more.
  scratch_limit = 8 << 20,
  // Rows of kernels whose rows are short.
  most_short_rows = 8,
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t group_inputs(const fbq_convolution *c) {
  return (size_t)(c->input_channels / c->groups);
}

static size_t group_outputs(const fbq_convolution *c) {
  return (size_t)(c->output_channels / c->groups);
}

static size_t taps(const fbq_convolution *c) {
  return (size_t)c->kernel_height * (size_t)c->kernel_width;
}

// Bytes of a patch: whole steps of 4.
static size_t depth(const fbq_convolution *c) {
  return (taps(c) * group_inputs(c) + 3) / 4 * 4;
}

static size_t output_pixels(const fbq_convolution *c) {
  return (size_t)c->batches * (size_t)c->output_height * (size_t)c->output_width;
}

static size_t chunk_pixels(const fbq_convolution *c) {
  size_t fitting = patch_bytes / depth(c) / tile_pixels * tile_pixels;
  return least(fitting < tile_pixels ? tile_pixels : fitting, output_pixels(c));
}

// The bytes of input pixels without a gap are the patches.
static int is_pixelwise(const fbq_convolution *c) {
  return taps(c) == 1 && c->groups == 1 && c->stride_height == 1 && c->stride_width == 1 &&
         c->padding_top == 0 && c->padding_left == 0 && c->output_height == c->input_height &&
         c->output_width == c->input_width && c->input_channels % 4 == 0;
}

// What makes unsigned codes of the input's bytes.
static uint8_t to_unsigned(const fbq_convolution *c) { return c->input_flip ^ 0x80; }

static int32_t unsigned_zero_point(const fbq_convolution *c) { return c->input_zero_point + 128; }

static size_t convolution_units(const fbq_convolution *c) {
  if (c->splits_channels) return (size_t)c->groups * wide_blocks(group_outputs(c));
  return (output_pixels(c) + tile_pixels - 1) / tile_pixels;
}

static size_t convolution_scratch(const fbq_convolution *c) {
  return chunk_pixels(c) * depth(c) + patch_slack;
}

// Packed weights of a block of channels.
static size_t block_bytes(const fbq_convolution *c) { return depth(c) / 4 * sizeof(lane_weights); }

static size_t convolution_weight_bytes(const fbq_convolution *c) {
  return (size_t)c->groups * wide_blocks(group_outputs(c)) * block_bytes(c);
}

static int32_t convolution_accepts(const fbq_convolution *c) {
  return has_wide_weights || c->weight_zero_point == 0;
}

// For each group [panels][depth / 4][blocks of the panel] lane_weights, padded with zeros.
static void convolution_pack(const fbq_convolution *c, const uint8_t *weights, int32_t *bias,
                             void *packed) {
  const size_t length = taps(c) * group_inputs(c);
  const size_t steps = depth(c) / 4;
  const uint32_t zero_point = (uint32_t)unsigned_zero_point(c);
  const size_t blocks = wide_blocks(group_outputs(c));
  for (size_t group = 0; group < (size_t)c->groups; group++) {
    uint8_t *to_group = (uint8_t *)packed + group * blocks * block_bytes(c);
    __builtin_memset(to_group, 0, blocks * block_bytes(c));
    for (size_t channel = 0; channel < group_outputs(c); channel++) {
      const size_t block = channel / lane_count;
      const size_t panel = block / tile_blocks;
      const size_t width = least(tile_blocks, blocks - panel * tile_blocks) * sizeof(lane_weights);
      uint8_t *to = to_group + panel * tile_blocks * block_bytes(c) +
                    (block - panel * tile_blocks) * sizeof(lane_weights);
      const size_t index = group * group_outputs(c) + channel;
      const uint8_t *row = weights + index * length;
      uint32_t sum = 0;
      for (size_t step = 0; step < steps; step++, to += width) {
        const size_t used = least(4, length - step * 4);
        for (size_t k = 0; k < used; k++) {
          const int32_t weight =
              (int8_t)(row[step * 4 + k] ^ c->weight_flip) - c->weight_zero_point;
          set_weight(to, channel % lane_count, k, weight);
          sum += (uint32_t)weight;
        }
      }
      bias[index] = (int32_t)((uint32_t)bias[index] - sum * zero_point);
    }
  }
}

// Copies bytes that follow each other, flipped; writes up to 63 more.
WIDE_INLINE void copy_flipped(uint8_t *to, const uint8_t *from, size_t count, lanes flips) {
  const size_t width = sizeof(lanes);
  size_t i = 0;
  for (; i + width <= count; i += width) {
    lanes_store(to + i, lanes_xor(lanes_load(from + i), flips));
  }
  if (i < count) lanes_store(to + i, lanes_load_bytes(from + i, count - i, flips));
}

// The patch under an output pixel for the channels of a group.
WIDE_INLINE void pack_patch(const fbq_convolution *c, const uint8_t *image, size_t first_channel,
                            int32_t row, int32_t column, uint8_t *to, lanes flips) {
  const size_t channels = group_inputs(c);
  const size_t width = (size_t)c->kernel_width;
  const uint8_t padding = (uint8_t)unsigned_zero_point(c);
  int32_t last_column = column + (c->kernel_width - 1) * c->dilation_width;
  int inside = column >= 0 && last_column < c->input_width;
  int contiguous = inside && c->groups == 1 && c->dilation_width == 1;
  for (int32_t k = 0; k < c->kernel_height; k++, row += c->dilation_height) {
    if (row < 0 || row >= c->input_height) {
      __builtin_memset(to, padding, width * channels);
      to += width * channels;
      continue;
    }
    const uint8_t *line = image + (size_t)row * (size_t)c->input_width * (size_t)c->input_channels +
                          first_channel;
    if (contiguous) {
      copy_flipped(to, line + (size_t)column * channels, width * channels, flips);
      to += width * channels;
      continue;
    }
    int32_t at = column;
    for (size_t l = 0; l < width; l++, at += c->dilation_width, to += channels) {
      if (at < 0 || at >= c->input_width) {
        __builtin_memset(to, padding, channels);
      } else {
        copy_flipped(to, line + (size_t)at * (size_t)c->input_channels, channels, flips);
      }
    }
  }
}

// The patches under pixels `first`… of one output row for kernels whose rows are at most 16 bytes; returns
// how many it packed, which ends before the first that touches a column outside the image.
static size_t pack_short_rows(const fbq_convolution *c, const uint8_t *image, int32_t row,
                              int32_t column, size_t count, uint8_t *to, lanes flips) {
  const size_t channels = (size_t)c->input_channels;
  const size_t run = (size_t)c->kernel_width * channels;
  const size_t line_bytes = (size_t)c->input_width * channels;
  const uint8_t *end = c->input + (size_t)c->batches * (size_t)c->input_height * line_bytes;
  uint8_t outside[16];
  __builtin_memset(outside, (uint8_t)c->input_zero_point ^ c->input_flip, sizeof outside);
  const uint8_t *lines[most_short_rows];
  size_t steps[most_short_rows];
  size_t packed = 0;
  if (column < 0) return 0;
  if (column + c->kernel_width <= c->input_width) {
    packed = least(count, (size_t)(c->input_width - c->kernel_width - column) /
                              (size_t)c->stride_width + 1);
  }
  for (int32_t k = 0; k < c->kernel_height; k++, row += c->dilation_height) {
    const int inside = row >= 0 && row < c->input_height;
    lines[k] = inside ? image + (size_t)row * line_bytes + (size_t)column * channels : outside;
    steps[k] = inside ? (size_t)c->stride_width * channels : 0;
    // Sixteen bytes are read where fewer may be left.
    while (inside && packed > 0 && lines[k] + (packed - 1) * steps[k] + 16 > end) packed--;
  }
  for (size_t i = 0; i < packed; i++, to += depth(c)) {
    for (int32_t k = 0; k < c->kernel_height; k++) {
      copy_16_flipped(to + (size_t)k * run, lines[k] + i * steps[k], flips);
    }
  }
  return packed;
}

static void pack_patches(const fbq_convolution *c, size_t group, size_t first, size_t count,
                         uint8_t *to) {
  const lanes flips = lanes_repeat_8(to_unsigned(c));
  if (is_pixelwise(c)) {
    copy_flipped(to, c->input + first * depth(c), count * depth(c), flips);
    return;
  }
  size_t output_column = first % (size_t)c->output_width;
  size_t rest = first / (size_t)c->output_width;
  size_t output_row = rest % (size_t)c->output_height;
  size_t image_bytes =
      (size_t)c->input_height * (size_t)c->input_width * (size_t)c->input_channels;
  const uint8_t *image = c->input + rest / (size_t)c->output_height * image_bytes;
  const int short_rows = c->groups == 1 && c->dilation_width == 1 &&
                         c->kernel_height <= most_short_rows &&
                         (size_t)c->kernel_width * group_inputs(c) <= 16;
  for (size_t i = 0; i < count;) {
    const int32_t row = (int32_t)output_row * c->stride_height - c->padding_top;
    const int32_t column = (int32_t)output_column * c->stride_width - c->padding_left;
    const size_t left = least(count - i, (size_t)c->output_width - output_column);
    size_t packed = short_rows ? pack_short_rows(c, image, row, column, left, to, flips) : 0;
    if (packed == 0) {
      pack_patch(c, image, group * group_inputs(c), row, column, to, flips);
      packed = 1;
    }
    i += packed;
    to += packed * depth(c);
    output_column += packed;
    if (output_column < (size_t)c->output_width) continue;
    output_column = 0;
    if (++output_row < (size_t)c->output_height) continue;
    output_row = 0;
    image += image_bytes;
  }
}

// What the tiles of a chunk have in common.
typedef struct {
  size_t steps;
  // Bytes from one patch to the next and from one step of the weights to the next.
  size_t patch_stride, weight_stride;
  const uint8_t *weights;
  const wide_scale *scales;
  const fbq_output *stage;
  const loaded_stage *loaded;
  size_t output_stride;
  // Channels that are stored.
  size_t channels;
} tile_work;

// The general path.
static __attribute__((noinline)) void scale_tile(int32_t (*sums)[lane_count], int pixels,
                                                 int blocks, const tile_work *work) {
  for (int i = 0; i < pixels * blocks; i++) {
    scale_lanes(sums[i], work->scales + i % blocks, work->stage->single);
  }
}

// One step of depth. The lesser side of the tile is what registers hold beside the accumulators.
WIDE_INLINE void multiply_step(const int pixels, const int blocks, lanes (*sums)[tile_blocks],
                               const uint8_t *codes, size_t stride, const uint8_t *weights) {
  if (pixels > blocks) {
    lane_weights w[tile_blocks];
    UNROLLED for (int b = 0; b < blocks; b++) {
      w[b] = load_weights(weights + (size_t)b * sizeof(lane_weights));
    }
    UNROLLED for (int p = 0; p < pixels; p++) {
      lane_codes four = codes_of_bytes(lanes_repeat_four(codes + (size_t)p * stride));
      UNROLLED for (int b = 0; b < blocks; b++) sums[p][b] = lanes_dot(sums[p][b], four, w[b]);
    }
  } else {
    lane_codes four[tile_pixels];
    UNROLLED for (int p = 0; p < pixels; p++) {
      four[p] = codes_of_bytes(lanes_repeat_four(codes + (size_t)p * stride));
    }
    UNROLLED for (int b = 0; b < blocks; b++) {
      lane_weights w = load_weights(weights + (size_t)b * sizeof(lane_weights));
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = lanes_dot(sums[p][b], four[p], w);
    }
  }
}

// `pixels` × `blocks`, constants once inlined.
WIDE_INLINE void multiply_tile(const int pixels, const int blocks, const tile_work *work,
                               const uint8_t *patches, uint8_t *to) {
  lanes sums[tile_pixels][tile_blocks];
  UNROLLED for (int b = 0; b < blocks; b++) {
    lanes bias = lanes_load(work->scales[b].bias);
    UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = bias;
  }
  const uint8_t *weights = work->weights;
  const uint8_t *end = patches + work->steps * 4;
  const size_t stride = work->patch_stride;
  for (const uint8_t *codes = patches; codes < end; codes += 4, weights += work->weight_stride) {
    multiply_step(pixels, blocks, sums, codes, stride, weights);
  }
  const uint8_t path = work->stage->path;
  if (path == fbq_quick) {
    UNROLLED for (int b = 0; b < blocks; b++) {
      const loaded_scale scale = load_scale(work->scales + b);
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = scaled_quick(sums[p][b], &scale);
    }
  } else if (path == fbq_quick_signed) {
    UNROLLED for (int b = 0; b < blocks; b++) {
      const loaded_scale scale = load_scale(work->scales + b);
      UNROLLED for (int p = 0; p < pixels; p++) sums[p][b] = scaled_signed(sums[p][b], &scale);
    }
  } else {
    int32_t stored[tile_pixels * tile_blocks][lane_count];
    UNROLLED for (int i = 0; i < pixels * blocks; i++) {
      lanes_store(stored[i], sums[i / blocks][i % blocks]);
    }
    scale_tile(stored, pixels, blocks, work);
    UNROLLED for (int i = 0; i < pixels * blocks; i++) {
      sums[i / blocks][i % blocks] = lanes_load(stored[i]);
    }
  }
  const loaded_stage stage = *work->loaded;
  const int last = blocks - 1;
  const size_t channels = work->channels, output_stride = work->output_stride;
  lanes codes[tile_pixels];
  UNROLLED for (int p = 0; p < pixels; p++) {
    codes[p] = codes_of_four(sums[p][0], sums[p][last < 1 ? last : 1], sums[p][last < 2 ? last : 2],
                             sums[p][last], &stage);
  }
  if (channels == (size_t)(blocks * lane_count)) {
    UNROLLED for (int p = 0; p < pixels; p++, to += output_stride) {
      lanes_store_blocks(to, codes[p], blocks);
    }
  } else {
    UNROLLED for (int p = 0; p < pixels; p++, to += output_stride) {
      lanes_store_bytes(to, codes[p], channels);
    }
  }
}

typedef void (*tile_kernel)(const tile_work *work, const uint8_t *patches, uint8_t *to);

#define TILE(pixels, blocks)                                                       \
  static void multiply_##pixels##x##blocks(const tile_work *work, const uint8_t *patches, \
                                           uint8_t *to) {                          \
    multiply_tile(pixels, blocks, work, patches, to);                              \
  }
#define TILE_NAME(pixels, blocks) [blocks - 1][pixels - 1] = multiply_##pixels##x##blocks,

// What WIDE_TILES is made of: tiles of 1, 2, … pixels.
#define PIXELS_2(TILE, blocks) TILE(1, blocks) TILE(2, blocks)
#define PIXELS_3(TILE, blocks) PIXELS_2(TILE, blocks) TILE(3, blocks)
#define PIXELS_4(TILE, blocks) PIXELS_3(TILE, blocks) TILE(4, blocks)
#define PIXELS_6(TILE, blocks) PIXELS_4(TILE, blocks) TILE(5, blocks) TILE(6, blocks)
#define PIXELS_8(TILE, blocks) PIXELS_6(TILE, blocks) TILE(7, blocks) TILE(8, blocks)

WIDE_TILES(TILE)

// By blocks − 1 and pixels − 1.
static const tile_kernel tile_kernels[tile_blocks][tile_pixels] = {WIDE_TILES(TILE_NAME)};

// Pixels of a chunk times blocks first…last − 1 of one group.
static void multiply_chunk(const fbq_convolution *c, size_t group, size_t first, size_t last,
                           const uint8_t *patches, size_t pixel, size_t count) {
  const size_t blocks = wide_blocks(group_outputs(c));
  const uint8_t *group_weights = (const uint8_t *)c->weights + group * blocks * block_bytes(c);
  const loaded_stage loaded = load_stage(&c->stage);
  tile_work work = {
      .loaded = &loaded,
      .steps = depth(c) / 4,
      .patch_stride = depth(c),
      .stage = &c->stage,
      .output_stride = (size_t)c->output_channels,
  };
  for (size_t block = first; block < last;) {
    const size_t panel = block / tile_blocks * tile_blocks;
    const size_t panel_blocks = least(tile_blocks, blocks - panel);
    const size_t used = least(panel + panel_blocks, last) - block;
    const size_t channel = block * lane_count;
    const size_t height = tile_heights[used - 1];
    const size_t tiles = (count + height - 1) / height;
    work.weight_stride = panel_blocks * sizeof(lane_weights);
    work.weights =
        group_weights + panel * block_bytes(c) + (block - panel) * sizeof(lane_weights);
    work.scales = (const wide_scale *)c->stage.scales + group * blocks + block;
    work.channels = least(used * lane_count, group_outputs(c) - channel);
    uint8_t *to = c->output + pixel * work.output_stride + group * group_outputs(c) + channel;
    // Tiles as equal as can be: 49 pixels are 7 times 7.
    for (size_t tile = 0; tile < tiles; tile++) {
      const size_t begin = count * tile / tiles, end = count * (tile + 1) / tiles;
      tile_kernels[used - 1][end - begin - 1](&work, patches + begin * work.patch_stride,
                                              to + begin * work.output_stride);
    }
    block += used;
  }
}

// Pixels begin…end − 1 times blocks first…last − 1 of one group.
static void multiply(const fbq_convolution *c, size_t group, size_t first, size_t last,
                     size_t begin, size_t end, uint8_t *scratch) {
  const int in_place = is_pixelwise(c) && to_unsigned(c) == 0;
  const size_t chunk = chunk_pixels(c);
  const size_t chunks = (end - begin + chunk - 1) / chunk;
  for (size_t i = 0; i < chunks; i++) {
    const size_t pixel = begin + (end - begin) * i / chunks;
    const size_t count = begin + (end - begin) * (i + 1) / chunks - pixel;
    const uint8_t *patches = c->input + pixel * depth(c);
    if (!in_place) {
      pack_patches(c, group, pixel, count, scratch);
      patches = scratch;
    }
    multiply_chunk(c, group, first, last, patches, pixel, count);
  }
}

static void convolution_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution *c = parameters;
  const size_t blocks = wide_blocks(group_outputs(c));
  if (c->splits_channels) {
    for (size_t unit = begin; unit < end;) {
      size_t group = unit / blocks;
      size_t stop = least(end, (group + 1) * blocks);
      multiply(c, group, unit - group * blocks, stop - group * blocks, 0, output_pixels(c),
               scratch);
      unit = stop;
    }
  } else {
    for (size_t group = 0; group < (size_t)c->groups; group++) {
      multiply(c, group, 0, blocks, begin * tile_pixels,
               least(end * tile_pixels, output_pixels(c)), scratch);
    }
  }
}

static const fbq_convolution_kernel wide_convolution = {
    .accepts = convolution_accepts,
    .units = convolution_units,
    .scratch = convolution_scratch,
    .weight_bytes = convolution_weight_bytes,
    .pack = convolution_pack,
    .run = convolution_run,
};
