// Convolution as a matrix product: patches of the image, widened to 16 bits, times packed weights. Units
// are tiles of 4 output pixels over [N, OH, OW], or blocks of 8 output channels through all groups.
#include "portable.h"
#include "requantize.h"

enum { pixel_tile = 4 };
// Patches are packed for so many bytes at a time: they stay in the second-level cache while every
// block of channels passes over them.
enum { patch_bytes = 128 * 1024 };

static size_t even(size_t value) { return (value + 1) & ~(size_t)1; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t group_channels(const fbq_convolution *c) {
  return (size_t)(c->input_channels / c->groups);
}

static size_t group_outputs(const fbq_convolution *c) {
  return (size_t)(c->output_channels / c->groups);
}

// Elements of a patch, even, so that they can be taken in pairs.
static size_t depth(const fbq_convolution *c) {
  return even((size_t)c->kernel_height * (size_t)c->kernel_width * group_channels(c));
}

static size_t blocks_per_group(const fbq_convolution *c) {
  return (group_outputs(c) + fbq_channel_block - 1) / fbq_channel_block;
}

static size_t pixels(const fbq_convolution *c) {
  return (size_t)c->batches * (size_t)c->output_height * (size_t)c->output_width;
}

// Pixels whose patches are packed at a time.
static size_t chunk_pixels(const fbq_convolution *c) {
  size_t fitting = patch_bytes / (depth(c) * sizeof(int16_t)) / pixel_tile * pixel_tile;
  size_t needed = (pixels(c) + pixel_tile - 1) / pixel_tile * pixel_tile;
  return least(fitting < pixel_tile ? pixel_tile : fitting, needed);
}

static size_t units(const fbq_convolution *c) {
  if (c->splits_channels) return (size_t)c->groups * blocks_per_group(c);
  return (pixels(c) + pixel_tile - 1) / pixel_tile;
}

static size_t scratch_bytes(const fbq_convolution *c) {
  return chunk_pixels(c) * depth(c) * sizeof(int16_t);
}

static size_t weight_bytes(const fbq_convolution *c) {
  return (size_t)c->groups * blocks_per_group(c) * fbq_channel_block * depth(c) * sizeof(int16_t);
}

// Four rows of pairs become four columns: the pairs of one depth follow each other.
FBQ_INLINE void transpose_pairs(fbq_u32x4 *rows) {
  fbq_u32x4 a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  fbq_u32x4 b = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  fbq_u32x4 c = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  fbq_u32x4 d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  rows[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  rows[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  rows[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  rows[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

// Depths k…k + 7 of eight rows. Loading a model packs all its weights, so this is vectorized.
static void pack_eight(const uint8_t *weights, size_t length, size_t k, uint8_t flip,
                       int16_t zero_point, int16_t *packed) {
  fbq_u32x4 rows[fbq_channel_block];
  for (size_t lane = 0; lane < fbq_channel_block; lane++) {
    rows[lane] = (fbq_u32x4)(fbq_widen(weights + lane * length + k, flip) - zero_point);
  }
  transpose_pairs(rows);
  transpose_pairs(rows + 4);
  int16_t *to = packed + k * fbq_channel_block;
  for (size_t pair = 0; pair < 4; pair++, to += 2 * fbq_channel_block) {
    __builtin_memcpy(to, &rows[pair], sizeof rows[pair]);
    __builtin_memcpy(to + fbq_channel_block, &rows[pair + 4], sizeof rows[pair]);
  }
}

// For each group and block of 8 channels [depth / 2][8][2] int16 without zero point, padded with zeros.
static void pack(const fbq_convolution *c, const uint8_t *weights, int32_t *bias, void *to) {
  (void)bias;
  const uint8_t flip = c->weight_flip;
  const int32_t zero_point = c->weight_zero_point;
  int16_t *packed = to;
  size_t length = (size_t)c->kernel_height * (size_t)c->kernel_width * group_channels(c);
  size_t padded = depth(c);
  for (size_t group = 0; group < (size_t)c->groups; group++) {
    for (size_t first = 0; first < group_outputs(c); first += fbq_channel_block) {
      size_t used = least(fbq_channel_block, group_outputs(c) - first);
      const uint8_t *block = weights + (group * group_outputs(c) + first) * length;
      size_t begin = 0;
      if (used == fbq_channel_block) {
        for (; begin + 8 <= length; begin += 8) {
          pack_eight(block, length, begin, flip, (int16_t)zero_point, packed);
        }
      }
      for (size_t k = begin; k < padded; k++) {
        int16_t *pairs = packed + k / 2 * 2 * fbq_channel_block + k % 2;
        for (size_t lane = 0; lane < fbq_channel_block; lane++) {
          int inside = lane < used && k < length;
          int32_t code = inside ? fbq_code(block[lane * length + k], flip) - zero_point : 0;
          pairs[2 * lane] = (int16_t)code;
        }
      }
      packed += fbq_channel_block * padded;
    }
  }
}

// The patch under output pixel `pixel` for the channels of a group; taps outside the image are 0.
static void pack_patch(const fbq_convolution *c, size_t pixel, size_t group, int16_t *to) {
  const size_t channels = group_channels(c);
  const size_t kernel_width = (size_t)c->kernel_width;
  const int16_t *end = to + depth(c);
  int32_t column = (int32_t)(pixel % (size_t)c->output_width) * c->stride_width - c->padding_left;
  size_t rest = pixel / (size_t)c->output_width;
  int32_t row = (int32_t)(rest % (size_t)c->output_height) * c->stride_height - c->padding_top;
  const uint8_t *image = c->input + rest / (size_t)c->output_height * (size_t)c->input_height *
                                        (size_t)c->input_width * (size_t)c->input_channels;
  int32_t last_column = column + (c->kernel_width - 1) * c->dilation_width;
  int inside = column >= 0 && last_column < c->input_width;
  int contiguous = inside && c->groups == 1 && c->dilation_width == 1;
  for (int32_t k = 0; k < c->kernel_height; k++, row += c->dilation_height) {
    if (row < 0 || row >= c->input_height) {
      __builtin_memset(to, 0, kernel_width * channels * sizeof *to);
      to += kernel_width * channels;
      continue;
    }
    const uint8_t *line = image + (size_t)row * (size_t)c->input_width * (size_t)c->input_channels +
                          group * channels;
    if (contiguous) {
      fbq_widen_run(to, line + (size_t)column * channels, kernel_width * channels, c->input_flip,
                    c->input_zero_point);
      to += kernel_width * channels;
      continue;
    }
    int32_t at = column;
    for (int32_t l = 0; l < c->kernel_width; l++, at += c->dilation_width, to += channels) {
      if (at < 0 || at >= c->input_width) {
        __builtin_memset(to, 0, channels * sizeof *to);
      } else {
        fbq_widen_run(to, line + (size_t)at * (size_t)c->input_channels, channels, c->input_flip,
                      c->input_zero_point);
      }
    }
  }
  if (to < end) *to = 0;
}

// `rows` pixels (a constant, once inlined) times one block of 8 channels.
FBQ_INLINE void multiply_tile(const int rows, const int16_t *patches, size_t depth,
                              const int16_t *weights, const fbq_scale *scale,
                              const fbq_output *stage, uint8_t *to, size_t stride, int32_t count) {
  fbq_u32x4 low[pixel_tile], high[pixel_tile];
  for (int r = 0; r < rows; r++) {
    low[r] = fbq_load_u32x4(scale->bias);
    high[r] = fbq_load_u32x4(scale->bias + 4);
  }
  for (size_t k = 0; k < depth; k += 2) {
    fbq_i16x8 first = fbq_load_i16x8(weights + k * fbq_channel_block);
    fbq_i16x8 second = fbq_load_i16x8(weights + k * fbq_channel_block + 8);
    for (int r = 0; r < rows; r++) {
      fbq_i16x8 pair = fbq_repeat_pair(patches + (size_t)r * depth + k);
      low[r] += fbq_dot_pairs(pair, first);
      high[r] += fbq_dot_pairs(pair, second);
    }
  }
  for (int r = 0; r < rows; r++) {
    fbq_store_codes(low[r], high[r], scale, stage, to + (size_t)r * stride, count);
  }
}

// Pixels begin…end − 1 times blocks first…last − 1 of one group.
static void multiply(const fbq_convolution *c, size_t group, size_t first, size_t last,
                     size_t begin, size_t end, int16_t *patches) {
  const size_t length = depth(c);
  const size_t blocks = blocks_per_group(c);
  const size_t stride = (size_t)c->output_channels;
  const size_t chunk = chunk_pixels(c);
  for (size_t start = begin; start < end; start += chunk) {
    size_t count = least(chunk, end - start);
    for (size_t i = 0; i < count; i++) pack_patch(c, start + i, group, patches + i * length);
    for (size_t block = first; block < last; block++) {
      size_t index = group * blocks + block;
      const int16_t *weights = (const int16_t *)c->weights + index * fbq_channel_block * length;
      const fbq_scale *scale = (const fbq_scale *)c->stage.scales + index;
      size_t channel = block * fbq_channel_block;
      int32_t used = (int32_t)least(fbq_channel_block, group_outputs(c) - channel);
      uint8_t *to = c->output + start * stride + group * group_outputs(c) + channel;
      size_t i = 0;
      for (; i + pixel_tile <= count; i += pixel_tile) {
        multiply_tile(pixel_tile, patches + i * length, length, weights, scale, &c->stage,
                      to + i * stride, stride, used);
      }
      for (; i < count; i++) {
        multiply_tile(1, patches + i * length, length, weights, scale, &c->stage, to + i * stride,
                      stride, used);
      }
    }
  }
}

static void run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution *c = parameters;
  const size_t blocks = blocks_per_group(c);
  if (c->splits_channels) {
    for (size_t unit = begin; unit < end;) {
      size_t group = unit / blocks;
      size_t stop = least(end, (group + 1) * blocks);
      multiply(c, group, unit - group * blocks, stop - group * blocks, 0, pixels(c), scratch);
      unit = stop;
    }
  } else {
    for (size_t group = 0; group < (size_t)c->groups; group++) {
      multiply(c, group, 0, blocks, begin * pixel_tile, least(end * pixel_tile, pixels(c)),
               scratch);
    }
  }
}

static int32_t accepts(const fbq_convolution *c) {
  (void)c;
  return 1;
}

const fbq_convolution_kernel fbq_portable_convolution = {
    .accepts = accepts,
    .units = units,
    .scratch = scratch_bytes,
    .weight_bytes = weight_bytes,
    .pack = pack,
    .run = run,
};
