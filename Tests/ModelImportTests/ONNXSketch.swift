import ONNXFormat
import Diagnostics
import FloatModel
import FloatReference
import Foundation
import ModelImport
import SwiftProtobuf

/// An ONNX model written down in the test.
struct ONNXSketch {
  var model = ONNXModelProto()

  init(opset: Int = 17) {
    model.irVersion = 8
    model.producerName = "test"
    var operators = ONNXOperatorSetProto()
    operators.version = Int64(opset)
    model.opsetImport = [operators]
    model.graph = ONNXGraphProto()
    model.graph.name = "sketch"
  }

  /// Declares a float input; `nil` is a variable extent.
  mutating func input(_ name: String = "x", _ shape: [Int?], elementType: Int32 = 1) {
    var info = ONNXValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = elementType
    info.type.tensorType.shape = ONNXTensorShapeProto()
    info.type.tensorType.shape.dim = shape.map { extent in
      var dimension = ONNXDimensionProto()
      if let extent { dimension.dimValue = Int64(extent) } else { dimension.dimParam = "N" }
      return dimension
    }
    model.graph.input.append(info)
  }

  /// Declares an output.
  mutating func output(_ name: String = "y") {
    var info = ONNXValueInfoProto()
    info.name = name
    model.graph.output.append(info)
  }

  /// Adds an initializer.
  mutating func tensor(_ tensor: ONNXTensorProto) { model.graph.initializer.append(tensor) }

  /// Adds a node named after its first output.
  mutating func node(
    _ type: String, _ inputs: [String], _ outputs: [String] = ["y"],
    _ attributes: [ONNXAttributeProto] = []
  ) {
    var node = ONNXNodeProto()
    node.opType = type
    node.name = "\(outputs[0])_node"
    node.input = inputs
    node.output = outputs
    node.attribute = attributes
    model.graph.node.append(node)
  }

  /// The model as the importer reads it from a file.
  func imported(
    folder: String = ".", limits: ImportLimits = ImportLimits()
  ) throws(Diagnostic) -> ONNXImport {
    let bytes: [UInt8]
    do {
      bytes = try model.serializedBytes()
    } catch {
      throw Diagnostic(problem: "\(error)")
    }
    return try Self.imported(bytes, folder: folder, limits: limits)
  }

  /// The model in `bytes`.
  static func imported(
    _ bytes: [UInt8], folder: String = ".", limits: ImportLimits = ImportLimits()
  ) throws(Diagnostic) -> ONNXImport {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(Diagnostic) in
        try ONNXImporter.load(bytes: bytes, folder: folder, limits: limits)
      }
    }
    return try result.get()
  }
}

extension ONNXTensorProto {
  /// A float tensor in its typed field.
  static func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dataType = 1
    tensor.dims = shape.map { Int64($0) }
    tensor.floatData = values
    return tensor
  }

  /// An int64 tensor in its typed field.
  static func integers(_ name: String, _ shape: [Int], _ values: [Int64]) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dataType = 7
    tensor.dims = shape.map { Int64($0) }
    tensor.int64Data = values
    return tensor
  }

  /// A vector of int64.
  static func vector(_ name: String, _ values: Int64...) -> ONNXTensorProto {
    integers(name, [values.count], values)
  }

  /// A tensor of any type as raw bytes.
  static func raw(
    _ name: String, type: Int32, _ shape: [Int], _ bytes: [UInt8]
  ) -> ONNXTensorProto {
    var tensor = ONNXTensorProto()
    tensor.name = name
    tensor.dataType = type
    tensor.dims = shape.map { Int64($0) }
    tensor.rawData = Data(bytes)
    return tensor
  }
}

extension ONNXAttributeProto {
  private init(_ name: String, type: Int32) {
    self.init()
    self.name = name
    self.type = type
  }

  static func int(_ name: String, _ value: Int64) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 2)
    attribute.i = value
    return attribute
  }

  static func ints(_ name: String, _ values: [Int64]) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 7)
    attribute.ints = values
    return attribute
  }

  static func float(_ name: String, _ value: Float) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 1)
    attribute.f = value
    return attribute
  }

  static func floats(_ name: String, _ values: [Float]) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 6)
    attribute.floats = values
    return attribute
  }

  static func string(_ name: String, _ value: String) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 3)
    attribute.s = Data(value.utf8)
    return attribute
  }

  static func tensor(_ name: String, _ value: ONNXTensorProto) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, type: 4)
    attribute.t = value
    return attribute
  }
}

extension ONNXImport {
  /// The outputs for inputs in ONNX order, in ONNX order, by the graph as imported or simplified.
  func evaluated(_ inputs: [FloatTensor], simplified: Bool) throws -> [FloatTensor] {
    let graph = simplified ? try self.graph.simplified() : self.graph
    let stored = zip(inputs, inputAxes).map { $0.transposed(by: $1).values }
    return zip(try FloatReference(graph, inputs: stored).outputs, outputAxes).map { output, axes in
      var back = axes
      for (place, axis) in axes.enumerated() { back[axis] = place }
      return output.transposed(by: back)
    }
  }
}
