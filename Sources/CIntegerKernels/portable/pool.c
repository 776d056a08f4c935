// Average and max pool, and sums over contiguous axes: all channels of a pixel at a time.
#include "requantize.h"

// One window: the taps inside the image.
typedef struct {
  int32_t top, bottom, left, right;
} window;

static int32_t greater(int32_t a, int32_t b) { return a > b ? a : b; }

static int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }

static window window_at(const fbq_pool *p, int32_t row, int32_t column) {
  int32_t top = row * p->stride_height - p->padding_top;
  int32_t left = column * p->stride_width - p->padding_left;
  return (window){
      .top = greater(top, 0),
      .bottom = smaller(top + p->window_height, p->input_height),
      .left = greater(left, 0),
      .right = smaller(left + p->window_width, p->input_width),
  };
}

static const uint8_t *pixel(const fbq_pool *p, size_t batch, int32_t row, int32_t column) {
  size_t index = (batch * (size_t)p->input_height + (size_t)row) * (size_t)p->input_width;
  return p->input + (index + (size_t)column) * (size_t)p->channels;
}

static void add_codes(int32_t *restrict sums, const uint8_t *restrict codes, size_t count,
                      uint8_t flip) {
  for (size_t i = 0; i < count; i++) sums[i] += fbq_code(codes[i], flip);
}

// Quotients of the sums of true codes, halves away from zero.
static void store_averages(const fbq_pool *p, const int32_t *sums, int32_t count, uint8_t *to) {
  // The sums are of flipped codes: for uint8 each lacks 128.
  int32_t lacking = p->flip ? 128 * count : 0;
  for (int32_t c = 0; c < p->channels; c++) {
    int32_t sum = sums[c] + lacking;
    int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
    to[c] = (uint8_t)smaller(greater(mean, p->minimum), p->maximum);
  }
}

void fbq_portable_average_pool(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_pool *p = parameters;
  const size_t channels = (size_t)p->channels;
  int32_t *sums = scratch;
  for (size_t row = begin; row < end; row++) {
    size_t batch = row / (size_t)p->output_height;
    int32_t output_row = (int32_t)(row % (size_t)p->output_height);
    for (int32_t column = 0; column < p->output_width; column++) {
      window w = window_at(p, output_row, column);
      __builtin_memset(sums, 0, channels * sizeof *sums);
      for (int32_t i = w.top; i < w.bottom; i++) {
        for (int32_t j = w.left; j < w.right; j++) {
          add_codes(sums, pixel(p, batch, i, j), channels, p->flip);
        }
      }
      size_t index = row * (size_t)p->output_width + (size_t)column;
      store_averages(p, sums, (w.bottom - w.top) * (w.right - w.left),
                     p->output + index * channels);
    }
  }
}

static void keep_greater(int8_t *restrict greatest, const uint8_t *restrict codes, size_t count,
                         uint8_t flip) {
  for (size_t i = 0; i < count; i++) {
    int8_t code = (int8_t)(codes[i] ^ flip);
    greatest[i] = code > greatest[i] ? code : greatest[i];
  }
}

void fbq_portable_max_pool(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_pool *p = parameters;
  const size_t channels = (size_t)p->channels;
  int8_t *greatest = scratch;
  for (size_t row = begin; row < end; row++) {
    size_t batch = row / (size_t)p->output_height;
    int32_t output_row = (int32_t)(row % (size_t)p->output_height);
    for (int32_t column = 0; column < p->output_width; column++) {
      window w = window_at(p, output_row, column);
      // Starting from the lower limit clamps from below.
      __builtin_memset(greatest, (uint8_t)p->minimum, channels);
      for (int32_t i = w.top; i < w.bottom; i++) {
        for (int32_t j = w.left; j < w.right; j++) {
          keep_greater(greatest, pixel(p, batch, i, j), channels, p->flip);
        }
      }
      uint8_t *to = p->output + (row * (size_t)p->output_width + (size_t)column) * channels;
      const int8_t maximum = (int8_t)p->maximum;
      for (size_t c = 0; c < channels; c++) {
        to[c] = (uint8_t)(greatest[c] < maximum ? greatest[c] : maximum) ^ p->flip;
      }
    }
  }
}

void fbq_portable_reduce(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_reduce *r = parameters;
  const fbq_scale *scale = r->stage.scales;
  int32_t *sums = scratch;
  for (size_t outer = begin; outer < end; outer++) {
    __builtin_memset(sums, 0, r->inner * sizeof *sums);
    const uint8_t *codes = r->input + outer * r->count * r->inner;
    for (size_t i = 0; i < r->count; i++) add_codes(sums, codes + i * r->inner, r->inner, r->input_flip);
    for (size_t start = 0; start < r->inner; start += fbq_channel_block) {
      size_t left = r->inner - start;
      int32_t count = left < fbq_channel_block ? (int32_t)left : fbq_channel_block;
      uint32_t values[fbq_channel_block] = {0};
      for (int32_t i = 0; i < count; i++) {
        values[i] = (uint32_t)sums[start + (size_t)i] + scale->bias[i];
      }
      fbq_store_codes(fbq_load_u32x4(values), fbq_load_u32x4(values + 4), scale, &r->stage,
                      r->output + outer * r->inner + start, count);
    }
  }
}
