import IntegerModel

/// The ways in which LSTMs of 8-bit codes with 16-bit cells compute.
package enum LSTMArithmetic {
  /// TFLite Micro: σ and tanh by ``SixteenBitMath``; every sum and product is scaled by its multiplier.
  case tables
  /// LiteRT: σ and tanh by ``SixteenBitPolynomials``; products that enter the cell are rounded once, and
  /// the sum over the hidden state is not saturated on its own.
  case polynomials

  /// 1 / (1 + e^−x) for x = `code` / 2^12, in Q0.15.
  @inline(__always)
  func logistic(_ code: Int32) -> Int32 {
    switch self {
    case .tables: SixteenBitMath.logistic(code)
    case .polynomials: SixteenBitPolynomials.logistic(code)
    }
  }

  /// tanh x for x = `code` · 2^`exponent`, in Q0.15; polynomials take −15…−9.
  @inline(__always)
  func tanh(_ code: Int32, exponent: Int32) -> Int32 {
    switch self {
    case .tables: SixteenBitMath.tanh(code, exponent: exponent)
    case .polynomials: SixteenBitPolynomials.tanh(code, integerBits: 15 + exponent)
    }
  }

  /// What a gate reads, in Q3.12, of the two sums that its factors scale; `stage` saturates to 16 bits.
  @inline(__always)
  package func preactivation(
    input: Int32, recurrent: Int32, _ factors: LSTMGate, _ stage: OutputStage
  ) -> Int32 {
    let first = stage.code(input, factors.input)
    return switch self {
    case .tables: Reference.saturated16(first + stage.code(recurrent, factors.recurrent))
    case .polynomials:
      Int32(
        Int16(clamping: Int64(first) + Int64(factors.recurrent.scaleRoundingTwice(recurrent))))
    }
  }

  /// A product of two Q0.15 or of a Q0.15 and a cell, in the cell's codes: · `multiplier`, which is
  /// 2^−`shift`.
  @inline(__always)
  package func cellCode(
    _ product: Int32, _ multiplier: FixedPointMultiplier, shift: Int32, _ stage: OutputStage
  ) -> Int32 {
    switch self {
    case .tables: stage.code(product, multiplier)
    case .polynomials: FixedPoint.roundingDivide(product, byPowerOfTwo: shift)
    }
  }
}
