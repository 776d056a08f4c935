import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Derivatives of training are those of central differences, roundings and clips frozen")
struct TrainingGradientTests {
  private func task(
    _ clamp: ClampRange, seed: UInt64, _ options: QuantizationOptions
  ) throws -> TrainingTask {
    var source = TensorSource(seed: seed)
    var sketch = GraphSketch()
    var x = sketch.input(shape: [1, 2, 2, 2])
    x = try sketch.convolution("conv", x, outputs: 3, clamp: clamp, &source)
    x = try sketch.node("flat", .reshape([1, 12]), x)
    x = try sketch.node(
      "fc", .fullyConnected(clamp: .none), x, sketch.random("fc_w", [2, 12], &source),
      sketch.random("fc_b", [2], &source))
    sketch.output(x)
    return TrainingTask(sketch.graph, samples: 5, seed: seed + 100, options: options)
  }

  /// Parameters away from their start, with clipped elements on all sides.
  private func moved(
    _ start: TrainableParameters, _ training: TrainingOptions, form: ThresholdForm,
    negativeShares: [Float], seed: UInt64
  ) -> TrainableParameters {
    var source = TensorSource(seed: seed)
    var result: TrainableParameters = [:]
    for group in ParameterGroup.allCases {
      guard let values = start[group], !values.isEmpty else { continue }
      let count = [values.count]
      result[group] =
        switch group {
        case .activationThresholds:
          negativeShares.flatMap { share in
            let factor = source.values(
              [1], in: training.parametrization == .log2 ? -0.5 ... -0.2 : 0.7...0.85)
            guard form == .asymmetric, share > 0 else { return factor }
            // Such that zero stays well inside the range.
            let shift: ClosedRange<Float> =
              share > 0.7 ? 0.3...0.4 : share > 0.3 ? 0.05...0.15 : -0.15 ... -0.05
            return factor + source.values([1], in: shift)
          }
        case .weightThresholds:
          source.values(
            count, in: training.parametrization == .log2 ? -0.6 ... -0.2 : 0.6...0.9)
        case .weightFactors, .biasFactors: source.values(count, in: 0.8...1.2)
        case .biasOffsets: source.values(count, in: -2...2)
        // Away from where the soft rounding is flat.
        case .roundings: source.values(count, in: -1.5...1.5)
        }
    }
    return result
  }

  private func check(
    _ options: QuantizationOptions, _ training: TrainingOptions, _ clamp: ClampRange, seed: UInt64,
    without: Set<ParameterGroup> = []
  ) throws {
    let task = try task(clamp, seed: seed, options)
    let state = try task.start()
    let student = try StudentNetwork(state, options: training)
    let data = try task.data(for: state)
    let start = student.parameters
    try student.measureInputs(on: Array(task.values.indices), of: data)
    let negativeShares = task.graph.nodes.compactMap { node in
      node.name == "flat"
        ? nil : state.observed[node.output].map { -$0.minimum / ($0.maximum - $0.minimum) }
    }
    try student.update(
      moved(
        student.parameters, training, form: options.thresholds,
        negativeShares: negativeShares, seed: seed),
      isHard: false)
    let frozen = try FrozenStudent(
      task: task, state: state, training: training, clamp: clamp, at: student.parameters,
      compensatingSince: options.biasCorrection == .none ? nil : start)
    let (loss, gradients) = try student.gradients(
      over: Array(task.values.indices), of: data)
    let wanted = frozen.derivatives(at: student.parameters)
    let wantedLoss = frozen.loss(student.parameters.mapValues { $0.map(Double.init) })
    #expect(abs(loss - wantedLoss) < 1e-4 * wantedLoss, "seed \(seed)")
    for group in ParameterGroup.allCases {
      guard let values = student.parameters[group], !values.isEmpty, !without.contains(group) else {
        #expect(gradients[group] == nil, "\(group)")
        continue
      }
      let expected = try #require(wanted[group])
      let greatest = expected.map(abs).max() ?? 0
      #expect(greatest > 1e-4, "\(group): nothing to compare")
      let found = try #require(gradients[group])
      try #require(found.count == expected.count)
      for (index, pair) in zip(found, expected).enumerated() {
        #expect(
          abs(Double(pair.0) - pair.1) < 5e-3 * greatest,
          "seed \(seed), \(group) \(index): \(pair.0) instead of \(pair.1)")
      }
    }
  }

  private static let clamps: [ClampRange] = [
    .none, .relu, ClampRange(minimum: -0.5, maximum: 0.75),
  ]

  @Test(
    "for every parametrization and form, signed and unsigned",
    arguments: ThresholdParametrization.allCases, ThresholdForm.allCases)
  func thresholds(parametrization: ThresholdParametrization, form: ThresholdForm) throws {
    for (position, clamp) in Self.clamps.enumerated() {
      for weights in WeightGranularity.allCases {
        for loss in DistillationLoss.allCases {
          try check(
            QuantizationOptions(weights: weights, thresholds: form, threads: 2),
            TrainingOptions(
              loss: loss, parametrization: parametrization, tunesWeights: true, tunesBiases: true),
            clamp, seed: UInt64(position + 1))
        }
      }
    }
  }

  @Test("for learned roundings; weight thresholds then stay", arguments: WeightGranularity.allCases)
  func roundings(weights: WeightGranularity) throws {
    for seed: UInt64 in 1...3 {
      try check(
        QuantizationOptions(weights: weights),
        TrainingOptions(tunesBiases: true, learnsRounding: true), .relu, seed: seed,
        without: [.weightThresholds])
    }
  }

  @Test(
    "where biases make up for the mean error of rounding: each weight then moves its bias",
    arguments: WeightGranularity.allCases)
  func compensation(weights: WeightGranularity) throws {
    for seed: UInt64 in 1...3 {
      try check(
        QuantizationOptions(weights: weights, biasCorrection: .empirical),
        TrainingOptions(tunesWeights: true, tunesBiases: true), .relu, seed: seed)
    }
  }

  @Test("none for thresholds that are not trained")
  func withoutThresholds() throws {
    try check(
      QuantizationOptions(), TrainingOptions(trainsThresholds: false, tunesWeights: true), .none,
      seed: 4, without: [.activationThresholds, .weightThresholds])
  }
}
