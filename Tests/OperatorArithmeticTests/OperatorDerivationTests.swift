import Diagnostics
import IntegerModel
import OperatorArithmetic
import TestSupport
import Testing

@Suite("The integers of an operator")
struct OperatorDerivationTests {
  private let derivation = OperatorDerivation(profile: .tflm)
  // 0.1f · 0.3f is 0.030000001192… in double and 0.030000001 rounded to float32, which is
  // 0.0300000011920929 · (1 + 2^−26): the two ways of forming it differ in the multiplier.
  private let input = AffineCodes(scale: 0.1, zeroPoint: 3)
  private let output = AffineCodes(scale: 0.7, zeroPoint: -5)

  @Test("of a convolution come from the product of scales in double, one per channel")
  func convolution() throws {
    let parameters = try derivation.convolution(
      input: input, weightScales: [0.3, 0.001], output: output,
      stride: SpatialPair(height: 2, width: 1), padding: SpatialPadding(top: 1),
      limits: .relu6)
    #expect(
      parameters.multipliers
        == [0.3, 0.001].map { (scale: Float) in
          FixedPointMultiplier(real: Double(Float(0.1)) * Double(scale) / Double(Float(0.7)))
        })
    // Independently: 0.1 · 0.3 / 0.7 = 0.0428571438… = 0.6857143… · 2^−4.
    #expect(parameters.multipliers[0].shift == -4)
    #expect(parameters.stride == SpatialPair(height: 2, width: 1))
    #expect(parameters.dilation == SpatialPair(height: 1, width: 1))
    #expect(parameters.padding == SpatialPadding(top: 1))
    // 6 / 0.7 = 8.57, so 9 steps above the zero point.
    #expect(parameters.clamp == CodeRange(minimum: -5, maximum: 4))
    #expect(parameters.accumulator == .int32)
  }

  @Test("form the product of scales in float32 for uint8 alone")
  func productInFloat32() throws {
    let inFloat32 = FixedPointMultiplier(
      real: Double(Float(0.1) * Float(0.3)) / Double(Float(0.7)))
    let inDouble = FixedPointMultiplier(
      real: Double(Float(0.1)) * Double(Float(0.3)) / Double(Float(0.7)))
    #expect(inFloat32 != inDouble)

    for scales in [[0.3], [0.3, 0.3]] as [[Float]] {
      let layer = try derivation.fullyConnected(
        input: input, weightScales: scales, output: output)
      #expect(layer.multipliers == scales.map { _ in inDouble })
    }

    let legacy = AffineCodes(scale: 0.1, zeroPoint: 128, elementType: .uint8)
    let convolution = try derivation.convolution(
      input: legacy, weightScales: [0.3],
      output: AffineCodes(scale: 0.7, zeroPoint: 0, elementType: .uint8),
      stride: SpatialPair(height: 1, width: 1), padding: SpatialPadding())
    #expect(convolution.multipliers == [inFloat32])
    #expect(convolution.clamp == CodeRange(minimum: 0, maximum: 255))
    let layer = try derivation.fullyConnected(
      input: legacy, weightScales: [0.3],
      output: AffineCodes(scale: 0.7, zeroPoint: 0, elementType: .uint8))
    #expect(layer.multipliers == [inFloat32])
  }

  @Test("of a fully connected layer of one weight scale give the codes of TFLite Micro")
  func fullyConnectedOfOneScale() throws {
    // PyPI tflite-micro 0.dev20261023182759. The product in float32 gives the next code each time.
    let layer = try derivation.fullyConnected(
      input: AffineCodes(scale: 0.030888498, zeroPoint: 0), weightScales: [0.021355063],
      output: AffineCodes(scale: 3420.034, zeroPoint: 0))
    let computed: [(accumulator: Int32, code: Int32)] = [
      (-619_584_699, -120), (-412_192_331, -80), (-204_799_963, -40), (209_984_771, 41),
      (417_377_137, 81), (624_769_504, 121),
    ]
    let inFloat32 = FixedPointMultiplier(
      real: Double(Float(0.030888498) * Float(0.021355063)) / Double(Float(3420.034)))
    for (accumulator, code) in computed {
      #expect(layer.multipliers[0].scale(accumulator, rounding: .double) == code)
      #expect(inFloat32.scale(accumulator, rounding: .double) != code)
    }
  }

  @Test("of 16-bit activations accumulate in 64 bits and shift less")
  func sixteenBits() throws {
    let wide = AffineCodes(scale: 0.1, zeroPoint: 0, elementType: .int16)
    let layer = try derivation.fullyConnected(input: wide, weightScales: [0.3], output: wide)
    #expect(layer.accumulator == .int64)
    #expect(layer.clamp == CodeRange(minimum: -32768, maximum: 32767))
    #expect(try derivation.add(wide, wide, output: wide).leftShift == 15)
    #expect(try derivation.subtract(wide, wide, output: wide).leftShift == 15)
  }

  @Test("of an addition and a subtraction are ratios in double")
  func addAndSubtract() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<100 {
      let scales = (0..<3).map { _ in Float.random(in: 0.001...1, using: &generator) }
      let codes = scales.map { AffineCodes(scale: $0, zeroPoint: 0) }
      let sum = try derivation.add(codes[0], codes[1], output: codes[2], limits: .relu)
      let difference = try derivation.subtract(
        codes[0], codes[1], output: codes[2], limits: .relu)
      let twice = 2 * Double(max(scales[0], scales[1]))
      #expect(sum.leftShift == 20)
      #expect(sum.first == FixedPointMultiplier(real: Double(scales[0]) / twice))
      #expect(sum.second == FixedPointMultiplier(real: Double(scales[1]) / twice))
      #expect(
        sum.output == FixedPointMultiplier(real: twice / (1_048_576 * Double(scales[2]))))
      #expect(sum.clamp == CodeRange(minimum: 0, maximum: 127))
      #expect(difference == sum)
    }
  }

  @Test("of a product, a slope, a requantization and a sum are one factor in double")
  func factors() throws {
    let other = AffineCodes(scale: 0.25, zeroPoint: 0)
    let product = try derivation.multiply(input, other, output: output)
    let ratio = Double(Float(0.1)) / Double(Float(0.7))
    #expect(product.multiplier == FixedPointMultiplier(real: ratio / 4))
    let slope = try derivation.prelu(input: input, slope: other, output: output)
    #expect(slope.positive == FixedPointMultiplier(real: ratio))
    #expect(slope.negative == FixedPointMultiplier(real: ratio / 4))
    #expect(
      try derivation.requantize(from: input, to: output) == FixedPointMultiplier(real: ratio))
    let sum = try derivation.sum(input: input, output: output, axes: [1], keepsDimensions: true)
    #expect(
      sum
        == ReduceParameters(
          axes: [1], keepsDimensions: true, multiplier: FixedPointMultiplier(real: ratio)))
  }

  @Test("of a leaky ReLU are factors in double, which TFLite Micro itself showed")
  func leakyRelu() throws {
    // At this scale float32 gives 1.5 · (1 + 2^−23): TFLite Micro computes 1.5 exactly, so that an
    // odd code is a tie, which the doubling high multiply rounds up.
    let scale: Float = 0.000_351_876_544_300_466_8
    #expect(scale * 1.5 / scale != 1.5)
    let codes = AffineCodes(scale: scale, zeroPoint: 0)
    let parameters = try derivation.leakyRelu(alpha: 1.5, input: codes, output: codes)
    #expect(parameters.positive == FixedPointMultiplier(multiplier: 1 << 30, shift: 1))
    #expect(parameters.negative == FixedPointMultiplier(multiplier: 3 << 29, shift: 1))
    let table = try #require(
      DeviceTable(function: .leakyRelu(alpha: 1.5), input: codes, output: codes).codes)
    let computed: [(code: Int, result: Int32)] = [
      (-85, -127), (-83, -124), (-51, -76), (-3, -4), (-2, -3), (-1, -1), (1, 1), (127, 127),
    ]
    for (code, result) in computed { #expect(table[code + 128] == result, "\(code)") }
    #expect(throws: Diagnostic.self) {
      try derivation.leakyRelu(alpha: -0.5, input: codes, output: codes)
    }
  }

  @Test("of a transposed convolution are those of a convolution")
  func transposeConvolution() throws {
    for type in [ElementType.int8, .uint8, .int16] {
      let input = AffineCodes(scale: 0.1, zeroPoint: 0, elementType: type)
      let output = AffineCodes(scale: 0.7, zeroPoint: 0, elementType: type)
      let (stride, padding) = (SpatialPair(height: 2, width: 3), SpatialPadding(top: 1, left: 2))
      let transposed = try derivation.transposeConvolution(
        input: input, weightScales: [0.3, 0.001], output: output, stride: stride,
        padding: padding, limits: .relu6)
      let convolution = try derivation.convolution(
        input: input, weightScales: [0.3, 0.001], output: output, stride: stride,
        padding: padding, limits: .relu6)
      #expect(transposed.multipliers == convolution.multipliers)
      #expect(transposed.clamp == convolution.clamp)
      #expect(transposed.accumulator == (type == .int16 ? .int64 : .int32))
      #expect(transposed.stride == stride)
      #expect(transposed.padding == padding)
    }
  }

  @Test("of a softmax scale by beta")
  func softmax() throws {
    // 0.5 · 0.25 · 2^26 = 0.5 · 2^24; radius 31 · 2^26 / 2^24 = 124.
    let parameters = try derivation.softmax(
      input: AffineCodes(scale: 0.25, zeroPoint: 0), beta: 0.5)
    #expect(
      parameters
        == SoftmaxParameters(
          multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: 24),
          minimumDifference: -124))
    // 0.5 · 0.25 · 65535 / 10 = 819.1875 = 0.79998779296875 · 2^10, and no difference is left out.
    let wide = try derivation.softmax(
      input: AffineCodes(scale: 0.25, zeroPoint: 0, elementType: .int16), beta: 0.5)
    #expect(
      wide
        == SoftmaxParameters(
          multiplier: FixedPointMultiplier(multiplier: 1_717_960_704, shift: 10),
          minimumDifference: 0))
    #expect(
      throws: Diagnostic(
        problem: "the softmax input has a scale of 1e-09 and a beta of 0.5, too fine for its fixed "
          + "point")
    ) {
      try derivation.softmax(input: AffineCodes(scale: 1e-9, zeroPoint: 0), beta: 0.5)
    }
  }

  @Test("need factors that a multiplier can express")
  func inexpressible() {
    #expect(
      throws: Diagnostic(
        problem:
          "the scales need a factor of 2147483648.0, which a 32-bit multiplier cannot express"
      )
    ) {
      try derivation.requantize(
        from: AffineCodes(scale: 1, zeroPoint: 0), to: AffineCodes(scale: 0x1p-31, zeroPoint: 0))
    }
    for real in [-1, Double.nan, .infinity] {
      #expect(throws: Diagnostic.self) { try derivation.multiplier(real) }
    }
  }

  @Test("of a table are the nearest codes of any 8-bit type")
  func table() throws {
    let unsigned = AffineCodes(scale: 0.5, zeroPoint: 100, elementType: .uint8)
    let parameters = derivation.lookup(
      .clip(RealRange(minimum: -1, maximum: 2)), input: unsigned,
      output: AffineCodes(scale: 0.25, zeroPoint: 0))
    #expect(parameters.function == .clip)
    #expect(parameters.coefficientBits == [Float(-1).bitPattern, Float(2).bitPattern])
    let table = parameters.table.withUnsafeBytes { Array($0) }
    // Code 99 is −0.5, so −2; code 103 is 1.5, so 6; everything above 104 is 2, so 8.
    #expect(table[99] == UInt8(bitPattern: -2))
    #expect(table[103] == 6)
    #expect(table[255] == 8)
    #expect(table[0] == UInt8(bitPattern: -4))
  }

  @Test("name a function that they can be derived from again", arguments: RealFunction.examples)
  func roundTrip(function: RealFunction) {
    #expect(RealFunction(function.function, coefficients: function.coefficients) == function)
    #expect(RealFunction(.custom, coefficients: function.coefficients) == nil)
    #expect(RealFunction(function.function, coefficients: [1, 2, 3]) == nil)
  }
}

extension RealFunction {
  fileprivate static let examples: [RealFunction] = [
    .clip(.relu6), .leakyRelu(alpha: 0.1), .logistic, .tanh, .hardSwish,
    .hardSigmoid(alpha: 0.2, beta: 0.5),
  ]
}

@Suite("Codes of an activation")
struct AffineCodesTests {
  @Test(
    "are nearest to the real, ties away from zero, clamped to the type",
    arguments: [
      (Float(0.75), Int32(12)), (-0.75, 8), (0.74, 11), (200, 127), (-200, -128),
      (.infinity, 127), (-.infinity, -128),
    ])
  func code(real: Float, expected: Int32) {
    #expect(AffineCodes(scale: 0.5, zeroPoint: 10).code(of: real) == expected)
  }

  @Test("saturate where the quotient overflows float32")
  func overflow() {
    let fine = AffineCodes(scale: .leastNormalMagnitude, zeroPoint: 0, elementType: .int16)
    #expect(fine.range(of: .relu6) == CodeRange(minimum: 0, maximum: 32767))
    #expect(fine.range(of: .reluN1To1) == CodeRange(minimum: -32768, maximum: 32767))
  }
}
