import Diagnostics
import IntegerModel
import IntegerTestSupport
import Synchronization
import Testing

@Suite("The bytes of a constant")
struct ConstantBytesTests {
  @Test("are an array of little-endian integers wherever they lie", arguments: 0..<9)
  func array(offset: Int) {
    let bytes = (0..<40).map { UInt8($0 * 6 + 11) }
    let storage = bytes.withUnsafeBytes { ByteStorage(copying: $0) }
    func check<Element: FixedWidthInteger>(_: Element.Type) {
      let width = MemoryLayout<Element>.size
      // Bytes that fill no element are dropped.
      let constant = ConstantBytes(storage: storage, offset: offset, count: 3 * width + width - 1)
      let expected = (0..<3).map { index in
        (0..<width).reduce(Element(0)) { sum, byte in
          sum | Element(truncatingIfNeeded: Int(bytes[offset + index * width + byte])) << (8 * byte)
        }
      }
      #expect(constant.array(of: Element.self) == expected)
    }
    check(Int8.self)
    check(UInt8.self)
    check(Int16.self)
    check(Int32.self)
    check(Int64.self)
  }

  @Test("none are an empty array")
  func empty() {
    #expect(ConstantBytes(copying: [Int32]()).array(of: Int32.self) == [])
  }

  @Test("are unloaded where they came from, and no others")
  func unload() {
    let bytes = [UInt8](0..<100)
    let unloaded = Mutex<[[UInt8]]>([])
    bytes.withUnsafeBytes { bytes in
      let storage = ByteStorage(adopting: bytes) { part in
        unloaded.withLock { $0.append([UInt8](part)) }
      } release: { _ in
      }
      ConstantBytes(storage: storage, offset: 7, count: 3).unload()
    }
    #expect(unloaded.withLock { $0 } == [[7, 8, 9]])
    // What lies in the heap stays.
    let kept = ConstantBytes(copying: [Int8(1), 2])
    kept.unload()
    #expect(kept.array(of: Int8.self) == [1, 2])
  }
}

@Suite("A validated graph")
struct ValidatedGraphTests {
  @Test("is one that validates, or the fault that validation finds")
  func proof() throws {
    var graph = SmallModel.graph
    #expect(try ValidatedGraph(graph).graph == graph)
    graph.outputs = []
    #expect(throws: Diagnostic(problem: "the graph has no output")) { try ValidatedGraph(graph) }
  }
}
