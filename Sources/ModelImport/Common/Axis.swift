import Diagnostics

/// Axes as files state them, where a negative number counts from the end.
enum Axis {
  /// `axis` of a value of rank `rank`, counted from the start.
  static func resolved(_ axis: Int, rank: Int) throws(Diagnostic) -> Int {
    let positive = axis < 0 ? axis + rank : axis
    guard (0..<rank).contains(positive) else {
      throw Diagnostic(problem: "axis \(axis) is outside a value of rank \(rank)")
    }
    return positive
  }

  /// Several axes of a value of rank `rank`, ascending, each once.
  static func resolved(_ axes: [Int], rank: Int) throws(Diagnostic) -> [Int] {
    var result: Set<Int> = []
    for axis in axes { result.insert(try resolved(axis, rank: rank)) }
    return result.sorted()
  }
}
