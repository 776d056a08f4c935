import Diagnostics
import FloatModel
import IntegerModel
import ModelImport
import TFLiteFormat
import TestSupport
import Testing

@Suite("A damaged float .tflite model is read, or refused with a diagnostic")
struct FloatTFLiteMutationTests {
  /// A model of every operator, whatever its name; no result may be large.
  private func models(seed: UInt64) -> [TFLiteModel] {
    FloatTFLiteCases(seed: seed, repetitions: 1).models.map(\.model)
  }

  /// Reads and simplifies; what is thrown is a diagnostic by the type system, anything else would
  /// end the process.
  private func take(_ model: TFLiteModel) {
    var limits = ImportLimits()
    limits.computedElements = 1 << 20
    do throws(Diagnostic) {
      _ = try TFLiteFloatImporter.graph(of: model, limits: limits).simplified()
    } catch {
      #expect(!error.problem.isEmpty)
    }
  }

  @Test("with extreme numbers, other operators, other tensors and cut constants", arguments: 1...8)
  func extremes(seed: UInt64) {
    var mutator = TFLiteMutator(seed: seed)
    for model in models(seed: seed) {
      for _ in 0..<50 { take(mutator.damaged(model)) }
    }
  }

  @Test("with random bytes of the file replaced", arguments: 1...4)
  func randomBytes(seed: UInt64) throws {
    var mutator = TFLiteMutator(seed: seed)
    for model in models(seed: seed) {
      let bytes = try TFLiteFile.bytes(of: model)
      for _ in 0..<50 {
        let damaged = mutator.damaged(bytes)
        let storage = damaged.withUnsafeBytes { ByteStorage(copying: $0) }
        if let model = try? TFLiteFile.read(storage) { take(model) }
      }
    }
  }
}
