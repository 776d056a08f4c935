import Diagnostics
import FloatEngine
import FloatModel
import IntegerModel
import IntegerRuntime

/// How far a student's outputs are from the teacher's, over some samples.
package struct OutputError: Sendable {
  /// Number of samples.
  package var samples = 0
  /// Σ d²
  package var squares = 0.0
  /// Σ of the smooth L1 of d.
  package var smooth = 0.0
  /// Σ of the teacher's squared outputs.
  package var signal = 0.0

  static func += (left: inout OutputError, right: OutputError) {
    left.samples += right.samples
    left.squares += right.squares
    left.smooth += right.smooth
    left.signal += right.signal
  }
}

/// The integer model of the moment, for a student that the device computes.
struct DeviceModel: Sendable {
  var graph: IntegerGraph
  /// The integer tensor of each float value that has one.
  var tensors: [ValueIndex: TensorIndex]
}

/// One thread's copy of the student: an engine for a micro-batch, and what fake quantization keeps
/// between the passes.
///
/// Sendable because one thread at a time uses it: iteration i of a parallel loop uses replica i.
final class StudentReplica: @unchecked Sendable {
  let engine: TrainingEngine
  private(set) var gridGradients: [GridGradient]
  private let student: StudentGraph
  private let microBatch: Int
  /// The point that rounds a value, or −1.
  private var pointOfValue: [Int]
  private var residuals: [UnsafeMutableBufferPointer<Int8>] = []
  private var inputs: [UnsafeMutableBufferPointer<Float>] = []
  private var seeds: [UnsafeMutableBufferPointer<Float>] = []
  /// One interpreter per sample of the micro-batch, so that all their codes stay readable.
  private var interpreters: [Interpreter] = []
  private var deviceTensors: [ValueIndex: TensorIndex] = [:]

  init(_ student: StudentGraph, microBatch: Int) throws(Diagnostic) {
    self.student = student
    self.microBatch = microBatch
    engine = try TrainingEngine(
      graph: student.graph, batch: microBatch,
      parameters: Set(student.layers.flatMap { [$0.weights, $0.bias] }), threads: 1)
    gridGradients = Array(repeating: GridGradient(), count: student.points.count)
    pointOfValue = Array(repeating: -1, count: student.graph.values.count)
    for (position, point) in student.points.enumerated() {
      pointOfValue[point.value] = position
      residuals.append(.allocate(capacity: microBatch * Self.size(point.value, student.graph)))
    }
    for input in student.graph.inputs {
      inputs.append(.allocate(capacity: microBatch * Self.size(input, student.graph)))
    }
    for output in student.graph.outputs {
      seeds.append(.allocate(capacity: microBatch * Self.size(output, student.graph)))
    }
  }

  deinit {
    for buffer in residuals { buffer.deallocate() }
    for buffer in inputs + seeds { buffer.deallocate() }
  }

  private static func size(_ value: ValueIndex, _ graph: FloatGraph) -> Int {
    graph.values[value].shape.reduce(1, *)
  }

  /// Lets the device compute the forward passes from now on.
  func adopt(_ device: DeviceModel) throws(Diagnostic) {
    interpreters = []
    for _ in 0..<microBatch {
      interpreters.append(
        try Interpreter(
          graph: device.graph, options: RunOptions(threads: 1, preservesAllTensors: true)))
    }
    deviceTensors = device.tensors
  }

  /// Forgets gradients of earlier steps.
  func clearGradients() {
    engine.clearGradients()
    for index in gridGradients.indices { gridGradients[index] = GridGradient() }
  }

  /// Runs one micro-batch of samples forward.
  ///
  /// - Parameter samples: at most a micro-batch; a smaller one is filled up with its last sample,
  ///   which then counts for nothing.
  func computeOutputs(
    _ samples: [Int], of data: TrainingSamples, grids: [QuantizationGrid]
  ) throws(Diagnostic) {
    guard let last = samples.last else { return }
    let filled = samples + Array(repeating: last, count: microBatch - samples.count)
    for (position, buffer) in inputs.enumerated() {
      data.fill(buffer, input: position, samples: filled)
    }
    runDevice(filled, of: data)
    try engine.forward(inputs: inputs.map { UnsafeBufferPointer($0) }) { value, elements in
      let point = self.pointOfValue[value]
      guard point >= 0 else { return }
      self.round(value, elements, residuals: self.residuals[point], grid: grids[point])
    }
  }

  /// Runs one micro-batch of samples forward and compares the outputs with the teacher's.
  func forward(
    _ samples: [Int], of data: TrainingSamples, grids: [QuantizationGrid]
  ) throws(Diagnostic) -> OutputError {
    try computeOutputs(samples, of: data, grids: grids)
    var error = OutputError(samples: samples.count)
    for (position, output) in student.graph.outputs.enumerated() {
      add(&error, of: samples, output: output, target: data.targets[position], position)
    }
    return error
  }

  /// Runs the last micro-batch backward; gradients are added to those of earlier ones.
  func backward() throws(Diagnostic) {
    var starts: [ValueIndex: UnsafeBufferPointer<Float>] = [:]
    for (output, seed) in zip(student.graph.outputs, seeds) {
      starts[output] = UnsafeBufferPointer(seed)
    }
    try engine.backward(seeds: starts) { value, gradients in
      let point = self.pointOfValue[value]
      guard point >= 0 else { return }
      self.gridGradients[point] += FakeQuantization.backward(
        gradients: gradients, residuals: UnsafeBufferPointer(self.residuals[point]))
    }
  }

  private func round(
    _ value: ValueIndex, _ elements: UnsafeMutableBufferPointer<Float>,
    residuals: UnsafeMutableBufferPointer<Int8>, grid: QuantizationGrid
  ) {
    // 16-bit codes, of the last layers, are as good as floats: imitating them loses nothing.
    guard let first = interpreters.first, let tensor = deviceTensors[value],
      first.graph.tensors[tensor].elementType == .int8
    else {
      FakeQuantization.forward(elements, residuals: residuals, grid: grid)
      return
    }
    let size = elements.count / microBatch
    for (sample, interpreter) in interpreters.enumerated() {
      let bytes = interpreter.bytes(of: tensor)
      guard bytes.count == size,
        let codes = bytes.baseAddress?.assumingMemoryBound(to: Int8.self)
      else { continue }
      let part = sample * size..<(sample + 1) * size
      FakeQuantization.adopt(
        codes: codes, UnsafeMutableBufferPointer(rebasing: elements[part]),
        residuals: UnsafeMutableBufferPointer(rebasing: residuals[part]), grid: grid)
    }
  }

  private func runDevice(_ samples: [Int], of data: TrainingSamples) {
    for (interpreter, sample) in zip(interpreters, samples) {
      for (position, tensor) in interpreter.graph.inputs.enumerated() {
        let source = data.inputs[position]
        let target = interpreter.mutableBytes(of: tensor)
        source.codes[sample * source.size..<(sample + 1) * source.size]
          .withUnsafeBytes { target.copyMemory(from: $0) }
      }
      interpreter.run()
    }
  }

  /// Adds the error of one output and leaves its derivative in `seeds`: 2 d or clip(d, −1, 1), by the
  /// loss that ``loss`` names, times the target's weight.
  private func add(
    _ error: inout OutputError, of samples: [Int], output: ValueIndex,
    target: TrainingSamples.Target, _ position: Int
  ) {
    let answers = engine.values(of: output)
    let seed = seeds[position]
    seed.update(repeating: 0)
    for (place, sample) in samples.enumerated() {
      for index in 0..<target.size {
        let answer = answers[place * target.size + index]
        let wanted = target.values[sample * target.size + index]
        let difference = answer - wanted
        let magnitude = abs(difference)
        error.squares += Double(target.weight * difference * difference)
        error.smooth += Double(
          target.weight
            * (magnitude < 1 ? difference * difference / 2 : magnitude - 0.5))
        error.signal += Double(target.weight * wanted * wanted)
        seed[place * target.size + index] =
          target.weight * (loss == .rootMeanSquare ? difference : limited(difference, -1...1))
      }
    }
  }

  /// The loss whose derivative ``backward()`` starts from.
  var loss = DistillationLoss.rootMeanSquare
}
