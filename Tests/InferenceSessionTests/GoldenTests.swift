import Diagnostics
import InferenceSession
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import TensorFiles
import TestSupport
import Testing

@Suite("Goldens")
struct GoldenTests {
  let folder: TemporaryFolder
  let graph = SmallModel.graph

  init() throws { folder = try TemporaryFolder() }

  @Test("a run equals its own golden", arguments: [1, 3])
  func equal(inputCount: Int) throws {
    let path = try record(inputCount: inputCount, all: true)
    let golden = try Golden(path: path, for: graph)
    #expect(golden.inputCount == inputCount)
    #expect(golden.hasInputs)
    #expect(golden.hasIntermediates(of: graph))
    #expect(golden.description?.arithmetic == "tflm")
    let inputs = try golden.inputs(for: graph)
    #expect(inputs.name(of: 0) == "input 0")
    var comparison = GoldenComparison(with: golden, path: path)
    let interpreter = try Interpreter(
      graph: graph, options: RunOptions(preservesAllTensors: true))
    for index in 0..<inputCount {
      try inputs.load(index, into: interpreter)
      interpreter.run()
      comparison.compare(interpreter, input: index)
    }
    try comparison.requireEqual(in: graph, inputs: inputs)
    #expect(comparison.elementCount == inputCount * (192 + 64 + 64 + 4 + 4 + 3 + 3))
  }

  @Test("the first tensor and element that differ are told")
  func different() throws {
    let path = try record(inputCount: 2, all: true)
    var arrays = try NPZFile.read(path: path)
    let swish = try #require(arrays.firstIndex { $0.name == "swish" })
    // Second input, [0, 3, 1, 2] and [0, 3, 1, 3].
    let position = 64 + 3 * 16 + 1 * 4 + 2
    let code = Int8(bitPattern: arrays[swish].bytes[position])
    arrays[swish].bytes[position] = UInt8(bitPattern: code ^ 1)
    let other = Int8(bitPattern: arrays[swish].bytes[position + 1])
    arrays[swish].bytes[position + 1] = UInt8(bitPattern: other ^ 4)
    let logits = try #require(arrays.firstIndex { $0.name == "logits" })
    arrays[logits].bytes[5] ^= 1
    try NPZFile.write(arrays, to: path, compress: false)

    let golden = try Golden(path: path, for: graph)
    let inputs = try golden.inputs(for: graph)
    var comparison = GoldenComparison(with: golden, path: path)
    let interpreter = try Interpreter(
      graph: graph, options: RunOptions(preservesAllTensors: true))
    for index in 0..<2 {
      try inputs.load(index, into: interpreter)
      interpreter.run()
      comparison.compare(interpreter, input: index)
    }
    #expect(
      throws: Diagnostic(
        file: path, place: "tensor 'swish' of 'input 1'",
        problem: "element [0, 3, 1, 2] is \(code), expected \(code ^ 1); 2 of 64 elements differ "
          + "there, by at most 4; in all 3 of 668 elements in 2 of 7 tensors")
    ) { try comparison.requireEqual(in: graph, inputs: inputs) }
  }

  @Test("a plain file of outputs is a golden without inputs")
  func plain() throws {
    let path = folder.file("plain.npz")
    try NPZFile.write(
      [NumericArray(name: "probabilities", shape: [2, 3], values: [1, 2, 3, 4, 5, 6] as [Int8])],
      to: path, compress: true)
    let golden = try Golden(path: path, for: graph)
    #expect(golden.inputCount == 2)
    #expect(!golden.hasInputs)
    #expect(!golden.hasIntermediates(of: graph))
    try golden.requireSameArithmetic(.tosa)
    #expect(
      throws: Diagnostic(
        file: path, problem: "it does not hold the model's inputs", remedy: "give the inputs too")
    ) { try golden.inputs(for: graph) }
    #expect(
      throws: Diagnostic(
        file: path, problem: "it holds 2 inputs, this run has 3", remedy: "give the same inputs")
    ) { try golden.requireInputCount(3) }
  }

  @Test("another arithmetic or number of inputs is told before anything runs")
  func otherRun() throws {
    let path = try record(inputCount: 2, all: false)
    let golden = try Golden(path: path, for: graph)
    #expect(!golden.hasIntermediates(of: graph))
    try golden.requireSameArithmetic(.tflm)
    #expect(
      throws: Diagnostic(
        file: path, problem: "it was recorded under arithmetic 'tflm', this run uses 'tosa'",
        remedy: "add --arithmetic tflm")
    ) { try golden.requireSameArithmetic(.tosa) }
    #expect(
      throws: Diagnostic(
        file: path, problem: "it holds 2 inputs, this run has 1",
        remedy: "give the same inputs, or none to use those of the golden")
    ) { try golden.requireInputCount(1) }
  }

  @Test("files that are no golden of the model are told")
  func noGolden() throws {
    let output = NumericArray(name: "probabilities", shape: [1, 3], values: [1, 2, 3] as [Int8])
    try expect(
      [NumericArray(name: "conv", shape: [1, 4, 4, 4], values: [Int8](repeating: 0, count: 64))],
      "member 'probabilities': it is missing, the model has this output; record the golden again")
    try expect(
      [output, NumericArray(name: "conv/bias", values: [1] as [Int32])],
      "member 'conv/bias': the model has no such activation; record the golden with this model")
    try expect(
      [NumericArray(name: "probabilities", shape: [1, 4], values: [1, 2, 3, 4] as [Int8])],
      "member 'probabilities': its shape is [1, 4], the model has [1, 3]; give that shape, or one "
        + "with a leading axis over the inputs")
    try expect(
      [
        output,
        NumericArray(name: "flat", shape: [2, 1, 4], values: [Int8](repeating: 0, count: 8)),
      ], "member 'flat': it holds 2 inputs, others hold 1; record the golden again")
    for text in ["", "{}", "{\"format\":2,\"model\":\"m\",\"arithmetic\":\"tflm\",\"inputs\":[]}"] {
      try expect(
        [output, NumericArray(name: "fbq.golden", values: [UInt8](text.utf8))],
        "member 'fbq.golden': it is no description this version reads; record the golden again")
    }
  }

  @Test("arrays beyond what an archive holds are refused before anything runs")
  func tooManyInputs() {
    #expect(
      throws: Diagnostic(
        file: "dump.npz", problem: "1 tensors of 30000000 inputs take more than 4294967294 bytes",
        remedy: "give at most 22369621 inputs at a time")
    ) { try TensorCollector([0], of: graph, inputCount: 30_000_000, file: "dump.npz") }
  }

  /// Records runs on random codes and returns the golden's path.
  private func record(inputCount: Int, all: Bool) throws -> String {
    let path = folder.file("golden.npz")
    let tensors = all ? graph.activationsInOrder : graph.inputs + graph.outputs
    var collector = try TensorCollector(tensors, of: graph, inputCount: inputCount, file: path)
    let interpreter = try Interpreter(
      graph: graph, options: RunOptions(preservesAllTensors: true))
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<inputCount {
      let input = interpreter.mutableBytes(of: 0)
      for index in input.indices { input[index] = UInt8.random(in: 0...255, using: &generator) }
      interpreter.run()
      collector.collect(from: interpreter)
    }
    try Golden.write(
      collector.arrays(),
      description: Golden.Description(
        model: "small", arithmetic: "tflm", inputs: (0..<inputCount).map { "input \($0)" }),
      to: path)
    return path
  }

  private func expect(
    _ arrays: [NumericArray], _ message: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let path = folder.file("bad.npz")
    try NPZFile.write(arrays, to: path, compress: false)
    do throws(Diagnostic) {
      _ = try Golden(path: path, for: graph)
      Issue.record("no error", sourceLocation: location)
    } catch {
      #expect(error.description == "\(path): \(message)", sourceLocation: location)
    }
  }
}
