import Foundation
import IntegerRuntime

/// One slot per iteration of a parallel loop, each written once.
///
/// Sendable although mutable: the lock orders all access.
final class ParallelResults<Element: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var slots: [Element?]

  init(count: Int) { slots = Array(repeating: nil, count: count) }

  /// Fills one slot.
  func set(_ index: Int, _ value: Element) {
    lock.lock()
    slots[index] = value
    lock.unlock()
  }

  /// All values in order, after the loop has ended.
  func all() -> [Element] { slots.compactMap { $0 } }
}

/// Interpreters for a parallel loop.
///
/// Sendable because iteration i uses interpreter i alone.
final class WorkerPool: @unchecked Sendable {
  private let interpreters: [Interpreter]

  init(_ interpreters: [Interpreter]) { self.interpreters = interpreters }

  /// The interpreter of one iteration.
  func interpreter(_ index: Int) -> Interpreter { interpreters[index] }
}
