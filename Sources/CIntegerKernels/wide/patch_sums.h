// Sums of the codes of patches, which weights with a zero point need: see convolution.h.

// Σ of bytes that follow each other, which `flips` make the table's codes.
static int32_t sum_of_run(const uint8_t *bytes, size_t length, lanes flips) {
  const lane_weights ones = weights_of_bytes(lanes_repeat_8(1));
  lanes sums[4] = {lanes_zero(), lanes_zero(), lanes_zero(), lanes_zero()};
  size_t i = 0;
  for (; i + sizeof(lanes) <= length; i += sizeof(lanes)) {
    const lanes u = lanes_xor(lanes_load(bytes + i), flips);
    sums[0] = lanes_dot(sums[0], codes_of_bytes(u), ones);
  }
  if (i < length) {
    const lanes u = lanes_load_bytes_or_zeros(bytes + i, length - i, flips);
    sums[0] = lanes_dot(sums[0], codes_of_bytes(u), ones);
  }
  int32_t sum[4];
  lanes_sums_of_four(sums, sum);
  return sum[0];
}

// z_w · Σ (u − z_u) over the patches of `count` pixels that follow each other.
static void sum_patches(const fbq_convolution *c, const patch_shape *shape, const uint8_t *patches,
                        size_t count, int32_t *sums) {
  const lanes none = lanes_zero();
  const lane_weights ones = weights_of_bytes(lanes_repeat_8(1));
  const uint32_t offset =
      (uint32_t)(taps(c) * group_inputs(c)) * (uint32_t)shifted_zero_point(c);
  for (size_t pixel = 0; pixel < count; pixel += 4) {
    lanes partial[4] = {none, none, none, none};
    for (size_t i = 0; i < 4; i++) {
      const uint8_t *run = patches + least(pixel + i, count - 1) * shape->pixel_stride;
      for (size_t r = 0; r < shape->runs; r++, run += shape->run_stride) {
        size_t k = 0;
        for (; k + sizeof(lanes) <= shape->run_bytes; k += sizeof(lanes)) {
          partial[i] = lanes_dot(partial[i], codes_of_bytes(lanes_load(run + k)), ones);
        }
        if (k == shape->run_bytes) continue;
        lanes rest = lanes_load_bytes_or_zeros(run + k, shape->run_bytes - k, none);
        partial[i] = lanes_dot(partial[i], codes_of_bytes(rest), ones);
      }
    }
    int32_t totals[4];
    lanes_sums_of_four(partial, totals);
    for (size_t i = 0; i < 4 && pixel + i < count; i++) {
      sums[pixel + i] =
          (int32_t)(((uint32_t)totals[i] - offset) * (uint32_t)c->weight_zero_point);
    }
  }
}
