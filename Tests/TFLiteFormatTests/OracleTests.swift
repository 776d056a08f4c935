import Foundation
import TFLiteFormat
import TestSupport
import Testing

@Suite(
  "LiteRT's own reader and interpreter agree",
  .enabled(if: Python.isAvailable, "set FBQ_PYTHON to a Python with ai-edge-litert"))
struct OracleTests {
  /// Runs a script of this folder.
  private func run(_ script: String, _ arguments: [String]) throws -> [String] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent(script).path
    let outcome = try Command(try #require(Python.interpreter), [path] + arguments).run()
    try #require(outcome.status == 0, "\(script): \(outcome.errors)")
    return outcome.output.split(separator: "\n").map(String.init)
  }

  @Test("enum numbers of the schema are LiteRT's")
  func enums() throws {
    let path = TestData.repository + "/Schemas/tflite-subset.fbs"
    let lines = try run("schema_oracle.py", ["enums", path])
    #expect(lines == ["8 enums and unions agree"])
  }

  @Test("every kind of options means to LiteRT what it means to us")
  func options() throws {
    let folder = try TemporaryFolder()
    var expected: [String] = []
    for entry in everyOption {
      let name = "\(entry.code).tflite"
      try TFLiteFile.write(
        model(
          of: TFLiteOperator(
            code: entry.code, version: 2, options: entry.options, inputs: [0], outputs: [1])),
        to: folder.file(name))
      expected.append("\(entry.code.rawValue) version=2 \(entry.fields)")
    }
    let names = everyOption.map { folder.file("\($0.code).tflite") }
    #expect(try run("schema_oracle.py", ["options"] + names) == expected)
  }

  @Test(
    "rewritten models say the same to LiteRT's reader",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"))
  func rewritten() throws {
    let folder = try TemporaryFolder()
    var pairs: [String] = []
    for (index, name) in RealModels.all.enumerated() {
      let model = try TFLiteFile.read(path: TestData.file(name))
      try TFLiteFile.write(model, to: folder.file("\(index).tflite"))
      pairs += [TestData.file(name), folder.file("\(index).tflite")]
    }
    try #require(!pairs.isEmpty)
    #expect(
      try run("schema_oracle.py", ["compare"] + pairs) == ["\(pairs.count / 2) models agree"])
  }

  @Test(
    "rewritten models give the same outputs",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"))
  func outputs() throws {
    let folder = try TemporaryFolder()
    var pairs: [String] = []
    for name in [
      "int8/mlperf_tiny_kws_ref_model", "int8/coral_split_concat",
      "int8/stm_st_mnist_v1_28_tfs_int8",
      "int8/tflm_seanet_conv0", "float/mlperf_pretrainedResnet",
    ] {
      let path = TestData.file("models/\(name).tflite")
      let copy = folder.file("\(pairs.count).tflite")
      try TFLiteFile.write(try TFLiteFile.read(path: path), to: copy)
      pairs += [path, copy]
    }
    #expect(try run("schema_oracle.py", ["run"] + pairs) == ["5 models give equal outputs"])
  }

  @Test(
    "what only LiteRT's writer makes is refused, or read",
    arguments: [
      (
        "version",
        "its schema version is 2, this version reads 3; convert the model with a "
          + "current TensorFlow"
      ),
      ("no-graph", "it has no graph; download or convert it again"),
      (
        "while",
        "it has 2 subgraphs, for WHILE; models of one are supported; export one "
          + "signature, without control flow"
      ),
      (
        "two-graphs",
        "it has 2 subgraphs; models of one are supported; export one signature, "
          + "without control flow"
      ),
      (
        "blockwise",
        "tensor 0 'x': its quantization is not by scales along one axis, which is not "
          + "supported; convert the model to a plain .tflite file"
      ),
      (
        "sparse",
        "tensor 0 'x': it is sparse, which is not supported; convert the model to a "
          + "plain .tflite file"
      ),
      (
        "variant",
        "tensor 0 'x': it is a list of tensors, which is not supported; convert the "
          + "model to a plain .tflite file"
      ),
      (
        "external",
        "tensor 0 'x': its bytes lie in another file, which is not supported; convert "
          + "the model to a plain .tflite file"
      ),
      (
        "offset-beyond",
        "buffer 1: its 8 bytes start at byte 5000000000, the file has BYTES; "
          + "download or convert it again"
      ),
      (
        "size-beyond",
        "buffer 1: its 4294967296 bytes start at byte 16, the file has BYTES; "
          + "download or convert it again"
      ),
    ])
  func oddFiles(kind: String, message: String) throws {
    let folder = try TemporaryFolder()
    _ = try run("schema_oracle.py", ["make", kind, folder.file("model")])
    let bytes = try #require(folder.read("model"))
    #expect(
      error(of: bytes) == message.replacingOccurrences(of: "BYTES", with: "\(bytes.count)"))
  }

  @Test("constants behind the FlatBuffer are found")
  func offsetBuffer() throws {
    let folder = try TemporaryFolder()
    _ = try run("schema_oracle.py", ["make", "offset", folder.file("model")])
    let model = try TFLiteFile.read(path: folder.file("model"))
    #expect(model.tensors[0].constant?.array(of: UInt8.self) == [1, 2, 3, 4, 5, 6, 7, 8])
  }
}
