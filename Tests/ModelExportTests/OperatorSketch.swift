import Diagnostics
import IntegerModel
import IntegerTestSupport
import OperatorArithmetic

/// A graph of one operator in the making, drawn at random: shapes, scales, zero points and codes.
struct OperatorSketch {
  var random: SplitMix64
  var graph = IntegerGraph(name: "case", arithmetic: .tflm)
  let derivation = OperatorDerivation(profile: .tflm)
  /// Type of the activations.
  let type: ElementType
  /// Type of weights.
  let weightType: ElementType

  init(seed: UInt64, type: ElementType = .int8, weightType: ElementType = .int8) {
    random = SplitMix64(seed: seed)
    self.type = type
    self.weightType = weightType
  }

  // MARK: - Numbers

  /// A scale between 2^-9 and 1, now and then a power of two.
  mutating func scale() -> Float {
    let exponent = random.integer(-9 ... -1)
    let power = Float(sign: .plus, exponent: exponent, significand: 1)
    return random.integer(0...7) == 0 ? power : power * (1 + fraction())
  }

  /// In 0..<1.
  mutating func fraction() -> Float { Float(random.integer(0...(1 << 24) - 1)) / 0x1p24 }

  /// 0 for 16-bit codes; an end of the range often.
  mutating func zeroPoint() -> Int32 {
    guard type != .int16 else { return 0 }
    let range = range(of: type)
    let any = [random.integer(range), random.integer(range)]
    return Int32(
      random.pick(
        [range.lowerBound, range.lowerBound, range.lowerBound + 128, range.upperBound] + any))
  }

  mutating func codes() -> AffineCodes {
    AffineCodes(
      scale: type == .int16 ? scale() / 256 : scale(), zeroPoint: zeroPoint(), elementType: type)
  }

  /// Every code of a type.
  func range(of type: ElementType) -> ClosedRange<Int> {
    Int(type.minimumCode)...Int(type.maximumCode)
  }

  /// One of the activations that TFLite can fuse.
  mutating func limits() -> RealRange {
    random.pick([.unlimited, .unlimited, .relu, .relu6, .reluN1To1])
  }

  /// Extents, each from 1 to `greatest`.
  mutating func shape(rank: Int, upTo greatest: Int = 5) -> [Int] {
    (0..<rank).map { _ in random.integer(1...greatest) }
  }

  // MARK: - Tensors

  mutating func add(_ tensor: TensorDescription) -> TensorIndex {
    graph.tensors.append(tensor)
    return graph.tensors.count - 1
  }

  mutating func activation(_ name: String, _ shape: [Int], _ codes: AffineCodes) -> TensorIndex {
    add(
      TensorDescription(
        name: name, shape: shape, elementType: codes.elementType,
        quantization: Quantization(
          scaleBits: [codes.scale.bitPattern], zeroPoints: [codes.zeroPoint])))
  }

  mutating func input(_ shape: [Int], _ codes: AffineCodes) -> TensorIndex {
    let index = activation("x\(graph.inputs.count)", shape, codes)
    graph.inputs.append(index)
    return index
  }

  /// A second operand: an activation that the caller fills, or a constant.
  mutating func operand(_ shape: [Int], _ codes: AffineCodes) -> TensorIndex {
    guard random.integer(0...2) == 0 else { return input(shape, codes) }
    return constant("c", shape, codes)
  }

  mutating func constant(_ name: String, _ shape: [Int], _ codes: AffineCodes) -> TensorIndex {
    let values = random.codes(shape.reduce(1, *), in: range(of: codes.elementType))
    return add(
      TensorDescription(
        name: name, shape: shape, elementType: codes.elementType,
        quantization: Quantization(
          scaleBits: [codes.scale.bitPattern], zeroPoints: [codes.zeroPoint]),
        constant: ConstantBytes(values, as: codes.elementType)))
  }

  /// Weights of ``weightType``; all but uint8 ones have zero point 0 and leave out the least code.
  mutating func weights(_ shape: [Int], scales: [Float], axis: Int) -> TensorIndex {
    let limits = range(of: weightType)
    let values = random.codes(
      shape.reduce(1, *),
      in: weightType == .uint8 ? limits : limits.lowerBound + 1...limits.upperBound)
    let zeroPoint = weightType == .uint8 ? Int32(random.integer(limits)) : 0
    return add(
      TensorDescription(
        name: "w\(graph.tensors.count)", shape: shape, elementType: weightType,
        quantization: Quantization(
          scaleBits: scales.map(\.bitPattern), zeroPoints: scales.map { _ in zeroPoint },
          axis: scales.count > 1 ? axis : nil),
        constant: ConstantBytes(values, as: weightType)))
  }

  /// A bias for weights of those scales; 64 bits wide for 16-bit activations.
  mutating func bias(_ count: Int, input: AffineCodes, scales: [Float]) -> TensorIndex {
    let values = (0..<count).map { _ in random.integer(-20000...20000) }
    let type: ElementType = input.elementType == .int16 ? .int64 : .int32
    return add(
      TensorDescription(
        name: "b\(graph.tensors.count)", shape: [count], elementType: type,
        quantization: Quantization(
          scaleBits: scales.map { (input.scale * $0).bitPattern },
          zeroPoints: scales.map { _ in 0 }, axis: scales.count > 1 ? 0 : nil),
        constant: ConstantBytes(values, as: type)))
  }

  /// Scales of weights: one per channel, or one for all.
  mutating func weightScales(_ channels: Int) -> [Float] {
    // Legacy weights have one scale.
    let count = weightType == .uint8 || random.integer(0...2) == 0 ? 1 : channels
    return (0..<count).map { _ in scale() / 64 }
  }

  /// An output scale that spreads sums of `taps` products over the codes.
  mutating func outputCodes(input: AffineCodes, scales: [Float], taps: Int) -> AffineCodes {
    let weight: Float = weightType == .int4 ? 4 : 64
    let typical = input.scale * (scales.max() ?? 1) * Float(taps).squareRoot() * weight
    return AffineCodes(
      scale: typical * (0.25 + 2 * fraction()), zeroPoint: zeroPoint(), elementType: type)
  }

  // MARK: - The operator

  /// Ends the graph with its one operation, and what other profiles need.
  mutating func finish(_ kind: OperatorKind, _ inputs: [TensorIndex], _ output: TensorIndex) {
    graph.operations = [Operation(name: "op", kind: kind, inputs: inputs, outputs: [output])]
    graph.outputs = [output]
    graph.deriveProfiles()
  }
}

extension ConstantBytes {
  /// Values as a tensor of that type stores them; 4-bit ones two per byte, low nibble first.
  init(_ values: [Int], as type: ElementType) {
    switch type {
    case .int8: self.init(copying: values.map { Int8($0) })
    case .uint8: self.init(copying: values.map { UInt8($0) })
    case .int16: self.init(copying: values.map { Int16($0) })
    case .int32: self.init(copying: values.map { Int32($0) })
    case .int64: self.init(copying: values.map { Int64($0) })
    case .int4:
      var bytes = [UInt8](repeating: 0, count: (values.count + 1) / 2)
      for (index, value) in values.enumerated() {
        bytes[index / 2] |= UInt8(truncatingIfNeeded: value & 15) << (index % 2 == 0 ? 0 : 4)
      }
      self.init(copying: bytes)
    }
  }
}
