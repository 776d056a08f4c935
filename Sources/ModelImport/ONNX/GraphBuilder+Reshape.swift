import Diagnostics
import FloatModel

extension GraphBuilder {
  /// The ONNX value under another shape of as many elements.
  ///
  /// Elements stay where they are if each group of axes that becomes another group lies together
  /// and in order: `[N, C, 1, 1]` to `[N, C]`, or channels split into groups, whatever the layout.
  /// Otherwise, and where `standard` asks for it, the value is brought into ONNX order first.
  mutating func reshape(
    _ placed: Placed, to shape: [Int], for node: ONNXNode, standard: Bool = false
  ) throws(Diagnostic) -> Placed {
    let source = self.shape(of: placed)
    guard let count = ShapeLimits.elementCount(shape), count == ShapeLimits.elementCount(source)
    else {
      throw Diagnostic(problem: "cannot give the elements of \(source) the shape \(shape)")
    }
    try ShapeLimits.check(shape, of: "the output")
    var from = placed
    var layout = Layout.standard(rank: shape.count)
    let kept = standard ? nil : ReshapeGroups(from: source, to: shape).layout(of: placed.layout)
    if let kept {
      layout = kept
    } else {
      from = try arrangeStandard(placed, for: node)
    }
    let value = try emit(.reshape(layout.storedShape(shape)), [from.value], for: node)
    return Placed(value: value, layout: layout)
  }
}

/// How a reshape maps groups of neighboring axes to groups of neighboring axes with as many
/// elements; the finest such groups.
struct ReshapeGroups {
  private struct Group {
    var from: Range<Int>
    var to: Range<Int>
    /// Source axes longer than 1. The batch counts as such, as it may grow.
    var long: [Int]
  }

  private var groups: [Group] = []

  /// Both shapes have as many elements, at least one.
  init(from: [Int], to: [Int]) {
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
      let long = (start..<first).filter { from[$0] > 1 || $0 == 0 }
      groups.append(Group(from: start..<first, to: target..<second, long: long))
    }
  }

  /// The layout of the result when elements of a value of `layout` stay where they are, or `nil`
  /// where they cannot.
  func layout(of layout: Layout) -> Layout? {
    let isLong = Set(groups.flatMap(\.long))
    let stored = layout.order.filter { isLong.contains($0) }
    var placed: [(start: Int, axes: [Int])] = []
    // Groups of extent 1 stay behind the group before them.
    var leading: [Int] = []
    for group in groups {
      guard let first = group.long.first else {
        if placed.isEmpty {
          leading += group.to
        } else {
          placed[placed.count - 1].axes += group.to
        }
        continue
      }
      guard let start = stored.firstIndex(of: first),
        stored[start...].prefix(group.long.count).elementsEqual(group.long)
      else { return nil }
      placed.append((start, Array(group.to)))
    }
    return Layout(axes: leading + placed.sorted { $0.start < $1.start }.flatMap(\.axes))
  }
}
