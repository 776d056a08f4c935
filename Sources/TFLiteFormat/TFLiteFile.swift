import CTFLiteSchema
import Diagnostics
import FileAccess
import IntegerModel

/// Reading and writing of `.tflite` files; `Schemas/tflite-subset.fbs` describes what is understood
/// of them.
public enum TFLiteFile {
  /// Reads a model. Constants stay in the mapped file; the model keeps the mapping alive.
  ///
  /// The file's structure is not trusted: the FlatBuffers verifier passes over it, all indices, enum
  /// values and byte ranges are checked, and no more memory is taken than a small multiple of its
  /// size. What the model *means* is the importers' to check.
  ///
  /// Throws a ``Diagnostic`` that names the file when it cannot be read, is no `.tflite` file, is
  /// cut short or damaged, or has what this version does not know: other operators than
  /// ``TFLiteOperatorCode`` lists, other element types than ``TFLiteElementType``, several
  /// subgraphs, sparse tensors, quantization that is not by axis, data in other files.
  public static func read(path: String) throws(Diagnostic) -> TFLiteModel {
    let file = try MappedFile(path: path)
    let storage = ByteStorage(adopting: file.bytes) { _ in withExtendedLifetime(file) {} }
    do throws(Diagnostic) {
      return try read(storage)
    } catch {
      throw error.inFile(path)
    }
  }

  /// Reads a model that lies in memory, and refers to its constants in place; see
  /// ``read(path:)``. The diagnostics name no file.
  public static func read(_ storage: ByteStorage) throws(Diagnostic) -> TFLiteModel {
    // Offsets are verified relative to the start, so that has to be as aligned as what follows.
    let isAligned = Int(bitPattern: storage.bytes.baseAddress) % 8 == 0
    let storage = isAligned ? storage : ByteStorage(copying: storage.bytes)
    defer { withExtendedLifetime(storage) {} }
    try checkIdentifier(of: storage.bytes)
    guard let model = tfl_open(storage.bytes.baseAddress, storage.bytes.count) else {
      throw Diagnostic(
        problem: "its structure is damaged or it is cut short", remedy: damageRemedy)
    }
    return try ModelReader(model: model, storage: storage).read()
  }

  /// Writes a model; see ``bytes(of:)``. The file appears whole or not at all.
  ///
  /// Throws a ``Diagnostic`` that names the file when the model does not fit the format or the file
  /// cannot be written.
  public static func write(_ model: TFLiteModel, to path: String) throws(Diagnostic) {
    do throws(Diagnostic) {
      try AtomicFile.write(try bytes(of: model), to: path)
    } catch {
      throw error.inFile(path)
    }
  }

  /// A model as the bytes of a file. Constants are aligned to 16 bytes, equal ones stored once;
  /// buffer 0 is empty. The same model gives the same bytes, and reading them gives the same model.
  ///
  /// Throws a ``Diagnostic`` when an index leads out of `tensors`, a number does not fit the
  /// format, the options are those of another operator, or the file would exceed the format's 2 GiB.
  public static func bytes(of model: TFLiteModel) throws(Diagnostic) -> [UInt8] {
    try ModelWriter(model: model).bytes
  }

  /// What to do about a damaged file.
  static let damageRemedy = "download or convert it again"

  private static func checkIdentifier(of bytes: UnsafeRawBufferPointer) throws(Diagnostic) {
    guard bytes.count >= 8, bytes[4..<8].elementsEqual("TFL3".utf8) else {
      throw Diagnostic(
        problem: "it is no .tflite file: 'TFL3' is missing at byte 4",
        remedy: "name a .tflite model")
    }
    guard bytes.count <= tfl_maximum_size else {
      throw Diagnostic(
        problem: "it has \(bytes.count) bytes, the limit is \(tfl_maximum_size)",
        remedy: "split the model")
    }
  }
}
