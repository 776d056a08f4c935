import IntegerModel

extension IntegerGraph {
  /// Adds what the profiles `litert-reference` and `litert` compute otherwise than `tflm` does: the
  /// `scalings` of each operation, tables of lookups, and the profiles to `profiles`.
  ///
  /// All of it follows from the real scales that the tensors carry. A profile that some operation
  /// lacks scales for is left out.
  public mutating func deriveProfiles() {
    profiles = []
    for profile in [ArithmeticProfile.litertReference, .litert] {
      var derivation = ProfileDerivation(graph: self, profile: profile)
      if derivation.run() { self = derivation.graph }
    }
  }
}

/// The derivation of one profile's numbers for all operations of a graph.
private struct ProfileDerivation {
  var graph: IntegerGraph
  let profile: ArithmeticProfile
  private let litert = LiteRTDerivation()

  init(graph: IntegerGraph, profile: ArithmeticProfile) {
    self.graph = graph
    self.profile = profile
  }

  /// Whether every operation got what it needs.
  mutating func run() -> Bool {
    for index in graph.operations.indices {
      graph.operations[index].scalings.removeAll { $0.profile == profile }
      if case .lookup(let parameters) = graph.operations[index].kind {
        graph.operations[index].kind = .lookup(withTable(parameters, of: graph.operations[index]))
        continue
      }
      let operation = graph.operations[index]
      let clamp = self.clamp(of: operation)
      let form = self.form(of: operation)
      if form == nil, isLayer(operation) { return false }
      if form != nil || clamp != nil {
        graph.operations[index].scalings.append(
          ProfileScaling(profile: profile, form: form ?? .common, clamp: clamp))
      }
    }
    graph.profiles.append(profile)
    return true
  }

  // MARK: - Operations

  /// How the results of an operation are scaled, where that is not as `tflm` does it.
  private func form(of operation: Operation) -> ScalingForm? {
    guard let x = codes(operation.inputs[0]), let y = codes(operation.outputs[0]) else {
      return nil
    }
    if x.elementType == .int16 || y.elementType == .int16 {
      return formOfWideCodes(operation, x, y)
    }
    switch operation.kind {
    case .convolution, .depthwiseConvolution, .transposeConvolution:
      guard profile == .litert, let scales = weightScales(operation) else { return nil }
      return formOfRefusedLayer(operation)
        ?? litert.binary32(input: x, weightScales: scales, output: y)
    case .fullyConnected:
      guard let scales = weightScales(operation) else { return nil }
      guard profile == .litert else {
        return litert.binary64(input: x, weightScales: scales, output: y)
      }
      return formOfRefusedLayer(operation)
        ?? litert.binary32(input: x, weightScales: scales, output: y)
    case .add, .subtract:
      guard profile == .litert, let second = codes(operation.inputs[1]) else { return nil }
      return litert.weightedSum(x, second, output: y, subtracts: operation.kind.isSubtraction)
    case .multiply:
      guard let second = codes(operation.inputs[1]) else { return nil }
      if profile == .litert, let form = litert.product(x, second, output: y) { return form }
      return fixedPoint(litert.productMultiplier(x, second, output: y).map { [$0] }, operation)
    case .prelu:
      guard let slope = codes(operation.inputs[1]) else { return nil }
      return fixedPoint(litert.preluMultipliers(input: x, slope: slope, output: y), operation)
    case .requantize: return profile == .litert ? litert.requantize(from: x, to: y) : nil
    case .mean(let parameters), .sum(let parameters):
      guard profile == .litert else { return nil }
      let shape = graph.tensors[operation.inputs[0]].shape
      return litert.reduction(
        input: x, output: y, count: parameters.axes.reduce(1) { $0 * shape[$1] },
        isMean: operation.kind.isMean)
    case .softmax(let parameters):
      guard profile == .litert else { return nil }
      return litert.exponentials(input: x, beta: beta(of: parameters, input: x))
    case .resizeBilinear(let parameters):
      let shapes = (operation.inputs + operation.outputs).map { graph.tensors[$0].shape }
      if profile == .litert { return litert.samples(from: shapes[0], to: shapes[1], parameters) }
      return x.elementType == .uint8
        ? litert.binary32Samples(from: shapes[0], to: shapes[1], parameters) : nil
    case .resizeNearest(let parameters):
      guard profile == .litert else { return nil }
      return litert.indices(of: parameters, from: graph.tensors[operation.inputs[0]].shape)
    case .sequenceLSTM(let parameters):
      return -15 ... -9 ~= parameters.cellScaleExponent ? .polynomials : nil
    default: return nil
    }
  }

  /// How LiteRT scales a layer that XNNPACK refuses; `nil` for those that it takes.
  private func formOfRefusedLayer(_ operation: Operation) -> ScalingForm? {
    guard operation.inputs.count > 1 else { return nil }
    let (input, weights) = (
      graph.tensors[operation.inputs[0]], graph.tensors[operation.inputs[1]]
    )
    let hasFourBits = weights.elementType == .int4
    switch operation.kind {
    case .convolution where hasFourBits:
      // Grouped ones run on the reference kernel.
      return input.shape.last == weights.shape.last ? .fixedPointTiesUp : .common
    case .depthwiseConvolution where hasFourBits: return .fixedPointTiesUp
    case .fullyConnected where hasFourBits:
      // XNNPACK takes whole bytes of weights.
      return weights.shape.last.map { $0 % 2 == 1 } == true ? .fixedPointTiesUp : nil
    case .transposeConvolution(let parameters):
      // Steps over elements are refused with padding SAME, which is told here by what it pads.
      let (stride, padding) = (parameters.stride, parameters.padding)
      let skips = weights.shape[1] < stride.height || weights.shape[2] < stride.width
      return skips && padding != SpatialPadding() ? .common : nil
    default: return nil
    }
  }

  /// XNNPACK leaves 16-bit codes to LiteRT's kernels, which form some factors and tables otherwise.
  private func formOfWideCodes(
    _ operation: Operation, _ x: AffineCodes, _ y: AffineCodes
  ) -> ScalingForm? {
    switch operation.kind {
    case .multiply:
      guard let second = codes(operation.inputs[1]) else { return nil }
      return fixedPoint(litert.productMultiplier(x, second, output: y).map { [$0] }, operation)
    case .fullyConnected(let parameters) where parameters.accumulator == .int64:
      return weightScales(operation).map {
        litert.binary64(input: x, weightScales: $0, output: y)
      }
    case .interpolatedFunction(let parameters):
      // Only these stand for powers of two; other multipliers are above 2^13.
      return profile == .litert && parameters.multiplier <= 6 ? .polynomials : nil
    case .softmax(let parameters) where x.elementType == .int16:
      return litert.wideSoftmaxMultiplier(input: x, beta: beta(of: parameters, input: x))
        .map { .binary64Reciprocals($0) }
    default: return nil
    }
  }

  /// The clamp, where XNNPACK rounds the limits of the fused activation otherwise.
  private func clamp(of operation: Operation) -> CodeRange? {
    guard profile == .litert, let clamp = operation.kind.clamp,
      let y = codes(operation.outputs[0]), y.elementType != .int16
    else { return nil }
    if formOfRefusedLayer(operation) != nil { return nil }
    switch operation.kind {
    // XNNPACK leaves to LiteRT average pools, and max pools that skip elements.
    case .averagePool: return nil
    case .maxPool(let pool)
    where pool.stride.height > pool.window.height || pool.stride.width > pool.window.width:
      return nil
    default: return litert.clamp(clamp, output: y)
    }
  }

  /// Other multipliers, unless they are the operation's own.
  private func fixedPoint(
    _ multipliers: [FixedPointMultiplier]?, _ operation: Operation
  ) -> ScalingForm? {
    guard let multipliers else { return nil }
    switch operation.kind {
    case .multiply(let parameters) where [parameters.multiplier] == multipliers: return nil
    case .prelu(let parameters) where [parameters.positive, parameters.negative] == multipliers:
      return nil
    default: return .fixedPoint(multipliers)
    }
  }

  /// Whether the profile needs a scaling of this operation.
  private func isLayer(_ operation: Operation) -> Bool {
    switch operation.kind {
    case .convolution(let parameters), .depthwiseConvolution(let parameters):
      profile == .litert && parameters.accumulator == .int32
    case .transposeConvolution(let parameters):
      profile == .litert && parameters.accumulator == .int32
    case .fullyConnected(let parameters): parameters.accumulator == .int32
    default: false
    }
  }

  // MARK: - Lookups

  /// The lookup with the profile's table, where that differs from the common one.
  private func withTable(
    _ parameters: LookupParameters, of operation: Operation
  ) -> LookupParameters {
    var result = parameters
    result.profileTables.removeAll { $0.profile == profile }
    guard let x = codes(operation.inputs[0]), let y = codes(operation.outputs[0]),
      let function = RealFunction(
        parameters.function,
        coefficients: parameters.coefficientBits.map { Float(bitPattern: $0) })
    else { return result }
    let table = LiteRTTable(function: function, input: x, output: y)
    guard let codes = profile == .litert ? table.standard : table.reference else { return result }
    let bytes = ConstantBytes(copying: codes.map(UInt8.init(truncatingIfNeeded:)))
    if bytes != parameters.table {
      result.profileTables.append(ProfileTable(profile: profile, table: bytes))
    }
    return result
  }

  // MARK: - Tensors

  /// How an activation's codes relate to reals; `nil` for plain integers.
  private func codes(_ index: TensorIndex) -> AffineCodes? {
    let tensor = graph.tensors[index]
    guard let quantization = tensor.quantization, quantization.scaleBits.count == 1 else {
      return nil
    }
    switch tensor.elementType {
    case .int8, .uint8, .int16:
      return AffineCodes(
        scale: Float(bitPattern: quantization.scaleBits[0]), zeroPoint: quantization.zeroPoint,
        elementType: tensor.elementType)
    case .int4, .int32, .int64: return nil
    }
  }

  /// The scales of a layer's weights, one per output channel or a single one.
  private func weightScales(_ operation: Operation) -> [Float]? {
    graph.tensors[operation.inputs[1]].quantization?.scaleBits.map { Float(bitPattern: $0) }
  }

  /// The factor of the softmax input: the float32 number from which the stored multiplier was made.
  private func beta(of parameters: SoftmaxParameters, input: AffineCodes) -> Float {
    let stored = parameters.multiplier
    let product =
      Double(sign: .plus, exponent: Int(stored.shift) - 31, significand: Double(stored.multiplier))
    // What a beta of 1 is multiplied with: see `OperatorDerivation.softmax`.
    let unit = input.elementType == .int16 ? 65_535 / 10 : 0x1p26
    return Float(product / (Double(input.scale) * unit))
  }
}

extension OperatorKind {
  fileprivate var isSubtraction: Bool {
    if case .subtract = self { true } else { false }
  }

  fileprivate var isMean: Bool {
    if case .mean = self { true } else { false }
  }
}
