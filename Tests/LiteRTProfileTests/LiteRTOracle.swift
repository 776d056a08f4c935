import Foundation
import IntegerModel
import IntegerRuntime
import ModelImport
import TFLiteFormat
import TensorFiles
import TestSupport
import Testing

/// LiteRT, which judges the profiles `litert-reference` and `litert`.
enum LiteRTOracle {
  /// The profiles that LiteRT judges.
  static let profiles: [ArithmeticProfile] = [.litertReference, .litert]

  static let missing: Comment = "set FBQ_PYTHON to a Python with ai-edge-litert"

  /// Runs a script of Tests/Oracles.
  static func run(_ script: String, _ arguments: [String]) throws {
    let path = TestData.repository + "/Tests/Oracles/" + script
    let outcome = try Command(try #require(Python.interpreter), [path] + arguments).run()
    try #require(outcome.status == 0, "\(script): \(outcome.errors.suffix(2000))")
  }

  /// The integer graph of a model.
  static func graph(_ path: String) throws -> IntegerGraph {
    try TFLiteIntegerImporter.graph(of: try TFLiteFile.read(path: path), name: "model")
  }
}

extension NumericArray {
  /// How many bytes differ from `other`, which must have as many.
  func differingBytes(from other: UnsafeRawBufferPointer, at start: Int) -> Int {
    var count = 0
    for (index, byte) in other.enumerated() where bytes[start + index] != byte { count += 1 }
    return count
  }
}
