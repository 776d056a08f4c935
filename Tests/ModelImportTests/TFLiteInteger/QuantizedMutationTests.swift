import Diagnostics
import IntegerModel
import ModelImport
import TFLiteFormat
import TestSupport
import Testing

@Suite("A damaged quantized model is taken over, or refused with a diagnostic")
struct QuantizedMutationTests {
  /// Models small enough to be damaged thousands of times, all operators of movement among them.
  private static let sketches = [QuantizedSketch.convolution] + MovementCase.all.map(\.sketch)

  /// What is thrown is a diagnostic by the type system; anything else would end the process.
  private func take(_ model: TFLiteModel) {
    do throws(Diagnostic) {
      _ = try TFLiteIntegerImporter.graph(of: model, name: "damaged")
    } catch {
      #expect(!error.problem.isEmpty)
    }
  }

  @Test("with any byte of the file replaced by its extremes")
  func everyByte() throws {
    let bytes = try TFLiteFile.bytes(of: QuantizedSketch.convolution.model)
    for position in bytes.indices {
      for value in [0, 1, 0x7f, 0x80, 0xff, bytes[position] ^ 0x01, bytes[position] ^ 0x80] {
        var damaged = bytes
        damaged[position] = value
        read(damaged)
      }
    }
  }

  @Test("with random bytes of the file replaced", arguments: 1...4)
  func randomBytes(seed: UInt64) throws {
    var mutator = TFLiteMutator(seed: seed)
    for sketch in Self.sketches {
      let bytes = try TFLiteFile.bytes(of: sketch.model)
      for _ in 0..<100 { read(mutator.damaged(bytes)) }
    }
  }

  @Test("with extreme shapes, scales, indices, constants and options", arguments: 1...8)
  func extremes(seed: UInt64) {
    var mutator = TFLiteMutator(seed: seed)
    for sketch in Self.sketches {
      for _ in 0..<200 { take(mutator.damaged(sketch.model)) }
    }
  }

  private func read(_ bytes: [UInt8]) {
    let storage = bytes.withUnsafeBytes { ByteStorage(copying: $0) }
    if let model = try? TFLiteFile.read(storage) { take(model) }
  }
}
