import IntegerModel

/// A tensor in memory, as a reference kernel reads and writes it.
package struct TensorView<Element: FixedWidthInteger> {
  package let codes: UnsafeMutablePointer<Element>
  package let extents: Extents
  package let zeroPoint: Int32

  /// Number of elements.
  package var count: Int { extents.count }

  /// Extent of the last axis.
  package var lastExtent: Int { extents[5] }

  /// The code at a flat index, for types of at most 32 bits.
  @inline(__always)
  package subscript(_ index: Int) -> Int32 {
    get { Int32(truncatingIfNeeded: codes[index]) }
    nonmutating set { codes[index] = Element(truncatingIfNeeded: newValue) }
  }

  /// The code at `[n, h, w, c]` of a tensor of rank 4, which also reads `[o, kh, kw, c]`.
  @inline(__always)
  package subscript(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> Int32 {
    get { self[index(n, h, w, c)] }
    nonmutating set { self[index(n, h, w, c)] = newValue }
  }

  /// The flat index of `[n, h, w, c]`.
  @inline(__always)
  package func index(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> Int {
    ((n * extents[3] + h) * extents[4] + w) * extents[5] + c
  }
}

/// A tensor's place in memory, before its element type is known statically.
package struct TensorPlace {
  package let address: UnsafeMutableRawPointer
  package let extents: Extents
  package let elementType: ElementType
  package let zeroPoint: Int32

  /// The same place read as `Element`, which must be as wide as the tensor's elements.
  @inline(__always)
  package func view<Element: FixedWidthInteger>(as _: Element.Type) -> TensorView<Element> {
    TensorView(
      codes: address.assumingMemoryBound(to: Element.self), extents: extents, zeroPoint: zeroPoint)
  }
}
