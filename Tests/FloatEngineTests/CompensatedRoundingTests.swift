import FloatEngine
import FloatReference
import Testing

@Suite("Rounding whose errors make up for one another")
struct CompensatedRoundingTests {
  private func codes(
    _ weights: [Float], scale: Float, _ rounding: CompensatedRounding
  ) -> (codes: [Int8], error: Double) {
    weights.withUnsafeBufferPointer { rounding.codes(of: $0, scale: scale) }
  }

  /// dᵀ H d with d = weights − scale · codes.
  private func energy(
    _ moments: [Double], _ weights: [Float], _ codes: [Int8], scale: Float
  ) -> Double {
    let errors = zip(weights, codes).map { Double($0) - Double(scale) * Double($1) }
    var sum = 0.0
    for (row, left) in errors.enumerated() {
      for (column, right) in errors.enumerated() {
        sum += left * moments[row * errors.count + column] * right
      }
    }
    return sum
  }

  /// Second moments of `count` inputs that share `common` causes.
  private func moments(_ count: Int, common: Int, _ source: inout TensorSource) -> [Double] {
    var result = [Double](repeating: 0, count: count * count)
    for _ in 0..<common {
      let direction = source.values([count], in: -1...1).map(Double.init)
      for row in 0..<count {
        for column in 0..<count {
          result[row * count + column] += direction[row] * direction[column]
        }
      }
    }
    for index in 0..<count { result[index * count + index] += 0.05 }
    return result
  }

  @Test("takes the nearest code where inputs have nothing to do with each other")
  func independent() throws {
    let rounding = try #require(
      CompensatedRounding(moments: [1, 0, 0, 0, 2, 0, 0, 0, 0.5], count: 3, damping: 0))
    let (codes, error) = codes([0.26, -0.9, 12.2], scale: 0.5, rounding)
    #expect(codes == [1, -2, 24])
    // 0.24² · 1 + 0.1² · 2 + 0.2² · 0.5
    #expect(abs(error - 0.0976) < 1e-5)
  }

  @Test("rounds two weights of one input apart: 0.4 and 0.4 make 1, not 0")
  func sameInput() throws {
    let rounding = try #require(
      CompensatedRounding(moments: [1, 1, 1, 1], count: 2, damping: 0.001))
    let (codes, _) = codes([0.4, 0.4], scale: 1, rounding)
    #expect(codes.map(Int.init).reduce(0, +) == 1)
  }

  @Test("stays within −127…127, whatever the others would want")
  func limits() throws {
    let rounding = try #require(
      CompensatedRounding(moments: [1, 0.99, 0.99, 1], count: 2, damping: 0))
    let (codes, _) = codes([200, -300], scale: 1, rounding)
    #expect(codes.allSatisfy { $0 >= -127 })
    #expect(codes.contains(127) || codes.contains(-127))
  }

  @Test("tells the energy of its error")
  func energy() throws {
    for seed: UInt64 in 1...30 {
      var source = TensorSource(seed: seed)
      let count = 1 + Int(seed) % 9
      let given = moments(count, common: 3, &source)
      let rounding = try #require(CompensatedRounding(moments: given, count: count, damping: 0))
      let weights = source.values([count], in: -1...1)
      let (codes, error) = codes(weights, scale: 1 / 32, rounding)
      let wanted = energy(given, weights, codes, scale: 1 / 32)
      #expect(abs(error - wanted) <= 1e-4 * wanted + 1e-9, "seed \(seed)")
    }
  }

  @Test("is better than rounding to the nearest codes, and close to the best of all roundings")
  func exhaustive() throws {
    var (nearest, compensated, best) = (0.0, 0.0, 0.0)
    for seed: UInt64 in 1...200 {
      var source = TensorSource(seed: seed)
      let given = moments(6, common: 2, &source)
      let rounding = try #require(CompensatedRounding(moments: given, count: 6, damping: 0))
      let weights = source.values([6], in: -3...3)
      nearest += energy(given, weights, weights.map { Int8($0.rounded()) }, scale: 1)
      compensated += codes(weights, scale: 1, rounding).error
      // Each weight up or down: 2^6 roundings.
      best +=
        (0..<64).map { choice in
          let codes = weights.enumerated().map { index, weight in
            Int8(weight.rounded(.down)) + Int8(choice >> index & 1)
          }
          return energy(given, weights, codes, scale: 1)
        }.min() ?? 0
    }
    #expect(compensated < 0.6 * nearest)
    #expect(compensated < 2 * best)
  }

  @Test("damping keeps weights of inputs that never vary near their values")
  func damping() throws {
    let rounding = try #require(
      CompensatedRounding(moments: [1, 0, 0, 0], count: 2, damping: 0.01))
    #expect(codes([0.3, 5.4], scale: 1, rounding).codes == [0, 5])
  }

  @Test("needs moments that some input gave", arguments: [0, -1, .nan, .infinity] as [Double])
  func noMoments(value: Double) {
    #expect(CompensatedRounding(moments: [value, 0, 0, value], count: 2, damping: 0.01) == nil)
  }

  @Test("products of rows are summed as plain loops do")
  func products() throws {
    var source = TensorSource(seed: 7)
    for (rows, columns) in [(1, 1), (5, 3), (40, 17), (9, 64)] {
      let x = source.values([rows, columns], in: -1...1)
      let y = source.values([rows, columns], in: -1...1)
      var sums = source.values([columns, columns], in: -1...1)
      let start = sums
      try sums.withUnsafeMutableBufferPointer { sums in
        try x.withUnsafeBufferPointer { x in
          try y.withUnsafeBufferPointer {
            try CompensatedRounding.addProducts(of: x, with: $0, columns: columns, to: sums)
          }
        }
      }
      for a in 0..<columns {
        for b in 0..<columns {
          let wanted = (0..<rows).reduce(start[a * columns + b]) {
            $0 + x[$1 * columns + a] * y[$1 * columns + b]
          }
          #expect(abs(sums[a * columns + b] - wanted) < 1e-5)
        }
      }
    }
  }

  @Test("products of taps are summed for each channel alone")
  func tapProducts() {
    var source = TensorSource(seed: 8)
    for (rows, taps, channels) in [(1, 1, 1), (4, 9, 5), (3, 4, 33)] {
      let x = source.values([rows, taps, channels], in: -1...1)
      var sums = source.values([taps, taps, channels], in: -1...1)
      let start = sums
      sums.withUnsafeMutableBufferPointer { sums in
        x.withUnsafeBufferPointer {
          CompensatedRounding.addTapProducts(of: $0, channels: channels, to: sums)
        }
      }
      for a in 0..<taps {
        for b in 0..<taps {
          for c in 0..<channels {
            let index = (a * taps + b) * channels + c
            let wanted = (0..<rows).reduce(start[index]) {
              $0 + x[($1 * taps + a) * channels + c] * x[($1 * taps + b) * channels + c]
            }
            #expect(abs(sums[index] - wanted) < 1e-5)
          }
        }
      }
    }
  }

  @Test("weights move to the least squares solution for other inputs")
  func regression() throws {
    var source = TensorSource(seed: 9)
    for count in [1, 2, 7, 33] {
      let moments = moments(count, common: 3, &source)
      let cross = source.values([count, count], in: -0.1...0.1).map(Double.init)
      let weights = source.values([count], in: -1...1)
      let regression = try #require(
        InputRegression(moments: moments, cross: cross, count: count, damping: 0.1))
      let moved = zip(regression.adapted(weights[...]), weights).map { Double($0 - $1) }
      let mean = (0..<count).reduce(0) { $0 + moments[$1 * count + $1] } / Double(count)
      // (w' − w) (E[q qᵀ] + λ) = w E[(x − q) qᵀ]
      for column in 0..<count {
        let wanted = (0..<count).reduce(0) { $0 + Double(weights[$1]) * cross[$1 * count + column] }
        let found =
          (0..<count).reduce(0) { $0 + moved[$1] * moments[$1 * count + column] }
          + 0.1 * mean * moved[column]
        #expect(abs(found - wanted) < 1e-4, "\(count) weights: \(found), not \(wanted)")
      }
    }
  }

  @Test("weights of inputs that never vary have no such solution")
  func noRegression() {
    #expect(
      InputRegression(moments: [0, 0, 0, 0], cross: [0, 0, 0, 0], count: 2, damping: 0.1) == nil)
    #expect(
      InputRegression(moments: [.nan, 0, 0, 1], cross: [0, 0, 0, 0], count: 2, damping: 0.1) == nil)
  }
}
