import Quantizer
import Testing

@Suite("Evaluation metrics")
struct MetricsTests {
  @Test("SQNR is the ratio of energies over all images in dB")
  func signalToNoise() {
    var result = EvaluationResult()
    result.add(float: [3, 4], integer: [3, 4.5], codes: [6, 9], label: 1)
    result.add(float: [0, 5], integer: [0.5, 5], codes: [1, 10], label: nil)
    // Signal 9 + 16 + 25 = 50, noise 0.25 + 0.25 = 0.5: a hundredfold.
    #expect(abs(result.signalToNoise - 20) < 1e-9)
    #expect(result.images == 2 && result.labeled == 1)
    #expect(result.integerTop1 == 1 && result.agreeing == 2)
  }

  @Test("SQNR is infinite without noise, even without signal", arguments: [0, 3] as [Float])
  func noNoise(value: Float) {
    var result = EvaluationResult()
    result.add(float: [value, 0], integer: [value, 0], codes: [1, 0], label: nil)
    #expect(result.signalToNoise == .infinity)
  }

  @Test("what only one of both models ranks rightly is counted")
  func lostAndGained() {
    var result = EvaluationResult()
    let answers: [(float: [Float], integer: [Int], label: Int?)] = [
      ([1, 0], [1, 0], 0), ([1, 0], [0, 1], 0), ([1, 0], [0, 1], 0), ([1, 0], [0, 1], 1),
      ([0, 1], [0, 1], 0), ([1, 0], [0, 1], nil),
    ]
    for (float, codes, label) in answers {
      result.add(float: float, integer: codes.map(Float.init), codes: codes, label: label)
    }
    #expect(result.lost == 2 && result.gained == 1)
    #expect(result.floatTop1 - result.integerTop1 == 1)
  }

  @Test("the paired interval matches values worked out by hand")
  func paired() {
    // Of 98 trials 14 lost and 5 gained, with the halves 14.5 and 5.5 of 100: 0.09, and
    // 1.96 · √((0.2 − 0.0081) / 100) = 0.0859.
    let interval = pairedInterval(lost: 14, gained: 5, trials: 98)
    #expect(abs(interval.lowerBound - 0.0041) < 1e-4)
    #expect(abs(interval.upperBound - 0.1759) < 1e-4)
    // Nothing either way is no proof that nothing will be: 1.96 · √(1 / 100) / 10.
    let none = pairedInterval(lost: 0, gained: 0, trials: 98)
    #expect(abs(none.upperBound - 0.0196) < 1e-4 && none.lowerBound == -none.upperBound)
    #expect(pairedInterval(lost: 0, gained: 0, trials: 0).contains(0))
  }

  @Test("the Wilson interval matches published values")
  func wilson() {
    // Wilson 1927, as tabulated by Newcombe 1998 (method 3): 81/263 and 0/20.
    let first = wilsonInterval(successes: 81, trials: 263)
    #expect(abs(first.lowerBound - 0.2553) < 5e-5 && abs(first.upperBound - 0.3662) < 5e-5)
    let none = wilsonInterval(successes: 0, trials: 20)
    #expect(none.lowerBound == 0 && abs(none.upperBound - 0.1611) < 5e-5)
  }
}
