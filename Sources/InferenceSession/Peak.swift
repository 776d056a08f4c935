import IntegerRuntime

/// The most multiply-accumulates that kernels could do in a time, as measured on this machine.
public struct Peak: Equatable, Sendable {
  /// Multiply-accumulates per microsecond, on all threads of a run.
  public var perMicrosecond: Double

  /// Measures `kernels` for a few milliseconds on one thread, and counts each of `threads` so; `nil`
  /// for kernels without dot products of bytes of their own.
  ///
  /// The greatest of several measurements: what else the machine does can only lower one.
  public init?(of kernels: KernelChoice, threads: Int) {
    var greatest = 0.0
    for _ in 0..<20 {
      var products: Int?
      let time = Stopwatch.microseconds { products = kernels.multiplyRegisters(rounds: 20_000) }
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
