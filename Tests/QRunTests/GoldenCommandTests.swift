import Foundation
import TensorFiles
import TestSupport
import Testing

@Suite("qrun records goldens and compares with them")
struct GoldenCommandTests {
  let fixture: QRunFixture

  init() throws { fixture = try QRunFixture() }

  @Test("a golden repeats itself, from the images and without them", arguments: [false, true])
  func equal(allTensors: Bool) throws {
    var arguments = ["small.fbq", ".", "--record", "golden.npz"]
    if allTensors { arguments.append("--all-tensors") }
    #expect(
      try fixture.command.run(arguments, folder: fixture.folder.path).status == 0)
    let count = 3 * (allTensors ? 334 : 195)
    for inputs in [["."], []] {
      let outcome = try fixture.command.run(
        ["small.fbq"] + inputs + ["--expect", "golden.npz"], folder: fixture.folder.path)
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
      #expect(
        outcome.lines.last == "golden.npz: all \(count) elements of 3 inputs are equal")
      #expect(outcome.lines.filter { $0.hasPrefix("./image") }.count == 3)
    }
  }

  @Test("the golden says how it came to be")
  func description() throws {
    #expect(
      try fixture.run(
        "small.fbq", "image1.ppm", "--record", "golden.npz", "--arithmetic", "tosa"
      ).status == 0)
    let members = try NPZFile.read(path: fixture.folder.file("golden.npz"))
    #expect(members.map(\.name) == ["image", "probabilities", "fbq.golden"])
    #expect(
      members.last.map { String(decoding: $0.bytes, as: UTF8.self) }
        == #"{"arithmetic":"tosa","format":1,"inputs":["image1.ppm"],"model":"small"}"#)
    let outcome = try fixture.run("small.fbq", "--expect", "golden.npz")
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(
      outcome.errors
        == "qrun: error: golden.npz: it was recorded under arithmetic 'tosa', this run uses 'tflm'; "
        + "add --arithmetic tosa\n")
    #expect(
      try fixture.run("small.fbq", "--expect", "golden.npz", "--arithmetic", "tosa").status == 0)
  }

  @Test("the first difference is told, exit code 1")
  func different() throws {
    #expect(
      try fixture.run("small.fbq", ".", "--dump-tensors", "golden.npz").status == 0)
    var members = try NPZFile.read(path: fixture.folder.file("golden.npz"))
    let conv = try #require(members.firstIndex { $0.name == "conv" })
    let code = Int(Int8(bitPattern: members[conv].bytes[64 + 21]))
    members[conv].bytes[64 + 21] ^= 2
    try NPZFile.write(members, to: fixture.folder.file("golden.npz"), compress: true)
    let outcome = try fixture.run("small.fbq", ".", "--expect", "golden.npz")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qrun: error: golden.npz: tensor 'conv' of './image1.ppm': element [0, 1, 1, 1] is "
        + "\(code), expected \(code ^ 2); 1 of 64 elements differ there, by at most 2; in all 1 of "
        + "1002 elements in 1 of 7 tensors\n")
  }

  @Test("another picture is told as another input")
  func otherInput() throws {
    #expect(try fixture.run("small.fbq", "image0.ppm", "--record", "golden.npz").status == 0)
    let outcome = try fixture.run("small.fbq", "image1.ppm", "--expect", "golden.npz")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasPrefix(
        "qrun: error: golden.npz: input 'image' of 'image1.ppm': element [0, 0, 0, "))
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  @Test("another number of inputs and missing members are told")
  func counts() throws {
    #expect(
      try fixture.run("small.fbq", ".", "--record", "golden.npz").status == 0)
    #expect(
      try fixture.run("small.fbq", "image0.ppm", "--expect", "golden.npz").errors
        == "qrun: error: golden.npz: it holds 3 inputs, this run has 1; give the same inputs, or "
        + "none to use those of the golden\n")
    try NPZFile.write(
      [NumericArray(name: "image", shape: [1, 8, 8, 3], values: [Int8](repeating: 0, count: 192))],
      to: fixture.folder.file("input.npz"), compress: false)
    #expect(
      try fixture.run("small.fbq", "--input", "input.npz", "--expect", "input.npz").errors
        == "qrun: error: input.npz: member 'probabilities': it is missing, the model has this "
        + "output; record the golden again\n")
  }

  @Test("equal goldens are equal files")
  func deterministic() throws {
    for name in ["a.npz", "b.npz"] {
      #expect(
        try fixture.run("small.fbq", ".", "--record", name, "--all-tensors").status == 0)
    }
    #expect(fixture.folder.read("a.npz") == fixture.folder.read("b.npz"))
  }

  @Test("JSON says that all is equal")
  func json() throws {
    #expect(try fixture.run("small.fbq", "image0.ppm", "--record", "golden.npz").status == 0)
    let outcome = try fixture.run(
      "small.fbq", "--expect", "golden.npz", "--format", "json")
    #expect(outcome.objects.last?["equalElements"] as? Int == 195)
    #expect(outcome.objects.last?["golden"] as? String == "golden.npz")
  }
}
