import FileAccess

/// Buffers for files, of which each thread borrows one at a time.
///
/// Unchecked: those that nobody has borrowed are touched under the lock only.
final class FileBuffers: @unchecked Sendable {
  private let lock = Condition()
  private var free: [FileBuffer] = []

  /// Calls `body` with a buffer that no other thread has meanwhile.
  func borrow<Result, Failure: Error>(
    _ body: (FileBuffer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = lock.withLock { free.popLast() } ?? FileBuffer()
    defer { lock.withLock { free.append(buffer) } }
    return try body(buffer)
  }
}
