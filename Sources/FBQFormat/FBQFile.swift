import CFBQSchema
import Compression
import Diagnostics
import FileAccess
import IntegerModel

/// Reading and writing of `.fbq` files; `Schemas/fbq.fbs` is their description.
public enum FBQFile {
  /// The newest format version that this module reads, and the one that it writes.
  public static let formatVersion: UInt32 = 1

  /// Reads a model. Weights that are not compressed stay in the mapped file and are used in place;
  /// the graph keeps the mapping alive.
  ///
  /// Nothing in the file is trusted: its structure, the checksum of the whole and of every buffer,
  /// all enum values and the graph as such (`IntegerGraph.validate()`) are checked, and no more
  /// memory is taken than a small multiple of the file's size, or what its compressed buffers
  /// provably expand to.
  ///
  /// Throws a ``Diagnostic`` that names the file when it cannot be read, is no `.fbq` file, is cut
  /// short or damaged in any bit, needs a newer version, or holds a graph that does not validate.
  public static func read(path: String) throws(Diagnostic) -> IntegerGraph {
    try readValidated(path: path).graph
  }

  /// The same, as the proof that the graph validates, for an `Interpreter`.
  public static func readValidated(path: String) throws(Diagnostic) -> ValidatedGraph {
    let file = try MappedFile(path: path)
    let storage = ByteStorage(adopting: file.bytes, unload: file.unload) { _ in
      withExtendedLifetime(file) {}
    }
    do throws(Diagnostic) {
      return try ValidatedGraph(unvalidatedGraph(in: storage))
    } catch {
      throw error.inFile(path)
    }
  }

  /// Reads a model that lies in memory, 64-byte aligned, and refers to it in place; see
  /// ``read(path:)``. The diagnostics name no file.
  public static func read(_ storage: ByteStorage) throws(Diagnostic) -> IntegerGraph {
    try ValidatedGraph(unvalidatedGraph(in: storage)).graph
  }

  /// The graph that the file in `storage` describes: what the file says, as it says it.
  package static func unvalidatedGraph(in storage: ByteStorage) throws(Diagnostic) -> IntegerGraph {
    defer { withExtendedLifetime(storage) {} }
    try checkIdentifier(of: storage.bytes)
    guard let model = fbq_open(storage.bytes.baseAddress, storage.bytes.count) else {
      throw Diagnostic(problem: "its structure is damaged", remedy: damageRemedy)
    }
    let buffers = try BufferReader(model: model, storage: storage)
    try FileChecksum.check(model: model, storage.bytes, buffers: buffers.ranges)
    return try GraphReader(model: model, buffers: buffers).graph()
  }

  /// Writes a model; `compress` deflates those buffers that get smaller by it, which then cannot be
  /// used in place. The same graph gives the same bytes.
  ///
  /// Throws a ``Diagnostic`` that names the file when the graph does not validate, is larger than
  /// the format's 2 GiB, or the file cannot be written; then no file is left behind.
  public static func write(_ graph: IntegerGraph, to path: String, compress: Bool)
    throws(Diagnostic)
  {
    do throws(Diagnostic) {
      try graph.validate()
      try withUnvalidatedBytes(of: graph, compress: compress) { (bytes) throws(Diagnostic) in
        try AtomicFile.write(bytes, to: path)
      }
    } catch {
      throw error.inFile(path)
    }
  }

  /// Calls `body` with the file that describes `graph`, whether it validates or not.
  package static func withUnvalidatedBytes<Result>(
    of graph: IntegerGraph, compress: Bool,
    _ body: (UnsafeRawBufferPointer) throws(Diagnostic) -> Result
  ) throws(Diagnostic) -> Result {
    try GraphWriter(graph: graph, compress: compress).withBytes(body)
  }

  /// What to do about a damaged file.
  static let damageRemedy = "copy or convert it again"
  /// What to do about a file from the future.
  static let versionRemedy = "use a newer fbq"

  private static func checkIdentifier(of bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    guard bytes.count >= 8, bytes[4..<7].elementsEqual("FBQ".utf8) else {
      throw Diagnostic(
        problem: "it is no .fbq file: 'FBQ1' is missing at byte 4", remedy: "convert a model")
    }
    guard bytes[7] == UInt8(ascii: "1") else {
      let identifier = String(decoding: bytes[4..<8], as: UTF8.self)
      throw Diagnostic(
        problem: "its layout is '\(identifier)', this version reads 'FBQ1'", remedy: versionRemedy)
    }
    guard bytes.count <= fbq_maximum_size else {
      throw Diagnostic(
        problem: "it has \(bytes.count) bytes, the limit is \(fbq_maximum_size)",
        remedy: damageRemedy)
    }
  }
}
