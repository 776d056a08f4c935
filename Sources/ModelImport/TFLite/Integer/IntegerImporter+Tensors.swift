import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Tensors of the file, checked, and those of the graph that stand for them.
extension IntegerImporter {
  // MARK: - Access

  /// The index of input `position`, or `nil` where it is left out.
  func optionalInput(_ source: TFLiteOperator, _ position: Int) -> Int? {
    guard source.inputs.indices.contains(position), source.inputs[position] >= 0 else {
      return nil
    }
    return islands.aliases[source.inputs[position]] ?? source.inputs[position]
  }

  /// The index of input `position`.
  func input(_ source: TFLiteOperator, _ position: Int = 0) throws(Diagnostic) -> Int {
    guard let index = optionalInput(source, position) else {
      throw Diagnostic(
        problem: "input \(position) is missing", remedy: "the file is damaged; convert it again")
    }
    return index
  }

  /// The index of output `position`.
  func output(_ source: TFLiteOperator, _ position: Int = 0) throws(Diagnostic) -> Int {
    guard source.outputs.indices.contains(position), source.outputs[position] >= 0 else {
      throw Diagnostic(
        problem: "output \(position) is missing", remedy: "the file is damaged; convert it again")
    }
    return source.outputs[position]
  }

  /// The extents of a tensor, each in 1…2^30 and their product below 2^31.
  func shape(_ index: Int) throws(Diagnostic) -> [Int] {
    let shape = shapes[index] ?? model.tensors[index].shape
    try requireShape(shape, place: model.place(ofTensor: index))
    return shape
  }

  private func requireShape(_ shape: [Int], place: String) throws(Diagnostic) {
    guard shape.count <= GraphLimits.rank else {
      throw Diagnostic(
        place: place,
        problem: "the shape has \(shape.count) axes; the limit is \(GraphLimits.rank)")
    }
    var count = 1
    for extent in shape {
      guard (1...GraphLimits.extent).contains(extent) else {
        throw Diagnostic(
          place: place,
          problem: "the extent \(extent) in shape \(shape) is outside 1…\(GraphLimits.extent)")
      }
      count = count.multipliedReportingOverflow(by: extent).partialValue
      guard count <= GraphLimits.elementCount else {
        throw Diagnostic(
          place: place,
          problem: "the shape \(shape) has more than \(GraphLimits.elementCount) elements")
      }
    }
  }

  /// The integer type of a tensor.
  func elementType(_ index: Int) throws(Diagnostic) -> ElementType {
    switch model.tensors[index].elementType {
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .int4: .int4
    case .float32, .float16, .bool, .uint32:
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem:
          "its elements are \(model.tensors[index].elementType); integer kernels compute with "
          + "int8, uint8, int16, int32 and int64")
    }
  }

  // MARK: - Quantization

  /// Scale and zero point of an activation: the first of each, as TFLite Micro reads them.
  func codes(_ index: Int) throws(Diagnostic) -> AffineCodes {
    guard let quantization = model.tensors[index].quantization,
      let scale = quantization.scales.first
    else {
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem: "its \(model.tensors[index].elementType) codes have no scale",
        remedy: "convert the model with full integer quantization")
    }
    try requireScale(scale, of: index)
    let zeroPoint = quantization.zeroPoints.first ?? 0
    let type = try elementType(index)
    guard zeroPoint >= type.minimumCode, zeroPoint <= type.maximumCode,
      let narrow = Int32(exactly: zeroPoint)
    else {
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem: "the zero point \(zeroPoint) is outside \(type.minimumCode)…\(type.maximumCode)")
    }
    return AffineCodes(scale: scale, zeroPoint: narrow, elementType: type)
  }

  /// Positive and finite.
  func requireScale(_ scale: Float, of index: Int) throws(Diagnostic) {
    guard scale > 0, scale.isFinite else {
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem: "the scale \(scale) is not a finite positive number",
        remedy: "convert the model again")
    }
  }

  /// The quantization that the graph's tensor carries; `nil` where the file gives none.
  private func quantization(_ index: Int) throws(Diagnostic) -> Quantization? {
    guard let given = model.tensors[index].quantization, !given.scales.isEmpty else { return nil }
    return try codes(index).quantization
  }

  // MARK: - Tensors of the graph

  /// Adds a tensor that no tensor of the file stands for.
  mutating func addTensor(_ tensor: TensorDescription) -> TensorIndex {
    var tensor = tensor
    tensor.name = names.unique(tensor.name)
    graph.tensors.append(tensor)
    return graph.tensors.count - 1
  }

  /// Adds the tensor that stands for one of the file.
  mutating func add(
    _ index: Int, constant: ConstantBytes? = nil, isState: Bool = false
  ) throws(Diagnostic) -> TensorIndex {
    graph.tensors.append(
      TensorDescription(
        name: names[index], shape: try shape(index), elementType: try elementType(index),
        quantization: try quantization(index), constant: constant, isState: isState))
    tensors[index] = graph.tensors.count - 1
    return graph.tensors.count - 1
  }

  /// Adds an input of the graph.
  mutating func addInput(_ index: Int) throws(Diagnostic) {
    guard tensors[index] == nil else {
      throw Diagnostic(
        place: model.place(ofTensor: index), problem: "is listed twice among the inputs")
    }
    graph.inputs.append(try add(index))
  }

  /// Marks an output of the graph.
  mutating func addOutput(_ index: Int) throws(Diagnostic) {
    guard let tensor = tensors[index], graph.tensors[tensor].constant == nil else {
      throw Diagnostic(
        place: model.place(ofTensor: index), problem: "is an output that no operator computes")
    }
    graph.outputs.append(tensor)
  }

  /// The tensor that an operator writes.
  ///
  /// - Parameter shape: its extents, where they are known better than the file says.
  mutating func addOutput(
    of source: TFLiteOperator, _ position: Int = 0, shape: [Int]? = nil
  ) throws(Diagnostic) -> TensorIndex {
    let index = try output(source, position)
    guard tensors[index] == nil, model.tensors[index].constant == nil, known[index] == nil else {
      throw Diagnostic(
        problem: "writes '\(names[index])', which is an input, a constant or written before",
        remedy: "the file is damaged; convert it again")
    }
    if let shape { shapes[index] = shape }
    return try add(index)
  }

  /// The tensor of an operand: computed before, or a constant.
  mutating func operand(_ index: Int) throws(Diagnostic) -> TensorIndex {
    if let tensor = tensors[index] { return tensor }
    if model.tensors[index].constant != nil {
      return try add(index, constant: try constant(index))
    }
    throw Diagnostic(
      problem: "reads '\(names[index])' before an operator has written it",
      remedy: "the file is damaged; convert it again")
  }

  /// The bytes of a constant, as many as its shape needs, aligned for kernels that use them in
  /// place.
  func constant(_ index: Int) throws(Diagnostic) -> ConstantBytes {
    let tensor = model.tensors[index]
    guard let bytes = tensor.constant else {
      throw Diagnostic(
        problem: "'\(names[index])' is computed by the model", remedy: "only a constant serves here"
      )
    }
    let needed = try elementType(index).byteCount(of: try shape(index).reduce(1, *))
    guard bytes.count == needed else {
      throw Diagnostic(
        place: model.place(ofTensor: index),
        problem: "its buffer has \(bytes.count) bytes; \(tensor.elementType) \(tensor.shape) needs "
          + "\(needed)", remedy: "the file is damaged; convert it again")
    }
    let isAligned = bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) % 16 == 0 }
    return isAligned ? bytes : ConstantBytes(copying: bytes.array(of: UInt8.self))
  }

  /// The codes of two tensors agree: type, scale and zero point.
  func haveSameCodes(_ first: TensorIndex, _ second: TensorIndex) -> Bool {
    let (first, second) = (graph.tensors[first], graph.tensors[second])
    return first.elementType == second.elementType && first.zeroPoint == second.zeroPoint
      && first.quantization?.scaleBits == second.quantization?.scaleBits
  }

  /// `tensor` with its codes read as those of `other`, which stand for other reals: what kernels do
  /// that copy codes without looking at scales.
  ///
  /// - Throws: types other than one of 8 bits.
  mutating func relabeled(
    _ tensor: TensorIndex, as other: TensorIndex
  ) throws(Diagnostic) -> TensorIndex {
    guard !haveSameCodes(tensor, other) else { return tensor }
    let (source, target) = (graph.tensors[tensor], graph.tensors[other])
    let index = addTensor(
      TensorDescription(
        name: source.name + "_relabeled", shape: source.shape, elementType: target.elementType,
        quantization: target.quantization))
    try appendRelabeling(from: tensor, to: index)
    return index
  }

  /// Appends the copy of every code from one tensor to another.
  mutating func appendRelabeling(
    from source: TensorIndex, to target: TensorIndex
  ) throws(Diagnostic) {
    let (from, to) = (graph.tensors[source], graph.tensors[target])
    guard from.elementType == to.elementType,
      from.elementType == .int8 || from.elementType == .uint8
    else {
      throw Diagnostic(
        problem: "copies codes from '\(from.name)' to '\(to.name)', which differ in type or, with "
          + "\(from.elementType.name), in scale",
        remedy: "convert the model so that both have the same quantization")
    }
    let codes = (from.elementType.minimumCode...from.elementType.maximumCode).map {
      UInt8(truncatingIfNeeded: $0)
    }
    append(
      .lookup(LookupParameters(function: .custom, table: ConstantBytes(copying: codes))),
      inputs: [source], output: target,
      notes: ["its input has other scales; its codes are taken over as they are"])
  }

  /// Appends an operator that moves codes without changing them, from one tensor to another.
  mutating func appendMove(
    _ kind: OperatorKind, inputs: [TensorIndex], output: TensorIndex
  ) throws(Diagnostic) {
    guard let first = inputs.first, !haveSameCodes(first, output) else {
      append(kind, inputs: inputs, output: output)
      return
    }
    var moved = graph.tensors[first]
    moved.name = graph.tensors[output].name + "_moved"
    moved.shape = graph.tensors[output].shape
    moved.constant = nil
    let index = addTensor(moved)
    append(kind, inputs: inputs, output: index)
    try appendRelabeling(from: index, to: output)
  }
}

extension AffineCodes {
  /// The form that tensors carry.
  var quantization: Quantization {
    Quantization(scaleBits: [scale.bitPattern], zeroPoints: [zeroPoint])
  }
}
