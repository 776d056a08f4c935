/// Logistic and hyperbolic tangent of 16-bit codes, by lines between the entries of one table.
///
/// Both are symmetric, and tanh x = 2 · σ(2x) − 1: the table of σ for x ≥ 0 serves both. Its entries
/// are 1/24 apart, so that |x| in Q3.12, times 3, is the position in the table in Q8.9.
package enum SixteenBitMath {
  /// 1 / (1 + e^−x) for x = `code` / 2^12, in Q0.15.
  ///
  /// Bit-exact with TFLite `reference_integer_ops::Logistic` for int16 whose input scale is 2^−12.
  package static func logistic(_ code: Int32) -> Int32 { logistic(at: code * 3) }

  /// 1 / (1 + e^−x) for x = `position` / 12288, in Q0.15.
  package static func logistic(at position: Int32) -> Int32 {
    let magnitude = position.magnitude
    // σ(|x|) in Q0.25: half an entry's unit is 2^8, and it is rounded off to Q0.15.
    let sigma = interpolated(at: magnitude, fractionBits: 9, saturation: 0x7fff << 10)
    let half: Int32 = 1 << 9
    return (position >= 0 ? sigma + half : (1 << 25) - sigma + half - 1) >> 10
  }

  /// tanh x for x = `code` · 2^`exponent`, in Q0.15; `exponent` in −24…0.
  ///
  /// Bit-exact with TFLite `reference_integer_ops::Tanh` for int16 as TFLite Micro's LSTM calls it.
  package static func tanh(_ code: Int32, exponent: Int32) -> Int32 {
    let shift = 12 + exponent  // to Q3.12
    return tanh(
      at: shift >= 0 ? (code * 3) << shift : (code * 3 + 1 << (-shift - 1)) >> -shift)
  }

  /// tanh x for x = `position` / 12288, in Q0.15.
  package static func tanh(at position: Int32) -> Int32 {
    // σ(2|x|) in Q0.24, to 2 · σ − 1 in Q0.15.
    let sigma = interpolated(at: position.magnitude, fractionBits: 8, saturation: 0xffff << 8)
    let (one, half): (Int32, Int32) = (1 << 23, 1 << 7)
    return (position >= 0 ? sigma - one + half : one - sigma + half - 1) >> 8
  }

  /// The table at `position`, which has that many fractional bits, in units of 2^−fractionBits;
  /// `saturation` from the last entry on.
  private static func interpolated(
    at position: UInt32, fractionBits: UInt32, saturation: Int32
  ) -> Int32 {
    let index = Int(position >> fractionBits)
    guard index < 255 else { return saturation }
    let (lower, upper) = (Int32(sigmoidTable[index]), Int32(sigmoidTable[index + 1]))
    let fraction = Int32(truncatingIfNeeded: position & ((1 << fractionBits) - 1))
    return lower << Int32(fractionBits) + fraction * (upper - lower)
  }
}

/// σ(i / 24) in Q0.16, each raised by a sixteenth of the curvature there, which halves the greatest
/// error of the lines in between. They are those of TFLite and CMSIS-NN, `sigmoid_table_uint16`.
package let sigmoidTable: InlineArray<256, UInt16> = [
  32_768, 33_451, 34_133, 34_813, 35_493, 36_169, 36_843, 37_513, 38_180, 38_841, 39_498, 40_149,
  40_794, 41_432, 42_064, 42_688, 43_304, 43_912, 44_511, 45_102, 45_683, 46_255, 46_817, 47_369,
  47_911, 48_443, 48_964, 49_475, 49_975, 50_464, 50_942, 51_409, 51_865, 52_311, 52_745, 53_169,
  53_581, 53_983, 54_374, 54_755, 55_125, 55_485, 55_834, 56_174, 56_503, 56_823, 57_133, 57_433,
  57_724, 58_007, 58_280, 58_544, 58_800, 59_048, 59_288, 59_519, 59_743, 59_959, 60_168, 60_370,
  60_565, 60_753, 60_935, 61_110, 61_279, 61_441, 61_599, 61_750, 61_896, 62_036, 62_172, 62_302,
  62_428, 62_549, 62_666, 62_778, 62_886, 62_990, 63_090, 63_186, 63_279, 63_368, 63_454, 63_536,
  63_615, 63_691, 63_765, 63_835, 63_903, 63_968, 64_030, 64_090, 64_148, 64_204, 64_257, 64_308,
  64_357, 64_405, 64_450, 64_494, 64_536, 64_576, 64_614, 64_652, 64_687, 64_721, 64_754, 64_786,
  64_816, 64_845, 64_873, 64_900, 64_926, 64_950, 64_974, 64_997, 65_019, 65_039, 65_060, 65_079,
  65_097, 65_115, 65_132, 65_149, 65_164, 65_179, 65_194, 65_208, 65_221, 65_234, 65_246, 65_258,
  65_269, 65_280, 65_291, 65_301, 65_310, 65_319, 65_328, 65_337, 65_345, 65_352, 65_360, 65_367,
  65_374, 65_381, 65_387, 65_393, 65_399, 65_404, 65_410, 65_415, 65_420, 65_425, 65_429, 65_433,
  65_438, 65_442, 65_445, 65_449, 65_453, 65_456, 65_459, 65_462, 65_465, 65_468, 65_471, 65_474,
  65_476, 65_479, 65_481, 65_483, 65_485, 65_488, 65_489, 65_491, 65_493, 65_495, 65_497, 65_498,
  65_500, 65_501, 65_503, 65_504, 65_505, 65_507, 65_508, 65_509, 65_510, 65_511, 65_512, 65_513,
  65_514, 65_515, 65_516, 65_517, 65_517, 65_518, 65_519, 65_520, 65_520, 65_521, 65_522, 65_522,
  65_523, 65_523, 65_524, 65_524, 65_525, 65_525, 65_526, 65_526, 65_526, 65_527, 65_527, 65_528,
  65_528, 65_528, 65_529, 65_529, 65_529, 65_529, 65_530, 65_530, 65_530, 65_530, 65_531, 65_531,
  65_531, 65_531, 65_531, 65_532, 65_532, 65_532, 65_532, 65_532, 65_532, 65_533, 65_533, 65_533,
  65_533, 65_533, 65_533, 65_533, 65_533, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534,
  65_534, 65_534, 65_534, 65_535,
]
