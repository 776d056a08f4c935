import Diagnostics
import FloatModel
import FloatReference
import Quantizer
import TensorFiles

extension FloatGraph {
  /// The samples as the quantizer takes them; each is one array per input.
  func sampleSet(_ samples: [[[Float]]]) throws(Diagnostic) -> SampleSet {
    let arrays = inputs.enumerated().map { position, value in
      NumericArray(
        name: values[value].name, shape: [samples.count] + values[value].shape.dropFirst(),
        values: samples.flatMap { $0[position] })
    }
    return try SampleSet(arrays: arrays, for: self, limit: samples.count)
  }

  /// The elements of the constant called `name`.
  func elements(_ name: String) -> [Float] {
    values.first { $0.name == name }?.constant?.values ?? []
  }

  /// All outputs for each of `samples`, from the plain loops.
  func outputs(for samples: [[[Float]]]) throws -> [[FloatTensor]] {
    try samples.map { try FloatReference(self, inputs: $0).outputs }
  }

  /// What a step makes of the graph.
  func applying(
    _ steps: any QuantizationStep..., options: QuantizationOptions = QuantizationOptions()
  ) throws(Diagnostic) -> QuantizationState {
    var state = QuantizationState(
      graph: self, options: options,
      wideValues: try wideValues(options))
    for step in steps { try step.apply(to: &state) { _ in } }
    return state
  }
}

extension GraphSketch {
  /// A 1×1 convolution with weights `[O, 1, 1, C / groups]`; its constants are named after it.
  mutating func pointwise(
    _ name: String, _ x: ValueIndex, weights: [[Float]], bias: [Float]? = nil, groups: Int = 1,
    clamp: ClampRange = .none
  ) throws(Diagnostic) -> ValueIndex {
    var inputs = [
      x,
      constant(
        "\(name)_w", [weights.count, 1, 1, weights[0].count], weights.flatMap { $0 }),
    ]
    if let bias { inputs.append(constant("\(name)_b", [bias.count], bias)) }
    return try node(
      name,
      .convolution(
        FloatConvolution(
          stride: SpatialExtent(height: 1, width: 1), padding: EdgePadding(), groups: groups,
          clamp: clamp)), inputs)
  }
}

/// A random stack of expanding, depthwise and projecting convolutions, as in MobileNetV2, with a
/// fully connected layer at its end.
func randomBlocks(
  seed: UInt64, clamp: ClampRange, blocks: Int = 2, spread: ClosedRange<Float> = 0.05...1
) throws -> FloatGraph {
  var source = TensorSource(seed: seed)
  var sketch = GraphSketch()
  var x = sketch.input(shape: [1, 6, 5, 3])
  for block in 0..<blocks {
    x = try sketch.convolution("expand\(block)", x, outputs: 8, clamp: clamp, &source)
    x = try sketch.convolution(
      "depthwise\(block)", x, outputs: 8, kernel: 3, padding: 1, groups: 8, clamp: clamp, &source)
    x = try sketch.convolution("project\(block)", x, outputs: 4, &source)
  }
  x = try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), x)
  x = try sketch.node(
    "fc", .fullyConnected(clamp: .none), x, sketch.random("fc_w", [3, 4], &source),
    sketch.random("fc_b", [3], &source))
  sketch.output(x)
  var graph = sketch.graph
  // Filters of very different magnitude.
  for index in graph.values.indices {
    guard let constant = graph.values[index].constant, constant.shape.count == 4 else { continue }
    let size = constant.count / constant.shape[0]
    for filter in 0..<constant.shape[0] {
      let factor = source.values([1], in: spread)[0]
      for element in filter * size..<(filter + 1) * size {
        graph.values[index].constant?.values[element] *= factor
      }
    }
  }
  return graph
}

/// The greatest difference between two lists of tensors, over the greatest magnitude of the first.
func relativeDifference(_ first: [[FloatTensor]], _ second: [[FloatTensor]]) -> Float {
  let left = first.flatMap { $0 }.flatMap(\.values)
  let right = second.flatMap { $0 }.flatMap(\.values)
  let magnitude = left.map(abs).max() ?? 0
  let difference = zip(left, right).map { abs($0 - $1) }.max() ?? .infinity
  return magnitude == 0 ? difference : difference / magnitude
}
