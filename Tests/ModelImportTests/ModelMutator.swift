import ONNXFormat
import ModelImport
import SwiftProtobuf
import TestSupport

/// Damages ONNX files, reproducibly.
struct ModelMutator {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// Some bytes replaced, removed or repeated.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var damaged = bytes
    for _ in 0..<int(1...8) {
      let position = int(0...damaged.count - 1)
      switch int(0...3) {
      case 0: damaged.remove(at: position)
      case 1: damaged.insert(damaged[position], at: position)
      default: damaged[position] = UInt8.random(in: .min ... .max, using: &generator)
      }
    }
    return damaged
  }

  private static let extremes: [Int64] = [
    0, -1, 1, 2, 7, .max, .min, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 62, 1 << 16,
  ]

  private static let operators = [
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "ConstantOfShape", "Conv",
    "Div", "Equal", "Expand", "Flatten", "Gather", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
    "MatMul", "Max", "MaxPool", "Mod", "Mul", "Neg", "PRelu", "Pad", "Range", "ReduceMean",
    "ReduceProd", "Reshape", "Resize", "Shape", "Slice", "Softmax", "Split", "Squeeze", "Sub",
    "Sum",
    "Transpose", "Unsqueeze", "Upsample", "Where",
  ]

  /// A well-formed message with extreme numbers in attributes, shapes and indices, other operators
  /// and other inputs.
  mutating func extreme(_ intact: ONNXModelProto) -> ONNXModelProto {
    var model = intact
    for _ in 0..<int(1...3) {
      let place = int(0...max(model.graph.node.count - 1, 0))
      guard model.graph.node.indices.contains(place) else { return model }
      var node = model.graph.node[place]
      switch int(0...6) {
      case 0:
        for attribute in node.attribute.indices {
          node.attribute[attribute].i = number()
          node.attribute[attribute].ints = node.attribute[attribute].ints.map { _ in number() }
          node.attribute[attribute].f =
            Float.random(in: -9...9, using: &generator) / Float(int(0...1))
        }
      case 1, 2:
        guard !model.graph.initializer.isEmpty else { continue }
        let tensor = int(0...model.graph.initializer.count - 1)
        if int(0...1) == 0 {
          model.graph.initializer[tensor].dims = (0..<int(0...5)).map { _ in number() }
        } else {
          // Shapes and indices: any vector of int64.
          let count = int(0...5)
          model.graph.initializer[tensor].dims = [Int64(count)]
          model.graph.initializer[tensor].dataType = 7
          model.graph.initializer[tensor].clearRawData()
          model.graph.initializer[tensor].floatData = []
          model.graph.initializer[tensor].int64Data = (0..<count).map { _ in number() }
        }
      case 3:
        for axis in model.graph.input[0].type.tensorType.shape.dim.indices where int(0...2) == 0 {
          model.graph.input[0].type.tensorType.shape.dim[axis].dimValue = number()
        }
      case 4: node.opType = Self.operators[int(0...Self.operators.count - 1)]
      case 5:
        if !node.attribute.isEmpty { node.attribute.remove(at: int(0...node.attribute.count - 1)) }
      default:
        let names = model.graph.initializer.map(\.name) + model.graph.input.map(\.name) + [""]
        if !node.input.isEmpty {
          node.input[int(0...node.input.count - 1)] = names[int(0...names.count - 1)]
        }
      }
      model.graph.node[place] = node
    }
    return model
  }

  private mutating func number() -> Int64 {
    int(0...2) == 0 ? Int64(int(0...6)) : Self.extremes[int(0...Self.extremes.count - 1)]
  }

  private mutating func int(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }
}
