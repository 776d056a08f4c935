import Quantizer
import TestSupport
import Testing

@Suite("Weights and biases of a layer")
struct WeightQuantizationTests {
  private let input = ActivationParameters(scale: 0.5, zeroPoint: -128)

  @Test("per channel, each filter uses all 127 codes")
  func perChannel() {
    let quantized = WeightQuantization(
      weights: [1, -0.5, 100, 50], bias: [3, -7], thresholds: [1, 100], input: input
    ).quantized()
    // −0.5 / (1/127) = −63.5, ties away from zero.
    #expect(quantized.codes == [127, -64, 127, 64])
    #expect(quantized.scales == [Float(1) / 127, Float(100) / 127])
    // Equation 20: 3 / (0.5 · 1/127) = 762 and −7 / (0.5 · 100/127) = −17.78.
    #expect(quantized.biases == [762, -18])
    #expect(quantized.widenedChannels == 0)
  }

  @Test("per tensor, one threshold serves all filters")
  func perTensor() {
    let quantized = WeightQuantization(
      weights: [1, -0.5, 100, 50], bias: [0, 0], thresholds: [100], input: input
    ).quantized()
    #expect(quantized.codes == [1, -1, 127, 64])
    #expect(quantized.scales == [Float(100) / 127])
  }

  @Test("a threshold below the greatest weight saturates, never wraps")
  func saturation() {
    let quantized = WeightQuantization(
      weights: [1, -1, 0.25, 0], bias: [0], thresholds: [0.5], input: input
    ).quantized()
    #expect(quantized.codes == [127, -127, 64, 0])
  }

  @Test("a bias that would overflow widens the scale of its channel alone")
  func wideBias() {
    let quantized = WeightQuantization(
      weights: [1e-9, 1e-9, 1, 1], bias: [1000, 1], thresholds: [1e-9, 1], input: input
    ).quantized()
    #expect(quantized.widenedChannels == 1)
    #expect(abs(Int64(quantized.biases[0])) <= 1 << 30)
    let real = Double(quantized.biases[0]) * 0.5 * Double(quantized.scales[0])
    #expect(abs(real - 1000) < 0.001)
    #expect(quantized.scales[1] == Float(1) / 127)
  }

  @Test("a filter of zeros keeps its bias")
  func zeroFilter() {
    let quantized = WeightQuantization(
      weights: [0, 0, 1, 1], bias: [0.3, 0], thresholds: [0, 1], input: input
    ).quantized()
    #expect(quantized.codes.prefix(2) == [0, 0])
    let real = Double(quantized.biases[0]) * 0.5 * Double(quantized.scales[0])
    #expect(abs(real - 0.3) < 1e-6)
  }

  @Test("whatever the weights, the worst accumulator stays within 32 bits")
  func accumulator() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      let size = Int.random(in: 1...4000, using: &generator)
      let magnitude = Float.random(in: 1e-6...10, using: &generator)
      let weights = (0..<size).map { _ in
        Float.random(in: -magnitude...magnitude, using: &generator)
      }
      let bias = Float.random(in: -1e6...1e6, using: &generator)
      let zeroPoint = Int32.random(in: -128...127, using: &generator)
      let parameters = ActivationParameters(
        scale: Float.random(in: 1e-5...1, using: &generator), zeroPoint: zeroPoint)
      let threshold = weights.reduce(Float(0)) { max($0, abs($1)) }
      let quantized = WeightQuantization(
        weights: weights, bias: [bias], thresholds: [threshold], input: parameters
      ).quantized()
      let reach = max(127 - Int64(zeroPoint), Int64(zeroPoint) + 128)
      let sum = quantized.codes.reduce(Int64(0)) { $0 + abs(Int64($1)) }
      #expect(sum * reach + abs(Int64(quantized.biases[0])) < 1 << 31)
    }
  }
}
