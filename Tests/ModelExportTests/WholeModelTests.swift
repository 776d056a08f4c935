import FBQFormat
import Foundation
import IntegerModel
import IntegerTestSupport
import ModelExport
import ModelImport
import TFLiteFormat
import TestSupport
import Testing

@Suite("Exported models")
struct WholeModelTests {
  private static let qconvert = BuiltCommand("qconvert")
  private static let digits = TestData.repository + "/Fixtures/digits.fbq"

  /// Models under `models/float`, quantized by the command with a few images.
  private static let networks = ["mobilenet_v1_0.25_224", "mobilenet_v2_1.0_224"]

  /// The network quantized from ONNX, as `qconvert` writes it.
  private func quantized(_ name: String, in folder: TemporaryFolder) throws -> IntegerGraph {
    let outcome = try WholeModelTests.qconvert.run([
      TestData.file("models/float/\(name).onnx"), "--calibration",
      TestData.file("images/imagenet-train"), "--calibration-count", "4", "--mean",
      "127.5,127.5,127.5", "--std", "127.5,127.5,127.5", "-o", folder.file("\(name).fbq"),
    ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try FBQFile.read(path: folder.file("\(name).fbq"))
  }

  /// Whether every tensor that the graph computes is the same in the oracles, on random inputs over
  /// the full range.
  private func check(
    _ graph: IntegerGraph, samples: Int, _ oracles: [TFLiteOracle] = TFLiteOracle.allCases
  ) throws {
    var batch = try OracleBatch()
    var random = SplitMix64(seed: 1)
    var everything = graph
    everything.outputs = graph.operations.flatMap(\.outputs)
    everything.labels = []
    let inputs = (0..<samples).map { _ in
      graph.inputs.map { random.bytes(of: graph.tensors[$0]) }
    }
    try batch.add(
      OracleBatch.Case(name: "model", graph: everything, samples: inputs, oracles: oracles))
    try batch.run()
    for oracle in oracles {
      #expect(try batch.differences(oracle) == [], "\(oracle)")
    }
  }

  @Test(
    "of the fixture have the bits of TFLite in every tensor",
    .enabled(if: Python.isAvailable, Python.missing))
  func fixture() throws {
    var graph = try FBQFile.read(path: WholeModelTests.digits)
    graph.deriveProfiles()
    try check(graph, samples: 20)
  }

  @Test(
    "of real networks have the bits of TFLite in every tensor",
    .enabled(if: Python.isAvailable, Python.missing),
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"), arguments: networks)
  func networkBits(name: String) throws {
    let folder = try TemporaryFolder()
    try check(try quantized(name, in: folder), samples: 2)
  }

  @Test("are what the command writes, and say how many operators there are")
  func command() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("digits.TFLite")
    let outcome = try WholeModelTests.qconvert.run([
      "export", WholeModelTests.digits, "-o", output,
    ])
    let model = try TFLiteExport.model(of: try FBQFile.read(path: WholeModelTests.digits))
    #expect(folder.read("digits.TFLite") == (try TFLiteFile.bytes(of: model)))
    #expect(outcome.errors.isEmpty)
    #expect(
      outcome.output.hasPrefix("\(output): \(model.operators.count) operators, "),
      "\(outcome.output)")
  }

  @Test("keep names, shapes and types of inputs, outputs and all tensors of the graph")
  func names() throws {
    let graph = try FBQFile.read(path: WholeModelTests.digits)
    let model = try TFLiteExport.model(of: graph)
    #expect(model.description == "digits")
    #expect(model.inputs.map { model.tensors[$0].name } == ["image"])
    #expect(model.outputs.map { model.tensors[$0].name } == ["probabilities"])
    for tensor in graph.tensors {
      let found = model.tensors.filter { $0.name == tensor.name }
      #expect(found.count == 1)
      #expect(found.first?.shape == tensor.shape)
      #expect(found.first?.elementType == .init(rawValue: tensor.elementType == .int8 ? 9 : 2))
      #expect(found.first?.constant == tensor.constant)
    }
    #expect(Set(model.tensors.map(\.name)).count == model.tensors.count)
  }

  @Test(
    "of imported models are imported as the same integers",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"), arguments: RealModels.quantized)
  func identity(name: String) throws {
    let path = TestData.file("models/int8/\(name).tflite")
    let graph = try TFLiteIntegerImporter.graph(of: try TFLiteFile.read(path: path), name: name)
    let bytes = try TFLiteFile.bytes(of: try TFLiteExport.model(of: graph))
    let model = try TFLiteFile.read(bytes.withUnsafeBytes { ByteStorage(copying: $0) })
    let copy = try TFLiteIntegerImporter.graph(of: model, name: name)
    let (expected, found) = (Content(of: graph), Content(of: copy))
    #expect(found.inputs == expected.inputs)
    #expect(found.outputs == expected.outputs)
    #expect(found.operations.count == expected.operations.count)
    for (left, right) in zip(expected.operations, found.operations) where left != right {
      Issue.record("\(left.name) became \(right)")
      break
    }
  }
}

/// A graph's integers without the order of its tensors.
private struct Content {
  struct Step: Equatable {
    var name: String
    var kind: OperatorKind
    var scalings: [ProfileScaling]
    var tensors: [TensorDescription]
  }

  var inputs: [TensorDescription]
  var outputs: [TensorDescription]
  var operations: [Step]

  init(of graph: IntegerGraph) {
    inputs = graph.inputs.map { graph.tensors[$0] }
    outputs = graph.outputs.map { graph.tensors[$0] }
    operations = graph.operations.map { operation in
      Step(
        name: operation.name, kind: operation.kind, scalings: operation.scalings,
        tensors: (operation.inputs + operation.outputs).map { graph.tensors[$0] })
    }
  }
}

/// The models of the test data that hold integers throughout.
enum RealModels {
  /// Names below `models/int8`, without those that compute in floats between integers.
  static let quantized: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: TestData.file("models/int8"))
    let floats: Set = [
      "aiedge_branching_conv_fc", "aiedge_mnist_quantized",
      "coral_movenet_single_pose_lightning_ptq",
    ]
    return (names ?? []).filter { $0.hasSuffix(".tflite") }.map { String($0.dropLast(7)) }
      .filter { !floats.contains($0) }.sorted()
  }()
}
