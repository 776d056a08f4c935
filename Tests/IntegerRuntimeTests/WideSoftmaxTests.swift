import Foundation
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Softmax of 16 bits goes by tables")
struct WideSoftmaxTests {
  @Test("whose entries follow their formula, two excepted that float32 rounds otherwise")
  func tables() {
    func entries(_ function: (Double) -> Double, from least: Double, to greatest: Double) -> [Int] {
      func value(_ step: Double) -> Double {
        function(least + (greatest - least) * step / 512) * 32_768
      }
      func rounded(_ value: Double) -> Double { value.rounded(.toNearestOrAwayFromZero) }
      return (0...512).map { index in
        let step = Double(index)
        let sample = rounded(value(step))
        guard index < 512 else { return Int(min(sample, 32_767)) }
        let line = rounded((value(step + 1) + sample) / 2)
        let error = line - rounded(value(step + 0.5))
        return Int(min(sample - rounded(error / 2), 32_767))
      }
    }
    let exponentials = entries(exp, from: -10, to: 0)
    let reciprocals = entries({ 1 / (1 + $0) }, from: 0, to: 1)
    var differing: [Int] = []
    for index in 0...512 {
      #expect(Int(InterpolationTables.exponential[index]) == exponentials[index], "\(index)")
      let entry = Int(InterpolationTables.reciprocal[index])
      if entry != reciprocals[index] { differing.append(index) }
      #expect(abs(entry - reciprocals[index]) <= 1, "\(index)")
    }
    #expect(differing == [160, 294])
  }

  @Test("between entries runs a straight line, rounded half up", arguments: [0, 1, 63, 64, 127])
  func line(offset: Int) {
    let table = InterpolationTables.exponential
    for index in 0..<512 {
      let (lower, upper) = (Double(table[index]), Double(table[index + 1]))
      let exact = lower + (upper - lower) * Double(offset) / 128
      let code = Int32((index - 256) * 128 + offset)
      #expect(
        InterpolationTables.value(at: code, in: table) == Int32((exact + 0.5).rounded(.down)),
        "\(index)")
    }
  }

  @Test("gives the codes of TFLite Micro")
  func known() throws {
    // PyPI tflite-micro 0.dev20261023182759.
    let rows = try codes(
      of: [2821, 3000, 3000, 1300, 2060, -1460, 2862, 1749, -1049, -2206, -3000, 855], [2, 6],
      FixedPointMultiplier(multiplier: 1_799_017_669, shift: 0))
    #expect(
      rows == [6119, 6260, 6260, 5038, 5552, 3540, 7722, 6698, 4684, 4039, 3650, 5975])
    // LiteRT makes its tables in double.
    let input = [4559, -148, 168, 6733]
    let factor = FixedPointMultiplier(multiplier: 1_763_030_967, shift: 0)
    #expect(try codes(of: input, [1, 4], factor) == [9513, 5275, 5488, 12_491])
    #expect(
      try codes(of: input, [1, 4], .one, litert: factor) == [9513, 5275, 5488, 12_492])
  }

  @Test("of 8-bit codes may have 16 bits too, as TFLite Micro computes them")
  func fromBytes() throws {
    var builder = GraphBuilder()
    let x = builder.input("x", [1, 7])
    let y = builder.activation("y", [1, 7], .int16, zeroPoint: -32_768, scaleBits: 0x3780_0000)
    let parameters = SoftmaxParameters(
      multiplier: FixedPointMultiplier(multiplier: 1_285_529_344, shift: 19),
      minimumDifference: -3968)
    builder.operation("softmax", .softmax(parameters), [x], y)
    builder.graph.outputs = [y]
    #expect(
      try Interpreter(graph: builder.graph).codes(for: [[127, -128, -128, -94, 21, -127, 85]])
        == [-15_047, -27_391, -27_391, -26_464, -21_974, -27_366, -18_208])
  }

  @Test("is close to the real function, and the longest row still fits", arguments: [1, 3, 65_535])
  func closeness(length: Int) throws {
    var generator = SplitMix64(seed: UInt64(length))
    let input = (0..<length).map { _ in generator.integer(-5000...5000) }
    // 10/65535 per code: the multiplier is 1.
    let result = try codes(of: input, [length], .one)
    let reals = input.map { exp(Double($0) * 10 / 65_535) }
    let sum = reals.reduce(0, +)
    for (code, real) in zip(result, reals) {
      #expect(abs(Double(code) - 32_768 * real / sum) < 24, "\(code)")
    }
  }

  private func codes(
    of input: [Int], _ shape: [Int], _ multiplier: FixedPointMultiplier,
    litert: FixedPointMultiplier? = nil
  ) throws -> [Int] {
    var builder = GraphBuilder()
    let x = builder.input("x", shape, .int16)
    let y = builder.activation("y", shape, .int16, scaleBits: 0x3800_0000)
    builder.operation(
      "softmax", .softmax(SoftmaxParameters(multiplier: multiplier, minimumDifference: 0)), [x], y)
    builder.graph.outputs = [y]
    if let litert {
      builder.graph.profiles = [.litert]
      builder.graph.operations[0].scalings = [
        ProfileScaling(profile: .litert, form: .binary64Reciprocals(litert))
      ]
    }
    let options = RunOptions(arithmetic: litert == nil ? .tflm : .litert)
    return try Interpreter(graph: builder.graph, options: options).codes(for: [input])
  }
}
