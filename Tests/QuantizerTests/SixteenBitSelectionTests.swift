import Diagnostics
import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("The choice of 16-bit layers")
struct SixteenBitSelectionTests {
  private let six = ClampRange(minimum: 0, maximum: 6)

  /// Blocks of convolutions with ReLU6 and a single logit.
  private func network(seed: UInt64) throws -> FloatGraph {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: seed))
    var x = sketch.input(shape: [1, 4, 4, 3])
    x = try sketch.convolution("stem", x, outputs: 6, clamp: six, &source)
    x = try sketch.convolution(
      "depthwise", x, outputs: 6, kernel: 3, padding: 1, groups: 6, clamp: six, &source)
    let shortcut = x
    x = try sketch.convolution("point", x, outputs: 6, clamp: six, &source)
    x = try sketch.node("sum", .add(clamp: .none), x, shortcut)
    x = try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), x)
    sketch.output(
      try sketch.node(
        "fc", .fullyConnected(clamp: .none), x, sketch.random("fc_w", [1, 6], &source),
        sketch.random("fc_b", [1], &source)))
    return sketch.graph
  }

  /// The logit as a function of one value alone.
  private func rest(of graph: FloatGraph, behind value: ValueIndex) -> FloatGraph {
    var rest = graph
    let position = graph.nodes.firstIndex { $0.output == value } ?? 0
    rest.inputs = [value]
    rest.nodes = Array(graph.nodes.suffix(from: position + 1))
    return rest
  }

  @Test("rests on the noise that a rounded value leaves in the logits, by central differences")
  func noise() throws {
    var isMeasured: Set<String> = []
    for seed: UInt64 in 1...3 {
      let graph = try network(seed: seed)
      var source = TensorSource(seed: seed)
      let samples = graph.samples(4, in: [-1...1], &source)
      let noise = try RoundingNoise(
        of: graph, classes: SixteenBitClasses(graph).computed, samples: graph.sampleSet(samples),
        threads: 1
      ) { _ in }
      // What nothing but the value itself leads to: the rest of the graph has no other input.
      for name in ["stem", "depthwise", "sum", "mean"] {
        let value = try #require(graph.values.firstIndex { $0.name == name })
        let rest = rest(of: graph, behind: value)
        let clamped = name == "stem" || name == "depthwise"
        var (gain, low, high) = (0.0, Float(0), Float(0))
        for inputs in samples {
          let start = try #require(try FloatReference(graph, inputs: inputs).values[value]).values
          (low, high) = (min(low, start.min() ?? 0), max(high, start.max() ?? 0))
          for index in start.indices where !clamped || (start[index] > 0 && start[index] < 6) {
            var ends: [Float] = []
            for shift: Float in [-1e-2, 1e-2] {
              var moved = start
              moved[index] += shift
              ends.append(try FloatReference(rest, inputs: [moved]).outputs[0].values[0])
            }
            let slope = Double(ends[1] - ends[0]) / 2e-2
            gain += slope * slope
          }
        }
        let step = Double(high - low) / 255
        let wanted = gain * step * step / 12
        let found = try #require(noise.energies[value])
        #expect(
          abs(found - wanted) <= 0.05 * wanted, "\(name) of seed \(seed): \(found), not \(wanted)")
        isMeasured.formUnion(wanted > 0 ? [name] : [])
      }
    }
    #expect(isMeasured == ["stem", "depthwise", "sum", "mean"])
  }

  private func chosen(_ graph: FloatGraph, share: Double) throws -> QuantizationState {
    var source = TensorSource(seed: 5)
    let samples = try graph.sampleSet(graph.samples(8, in: [-1...1], &source))
    return try graph.applying(
      SixteenBitSelectionStep(samples: samples),
      options: QuantizationOptions(sixteenBitShare: share))
  }

  private func names(_ state: QuantizationState) -> Set<String> {
    Set(state.wideValues.map { state.graph.values[$0].name })
  }

  @Test("keeps to the share of multiplications, and takes what makes the most noise for them")
  func budget() throws {
    let graph = try network(seed: 2)
    // Multiplications: stem 4·4·6·3 = 288, depthwise 4·4·6·9 = 864, point 4·4·6·6 = 576, fc 6: 1734.
    // The sum costs none, since its neighbors are an addition and a mean; the mean costs the 6 of fc,
    // 0.35 %.
    #expect(try names(chosen(graph, share: 0.3)) == ["sum"])
    let least = try chosen(graph, share: 0.4)
    #expect(names(least) == ["sum", "mean"])
    #expect(least.notes.count == 1)
    #expect(
      least.notes[0].hasPrefix("16-bit outputs of sum, mean: 0 % of the multiplications in 16x8, "))
    // All values but the logit, for all multiplications.
    let all = try chosen(graph, share: 100)
    #expect(names(all) == ["stem", "depthwise", "point", "sum", "mean"])
    // With mean and sum, the point takes 576 + 6 of 1734, 33.56 %; stem and depthwise take more.
    #expect(try names(chosen(graph, share: 33)) == ["sum", "mean"])
    #expect(try names(chosen(graph, share: 34)) == ["point", "sum", "mean"])
  }

  @Test("leaves a model alone where nothing fits")
  func nothing() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 1))
    let x = sketch.input(shape: [1, 4, 4, 3])
    let first = try sketch.convolution("first", x, outputs: 4, clamp: six, &source)
    sketch.output(try sketch.convolution("last", first, outputs: 4, &source))
    let state = try chosen(sketch.graph, share: 99)
    #expect(state.wideValues.isEmpty)
    #expect(
      state.notes == ["no layer got 16-bit outputs: none fits in the share of multiplications"])
  }

  @Test("passes over what has no 16-bit form, and what has 16 bits already")
  func obstacles() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 1))
    let x = sketch.input(shape: [1, 4, 4, 3])
    let first = try sketch.convolution("first", x, outputs: 4, &source)
    let curve = try sketch.node("curve", .activation(.hardSwish), first)
    let second = try sketch.convolution("second", curve, outputs: 4, clamp: six, &source)
    let third = try sketch.convolution("third", second, outputs: 4, clamp: six, &source)
    sketch.output(try sketch.convolution("last", third, outputs: 4, &source))
    let graph = sketch.graph
    #expect(names(try chosen(graph, share: 100)) == ["second", "third"])
    let samples = try graph.sampleSet(graph.samples(8, in: [-1...1], &source))
    let state = try graph.applying(
      SixteenBitSelectionStep(samples: samples),
      options: QuantizationOptions(
        outputType: .int16, sixteenBitLayers: ["second"], sixteenBitShare: 100))
    #expect(names(state) == ["second", "third", "last"])
    #expect(state.notes[0].hasPrefix("16-bit outputs of third: "))
  }

  @Test("needs samples")
  func samples() throws {
    let graph = try network(seed: 1)
    var source = TensorSource(seed: 1)
    let samples = try graph.sampleSet(graph.samples(1, in: [-1...1], &source)).subset(0)
    #expect(
      throws: Diagnostic(
        place: "calibration", problem: "there are no samples",
        remedy: "give at least one image, better a hundred")
    ) {
      try graph.applying(
        SixteenBitSelectionStep(samples: samples),
        options: QuantizationOptions(sixteenBitShare: 10))
    }
  }
}
