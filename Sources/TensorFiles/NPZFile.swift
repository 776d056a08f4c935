import Compression
import Diagnostics
import FileAccess

/// Reading and writing of NumPy's `.npz` files: zip archives of `.npy` arrays.
public enum NPZFile {
  /// The most bytes that a written archive may have.
  public static let maximumByteCount = ZipWriter.maximumByteCount

  /// Reads all arrays, in the order of the archive, of files as `numpy.savez` and
  /// `numpy.savez_compressed` write them.
  ///
  /// Throws a ``Diagnostic`` that names the file and the member when the file cannot be read, is no
  /// zip archive, is cut short or corrupted, or holds anything but arrays of plain numbers. Memory
  /// is taken only for arrays whose header and archive agree on a size, together at most
  /// ``NPYFile/maximumByteCount``.
  public static func read(path: String) throws(Diagnostic) -> [NumericArray] {
    let file = try MappedFile(path: path)
    do throws(Diagnostic) {
      return try file.withUnsafeBytes { (bytes) throws(Diagnostic) in
        try arrays(of: try ZipDirectory(archive: bytes))
      }
    } catch {
      throw error.inFile(path)
    }
  }

  /// Writes `arrays` under their names, deflated if `compress` is set.
  ///
  /// Throws a ``Diagnostic`` when two arrays have the same name, an array's bytes do not fit its
  /// shape, they take more than 4 GiB, or the file cannot be written; then no file is left behind.
  public static func write(_ arrays: [NumericArray], to path: String, compress: Bool)
    throws(Diagnostic)
  {
    var names: Set<String> = []
    do throws(Diagnostic) {
      var writer = try ZipWriter(path: path)
      for array in arrays {
        guard names.insert(array.name).inserted else {
          throw Diagnostic(place: "array '\(array.name)'", problem: "the name occurs twice")
        }
        let header = try NPYHeader(describing: array).serialized()
        try header.span.withUnsafeBytes { (head) throws(Diagnostic) in
          try array.bytes.span.withUnsafeBytes { (elements) throws(Diagnostic) in
            try writer.add(name: array.name + ".npy", pieces: [head, elements], compress: compress)
          }
        }
      }
      try writer.finish()
    } catch {
      throw error.inFile(path)
    }
  }

  private static func arrays(of directory: ZipDirectory) throws(Diagnostic) -> [NumericArray] {
    var result: [NumericArray] = []
    var names: Set<String> = []
    var rest = NPYFile.maximumByteCount
    for member in directory.members {
      do throws(Diagnostic) {
        guard member.name.hasSuffix(".npy") else {
          throw Diagnostic(problem: "it is no .npy array")
        }
        let array = try array(of: member, limit: rest)
        guard names.insert(array.name).inserted else {
          throw Diagnostic(problem: "the name occurs twice")
        }
        rest -= array.bytes.count
        result.append(array)
      } catch {
        var located = error
        located.place = "member '\(member.name)'" + (error.place.isEmpty ? "" : ": " + error.place)
        throw located
      }
    }
    return result
  }

  private static func array(of member: ZipMember, limit: Int) throws(Diagnostic) -> NumericArray {
    let name = String(member.name.dropLast(4))
    guard member.isDeflated else {
      guard member.size == member.content.count else {
        throw Diagnostic(
          problem: "it is stored in \(member.content.count) bytes, its size is stated as "
            + "\(member.size)")
      }
      let (header, start) = try NPYHeader.parse(member.content)
      let count = try header.checkedByteCount(available: member.size - start)
      try checkSum(of: member.content, member)
      return header.array(
        named: name,
        bytes: [UInt8](UnsafeRawBufferPointer(rebasing: member.content[start..<start + count])))
    }

    guard member.size / Deflate.maximumRatio <= member.content.count, member.size <= limit else {
      throw Diagnostic(
        problem: "its \(member.content.count) compressed bytes claim to hold \(member.size), "
          + "the limit is \(min(limit, (member.content.count + 1) * Deflate.maximumRatio))")
    }
    // The header comes first and says how much memory the array takes; only then is it taken.
    let inflater = try Inflater(compressed: member.content)
    var head = [UInt8](repeating: 0, count: min(member.size, NPYHeader.maximumByteCount))
    var headSpan = head.mutableSpan
    let headCount = try headSpan.withUnsafeMutableBytes { (buffer) throws(Diagnostic) in
      try inflater.read(into: buffer)
    }
    let (header, start) = try head.span.withUnsafeBytes { (buffer) throws(Diagnostic) in
      try NPYHeader.parse(UnsafeRawBufferPointer(rebasing: buffer.prefix(headCount)))
    }
    _ = try header.checkedByteCount(available: member.size - start)
    var content = [UInt8](repeating: 0, count: member.size)
    content.replaceSubrange(..<headCount, with: head[..<headCount])
    var contentSpan = content.mutableSpan
    try contentSpan.withUnsafeMutableBytes { (buffer) throws(Diagnostic) in
      try inflater.readAll(into: UnsafeMutableRawBufferPointer(rebasing: buffer[headCount...]))
    }
    try content.span.withUnsafeBytes { (buffer) throws(Diagnostic) in
      try checkSum(of: buffer, member)
    }
    content.removeFirst(start)
    return header.array(named: name, bytes: content)
  }

  private static func checkSum(of content: UnsafeRawBufferPointer, _ member: ZipMember)
    throws(Diagnostic)
  {
    guard CRC32.checksum(of: content) == member.checksum else {
      throw Diagnostic(
        problem: "its checksum does not fit its content", remedy: "the file is damaged")
    }
  }
}
