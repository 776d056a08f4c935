// Dot products in registers alone: as many sums as hide the latency of one.

enum { peak_sums = 10, products_of_dot = 4 * lane_count };

static size_t multiply_in_registers(size_t rounds) {
  lanes sums[peak_sums], bytes = lanes_repeat_8(3);
  const lane_weights weights = weights_of_bytes(lanes_repeat_8(-5));
  UNROLLED for (int i = 0; i < peak_sums; i++) sums[i] = lanes_repeat(i);
  for (size_t round = 0; round < rounds; round++) {
    // Nothing may be computed once for all rounds.
    __asm__ volatile("" : "+v"(bytes));
    const lane_codes codes = codes_of_bytes(bytes);
    UNROLLED for (int i = 0; i < peak_sums; i++) sums[i] = lanes_dot(sums[i], codes, weights);
  }
  lanes all = sums[0];
  UNROLLED for (int i = 1; i < peak_sums; i++) all = lanes_xor(all, sums[i]);
  __asm__ volatile("" : : "v"(all));
  return rounds * peak_sums * products_of_dot;
}
