import ArgumentParser
import CommandSupport
import Diagnostics
import FBQFormat
import FileAccess
import Foundation
import IntegerModel
import IntegerRuntime

/// `qconvert inspect MODEL.fbq`
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a quantized model.",
    discussion: """
      Prints where the file came from, how images feed it, and per operation:
      output shape, scale, zero point, bytes of constants, multiply-accumulates
      (MACs), and how many bits the worst case leaves in the 32-bit accumulator
      (headroom).
      """)

  @Argument(help: ArgumentHelp("Quantized model (.fbq).", valueName: "model"))
  var model: String

  @Option(help: "How to print it.")
  var format = OutputFormat.text

  func run() throws {
    let graph = try FBQFile.read(path: model)
    let summary = ModelSummary(graph)
    let size = try MappedFile(path: model).bytes.count
    let arena: Int
    do {
      arena = try Interpreter(graph: graph, options: RunOptions()).arenaByteCount
    } catch {
      throw error.inFile(model)
    }
    switch format {
    case .json:
      print(try jsonLine(InspectReport(graph, summary, fileBytes: size, arenaBytes: arena)))
    case .text: printText(graph, summary, fileBytes: size, arenaBytes: arena)
    }
  }

  private func printText(
    _ graph: IntegerGraph, _ summary: ModelSummary, fileBytes: Int, arenaBytes: Int
  ) {
    print("\(model): \(graph.operations.count) operations, \(byteText(fileBytes))")
    print("  name         \(Diagnostic.printable(graph.name))")
    if let record = graph.record {
      print("  source       \(Diagnostic.printable(record.sourceName))")
      print("  sha-256      \(Diagnostic.printable(record.sourceDigest))")
      print("  written by   \(Diagnostic.printable(record.toolVersion))")
      if !record.options.isEmpty {
        print("  options      \(Diagnostic.printable(record.options.joined(separator: " ")))")
      }
    }
    print("  arithmetic   \(graph.arithmetic.name)")
    for tensor in graph.inputs { print("  input        \(describe(graph.tensors[tensor]))") }
    for tensor in graph.outputs { print("  output       \(describe(graph.tensors[tensor]))") }
    if let pipeline = graph.inputPipeline {
      print("  images       \(describe(pipeline))")
    }
    if !graph.labels.isEmpty { print("  labels       \(graph.labels.count)") }
    print("  arena        \(byteText(arenaBytes))")
    print("  constants    \(byteText(summary.constantBytes)), \(summary.weightCount) weights")
    print("  MACs         \(String(format: "%.2f million", Double(summary.macs) / 1e6))")
    if let headroom = summary.leastHeadroom {
      print("  headroom     at least \(bitText(headroom)) in every accumulator")
    }
    print("")
    printRows(summary.rows)
  }

  private func printRows(_ rows: [ModelSummary.Row]) {
    var table = [
      [
        "operation", "kind", "output", "scale", "zero", "constants", "MACs", "headroom",
      ]
    ]
    for row in rows {
      table.append([
        Diagnostic.printable(row.name), row.kind, row.shape.map(String.init).joined(separator: "×"),
        row.scale.map { String(format: "%.6g", $0) } ?? "", "\(row.zeroPoint)",
        row.constantBytes == 0 ? "" : "\(row.constantBytes)", row.macs == 0 ? "" : "\(row.macs)",
        row.headroomBits.map(String.init) ?? "",
      ])
    }
    print(textTable(table, rightAligned: [3, 4, 5, 6, 7]))
    for row in rows {
      for note in row.notes {
        print("note: \(Diagnostic.printable(row.name)): \(Diagnostic.printable(note))")
      }
    }
  }

  private func describe(_ tensor: TensorDescription) -> String {
    let shape = tensor.shape.map(String.init).joined(separator: "×")
    var text = "\(Diagnostic.printable(tensor.name)) \(tensor.elementType.name) \(shape)"
    if let bits = tensor.quantization?.scaleBits.first {
      text += ", scale \(Float(bitPattern: bits)), zero point \(tensor.zeroPoint)"
    }
    return text
  }

  private func describe(_ pipeline: InputPipeline) -> String {
    func list(_ bits: [UInt32]) -> String {
      bits.map { "\(Float(bitPattern: $0))" }.joined(separator: ",")
    }
    return "shorter side to \(pipeline.resizeShortSide), center "
      + "\(pipeline.width)×\(pipeline.height), \(pipeline.channelOrder.name), "
      + "mean \(list(pipeline.meanBits)), std \(list(pipeline.standardDeviationBits))"
  }
}

/// Rows as columns padded to equal width, two blanks apart; the first row is the heading.
func textTable(_ rows: [[String]], rightAligned: Set<Int>) -> String {
  let columns = rows.first?.count ?? 0
  let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
  return rows.map { row in
    let cells = row.indices.map { column -> String in
      let padding = String(repeating: " ", count: widths[column] - row[column].count)
      return rightAligned.contains(column) ? padding + row[column] : row[column] + padding
    }
    let line = cells.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}

/// The JSON form of an inspection.
private struct InspectReport: Encodable {
  struct Tensor: Encodable {
    var name: String
    var type: String
    var shape: [Int]
    var scale: Float?
    var zeroPoint: Int32

    init(_ tensor: TensorDescription) {
      name = tensor.name
      type = tensor.elementType.name
      shape = tensor.shape
      scale = tensor.quantization?.scaleBits.first.map(Float.init(bitPattern:))
      zeroPoint = tensor.zeroPoint
    }
  }

  var name: String
  var arithmetic: String
  var source: String?
  var sha256: String?
  var writtenBy: String?
  var options: [String]
  var fileBytes: Int
  var arenaBytes: Int
  var constantBytes: Int
  var weights: Int
  var macs: Int
  var headroomBits: Int?
  var labels: Int
  var inputs: [Tensor]
  var outputs: [Tensor]
  var operations: [ModelSummary.Row]

  init(_ graph: IntegerGraph, _ summary: ModelSummary, fileBytes: Int, arenaBytes: Int) {
    name = graph.name
    arithmetic = graph.arithmetic.name
    source = graph.record?.sourceName
    sha256 = graph.record?.sourceDigest
    writtenBy = graph.record?.toolVersion
    options = graph.record?.options ?? []
    self.fileBytes = fileBytes
    self.arenaBytes = arenaBytes
    constantBytes = summary.constantBytes
    weights = summary.weightCount
    macs = summary.macs
    headroomBits = summary.leastHeadroom
    labels = graph.labels.count
    inputs = graph.inputs.map { Tensor(graph.tensors[$0]) }
    outputs = graph.outputs.map { Tensor(graph.tensors[$0]) }
    operations = summary.rows
  }
}
