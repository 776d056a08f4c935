import FBQFormat
import Foundation
import IntegerModel
import TestSupport
import Testing

/// Options that the fixture needs, besides the calibration folder.
let normalization = ["--mean", "127.5,127.5,127.5", "--std", "127.5,127.5,127.5"]

@Suite("qconvert quantizes")
struct QuantizeTests {
  private let command = BuiltCommand("qconvert")
  private let fixtures = TestData.repository + "/Fixtures"

  private func arguments(_ folder: TemporaryFolder, _ more: [String] = []) -> [String] {
    [fixtures + "/digits.onnx", "--calibration", fixtures + "/calibration"] + normalization
      + ["-o", folder.file("out.fbq")] + more
  }

  @Test("the fixture, and records how")
  func fixture() throws {
    let folder = try TemporaryFolder()
    let outcome = try command.run(
      arguments(folder, ["--labels", fixtures + "/class-names.txt"]))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.contains("accumulators proven within 32 bits"))
    let graph = try FBQFile.read(path: folder.file("out.fbq"))
    #expect(graph.arithmetic == .tflm)
    #expect(graph.labels.count == 10)
    #expect(graph.inputPipeline != nil)
    let record = try #require(graph.record)
    #expect(record.sourceName == "digits.onnx")
    #expect(record.sourceDigest.count == 64)
    #expect(record.options.contains("weights=per-channel"))
    #expect(record.layers.count == graph.operations.count)
    #expect(record.layers.contains { $0.headroomBits >= 0 })
  }

  @Test("to a device or pipe, where nothing but the model goes")
  func pipe() throws {
    let folder = try TemporaryFolder()
    // The last -o counts.
    let outcome = try command.run(arguments(folder, ["-o", "/dev/null"]))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(try folder.contents().isEmpty)
  }

  @Test("the same input to the same bytes")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    #expect(try command.run(arguments(folder)).status == 0)
    let first = folder.read("out.fbq")
    #expect(try command.run(arguments(folder)).status == 0)
    #expect(folder.read("out.fbq") == first)
  }

  @Test(
    "with each combination of weights and thresholds",
    arguments: ["per-channel", "per-tensor"], ["symmetric", "asymmetric"])
  func modes(weights: String, thresholds: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try command.run(
      arguments(folder, ["--weights", weights, "--thresholds", thresholds]))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let graph = try FBQFile.read(path: folder.file("out.fbq"))
    for operation in graph.operations {
      guard case .convolution(let parameters) = operation.kind else { continue }
      let channels = graph.tensors[operation.inputs[2]].elementCount
      #expect(parameters.multipliers.count == (weights == "per-tensor" ? 1 : channels))
    }
    if thresholds == "symmetric" {
      // Equations 8 and 9: signed around 0, unsigned from the least code.
      for tensor in graph.tensors where tensor.constant == nil {
        #expect([0, -128].contains(tensor.zeroPoint), "\(tensor.name)")
      }
    }
  }

  @Test(
    "with every calibrator, to different scales than min-max",
    arguments: ["moving-average", "percentile", "mse", "entropy"])
  func calibrators(name: String) throws {
    let folder = try TemporaryFolder()
    #expect(try command.run(arguments(folder, ["--preset", "plain"])).status == 0)
    let reference = try FBQFile.read(path: folder.file("out.fbq"))
    let outcome = try command.run(
      arguments(
        folder, ["--calibrator", name] + (name == "percentile" ? ["--percentile", "99"] : [])))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let graph = try FBQFile.read(path: folder.file("out.fbq"))
    let scales = graph.tensors.map { $0.quantization?.scaleBits }
    #expect(scales != reference.tensors.map { $0.quantization?.scaleBits })
  }

  /// The SQNR of the fixture's logits when it is quantized with `options`.
  private func signalToNoise(_ options: [String]) throws -> Double {
    let folder = try TemporaryFolder()
    let converted = try command.run(arguments(folder, options))
    #expect(converted.status == 0 && converted.errors.isEmpty, "\(converted.errors)")
    let evaluated = try command.run([
      "evaluate", folder.file("out.fbq"), "--reference", fixtures + "/digits.onnx", "--images",
      fixtures + "/test", "--format", "json",
    ])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(evaluated.output.utf8)) as? [String: Any])
    return try #require(object["sqnr"] as? Double)
  }

  @Test(
    "with bias correction, closer to the float model", arguments: ["per-channel", "per-tensor"])
  func biasCorrection(weights: String) throws {
    let options = ["--preset", "plain", "--weights", weights]
    let plain = try signalToNoise(options)
    let corrected = try signalToNoise(options + ["--bias-correction", "empirical"])
    #expect(corrected > plain)
  }

  @Test(
    "with each equalization and bias correction, and records them",
    arguments: ["none", "depthwise-rescale", "cross-layer", "channel-range"],
    ["none", "analytic", "empirical"])
  func equalization(method: String, correction: String) throws {
    let folder = try TemporaryFolder()
    let options = ["--equalize", method, "--bias-correction", correction]
    let outcome = try command.run(arguments(folder, options))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let record = try #require(try FBQFile.read(path: folder.file("out.fbq")).record)
    #expect(record.options.contains("equalize=\(method)"))
    #expect(record.options.contains("bias-correction=\(correction)"))
    #expect(record.options == record.options.sorted())
  }

  @Test(
    "with channel splitting unless told otherwise, and not with the plain preset",
    arguments: [
      ([], true), (["--no-split-channels"], false), (["--preset", "plain"], false),
      (["--preset", "plain", "--split-channels"], true),
    ] as [([String], Bool)])
  func channelSplitting(options: [String], isSplit: Bool) throws {
    let folder = try TemporaryFolder()
    let outcome = try command.run(arguments(folder, options))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let record = try #require(try FBQFile.read(path: folder.file("out.fbq")).record)
    #expect(record.options.contains("split-channels=\(isSplit)"))
    #expect(outcome.output.contains("channel splitting") == isSplit)
  }

  @Test("to outputs in 16 bits, and says which arithmetic they take")
  func wideOutputs() throws {
    let folder = try TemporaryFolder()
    let outcome = try command.run(arguments(folder, ["--output-type", "int16"]))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.contains("int16: the layers they come from compute in 16x8"))
    #expect(outcome.output.contains("within 32 bits, of 16x8 layers within 48, at least"))
    let graph = try FBQFile.read(path: folder.file("out.fbq"))
    #expect(graph.outputs.allSatisfy { graph.tensors[$0].elementType == .int16 })
    #expect(graph.inputs.allSatisfy { graph.tensors[$0].elementType == .int8 })
    #expect(graph.record?.options.contains("output-type=int16") == true)
  }

  @Test("with 16-bit layers named or chosen, and tells which")
  func sixteenBitLayers() throws {
    let folder = try TemporaryFolder()
    let record = { try #require(try FBQFile.read(path: folder.file("out.fbq")).record).options }
    var outcome = try command.run(arguments(folder, ["--int16-share", "30"]))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    let note = try #require(
      outcome.output.split(separator: "\n").first { $0.contains("16-bit outputs of") })
    #expect(note.contains(" of the multiplications in 16x8, against "))
    #expect(outcome.output.contains("within 32 bits, of 16x8 layers within 48, at least"))
    #expect(try record().contains("int16-share=30.0"))
    // The first layer by its name.
    let graph = try FBQFile.read(path: folder.file("out.fbq"))
    let name = try #require(graph.operations.first { $0.kind.name == "convolution" }).name
    outcome = try command.run(arguments(folder, ["--int16", name]))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(try record().contains("int16=\(name)"))
    let named = try FBQFile.read(path: folder.file("out.fbq"))
    let output = try #require(named.operations.first { $0.name == name }).outputs[0]
    #expect(named.tensors[output].elementType == .int16)
  }

  @Test("and refuses 16-bit layers that do not exist or make no sense")
  func sixteenBitRefusals() throws {
    let folder = try TemporaryFolder()
    var outcome = try command.run(arguments(folder, ["--int16", "nose"]))
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasSuffix(
        "--int16: the model has no layer 'nose'; 'qconvert sensitivity' lists the layers\n"))
    for (options, problem) in [
      (["--int16-share", "101"], "--int16-share must be 0…100"),
      (["--int16-share", "nan"], "--int16-share must be 0…100"),
      (["--int16", ","], "--int16 needs the name of at least one layer"),
    ] {
      outcome = try command.run(arguments(folder, options))
      #expect(outcome.status == 2 && outcome.errors.contains(problem), "\(outcome.errors)")
    }
    #expect(folder.read("out.fbq") == nil)
  }

  @Test("to JSON for scripts")
  func json() throws {
    let folder = try TemporaryFolder()
    let outcome = try command.run(arguments(folder, ["--format", "json"]))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    #expect(object["output"] as? String == folder.file("out.fbq"))
    #expect(object["bytes"] as? Int == folder.read("out.fbq")?.count)
    #expect((object["samples"] as? Int ?? 0) > 0)
  }

  @Test("deflated constants give a smaller file and the same graph")
  func compressed() throws {
    let folder = try TemporaryFolder()
    #expect(try command.run(arguments(folder)).status == 0)
    let plain = try #require(folder.read("out.fbq"))
    let graph = try FBQFile.read(path: folder.file("out.fbq"))
    #expect(try command.run(arguments(folder, ["--compress"])).status == 0)
    #expect(try #require(folder.read("out.fbq")).count < plain.count)
    #expect(try FBQFile.read(path: folder.file("out.fbq")) == graph)
  }

  @Test("unreadable images only when told to skip them, and names each")
  func unreadable() throws {
    let folder = try TemporaryFolder()
    let images = folder.file("images")
    try FileManager.default.createDirectory(
      atPath: images, withIntermediateDirectories: false)
    let source = fixtures + "/calibration"
    for name in try FileManager.default.contentsOfDirectory(atPath: source).prefix(3) {
      try FileManager.default.copyItem(atPath: source + "/" + name, toPath: images + "/" + name)
    }
    try Data("P6\n4 4\n255\n".utf8).write(to: URL(fileURLWithPath: images + "/broken.ppm"))
    let base = [
      fixtures + "/digits.onnx", "--calibration", images, "-o", folder.file("out.fbq"),
    ]
    let refused = try command.run(base + normalization)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("broken.ppm"))
    #expect(folder.read("out.fbq") == nil)
    let skipped = try command.run(base + normalization + ["--skip-unreadable"])
    #expect(skipped.status == 0)
    #expect(skipped.errors.hasPrefix("qconvert: warning: skipped: \(images)/broken.ppm: "))
    #expect(folder.read("out.fbq") != nil)
  }
}
