import FloatEngine
import TestSupport
import Testing

/// The definition, in double precision.
private struct PlainGrid {
  var scale: Double
  var zeroPoint: Double
  var limits: ClosedRange<Double>

  init(_ grid: QuantizationGrid) {
    scale = Double(grid.scale)
    zeroPoint = Double(grid.zeroPoint)
    limits = Double(grid.codeMinimum)...Double(grid.codeMaximum)
  }

  func position(_ x: Float) -> Double { Double(x) / scale + zeroPoint }
  func code(_ x: Float) -> Double {
    min(max(position(x).rounded(.toNearestOrEven), limits.lowerBound), limits.upperBound)
  }
  func real(_ x: Float) -> Double { (code(x) - zeroPoint) * scale }

  /// With the rounding of the start held constant, as straight-through derivatives see it.
  func frozen(_ x: Double, start: Float, scale: Double) -> Double {
    let there = position(start)
    if there < limits.lowerBound { return (limits.lowerBound - zeroPoint) * scale }
    if there > limits.upperBound { return (limits.upperBound - zeroPoint) * scale }
    return x + scale * (code(start) - there)
  }
}

@Suite("Fake quantization")
struct FakeQuantizationTests {
  private static let grids = [
    QuantizationGrid(scale: 0.25, zeroPoint: 0, codeMinimum: -127, codeMaximum: 127),
    QuantizationGrid(scale: 0.013, zeroPoint: -128, codeMinimum: -128, codeMaximum: 127),
    QuantizationGrid(scale: 0.7, zeroPoint: 37, codeMinimum: 37, codeMaximum: 90),
    QuantizationGrid(scale: 3e-5, zeroPoint: 127, codeMinimum: -128, codeMaximum: 127),
  ]

  /// Values around and beyond the grid, none where rounding or clipping changes within float error.
  private func values(_ grid: QuantizationGrid, count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    let plain = PlainGrid(grid)
    var result: [Float] = []
    while result.count < count {
      let code = Float.random(in: -200...200, using: &generator)
      let x = (code - grid.zeroPoint) * grid.scale
      let position = plain.position(x)
      let toTie = abs(abs(position - position.rounded(.down)) - 0.5)
      let toLimit = min(
        abs(position - plain.limits.lowerBound), abs(position - plain.limits.upperBound))
      if toTie > 1e-3, toLimit > 1e-3 { result.append(x) }
    }
    return result
  }

  @Test(
    "rounds to the nearest code's real, for every remainder of the vector width", arguments: grids)
  func rounding(grid: QuantizationGrid) {
    for count in Array(0...67) + [4097] {
      var x = values(grid, count: count, seed: UInt64(count))
      let expected = x.map { PlainGrid(grid).real($0) }
      var rounded = Array(repeating: Float(9), count: count)
      x.withUnsafeBufferPointer { source in
        rounded.withUnsafeMutableBufferPointer {
          FakeQuantization.round(source, into: $0, grid: grid)
        }
      }
      var residuals = Array(repeating: Int8(0), count: count)
      x.withUnsafeMutableBufferPointer { target in
        residuals.withUnsafeMutableBufferPointer {
          FakeQuantization.forward(target, residuals: $0, grid: grid)
        }
      }
      #expect(x == rounded, "count \(count)")
      for (value, wanted) in zip(x, expected) {
        #expect(abs(Double(value) - wanted) <= abs(wanted) * 1e-6, "count \(count)")
      }
    }
  }

  @Test(
    "derivatives agree with central differences, the roundings held", arguments: grids, [7, 5000])
  func derivatives(grid: QuantizationGrid, count: Int) {
    let plain = PlainGrid(grid)
    let x = values(grid, count: count, seed: 3)
    var generator = SeededGenerator(seed: 4)
    let g = x.map { _ in Float.random(in: -1...1, using: &generator) }
    let step = plain.scale * 1e-4
    var byScale = 0.0
    var byValue: [Double] = []
    for (value, weight) in zip(x, g) {
      func loss(_ x: Double, _ scale: Double) -> Double {
        Double(weight) * plain.frozen(x, start: value, scale: scale)
      }
      byScale +=
        (loss(Double(value), plain.scale + step) - loss(Double(value), plain.scale - step))
        / (2 * step)
      byValue.append(
        (loss(Double(value) + step, plain.scale) - loss(Double(value) - step, plain.scale))
          / (2 * step))
    }

    var rounded = x
    var residuals = Array(repeating: Int8(0), count: count)
    var fromResiduals = g
    rounded.withUnsafeMutableBufferPointer { values in
      residuals.withUnsafeMutableBufferPointer {
        FakeQuantization.forward(values, residuals: $0, grid: grid)
      }
    }
    let sums = fromResiduals.withUnsafeMutableBufferPointer { gradients in
      residuals.withUnsafeBufferPointer {
        FakeQuantization.backward(gradients: gradients, residuals: $0)
      }
    }
    var fromValues = g
    let exact = x.withUnsafeBufferPointer { values in
      g.withUnsafeBufferPointer { given in
        fromValues.withUnsafeMutableBufferPointer {
          FakeQuantization.backward(values: values, gradients: given, masked: $0, grid: grid)
        }
      }
    }
    // Residuals keep the rounding in steps of 1/250, each within one of them.
    let tolerance = Double(count).squareRoot() / 250 + 1e-3 * Double(count).squareRoot()
    for (sum, tolerance) in [(sums, tolerance), (exact, 1e-4 * Double(count))] {
      let derivative =
        sum.inside + sum.below * (plain.limits.lowerBound - plain.zeroPoint)
        + sum.above * (plain.limits.upperBound - plain.zeroPoint)
      let size = max(1, abs(byScale))
      #expect(abs(derivative - byScale) < tolerance * 1.0 + 1e-4 * size)
    }
    for gradients in [fromResiduals, fromValues] {
      for (value, wanted) in zip(gradients, byValue) {
        #expect(abs(Double(value) - wanted) < 1e-6)
      }
    }
  }

  @Test("NaN stays NaN and passes no gradient")
  func notANumber() {
    let grid = Self.grids[0]
    var x: [Float] = [.nan, 1, .infinity, -.infinity]
    var residuals: [Int8] = [0, 0, 0, 0]
    x.withUnsafeMutableBufferPointer { values in
      residuals.withUnsafeMutableBufferPointer {
        FakeQuantization.forward(values, residuals: $0, grid: grid)
      }
    }
    #expect(x[0].isNaN && x[1] == 1 && x[2] == 127 * 0.25 && x[3] == -127 * 0.25)
    var g: [Float] = [1, 1, 1, 1]
    let sums = g.withUnsafeMutableBufferPointer { gradients in
      residuals.withUnsafeBufferPointer {
        FakeQuantization.backward(gradients: gradients, residuals: $0)
      }
    }
    #expect(g == [0, 1, 0, 0])
    #expect(sums.above == 1)
  }

  @Test("codes of the device are taken over, with their distance as rounding")
  func adoption() {
    let grid = QuantizationGrid(scale: 0.5, zeroPoint: 3, codeMinimum: -128, codeMaximum: 127)
    // Positions 5.2 (device rounds to 5), 5.4 (device off by one: 6), 140 (clipped), 126.9 (127).
    var x: [Float] = [1.1, 1.2, 68.5, 61.95]
    let codes: [Int8] = [5, 6, 127, 127]
    var residuals: [Int8] = [0, 0, 0, 0]
    x.withUnsafeMutableBufferPointer { values in
      residuals.withUnsafeMutableBufferPointer { kept in
        codes.withUnsafeBufferPointer {
          guard let base = $0.baseAddress else { return }
          FakeQuantization.adopt(codes: base, values, residuals: kept, grid: grid)
        }
      }
    }
    #expect(x == [1, 1.5, 62, 62])
    var g: [Float] = [1, 10, 100, 1000]
    let sums = g.withUnsafeMutableBufferPointer { gradients in
      residuals.withUnsafeBufferPointer {
        FakeQuantization.backward(gradients: gradients, residuals: $0)
      }
    }
    #expect(g == [1, 10, 0, 1000])
    #expect(sums.above == 100 && sums.below == 0)
    // −0.2 + 10 · 0.5 (0.6 is stored as a half) + 1000 · 0.1
    #expect(abs(sums.inside - (-0.2 + 5 + 100)) < 1000.0 / 250)
  }
}

@Suite("Adam")
struct AdamTests {
  @Test("takes the steps of the published algorithm")
  func steps() {
    var generator = SeededGenerator(seed: 11)
    var parameters: [Float] = (0..<37).map { _ in .random(in: -1...1, using: &generator) }
    var expected = parameters.map(Double.init)
    var first = Array(repeating: 0.0, count: 37)
    var second = first
    var adam = Adam(count: 37)
    for step in 1...20 {
      let gradient: [Float] = (0..<37).map { _ in .random(in: -3...3, using: &generator) }
      gradient.withUnsafeBufferPointer {
        adam.step(&parameters, gradient: $0, rate: 0.02)
      }
      var beta1 = 1.0
      var beta2 = 1.0
      for _ in 0..<step {
        beta1 *= 0.9
        beta2 *= 0.999
      }
      for index in expected.indices {
        let g = Double(gradient[index])
        first[index] = 0.9 * first[index] + 0.1 * g
        second[index] = 0.999 * second[index] + 0.001 * g * g
        expected[index] -=
          0.02 * (first[index] / (1 - beta1)) / ((second[index] / (1 - beta2)).squareRoot() + 1e-12)
      }
      for (value, wanted) in zip(parameters, expected) {
        #expect(abs(Double(value) - wanted) < 1e-4, "step \(step)")
      }
    }
    #expect(adam.steps == 20)
  }
}
