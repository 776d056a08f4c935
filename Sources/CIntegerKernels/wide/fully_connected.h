// Fully connected layer on few rows: every weight is read once, where it lies.
//
// A vector of codes u times as many signed weights of one output; the lanes' sums are added up at the end.
// Σ (w − z_w)·(x − z_x) = Σ w·u − z_u·Σ w − z_w·Σ (x − z_x): the second is taken from the bias
// when the layer is prepared, the third when a row is known. Sums wrap, what is taken away again may
// leave 32 bits on the way. Units are blocks of lane_count outputs.

static size_t fully_connected_units(const fbq_fully_connected *layer) {
  return wide_blocks((size_t)layer->outputs);
}

// One row of codes.
static size_t fully_connected_scratch(const fbq_fully_connected *layer) {
  return (size_t)layer->inputs + sizeof(lanes);
}

static void fully_connected_prepare(const fbq_fully_connected *layer, int32_t *bias) {
  const size_t inputs = (size_t)layer->inputs;
  const uint32_t zero_point = (uint32_t)(layer->input_zero_point + code_flip);
  for (size_t o = 0; o < (size_t)layer->outputs; o++) {
    const uint8_t *weights = layer->weights + o * inputs;
    int32_t sum = 0;
    for (size_t i = 0; i < inputs; i++) sum += (int8_t)(weights[i] ^ layer->weight_flip);
    bias[o] = (int32_t)((uint32_t)bias[o] - (uint32_t)sum * zero_point);
  }
}

// Σ w·u of four outputs whose weights follow each other.
WIDE_INLINE void dot_four(const uint8_t *codes, const uint8_t *weights, size_t inputs, lanes flips,
                          int32_t *sums) {
  lanes partial[4] = {lanes_zero(), lanes_zero(), lanes_zero(), lanes_zero()};
  size_t i = 0;
  for (; i + sizeof(lanes) <= inputs; i += sizeof(lanes)) {
    lane_codes u = codes_of_bytes(lanes_load(codes + i));
    for (size_t o = 0; o < 4; o++) {
      lanes w = lanes_xor(lanes_load(weights + o * inputs + i), flips);
      partial[o] = lanes_dot(partial[o], u, weights_of_bytes(w));
    }
  }
  if (i < inputs) {
    lane_codes u = codes_of_bytes(lanes_load(codes + i));
    for (size_t o = 0; o < 4; o++) {
      lanes w = lanes_load_bytes_or_zeros(weights + o * inputs + i, inputs - i, flips);
      partial[o] = lanes_dot(partial[o], u, weights_of_bytes(w));
    }
  }
  lanes_sums_of_four(partial, sums);
}

// What a byte stands for in a dot product.
WIDE_INLINE int32_t code_of(uint8_t byte) { return (int8_t)(byte ^ code_flip) + code_flip; }

static uint32_t dot_one(const uint8_t *codes, const uint8_t *weights, size_t inputs, uint8_t flip) {
  uint32_t sum = 0;
  for (size_t i = 0; i < inputs; i++) {
    sum += (uint32_t)(code_of(codes[i]) * (int8_t)(weights[i] ^ flip));
  }
  return sum;
}

static void fully_connected_run(const void *parameters, size_t begin, size_t end, void *scratch) {
  const fbq_fully_connected *layer = parameters;
  const size_t inputs = (size_t)layer->inputs;
  const lanes code_flips = lanes_repeat_8(layer->input_flip ^ code_flip);
  const lanes weight_flips = lanes_repeat_8(layer->weight_flip);
  const loaded_stage stage = load_stage(&layer->stage);
  uint8_t *codes = scratch;
  for (size_t row = 0; row < (size_t)layer->rows; row++) {
    copy_flipped(codes, layer->input + row * inputs, inputs, code_flips);
    uint32_t total = 0;
    for (size_t i = 0; i < inputs; i++) total += (uint32_t)code_of(codes[i]);
    total -= (uint32_t)inputs * (uint32_t)(layer->input_zero_point + code_flip);
    const lanes correction = lanes_repeat((int32_t)(total * (uint32_t)layer->weight_zero_point));
    for (size_t block = begin; block < end; block++) {
      const wide_scale *scale = (const wide_scale *)layer->stage.scales + block;
      const size_t first = block * lane_count;
      const size_t used = least(lane_count, (size_t)layer->outputs - first);
      const uint8_t *weights = layer->weights + first * inputs;
      int32_t sums[lane_count] = {0};
      size_t o = 0;
      for (; o + 4 <= used; o += 4) {
        dot_four(codes, weights + o * inputs, inputs, weight_flips, sums + o);
      }
      for (; o < used; o++) {
        sums[o] = (int32_t)dot_one(codes, weights + o * inputs, inputs, layer->weight_flip);
      }
      lanes value = lanes_add(lanes_load(sums), lanes_load(scale->bias));
      value = scaled(lanes_subtract(value, correction), scale, &layer->stage);
      lanes_store_bytes(layer->output + row * (size_t)layer->outputs + first,
                        codes_of_four(value, value, value, value, &stage), used);
    }
  }
}

static const fbq_fully_connected_kernel wide_fully_connected = {
    .units = fully_connected_units,
    .scratch = fully_connected_scratch,
    .prepare = fully_connected_prepare,
    .run = fully_connected_run,
};
