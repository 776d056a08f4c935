import ArgumentParser
import CommandSupport
import Diagnostics
import FBQFormat
import Foundation
import InferenceSession
import IntegerModel
import IntegerRuntime

/// One execution of `qrun --diff`: run every input under two profiles and tell where they part.
struct DifferenceRun {
  private let arguments: QRun
  private let graph: IntegerGraph
  private let inputs: InputSequence
  private let interpreters: [Interpreter]

  /// Loads everything.
  init(arguments: QRun, against profile: ArithmeticProfile) throws {
    self.arguments = arguments
    graph = try FBQFile.read(path: arguments.model)
    let first = arguments.arithmetic ?? graph.arithmetic
    guard first != profile else {
      throw UsageError("--diff compares with another arithmetic than '\(first.name)'")
    }
    inputs = try Run.inputs(arguments, graph: graph, golden: nil)
    var interpreters: [Interpreter] = []
    for arithmetic in [first, profile] {
      interpreters.append(
        try Run.interpreter(
          arguments, graph, arithmetic, threads: arguments.threads, preservesAll: true))
    }
    self.interpreters = interpreters
  }

  /// Does the work; throws exit code 1 where anything differs.
  func perform() throws {
    var comparison = ArithmeticComparison(interpreters[0], interpreters[1])
    let progress = Progress()
    for index in 0..<inputs.count {
      progress.update("comparing", Double(index) / Double(inputs.count))
      for interpreter in interpreters {
        try inputs.load(index, into: interpreter)
        if arguments.resetState { interpreter.resetState() }
      }
      comparison.run(input: index)
    }
    progress.finish()
    let report = DifferenceReport(
      model: arguments.model, graph: graph, inputs: inputs, comparison: comparison)
    switch arguments.format {
    case .text: for line in report.lines { print(Diagnostic.printable(line)) }
    case .json: print(try jsonLine(report.object))
    }
    if comparison.differingCount > 0 { throw ExitCode(1) }
  }
}

/// What a comparison of two profiles found, for people and for scripts.
struct DifferenceReport {
  let model: String
  let graph: IntegerGraph
  let inputs: InputSequence
  let comparison: ArithmeticComparison

  private var profiles: (String, String) {
    (comparison.profiles.first.name, comparison.profiles.second.name)
  }

  // MARK: - For people

  /// The report line by line: a table of the tensors that differ, between its sums.
  var lines: [String] {
    let count = inputs.count == 1 ? "1 input" : "\(inputs.count) inputs"
    var lines = ["\(model): arithmetic \(profiles.0) against \(profiles.1), \(count)"]
    lines += table
    let differing = comparison.differing
    guard let first = differing.first, let element = first.first else {
      lines.append(
        "all \(comparison.elementCount) elements of \(comparison.tensors.count) tensors are equal")
      return lines + top
    }
    lines.append(
      "first: '\(graph.tensors[first.tensor].name)' \(element.position) of "
        + "'\(inputs.name(of: element.input))' is \(element.firstCode) under \(profiles.0), "
        + "\(element.secondCode) under \(profiles.1)")
    lines.append(
      "in all: \(comparison.differingCount) of \(comparison.elementCount) elements differ in "
        + "\(differing.count) of \(comparison.tensors.count) tensors, by at most "
        + "\(differing.map(\.greatest).max() ?? 0)")
    return lines + top
  }

  private var table: [String] {
    let differing = comparison.differing
    guard !differing.isEmpty else { return [] }
    let rows =
      [["step", "operation", "tensor", "elements", "differ", "share", "greatest"]]
      + differing.map { difference in
        let operation = graph.operations[difference.operation]
        let share = Double(difference.differingCount) / Double(difference.elementCount) * 100
        return [
          "\(difference.operation)", operation.kind.name,
          Self.shortened(graph.tensors[difference.tensor].name), "\(difference.elementCount)",
          "\(difference.differingCount)", String(format: "%.4f %%", share),
          "\(difference.greatest)",
        ]
      }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      "  "
        + row.enumerated().map { column, text in
          let space = String(repeating: " ", count: widths[column] - text.count)
          // Words to the left, numbers to the right.
          return column == 1 || column == 2 ? text + space : space + text
        }.joined(separator: "  ")
    }
  }

  private var top: [String] {
    guard !comparison.topClasses.isEmpty else { return [] }
    let changed = comparison.topClasses.enumerated().filter { $0.element.differ }
    var lines = [
      "top-1: \(changed.isEmpty ? "the same" : "another") class for "
        + "\(changed.isEmpty ? inputs.count : changed.count) of \(inputs.count) inputs"
    ]
    for (input, classes) in changed {
      lines.append(
        "  '\(inputs.name(of: input))': \(Self.name(of: classes.first)) under \(profiles.0), "
          + "\(Self.name(of: classes.second)) under \(profiles.1)")
    }
    return lines
  }

  private static func name(of score: ClassScore) -> String {
    "\(score.index)" + (score.label.map { " \($0)" } ?? "")
  }

  /// The end of a long name, which tells more than its start.
  private static func shortened(_ name: String) -> String {
    let name = Diagnostic.printable(name)
    return name.count > 40 ? "…" + name.suffix(39) : name
  }

  // MARK: - For scripts

  /// The whole report, equal tensors included.
  var object: Object {
    Object(
      arithmetic: profiles.0, diff: profiles.1, inputs: inputs.count,
      elements: comparison.elementCount, differing: comparison.differingCount,
      tensors: comparison.tensors.map { difference in
        Tensor(
          step: difference.operation, operation: graph.operations[difference.operation].name,
          kind: graph.operations[difference.operation].kind.name,
          tensor: graph.tensors[difference.tensor].name, elements: difference.elementCount,
          differing: difference.differingCount, greatest: difference.greatest,
          first: difference.first.map {
            Element(
              input: inputs.name(of: $0.input), position: $0.position,
              codes: [$0.firstCode, $0.secondCode])
          })
      },
      top: comparison.topClasses.enumerated().map { index, classes in
        Top(
          input: inputs.name(of: index), classes: [classes.first.index, classes.second.index])
      })
  }

  struct Object: Encodable {
    var arithmetic: String
    var diff: String
    var inputs: Int
    var elements: Int
    var differing: Int
    var tensors: [Tensor]
    var top: [Top]
  }

  struct Tensor: Encodable {
    var step: Int
    var operation: String
    var kind: String
    var tensor: String
    var elements: Int
    var differing: Int
    var greatest: Int
    var first: Element?
  }

  struct Element: Encodable {
    var input: String
    var position: [Int]
    var codes: [Int]
  }

  struct Top: Encodable {
    var input: String
    var classes: [Int]
  }
}
