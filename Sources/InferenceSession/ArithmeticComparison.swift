import IntegerModel
import IntegerRuntime

/// Two runs of one model under two arithmetic profiles, compared tensor by tensor.
public struct ArithmeticComparison {
  /// How one tensor differs, over all inputs.
  public struct TensorDifference: Equatable, Sendable {
    /// The tensor.
    public var tensor: TensorIndex
    /// Position of the operation that writes it.
    public var operation: Int
    /// Elements compared.
    public var elementCount = 0
    /// How many of them differ.
    public var differingCount = 0
    /// The greatest absolute difference of two codes.
    public var greatest = 0
    /// Where it first differs; `nil` where it nowhere does.
    public var first: Element?
  }

  /// An element that differs.
  public struct Element: Equatable, Sendable {
    /// Which input.
    public var input: Int
    /// Index along each axis of the tensor.
    public var position: [Int]
    /// The code of the first run.
    public var firstCode: Int
    /// The code of the second run.
    public var secondCode: Int
  }

  /// The classes that both runs rank first.
  public struct TopClasses: Equatable, Sendable {
    /// Of the first run.
    public var first: ClassScore
    /// Of the second run.
    public var second: ClassScore

    /// Whether they are two classes.
    public var differ: Bool { first.index != second.index }
  }

  /// The profiles of both runs.
  public let profiles: (first: ArithmeticProfile, second: ArithmeticProfile)
  /// What each operation writes, in execution order.
  public private(set) var tensors: [TensorDifference]
  /// The classes of each input; empty where the first output holds no scores of classes.
  public private(set) var topClasses: [TopClasses] = []

  private let graph: IntegerGraph
  private let interpreters: (first: Interpreter, second: Interpreter)

  /// Prepares to compare. Both interpreters must run the same graph and preserve all tensors.
  public init(_ first: Interpreter, _ second: Interpreter) {
    graph = first.graph
    interpreters = (first, second)
    profiles = (first.arithmetic, second.arithmetic)
    tensors = first.graph.operations.indices.flatMap { operation in
      first.graph.operations[operation].outputs.map {
        TensorDifference(tensor: $0, operation: operation)
      }
    }
  }

  /// Runs and compares one input, which both interpreters hold.
  public mutating func run(input: Int) {
    interpreters.first.run()
    interpreters.second.run()
    for position in tensors.indices { compare(position, input: input) }
    guard let output = graph.outputs.first, graph.tensors[output].isScoreVector else { return }
    let classes = [interpreters.first, interpreters.second].compactMap {
      graph.tensors[output].topClasses(in: $0.bytes(of: output), labels: graph.labels, count: 1)
        .first
    }
    topClasses.append(TopClasses(first: classes[0], second: classes[1]))
  }

  private mutating func compare(_ position: Int, input: Int) {
    let index = tensors[position].tensor
    let tensor = graph.tensors[index]
    let left = interpreters.first.bytes(of: index)
    let right = interpreters.second.bytes(of: index)
    tensors[position].elementCount += tensor.elementCount
    guard !left.elementsEqual(right) else { return }
    for element in 0..<tensor.elementCount {
      let codes = (
        tensor.elementType.code(at: element, in: left),
        tensor.elementType.code(at: element, in: right)
      )
      guard codes.0 != codes.1 else { continue }
      tensors[position].differingCount += 1
      tensors[position].greatest = max(tensors[position].greatest, abs(codes.0 - codes.1))
      if tensors[position].first == nil {
        tensors[position].first = Element(
          input: input, position: GoldenComparison.position(of: element, in: tensor.shape),
          firstCode: codes.0, secondCode: codes.1)
      }
    }
  }

  // MARK: - Sums

  /// The tensors that differ, in execution order.
  public var differing: [TensorDifference] { tensors.filter { $0.differingCount > 0 } }

  /// Elements compared, of all tensors and inputs.
  public var elementCount: Int { tensors.reduce(0) { $0 + $1.elementCount } }

  /// How many of them differ.
  public var differingCount: Int { tensors.reduce(0) { $0 + $1.differingCount } }
}
