import Diagnostics
import IntegerModel
import IntegerRuntime

/// Compares a run with a golden, input by input.
public struct GoldenComparison {
  /// Where a run first differs from the golden.
  private struct Difference {
    var tensor: TensorIndex
    var input: Int
    var element: Int
    var expected: Int
    var found: Int
    /// In this tensor of this input.
    var count: Int
    /// The greatest absolute difference in this tensor of this input.
    var greatest: Int
  }

  private let golden: Golden
  private let path: String
  private var first: Difference?
  private var differingElements = 0
  private var differingTensors: Set<TensorIndex> = []

  /// Number of elements that were compared.
  public private(set) var elementCount = 0

  /// Prepares to compare with `golden`, which was read from `path`.
  public init(with golden: Golden, path: String) {
    self.golden = golden
    self.path = path
  }

  /// Compares what `interpreter` holds after the run of input `index`.
  public mutating func compare(_ interpreter: Interpreter, input index: Int) {
    for (tensor, array) in golden.tensors {
      let description = interpreter.graph.tensors[tensor]
      let count = description.elementCount
      let byteCount = description.byteCount
      let found = interpreter.bytes(of: tensor)
      elementCount += count
      array.bytes.withUnsafeBytes { all in
        let expected = UnsafeRawBufferPointer(
          rebasing: all[index * byteCount..<(index + 1) * byteCount])
        guard !found.elementsEqual(expected) else { return }
        note(tensor, input: index, description.elementType, count, expected, found)
      }
    }
  }

  /// Throws a ``Diagnostic`` that tells the first differing tensor and element, unless all is equal.
  /// `inputs` names the inputs.
  public func requireEqual(
    in graph: IntegerGraph, inputs: InputSequence
  ) throws(Diagnostic) {
    guard let first else { return }
    let tensor = graph.tensors[first.tensor]
    let whose = graph.inputs.contains(first.tensor) ? "input" : "tensor"
    throw Diagnostic(
      file: path, place: "\(whose) '\(tensor.name)' of '\(inputs.name(of: first.input))'",
      problem: "element \(GoldenComparison.position(of: first.element, in: tensor.shape)) is "
        + "\(first.found), expected \(first.expected); \(first.count) of "
        + "\(tensor.elementCount) elements differ there, by at most \(first.greatest); in all "
        + "\(differingElements) of \(elementCount) elements in \(differingTensors.count) of "
        + "\(golden.tensors.count) tensors")
  }

  private mutating func note(
    _ tensor: TensorIndex, input: Int, _ elementType: ElementType, _ count: Int,
    _ expected: UnsafeRawBufferPointer, _ found: UnsafeRawBufferPointer
  ) {
    var difference: Difference?
    for element in 0..<count {
      let wanted = elementType.code(at: element, in: expected)
      let code = elementType.code(at: element, in: found)
      guard wanted != code else { continue }
      var noted =
        difference
        ?? Difference(
          tensor: tensor, input: input, element: element, expected: wanted, found: code, count: 0,
          greatest: 0)
      noted.count += 1
      noted.greatest = max(noted.greatest, abs(wanted - code))
      difference = noted
    }
    differingTensors.insert(tensor)
    differingElements += difference?.count ?? 0
    first = first ?? difference
  }

  /// The index along each axis, as NumPy writes it: `[0, 3, 7, 12]`.
  static func position(of element: Int, in shape: [Int]) -> [Int] {
    var rest = element
    var result: [Int] = []
    for extent in shape.reversed() {
      result.append(rest % max(extent, 1))
      rest /= max(extent, 1)
    }
    return result.reversed()
  }
}
