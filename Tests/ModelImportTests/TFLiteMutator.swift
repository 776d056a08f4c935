import IntegerModel
import TFLiteFormat
import TestSupport

/// Damages a model in the places that importers compute with.
struct TFLiteMutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func pick<Element>(_ values: [Element]) -> Element {
    values[Int.random(in: values.indices, using: &generator)]
  }

  private mutating func extent() -> Int {
    pick([-1, 0, 1, 2, 3, 5, 1 << 15, 1 << 30, (1 << 31) - 1, -(1 << 31)])
  }

  /// The bytes of a file, up to four of them replaced.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var damaged = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      damaged[Int.random(in: damaged.indices, using: &generator)] =
        UInt8.random(in: 0...255, using: &generator)
    }
    return damaged
  }

  /// The model with one to three of its numbers, operators or tensors replaced.
  mutating func damaged(_ model: TFLiteModel) -> TFLiteModel {
    var model = model
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let tensor = Int.random(in: model.tensors.indices, using: &generator)
      let position = Int.random(in: model.operators.indices, using: &generator)
      switch Int.random(in: 0..<12, using: &generator) {
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
      case 8:
        let bytes = model.tensors[tensor].constant?.array(of: UInt8.self) ?? []
        model.tensors[tensor].constant = ConstantBytes(copying: Array(bytes.dropLast()))
      case 9:
        var bytes = model.tensors[tensor].constant?.array(of: UInt8.self) ?? [0]
        guard !bytes.isEmpty else { continue }
        bytes[Int.random(in: bytes.indices, using: &generator)] = pick([0, 1, 0x7f, 0x80, 0xff])
        model.tensors[tensor].constant = ConstantBytes(copying: bytes)
      case 10: model.operators[position].code = pick(TFLiteOperatorCode.allCases)
      default: model.operators[position].options = options()
      }
    }
    return model
  }

  private mutating func options() -> TFLiteOptions {
    let pair = TFLitePair(height: extent(), width: extent())
    let window = TFLiteWindow(
      stride: TFLitePair(height: extent(), width: extent()), padding: pick([.same, .valid]))
    let mask = Int32(clamping: extent())
    return pick([
      .none, .reshape(shape: [extent(), extent()]), .blockSize(extent()),
      .gather(axis: extent(), batchDimensions: extent()), .pack(count: extent(), axis: extent()),
      .split(count: extent()), .softmax(beta: pick([0, 1, .nan, -1, 1e30])),
      .leakyRelu(alpha: pick([0, -1, .nan, 1e30, 0.1])),
      .svdf(rank: extent(), activation: .none),
      .concatenation(axis: extent(), activation: .none), .reduction(keepsDimensions: true),
      .convolution(window, dilation: pair, activation: .relu6),
      .depthwiseConvolution(window, dilation: pair, depthMultiplier: extent(), activation: .none),
      .transposeConvolution(window, activation: .relu6),
      .pool(window, filter: pair, activation: .relu), .squeeze(axes: [extent()]),
      .stridedSlice(
        beginMask: mask, endMask: mask, ellipsisMask: pick([0, mask]),
        newAxisMask: pick([0, mask]),
        shrinkAxisMask: mask),
    ])
  }
}
