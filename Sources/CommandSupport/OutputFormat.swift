import ArgumentParser
import FoundationEssentials

/// How a command prints its result.
public enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// For people.
  case text
  /// For scripts: one JSON object per line.
  case json
}

/// The version that all commands report and that model files record.
public let toolVersion = "0.1.0"

/// `value` as one line of JSON with sorted keys, so that equal results are equal text.
public func jsonLine(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
