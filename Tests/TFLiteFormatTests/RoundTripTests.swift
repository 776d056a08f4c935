import IntegerModel
import TFLiteFormat
import TestSupport
import Testing

@Suite("What is written is what is read")
struct RoundTripTests {
  @Test(
    "real models survive reading, writing and reading",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"), arguments: RealModels.all)
  func realModels(name: String) throws {
    let original = try TFLiteFile.read(path: TestData.file(name))
    let bytes = try TFLiteFile.bytes(of: original)
    let copy = try read(bytes)
    #expect(copy == original)
    #expect(try TFLiteFile.bytes(of: copy) == bytes)
  }

  @Test("options of every operator that has any keep all their values")
  func options() throws {
    for entry in everyOption {
      let original = model(
        of: TFLiteOperator(
          code: entry.code, version: 3, options: entry.options, inputs: [0], outputs: [1]))
      let copy = try read(TFLiteFile.bytes(of: original))
      #expect(copy == original, "\(entry.code)")
    }
  }

  @Test("operators without options keep their codes", arguments: TFLiteOperatorCode.allCases)
  func codes(code: TFLiteOperatorCode) throws {
    let original = model(of: TFLiteOperator(code: code, inputs: [0, -1], outputs: [1]))
    #expect(try read(TFLiteFile.bytes(of: original)) == original)
  }

  @Test("every property of tensors and operators survives")
  func everything() throws {
    var tensors: [TFLiteTensor] = []
    for type in TFLiteElementType.allCases {
      tensors.append(
        TFLiteTensor(
          name: "\(type)", shape: [2, 0, 3], shapeSignature: [-1, 0, 3], elementType: type,
          quantization: TFLiteQuantization(
            scales: [0.5, -0.0, .infinity], zeroPoints: [1, .max], axis: 2), isVariable: true))
    }
    let bytes = ConstantBytes(copying: [UInt8](0..<100))
    tensors.append(TFLiteTensor(name: "", shape: [], elementType: .uint8, constant: bytes))
    let nothing = ConstantBytes(copying: [UInt8]())
    tensors.append(
      TFLiteTensor(name: "名", shape: [0], elementType: .int32, constant: nothing))
    let custom = TFLiteOperator(
      code: .custom, customName: "Mine", customOptions: bytes, version: 7, inputs: [3, -1, 2],
      outputs: [1, 0], intermediates: [4, -1])
    let original = TFLiteModel(
      description: "all", tensors: tensors,
      operators: [custom, TFLiteOperator(code: .broadcastTo, inputs: [], outputs: [])],
      inputs: [2, 1], outputs: [])
    #expect(try read(TFLiteFile.bytes(of: original)) == original)
  }

  @Test("equal constants are stored once, at multiples of 16 bytes")
  func constants() throws {
    let large = [UInt8](repeating: 7, count: 1000)
    func tensor(_ name: String, _ bytes: [UInt8]) -> TFLiteTensor {
      TFLiteTensor(
        name: name, shape: [bytes.count], elementType: .uint8,
        constant: ConstantBytes(copying: bytes))
    }
    let original = TFLiteModel(
      description: "",
      tensors: [
        tensor("a", large), tensor("b", [1]), tensor("c", large), tensor("d", [2, 3, 4]),
      ])
    let bytes = try TFLiteFile.bytes(of: original)
    #expect(bytes.count < 2000)
    let model = try read(bytes)
    #expect(model == original)
    for tensor in model.tensors {
      let address = try #require(tensor.constant).withUnsafeBytes {
        Int(bitPattern: $0.baseAddress)
      }
      #expect(address % 16 == 0, "\(tensor.name)")
    }
  }

  @Test("a file is written whole, and read again")
  func file() throws {
    let folder = try TemporaryFolder()
    let original = model(of: TFLiteOperator(code: .relu, inputs: [0], outputs: [1]))
    try TFLiteFile.write(original, to: folder.file("model.tflite"))
    #expect(try folder.contents() == ["model.tflite"])
    #expect(try TFLiteFile.read(path: folder.file("model.tflite")) == original)
    #expect(
      folder.read("model.tflite") == (try TFLiteFile.bytes(of: original)))
  }
}
