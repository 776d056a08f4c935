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

  /// Whether samples `count…2·count − 1` are the first ones mirrored.
  let hasMirrored: Bool

  /// Samples whose inputs and wanted outputs are at hand.
  init(count: Int, inputs: [Input], targets: [Target], hasMirrored: Bool = false) {
    self.count = count
    self.hasMirrored = hasMirrored
    self.inputs = inputs
    self.targets = targets
  }

  /// - Parameters:
  ///   - samples: at least one.
  ///   - teacher: a graph that computes what the float model does.
  ///   - inputParameters: one per graph input.
  ///   - mirrors: whether each image is added mirrored, too.
  /// - Throws: an input that cannot be read; NaN or infinity in the teacher's outputs.
  package init(
    samples: SampleSet, teacher: FloatGraph, inputParameters: [ActivationParameters],
    options: QuantizationOptions, mirrors: Bool = false, progress: (StepProgress) -> Void
  ) throws(Diagnostic) {
    let teacher = teacher.upToLogits()
    var inputs = Self.emptyInputs(of: teacher, inputParameters)
    var answers = TeacherAnswers(teacher)
    let hasMirrored = mirrors && samples.areImages
    var done = 0
    for isMirrored in hasMirrored ? [false, true] : [false] {
      var start = 0
      while start < samples.count {
        let batch = min(options.batch, samples.count - start)
        var values = try samples.inputs(start..<start + batch)
        if isMirrored {
          values = zip(values, teacher.inputs).map {
            Self.mirrored($0, shape: teacher.values[$1].shape)
          }
        }
        let codes = samples.codes(of: values, parameters: inputParameters)
        for position in inputs.indices { inputs[position].codes += codes[position] }
        try answers.add(values, batch: batch, threads: options.threads)
        start += batch
        done += batch
        let total = samples.count * (hasMirrored ? 2 : 1)
        progress(StepProgress(Double(done) / Double(total), detail: "teacher"))
      }
    }
    self.init(
      count: samples.count, inputs: inputs, targets: answers.weightedTargets,
      hasMirrored: hasMirrored)
  }

  /// Images `[samples, H, W, C]` with left and right exchanged.
  package static func mirrored(_ values: [Float], shape: [Int]) -> [Float] {
    let (width, channels) = (shape[2], shape[3])
    var result = values
    for row in 0..<values.count / (width * channels) {
      let start = row * width * channels
      for column in 0..<width {
        for channel in 0..<channels {
          result[start + column * channels + channel] =
            values[start + (width - 1 - column) * channels + channel]
        }
      }
    }
    return result
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
