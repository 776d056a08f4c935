import Foundation
import IntegerRuntime

/// Runs inputs on several interpreters at once, and hands out their results in the inputs' order.
///
/// A lane is an interpreter with a thread of its own. It takes the next input that no lane has
/// taken, works on it, and waits for its turn: what is done in order never overlaps.
public struct InputLanes {
  private let interpreters: [Interpreter]

  /// Lanes that each run one of `interpreters`, of which there must be at least one.
  public init(_ interpreters: [Interpreter]) {
    precondition(!interpreters.isEmpty)
    self.interpreters = interpreters
  }

  /// Calls `work` with each input 0…`count` − 1 on any lane, several at a time, then `inOrder` with
  /// what it returned, one at a time and in order, while the interpreter still holds the results.
  ///
  /// Throws the error of the first input, in order, for which either throws; later ones are then
  /// not handed out.
  public func run<Result>(
    _ count: Int, work: (Int, Interpreter) throws -> Result,
    inOrder: (Int, Interpreter, Result) throws -> Void
  ) throws {
    try withoutActuallyEscaping(work) { work in
      try withoutActuallyEscaping(inOrder) { inOrder in
        let lanes = Lanes(
          interpreters: interpreters, turns: Turns(count: count), work: work, inOrder: inOrder)
        DispatchQueue.concurrentPerform(iterations: interpreters.count) { lanes.run($0) }
        if let error = lanes.turns.failure { throw error }
      }
    }
  }
}

/// Unchecked: each lane touches its own interpreter only, and `inOrder` is called in turns.
private struct Lanes<Result>: @unchecked Sendable {
  let interpreters: [Interpreter]
  let turns: Turns
  let work: (Int, Interpreter) throws -> Result
  let inOrder: (Int, Interpreter, Result) throws -> Void

  func run(_ lane: Int) {
    let interpreter = interpreters[lane]
    while let index = turns.take() {
      let result = Swift.Result { try work(index, interpreter) }
      turns.perform(index) { try inOrder(index, interpreter, try result.get()) }
    }
  }
}

/// Whose turn it is. Unchecked: everything is read and written under the condition's lock, but for
/// what is performed, which has the turn to itself.
private final class Turns: @unchecked Sendable {
  private let condition = NSCondition()
  private let count: Int
  private var taken = 0
  private var turn = 0
  private var error: (any Error)?

  init(count: Int) { self.count = count }

  /// The error of the first input that failed.
  var failure: (any Error)? { condition.withLock { error } }

  /// The next input that no lane has taken; `nil` when there is none, or one has failed.
  func take() -> Int? {
    condition.withLock {
      guard taken < count, error == nil else { return nil }
      taken += 1
      return taken - 1
    }
  }

  /// Waits for the turn of input `index` and performs `body`, unless one before it has failed.
  func perform(_ index: Int, _ body: () throws -> Void) {
    condition.lock()
    while turn != index { condition.wait() }
    let hasFailed = error != nil
    condition.unlock()
    let result = Swift.Result { if !hasFailed { try body() } }
    condition.withLock {
      if case .failure(let failure) = result { error = failure }
      turn += 1
      condition.broadcast()
    }
  }
}
