import Diagnostics
import InferenceSession
import Testing

@Suite("What is made several at a time")
struct ConcurrentMapTests {
  @Test("comes in the order of the indices", arguments: [0, 1, 2, 7, 100])
  func order(count: Int) throws {
    let made = try concurrentMap(count) { index throws(Diagnostic) in
      var sum = index
      for step in 0..<(count - index) * 1000 { sum = sum &* 31 &+ step }
      return "\(index)" + (sum == 0 ? " " : "")
    }
    #expect(made.map { $0.filter { $0 != " " } } == (0..<count).map { "\($0)" })
  }

  @Test("or is the error of the first that fails")
  func errors() {
    #expect(throws: Diagnostic(problem: "number 3")) {
      try concurrentMap(20) { index throws(Diagnostic) in
        if index >= 3 { throw Diagnostic(problem: "number \(index)") }
        return index
      }
    }
  }
}
