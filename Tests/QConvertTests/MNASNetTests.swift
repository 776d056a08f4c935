import FBQFormat
import Foundation
import IntegerModel
import TestSupport
import Testing

/// The third architecture of the paper, with random weights: 5×5 depthwise convolutions, ReLU,
/// linear bottlenecks.
@Suite("MNASNet as tools/make-mnasnet writes it", .enabled(if: Python.isAvailable, Python.missing))
struct MNASNetTests {
  /// A small input, 64×64, keeps the tests fast: the network is the same.
  private struct Network {
    let folder: TemporaryFolder
    let message: String
    var model: String { folder.file("mnasnet.onnx") }
    var images: String { folder.file("images") }
    var normalization: [String] {
      ["--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375"]
    }

    init(depth: String = "1.0") throws {
      folder = try TemporaryFolder()
      let outcome = try Command(
        TestData.repository + "/tools/make-mnasnet",
        [
          folder.file("mnasnet.onnx"), "--depth", depth, "--input-size", "64", "--images",
          folder.file("images"), "--image-count", "24",
        ]
      ).run()
      try #require(outcome.status == 0, "\(outcome.errors)")
      message = outcome.output
    }

    func quantized(_ options: [String] = []) throws -> IntegerGraph {
      let outcome = try BuiltCommand("qconvert").run(
        [model, "--calibration", images, "-o", folder.file("mnasnet.fbq")] + normalization
          + options)
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try FBQFile.read(path: folder.file("mnasnet.fbq"))
    }

    /// SQNR of the logits in dB, of the integer runtime against the float model.
    func signalToNoise() throws -> Double {
      struct Evaluation: Decodable { var sqnr: Double }
      let outcome = try BuiltCommand("qconvert").run([
        "evaluate", folder.file("mnasnet.fbq"), "--reference", model, "--images", images,
        "--format", "json",
      ])
      try #require(outcome.status == 0, "\(outcome.errors)")
      return try JSONDecoder().decode(Evaluation.self, from: Data(outcome.output.utf8)).sqnr
    }
  }

  @Test(
    "has as many parameters as torchvision's",
    arguments: [("1.0", 4_383_312), ("1.3", 6_282_256)])
  func parameterCount(depth: String, count: Int) throws {
    #expect(try Network(depth: depth).message.contains(" \(count) parameters\n"))
  }

  @Test("is the same for the same options")
  func deterministic() throws {
    let (first, second) = (try Network().folder, try Network().folder)
    for name in ["mnasnet.onnx", "images/scene-0003.ppm"] {
      let bytes = try #require(first.read(name))
      #expect(second.read(name) == bytes)
    }
  }

  @Test("becomes a graph of integers: 17 depthwise convolutions, 10 of them 5×5, 10 residual adds")
  func structure() throws {
    let graph = try Network().quantized()
    var (depthwise, wide, adds, unclamped) = (0, 0, 0, 0)
    for operation in graph.operations {
      switch operation.kind {
      case .depthwiseConvolution:
        depthwise += 1
        if graph.tensors[operation.inputs[1]].shape[1] == 5 { wide += 1 }
      case .add: adds += 1
      // What no ReLU follows has codes below its zero point.
      case .convolution(let parameters)
      where parameters.clamp.minimum < graph.tensors[operation.outputs[0]].zeroPoint:
        unclamped += 1
      default: break
      }
    }
    #expect(depthwise == 17)
    #expect(wide == 10)
    #expect(adds == 10)
    #expect(unclamped == 17, "linear bottlenecks")
  }

  @Test("keeps its logits on the integer runtime; per-tensor weights lose more")
  func execution() throws {
    let network = try Network()
    _ = try network.quantized(["--preset", "plain"])
    let perChannel = try network.signalToNoise()
    _ = try network.quantized(["--preset", "plain", "--weights", "per-tensor"])
    let perTensor = try network.signalToNoise()
    // A random network passes on noise that a trained one would ignore: 9.8 and 4.4 dB when this
    // was written.
    #expect(perChannel > 7)
    #expect(perTensor > 0)
    #expect(perTensor < perChannel - 2)
  }

  @Test("is trained: less loss on held-out images, and the result runs")
  func training() throws {
    let network = try Network()
    let outcome = try BuiltCommand("qconvert").run(
      [network.model, "--calibration", network.images, "-o", network.folder.file("mnasnet.fbq")]
        + network.normalization
        + [
          "--preset", "plain", "--train", network.images, "--epochs", "3", "--batch", "4",
          "--tune-weights", "--tune-biases", "--no-mirror",
        ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let note = try #require(
      outcome.output.firstMatch(of: /held-out 2: loss ([^ ]+) before, ([^ ]+) after/))
    let (before, after) = (try #require(Double(note.1)), try #require(Double(note.2)))
    #expect(after < before)
    // Random weights amplify each rounding, so that a student of floats tells little of the device:
    // 9.3 dB when this was written.
    #expect(try network.signalToNoise() > 7)
  }

  @Test("is refused in words where the options make no sense")
  func usage() throws {
    let folder = try TemporaryFolder()
    let outcome = try Command(
      TestData.repository + "/tools/make-mnasnet",
      [folder.file("m.onnx"), "--input-size", "16"]
    ).run()
    #expect(outcome.status == 2)
    #expect(outcome.errors.hasSuffix("make-mnasnet: error: --input-size must be 32…1024\n"))
    #expect(try folder.contents().isEmpty)
  }
}
