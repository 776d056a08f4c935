import Foundation
import IntegerModel
import IntegerRuntime
import ModelExport
import TFLiteFormat
import TestSupport
import Testing

/// Who judges an exported model; raw values are what `tflite_batch.py` calls them.
enum TFLiteOracle: String, CaseIterable, Encodable {
  /// TFLite Micro.
  case micro
  /// LiteRT with reference kernels.
  case reference
  /// LiteRT as it comes, with XNNPACK.
  case `default`

  /// The profile that claims to compute its bits.
  var profile: ArithmeticProfile {
    switch self {
    case .micro: .tflm
    case .reference: .litertReference
    case .default: .litert
    }
  }
}

/// Graphs with inputs, exported into a folder and run there by the oracles, all in one process.
struct OracleBatch {
  /// One graph.
  struct Case {
    var name: String
    var graph: IntegerGraph
    /// Per sample, the bytes of each graph input.
    var samples: [[[UInt8]]]
    /// Who is to run it.
    var oracles: [TFLiteOracle] = TFLiteOracle.allCases
  }

  private let folder: TemporaryFolder
  private var cases: [Case] = []

  init() throws { folder = try TemporaryFolder() }

  private struct Entry: Encodable {
    var name: String
    var samples: Int
    var inputs: Int
    var outputs: Int
    var oracles: [TFLiteOracle]
  }

  /// Exports a graph. Throws what the exporter does.
  mutating func add(_ entry: Case) throws {
    // Not `TFLiteFile.write`, which waits for the disk: there are thousands.
    try folder.write(
      TFLiteFile.bytes(of: try TFLiteExport.model(of: entry.graph)), to: entry.name + ".tflite")
    try folder.write(entry.samples.joined().flatMap { $0 }, to: entry.name + ".in")
    cases.append(entry)
  }

  /// Runs all graphs in their oracles.
  func run() throws {
    let entries = cases.map {
      Entry(
        name: $0.name, samples: $0.samples.count, inputs: $0.graph.inputs.count,
        outputs: $0.graph.outputs.count, oracles: $0.oracles)
    }
    try folder.write([UInt8](JSONEncoder().encode(entries)), to: "cases.json")
    let script = TestData.repository + "/Tests/Oracles/tflite_batch.py"
    let outcome = try Command(try #require(Python.interpreter), [script, folder.path]).run()
    try #require(outcome.status == 0, "\(outcome.errors.suffix(2000))")
  }

  /// What differs between the integer runtime, under the oracle's profile, and an oracle: a line per
  /// graph whose name is `selected`, none where every element of every output of every sample is the
  /// same.
  func differences(
    _ oracle: TFLiteOracle, _ selected: (String) -> Bool = { _ in true }
  ) throws -> [String] {
    var lines: [String] = []
    for entry in cases where selected(entry.name) {
      if let error = folder.read("\(entry.name).\(oracle.rawValue).error") {
        lines.append("\(entry.name): \(String(decoding: error, as: UTF8.self).prefix(300))")
        continue
      }
      let theirs = try #require(folder.read("\(entry.name).\(oracle.rawValue)"))
      let ours = try outputs(of: entry, RunOptions(arithmetic: oracle.profile))
      guard theirs != ours else { continue }
      let wrong = zip(ours, theirs).enumerated().filter { $1.0 != $1.1 }
      let first = wrong.first.map { "byte \($0.offset): \($0.element.0), not \($0.element.1)" }
      lines.append(
        "\(entry.name): \(wrong.count) of \(theirs.count) bytes differ, ours has \(ours.count); "
          + (first ?? ""))
    }
    return lines
  }

  /// The outputs of all samples, one after the other.
  private func outputs(of entry: Case, _ options: RunOptions) throws -> [UInt8] {
    let interpreter = try Interpreter(graph: entry.graph, options: options)
    var result: [UInt8] = []
    for sample in entry.samples {
      for (index, bytes) in zip(entry.graph.inputs, sample) {
        interpreter.mutableBytes(of: index).copyBytes(from: bytes)
      }
      interpreter.run()
      for index in entry.graph.outputs { result += interpreter.bytes(of: index) }
    }
    return result
  }
}
