import Foundation
import IntegerTestSupport
import OperatorArithmetic
import TensorFiles
import TestSupport
import Testing

@Suite("qrun --diff compares two arithmetics")
struct DifferenceTests {
  let fixture: QRunFixture

  init() throws {
    var graph = SmallModel.graph
    graph.deriveProfiles()
    fixture = try QRunFixture(graph: graph)
  }

  /// What two dumps say, by another way than the command: tensor by tensor, differing codes and
  /// their greatest distance.
  private func differences(
    _ first: String, _ second: String
  ) throws -> [String: (count: Int, greatest: Int)] {
    var result: [String: (count: Int, greatest: Int)] = [:]
    let left = try NPZFile.read(path: fixture.folder.file(first))
    for (a, b) in zip(left, try NPZFile.read(path: fixture.folder.file(second))) {
      let distances = zip(a.bytes, b.bytes).map {
        abs(Int(Int8(bitPattern: $0)) - Int(Int8(bitPattern: $1)))
      }
      result[a.name] = (distances.filter { $0 > 0 }.count, distances.max() ?? 0)
    }
    return result
  }

  @Test("and counts what two dumps show", arguments: ["tosa", "litert", "litert-reference"])
  func counts(profile: String) throws {
    for arithmetic in ["tflm", profile] {
      let outcome = try fixture.run(
        "small.fbq", ".", "--arithmetic", arithmetic, "--dump-tensors", "\(arithmetic).npz")
      #expect(outcome.status == 0)
    }
    let expected = try differences("tflm.npz", "\(profile).npz")
    let outcome = try fixture.run("small.fbq", ".", "--diff", profile, "--format", "json")
    let object = try #require(outcome.objects.first)
    let tensors = try #require(object["tensors"] as? [[String: Any]])
    #expect(
      tensors.compactMap { $0["tensor"] as? String }
        == ["conv", "swish", "pool", "flat", "logits", "probabilities"])
    var total = 0
    for tensor in tensors {
      let name = try #require(tensor["tensor"] as? String)
      let wanted = try #require(expected[name])
      #expect(tensor["differing"] as? Int == wanted.count, "\(name)")
      #expect(tensor["greatest"] as? Int == wanted.greatest, "\(name)")
      #expect((tensor["first"] == nil) == (wanted.count == 0), "\(name)")
      total += wanted.count
    }
    #expect(total > 0, "the profiles agree: the test shows nothing")
    #expect(object["differing"] as? Int == total)
    #expect(object["elements"] as? Int == 3 * (64 + 64 + 4 + 4 + 3 + 3))
    #expect(object["arithmetic"] as? String == "tflm")
    #expect(object["diff"] as? String == profile)
    #expect((object["top"] as? [[String: Any]])?.count == 3)
    #expect(outcome.status == 1)
    #expect(outcome.errors == "")
  }

  @Test("in a table with the first difference and the top class")
  func text() throws {
    for arithmetic in ["tflm", "tosa"] {
      _ = try fixture.run(
        "small.fbq", ".", "--arithmetic", arithmetic, "--dump-tensors", "\(arithmetic).npz")
    }
    let expected = try differences("tflm.npz", "tosa.npz")
    let conv = try #require(expected["conv"])
    let outcome = try fixture.run("small.fbq", ".", "--diff", "tosa")
    #expect(outcome.status == 1)
    let lines = outcome.lines
    #expect(lines[0] == "small.fbq: arithmetic tflm against tosa, 3 inputs")
    #expect(lines[1].hasPrefix("  step  operation"))
    let row = lines[2].split(separator: " ").map(String.init)
    #expect(row.prefix(5) == ["0", "convolution", "conv", "192", "\(conv.count)"])
    #expect(row.last == "\(conv.greatest)")
    let first = try #require(lines.first { $0.hasPrefix("first: ") })
    #expect(first.hasPrefix("first: 'conv' [0, "))
    #expect(first.contains(" under tflm, "))
    let total = expected.values.reduce(0) { $0 + $1.count }
    let tensors = expected.values.filter { $0.count > 0 }.count
    #expect(
      lines.contains {
        $0.hasPrefix(
          "in all: \(total) of 426 elements differ in \(tensors) of 6 tensors, by at most")
      })
    #expect(lines.contains { $0.hasPrefix("top-1: ") })
  }

  @Test("with exit code 0 where nothing differs")
  func equal() throws {
    // The pool and the reshape alone: the same codes under every profile.
    var graph = SmallModel.graph
    graph.operations = Array(graph.operations[2...3])
    graph.operations[0].inputs = [0]
    graph.operations[1].inputs = [1]
    graph.operations[0].outputs = [1]
    graph.operations[1].outputs = [2]
    graph.tensors = [graph.tensors[4], graph.tensors[5], graph.tensors[6]]
    graph.inputs = [0]
    graph.outputs = [2]
    graph.inputPipeline = nil
    graph.labels = []
    graph.deriveProfiles()
    let fixture = try QRunFixture(graph: graph)
    try NPZFile.write(
      [NumericArray(name: "swish", shape: [1, 4, 4, 4], values: (0..<64).map { Int8($0) })],
      to: fixture.folder.file("x.npz"), compress: false)
    let outcome = try fixture.run("small.fbq", "--input", "x.npz", "--diff", "litert")
    #expect(outcome.status == 0)
    #expect(
      outcome.lines == [
        "small.fbq: arithmetic tflm against litert, 1 input",
        "all 8 elements of 2 tensors are equal",
        "top-1: the same class for 1 of 1 inputs",
      ])
  }

  @Test("and refuses a file without the numbers of a profile")
  func older() throws {
    let fixture = try QRunFixture()
    let outcome = try fixture.run("small.fbq", "image0.ppm", "--diff", "litert")
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(
      outcome.errors
        == "qrun: error: small.fbq: the model holds no numbers for arithmetic litert; convert it "
        + "again with this version of qconvert\n")
  }
}
