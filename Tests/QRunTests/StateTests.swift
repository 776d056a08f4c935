import FBQFormat
import IntegerModel
import IntegerTestSupport
import TensorFiles
import TestSupport
import Testing

@Suite("qrun runs models with states")
struct StateTests {
  let fixture: QRunFixture

  /// An SVDF of one filter that remembers three steps with weights 1, 10 and 100, halved, and four
  /// inputs for it.
  init() throws {
    var builder = GraphBuilder()
    let inputs = [
      builder.input("x", [1, 1]), builder.constant("feature", [1, 1], .int8, [1]),
      builder.constant("time", [1, 3], .int16, [1, 10, 100]),
      builder.constant("bias", [1], .int32, [0]), builder.state("memory", [1, 3], .int16),
    ]
    let y = builder.activation("y", [1, 1])
    builder.operation(
      "svdf", .svdf(SVDFParameters(rank: 1, feature: .one, time: .half)), inputs, y)
    builder.graph.outputs = [y]
    fixture = try QRunFixture(graph: builder.graph)
    try NPZFile.write(
      [NumericArray(name: "x", shape: [4, 1, 1], values: [2, 0, 0, 1] as [Int8])],
      to: fixture.folder.file("x.npz"), compress: false)
  }

  private func outputs(_ options: String...) throws -> [Int8] {
    let outcome = try fixture.command.run(
      ["small.fbq", "--input", "x.npz", "--output", "y.npz"] + options,
      folder: fixture.folder.path)
    try #require(outcome.status == 0, "\(outcome.errors)")
    return try NPZFile.read(path: fixture.folder.file("y.npz"))[0].bytes.map {
      Int8(bitPattern: $0)
    }
  }

  @Test("inputs are one stream, unless each begins anew; measuring does not disturb it")
  func stream() throws {
    #expect(try outputs() == [100, 10, 1, 50])
    #expect(try outputs("--reset-state") == [100, 0, 0, 50])
    #expect(try outputs("--time-layers") == [100, 10, 1, 50])
  }

  @Test("a golden repeats itself, and says when states are treated otherwise")
  func golden() throws {
    for (option, problem) in [
      ("", "it was recorded with states that go on from input to input; leave out --reset-state"),
      ("--reset-state", "it was recorded with fresh states for each input; add --reset-state"),
    ] {
      let other = option.isEmpty ? "--reset-state" : ""
      let record = "$QRUN small.fbq --input x.npz --record golden.npz \(option)"
      #expect(try fixture.shell(record).status == 0)
      #expect(try fixture.shell("$QRUN small.fbq --expect golden.npz \(option)").status == 0)
      let outcome = try fixture.shell("$QRUN small.fbq --expect golden.npz \(other)")
      #expect(outcome.status == 1)
      #expect(outcome.errors == "qrun: error: golden.npz: \(problem)\n")
    }
  }

  @Test("two arithmetics are compared over the same stream")
  func difference() throws {
    let outcome = try fixture.shell("$QRUN small.fbq --input x.npz --diff tosa")
    #expect(outcome.status == 0)
    #expect(outcome.lines.last == "all 4 elements of 1 tensors are equal")
  }
}
