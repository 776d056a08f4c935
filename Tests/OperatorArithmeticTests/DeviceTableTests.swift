import IntegerModel
import OperatorArithmetic
import Testing

@Suite("Tables of profile tflm")
struct DeviceTableTests {
  @Test("are what TFLite Micro itself computes", arguments: KnownTable.all)
  func known(table: KnownTable) {
    let codes = DeviceTable(
      function: table.function, input: table.input, output: table.output
    ).codes
    #expect(codes == table.codes)
  }

  @Test("differ from the nearest code by one at most, where the function's scales fit")
  func closeness() throws {
    let output = AffineCodes(scale: 1 / 256, zeroPoint: -128)
    let input = AffineCodes(scale: 0.05, zeroPoint: 12)
    let device = try #require(
      DeviceTable(function: .logistic, input: input, output: output).codes)
    var differing = 0
    for (code, deviceCode) in zip(Int32(-128)...127, device) {
      let exact =
        256 / (1 + exponential(-Double(input.scale) * Double(code - input.zeroPoint))) - 128
      #expect(abs(Double(deviceCode) - min(exact, 127)) <= 1)
      if Double(deviceCode) != min(exact.rounded(), 127) { differing += 1 }
    }
    #expect(differing < 40)
  }

  @Test("exist only for functions that TFLite Micro has a kernel for")
  func missing() {
    let parameters = AffineCodes(scale: 0.1, zeroPoint: 0)
    let clip = DeviceTable(function: .clip(.reluN1To1), input: parameters, output: parameters)
    #expect(clip.codes == nil)
    // Its ReLU6 ignores the output's scale.
    let other = AffineCodes(scale: 0.2, zeroPoint: 0)
    #expect(
      DeviceTable(function: .clip(.relu6), input: parameters, output: other).codes == nil)
    // It has kernels for int8 alone.
    let unsigned = AffineCodes(scale: 0.1, zeroPoint: 128, elementType: .uint8)
    #expect(DeviceTable(function: .hardSwish, input: unsigned, output: unsigned).codes == nil)
    // A left shift of the output, which its hard swish refuses.
    let fine = AffineCodes(scale: 0.0001, zeroPoint: 0)
    #expect(DeviceTable(function: .hardSwish, input: parameters, output: fine).codes == nil)
  }

  @Test("of a ReLU round twice, of a ReLU6 copy codes")
  func clips() throws {
    // A factor of 1/4 is 2^30 and shift −1: 5 · 2^30 / 2^31 = 2.5 rounds to 3, and 3/2 to 2, though
    // 5/4 is nearer to 1.
    let input = AffineCodes(scale: 0.125, zeroPoint: -4)
    let relu = try #require(
      DeviceTable(
        function: .clip(.relu), input: input, output: AffineCodes(scale: 0.5, zeroPoint: 10)
      ).codes)
    #expect(relu[124 - 6] == 10)
    #expect(relu[124 + 6] == 12)
    #expect(relu[124 + 5] == 12)
    #expect(relu[124 + 4] == 11)
    #expect(relu[255] == 10 + 33)
    let relu6 = try #require(
      DeviceTable(function: .clip(.relu6), input: input, output: input).codes)
    #expect(relu6[0] == -4)
    #expect(relu6[124 + 7] == 3)
    // 6 / 0.125 = 48 steps above −4.
    #expect(relu6[255] == 44)
  }

  @Test("saturate where the scales differ by the greatest factor that fits")
  func saturation() throws {
    let coarse = AffineCodes(scale: 0x1p29, zeroPoint: -128)
    let fine = AffineCodes(scale: 1, zeroPoint: 127)
    let leaky = try #require(
      DeviceTable(function: .leakyRelu(alpha: 0.5), input: coarse, output: fine).codes)
    #expect(leaky[255] == 127)
    let relu = try #require(
      DeviceTable(function: .clip(.relu), input: coarse, output: fine).codes)
    #expect(relu[255] == 127)
  }

  /// e^x by its power series, to be independent of the library that the converter uses.
  private func exponential(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    for index in 1..<200 {
      term *= abs(x) / Double(index)
      sum += term
    }
    return x < 0 ? 1 / sum : sum
  }
}

/// A table that TFLite Micro (PyPI `tflite-micro` 0.dev20261023182759) computed: all 256 input codes
/// through a model of one operator.
struct KnownTable: Sendable, CustomTestStringConvertible {
  var function: RealFunction
  var input: AffineCodes
  var output: AffineCodes
  var codes: [Int32]
  var testDescription: String { "\(function) of scale \(input.scale)" }

  init(
    _ function: RealFunction, input: (Float, Int32), output: (Float, Int32), codes: String
  ) {
    self.function = function
    self.input = AffineCodes(scale: input.0, zeroPoint: input.1)
    self.output = AffineCodes(scale: output.0, zeroPoint: output.1)
    let digits = Array(codes)
    self.codes = stride(from: 0, to: digits.count, by: 2).map { index in
      Int32(Int8(bitPattern: UInt8(String(digits[index...index + 1]), radix: 16) ?? 0))
    }
  }

  static let all = [
    KnownTable(
      .logistic, input: (0.0625, 0), output: (1 / 256, -128),
      codes: """
        80808080808080808080808080808080808080808080808080808080808181818181818181818181\
        8181818181818282828282828282828383838383848484848585858686868787888888898a8a8b8b\
        8c8d8e8f8f90919293959697989a9b9d9fa0a2a4a6a8aaacafb1b4b6b9bcbfc2c5c8cbcfd2d6d9dd\
        e1e4e8ecf0f4f8fc0004080c1014181c1f23272a2e3135383b3e4144474a4c4f515456585a5c5e60\
        6163656668696a6b6d6e6f707171727374757576767778787879797a7a7a7b7b7b7c7c7c7c7d7d7d\
        7d7d7e7e7e7e7e7e7e7e7e7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f\
        7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
        """),
    KnownTable(
      .logistic, input: (0.0213, -37), output: (1 / 256, -128),
      codes: """
        a0a1a1a2a3a3a4a5a5a6a7a7a8a9aaaaabacadadaeafb0b1b2b2b3b4b5b6b7b8b9babbbcbdbebfc0\
        c1c2c3c4c5c6c7c8c9cacbcdcecfd0d1d2d4d5d6d7d8dadbdcdddfe0e1e3e4e5e6e8e9eaecedeef0\
        f1f2f4f5f6f8f9fbfcfdff000103040507080a0b0c0e0f101213141617181a1b1c1d1f2021232425\
        2628292a2b2c2e2f3031323335363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4e4f\
        505152535354555656575859595a5b5b5c5d5d5e5f5f606061626263636464656566666767686869\
        696a6a6a6b6b6c6c6c6d6d6e6e6e6f6f6f7070707171717172727273737373747474747575757576\
        76767676777777777777787878787878
        """),
    KnownTable(
      .tanh, input: (0.03125, 5), output: (1 / 128, 0),
      codes: """
        80808080808080808080808080808080808080808080808080808080808080808080818181818181\
        81818181818181818181818282828282828282828383838383848484848585858686868787888888\
        898a8a8b8b8c8d8e8f8f90919293959697989a9b9d9fa0a2a4a6a8aaacafb1b4b6b9bcbfc2c5c8cb\
        cfd2d6d9dde1e4e8ecf0f4f8fc0004080c1014181c1f23272a2e3135383b3e4144474a4c4f515456\
        585a5c5e606163656668696a6b6d6e6f707171727374757576767778787879797a7a7a7b7b7b7c7c\
        7c7c7d7d7d7d7d7e7e7e7e7e7e7e7e7e7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f\
        7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
        """),
    KnownTable(
      .tanh, input: (0.0117, -128), output: (1 / 128, 0),
      codes: """
        000103040607090a0c0d0f101213151618191b1c1d1f202223242627282a2b2c2e2f303233343537\
        38393a3b3d3e3f4041424344464748494a4b4c4d4e4e4f50515253545556565758595a5a5b5c5c5d\
        5e5f5f60616162626364646565666667686869696a6a6a6b6b6c6c6d6d6d6e6e6f6f6f7070707171\
        7172727273737374747474757575757676767676777777777778787878787979797979797a7a7a7a\
        7a7a7a7a7b7b7b7b7b7b7b7b7c7c7c7c7c7c7c7c7c7c7c7d7d7d7d7d7d7d7d7d7d7d7d7d7d7d7e7e\
        7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7e7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f\
        7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
        """),
    KnownTable(
      .hardSwish, input: (0.0471, 3), output: (0.0255, -113),
      codes: """
        8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f\
        8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8e8d8d8c8b8a898988878786\
        86858584848383828282828181818181808080808080808181818181818282828383838484858586\
        87878889898a8b8c8c8d8e8f9091929394959697989a9b9c9d9fa0a1a3a4a6a7a9aaacaeafb1b3b4\
        b6b8babbbdbfc1c3c5c7c9cbcdcfd2d4d6d8dadddfe1e4e6e9ebeef0f3f5f8fbfd00030507090b0d\
        0e10121416181a1b1d1f21232526282a2c2e3032333537393b3d3e40424446484a4b4d4f51535556\
        585a5c5e6062636567696b6d6e707274
        """),
    KnownTable(
      .hardSwish, input: (0.0123, -60), output: (0.0088, -20),
      codes: """
        cacacacbcbcbcccccccdcdcdcececfcfcfd0d0d1d1d1d2d2d3d3d4d4d5d5d6d6d7d7d8d8d9d9dada\
        dbdbdcdcdddddedfdfe0e0e1e2e2e3e3e4e5e5e6e7e7e8e9e9eaebebecededeeeff0f0f1f2f3f3f4\
        f5f6f6f7f8f9fafafbfcfdfefeff00010203040405060708090a0b0c0d0d0e0f1011121314151617\
        18191a1b1c1d1e1f2021222324262728292a2b2c2d2e2f31323334353637393a3b3c3d3e40414243\
        454647484a4b4c4d4f50515254555658595a5c5d5e60616264656668696b6c6d6f70727374767779\
        7a7c7d7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f\
        7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f
        """),
    KnownTable(
      .leakyRelu(alpha: 0.1), input: (0.05, -20), output: (0.04, -90),
      codes: """
        989899999999999999999a9a9a9a9a9a9a9a9b9b9b9b9b9b9b9b9c9c9c9c9c9c9c9c9d9d9d9d9d9d\
        9d9d9e9e9e9e9e9e9e9e9f9f9f9f9f9f9f9fa0a0a0a0a0a0a0a0a1a1a1a1a1a1a1a1a2a2a2a2a2a2\
        a2a2a3a3a3a3a3a3a3a3a4a4a4a4a4a4a4a4a5a5a5a5a5a5a5a5a6a6a6a7a9aaabacaeafb0b1b3b4\
        b5b6b8b9babbbdbebfc0c2c3c4c5c7c8c9cacccdcecfd1d2d3d4d6d7d8d9dbdcdddee0e1e2e3e5e6\
        e7e8eaebecedeff0f1f2f4f5f6f7f9fafbfcfeff00010304050608090a0b0d0e0f10121314151718\
        191a1c1d1e1f21222324262728292b2c2d2e30313233353637383a3b3c3d3f40414244454647494a\
        4b4c4e4f50515354555658595a5b5d5e
        """),
    KnownTable(
      .leakyRelu(alpha: 0.3), input: (0.031, 11), output: (0.0295, 17),
      codes: """
        e5e5e6e6e6e7e7e7e7e8e8e8e9e9e9eaeaeaebebebececececedededeeeeeeefefeff0f0f0f1f1f1\
        f2f2f2f2f3f3f3f4f4f4f5f5f5f6f6f6f7f7f7f8f8f8f8f9f9f9fafafafbfbfbfcfcfcfdfdfdfefe\
        fefeffffff00000001010102020203030304040404050505060606070707080808090909090a0a0a\
        0b0b0b0c0c0c0d0d0d0e0e0e0f0f0f0f1010101112131415161718191a1c1d1e1f20212223242526\
        2728292a2b2c2d2e2f3132333435363738393a3b3c3d3e3f4041424344464748494a4b4c4d4e4f50\
        51525354555657585a5b5c5d5e5f606162636465666768696a6b6c6d6f707172737475767778797a\
        7b7c7d7e7f7f7f7f7f7f7f7f7f7f7f7f
        """),
  ]
}
