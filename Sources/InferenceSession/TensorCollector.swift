import Diagnostics
import IntegerModel
import IntegerRuntime
import TensorFiles

/// Gathers the codes of some tensors over all inputs of a run.
public struct TensorCollector {
  private let graph: IntegerGraph
  private let tensors: [TensorIndex]
  private let inputCount: Int
  private var bytes: [[UInt8]]

  /// Prepares to collect `tensors`, all of them activations, over `inputCount` inputs. `file` is
  /// where they will be written.
  ///
  /// Throws a ``Diagnostic`` when they would not fit an `.npz` file.
  public init(
    _ tensors: [TensorIndex], of graph: IntegerGraph, inputCount: Int, file: String
  ) throws(Diagnostic) {
    var byteCount = 0
    for index in tensors { byteCount += graph.tensors[index].byteCount }
    guard byteCount == 0 || inputCount <= NPZFile.maximumByteCount / byteCount else {
      throw Diagnostic(
        file: file,
        problem: "\(tensors.count) tensors of \(inputCount) inputs take more than "
          + "\(NPZFile.maximumByteCount) bytes",
        remedy: "give at most \(NPZFile.maximumByteCount / byteCount) inputs at a time")
    }
    self.graph = graph
    self.tensors = tensors
    self.inputCount = inputCount
    bytes = tensors.map { _ in [] }
    for (position, index) in tensors.enumerated() {
      bytes[position].reserveCapacity(graph.tensors[index].byteCount * inputCount)
    }
  }

  /// Appends what `interpreter` holds after a run.
  public mutating func collect(from interpreter: Interpreter) {
    for (position, index) in tensors.enumerated() {
      bytes[position].append(contentsOf: interpreter.bytes(of: index))
    }
  }

  /// Writes the collected arrays to an `.npz` file, compressed.
  ///
  /// Throws a ``Diagnostic`` when it cannot be written; then no file is left behind.
  public func write(to path: String) throws(Diagnostic) {
    try NPZFile.write(arrays(), to: path, compress: true)
  }

  /// The collected arrays, named after their tensors; with a leading axis over the inputs where
  /// there were several.
  public func arrays() -> [NumericArray] {
    zip(tensors, bytes).compactMap { index, bytes in
      let tensor = graph.tensors[index]
      guard let elementType = tensor.elementType.arrayElementType else { return nil }
      return NumericArray(
        name: tensor.name, shape: (inputCount == 1 ? [] : [inputCount]) + tensor.shape,
        elementType: elementType, bytes: bytes)
    }
  }
}

extension IntegerGraph {
  /// All activations in the order in which a run computes them, the graph's inputs first.
  public var activationsInOrder: [TensorIndex] {
    inputs + operations.flatMap(\.outputs)
  }
}
