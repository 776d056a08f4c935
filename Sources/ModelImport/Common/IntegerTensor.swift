import Diagnostics
import FloatModel

/// Known integers of a model: shapes, axes, indices, and what is computed from them. They
/// never reach the float graph.
struct IntegerTensor: Equatable {
  var shape: [Int]
  var values: [Int64]

  init(shape: [Int], values: [Int64]) {
    self.shape = shape
    self.values = values
  }

  /// A vector.
  init(_ values: [Int]) {
    shape = [values.count]
    self.values = values.map { Int64($0) }
  }

  /// NumPy's broadcast of a function of two tensors.
  static func combine(
    _ left: IntegerTensor, _ right: IntegerTensor,
    _ function: (Int64, Int64) throws(Diagnostic) -> Int64
  ) throws(Diagnostic) -> IntegerTensor {
    guard let shape = ShapeLimits.broadcast(left.shape, right.shape) else {
      throw Diagnostic(problem: "shapes \(left.shape) and \(right.shape) do not broadcast")
    }
    let first = try left.broadcast(to: shape)
    let second = try right.broadcast(to: shape)
    var values: [Int64] = []
    for (a, b) in zip(first.values, second.values) { values.append(try function(a, b)) }
    return IntegerTensor(shape: shape, values: values)
  }

  /// This tensor with axes of extent 1 repeated as NumPy does.
  func broadcast(to target: [Int]) throws(Diagnostic) -> IntegerTensor {
    _ = try Self.checkedCount(target)
    return IntegerTensor(
      shape: target, values: try Broadcast.elements(values, of: shape, to: target))
  }

  /// The elements at `indices` along `axis`, as Gather takes them: `indices.shape` in place of
  /// the axis, negative indices from the end.
  func gathered(_ indices: IntegerTensor, axis: Int) throws(Diagnostic) -> IntegerTensor {
    let extent = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    let resultShape = shape[..<axis] + indices.shape + shape[(axis + 1)...]
    _ = try Self.checkedCount(Array(resultShape))
    var result: [Int64] = []
    for row in 0..<outer {
      for index in indices.values {
        let position = index < 0 ? Int(index) + extent : Int(index)
        guard (0..<extent).contains(position) else {
          throw Diagnostic(problem: "index \(index) is outside axis \(axis) of \(shape)")
        }
        let start = (row * extent + position) * inner
        result += values[start..<start + inner]
      }
    }
    return IntegerTensor(shape: Array(resultShape), values: result)
  }

  /// Most elements of a computed integer tensor; shape computations need a handful.
  static let greatestCount = 1 << 20

  /// The number of elements of `shape`, refused above ``greatestCount``.
  static func checkedCount(_ shape: [Int]) throws(Diagnostic) -> Int {
    guard let count = ShapeLimits.elementCount(shape), count <= greatestCount else {
      throw Diagnostic(
        problem: "computes integers of shape \(shape), more than \(greatestCount) elements")
    }
    return count
  }
}
