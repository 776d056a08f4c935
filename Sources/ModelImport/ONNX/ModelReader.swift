import ONNXFormat
import Diagnostics
import Foundation
import SwiftProtobuf

/// Parses the protobuf message and checks the versions it names.
enum ModelReader {
  /// IR versions that are read: 3 is the first whose fields the specification still names, 14 that
  /// of the newest opset we know.
  static let irVersions = 3...14

  /// The message in `bytes`, without fields unknown to us.
  static func read(_ bytes: UnsafeRawBufferPointer) throws(Diagnostic) -> ONNXModelProto {
    let notONNX = Diagnostic(
      problem: "is not an ONNX file or is truncated",
      remedy: "export the model again, or copy the file again in binary mode")
    // Protobuf messages end at 2 GiB.
    guard bytes.count <= Int(Int32.max) else {
      throw Diagnostic(
        problem: "is larger than 2 GiB, the limit of ONNX files",
        remedy: "store the weights as external data")
    }
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = 20
    guard let start = bytes.baseAddress, !bytes.isEmpty else { throw notONNX }
    // The parser only reads, and copies what it keeps.
    let data = Data(
      bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none)
    guard let model = try? ONNXModelProto(serializedBytes: data, options: options),
      model.hasIrVersion, model.hasGraph
    else { throw notONNX }
    return model
  }

  /// The version of the standard operators.
  static func opset(of model: ONNXModelProto) throws(Diagnostic) -> Int {
    guard irVersions.contains(Int(clamping: model.irVersion)) else {
      throw Diagnostic(
        problem: "has IR version \(model.irVersion), outside "
          + "\(irVersions.lowerBound)…\(irVersions.upperBound)",
        remedy: "export the model with another version of ONNX")
    }
    let standard = model.opsetImport.filter { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    guard let version = standard.first?.version, standard.allSatisfy({ $0.version == version })
    else {
      throw Diagnostic(
        problem: "does not name one version of the standard operators",
        remedy: "export the model with opset_import of domain ''")
    }
    let versions = ONNXImporter.leastOpset...ONNXImporter.greatestOpset
    guard versions.contains(Int(clamping: version)) else {
      throw Diagnostic(
        problem: "uses opset \(version), outside \(versions.lowerBound)…\(versions.upperBound)",
        remedy: "export the model with opset 17, or convert it with onnx.version_converter")
    }
    return Int(version)
  }
}
