/// Memory that constants live in: a heap block of our own, or a mapped file.
///
/// The bytes never change after creation, hence the unchecked conformance.
public final class ByteStorage: @unchecked Sendable {
  /// The whole block. Valid as long as this object lives.
  public let bytes: UnsafeRawBufferPointer
  private let unload: (@Sendable (UnsafeRawBufferPointer) -> Void)?
  private let release: @Sendable (UnsafeRawBufferPointer) -> Void

  /// Takes over `bytes`; `release` runs once, when the last user is gone.
  ///
  /// `unload` frees the memory of a part of them where it comes back by itself when it is read again, as
  /// the pages of a mapped file do.
  public init(
    adopting bytes: UnsafeRawBufferPointer,
    unload: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil,
    release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) {
    self.bytes = bytes
    self.unload = unload
    self.release = release
  }

  /// A copy of `source`, 64-byte aligned so that vector kernels can load it directly.
  public convenience init(copying source: UnsafeRawBufferPointer) {
    let block = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(source.count, 1), alignment: 64)
    block.copyMemory(from: source)
    self.init(adopting: UnsafeRawBufferPointer(rebasing: block[..<source.count])) { bytes in
      UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.deallocate()
    }
  }

  deinit { release(bytes) }

  fileprivate func unload(_ part: Range<Int>) {
    unload?(UnsafeRawBufferPointer(rebasing: bytes[part]))
  }
}

/// The bytes of one constant tensor, used where they lie: little-endian, densely packed.
public struct ConstantBytes: Sendable {
  private let storage: ByteStorage
  private let offset: Int
  /// Number of bytes.
  public let count: Int

  /// The part of `storage` that starts at `offset` and holds `count` bytes, which the caller has
  /// checked to lie inside it.
  public init(storage: ByteStorage, offset: Int, count: Int) {
    precondition(offset >= 0 && count >= 0 && offset <= storage.bytes.count - count)
    self.storage = storage
    self.offset = offset
    self.count = count
  }

  /// A copy of the memory of `values`.
  public init<Element: FixedWidthInteger>(copying values: [Element]) {
    let storage = values.withUnsafeBytes { ByteStorage(copying: $0) }
    self.init(storage: storage, offset: 0, count: storage.bytes.count)
  }

  /// Calls `body` with the bytes. The pointer is valid only inside; whoever needs it longer keeps
  /// this value alive as well.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(rebasing: storage.bytes[offset..<offset + count]))
  }

  /// Frees the memory of the bytes where they lie in a file, from which they come back when they are read
  /// again: for constants that are rarely or never read from here on.
  package func unload() { storage.unload(offset..<offset + count) }

  /// The bytes as an array of integers of type `Element`; trailing bytes that fill no element are
  /// dropped.
  public func array<Element: FixedWidthInteger>(of _: Element.Type) -> [Element] {
    withUnsafeBytes { bytes in
      let count = bytes.count / MemoryLayout<Element>.size
      return [Element](unsafeUninitializedCapacity: count) { elements, initializedCount in
        // Whole, because a loop in generic code is slow, and loading a model comes here often.
        UnsafeMutableRawBufferPointer(elements).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * MemoryLayout<Element>.size)]))
        #if _endian(big)
          for index in 0..<count { elements[index] = Element(littleEndian: elements[index]) }
        #endif
        initializedCount = count
      }
    }
  }
}

extension ConstantBytes: Equatable {
  /// Whether both hold the same bytes, wherever they lie.
  public static func == (left: ConstantBytes, right: ConstantBytes) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { leftBytes in
      right.withUnsafeBytes { rightBytes in
        for index in 0..<left.count where leftBytes[index] != rightBytes[index] { return false }
        return true
      }
    }
  }
}
