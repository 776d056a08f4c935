import Foundation
import IntegerModel

/// What `inspect` and the summary of a conversion tell about a model.
struct ModelSummary {
  /// One operation.
  struct Row: Encodable {
    /// Name of the operation.
    var name: String
    /// What it computes.
    var kind: String
    /// Extents of its output.
    var shape: [Int]
    /// Bytes of its constants.
    var constantBytes: Int
    /// Multiply-accumulates per inference.
    var macs: Int
    /// Scale of its output.
    var scale: Float?
    /// Zero point of its output.
    var zeroPoint: Int32
    /// Bits left in the accumulator in the worst case; absent where nothing accumulates.
    var headroomBits: Int?
    /// Remarks of the converter.
    var notes: [String]
  }

  /// One row per operation.
  let rows: [Row]
  /// Number of weights of all layers.
  let weightCount: Int

  /// Least headroom of all accumulators.
  var leastHeadroom: Int? { rows.compactMap(\.headroomBits).min() }
  /// Multiply-accumulates per inference.
  var macs: Int { rows.reduce(0) { $0 + $1.macs } }
  /// Bytes of all constants.
  var constantBytes: Int { rows.reduce(0) { $0 + $1.constantBytes } }
  /// Remarks of the converter, with the operation's name.
  var notes: [String] {
    rows.flatMap { row in row.notes.map { "\(row.name): \($0)" } }
  }

  init(_ graph: IntegerGraph) {
    var weights = 0
    var notesByName: [String: [String]] = [:]
    for layer in graph.record?.layers ?? [] where !layer.notes.isEmpty {
      notesByName[layer.operation] = layer.notes
    }
    rows = graph.operations.indices.map { index in
      let operation = graph.operations[index]
      let output = graph.tensors[operation.outputs[0]]
      let constants = operation.inputs.map { graph.tensors[$0] }.filter { $0.constant != nil }
      weights += operation.weightPositions.reduce(0) { sum, position in
        sum + graph.tensors[operation.inputs[position]].elementCount
      }
      return Row(
        name: operation.name, kind: operation.kind.name, shape: output.shape,
        constantBytes: constants.reduce(0) { $0 + $1.byteCount },
        macs: graph.macs(of: index),
        scale: output.quantization?.scaleBits.first.map(Float.init(bitPattern:)),
        zeroPoint: output.zeroPoint,
        headroomBits: graph.accumulatorHeadroom(of: index)?.min(),
        notes: notesByName[operation.name] ?? [])
    }
    weightCount = weights
  }
}

/// "1 bit", "12 bits"
func bitText(_ count: Int) -> String { count == 1 ? "1 bit" : "\(count) bits" }

/// "3.4 MB", "512 bytes": decimal units, as file managers show them.
func byteText(_ count: Int) -> String {
  switch count {
  case ..<1000: "\(count) bytes"
  case ..<1_000_000: String(format: "%.1f kB", Double(count) / 1e3)
  default: String(format: "%.2f MB", Double(count) / 1e6)
  }
}
