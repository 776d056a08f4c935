import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Presets")
struct PresetTests {
  @Test(
    "train small networks longer, up to three times, and to the end",
    arguments: [
      (4_000_000_000, 1), (300_000_000, 1), (150_000_001, 1), (150_000_000, 2), (41_000_000, 3),
      (0, 3),
    ], WeightGranularity.allCases)
  func epochs(_ network: (multiplications: Int, times: Int), weights: WeightGranularity) throws {
    for (preset, epochs) in [(Preset.balanced, 8), (.best, 30)] {
      let training = try #require(
        preset.options(weights: weights, multiplications: network.multiplications).training)
      #expect(training.epochs == epochs * network.times)
      #expect(training.patience == training.epochs)
    }
    for preset in [Preset.plain, .fast] {
      let options = preset.options(weights: weights, multiplications: network.multiplications)
      #expect(options.training == nil)
    }
  }

  @Test(
    "raise the resolution of activations with vector weights, balance scalar ones",
    arguments: Preset.allCases)
  func equalization(preset: Preset) {
    func equalization(_ weights: WeightGranularity) -> Equalization {
      preset.options(weights: weights, multiplications: 1).equalization
    }
    #expect(equalization(.perChannel) == (preset == .plain ? .none : .channelRange))
    #expect(equalization(.perTensor) == (preset == .plain ? .none : .crossLayer))
  }

  @Test("round with GPTQ and then keep the weights, unless scalar ones are trained")
  func rounding() {
    for preset in Preset.allCases {
      let vector = preset.options(weights: .perChannel, multiplications: 1)
      #expect(vector.rounding == (preset == .plain ? .nearest : .gptq))
      #expect(vector.training?.keepsWeights ?? true)
      let scalar = preset.options(weights: .perTensor, multiplications: 1)
      #expect(scalar.rounding == (preset == .fast ? .gptq : .nearest))
      #expect(scalar.training?.keepsWeights != true)
    }
  }

  @Test("multiplications are those of outputs by the weights of a filter, in all layers")
  func multiplications() throws {
    var source = TensorSource(seed: 1)
    var sketch = GraphSketch()
    var x = sketch.input(shape: [1, 4, 5, 3])
    x = try sketch.convolution("a", x, outputs: 6, kernel: 3, padding: 1, &source)
    x = try sketch.convolution("b", x, outputs: 6, kernel: 3, padding: 1, groups: 6, &source)
    x = try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), x)
    sketch.output(
      try sketch.node(
        "fc", .fullyConnected(clamp: .none), x, sketch.random("fc_w", [7, 6], &source),
        sketch.random("fc_b", [7], &source)))
    // 4 · 5 · 6 outputs of 27 weights each, as many of 9, and 7 of 6.
    #expect(sketch.graph.multiplicationCount == 120 * 27 + 120 * 9 + 42)
  }
}
