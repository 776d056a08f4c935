import Foundation
import InferenceSession

/// What one comparison of an integer model with its float reference found, over all images.
public struct EvaluationResult: Hashable, Sendable {
  /// Number of images.
  public var images: Int
  /// Number of images with a label; the accuracies refer to them.
  public var labeled: Int
  /// Images whose class the float model ranks first, among the labeled ones.
  public var floatTop1: Int
  /// Images whose class the float model ranks among the first five.
  public var floatTop5: Int
  /// Images whose class the integer model ranks first.
  public var integerTop1: Int
  /// Images whose class the integer model ranks among the first five.
  public var integerTop5: Int
  /// Labeled images that the float model ranks rightly and the integer model does not.
  public var lost: Int
  /// Labeled images that the integer model ranks rightly and the float model does not.
  public var gained: Int
  /// Images for which both models rank the same class first.
  public var agreeing: Int
  /// Σ of the squared float logits.
  public var signal: Double
  /// Σ of the squared differences between float and integer logits.
  public var noise: Double

  /// The result before the first image.
  public init() {
    images = 0
    labeled = 0
    floatTop1 = 0
    floatTop5 = 0
    integerTop1 = 0
    integerTop5 = 0
    lost = 0
    gained = 0
    agreeing = 0
    signal = 0
    noise = 0
  }

  /// Signal to quantization noise ratio of the logits in dB: ten times the decimal logarithm of the
  /// ratio of their energies, summed over all images and classes. Infinite without noise.
  public var signalToNoise: Double {
    // Two silent outputs agree perfectly, too.
    noise == 0 ? .infinity : 10 * log10(signal / noise)
  }

  /// Takes in one image.
  ///
  /// - Parameters:
  ///   - float: float logits or outputs, one per class.
  ///   - integer: the integer model's, in reals, in the same order.
  ///   - codes: the codes behind `integer` that rank the classes.
  ///   - label: the right class, if known.
  package mutating func add(float: [Float], integer: [Float], codes: [Int], label: Int?) {
    images += 1
    let floatRanking = greatestIndices(of: float, count: 5)
    let integerRanking = greatestIndices(of: codes, count: 5)
    if floatRanking.first == integerRanking.first { agreeing += 1 }
    if let label {
      labeled += 1
      let (floatIsRight, integerIsRight) = (
        floatRanking.first == label, integerRanking.first == label
      )
      if floatIsRight { floatTop1 += 1 }
      if integerIsRight { integerTop1 += 1 }
      if floatIsRight, !integerIsRight { lost += 1 }
      if integerIsRight, !floatIsRight { gained += 1 }
      if floatRanking.contains(label) { floatTop5 += 1 }
      if integerRanking.contains(label) { integerTop5 += 1 }
    }
    for (reference, value) in zip(float, integer) {
      signal += Double(reference) * Double(reference)
      let difference = Double(reference) - Double(value)
      noise += difference * difference
    }
  }
}

/// The interval that holds the true difference of two rates with 95 % confidence, when of `trials`
/// that both were tried on `lost` succeeded with the first alone and `gained` with the second alone:
/// first rate less second, as shares of 1 (Agresti and Min 2005: Wald's interval with half a trial
/// added to each of the four outcomes).
///
/// Two models that saw the same images differ by less than the intervals of their own rates suggest.
public func pairedInterval(lost: Int, gained: Int, trials: Int) -> ClosedRange<Double> {
  let n = Double(trials) + 2
  let (lost, gained) = (Double(lost) + 0.5, Double(gained) + 0.5)
  let difference = (lost - gained) / n
  let variance = max(0, (lost + gained) / n - difference * difference) / n
  let spread = 1.959963984540054 * variance.squareRoot()
  return max(-1, difference - spread)...min(1, difference + spread)
}

/// The interval that holds the true rate with 95 % confidence when `successes` of `trials` were
/// seen (Wilson score interval), as shares of 1.
public func wilsonInterval(successes: Int, trials: Int) -> ClosedRange<Double> {
  guard trials > 0 else { return 0...1 }
  let z = 1.959963984540054
  let n = Double(trials)
  let p = Double(successes) / n
  let center = p + z * z / (2 * n)
  let spread = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
  let scale = 1 + z * z / n
  return max(0, (center - spread) / scale)...min(1, (center + spread) / scale)
}
