import FloatModel
import Foundation
import TestSupport
import Testing

/// onnxruntime, which judges whole models.
enum Oracle {
  /// A Python with onnx and onnxruntime.
  static let python = ProcessInfo.processInfo.environment["FBQ_PYTHON"]

  /// Runs a script of Tests/Oracles.
  static func run(_ script: String, _ arguments: [String]) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Oracles")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(python))
    process.arguments = [folder.appendingPathComponent(script).path] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(script) failed")
  }

  /// A tensor that a script wrote as little-endian float32.
  static func tensor(
    _ name: String, shape: [Int], in folder: TemporaryFolder
  ) throws -> FloatTensor {
    let bytes = try #require(folder.read(name))
    try #require(bytes.count == 4 * shape.reduce(1, *))
    let values = bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(
          bitPattern: UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
      }
    }
    return FloatTensor(shape: shape, values: values)
  }
}

extension FloatTensor {
  /// Whether no element differs from `other`'s by more than 1e-4 of its greatest magnitude.
  func isClose(to other: FloatTensor) -> Bool {
    let tolerance = 1e-4 * max(other.values.map(abs).max() ?? 0, 1e-3)
    return shape == other.shape
      && zip(values, other.values).allSatisfy { abs($0 - $1) <= tolerance }
  }
}
