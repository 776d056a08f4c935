import Diagnostics
import FloatModel

extension GraphBuilder {
  /// The ONNX value under another shape of as many elements.
  ///
  /// Elements move only within groups of axes that become another group of axes: none for
  /// `[N, C, 1, 1]` to `[N, C]` or for channels split into groups, whatever the layout; into ONNX
  /// order for an image that is flattened.
  mutating func reshape(
    _ placed: Placed, to shape: [Int], for node: ONNXNode
  ) throws(Diagnostic) -> Placed {
    let source = self.shape(of: placed)
    guard let count = ShapeLimits.elementCount(shape), count == ShapeLimits.elementCount(source)
    else {
      throw Diagnostic(problem: "cannot give the elements of \(source) the shape \(shape)")
    }
    try ShapeLimits.check(shape, of: "the output")
    let (arranged, result) = ReshapeGroups(from: source, to: shape).layouts(for: placed.layout)
    let from = try arrange(placed, as: arranged, for: node)
    let value = try emit(.reshape(result.storedShape(shape)), [from.value], for: node)
    return Placed(value: value, layout: result)
  }
}

/// How a reshape maps groups of neighboring axes to groups of neighboring axes with as many
/// elements; the finest such groups.
struct ReshapeGroups {
  private var groups: [(from: Range<Int>, to: Range<Int>)] = []
  private let source: [Int]

  /// Both shapes have as many elements, at least one.
  init(from: [Int], to: [Int]) {
    source = from
    var (first, second) = (0, 0)
    while first < from.count || second < to.count {
      let (start, target) = (first, second)
      var left = first < from.count ? from[first] : 1
      var right = second < to.count ? to[second] : 1
      first = min(first + 1, from.count)
      second = min(second + 1, to.count)
      while left != right {
        if left < right {
          left *= from[first]
          first += 1
        } else {
          right *= to[second]
          second += 1
        }
      }
      groups.append((start..<first, target..<second))
    }
  }

  /// The layout that a value of `layout` is brought into, each group together and in order, and
  /// the layout of the result, whose groups lie in the same places.
  func layouts(for layout: Layout) -> (arranged: Layout, result: Layout) {
    let places = layout.order
    var runs: [(place: Int, from: [Int], to: [Int])] = []
    for group in groups {
      // The batch counts as longer than 1: it may grow.
      let long = group.from.filter { source[$0] > 1 || $0 == 0 }
      if let place = long.compactMap({ places.firstIndex(of: $0) }).min() {
        runs.append((place, Array(group.from), Array(group.to)))
      } else if runs.isEmpty {
        runs.append((0, Array(group.from), Array(group.to)))
      } else {
        // Groups of extent 1 stay behind the group before them.
        runs[runs.count - 1].from += group.from
        runs[runs.count - 1].to += group.to
      }
    }
    runs.sort { $0.place < $1.place }
    return (Layout(axes: runs.flatMap(\.from)), Layout(axes: runs.flatMap(\.to)))
  }
}
