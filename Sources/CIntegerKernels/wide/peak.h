// The processor's peak: dot products of bytes in registers, which wait for nothing.
//
// 12 accumulators cover the latency of those that a processor starts at a time (5 cycles, two at a time),
// and leave registers for the operands where there are 16.

enum { peak_accumulators = 12 };

static int64_t wide_multiply_registers(int64_t rounds) {
  lanes sums[peak_accumulators];
  for (int i = 0; i < peak_accumulators; i++) sums[i] = lanes_zero();
  lane_codes codes = codes_of_bytes(lanes_repeat_8(3));
  const lane_weights weights = weights_of_bytes(lanes_repeat_8(5));
  for (int64_t round = 0; round < rounds; round++) {
    UNROLLED for (int i = 0; i < peak_accumulators; i++) {
      codes = forget_codes(codes);
      sums[i] = lanes_dot(sums[i], codes, weights);
    }
  }
  for (int i = 0; i < peak_accumulators; i++) FORGET(sums[i]);
  return rounds * peak_accumulators * lane_count * 4;
}
