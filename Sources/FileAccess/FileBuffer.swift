import Diagnostics
import Glibc

/// Memory that files are copied into, one after the other.
///
/// For many small files that is cheaper than mapping each: a mapping that ends makes the processors
/// of all other threads forget its pages, and new memory costs a page fault for every 4 KB.
public final class FileBuffer {
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Creates a buffer that takes no memory until it is used.
  public init() {}

  /// Copies the file at `path` and returns its bytes, which stay until the next call or the end of this
  /// object; `nil` for a file of more than `limit` bytes, which is worth a mapping.
  ///
  /// Throws a ``Diagnostic`` that names `path` when there is no such file, no permission, or when it
  /// is a folder, a device or a pipe.
  public func read(path: String, limit: Int) throws(Diagnostic) -> UnsafeRawBufferPointer? {
    let file = try RegularFile(path: path)
    defer { close(file.descriptor) }
    guard file.byteCount <= limit else { return nil }
    if memory.count < file.byteCount {
      memory.deallocate()
      memory = .allocate(byteCount: file.byteCount, alignment: 16)
    }
    // Another program may have made it shorter by now.
    var count = 0
    while count < file.byteCount {
      let rest = UnsafeMutableRawBufferPointer(rebasing: memory[count..<file.byteCount])
      let read = SystemError.retrying {
        Glibc.read(file.descriptor, rest.baseAddress, rest.count)
      }
      guard read >= 0 else { throw SystemError.reading(path, errno) }
      if read == 0 { break }
      count += read
    }
    return UnsafeRawBufferPointer(rebasing: memory[..<count])
  }

  deinit { memory.deallocate() }
}
