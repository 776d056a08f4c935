import IntegerModel

/// Which kernels compute a model. All of them give the same bits.
public enum KernelChoice: String, CaseIterable, Sendable {
  /// For each operator the fastest kernel this machine has.
  case auto
  /// The specification: readable Swift, one loop per axis.
  case reference
  /// Portable C where an operator has such a kernel, the reference elsewhere.
  case portable

  /// The kernels that this choice means on this machine: never `auto`.
  public var resolved: KernelChoice { self == .auto ? .portable : self }
}

/// How an ``Interpreter`` runs a graph.
public struct RunOptions: Sendable {
  /// Whose arithmetic is used; `nil` for the one the graph names.
  public var arithmetic: ArithmeticProfile?
  /// Which kernels.
  public var kernels: KernelChoice
  /// Threads that share an operator's work, 1…``maximumThreads``; the caller's own is one of them.
  public var threads: Int
  /// Whether every tensor keeps its value until the next run, at the price of a larger arena.
  public var preservesAllTensors: Bool

  /// Products or elements of an operation below which waking other threads costs more than it gains.
  package var parallelWork = 50_000

  /// The most threads that an interpreter accepts.
  public static let maximumThreads = 256

  /// Creates options; the defaults run the graph's own arithmetic on one thread.
  public init(
    arithmetic: ArithmeticProfile? = nil, kernels: KernelChoice = .auto, threads: Int = 1,
    preservesAllTensors: Bool = false
  ) {
    self.arithmetic = arithmetic
    self.kernels = kernels
    self.threads = threads
    self.preservesAllTensors = preservesAllTensors
  }
}
