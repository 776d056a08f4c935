import FBQFormat
import IntegerModel
import IntegerTestSupport

extension SmallModel {
  /// The bytes of its file.
  static func bytes(compress: Bool = false) throws -> [UInt8] {
    try FBQFile.withUnvalidatedBytes(of: graph, compress: compress) { [UInt8]($0) }
  }
}

/// The graph that the file in `bytes` describes, validated.
func read(_ bytes: [UInt8]) throws -> IntegerGraph {
  try FBQFile.read(bytes.withUnsafeBytes { ByteStorage(copying: $0) })
}
