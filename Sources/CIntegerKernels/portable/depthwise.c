// Depthwise convolution, 64 channels at a time over rows of the image widened to 16 bits.
//
// The rows under a window are kept in a ring, so that each is widened once although KH output rows
// read it. Columns left and right of the image are zeros inside the widened rows, and rows above and
// below it are one row of zeros: the inner loop knows no border. Units are output rows over [N, OH], or
// tiles of 64 channels.
#include "portable.h"
#include "requantize.h"

enum { tile_channels = 64 };
// Only absurd dilations need more.
enum { scratch_limit = 8 << 20 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t taps(const fbq_convolution *c) {
  return (size_t)c->kernel_height * (size_t)c->kernel_width;
}

static size_t tap_pairs(const fbq_convolution *c) { return (taps(c) + 1) / 2; }

static size_t blocks(const fbq_convolution *c) {
  return ((size_t)c->output_channels + fbq_channel_block - 1) / fbq_channel_block;
}

// Rows from the first tap of a window to its last.
static size_t ring_rows(const fbq_convolution *c) {
  return (size_t)(c->kernel_height - 1) * (size_t)c->dilation_height + 1;
}

// Columns from the first tap of the first window to the last tap of the last.
static size_t row_columns(const fbq_convolution *c) {
  return (size_t)(c->output_width - 1) * (size_t)c->stride_width +
         (size_t)(c->kernel_width - 1) * (size_t)c->dilation_width + 1;
}

static size_t row_bytes(const fbq_convolution *c) {
  return row_columns(c) * tile_channels * sizeof(int16_t);
}

static size_t units(const fbq_convolution *c) {
  if (c->splits_channels) {
    return ((size_t)c->output_channels + tile_channels - 1) / tile_channels;
  }
  return (size_t)c->batches * (size_t)c->output_height;
}

// The ring, the row of zeros, the image row in each slot of the ring, the address of each tap.
static size_t scratch_bytes(const fbq_convolution *c) {
  return (ring_rows(c) + 1) * row_bytes(c) + ring_rows(c) * sizeof(size_t) +
         2 * tap_pairs(c) * sizeof(const int16_t *);
}

static size_t weight_bytes(const fbq_convolution *c) {
  return blocks(c) * tap_pairs(c) * 2 * fbq_channel_block * sizeof(int16_t);
}

// For each block of 8 channels [(taps + 1) / 2][8][2] int16 without zero point.
static void pack(const fbq_convolution *c, const uint8_t *weights, int32_t *bias, void *to) {
  (void)bias;
  int16_t *packed = to;
  size_t channels = (size_t)c->output_channels;
  for (size_t block = 0; block < blocks(c); block++) {
    for (size_t tap = 0; tap < 2 * tap_pairs(c); tap++) {
      for (size_t lane = 0; lane < fbq_channel_block; lane++) {
        size_t channel = block * fbq_channel_block + lane;
        int32_t code = 0;
        if (tap < taps(c) && channel < channels) {
          code = fbq_code(weights[tap * channels + channel], c->weight_flip) - c->weight_zero_point;
        }
        packed[(tap / 2 * fbq_channel_block + lane) * 2 + tap % 2] = (int16_t)code;
      }
    }
    packed += 2 * tap_pairs(c) * fbq_channel_block;
  }
}

typedef struct {
  int16_t *ring;
  int16_t *zeros;
  size_t *held;
  const int16_t **taps;
} row_scratch;

static row_scratch lay_out(const fbq_convolution *c, void *scratch) {
  size_t elements = row_bytes(c) / sizeof(int16_t);
  row_scratch s;
  s.ring = scratch;
  s.zeros = s.ring + ring_rows(c) * elements;
  s.held = (size_t *)(void *)(s.zeros + elements);
  s.taps = (const int16_t **)(void *)(s.held + ring_rows(c));
  return s;
}

// Channels first… of one image row, widened, with zeros outside the image.
static void widen_row(const fbq_convolution *c, const uint8_t *line, size_t first, size_t used,
                      int16_t *to) {
  const size_t columns = row_columns(c);
  const size_t channels = (size_t)c->input_channels;
  const size_t multiplier = (size_t)c->output_channels / channels;
  for (size_t column = 0; column < columns; column++, to += tile_channels) {
    int32_t at = (int32_t)column - c->padding_left;
    if (at < 0 || at >= c->input_width) {
      __builtin_memset(to, 0, tile_channels * sizeof *to);
      continue;
    }
    const uint8_t *from = line + (size_t)at * channels;
    if (multiplier == 1) {
      fbq_widen_run(to, from + first, used, c->input_flip, c->input_zero_point);
    } else {
      for (size_t i = 0; i < used; i++) {
        uint8_t byte = from[(first + i) / multiplier];
        to[i] = (int16_t)(fbq_code(byte, c->input_flip) - c->input_zero_point);
      }
    }
  }
}

// One output row of one block of channels; `pairs` is a constant where the kernel is 3 × 3.
FBQ_INLINE void multiply_row(const fbq_convolution *c, const size_t pairs,
                             const int16_t *const *taps, const int16_t *weights,
                             const fbq_scale *scale, uint8_t *to, int32_t used) {
  const size_t step = (size_t)c->stride_width * tile_channels;
  for (size_t column = 0; column < (size_t)c->output_width; column++) {
    fbq_u32x4 low = fbq_load_u32x4(scale->bias);
    fbq_u32x4 high = fbq_load_u32x4(scale->bias + 4);
    for (size_t pair = 0; pair < pairs; pair++) {
      fbq_i16x8 a = fbq_load_i16x8(taps[2 * pair] + column * step);
      fbq_i16x8 b = fbq_load_i16x8(taps[2 * pair + 1] + column * step);
      const int16_t *w = weights + pair * 2 * fbq_channel_block;
      low += fbq_dot_pairs(__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11),
                           fbq_load_i16x8(w));
      high += fbq_dot_pairs(__builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15),
                            fbq_load_i16x8(w + fbq_channel_block));
    }
    fbq_store_codes(low, high, scale, &c->stage, to + column * (size_t)c->output_channels, used);
  }
}

// Finds or widens the rows under output row `row` of all [N, OH] and points the taps at them.
static void aim_taps(const fbq_convolution *c, const row_scratch *s, size_t row, size_t first,
                     size_t used) {
  const size_t height = (size_t)c->input_height;
  const size_t line_bytes = (size_t)c->input_width * (size_t)c->input_channels;
  const size_t batch = row / (size_t)c->output_height;
  const size_t elements = row_bytes(c) / sizeof(int16_t);
  int32_t at =
      (int32_t)(row % (size_t)c->output_height) * c->stride_height - c->padding_top;
  const int16_t **tap = s->taps;
  for (int32_t k = 0; k < c->kernel_height; k++, at += c->dilation_height) {
    const int16_t *line = s->zeros;
    if (at >= 0 && at < c->input_height) {
      size_t slot = (size_t)at % ring_rows(c);
      size_t held = batch * height + (size_t)at;
      int16_t *widened = s->ring + slot * elements;
      if (s->held[slot] != held) {
        widen_row(c, c->input + held * line_bytes, first, used, widened);
        s->held[slot] = held;
      }
      line = widened;
    }
    for (int32_t l = 0; l < c->kernel_width; l++) {
      *tap++ = line + (size_t)l * (size_t)c->dilation_width * tile_channels;
    }
  }
  // An odd last tap is paired with itself and a weight of zero.
  if (taps(c) % 2 == 1) *tap = tap[-1];
}

// Output rows begin…end − 1 of channels first… of one tile.
static void multiply_tile(const fbq_convolution *c, size_t first, size_t begin, size_t end,
                          const row_scratch *s) {
  const size_t pairs = tap_pairs(c);
  const size_t used = least(tile_channels, (size_t)c->output_channels - first);
  for (size_t slot = 0; slot < ring_rows(c); slot++) s->held[slot] = SIZE_MAX;
  for (size_t row = begin; row < end; row++) {
    aim_taps(c, s, row, first, used);
    uint8_t *to = c->output + row * (size_t)c->output_width * (size_t)c->output_channels + first;
    for (size_t channel = 0; channel < used; channel += fbq_channel_block) {
      size_t block = (first + channel) / fbq_channel_block;
      const int16_t *weights = (const int16_t *)c->weights + block * pairs * 2 * fbq_channel_block;
      const fbq_scale *scale = (const fbq_scale *)c->stage.scales + block;
      int32_t count = (int32_t)least(fbq_channel_block, used - channel);
      if (pairs == 5) {
        multiply_row(c, 5, s->taps, weights, scale, to + channel, count);
      } else {
        multiply_row(c, pairs, s->taps, weights, scale, to + channel, count);
      }
      for (size_t tap = 0; tap < 2 * pairs; tap++) s->taps[tap] += fbq_channel_block;
    }
  }
}

static void run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_convolution *c = parameters;
  const size_t rows = (size_t)c->batches * (size_t)c->output_height;
  row_scratch s = lay_out(c, scratch);
  __builtin_memset(s.zeros, 0, row_bytes(c));
  if (c->splits_channels) {
    for (size_t tile = begin; tile < end; tile++) {
      multiply_tile(c, tile * tile_channels, 0, rows, &s);
    }
  } else {
    for (size_t first = 0; first < (size_t)c->output_channels; first += tile_channels) {
      multiply_tile(c, first, begin, end, &s);
    }
  }
}

static int32_t accepts(const fbq_convolution *c) {
  return scratch_bytes(c) <= scratch_limit;
}

const fbq_convolution_kernel fbq_portable_depthwise = {
    .accepts = accepts,
    .units = units,
    .scratch = scratch_bytes,
    .weight_bytes = weight_bytes,
    .pack = pack,
    .run = run,
};
