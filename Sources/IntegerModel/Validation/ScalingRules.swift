import Diagnostics

extension IntegerGraph {
  /// The profiles that the graph says it serves are each listed once, among them its own.
  func validateProfiles() throws(Diagnostic) {
    var previous: UInt8 = 0
    for profile in profiles {
      guard profile.needsOwnNumbers, profile.rawValue > previous else {
        throw Diagnostic(
          place: "profiles",
          problem: "\(profile.name) is out of order, or needs no numbers of its own")
      }
      previous = profile.rawValue
    }
    try requireServed(arithmetic)
  }

  /// The graph holds what `profile` needs.
  public func requireServed(_ profile: ArithmeticProfile) throws(Diagnostic) {
    guard serves(profile) else {
      throw Diagnostic(
        problem: "the model holds no numbers for arithmetic \(profile.name)",
        remedy: "convert it again with this version of qconvert")
    }
  }
}

extension OperationRules {
  /// What profiles compute otherwise: forms that the operator has, counts, ranges.
  func checkScalings() throws(Diagnostic) {
    for (position, scaling) in operation.scalings.enumerated() {
      for earlier in operation.scalings[..<position] where earlier.profile == scaling.profile {
        throw fault("profile \(scaling.profile.name) has two scalings")
      }
      do throws(Diagnostic) {
        if let clamp = scaling.clamp {
          try require(operation.kind.clamp != nil, "the operator has no clamp")
          try requireClamp(clamp)
        }
        try check(scaling.form)
      } catch {
        var diagnostic = error
        diagnostic.problem = "profile \(scaling.profile.name): " + error.problem
        throw diagnostic
      }
    }
    for profile in graph.profiles where isRescaled(by: profile) {
      try require(
        operation.scaling(for: profile) != nil, "the scaling for \(profile.name) is missing")
    }
  }

  /// Whether no 8-bit layer of this kind computes as `tflm` does.
  private func isRescaled(by profile: ArithmeticProfile) -> Bool {
    switch operation.kind {
    case .fullyConnected(let parameters):
      parameters.accumulator == .int32 && profile.needsOwnNumbers
    case .convolution(let parameters), .depthwiseConvolution(let parameters):
      parameters.accumulator == .int32 && profile == .litert
    case .transposeConvolution(let parameters):
      parameters.accumulator == .int32 && profile == .litert
    default: false
    }
  }

  private func check(_ form: ScalingForm) throws(Diagnostic) {
    switch (form, operation.kind) {
    case (.common, _):
      try require(operation.kind.clamp != nil, "there is nothing that it could change")
    case (.fixedPoint(let multipliers), .multiply): try check(multipliers, count: 1)
    case (.fixedPoint(let multipliers), .prelu): try check(multipliers, count: 2)
    case (.fixedPointInGroups, .requantize): try requireByteCodes()
    case (.binary32(let scales), .convolution), (.binary32(let scales), .depthwiseConvolution),
      (.binary32(let scales), .fullyConnected), (.binary32(let scales), .transposeConvolution):
      try requireBinary32(scales, count: try channelCount())
    case (.binary32(let scales), .multiply):
      try requireByteCodes()
      try requireBinary32(scales, count: 1)
    case (.binary64(let scales), .fullyConnected):
      try requireCount(scales.count, "binary64 scales", 1, or: output.shape.last ?? 1)
      for (channel, bits) in scales.enumerated() where bits >= 0x7ff0_0000_0000_0000 {
        throw fault("channel \(channel): the binary64 scale is not a finite positive number")
      }
    case (.binary32Sum(let scale, let offset), .mean), (.binary32Sum(let scale, let offset), .sum):
      try requireByteCodes()
      try requireBinary32([scale], count: 1)
      try require(
        offset & 0x7f80_0000 != 0x7f80_0000, "the offset \(offset) is not a finite number")
    case (.weightedSum(_, _, let shift), .add), (.weightedSum(_, _, let shift), .subtract):
      try requireByteCodes()
      try requireInside(Int(shift), "shift", 1...62)
    case (.table(let codes), .requantize):
      try requireByteCodes()
      try requireCount(codes.count, "codes", 256, or: 256)
      let type = output.elementType
      for code in codes where Int64(code) < type.minimumCode || Int64(code) > type.maximumCode {
        throw fault("the code \(code) is outside \(type.minimumCode)…\(type.maximumCode)")
      }
    case (.exponentials(let values), .softmax):
      try requireByteCodes()
      try requireCount(values.count, "exponentials", 256, or: 256)
      try requireBinary32(values, count: 256)
      // The first is e^0: no sum is 0, and none comes near the end of the exponents.
      try require(values[0] == 0x3f80_0000, "the first exponential is not 1")
    case (.samples(let rows, let columns), .resizeBilinear):
      try requireByteCodes()
      try check(rows, columns) { 0...2048 ~= $0 }
    case (.binary32Samples(let rows, let columns), .resizeBilinear):
      try requireByteCodes()
      // Magnitudes of at most 1.
      try check(rows, columns) { $0 & Int32.max <= 0x3f80_0000 }
    case (.indices(let rows, let columns), .resizeNearest(let parameters)):
      try requireCount(rows.count, "rows", parameters.rows.count, or: parameters.rows.count)
      let count = parameters.columns.count
      try requireCount(columns.count, "columns", count, or: count)
      try checkResizeNearest(ResizeNearestParameters(rows: rows, columns: columns))
    case (.fixedPointTiesUp, .convolution), (.fixedPointTiesUp, .depthwiseConvolution),
      (.fixedPointTiesUp, .fullyConnected):
      _ = try channelCount()
    case (.binary64Reciprocals(let multiplier), .softmax):
      try requireMultiplier(multiplier, "the")
      try require(
        input(0).elementType == .int16,
        "tensor '\(input(0).name)' is \(input(0).elementType.name); int16 is needed")
    case (.polynomials, .sequenceLSTM(let parameters)):
      // tanh takes 0 to 6 integer bits.
      try requireInside(Int(parameters.cellScaleExponent), "cell scale exponent", -15 ... -9)
    case (.polynomials, .interpolatedFunction(let parameters)):
      let isDoubled = parameters.multiplier == 6 && parameters.function == .tanh
      try require(
        parameters.shift == 0 && (parameters.multiplier == 3 || isDoubled),
        "there are no polynomials for multiplier \(parameters.multiplier) and shift "
          + "\(parameters.shift)")
    default: throw fault("the operator has no such scaling")
    }
  }

  private func check(
    _ multipliers: [FixedPointMultiplier], count: Int
  ) throws(Diagnostic) {
    try requireCount(multipliers.count, "multipliers", count, or: count)
    for multiplier in multipliers { try requireMultiplier(multiplier, "the") }
  }

  private func check(
    _ rows: [ResizeSample], _ columns: [ResizeSample], fraction isLegal: (Int32) -> Bool
  ) throws(Diagnostic) {
    for (samples, axis) in [(rows, 1), (columns, 2)] {
      let count = output.shape[axis]
      try requireCount(samples.count, "samples", count, or: count)
      for (position, sample) in samples.enumerated() {
        let extent = Int32(clamping: input(0).shape[axis])
        try require(
          0..<extent ~= sample.lower && 0..<extent ~= sample.upper && isLegal(sample.fraction),
          "sample \(position) of axis \(axis) is outside the input or no fraction")
      }
    }
  }

  /// Finite and non-negative; as many as `count`, or a single one.
  private func requireBinary32(_ patterns: [UInt32], count: Int) throws(Diagnostic) {
    try requireCount(patterns.count, "binary32 scales", 1, or: count)
    for (index, bits) in patterns.enumerated() where bits >= 0x7f80_0000 {
      throw fault("binary32 number \(index) is not finite and positive")
    }
  }

  private func requireCount(
    _ count: Int, _ what: String, _ wanted: Int, or alternative: Int
  ) throws(Diagnostic) {
    try require(
      count == wanted || count == alternative,
      "there are \(count) \(what); \(alternative) are needed")
  }

  /// XNNPACK and LiteRT's optimized kernels compute 8-bit codes so; 16-bit ones take other paths.
  private func requireByteCodes() throws(Diagnostic) {
    for tensor in [input(0), output] {
      try require(
        tensor.elementType == .int8 || tensor.elementType == .uint8,
        "tensor '\(tensor.name)' is \(tensor.elementType.name); the limit is int8 or uint8")
    }
  }

  /// Output channels of a linear operator, whose accumulator has 32 bits.
  private func channelCount() throws(Diagnostic) -> Int {
    let is32Bits =
      switch operation.kind {
      case .convolution(let parameters), .depthwiseConvolution(let parameters):
        parameters.accumulator == .int32
      case .fullyConnected(let parameters): parameters.accumulator == .int32
      case .transposeConvolution(let parameters): parameters.accumulator == .int32
      default: false
      }
    try require(is32Bits, "the operator has no 32-bit accumulator")
    return output.shape.last ?? 1
  }
}
