import Dispatch
import Glibc
import Synchronization

/// Ctrl-C as a wish rather than an end: the first one is only noted, so that long work can finish
/// with what it has; the second one ends the program as usual.
public final class Interruption: @unchecked Sendable {
  // Sendable because the flag is atomic and the source is set once.
  private let isRequested = Atomic(false)
  private var source: (any DispatchSourceSignal)?

  /// Starts listening; `message` is printed on standard error at the first Ctrl-C.
  public init(message: String, command: String) {
    // Without this the signal would still end the program.
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { [weak self] in
      signal(SIGINT, SIG_DFL)
      self?.isRequested.store(true, ordering: .relaxed)
      Progress.clearLine()
      writeToStandardError("\(command): \(message)\n")
    }
    source.resume()
    self.source = source
  }

  deinit {
    source?.cancel()
    signal(SIGINT, SIG_DFL)
  }

  /// Whether Ctrl-C was pressed.
  public var wasRequested: Bool { isRequested.load(ordering: .relaxed) }
}
