import Diagnostics
import TensorFiles
import Testing

@Suite("Numeric arrays")
struct NumericArrayTests {
  @Test("elements come back as the type they were given as")
  func typedValues() throws {
    #expect(try NumericArray(name: "a", values: [-1, 2] as [Int8]).values() == [-1, 2] as [Int8])
    #expect(
      try NumericArray(name: "a", values: [1.5, -2] as [Double]).values() == [1.5, -2] as [Double])
    let array = NumericArray(name: "a", values: [70_000, -1] as [Int32])
    #expect(array.bytes == [0x70, 0x11, 0x01, 0, 0xff, 0xff, 0xff, 0xff])
    #expect(array.shape == [2])
    #expect(array.elementCount == 2)
  }

  @Test("another type is named")
  func wrongType() {
    let array = NumericArray(name: "logits", values: [1] as [Float])
    #expect(
      throws: Diagnostic(
        place: "array 'logits'", problem: "holds float32, not int8",
        remedy: "convert it with .astype('int8')")
    ) { try array.values(as: Int8.self) }
  }

  @Test("every type converts to floats")
  func floats() {
    let expected: [Float] = [1, 0]
    #expect(
      NumericArray(name: "a", shape: [2], elementType: .bool, bytes: [1, 0]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [Int8]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [UInt8]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [Int16]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [UInt16]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [Int32]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [UInt32]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [Int64]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [UInt64]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [Float]).floats() == expected)
    #expect(NumericArray(name: "a", values: [1, 0] as [Double]).floats() == expected)
    #expect(NumericArray(name: "a", values: [-7] as [Int64]).floats() == [-7])
  }

  @Test("every integer type converts to integers, floats do not")
  func integers() throws {
    #expect(
      try NumericArray(name: "a", shape: [1], elementType: .bool, bytes: [1]).integers() == [1])
    #expect(try NumericArray(name: "a", values: [-1] as [Int8]).integers() == [-1])
    #expect(try NumericArray(name: "a", values: [255] as [UInt8]).integers() == [255])
    #expect(try NumericArray(name: "a", values: [-300] as [Int16]).integers() == [-300])
    #expect(try NumericArray(name: "a", values: [65_535] as [UInt16]).integers() == [65_535])
    #expect(try NumericArray(name: "a", values: [-70_000] as [Int32]).integers() == [-70_000])
    #expect(try NumericArray(name: "a", values: [.max] as [UInt32]).integers() == [4_294_967_295])
    #expect(try NumericArray(name: "a", values: [.min] as [Int64]).integers() == [Int.min])
    #expect(try NumericArray(name: "a", values: [9] as [UInt64]).integers() == [9])
    #expect(
      throws: Diagnostic(
        place: "array 'y'",
        problem: "holds 18446744073709551615, the limit is 9223372036854775807")
    ) { try NumericArray(name: "y", values: [.max] as [UInt64]).integers() }
    #expect(
      throws: Diagnostic(
        place: "array 'y'", problem: "holds float64, not integers",
        remedy: "convert it with .astype('int32')")
    ) { try NumericArray(name: "y", values: [1] as [Double]).integers() }
  }
}
