import ArgumentParser
import CommandSupport
import Diagnostics
import FBQFormat
import FileAccess
import FloatModel
import Foundation
import IntegerModel
import ModelImport
import Quantizer

/// `qconvert MODEL.onnx|MODEL.tflite -o OUT.fbq`
struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantize a float model to integers (the default).",
    discussion: """
      Reads a float ONNX or .tflite model, folds batch normalization, measures activation
      ranges on the calibration inputs, balances and corrects weights and biases,
      trains thresholds where a preset or --train asks for it, and writes int8
      weights, int32 biases and every multiplier and shift that the device needs.
      Conversion includes the proof that no 32-bit accumulator can overflow.

      Training learns from the float model alone: no labels. It needs a few hundred
      inputs. Ctrl-C ends it with the best model so far. docs/method.md explains the
      methods, docs/accuracy.md says what each brings.

      A .tflite model that is quantized already is taken over as it is, bit for
      bit, with its own scales: it needs no calibration.
      """)

  @Argument(help: ArgumentHelp("Float or quantized model (.onnx, .tflite).", valueName: "model"))
  var model: String

  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the result.", valueName: "file"))
  var output: String

  @OptionGroup
  var quantization: QuantizationArguments

  @Option(
    help: ArgumentHelp("Class names, one per line, to travel in the file.", valueName: "file"))
  var labels: String?

  @Flag(help: "Deflate the constants: a smaller file that takes longer to load.")
  var compress = false

  @Option(help: "How to print the result.")
  var format = OutputFormat.text

  func validate() throws {
    try checkWritten(
      [output],
      whileReading: [model]
        + [quantization.calibration, labels, quantization.training.train].compactMap { $0 })
  }

  func run() throws {
    let start = Date()
    // Fail before the work, not after it.
    try AtomicFile.checkWritable(output)
    let names = try labels.map { path in try LabelFiles.names(path: path) } ?? []
    if let imported = try importedGraph() {
      try write(imported, labels: names, start: start)
      return
    }
    let source = try FloatSource(path: model)
    let conversion = try quantization.conversion(of: source, at: model)
    let progress = Progress()
    var result: IntegerGraph
    let notes: [String]
    do {
      let quantized = try conversion.quantizer.quantized {
        progress.update($0, $1.share, detail: $1.detail)
      }
      (result, notes) = (quantized.graph, quantized.state.notes)
    } catch {
      throw error.file == nil ? error.inFile(model) : error
    }
    progress.finish()
    try attach(labels: names, to: &result)
    try record(conversion.record, in: &result)
    try FBQFile.write(result, to: output, compress: compress)
    // What goes to a pipe is the model alone, so that `-o /dev/stdout` can be piped on.
    guard PathCheck.isRegularFile(output) else { return }
    try printSummary(
      of: result, conversion, notes: notes, seconds: Date().timeIntervalSince(start))
  }

  func attach(labels names: [String], to graph: inout IntegerGraph) throws {
    guard let path = labels, let output = graph.outputs.first else { return }
    let classes = graph.tensors[output].elementCount
    guard names.count == classes else {
      throw Diagnostic(
        file: path, problem: "names \(names.count) classes, the model has \(classes) outputs",
        remedy: "write one line per output")
    }
    graph.labels = names
  }

  /// Completes the conversion record.
  func record(_ options: [String], in graph: inout IntegerGraph) throws {
    graph.record?.sourceName = URL(fileURLWithPath: model).lastPathComponent
    graph.record?.sourceDigest = try sha256(ofFile: model)
    graph.record?.toolVersion = "qconvert \(toolVersion)"
    graph.record?.options = options
  }

  private func printSummary(
    of graph: IntegerGraph, _ conversion: Conversion, notes: [String], seconds: Double
  ) throws {
    let summary = ModelSummary(graph)
    let options = conversion.quantizer.options
    let size = try MappedFile(path: output).bytes.count
    switch format {
    case .json:
      print(
        try jsonLine(
          QuantizeReport(
            output: output, bytes: size, operations: graph.operations.count,
            weights: summary.weightCount, headroomBits: summary.leastHeadroom,
            samples: conversion.samples.set.count, notes: summary.notes + notes, seconds: seconds)))
    case .text:
      print("\(output): \(graph.operations.count) operations, \(byteText(size))")
      print(
        "  weights      int8, \(options.weights.rawValue), \(summary.weightCount) of them; "
          + "thresholds \(options.thresholds.rawValue), calibrator \(options.calibrator.rawValue)")
      print("  methods      \(options.methods)")
      print("  arithmetic   \(graph.arithmetic.name)")
      let isWide = graph.tensors.contains { $0.elementType == .int16 }
      if options.outputType == .int16 {
        print("  outputs      int16: the layers they come from compute in 16x8")
      }
      if let headroom = summary.leastHeadroom {
        let limit = isWide ? "32 bits, of 16x8 layers within 48," : "32 bits,"
        print("  accumulators proven within \(limit) at least \(bitText(headroom)) of headroom")
      }
      for note in summary.notes + notes { print("  note         \(Diagnostic.printable(note))") }
      print(
        String(format: "  calibrated on %@ in %.1f s", conversion.samples.description, seconds))
    }
  }
}

private struct QuantizeReport: Encodable {
  var output: String
  var bytes: Int
  var operations: Int
  var weights: Int
  var headroomBits: Int?
  var samples: Int
  var notes: [String]
  var seconds: Double
}

/// A float model, simplified, whatever its format.
struct FloatSource {
  /// The simplified graph.
  let graph: FloatGraph
  /// For each input, the axis of the file's own array that each axis of the graph's value is.
  let inputAxes: [[Int]]

  /// Reads the model at `path`.
  init(path: String) throws(Diagnostic) {
    do {
      let file = try FloatModelFile(path: path)
      graph = try file.graph.simplified()
      inputAxes = file.inputAxes
    } catch {
      throw error.inFile(path)
    }
    for input in graph.inputs {
      let value = graph.values[input]
      guard let batch = value.shape.first, batch != 1 else { continue }
      throw Diagnostic(
        file: path, place: "input '\(value.name)'", problem: "has a fixed batch of \(batch)",
        remedy: "convert the model with a batch of 1 or a variable one")
    }
  }
}

extension QuantizationOptions {
  /// What was done besides calibration, for people.
  fileprivate var methods: String {
    var names: [String] = []
    switch equalization {
    case .none: break
    case .depthwiseRescale: names.append("depthwise rescaling")
    case .crossLayer: names.append("cross-layer equalization")
    case .channelRange: names.append("channel-range equalization")
    }
    if splitsChannels { names.append("channel splitting") }
    if rounding == .gptq { names.append("GPTQ rounding") }
    if biasCorrection != .none { names.append("\(biasCorrection.rawValue) bias correction") }
    if let reconstruction {
      names.append(
        "blocks trained" + (reconstruction.learnsRounding ? " with learned rounding" : ""))
    }
    if let training {
      let trained = [
        (training.trainsThresholds, "thresholds"),
        (training.tunesWeights && !training.keepsWeights, "weight factors"),
        (training.tunesBiases, "biases"),
      ]
      names.append("trained " + trained.filter(\.0).map(\.1).joined(separator: ", "))
    }
    return names.isEmpty ? "none" : names.joined(separator: "; ")
  }
}
