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

  @Test("the Wilson interval matches published values")
  func wilson() {
    // Wilson 1927, as tabulated by Newcombe 1998 (method 3): 81/263 and 0/20.
    let first = wilsonInterval(successes: 81, trials: 263)
    #expect(abs(first.lowerBound - 0.2553) < 5e-5 && abs(first.upperBound - 0.3662) < 5e-5)
    let none = wilsonInterval(successes: 0, trials: 20)
    #expect(none.lowerBound == 0 && abs(none.upperBound - 0.1611) < 5e-5)
  }
}
