import IntegerModel

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

  /// Elements of an operation, or as many products as take their time (about ten per nanosecond), below
  /// which waking other threads costs more than it gains.
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
