import IntegerModel
import IntegerRuntime

/// How long runs took, in microseconds.
public struct LatencyStatistics: Equatable, Sendable {
  /// The times in ascending order.
  private let sorted: [Double]

  /// The statistics of `times`, of which there must be at least one.
  public init(_ times: [Double]) {
    precondition(!times.isEmpty)
    sorted = times.sorted()
  }

  /// Number of runs.
  public var count: Int { sorted.count }
  /// The shortest.
  public var minimum: Double { sorted[0] }
  /// The longest.
  public var maximum: Double { sorted[sorted.count - 1] }
  /// The arithmetic mean.
  public var mean: Double { sorted.reduce(0, +) / Double(sorted.count) }
  /// The middle one, or the mean of the middle two.
  public var median: Double {
    (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// The least time that at least `share` (0…1) of all runs do not exceed (nearest rank).
  public func percentile(_ share: Double) -> Double {
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }
}

/// How long each operation of a model took, summed over runs.
public struct LayerTimes: Sendable {
  /// Microseconds per operation, summed.
  public private(set) var sums: [Double]
  /// Number of runs.
  public private(set) var runCount = 0

  /// Prepares for a model of `operationCount` operations.
  public init(operationCount: Int) { sums = [Double](repeating: 0, count: operationCount) }

  /// Microseconds of operation `index`, the mean over all runs.
  public func mean(of index: Int) -> Double { sums[index] / Double(max(runCount, 1)) }

  /// Runs all operations of `interpreter`, one by one. Returns the microseconds of them all.
  public mutating func run(_ interpreter: Interpreter) -> Double {
    var total = 0.0
    for index in sums.indices {
      let time = Stopwatch.microseconds { interpreter.run(operation: index) }
      sums[index] += time
      total += time
    }
    runCount += 1
    return total
  }
}

/// The most products of an activation and a weight that kernels could compute.
public enum ProductPeak {
  /// Products per microsecond of one thread, the best of several measurements of a millisecond;
  /// `nil` for kernels that do not multiply in vectors.
  public static func perMicrosecond(of kernels: KernelChoice) -> Double? {
    var rounds = 1000
    var best = 0.0
    for _ in 0..<40 {
      var products: Int?
      let time = Stopwatch.microseconds { products = kernels.multiplyInRegisters(rounds: rounds) }
      guard let products else { return nil }
      if time < 1000 {
        rounds *= 2
      } else {
        best = max(best, Double(products) / time)
      }
    }
    return best > 0 ? best : nil
  }
}

/// Measures how long something takes.
public enum Stopwatch {
  /// Calls `body` and returns the microseconds that passed.
  public static func microseconds(_ body: () -> Void) -> Double {
    let time = ContinuousClock().measure(body)
    return Double(time.components.seconds) * 1e6 + Double(time.components.attoseconds) / 1e12
  }
}
