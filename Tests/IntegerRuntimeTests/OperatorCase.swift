import Diagnostics
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

/// One operator on values small enough to be worked out by hand.
struct OperatorCase: Sendable, CustomTestStringConvertible {
  /// What the case claims.
  let claim: String
  /// Codes of each graph input.
  let inputs: [[Int]]
  /// Output codes under double rounding (`tflm`).
  let double: [Int]
  /// Output codes under single rounding (`tosa`).
  let single: [Int]
  /// Adds inputs, constants and the one operation; returns the output.
  let build: @Sendable (inout GraphBuilder) -> TensorIndex

  init(
    _ claim: String, inputs: [[Int]], gives double: [Int], single: [Int]? = nil,
    _ build: @escaping @Sendable (inout GraphBuilder) -> TensorIndex
  ) {
    self.claim = claim
    self.inputs = inputs
    self.double = double
    self.single = single ?? double
    self.build = build
  }

  var testDescription: String { claim }

  /// The graph of the case.
  func graph() -> IntegerGraph {
    var builder = GraphBuilder()
    let output = build(&builder)
    builder.graph.outputs = [output]
    return builder.graph
  }
}

extension Interpreter {
  /// Fills the graph inputs with codes, runs, and returns the codes of the first output.
  func codes(for inputs: [[Int]]) -> [Int] {
    for (index, values) in zip(graph.inputs, inputs) {
      let bytes = values.map { UInt8(truncatingIfNeeded: $0) }
      mutableBytes(of: index).copyBytes(from: bytes)
    }
    run()
    return codes(of: graph.outputs[0])
  }

  /// The codes of a tensor of one-byte elements.
  func codes(of tensor: TensorIndex) -> [Int] {
    let isSigned = graph.tensors[tensor].elementType == .int8
    return bytes(of: tensor).map { isSigned ? Int(Int8(bitPattern: $0)) : Int($0) }
  }
}

@Suite("Every operator gives the values worked out by hand")
struct HandWorkedTests {
  @Test("under both roundings, with every kind of kernel", arguments: handWorkedCases)
  func handWorked(_ operatorCase: OperatorCase) throws {
    for profile in ArithmeticProfile.allCases {
      for kernels in KernelChoice.allCases {
        let options = RunOptions(arithmetic: profile, kernels: kernels)
        let interpreter = try Interpreter(graph: operatorCase.graph(), options: options)
        let expected = profile.rounding == .double ? operatorCase.double : operatorCase.single
        #expect(
          interpreter.codes(for: operatorCase.inputs) == expected,
          "\(profile.name), \(kernels.rawValue)")
      }
    }
  }
}

let handWorkedCases =
  handWorkedConvolutions + handWorkedElementwise + handWorkedReductions + handWorkedArrangements
