import Diagnostics
import Dispatch

/// What `make` returns for 0…`count` − 1, each called on any thread, several at a time.
///
/// Throws the error of the first of them that throws.
public func concurrentMap<Result>(
  _ count: Int, _ make: (Int) throws(Diagnostic) -> Result
) throws(Diagnostic) -> [Result] {
  let results = withoutActuallyEscaping(make) { make in
    let slots = Slots(count: count, make: make)
    DispatchQueue.concurrentPerform(iterations: count) { slots.fill($0) }
    return slots.results
  }
  return try results.map { result throws(Diagnostic) in try result.get() }
}

/// Unchecked: each call fills another slot.
private final class Slots<Value>: @unchecked Sendable {
  private let make: (Int) throws(Diagnostic) -> Value
  private let memory: UnsafeMutableBufferPointer<Result<Value, Diagnostic>>

  init(count: Int, make: @escaping (Int) throws(Diagnostic) -> Value) {
    self.make = make
    memory = .allocate(capacity: count)
  }

  func fill(_ index: Int) {
    memory.initializeElement(
      at: index, to: Result { () throws(Diagnostic) in try make(index) })
  }

  /// To be read when all are filled.
  var results: [Result<Value, Diagnostic>] { [_](memory) }

  deinit {
    memory.deinitialize()
    memory.deallocate()
  }
}
