import Diagnostics
import FloatEngine
import FloatModel

/// What a student is trained on: inputs as the codes that the device reads, and what the teacher, the
/// float network, answers to the same samples, computed once. About one byte per input element.
package struct TrainingSamples: Sendable {
  /// One network input over all samples.
  package struct Input: Sendable {
    package var parameters: ActivationParameters
    /// Elements of one sample.
    package var size: Int
    /// `[samples, size]`
    package var codes: [Int8]
  }

  /// One network output over all samples.
  package struct Target: Sendable {
    /// Elements of one sample.
    package var size: Int
    /// `[samples, size]`
    package var values: [Float]
    /// Factor of its squared errors: 1 for an only output; with several, each counts in units of its
    /// own energy.
    package var weight: Float
  }

  package let count: Int
  package let inputs: [Input]
  package let targets: [Target]

  /// Samples whose inputs and wanted outputs are at hand.
  init(count: Int, inputs: [Input], targets: [Target]) {
    self.count = count
    self.inputs = inputs
    self.targets = targets
  }

  /// - Parameters:
  ///   - samples: at least one.
  ///   - teacher: a graph that computes what the float model does.
  ///   - inputParameters: one per graph input.
  /// - Throws: an input that cannot be read; NaN or infinity in the teacher's outputs.
  package init(
    samples: SampleSet, teacher: FloatGraph, inputParameters: [ActivationParameters],
    options: QuantizationOptions, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let teacher = teacher.upToLogits()
    var inputs = Self.emptyInputs(of: teacher, inputParameters)
    var answers = TeacherAnswers(teacher)
    var start = 0
    while start < samples.count {
      let batch = min(options.batch, samples.count - start)
      let values = try samples.inputs(start..<start + batch)
      for (position, codes) in samples.codes(of: values, parameters: inputParameters).enumerated() {
        inputs[position].codes += codes
      }
      try answers.add(values, batch: batch, threads: options.threads)
      start += batch
      progress(StepProgress(Double(start) / Double(samples.count), detail: "teacher"))
    }
    self.init(count: samples.count, inputs: inputs, targets: answers.weightedTargets)
  }

  /// No samples yet for each input of `graph`.
  static func emptyInputs(
    of graph: FloatGraph, _ parameters: [ActivationParameters]
  ) -> [Input] {
    zip(graph.inputs, parameters).map { value, parameters in
      Input(parameters: parameters, size: graph.values[value].shape.reduce(1, *), codes: [])
    }
  }

  /// The reals of one input's codes for some samples, one after the other.
  func fill(_ target: UnsafeMutableBufferPointer<Float>, input: Int, samples: [Int]) {
    let source = inputs[input]
    source.codes.withUnsafeBufferPointer { codes in
      for (position, sample) in samples.enumerated() {
        for index in 0..<source.size {
          target[position * source.size + index] =
            source.parameters.scale
            * Float(Int32(codes[sample * source.size + index]) - source.parameters.zeroPoint)
        }
      }
    }
  }
}

/// What a float graph answers to samples, a batch at a time.
struct TeacherAnswers {
  private let graph: FloatGraph
  private var engine: FloatEngine?
  private(set) var targets: [TrainingSamples.Target]
  private var count = 0

  init(_ graph: FloatGraph) {
    self.graph = graph
    targets = graph.outputs.map { output in
      TrainingSamples.Target(
        size: graph.values[output].shape.reduce(1, *), values: [], weight: 1)
    }
  }

  /// Runs a batch of inputs, one array per graph input.
  ///
  /// - Throws: NaN or infinity in the outputs.
  mutating func add(_ inputs: [[Float]], batch: Int, threads: Int) throws(Diagnostic) {
    if engine?.batch != batch {
      engine = try FloatEngine(graph: graph, batch: batch, threads: threads)
    }
    try engine?.run(inputs: inputs)
    for (position, output) in graph.outputs.enumerated() {
      guard let answers = engine?.values(of: output) else { continue }
      guard isFinite(answers) else {
        throw Diagnostic(
          place: "tensor '\(graph.values[output].name)'",
          problem: "holds NaN or infinity for training samples \(count)…\(count + batch - 1)",
          remedy: "check --mean and --std and the model's weights")
      }
      targets[position].values += answers
    }
    count += batch
  }

  /// The answers, with weights that make several outputs count alike.
  var weightedTargets: [TrainingSamples.Target] {
    guard targets.count > 1 else { return targets }
    return targets.map { target in
      let energy = target.values.reduce(0.0) { $0 + Double($1) * Double($1) }
      let mean = energy / Double(max(target.values.count, 1))
      var weighted = target
      weighted.weight = mean > 0 ? Float(1 / mean) : 1
      return weighted
    }
  }
}
