import FBQFormat
import Foundation
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import TensorFiles
import TestSupport
import Testing

@Suite("qrun classifies images and runs arrays")
struct ClassificationTests {
  let fixture: QRunFixture

  init() throws { fixture = try QRunFixture() }

  @Test("text says what ran and lists the classes, best first")
  func text() throws {
    let outcome = try fixture.run("small.fbq", "image0.ppm", "--top", "2")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(
      outcome.lines.first
        == "small.fbq: arithmetic tflm, kernels \(KernelChoice.auto.resolved.rawValue), 1 thread")
    #expect(outcome.lines.count == 4)
    #expect(outcome.lines[1].firstMatch(of: /^image0\.ppm: \d+ µs$/) != nil)
    for line in outcome.lines[2...] {
      #expect(
        line.firstMatch(of: /^      [012]  {1,3}\d+\.\d %  code {1,4}-?\d+  (cat|dog|Löwe)$/)
          != nil,
        "\(line)")
    }
  }

  @Test("JSON is one object per input with the keys that scripts rely on")
  func json() throws {
    let outcome = try fixture.run("small.fbq", "image0.ppm", "image2.ppm", "--format", "json")
    #expect(outcome.status == 0)
    #expect(outcome.objects.count == 2)
    #expect(outcome.lines.count == 2)
    let first = try #require(outcome.objects.first)
    #expect(first["input"] as? String == "image0.ppm")
    #expect(first["arithmetic"] as? String == "tflm")
    #expect(first["kernels"] as? String == KernelChoice.auto.resolved.rawValue)
    #expect((first["microseconds"] as? Double ?? -1) > 0)
    let top = try #require(first["top"] as? [[String: Any]])
    #expect(Set(top.compactMap { $0["label"] as? String }) == ["cat", "dog", "Löwe"])
    let codes = top.compactMap { $0["code"] as? Int }
    #expect(codes == codes.sorted(by: >))
    for (score, code) in zip(top, codes) {
      #expect(score["probability"] as? Double == Double(code + 128) / 256)
      #expect(score["value"] == nil)
    }
  }

  @Test("folders stand for their images")
  func folder() throws {
    let outcome = try fixture.run("small.fbq", ".", "--format", "json")
    #expect(
      outcome.objects.compactMap { $0["input"] as? String }
        == ["./image0.ppm", "./image1.ppm", "./image2.ppm"])
  }

  @Test("an output that is no probability is shown as a number")
  func logits() throws {
    var graph = SmallModel.graph
    graph.operations.removeLast()
    graph.tensors.removeLast()
    graph.outputs = [9]
    let fixture = try QRunFixture(graph: graph)
    let outcome = try fixture.run("small.fbq", "image0.ppm")
    #expect(outcome.lines.count == 5)
    #expect(outcome.lines[2].firstMatch(of: /^      [012] +-?[\d.]+  code +-?\d+  \w+$/) != nil)
    let json = try fixture.run("small.fbq", "image0.ppm", "--format", "json")
    let top = try #require(json.objects.first?["top"] as? [[String: Any]])
    for score in top {
      let code = try #require(score["code"] as? Int)
      let value = try #require(score["value"] as? Double)
      #expect(abs(value - Double(code) * 0.1) < 1e-6)
      #expect(score["probability"] == nil)
    }
  }

  @Test("a model that is no classifier shows the range of its codes")
  func noClassifier() throws {
    var graph = SmallModel.graph
    graph.operations.removeLast(4)
    graph.tensors.removeLast(6)
    graph.outputs = [4]
    graph.labels = []
    let fixture = try QRunFixture(graph: graph)
    let outcome = try fixture.run("small.fbq", "image0.ppm")
    #expect(outcome.lines.count == 3)
    #expect(
      outcome.lines[2].firstMatch(
        of: /^  output 'swish' int8 \[1, 4, 4, 4\]: codes -?\d+ to -?\d+$/) != nil)
    let json = try fixture.run("small.fbq", "image0.ppm", "--format", "json")
    #expect((json.objects.first?["top"] as? [Any])?.isEmpty == true)
    let output = try #require((json.objects.first?["outputs"] as? [[String: Any]])?.first)
    #expect(output["name"] as? String == "swish")
    #expect(output["shape"] as? [Int] == [1, 4, 4, 4])
  }

  @Test("an output of one element is shown with what it stands for")
  func singleElement() throws {
    for (scale, zeroPoint, expected) in [
      (Float(0.25), Int32(-3), "code 5, value 2"), (1 / 256, -128, "code 5, probability 52.0 %"),
    ] {
      var builder = GraphBuilder()
      let x = builder.activation("x", [1, 1], zeroPoint: zeroPoint, scaleBits: scale.bitPattern)
      let y = builder.activation("y", [1], zeroPoint: zeroPoint, scaleBits: scale.bitPattern)
      builder.graph.inputs = [x]
      builder.operation("reshape", .reshape, [x], y)
      builder.graph.outputs = [y]
      let fixture = try QRunFixture(graph: builder.graph)
      try NPYFile.write(
        NumericArray(name: "x", shape: [1, 1], elementType: .int8, bytes: [5]),
        to: fixture.folder.file("x.npy"))
      let outcome = try fixture.run("small.fbq", "--input", "x.npy")
      #expect(outcome.lines.last == "  output 'y' int8 [1]: " + expected)
      let json = try fixture.run("small.fbq", "--input", "x.npy", "--format", "json")
      let output = try #require((json.objects.first?["outputs"] as? [[String: Any]])?.first)
      #expect(output["code"] as? Int == 5)
      #expect(output["value"] as? Double == (zeroPoint == -3 ? 2 : nil))
      #expect(output["probability"] as? Double == (zeroPoint == -3 ? nil : 133.0 / 256))
    }
  }

  @Test("arrays of 16, 32 and 64 bits go in and out as the model has them")
  func wideArrays() throws {
    for (type, array, least) in [
      (ElementType.int16, ArrayElementType.int16, "-32768"), (.int32, .int32, "-2147483648"),
      (.int64, .int64, "-9223372036854775808"),
    ] {
      var builder = GraphBuilder()
      let x = builder.input("x", [2, 2], type)
      let y = builder.activation("y", [4, 1], type)
      builder.operation("reshape", .reshape, [x], y)
      builder.graph.outputs = [y]
      let fixture = try QRunFixture(graph: builder.graph)
      // −2^(n − 1), 1, −1, 0, little-endian.
      let width = type.byteCount(of: 1)
      let codes =
        [UInt8](repeating: 0, count: width - 1) + [0x80, 1]
        + [UInt8](repeating: 0, count: width - 1) + [UInt8](repeating: 0xff, count: width)
        + [UInt8](repeating: 0, count: width)
      try NPYFile.write(
        NumericArray(name: "x", shape: [2, 2], elementType: array, bytes: codes),
        to: fixture.folder.file("x.npy"))
      let outcome = try fixture.run("small.fbq", "--input", "x.npy", "--output", "y.npz")
      #expect(outcome.status == 0)
      #expect(
        outcome.lines.last == "  output 'y' \(type.name) [4, 1]: codes \(least) to 1")
      let result = try #require(try NPZFile.read(path: fixture.folder.file("y.npz")).first)
      #expect(result.elementType == array)
      #expect(result.shape == [4, 1])
      #expect(result.bytes == codes)
    }
  }

  @Test("arrays give what the image gave")
  func arrays() throws {
    #expect(
      try fixture.run("small.fbq", "image0.ppm", "image1.ppm", "--dump-tensors", "dump.npz")
        .status == 0)
    let dump = try NPZFile.read(path: fixture.folder.file("dump.npz"))
    #expect(
      dump.map(\.name)
        == ["image", "conv", "swish", "pool", "flat", "logits", "probabilities"])
    #expect(dump.first?.shape == [2, 1, 8, 8, 3])
    #expect(dump.last?.shape == [2, 1, 3])
    let outcome = try fixture.run("small.fbq", "--input", "dump.npz", "--output", "out.npz")
    #expect(outcome.status == 0)
    #expect(outcome.lines.filter { $0.contains("dump.npz[") }.count == 2)
    #expect(try NPZFile.read(path: fixture.folder.file("out.npz")) == [dump[6]])

    var image = try #require(dump.first)
    image.shape = [1, 8, 8, 3]
    image.bytes = [UInt8](image.bytes[192...])
    try NPYFile.write(image, to: fixture.folder.file("one.npy"))
    #expect(
      try fixture.run("small.fbq", "--input", "one.npy", "--output", "one.npz").status == 0)
    let one = try NPZFile.read(path: fixture.folder.file("one.npz"))
    #expect(one.first?.shape == [1, 3])
    #expect(one.first?.bytes == [UInt8](dump[6].bytes[3...]))
  }

  @Test(
    "kernels, threads and a dump change no code",
    arguments: ["auto"] + KernelChoice.available.map(\.rawValue))
  func sameCodes(kernels: String) throws {
    #expect(
      try fixture.run("small.fbq", ".", "--output", "plain.npz").status == 0)
    #expect(
      try fixture.run(
        "small.fbq", ".", "--kernels", kernels, "--threads", "2", "--output", "other.npz",
        "--dump-tensors", "dump.npz", "--time-layers"
      ).status == 0)
    #expect(fixture.folder.read("plain.npz") == fixture.folder.read("other.npz"))
  }

  @Test("another arithmetic is used and named")
  func arithmetic() throws {
    let outcome = try fixture.run("small.fbq", "image0.ppm", "--arithmetic", "tosa")
    #expect(
      outcome.lines.first
        == "small.fbq: arithmetic tosa, kernels \(KernelChoice.auto.resolved.rawValue), 1 thread")
  }

  @Test("layers are timed in order, each with its share")
  func layers() throws {
    let outcome = try fixture.run("small.fbq", "image0.ppm", "--time-layers")
    #expect(outcome.status == 0)
    let names = ["conv", "swish", "pool", "flat", "logits", "softmax", "total"]
    let head = try #require(outcome.lines.firstIndex { $0.hasPrefix("  operation ") })
    let rows = outcome.lines[(head + 1)...].prefix(names.count)
    #expect(
      rows.map { String($0.drop { $0 == " " }.prefix { $0 != " " }) } == names)
    let json = try fixture.run(
      "small.fbq", "image0.ppm", "image1.ppm", "--time-layers", "--format", "json")
    let layers = try #require(json.objects.last?["layers"] as? [[String: Any]])
    #expect(json.objects.last?["runs"] as? Int == 2)
    #expect(layers.compactMap { $0["name"] as? String } == names.dropLast())
  }

  @Test(
    "of each layer the multiply-accumulates are told, and their share of the processor's peak",
    arguments: KernelChoice.available)
  func shareOfPeak(kernels: KernelChoice) throws {
    let json = try fixture.run(
      "small.fbq", "image0.ppm", "--time-layers", "--format", "json", "--kernels",
      kernels.rawValue)
    let report = try #require(json.objects.last)
    let layers = try #require(report["layers"] as? [[String: Any]])
    // 64 sums of 27 products, and 3 of 4.
    #expect(layers.compactMap { $0["macs"] as? Int } == [1728, 0, 0, 0, 12, 0])
    let peak = report["peakGigaMACsPerSecond"] as? Double
    #expect((peak != nil) == (kernels != .reference && kernels != .portable))
    for layer in layers {
      let share = layer["shareOfPeak"] as? Double
      #expect((share != nil) == (peak != nil))
      guard let peak, let share, let macs = layer["macs"] as? Int,
        let time = layer["microseconds"] as? Double
      else { continue }
      #expect(abs(share - Double(macs) / time / 1000 / peak) <= 1e-9)
    }
  }

  @Test("a benchmark runs without any input")
  func benchmark() throws {
    let outcome = try fixture.run("small.fbq", "--benchmark", "20")
    #expect(outcome.status == 0)
    #expect(
      outcome.lines.last?.firstMatch(
        of: /^zeros: 20 runs after 2 to warm up: median \d+ µs, .* per second$/) != nil)
    let json = try fixture.run("small.fbq", "--benchmark", "5", "--format", "json")
    let result = try #require(json.objects.first)
    #expect(result["runs"] as? Int == 5)
    let times = try #require(result["microseconds"] as? [String: Double])
    let minimum = try #require(times["minimum"])
    let median = try #require(times["median"])
    let maximum = try #require(times["maximum"])
    #expect(minimum <= median && median <= maximum)
  }

  @Test("names in a model cannot drive the terminal")
  func hostileNames() throws {
    var graph = SmallModel.graph
    graph.labels = ["\u{1b}[2Jcat", "dog\n", "x"]
    let outcome = try QRunFixture(graph: graph).run("small.fbq", "image0.ppm")
    #expect(outcome.lines.count == 5)
    #expect(outcome.output.contains("?[2Jcat"))
    #expect(!outcome.output.contains("\u{1b}"))
  }
}
