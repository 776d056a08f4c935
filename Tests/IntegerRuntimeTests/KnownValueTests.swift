import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

/// Codes that TFLite Micro itself computed (PyPI `tflite-micro` 0.dev20261023182759) on a model of
/// one operator with random tensors and scales.
struct KnownCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let inputs: [[Int]]
  let codes: [Int]
  let build: @Sendable (inout GraphBuilder) -> TensorIndex

  init(
    _ name: String, inputs: [[Int]], gives codes: [Int],
    _ build: @escaping @Sendable (inout GraphBuilder) -> TensorIndex
  ) {
    testDescription = name
    self.inputs = inputs
    self.codes = codes
    self.build = build
  }
}

@Suite("Profile tflm gives the codes of TFLite Micro")
struct KnownValueTests {
  @Test("for operators of 16 bits, of mixed types, and transposed", arguments: knownCases)
  func known(_ knownCase: KnownCase) throws {
    var builder = GraphBuilder()
    builder.graph.outputs = [knownCase.build(&builder)]
    for kernels in [KernelChoice.reference, .portable] {
      let interpreter = try Interpreter(
        graph: builder.graph, options: RunOptions(kernels: kernels))
      #expect(interpreter.codes(for: knownCase.inputs) == knownCase.codes, "\(kernels.rawValue)")
    }
  }
}

private let knownCases: [KnownCase] = [
  KnownCase(
    "convolution int16 bias int64",
    inputs: [
      [
        31_911, 1609, 15_927, 32_767, -22_883, -32_768, 30_288, 23_179, 5662, 4654, 32_767, 3106,
        -14_410, -32_768, -4791, 32_767, -24_700, 32_767, -27_465, 10_511, -32_768, -32_768,
        -12_900, 14_595, -2407, 24_357, -32_768, 32_767, 32_767, -10_975,
      ]
    ], gives: [0, 14_748, 0, 3249, 0, 26_305, 0, 15_604]
  ) {
    let x = $0.input("x", [2, 3, 1, 5], .int16)
    let w = $0.constant(
      "w", [2, 2, 1, 5], .int8,
      [
        -116, -88, -46, -105, 127, -127, -127, -20, -15, -127, 75, -88, -4, -54, 127, -72, 11, 4,
        89, -80,
      ])
    let b = $0.constant("b", [2], .int64, [-32_768_000, 12_749_098])
    let y = $0.activation("y", [2, 2, 1, 2], .int16)
    $0.operation(
      "op",
      .convolution(
        ConvolutionParameters(
          stride: SpatialPair(height: 1, width: 3), padding: SpatialPadding(),
          multipliers: [
            FixedPointMultiplier(multiplier: 2_108_004_392, shift: -9),
            FixedPointMultiplier(multiplier: 1_230_454_686, shift: -9),
          ], clamp: CodeRange(minimum: 0, maximum: 32767), accumulator: .int64)), [x, w, b], y)
    return y
  },
  KnownCase(
    "convolution int16 bias int32",
    inputs: [
      [
        -17_000, -1554, 26_303, -14_931, -3676, -23_295, -17_115, -32_768, -14_406, -5129, 22_884,
        -32_768, 32_767, 18_489, 31_376, 7300, -32_768, 20_847, 32_767, -32_768, -32_768, -441,
        -25_723, -17_257, 30_976, -5417, 9899, 32_767, 32_767, -32_768, 32_767, -9902,
      ]
    ],
    gives: [
      1772, -26_026, -3756, -32_768, -5002, -16_759, -8638, -32_317, -10_249, -8580, 11_651, 32_767,
      -13_325, -32_768, -7691, 7292,
    ]
  ) {
    let x = $0.input("x", [1, 4, 4, 2], .int16)
    let w = $0.constant(
      "w", [2, 3, 1, 2], .int8, [43, -30, -88, 62, 55, 57, -70, -59, 1, 127, 127, 127])
    let b = $0.constant("b", [2], .int32, [1_048_576, -1_048_576])
    let y = $0.activation("y", [1, 2, 4, 2], .int16)
    $0.operation(
      "op",
      .convolution(
        ConvolutionParameters(
          stride: SpatialPair(height: 2, width: 1), padding: SpatialPadding(bottom: 1),
          multipliers: [
            FixedPointMultiplier(multiplier: 1_392_075_940, shift: -8),
            FixedPointMultiplier(multiplier: 1_837_489_660, shift: -6),
          ], clamp: .int16)), [x, w, b], y)
    return y
  },
  KnownCase(
    "depthwise convolution int16 bias int64",
    inputs: [
      [
        11_611, 7082, -32_768, 14_713, 32_767, 12_967, -12_146, -8809, -20_783, 28_672, -6746,
        -31_969, -19_871, 20_817, -7447, 32_767, 23_208, 19_308, 32_767, 22_948, 32_767, 17_469,
        -1934, -21_412, -25_820, 18_271, 1662, -16_381,
      ]
    ], gives: [3512, 2160, 5297, 3526, 1876, 2528]
  ) {
    let x = $0.input("x", [2, 2, 7, 1], .int16)
    let w = $0.constant("w", [1, 1, 2, 1], .int8, [-30, -22])
    let b = $0.constant("b", [1], .int64, [2_213_331])
    let y = $0.activation("y", [2, 1, 3, 1], .int16)
    $0.operation(
      "op",
      .depthwiseConvolution(
        ConvolutionParameters(
          stride: SpatialPair(height: 2, width: 3), padding: SpatialPadding(right: 1),
          multipliers: [FixedPointMultiplier(multiplier: 1_129_632_015, shift: -8)], clamp: .int16,
          accumulator: .int64)), [x, w, b], y)
    return y
  },
  KnownCase(
    "fully connected int16 bias int64", inputs: [[-1839, -18_268, -26_957, 16_102]],
    gives: [32_767, 31_269, 9987, -32_768, -15_027, 32_767, 16_030, 32_767, 22_483, 32_767]
  ) {
    let x = $0.input("x", [2, 2], .int16)
    let w = $0.constant("w", [5, 2], .int8, [-40, -88, -110, -127, -93, 114, -99, 127, -67, 101])
    let b = $0.constant("b", [5], .int64, [4_215_984, 764_868, 2_961_377, -2_350_133, 142_171])
    let y = $0.activation("y", [2, 5], .int16)
    $0.operation(
      "op",
      .fullyConnected(
        FullyConnectedParameters(
          multipliers: [FixedPointMultiplier(multiplier: 1_307_378_076, shift: -6)], clamp: .int16,
          accumulator: .int64)), [x, w, b], y)
    return y
  },
  KnownCase(
    "transposed convolution int16 bias int64",
    inputs: [[11_766, 16_430, -32_768, 20_144, -4407, -14_886, 31_363, -22_558, -3939, -32_768]],
    gives: [
      32_767, -6672, 32_767, -14_259, -32_768, 32_767, 32_767, -20_300, 3177, 19_636, -18_913,
      32_767, 32_767, -32_768, -32_768, 32_767, 4164, 18_875, -32_768, 32_767,
    ]
  ) {
    let x = $0.input("x", [2, 5, 1, 1], .int16)
    let w = $0.constant("w", [1, 1, 3, 1], .int8, [127, -98, -81])
    let b = $0.constant("b", [1], .int64, [751_104])
    let y = $0.activation("y", [2, 5, 2, 1], .int16)
    $0.operation(
      "op",
      .transposeConvolution(
        TransposeConvolutionParameters(
          stride: SpatialPair(height: 1, width: 2), padding: SpatialPadding(),
          multipliers: [FixedPointMultiplier(multiplier: 1_140_659_809, shift: -5)], clamp: .int16,
          accumulator: .int64)), [x, w, b], y)
    return y
  },
  KnownCase(
    "transposed convolution int8 bias int32 fused activation",
    inputs: [[-66, 127, 55, -108, -121, 103, 76, -1]],
    gives: [
      -98, 127, -98, 127, 51, 127, 51, 127, 51, 127, 51, 127, 127, 127, -98, -98, 51, 127, 51, 127,
      51, 127, 51, 127, -98, 14, -98, -98, 51, 127, 51, 127, 51, 127, 51, 127, 127, 127, -98, 127,
      51, 127, 51, 127,
    ]
  ) {
    let x = $0.input("x", [1, 4, 2, 1], .int8, zeroPoint: 125)
    let w = $0.constant("w", [2, 1, 3, 1], .int8, [-103, 37, 127, -60, 127, 127])
    let b = $0.constant("b", [2], .int32, [-2046, 26_878])
    let y = $0.activation("y", [1, 11, 2, 2], .int8, zeroPoint: 127)
    $0.operation(
      "op",
      .transposeConvolution(
        TransposeConvolutionParameters(
          stride: SpatialPair(height: 3, width: 1), padding: SpatialPadding(left: 1),
          multipliers: [FixedPointMultiplier(multiplier: 1_274_473_119, shift: -4)],
          clamp: CodeRange(minimum: -98, maximum: 127))), [x, w, b], y)
    return y
  },
  KnownCase(
    "leaky int16",
    inputs: [
      [
        -30_424, 16_649, -5924, -32_768, -12_166, -32_768, 32_767, -21_460, 32_767, 19_924, 20_602,
        29_671, -32_768, 27_010, 21_690, -18_148, -32_768, 6954,
      ]
    ],
    gives: [
      -206, 11_294, -40, -222, -83, -222, 22_228, -146, 22_228, 13_516, 13_975, 20_127, -222,
      18_322, 14_713, -123, -222, 4717,
    ]
  ) {
    let x = $0.input("x", [18], .int16)
    let y = $0.activation("y", [18], .int16)
    $0.operation(
      "op",
      .leakyRelu(
        LeakyReluParameters(
          positive: FixedPointMultiplier(multiplier: 1_456_753_920, shift: 0),
          negative: FixedPointMultiplier(multiplier: 1_864_644_992, shift: -7))), [x], y)
    return y
  },
  KnownCase(
    "leaky int8",
    inputs: [
      [24, -36, 32, -40, 52, 37, -128, 103, -45, -128, 127, 48, 127, -44, -128, -6, -94, 127]
    ], gives: [60, 0, 68, 0, 88, 73, -9, 127, -1, -9, 127, 84, 127, -1, -9, 30, -6, 127]
  ) {
    let x = $0.input("x", [18], .int8, zeroPoint: -36)
    let y = $0.activation("y", [18], .int8)
    $0.operation(
      "op",
      .leakyRelu(
        LeakyReluParameters(
          positive: FixedPointMultiplier(multiplier: 1_073_741_824, shift: 1),
          negative: FixedPointMultiplier(multiplier: 1_717_986_944, shift: -3))), [x], y)
    return y
  },
  KnownCase(
    "add int16",
    inputs: [
      [29_137, -7728, 10_410, 2128, -28_925, 8154, 6464, -31_361, 13_889, -8235, -8327, -27_924],
      [
        -26_625, -22_191, -4859, -6440, 32_767, -27_222, 13_719, 30_491, -31_334, -18_362, 18_560,
        32_767,
      ],
    ], gives: [5463, -7075, 2847, -466, -4205, -2273, 4986, -5527, -981, -6522, 545, -3841]
  ) {
    let a = $0.input("a", [4, 3], .int16)
    let b = $0.input("b", [4, 3], .int16)
    let y = $0.activation("y", [4, 3], .int16)
    $0.operation(
      "op",
      .add(
        AddParameters(
          leftShift: 15, first: FixedPointMultiplier(multiplier: 1_073_741_824, shift: 0),
          second: FixedPointMultiplier(multiplier: 1_137_035_293, shift: -1),
          output: FixedPointMultiplier(multiplier: 1_560_009_407, shift: -15), clamp: .int16)),
      [a, b], y)
    return y
  },
  KnownCase(
    "sub int16",
    inputs: [
      [
        8952, 27_177, -13_686, 26_849, -32_112, 32_767, -32_768, -2198, 13_646, 21_767, -32_768,
        23_014, -26_134, -699, 32_767, 27_284, -4061, -31_889,
      ], [-26_599],
    ],
    gives: [
      7954, 9895, 5543, 9860, 3580, 10_490, 3511, 6766, 8454, 9319, 3511, 9451, 4217, 6926, 10_490,
      9906, 6568, 3604,
    ]
  ) {
    let a = $0.input("a", [2, 3, 3], .int16)
    let b = $0.input("b", [1], .int16)
    let y = $0.activation("y", [2, 3, 3], .int16)
    $0.operation(
      "op",
      .subtract(
        AddParameters(
          leftShift: 15, first: FixedPointMultiplier(multiplier: 1_738_041_344, shift: -2),
          second: FixedPointMultiplier(multiplier: 1_073_741_824, shift: 0),
          output: FixedPointMultiplier(multiplier: 1_130_348_416, shift: -15), clamp: .int16)),
      [a, b], y)
    return y
  },
  KnownCase(
    "mul int16",
    inputs: [
      [32_767, -14_728, -23_745, -6633, 31_226, 3805, -12_304, 32_767, 436, 1633, 9159, -19_039],
      [
        32_767, -1856, 6704, -6510, 32_767, -32_768, 27_788, 32_767, -32_768, -32_768, -14_773,
        -25_115,
      ],
    ], gives: [29_755, 758, -4412, 1197, 28_355, -3455, -9475, 29_755, -396, -1483, -3750, 13_251]
  ) {
    let a = $0.input("a", [3, 1, 4], .int16)
    let b = $0.input("b", [3, 1, 4], .int16)
    let y = $0.activation("y", [3, 1, 4], .int16)
    $0.operation(
      "op",
      .multiply(
        MultiplyParameters(
          multiplier: FixedPointMultiplier(multiplier: 1_950_121_271, shift: -15), clamp: .int16)),
      [a, b], y)
    return y
  },
  KnownCase(
    "average pool int16",
    inputs: [
      [
        -8725, 3466, -26_155, -24_137, 13_884, 19_755, 32_767, 32_767, -32_768, 32_767, 6268,
        20_579, 14_648, -27_189, 17_881, 32_767, -32_400, -24_301,
      ]
    ],
    gives: [
      15_069, -5673, -12_573, 7196, 15_122, 20_167, 13_248, -2327, 12_662, 9851, -7464, -1861,
      -6271, -4654, 25_324, 184, -28_351, -24_301,
    ]
  ) {
    let x = $0.input("x", [1, 3, 6, 1], .int16)
    let y = $0.activation("y", [1, 3, 6, 1], .int16)
    $0.operation(
      "op",
      .averagePool(
        PoolParameters(
          window: SpatialPair(height: 2, width: 2), stride: SpatialPair(height: 1, width: 1),
          padding: SpatialPadding(bottom: 1, right: 1), clamp: .int16)), [x], y)
    return y
  },
  KnownCase(
    "mean int16",
    inputs: [
      [
        -11_199, -2309, -16_487, -32_768, 32_767, 32_767, -15_699, -32_768, -32_768, 5864, -23_180,
        -1381, -16_678, 32_767, 32_767, 32_767, -32_768, -32_768, -15_132, 10_154, 6037, -16_326,
        876, 6863, -32_768, 8873, 17_576, 7693, 30_672, -18_194,
      ]
    ], gives: [-12_013, 2195, 936, -364, 1099, -1670]
  ) {
    let x = $0.input("x", [1, 5, 3, 2], .int16)
    let y = $0.activation("y", [3, 2], .int16)
    $0.operation(
      "op",
      .mean(
        ReduceParameters(
          axes: [0, 1], keepsDimensions: false,
          multiplier: FixedPointMultiplier(multiplier: 1_128_078_348, shift: -2))), [x], y)
    return y
  },
  KnownCase(
    "quantize int16->int8",
    inputs: [
      [
        -21_731, -32_768, -5360, 10_632, 21_848, -13_523, 4793, -2470, 23_199, -2947, -16_712,
        -31_436, -32_768, -3292, 11_538, 20_239, -20_572, 4328,
      ]
    ], gives: [-48, -78, -3, 41, 72, -25, 25, 5, 76, 4, -34, -74, -78, 3, 44, 68, -44, 24]
  ) {
    let x = $0.input("x", [18], .int16)
    let y = $0.activation("y", [18], .int8, zeroPoint: 12)
    $0.operation(
      "op", .requantize(FixedPointMultiplier(multiplier: 1_509_019_055, shift: -8)), [x], y)
    return y
  },
  KnownCase(
    "quantize int8->int16",
    inputs: [
      [23, 63, 4, -128, -128, 31, 88, 21, -54, 69, -111, -128, -85, -40, -53, -32, 23, -92]
    ],
    gives: [
      7671, 21_011, 1334, -32_768, -32_768, 10_339, 29_349, 7004, -18_009, 23_012, -32_768, -32_768,
      -28_348, -13_340, -17_676, -10_672, 7671, -30_683,
    ]
  ) {
    let x = $0.input("x", [18], .int8)
    let y = $0.activation("y", [18], .int16)
    $0.operation(
      "op", .requantize(FixedPointMultiplier(multiplier: 1_398_824_589, shift: 9)), [x], y)
    return y
  },
  KnownCase(
    "quantize uint8->int8",
    inputs: [[0, 69, 57, 201, 92, 255, 77, 34, 95, 255, 0, 240, 219, 34, 22, 54, 147, 243]],
    gives: [
      -128, -128, -128, 127, -113, 127, -128, -128, -103, 127, -128, 127, 127, -128, -128, -128, 75,
      127,
    ]
  ) {
    let x = $0.input("x", [18], .uint8, zeroPoint: 125)
    let y = $0.activation("y", [18], .int8)
    $0.operation(
      "op", .requantize(FixedPointMultiplier(multiplier: 1_836_376_706, shift: 2)), [x], y)
    return y
  },
  KnownCase(
    "quantize int8->uint8",
    inputs: [
      [-128, -37, -62, 127, -20, 127, -83, 26, 101, -114, 95, 59, -40, -108, 127, -29, -128, 5]
    ], gives: [0, 80, 53, 255, 99, 255, 29, 150, 233, 0, 226, 186, 77, 2, 255, 89, 0, 127]
  ) {
    let x = $0.input("x", [18], .int8, zeroPoint: -87)
    let y = $0.activation("y", [18], .uint8, zeroPoint: 25)
    $0.operation(
      "op", .requantize(FixedPointMultiplier(multiplier: 1_186_716_932, shift: 1)), [x], y)
    return y
  },
  KnownCase(
    "quantize int32->int8",
    inputs: [
      [
        6098, 12_203, -32_768, -32_768, -32_768, -32_768, -278, -6896, 26_155, -27_636, 32_767,
        3979, -10_564, -29_433, -20_986, -8019, 20_369, 19_768,
      ]
    ],
    gives: [
      127, 127, -128, -128, -128, -128, 73, -23, 127, -128, 127, 127, -76, -128, -128, -39, 127,
      127,
    ]
  ) {
    let x = $0.input("x", [18], .int32, zeroPoint: -66)
    let y = $0.activation("y", [18], .int8, zeroPoint: 76)
    $0.operation(
      "op", .requantize(FixedPointMultiplier(multiplier: 1_992_267_982, shift: -6)), [x], y)
    return y
  },
  KnownCase(
    "quantize int16->int32",
    inputs: [
      [
        3786, -32_768, 827, -1062, 9087, 18_727, -32_768, 24_367, 5203, 32_767, -32_768, -17_778,
        -30_023, 20_805, -7910, 25_294, 31_054, 13_844,
      ]
    ],
    gives: [
      68, -588, 15, -19, 163, 336, -588, 437, 93, 588, -588, -319, -539, 373, -142, 454, 557, 248,
    ]
  ) {
    let x = $0.input("x", [18], .int16)
    let y = $0.activation("y", [18], .int32)
    $0.operation(
      "op", .requantize(FixedPointMultiplier(multiplier: 1_232_919_120, shift: -5)), [x], y)
    return y
  },
]
