import IntegerRuntime

/// The most multiply-accumulates that kernels could do in a time, as measured on this machine.
public struct Peak: Equatable, Sendable {
  /// Multiply-accumulates per microsecond, on all threads of a run.
  public var perMicrosecond: Double

  /// Measures `kernels` for some milliseconds on one thread, and counts each of `threads` so; `nil`
  /// for kernels without dot products of bytes of their own.
  ///
  /// The greatest of several measurements: what else the machine does can only lower one.
  public init?(of kernels: KernelChoice, threads: Int) {
    // Long enough that asking the processor for its features, tens of microseconds, does not count.
    let rounds = 1_000_000
    var greatest = 0.0
    for _ in 0..<10 {
      var products: Int?
      let time = Stopwatch.microseconds { products = kernels.multiplyRegisters(rounds: rounds) }
      guard let products else { return nil }
      greatest = max(greatest, Double(products) / max(time, 1e-3))
    }
    perMicrosecond = greatest * Double(threads)
  }

  /// The share of the peak, 0…1, that `macs` multiply-accumulates in `microseconds` are.
  public func share(macs: Int, microseconds: Double) -> Double {
    microseconds > 0 ? Double(macs) / microseconds / perMicrosecond : 0
  }

  /// Billions of multiply-accumulates per second.
  public var gigaMACsPerSecond: Double { perMicrosecond / 1000 }
}
