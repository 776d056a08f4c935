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
        macs: graph.macs(of: operation),
        scale: output.quantization?.scaleBits.first.map(Float.init(bitPattern:)),
        zeroPoint: output.zeroPoint,
        headroomBits: graph.accumulatorHeadroom(of: index)?.min(),
        notes: notesByName[operation.name] ?? [])
    }
    weightCount = weights
  }
}

extension IntegerModel.Operation {
  /// The inputs that are weights.
  var weightPositions: Range<Int> {
    switch kind {
    case .convolution, .depthwiseConvolution, .fullyConnected, .transposeConvolution: 1..<2
    case .svdf: 1..<3
    case .sequenceLSTM: 1..<9
    default: 0..<0
    }
  }
}

extension IntegerGraph {
  /// Multiply-accumulates of one operation: its weights, as often as each is used.
  fileprivate func macs(of operation: IntegerModel.Operation) -> Int {
    let weights = operation.weightPositions.reduce(0) { sum, position in
      sum + tensors[operation.inputs[position]].elementCount
    }
    guard weights > 0 else { return 0 }
    let (input, output) = (tensors[operation.inputs[0]], tensors[operation.outputs[0]])
    switch operation.kind {
    // Each element of the input meets all weights of its channel; padding cuts some off.
    case .transposeConvolution: return input.elementCount * (weights / (input.shape.last ?? 1))
    // All weights are used for each batch, in an LSTM for each step of it.
    case .svdf: return input.shape[0] * weights
    case .sequenceLSTM: return input.shape[0] * input.shape[1] * weights
    // Each element of the output has the weights of its channel.
    default:
      return output.elementCount * (weights / tensors[operation.inputs[2]].elementCount)
    }
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
