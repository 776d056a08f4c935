import Diagnostics
import IntegerModel
import ONNXFormat

extension ONNXGraphWriter {
  /// Adds the nodes of one operation.
  mutating func write(_ operation: Operation) throws(Diagnostic) {
    switch operation.kind {
    case .convolution(let parameters):
      try writeConvolution(operation, parameters, isDepthwise: false)
    case .depthwiseConvolution(let parameters):
      try writeConvolution(operation, parameters, isDepthwise: true)
    case .fullyConnected(let parameters): try writeFullyConnected(operation, parameters)
    case .add(let parameters): try writeBinary(operation, "Add", parameters.clamp)
    case .subtract(let parameters): try writeBinary(operation, "Sub", parameters.clamp)
    case .multiply(let parameters): try writeBinary(operation, "Mul", parameters.clamp)
    case .prelu: try writePRelu(operation)
    case .averagePool(let parameters): try writeAveragePool(operation, parameters)
    case .maxPool(let parameters): try writeMaxPool(operation, parameters)
    case .mean(let parameters): try writeMean(operation, parameters)
    case .sum(let parameters): try writeSum(operation, parameters)
    case .softmax: try writeSoftmax(operation)
    case .lookup(let parameters): try writeLookup(operation, parameters)
    case .requantize: try writeRequantize(operation)
    case .concatenation(let axis): try writeConcatenation(operation, axis: axis)
    case .pad(let parameters): try writePad(operation, parameters)
    case .reshape: try writeReshape(operation)
    case .transpose(let permutation): try writeTranspose(operation, permutation)
    case .stridedSlice(let parameters): try writeSlice(operation, parameters)
    case .resizeNearest(let parameters): try writeResizeNearest(operation, parameters)
    case .resizeBilinear(let parameters): try writeResizeBilinear(operation, parameters)
    case .minimum: try writeExtreme(operation, "Min")
    case .maximum: try writeExtreme(operation, "Max")
    case .argMax, .argMin, .reduceMax, .reduceMin, .logSoftmax, .l2Normalization, .depthToSpace,
      .spaceToDepth, .batchToSpace, .spaceToBatch, .tile, .gather, .sequenceLSTM, .svdf,
      .transposeConvolution, .leakyRelu, .interpolatedFunction:
      throw Diagnostic(
        problem: "is not written as ONNX", remedy: "export the model as .tflite")
    }
  }

  /// The tensor that input `index` of an operation is.
  func input(_ operation: Operation, _ index: Int) -> TensorDescription {
    source.tensors[operation.inputs[index]]
  }

  /// The tensor that an operation writes.
  func output(_ operation: Operation) -> TensorDescription {
    source.tensors[operation.outputs[0]]
  }
}

// MARK: - Layers

extension ONNXGraphWriter {
  private mutating func writeConvolution(
    _ operation: Operation, _ parameters: ConvolutionParameters, isDepthwise: Bool
  ) throws(Diagnostic) {
    let channels = input(operation, 0).shape[3]
    let weights = input(operation, 1)
    // [O, KH, KW, I] or [1, KH, KW, O] to [O, I, KH, KW].
    let permutation = isDepthwise ? [3, 0, 1, 2] : [0, 3, 1, 2]
    let groups = isDepthwise ? channels : channels / weights.shape[3]
    let inputs = [
      try reals(of: operation.inputs[0], in: .channelsFirst),
      try weightReals(operation, permutation: permutation, channelAxis: 0),
      try biasReals(operation),
    ]
    let padding = parameters.padding
    let real = emit(
      "Conv", inputs, unique("\(output(operation).name)_sum"),
      [
        .ints("kernel_shape", [weights.shape[1], weights.shape[2]]),
        .ints("strides", [parameters.stride.height, parameters.stride.width]),
        .ints("dilations", [parameters.dilation.height, parameters.dilation.width]),
        .ints("pads", [padding.top, padding.left, padding.bottom, padding.right]),
        .int("group", groups),
      ], node: operation.name)
    try quantize(
      real, as: operation.outputs[0], in: .channelsFirst, clamp: parameters.clamp)
  }

  private mutating func writeFullyConnected(
    _ operation: Operation, _ parameters: FullyConnectedParameters
  ) throws(Diagnostic) {
    let (shape, result) = (input(operation, 0).shape, output(operation).shape)
    let width = input(operation, 1).shape[1]
    let isMatrix = shape.count == 2 && result.count == 2
    let inputName = input(operation, 0).name
    // Codes take another shape, so that layer and rounding stay neighbors and become one kernel.
    let rows =
      isMatrix
      ? try reals(of: operation.inputs[0], in: .own)
      : try dequantized(
        emitReshape(
          try codes(of: operation.inputs[0], in: .own),
          to: [shape.reduce(1, *) / width, width], named: "\(inputName)_rows"),
        like: operation.inputs[0])
    let inputs = [
      rows, try weightReals(operation, permutation: [1, 0], channelAxis: 1),
      try biasReals(operation),
    ]
    let name = output(operation).name
    let real = emit("Gemm", inputs, unique("\(name)_sum"), node: operation.name)
    guard !isMatrix else {
      return try quantize(real, as: operation.outputs[0], in: .own, clamp: parameters.clamp)
    }
    let codes = try quantized(real, like: operation.outputs[0], named: "\(name)_rows")
    try move(
      "Reshape", [codes, add(ONNXConstant(integers: result), name: "\(name)_shape")],
      as: operation.outputs[0], in: .own, clamp: parameters.clamp)
  }

  /// Weights behind a DequantizeLinear, per channel where they have several scales.
  private mutating func weightReals(
    _ operation: Operation, permutation: [Int], channelAxis: Int
  ) throws(Diagnostic) -> String {
    let tensor = input(operation, 1)
    guard let constant = try ONNXConstant(tensor), let quantization = tensor.quantization else {
      throw Diagnostic(
        place: "tensor '\(tensor.name)'", problem: "is no constant with scales",
        remedy: "ONNX layers need constant weights")
    }
    let type: ElementType = tensor.elementType == .int4 ? .int8 : tensor.elementType
    return try constantReals(
      constant.transposed(by: permutation), named: tensor.name, type: type,
      scaleBits: quantization.scaleBits, zeroPoints: quantization.zeroPoints, axis: channelAxis)
  }

  /// The bias behind a DequantizeLinear; its scale is that of the input times that of the weights.
  private mutating func biasReals(_ operation: Operation) throws(Diagnostic) -> String {
    let tensor = input(operation, 2)
    guard let constant = try ONNXConstant(tensor), tensor.elementType == .int32,
      let input = input(operation, 0).quantization?.scaleBits.first,
      let weights = self.input(operation, 1).quantization?.scaleBits
    else {
      throw Diagnostic(
        place: "tensor '\(tensor.name)'", problem: "is no int32 bias of a layer with scales",
        remedy: "export the model as .tflite")
    }
    let scales = weights.map { weight in
      (Float(bitPattern: input) * Float(bitPattern: weight)).bitPattern
    }
    return try constantReals(
      constant, named: tensor.name, type: .int32, scaleBits: scales, zeroPoints: [0], axis: 0)
  }

  private mutating func constantReals(
    _ constant: ONNXConstant, named name: String, type: ElementType, scaleBits: [UInt32],
    zeroPoints: [Int32], axis: Int
  ) throws(Diagnostic) -> String {
    let isPerChannel = scaleBits.count > 1
    let zeroPoints =
      zeroPoints.count == scaleBits.count
      ? zeroPoints : Array(repeating: zeroPoints.first ?? 0, count: scaleBits.count)
    let inputs = [
      add(constant, name: name),
      add(ONNXConstant(floatBits: scaleBits), name: "\(name)_scale"),
      add(try ONNXConstant(zeroPoints: zeroPoints, type: type), name: "\(name)_zero_point"),
    ]
    return emit(
      "DequantizeLinear", inputs, unique("\(name)_real"),
      isPerChannel ? [.int("axis", axis)] : [])
  }

  /// Values under another shape.
  mutating func emitReshape(_ values: String, to shape: [Int], named name: String) -> String {
    emit(
      "Reshape", [values, add(ONNXConstant(integers: shape), name: "\(name)_shape")],
      unique(name))
  }
}

// MARK: - Elements

extension ONNXGraphWriter {
  private mutating func writeBinary(
    _ operation: Operation, _ operatorType: String, _ clamp: CodeRange
  ) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let inputs = [
      try reals(of: operation.inputs[0], in: order), try reals(of: operation.inputs[1], in: order),
    ]
    let real = emit(
      operatorType, inputs, unique("\(output(operation).name)_result"), node: operation.name)
    try quantize(real, as: operation.outputs[0], in: order, clamp: clamp)
  }

  private mutating func writePRelu(_ operation: Operation) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let inputs = [
      try reals(of: operation.inputs[0], in: order), try reals(of: operation.inputs[1], in: order),
    ]
    let real = emit(
      "PRelu", inputs, unique("\(output(operation).name)_result"), node: operation.name)
    try quantize(real, as: operation.outputs[0], in: order)
  }

  /// The lesser or greater of two codes of one scale.
  private mutating func writeExtreme(
    _ operation: Operation, _ operatorType: String
  ) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let inputs = [
      try codes(of: operation.inputs[0], in: order), try codes(of: operation.inputs[1], in: order),
    ]
    try move(operatorType, inputs, as: operation.outputs[0], in: order)
  }

  private mutating func writeRequantize(_ operation: Operation) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    try quantize(
      try reals(of: operation.inputs[0], in: order), as: operation.outputs[0], in: order)
  }

  private mutating func writeSoftmax(_ operation: Operation) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let axis = order.place(of: output(operation).shape.count - 1)
    let real = emit(
      "Softmax", [try reals(of: operation.inputs[0], in: order)],
      unique("\(output(operation).name)_result"), [.int("axis", axis)], node: operation.name)
    try quantize(real, as: operation.outputs[0], in: order)
  }

  /// A function of one code: the operator of its name, or the table itself where it has none.
  private mutating func writeLookup(
    _ operation: Operation, _ parameters: LookupParameters
  ) throws(Diagnostic) {
    let order = order(of: operation.inputs, output: operation.outputs[0])
    let coefficients = parameters.coefficientBits.map { Float(bitPattern: $0) }
    let name = output(operation).name
    var attributes: [ONNXAttributeProto] = []
    var limits: [String] = []
    let operatorType: String
    switch parameters.function {
    case .logistic: operatorType = "Sigmoid"
    case .tanh: operatorType = "Tanh"
    case .hardSwish: operatorType = "HardSwish"
    case .leakyRelu where coefficients.count == 1:
      operatorType = "LeakyRelu"
      attributes = [.float("alpha", coefficients[0])]
    case .hardSigmoid where coefficients.count == 2:
      operatorType = "HardSigmoid"
      attributes = [.float("alpha", coefficients[0]), .float("beta", coefficients[1])]
    case .clip where coefficients.count == 2:
      operatorType = "Clip"
      limits = coefficients.map { limit in
        // A limit that clamps nothing is left out.
        limit.isFinite
          ? add(ONNXConstant(floatBits: [limit.bitPattern]), name: "\(name)_limit") : ""
      }
      if limits.last == "" { limits.removeLast() }
    case .custom, .clip, .leakyRelu, .hardSigmoid:
      return try writeTable(operation, parameters, in: order)
    }
    let real = emit(
      operatorType, [try reals(of: operation.inputs[0], in: order)] + limits,
      unique("\(name)_result"), attributes, node: operation.name)
    try quantize(real, as: operation.outputs[0], in: order)
  }

  /// Output codes by input code, from the least: an index that counts from the end where negative
  /// needs the table turned by half.
  private mutating func writeTable(
    _ operation: Operation, _ parameters: LookupParameters, in order: ONNXAxisOrder
  ) throws(Diagnostic) {
    let input = input(operation, 0)
    let result = output(operation)
    let bytes = parameters.table(for: source.arithmetic).array(of: UInt8.self)
    let table =
      input.elementType == .int8 ? Array(bytes.suffix(128) + bytes.prefix(128)) : bytes
    let constant = try ONNXConstant(
      TensorDescription(
        name: "\(result.name)_table", shape: [table.count], elementType: result.elementType,
        constant: ConstantBytes(copying: table)))
    guard let constant else { return }
    let index = emit(
      "Cast", [try codes(of: operation.inputs[0], in: order)], unique("\(result.name)_index"),
      [.int("to", 6)])
    try move(
      "Gather", [add(constant, name: "\(result.name)_table"), index], as: operation.outputs[0],
      in: order)
  }
}
