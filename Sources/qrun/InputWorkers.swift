import Diagnostics
import Dispatch
import Foundation
import InferenceSession
import IntegerRuntime

/// Interpreters that run neighboring inputs at the same time: an image is then read by one thread while
/// another computes.
///
/// There are more interpreters than threads, so that a thread that is done goes on with the next input
/// before the results of all are used. Sendable because the lock gives each of them to one thread alone.
final class InputWorkers: @unchecked Sendable {
  private let interpreters: [Interpreter]
  private let threads: Int
  private let outcomes: UnsafeMutableBufferPointer<Result<Double, Diagnostic>>
  private let lock = NSLock()
  private var next = 0

  /// Interpreters for each thread.
  static let interpretersPerThread = 2

  init(_ interpreters: [Interpreter], threads: Int) {
    self.interpreters = interpreters
    self.threads = threads
    outcomes = .allocate(capacity: interpreters.count)
    outcomes.initialize(repeating: .success(0))
  }

  deinit {
    outcomes.deinitialize()
    outcomes.deallocate()
  }

  /// Number of inputs between two uses of results.
  var count: Int { interpreters.count }

  /// Runs `range` of `inputs`, not more than ``count``, then calls `body` in their order with the index,
  /// the interpreter that holds the results, and the microseconds of the run.
  func run(
    _ range: Range<Int>, of inputs: InputSequence, _ body: (Int, Interpreter, Double) throws -> Void
  ) throws {
    next = 0
    DispatchQueue.concurrentPerform(iterations: min(threads, range.count)) { _ in
      while let place = take(before: range.count) {
        let interpreter = interpreters[place]
        outcomes[place] = Result { () throws(Diagnostic) in
          try inputs.load(range.lowerBound + place, into: interpreter)
          return Stopwatch.microseconds { interpreter.run() }
        }
      }
    }
    for place in 0..<range.count {
      try body(range.lowerBound + place, interpreters[place], outcomes[place].get())
    }
  }

  /// The next interpreter that no thread has taken yet.
  private func take(before end: Int) -> Int? {
    lock.withLock {
      guard next < end else { return nil }
      next += 1
      return next - 1
    }
  }
}
