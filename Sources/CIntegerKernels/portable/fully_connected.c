// Fully connected layer on few rows: every weight is read once, where it lies.
//
// Σ (w − z_w)·x is computed as Σ w·x − z_w·Σ x, with x already without its zero point, so that int8
// and uint8 weights need no packing.
#include "portable.h"
#include "requantize.h"

enum { lane_count = 8 };

static size_t padded(size_t count) { return (count + lane_count - 1) / lane_count * lane_count; }

static size_t units(const fbq_fully_connected *layer) {
  return ((size_t)layer->outputs + fbq_channel_block - 1) / fbq_channel_block;
}

// One row, widened.
static size_t scratch_bytes(const fbq_fully_connected *layer) {
  return padded((size_t)layer->inputs) * sizeof(int16_t);
}

static uint32_t sum_of(fbq_u32x4 v) { return v[0] + v[1] + v[2] + v[3]; }

// Σ w·x of four outputs whose weights follow each other. Sums wrap: what z_w·Σ x takes away again may
// leave 32 bits on the way.
static void dot_four(const int16_t *x, const uint8_t *weights, size_t inputs, uint8_t flip,
                     uint32_t *sums) {
  fbq_u32x4 partial[4] = {{0}, {0}, {0}, {0}};
  size_t i = 0;
  for (; i + lane_count <= inputs; i += lane_count) {
    fbq_i16x8 codes = fbq_load_i16x8(x + i);
    for (size_t o = 0; o < 4; o++) {
      partial[o] += fbq_dot_pairs(codes, fbq_widen(weights + o * inputs + i, flip));
    }
  }
  for (size_t o = 0; o < 4; o++) {
    sums[o] = sum_of(partial[o]);
    for (size_t k = i; k < inputs; k++) {
      sums[o] += (uint32_t)(x[k] * fbq_code(weights[o * inputs + k], flip));
    }
  }
}

static uint32_t dot_one(const int16_t *x, const uint8_t *weights, size_t inputs, uint8_t flip) {
  uint32_t sum = 0;
  for (size_t k = 0; k < inputs; k++) sum += (uint32_t)(x[k] * fbq_code(weights[k], flip));
  return sum;
}

static void run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_fully_connected *layer = parameters;
  const size_t inputs = (size_t)layer->inputs;
  const size_t outputs = (size_t)layer->outputs;
  int16_t *x = scratch;
  for (size_t row = 0; row < (size_t)layer->rows; row++) {
    fbq_widen_run(x, layer->input + row * inputs, inputs, layer->input_flip,
                  layer->input_zero_point);
    uint32_t total = 0;
    for (size_t i = 0; i < inputs; i++) total += (uint32_t)(int32_t)x[i];
    const uint32_t correction = total * (uint32_t)layer->weight_zero_point;
    for (size_t block = begin; block < end; block++) {
      const fbq_scale *scale = (const fbq_scale *)layer->stage.scales + block;
      size_t first = block * fbq_channel_block;
      size_t used = outputs - first < fbq_channel_block ? outputs - first : fbq_channel_block;
      const uint8_t *weights = layer->weights + first * inputs;
      uint32_t sums[fbq_channel_block] = {0};
      size_t o = 0;
      for (; o + 4 <= used; o += 4) {
        dot_four(x, weights + o * inputs, inputs, layer->weight_flip, sums + o);
      }
      for (; o < used; o++) {
        sums[o] = dot_one(x, weights + o * inputs, inputs, layer->weight_flip);
      }
      for (o = 0; o < fbq_channel_block; o++) sums[o] += scale->bias[o] - correction;
      fbq_store_codes(fbq_load_u32x4(sums), fbq_load_u32x4(sums + 4), scale, &layer->stage,
                      layer->output + row * outputs + first, (int32_t)used);
    }
  }
}

// Codes are taken as they are.
static void prepare(const fbq_fully_connected *layer, int32_t *bias) {
  (void)layer;
  (void)bias;
}

const fbq_fully_connected_kernel fbq_portable_fully_connected = {
    .units = units,
    .scratch = scratch_bytes,
    .prepare = prepare,
    .run = run,
};
