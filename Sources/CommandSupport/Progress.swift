import Glibc

/// A line on standard error that shows how far long work has come: the title, the share done and
/// the time left. It appears only on a terminal, only for work over half a second, and leaves
/// nothing behind.
public final class Progress {
  private let start = ContinuousClock.now
  private var lastUpdate: ContinuousClock.Instant?
  private var title = ""
  private var titleStart = ContinuousClock.now

  /// Creates a line that is not shown yet.
  public init() {}

  /// Shows `share` (0…1) of the work called `title`, with `detail` behind it unless empty.
  public func update(_ title: String, _ share: Double, detail: String = "") {
    guard Self.isTerminal else { return }
    let now = ContinuousClock.now
    if title != self.title {
      self.title = title
      titleStart = now
    }
    guard now - start > .milliseconds(500),
      lastUpdate.map({ now - $0 > .milliseconds(100) }) ?? true
    else { return }
    lastUpdate = now
    writeToStandardError(
      "\r\u{1b}[K"
        + Self.line(
          title: title, share: share, elapsed: (now - titleStart) / .seconds(1), detail: detail))
  }

  /// Removes the line.
  public func finish() { Self.clearLine() }

  /// The text of the line: "training 40 %, epoch 3 of 8, 12 s left".
  package static func line(
    title: String, share: Double, elapsed: Double, detail: String = ""
  ) -> String {
    let percent = Int((min(max(share, 0), 1) * 100).rounded(.down))
    let title = "\(title) \(percent) %" + (detail.isEmpty ? "" : ", \(detail)")
    guard share > 0.02, elapsed > 0.5 else { return title }
    let left = Int((elapsed / share * (1 - share)).rounded(.up))
    let time = left < 60 ? "\(left) s" : "\(left / 60) min \(left % 60) s"
    return "\(title), \(time) left"
  }

  /// Whether standard error is a terminal.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Removes whatever progress line is on the terminal.
  static func clearLine() {
    if isTerminal { writeToStandardError("\r\u{1b}[K") }
  }
}
