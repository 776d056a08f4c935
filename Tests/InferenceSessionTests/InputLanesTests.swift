import Diagnostics
import InferenceSession
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Several inputs at once")
struct InputLanesTests {
  private func lanes(_ count: Int) throws -> InputLanes {
    InputLanes(try (0..<count).map { _ in try Interpreter(graph: SmallModel.graph) })
  }

  @Test("results come in the inputs' order, one at a time", arguments: [1, 2, 3, 8])
  func order(count: Int) throws {
    var indices: [Int] = []
    var isBusy = false
    try lanes(count).run(200) { index, _ in
      // Early ones take longest, so that later ones have to wait.
      var sum = index
      for step in 0..<(200 - index) * 50 { sum = sum &* 31 &+ step }
      return sum &* 0 &+ index * 2
    } inOrder: { index, _, result in
      #expect(!isBusy)
      isBusy = true
      #expect(result == index * 2)
      indices.append(index)
      isBusy = false
    }
    #expect(indices == Array(0..<200))
  }

  @Test("a lane's interpreter still holds its results when they are handed out")
  func results() throws {
    let input = SmallModel.graph.inputs[0]
    try lanes(3).run(60) { index, interpreter in
      for byte in interpreter.mutableBytes(of: input).indices {
        interpreter.mutableBytes(of: input)[byte] = UInt8(index)
      }
    } inOrder: { index, interpreter, _ in
      #expect(interpreter.bytes(of: input).allSatisfy { $0 == UInt8(index) })
    }
  }

  @Test("the first error in order is thrown, after the results before it", arguments: [1, 4])
  func errors(count: Int) throws {
    var indices: [Int] = []
    let error = try #require(throws: Diagnostic.self) {
      try lanes(count).run(100) { index, _ in
        if index >= 17 { throw Diagnostic(problem: "input \(index)") }
      } inOrder: { index, _, _ in
        indices.append(index)
      }
    }
    #expect(error == Diagnostic(problem: "input 17"))
    #expect(indices == Array(0..<17))
    let late = try #require(throws: Diagnostic.self) {
      try lanes(count).run(100) { _, _ in
      } inOrder: { index, _, _ in
        if index == 5 { throw Diagnostic(problem: "the disk is full") }
      }
    }
    #expect(late == Diagnostic(problem: "the disk is full"))
  }

  @Test("no inputs are no work")
  func nothing() throws {
    try lanes(2).run(0) { _, _ in
      Issue.record("worked")
    } inOrder: { _, _, _ in
    }
  }
}
