import CTFLiteSchema
import IntegerModel
import TFLiteFormat
import TestSupport
import Testing

@Suite("Damaged files give an error or a model, never a crash")
struct MutationTests {
  /// A file with something of everything.
  private static func sample() throws -> [UInt8] {
    let tensors = (0..<8).map { index in
      TFLiteTensor(
        name: "tensor\(index)", shape: [1, index], shapeSignature: index == 2 ? [-1, 2] : [],
        elementType: TFLiteElementType.allCases[index],
        quantization: index % 2 == 0
          ? TFLiteQuantization(scales: [0.5, 0.25], zeroPoints: [3, 4], axis: 1) : nil,
        constant: index % 3 == 0
          ? ConstantBytes(copying: [UInt8](repeating: 9, count: 40 + index)) : nil)
    }
    let operators = everyOption.map {
      TFLiteOperator(
        code: $0.code, options: $0.options, inputs: [0, 1, -1], outputs: [2], intermediates: [3])
    }
    return try TFLiteFile.bytes(
      of: TFLiteModel(
        description: "sample", tensors: tensors, operators: operators, inputs: [0], outputs: [2]))
  }

  /// Reads, writes what was read, and reads that again.
  private func exercise(_ bytes: [UInt8]) -> Bool {
    guard let model = try? read(bytes) else { return false }
    guard let written = try? TFLiteFile.bytes(of: model) else { return true }
    #expect((try? read(written)) != nil)
    return true
  }

  @Test("ten thousand files with some bytes changed", arguments: [1, 2, 3, 4] as [UInt64])
  func changedBytes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let original = try MutationTests.sample()
    var accepted = 0
    for _ in 0..<2500 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let position = Int.random(in: 8..<bytes.count, using: &generator)
        bytes[position] =
          Bool.random(using: &generator)
          ? bytes[position] ^ (1 << UInt8.random(in: 0..<8, using: &generator))
          : UInt8.random(in: 0...255, using: &generator)
      }
      if exercise(bytes) { accepted += 1 }
    }
    // Both outcomes occur, so the changes reach past the verifier.
    #expect(accepted > 100 && accepted < 2400, "seed \(seed): \(accepted) accepted")
  }

  @Test("every truncation of a file")
  func truncations() throws {
    let original = try MutationTests.sample()
    for count in 0..<original.count {
      _ = exercise(Array(original[..<count]))
    }
    #expect(exercise(original))
  }

  @Test(
    "real models with bytes of their tables changed",
    .enabled(if: TestData.isPresent, "\(TestData.skipMessage)"),
    arguments: [
      "models/int8/tflm_seanet_conv0.tflite", "models/int8/coral_split_concat.tflite",
      "models/int8/aiedge_branching_conv_fc.tflite",
    ])
  func realModels(name: String) throws {
    var generator = SeededGenerator(seed: 5)
    let folder = try TemporaryFolder()
    let model = try TFLiteFile.read(path: TestData.file(name))
    try TFLiteFile.write(model, to: folder.file("copy"))
    let original = try #require(folder.read("copy"))
    for _ in 0..<500 {
      var bytes = original
      for _ in 0..<3 {
        bytes[Int.random(in: 8..<bytes.count, using: &generator)] =
          UInt8.random(in: 0...255, using: &generator)
      }
      _ = exercise(bytes)
    }
  }

  @Test("a vector that a thousand tensors share is not copied a thousand times")
  func sharedVector() throws {
    let builder = try #require(tfl_builder_create(1 << 16))
    defer { tfl_builder_destroy(builder) }
    let long = tfl_builder_add_integers(builder, [Int32](repeating: 1, count: 4000), 4000)
    for _ in 0..<1000 {
      var tensor = TFLNewTensor()
      tensor.shape = long
      tfl_builder_add_tensor(builder, tensor)
    }
    let file = tfl_builder_finish(builder, 0, 0, 0)
    let hostile = [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count))
    #expect(hostile.count < 60_000)
    #expect(
      error(of: hostile)
        == "its parts overlap: they hold more than four times the file's bytes; "
        + "download or convert it again")
  }
}
