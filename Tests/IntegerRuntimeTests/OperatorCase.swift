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
      mutableBytes(of: index).copyBytes(from: graph.tensors[index].elementType.bytes(of: values))
    }
    run()
    return codes(of: graph.outputs[0])
  }

  /// The codes of a tensor.
  func codes(of tensor: TensorIndex) -> [Int] {
    let bytes = bytes(of: tensor)
    return switch graph.tensors[tensor].elementType {
    case .int8: bytes.map { Int(Int8(bitPattern: $0)) }
    case .uint8, .int4: bytes.map { Int($0) }
    case .int16: bytes.bindMemory(to: Int16.self).map { Int($0) }
    case .int32: bytes.bindMemory(to: Int32.self).map { Int($0) }
    case .int64: bytes.bindMemory(to: Int64.self).map { Int($0) }
    }
  }
}

extension ElementType {
  /// Codes as they lie in memory, truncated to the type.
  fileprivate func bytes(of codes: [Int]) -> [UInt8] {
    switch self {
    case .int8, .uint8, .int4: codes.map { UInt8(truncatingIfNeeded: $0) }
    case .int16: codes.map { Int16(truncatingIfNeeded: $0) }.withUnsafeBytes { [UInt8]($0) }
    case .int32: codes.map { Int32(truncatingIfNeeded: $0) }.withUnsafeBytes { [UInt8]($0) }
    case .int64: codes.map { Int64($0) }.withUnsafeBytes { [UInt8]($0) }
    }
  }

  /// All codes of the type.
  var codes: ClosedRange<Int> { Int(minimumCode)...Int(maximumCode) }
}

@Suite("Every operator gives the values worked out by hand")
struct HandWorkedTests {
  @Test("under both roundings, with every kind of kernel", arguments: handWorkedCases)
  func handWorked(_ operatorCase: OperatorCase) throws {
    for profile in ArithmeticProfile.ofEveryModel {
      for kernels in [.auto] + KernelChoice.available {
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
  + handWorkedExtremes + handWorkedBlocks + handWorkedSequences + handWorkedWide
