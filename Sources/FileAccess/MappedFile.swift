import Diagnostics
import Glibc

/// A regular file mapped read-only into memory, for as long as the object lives.
///
/// Pages are read on first use and shared between processes. As with every mapping, a file that
/// another program shortens in place while it is mapped makes later reads fault; programs that
/// replace files by renaming, as ``AtomicFile`` does, are harmless.
public final class MappedFile: @unchecked Sendable {
  /// The whole content; empty, with no base address, for an empty file. Page-aligned.
  ///
  /// Valid as long as this object lives, which in Swift may end right after its last use: callers
  /// store the object beside the pointer, or use ``withUnsafeBytes(_:)``.
  public let bytes: UnsafeRawBufferPointer

  /// Maps the file at `path`.
  ///
  /// Throws a ``Diagnostic`` that names `path` when there is no such file, no permission, or when it
  /// is a folder, a device or a pipe.
  public init(path: String) throws(Diagnostic) {
    let file = try RegularFile(path: path)
    defer { close(file.descriptor) }
    guard file.byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, file.byteCount, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
    guard let address, address != MAP_FAILED else { throw SystemError.reading(path, errno) }
    bytes = UnsafeRawBufferPointer(start: address, count: file.byteCount)
  }

  /// Calls `body` with the whole content; the pointer is valid only inside.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Frees the memory that `part` of the content takes. It is read from the file again, or from what the
  /// system keeps of it, when it is next used.
  public func unload(_ part: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress, let first = part.baseAddress else { return }
    let page = sysconf(Int32(_SC_PAGESIZE))
    // Pages that others share stay, but for the end of the last, which nobody else can use.
    let lower = (first - start + page - 1) / page * page
    let end = first - start + part.count
    let upper = end == bytes.count ? end : end / page * page
    guard lower < upper else { return }
    madvise(UnsafeMutableRawPointer(mutating: start) + lower, upper - lower, MADV_DONTNEED)
  }

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}
