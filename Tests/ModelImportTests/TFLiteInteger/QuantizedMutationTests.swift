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
    var generator = SeededGenerator(seed: seed)
    for sketch in Self.sketches {
      let bytes = try TFLiteFile.bytes(of: sketch.model)
      for _ in 0..<100 {
        var damaged = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          damaged[Int.random(in: damaged.indices, using: &generator)] =
            UInt8.random(in: 0...255, using: &generator)
        }
        read(damaged)
      }
    }
  }

  @Test("with extreme shapes, scales, indices, constants and options", arguments: 1...8)
  func extremes(seed: UInt64) {
    var mutator = QuantizedMutator(seed: seed)
    for sketch in Self.sketches {
      for _ in 0..<200 { take(mutator.damaged(sketch.model)) }
    }
  }

  private func read(_ bytes: [UInt8]) {
    let storage = bytes.withUnsafeBytes { ByteStorage(copying: $0) }
    if let model = try? TFLiteFile.read(storage) { take(model) }
  }
}

/// Damages a model in the places that an importer computes with.
private struct QuantizedMutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func pick<Element>(_ values: [Element]) -> Element {
    values[Int.random(in: values.indices, using: &generator)]
  }

  private mutating func extent() -> Int {
    pick([-1, 0, 1, 2, 3, 5, 1 << 15, 1 << 30, (1 << 31) - 1, -(1 << 31)])
  }

  mutating func damaged(_ model: TFLiteModel) -> TFLiteModel {
    var model = model
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let tensor = Int.random(in: model.tensors.indices, using: &generator)
      let position = Int.random(in: model.operators.indices, using: &generator)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        let rank = Int.random(in: 0...7, using: &generator)
        model.tensors[tensor].shape = (0..<rank).map { _ in extent() }
      case 1:
        guard !model.tensors[tensor].shape.isEmpty else { continue }
        let axis = Int.random(in: model.tensors[tensor].shape.indices, using: &generator)
        model.tensors[tensor].shape[axis] = extent()
      case 2: model.tensors[tensor].elementType = pick(TFLiteElementType.allCases)
      case 3:
        let scales: [Float] = [
          0, -1, .nan, .infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e-30, 1e20,
        ]
        model.tensors[tensor].quantization = TFLiteQuantization(
          scales: (0..<pick([0, 1, 2, 3])).map { _ in pick(scales) },
          zeroPoints: (0..<pick([0, 1, 2])).map { _ in pick([0, -128, 127, 300, .max, .min]) },
          axis: extent())
      case 4:
        let values = (0..<pick([0, 1, 2, 4])).map { _ in Int32(clamping: extent()) }
        model.tensors[tensor].constant = ConstantBytes(copying: values)
      case 5: model.tensors[tensor].constant = nil
      case 6:
        guard !model.operators[position].inputs.isEmpty else { continue }
        let input = Int.random(in: model.operators[position].inputs.indices, using: &generator)
        model.operators[position].inputs[input] = pick(Array(-1..<model.tensors.count))
      case 7: model.operators[position].outputs = [pick(Array(model.tensors.indices))]
      case 8: model.operators[position].code = pick(TFLiteOperatorCode.allCases)
      default: model.operators[position].options = options()
      }
    }
    return model
  }

  private mutating func options() -> TFLiteOptions {
    let window = TFLiteWindow(
      stride: TFLitePair(height: extent(), width: extent()), padding: pick([.same, .valid]))
    return pick([
      .none, .reshape(shape: [extent(), extent()]), .blockSize(extent()),
      .gather(axis: extent(), batchDimensions: extent()), .pack(count: extent(), axis: extent()),
      .split(count: extent()), .softmax(beta: pick([0, 1, .nan, -1, 1e30])),
      .leakyRelu(alpha: pick([0, -1, .nan, 1e30, 0.1])),
      .svdf(rank: extent(), activation: .none),
      .concatenation(axis: extent(), activation: .none), .reduction(keepsDimensions: true),
      .convolution(
        window, dilation: TFLitePair(height: extent(), width: extent()), activation: .relu6),
      .pool(window, filter: TFLitePair(height: extent(), width: extent()), activation: .relu),
    ])
  }
}
