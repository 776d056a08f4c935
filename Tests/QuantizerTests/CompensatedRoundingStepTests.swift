import Diagnostics
import FloatModel
import FloatReference
import Foundation
import Quantizer
import Testing

@Suite("GPTQ rounding")
struct CompensatedRoundingStepTests {
  // MARK: - Moments

  /// What each weight of the filters of a group sees at every position of the convolution, from the
  /// definition: `[positions, taps · channels]`.
  private func inputs(
    of convolution: FloatConvolution, kernel: Int, shape: [Int], output: [Int], group: Int,
    x: [Float]
  ) -> [[Double]] {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let perGroup = channels / convolution.groups
    var rows: [[Double]] = []
    for outputRow in 0..<output[1] {
      for outputColumn in 0..<output[2] {
        var row: [Double] = []
        for tapRow in 0..<kernel {
          for tapColumn in 0..<kernel {
            let y =
              outputRow * convolution.stride.height - convolution.padding.top + tapRow
              * convolution.dilation.height
            let column =
              outputColumn * convolution.stride.width - convolution.padding.left + tapColumn
              * convolution.dilation.width
            for channel in group * perGroup..<(group + 1) * perGroup {
              let isInside = y >= 0 && y < height && column >= 0 && column < width
              row.append(
                isInside ? Double(x[(y * width + column) * channels + channel]) : 0)
            }
          }
        }
        rows.append(row)
      }
    }
    return rows
  }

  @Test(
    "sees what the weights of each group are multiplied with",
    arguments: [(groups: 1, outputs: 3), (groups: 2, outputs: 4), (groups: 4, outputs: 4)])
  func covariance(layer: (groups: Int, outputs: Int)) throws {
    for (stride, padding, dilation) in [(1, 0, 1), (2, 1, 1), (1, 2, 2)] {
      var source = TensorSource(seed: UInt64(stride + 10 * padding))
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 7, 6, 4])
      let convolution = FloatConvolution(
        stride: SpatialExtent(height: stride, width: stride),
        dilation: SpatialExtent(height: dilation, width: dilation),
        padding: EdgePadding(top: padding, left: padding, bottom: padding, right: padding),
        groups: layer.groups, clamp: .none)
      let y = try sketch.node(
        "layer", .convolution(convolution), x,
        sketch.random("w", [layer.outputs, 3, 3, 4 / layer.groups], &source))
      let graph = sketch.graph
      let samples = (0..<3).map { _ in source.values([1, 7, 6, 4], in: -1...2) }
      let moments = try #require(
        InputMoments(graph.nodes[0], in: graph, sampleCount: samples.count))
      // The reference's inputs are one more, and half as large again.
      for sample in samples {
        let reference = sample.map { 1.5 * $0 + 1 }
        try sample.withUnsafeBufferPointer { sample in
          try reference.withUnsafeBufferPointer { try moments.add(sample, reference: $0) }
        }
      }
      #expect(moments.blocks.count == layer.groups)
      for (index, block) in moments.blocks.enumerated() {
        let rows = samples.flatMap {
          inputs(
            of: convolution, kernel: 3, shape: [1, 7, 6, 4], output: sketch.shape(y),
            group: block.group, x: $0)
        }
        let size = rows[0].count
        #expect(block.weights == 0..<size)
        let found = moments.covariance(ofBlock: index)
        let wanted = Self.covariance(of: rows)
        #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-5 })
        let means = (0..<size).map { weight in
          rows.reduce(0) { $0 + $1[weight] } / Double(rows.count)
        }
        #expect(zip(moments.means(ofBlock: index).inputs, means).allSatisfy { abs($0 - $1) < 1e-5 })
        guard padding == 0 else { continue }
        // Padding is 0 in both: only without it each input is exceeded by its half and one.
        #expect(
          zip(moments.means(ofBlock: index).differences, means)
            .allSatisfy { abs($0 - $1 / 2 - 1) < 1e-5 })
        if let cross = moments.differenceCovariance(ofBlock: index) {
          #expect(zip(cross, wanted).allSatisfy { abs($0 - $1 / 2) < 1e-5 })
        } else {
          #expect(layer.groups == 4)
        }
      }
    }
  }

  /// `[K, K]`, from the definition.
  private static func covariance(of rows: [[Double]]) -> [Double] {
    let (size, count) = (rows[0].count, Double(rows.count))
    var means = [Double](repeating: 0, count: size)
    for row in rows {
      for index in 0..<size { means[index] += row[index] / count }
    }
    var result = [Double](repeating: 0, count: size * size)
    for row in rows {
      for a in 0..<size {
        for b in 0..<size {
          result[a * size + b] += (row[a] - means[a]) * (row[b] - means[b]) / count
        }
      }
    }
    return result
  }

  @Test("of large inputs, sees positions all over the image, other ones of each sample")
  func sampledPositions() throws {
    var source = TensorSource(seed: 12)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 96, 96, 2])
    sketch.output(try sketch.convolution("layer", x, outputs: 2, &source))
    let graph = sketch.graph
    let moments = try #require(InputMoments(graph.nodes[0], in: graph, sampleCount: 8))
    // Channel 0 rises from left to right, channel 1 from sample to sample: what is missed of either
    // would show. 512 of 9216 positions are looked at.
    for sample in 0..<8 {
      let values = (0..<96 * 96).flatMap { [Float($0 % 96) / 95, Float(sample) / 7] }
      try values.withUnsafeBufferPointer { try moments.add($0, reference: $0) }
    }
    let found = moments.covariance(ofBlock: 0)
    // Uniform over 96 and over 8 steps of [0, 1]: (n + 1) / (n − 1) / 12.
    #expect(abs(found[0] - 97.0 / 95 / 12) < 0.002)
    #expect(abs(found[3] - 9.0 / 7 / 12) < 1e-4)
    #expect(abs(found[1]) < 0.002 && abs(found[1] - found[2]) < 1e-9)
  }

  @Test("cuts filters of very many weights into blocks that cover them")
  func blocks() throws {
    var source = TensorSource(seed: 3)
    var sketch = GraphSketch()
    let count = 2 * InputMoments.greatestBlock + 5
    let x = sketch.input(shape: [1, count])
    sketch.output(
      try sketch.node(
        "fc", .fullyConnected(clamp: .none), x, sketch.random("w", [2, count], &source)))
    let graph = sketch.graph
    let moments = try #require(InputMoments(graph.nodes[0], in: graph, sampleCount: 4))
    #expect(moments.blocks.map(\.weights.count).reduce(0, +) == count)
    #expect(moments.blocks.allSatisfy { $0.weights.count <= InputMoments.greatestBlock })
    for (left, right) in zip(moments.blocks, moments.blocks.dropFirst()) {
      #expect(left.weights.upperBound == right.weights.lowerBound)
    }
    let values = graph.samples(4, in: [-1...1], &source)
    let state = try graph.rounded(values)
    try expectOnGrid(state, changedFrom: graph)
  }

  // MARK: - The step

  /// That every weight that changed is a code of −127…127 times the scale of its threshold.
  private func expectOnGrid(_ state: QuantizationState, changedFrom graph: FloatGraph) throws {
    var changed = 0
    for node in state.graph.nodes where node.inputs.count > 1 {
      guard let weights = state.graph.values[node.inputs[1]].constant,
        let thresholds = state.weightThresholds[node.inputs[1]]
      else { continue }
      let size = weights.count / weights.shape[0]
      let given = graph.values[node.inputs[1]].constant?.values ?? []
      for (index, weight) in weights.values.enumerated() where weight != given[index] {
        changed += 1
        let scale = (thresholds.count == 1 ? thresholds[0] : thresholds[index / size]) / 127
        let code = weight / scale
        #expect(abs(code - code.rounded()) < 1e-3 && abs(code) < 127.5)
      }
    }
    #expect(changed > 0)
  }

  @Test("puts all weights that it changes on the grid", arguments: WeightGranularity.allCases)
  func onGrid(weights: WeightGranularity) throws {
    for seed: UInt64 in 1...5 {
      let graph = try randomBlocks(seed: seed, clamp: .relu)
      var source = TensorSource(seed: seed)
      let values = graph.samples(40, in: [-1...1], &source)
      try expectOnGrid(graph.rounded(values, weights: weights), changedFrom: graph)
    }
  }

  /// A sample whose neighbors are alike, as those of images are.
  private func smoothImage(_ source: inout TensorSource) -> [Float] {
    let waves = source.values([4, 3], in: -1...1)
    return (0..<8 * 8 * 4).map { index in
      let (row, column, channel) = (index / 32, index / 4 % 8, index % 4)
      let phase = waves[channel * 3] * Float(row) / 2 + waves[channel * 3 + 1] * Float(column) / 2
      return sin(phase) + waves[2] + waves[channel * 3 + 2] / 4
    }
  }

  /// The variance of the error of each output channel, over all samples and positions, summed.
  private func error(_ state: QuantizationState, _ samples: [[[Float]]]) throws -> Double {
    var quantized = state.graph
    for node in quantized.nodes where node.inputs.count > 1 {
      guard let thresholds = state.weightThresholds[node.inputs[1]],
        let weights = quantized.values[node.inputs[1]].constant
      else { continue }
      let size = weights.count / thresholds.count
      quantized.values[node.inputs[1]].constant?.values = weights.values.enumerated().map {
        let scale = thresholds[$0 / size] / 127
        return scale * ($1 / scale).rounded()
      }
    }
    let wanted = try state.reference.outputs(for: samples).map { $0[0] }
    let found = try quantized.outputs(for: samples).map { $0[0] }
    let channels = wanted[0].shape[3]
    var (sums, squares) = (
      [Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)
    )
    var count = 0.0
    for (left, right) in zip(wanted, found) {
      for (index, (a, b)) in zip(left.values, right.values).enumerated() {
        sums[index % channels] += Double(a - b)
        squares[index % channels] += Double(a - b) * Double(a - b)
      }
      count += Double(left.values.count / channels)
    }
    return zip(sums, squares).reduce(0) { $0 + $1.1 / count - $1.0 * $1.0 / count / count }
  }

  @Test(
    "leaves a fraction of the error of the nearest codes",
    arguments: WeightGranularity.allCases, [1, 4])
  func fraction(weights: WeightGranularity, groups: Int) throws {
    var (nearest, rounded) = (0.0, 0.0)
    for seed: UInt64 in 1...8 {
      var source = TensorSource(seed: seed)
      var sketch = GraphSketch()
      let x = sketch.input(shape: [1, 8, 8, 4])
      sketch.output(
        try sketch.convolution(
          "layer", x, outputs: 8, kernel: 3, padding: 1, groups: groups, &source))
      let graph = sketch.graph
      let seen = (0..<20).map { _ in [smoothImage(&source)] }
      let others = (0..<20).map { _ in [smoothImage(&source)] }
      let samples = try graph.sampleSet(seen)
      let options = QuantizationOptions(weights: weights)
      nearest += try error(
        graph.applying(
          CalibrationStep(samples: samples), WeightThresholdStep(), options: options), others)
      rounded += try error(graph.rounded(seen, weights: weights), others)
    }
    #expect(rounded < nearest / 3, "\(nearest) to \(rounded)")
  }

  @Test("changes nothing in the reference, nor the number of thresholds")
  func reference() throws {
    let graph = try randomBlocks(seed: 4, clamp: .relu)
    var source = TensorSource(seed: 4)
    let state = try graph.rounded(graph.samples(10, in: [-1...1], &source))
    #expect(state.reference.values == graph.values)
    #expect(state.graph.values != graph.values)
    for node in graph.nodes
    where node.inputs.count > 1 && state.weightThresholds[node.inputs[1]] != nil {
      #expect(
        state.weightThresholds[node.inputs[1]]?.count == graph.values[node.inputs[1]].shape[0])
    }
  }

  /// A residual connection around two layers, and two outputs.
  private func residual(seed: UInt64, outputs: Int) throws -> FloatGraph {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: seed))
    let x = sketch.input(shape: [1, 6, 6, 3])
    let first = try sketch.convolution("first", x, outputs: 6, clamp: .relu, &source)
    var y = try sketch.convolution("second", first, outputs: 8, clamp: .relu, &source)
    y = try sketch.convolution("third", y, outputs: 6, &source)
    let sum = try sketch.node("sum", .add(clamp: .none), first, y)
    let last = try sketch.convolution("last", sum, outputs: 4, &source)
    for output in [last, sum].prefix(outputs) { sketch.output(output) }
    return sketch.graph
  }

  @Test(
    "rounds all layers whatever the batches, the memory and the connections", arguments: [1, 2])
  func connections(outputs: Int) throws {
    let graph = try residual(seed: 5, outputs: outputs)
    var source = TensorSource(seed: 5)
    let values = graph.samples(10, in: [-1...1], &source)
    func weights(_ state: QuantizationState) -> [Float] {
      graph.nodes.flatMap { node in
        node.inputs.count > 1 ? state.graph.values[node.inputs[1]].constant?.values ?? [] : []
      }
    }
    let whole = try graph.rounded(values)
    try expectOnGrid(whole, changedFrom: graph)
    #expect(whole.notes.isEmpty)
    // Sums in another order move few weights to the next code.
    for batch in [1, 3, 10] {
      let found = weights(try graph.rounded(values, batch: batch))
      let equal = zip(found, weights(whole)).count { $0 == $1 }
      #expect(Double(equal) > 0.9 * Double(found.count), "batches of \(batch)")
    }
    try expectOnGrid(graph.rounded(values) { $0.greatestFloatCount = 1 }, changedFrom: graph)
    // 864 bytes of input a sample, 1728 of the two outputs of the first layer.
    try expectOnGrid(graph.rounded(values) { $0.greatestByteCount = 10000 }, changedFrom: graph)
    let few = try graph.rounded(values) { $0.greatestByteCount = 2000 }
    #expect(few.notes == ["rounding used 2 of 10 samples, all that fit in 2000 bytes"])
  }

  @Test("takes back in each layer what rounding did to those before it")
  func sequence() throws {
    var (alone, together) = (0.0, 0.0)
    for seed: UInt64 in 1...5 {
      var (sketch, source) = (GraphSketch(), TensorSource(seed: seed))
      var x = sketch.input(shape: [1, 8, 8, 4])
      for layer in 0..<6 { x = try sketch.convolution("layer\(layer)", x, outputs: 6, &source) }
      sketch.output(x)
      let graph = sketch.graph
      let seen = (0..<20).map { _ in [smoothImage(&source)] }
      let others = (0..<20).map { _ in [smoothImage(&source)] }
      var state = try graph.rounded(seen)
      together += try error(state, others)
      // Each layer on its own, on its inputs in the float network.
      for node in graph.nodes {
        var single = graph
        single.nodes = [node]
        single.inputs = [node.inputs[0]]
        single.outputs = [node.output]
        let inputs = try seen.map { sample in
          [try #require(try FloatReference(graph, inputs: sample).values[node.inputs[0]]).values]
        }
        let rounded = try single.rounded(inputs)
        state.graph.values[node.inputs[1]] = rounded.graph.values[node.inputs[1]]
        state.weightThresholds[node.inputs[1]] = rounded.weightThresholds[node.inputs[1]]
      }
      alone += try error(state, others)
    }
    #expect(together < 0.6 * alone, "\(alone) to \(together)")
  }

  @Test("needs samples")
  func noSamples() throws {
    let graph = try residual(seed: 1, outputs: 1)
    var source = TensorSource(seed: 1)
    let samples = try graph.sampleSet(graph.samples(1, in: [-1...1], &source)).subset(0)
    #expect(
      throws: Diagnostic(
        place: "calibration", problem: "there are no samples",
        remedy: "give at least one image, better a hundred")
    ) { try graph.applying(CompensatedRoundingStep(samples: samples)) }
  }

  @Test("leaves weights alone that two layers share")
  func shared() throws {
    var source = TensorSource(seed: 6)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3])
    let weights = sketch.random("w", [3, 3], &source)
    let first = try sketch.node("first", .fullyConnected(clamp: .none), x, weights)
    sketch.output(try sketch.node("second", .fullyConnected(clamp: .none), first, weights))
    let graph = sketch.graph
    let state = try graph.rounded(graph.samples(10, in: [-1...1], &source))
    #expect(state.graph.values == graph.values)
  }

  @Test("leaves weights alone whose inputs never vary")
  func constant() throws {
    var source = TensorSource(seed: 7)
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 3])
    sketch.output(
      try sketch.node(
        "fc", .fullyConnected(clamp: .none), x, sketch.random("w", [2, 3], &source)))
    let graph = sketch.graph
    let state = try graph.rounded(Array(repeating: [[0.5, 0.25, 1]], count: 5))
    #expect(state.graph.values == graph.values)
  }

  @Test("stays while thresholds and biases are trained")
  func training() throws {
    let task = try TrainingTask(
      blocksOfSeed: 8, weights: .perChannel,
      options: QuantizationOptions(rounding: .gptq, biasCorrection: .empirical))
    let samples = try task.samples()
    let before = try task.graph.applying(
      CalibrationStep(samples: samples), WeightThresholdStep(),
      CompensatedRoundingStep(samples: samples), EmpiricalBiasCorrectionStep(samples: samples),
      options: task.options)
    var after = before
    try TrainingStep(
      samples: samples, teacher: task.graph,
      options: TrainingOptions(
        epochs: 20, batch: 8, tunesBiases: true, keepsWeights: true, patience: 20)
    ).apply(to: &after) { _ in }
    #expect(after.weightThresholds == before.weightThresholds)
    for node in before.graph.nodes
    where node.inputs.count > 1 && before.weightThresholds[node.inputs[1]] != nil {
      #expect(after.graph.values[node.inputs[1]] == before.graph.values[node.inputs[1]])
      #expect(after.graph.values[node.inputs[2]] != before.graph.values[node.inputs[2]])
    }
    let all = Array(task.values.indices)
    #expect(try task.error(of: after, samples: all) < task.error(of: before, samples: all))
  }
}

extension FloatGraph {
  /// Calibrated, its weights rounded.
  fileprivate func rounded(
    _ samples: [[[Float]]], weights: WeightGranularity = .perChannel, batch: Int = 8,
    _ change: (inout CompensatedRoundingStep) -> Void = { _ in }
  ) throws(Diagnostic) -> QuantizationState {
    let samples = try sampleSet(samples)
    var step = CompensatedRoundingStep(samples: samples)
    change(&step)
    return try applying(
      CalibrationStep(samples: samples), WeightThresholdStep(), step,
      options: QuantizationOptions(weights: weights, rounding: .gptq, batch: batch))
  }
}
