import Diagnostics
import IntegerModel
import IntegerTestSupport
import OperatorArithmetic

/// A graph of one operator in the making, drawn at random: shapes, scales, zero points and codes.
struct OperatorSketch {
  var random: SplitMix64
  var graph = IntegerGraph(name: "case", arithmetic: .tflm)
  let derivation = OperatorDerivation(profile: .tflm)

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  // MARK: - Numbers

  func scaled(_ range: ClosedRange<Float>, _ fraction: Float) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * fraction
  }

  /// A scale between 2^-9 and 1, now and then a power of two.
  mutating func scale() -> Float {
    let exponent = random.integer(-9 ... -1)
    let power = Float(sign: .plus, exponent: exponent, significand: 1)
    return random.integer(0...7) == 0 ? power : power * (1 + fraction())
  }

  /// In 0..<1.
  mutating func fraction() -> Float { Float(random.integer(0...(1 << 24) - 1)) / 0x1p24 }

  mutating func zeroPoint() -> Int32 {
    Int32(
      random.pick([-128, -128, 0, 127, random.integer(-128...127), random.integer(-128...127)]))
  }

  mutating func codes() -> AffineCodes { AffineCodes(scale: scale(), zeroPoint: zeroPoint()) }

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
    let values = random.codes(shape.reduce(1, *), in: -128...127)
    return add(
      TensorDescription(
        name: name, shape: shape, elementType: .int8,
        quantization: Quantization(
          scaleBits: [codes.scale.bitPattern], zeroPoints: [codes.zeroPoint]),
        constant: ConstantBytes(copying: values.map { Int8($0) })))
  }

  /// Weights, int8 with zero point 0.
  mutating func weights(_ shape: [Int], scales: [Float], axis: Int) -> TensorIndex {
    let values = random.codes(shape.reduce(1, *), in: -127...127)
    return add(
      TensorDescription(
        name: "w", shape: shape, elementType: .int8,
        quantization: Quantization(
          scaleBits: scales.map(\.bitPattern), zeroPoints: scales.map { _ in 0 },
          axis: scales.count > 1 ? axis : nil),
        constant: ConstantBytes(copying: values.map { Int8($0) })))
  }

  /// A bias for weights of those scales.
  mutating func bias(_ count: Int, input: AffineCodes, scales: [Float]) -> TensorIndex {
    let values = (0..<count).map { _ in Int32(random.integer(-20000...20000)) }
    return add(
      TensorDescription(
        name: "b", shape: [count], elementType: .int32,
        quantization: Quantization(
          scaleBits: scales.map { (input.scale * $0).bitPattern },
          zeroPoints: scales.map { _ in 0 }, axis: scales.count > 1 ? 0 : nil),
        constant: ConstantBytes(copying: values)))
  }

  /// Scales of weights: one per channel, or one for all.
  mutating func weightScales(_ channels: Int) -> [Float] {
    let count = random.integer(0...2) == 0 ? 1 : channels
    return (0..<count).map { _ in scale() / 64 }
  }

  /// An output scale that spreads sums of `taps` products over the codes.
  mutating func outputCodes(input: AffineCodes, scales: [Float], taps: Int) -> AffineCodes {
    let typical = input.scale * (scales.max() ?? 1) * Float(taps).squareRoot() * 64
    return AffineCodes(scale: typical * (0.25 + 2 * fraction()), zeroPoint: zeroPoint())
  }

  // MARK: - The operator

  /// Ends the graph with its one operation, and what other profiles need.
  mutating func finish(_ kind: OperatorKind, _ inputs: [TensorIndex], _ output: TensorIndex) {
    graph.operations = [Operation(name: "op", kind: kind, inputs: inputs, outputs: [output])]
    graph.outputs = [output]
    graph.deriveProfiles()
  }
}
