import BigInt
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

/// gemmlowp's fixed-point softmax on integers of any size, its constants computed from series: nothing
/// is shared with the kernel but the algorithm.
private enum ExactSoftmax {
  /// e^−x for the rational x = numerator / denominator, times 2^bits, to the nearest integer.
  static func exponential(_ numerator: BigInt, _ denominator: BigInt, bits: Int) -> BigInt {
    // Σ (−x)^k / k! in units of 2^−200; e^−16 needs about 80 terms.
    let unit = BigInt(2).power(200)
    var (sum, term) = (unit, unit)
    for k in 1...200 {
      term = term * -numerator / (denominator * BigInt(k))
      sum += term
    }
    return Exact.rounded(sum, over: BigInt(2).power(200 - bits), ties: .up)
  }

  /// e^a for a ≤ 0 in Q5.26, as Q0.31.
  static func exponential(_ a: BigInt) -> BigInt {
    if a == 0 { return BigInt(Int32.max) }
    let quarter = BigInt(2).power(24)
    // a = fraction − rest, fraction in [−1/4, 0) and rest a multiple of 1/4.
    var fraction = a.modulus(quarter)
    fraction -= quarter
    let x = (fraction << 5) + BigInt(2).power(28)
    let x2 = product(x, x)
    let x3 = product(x2, x)
    let x4 = product(x2, x2)
    let third = Exact.rounded(BigInt(2).power(31), over: 3, ties: .up)
    let inner = product(halved(x4, 2) + x3, third) + x2
    let constant = exponential(1, 8, bits: 31)
    var result = constant + product(constant, x + halved(inner, 1))
    var quarters = (fraction - a) / quarter
    var power = BigInt(1)  // in quarters
    while quarters > 0 {
      if quarters % 2 == 1 { result = product(result, exponential(power, 4, bits: 31)) }
      quarters /= 2
      power *= 2
    }
    return result
  }

  /// 1 / (1 + f) for f in [0, 1), both Q0.31: Newton's method on 2 / (1 + f) in Q2.29.
  static func reciprocal(_ f: BigInt) -> BigInt {
    let half = Exact.rounded(f + BigInt(Int32.max), over: 2, ties: .up)
    let q29 = BigInt(2).power(29)
    var estimate =
      Exact.rounded(48 * q29, over: 17, ties: .awayFromZero)
      + product(half, Exact.rounded(-32 * q29, over: 17, ties: .awayFromZero))
    for _ in 0..<3 {
      let correction = product(estimate, q29 - product(half, estimate)) * 4
      estimate += BigInt(Exact.saturated(correction))
    }
    return BigInt(Exact.saturated(estimate * 2))
  }

  static func softmax(
    _ codes: [Int], _ parameters: SoftmaxParameters, _ rounding: RequantizationRounding,
    least: Int, bits: Int
  ) -> [Int] {
    let greatest = codes.max() ?? 0
    let terms: [BigInt?] = codes.map { code in
      let difference = code - greatest
      guard difference >= Int(parameters.minimumDifference) else { return nil }
      return exponential(
        BigInt(Exact.scale(Int32(difference), parameters.multiplier, rounding)))
    }
    let sum = terms.reduce(BigInt(0)) { $0 + ($1.map { halved($0, 12) } ?? 0) }
    // sum · 2^−19 = (1 + f) · 2^exponent
    var exponent = -19
    while sum >= BigInt(2).power(exponent + 20) { exponent += 1 }
    let f = sum * BigInt(2).power(31) / BigInt(2).power(exponent + 19) - BigInt(2).power(31)
    let fraction = reciprocal(f)
    return terms.map { term in
      guard let term else { return least }
      let probability = halved(product(fraction, term), exponent + 31 - bits)
      return min(Int(probability) + least, least + 1 << bits - 1)
    }
  }

  private static func product(_ a: BigInt, _ b: BigInt) -> BigInt {
    Exact.rounded(a * b, over: BigInt(2).power(31), ties: .up)
  }

  private static func halved(_ value: BigInt, _ times: Int) -> BigInt {
    Exact.rounded(value, over: BigInt(2).power(times), ties: .awayFromZero)
  }
}

@Suite("Softmax follows gemmlowp's fixed point exactly")
struct SoftmaxTests {
  @Test("the exponential has the bits of exact arithmetic, and is close to e^x")
  func exponential() {
    var generator = SplitMix64(seed: 5)
    var values: [Int32] = [0, -1, -2, .min, .min + 1, -(1 << 24), -(1 << 24) - 1, -(1 << 24) + 1]
    for bit in 0..<31 { values += [-(1 << Int32(bit)), -(1 << Int32(bit)) - 1] }
    for _ in 0..<300 {
      values.append(-Int32(generator.integer(0...Int(Int32.max))) >> generator.integer(0...10))
    }
    for value in values {
      let result = GemmlowpMath.exponential(ofNegative: value)
      #expect(BigInt(result) == ExactSoftmax.exponential(BigInt(value)), "\(value)")
      let real = ExactSoftmax.exponential(-BigInt(value), BigInt(2).power(26), bits: 31)
      // The polynomial of degree 4 errs by less than (1/8)^5 / 5! < 2^−21.
      #expect(abs(Int(result) - Int(real)) < 1 << 10, "\(value)")
    }
  }

  @Test("the reciprocal has the bits of exact arithmetic, and is close to 1/x")
  func reciprocal() {
    var generator = SplitMix64(seed: 6)
    var values: [Int32] = [1, 2, 3, 1 << 19, (1 << 19) + 1, .max, 1 << 30, (1 << 30) - 1]
    for _ in 0..<300 {
      values.append(Int32(generator.integer(1...Int(Int32.max))) >> generator.integer(0...20))
    }
    for value in values where value > 0 {
      let (fraction, exponent) = GemmlowpMath.reciprocal(of: value, integerBits: 12)
      // value · 2^−19 = (1 + f) · 2^exponent
      let f =
        BigInt(value) * BigInt(2).power(31) / BigInt(2).power(Int(exponent) + 19)
        - BigInt(2).power(31)
      #expect(f >= 0 && f < BigInt(2).power(31), "\(value)")
      #expect(BigInt(fraction) == ExactSoftmax.reciprocal(f), "\(value)")
      let real = BigInt(2).power(62) / (BigInt(2).power(31) + f)
      #expect(abs(BigInt(fraction) - real) < 64, "\(value)")
    }
  }

  @Test(
    "whole rows have the bits of exact arithmetic",
    arguments: UInt64(1)...8, ArithmeticProfile.ofEveryModel)
  func rows(seed: UInt64, profile: ArithmeticProfile) throws {
    let type: ElementType = seed % 4 == 0 ? .uint8 : .int8
    var random = RandomGraph(seed: seed, arithmetic: profile, .softmax, type: type)
    let graph = random.builder.graph
    guard case .softmax(let parameters) = graph.operations[0].kind else {
      Issue.record("not a softmax")
      return
    }
    let codes = random.inputs()[0]
    let length = graph.tensors[0].shape.last ?? 1
    let least = Int(graph.tensors[1].elementType.minimumCode)
    var expected: [Int] = []
    for start in stride(from: 0, to: codes.count, by: length) {
      expected += ExactSoftmax.softmax(
        Array(codes[start..<start + length]), parameters, profile.rounding, least: least,
        bits: 8 * graph.tensors[1].elementType.byteCount(of: 1))
    }
    let interpreter = try Interpreter(graph: graph)
    #expect(interpreter.codes(for: [codes]) == expected, "seed \(seed)")
  }

  @Test("a sum of 512 or more ones gives probability 0, where TFLite aborts")
  func manyEqual() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [4095])
    let y = builder.activation("y", [4095], zeroPoint: -128, scaleBits: 0x3b80_0000)
    let parameters = SoftmaxParameters(
      multiplier: FixedPointMultiplier(multiplier: 1 << 30, shift: 20), minimumDifference: -248)
    builder.operation("softmax", .softmax(parameters), [x], y)
    builder.graph.outputs = [y]
    let interpreter = try Interpreter(graph: builder.graph)
    let codes = interpreter.codes(for: [[Int](repeating: 3, count: 4095)])
    #expect(codes == [Int](repeating: -128, count: 4095))
  }
}
