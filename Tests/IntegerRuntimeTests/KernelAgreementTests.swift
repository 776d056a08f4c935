import Diagnostics
import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Every kernel gives the bits of the reference kernel")
struct KernelAgreementTests {
  /// The tables that this machine can run.
  static let tables = KernelChoice.available.filter { $0 != .reference }

  @Test("every operator has a case worked out by hand", arguments: OperatorFamily.allCases)
  func covered(_ family: OperatorFamily) {
    #expect(
      handWorkedCases.contains { OperatorFamily($0.graph().operations[0].kind) == family })
  }

  @Test(
    "on random cases, under both roundings, on one to four threads",
    arguments: OperatorFamily.allCases)
  func agreement(_ family: OperatorFamily) throws {
    var own = [KernelChoice: Int]()
    let cases = family.caseCount
    for number in 0..<cases {
      let seed = UInt64(number) &* 1000 &+ 17
      let profile = ArithmeticProfile.ofEveryModel[
        number % ArithmeticProfile.ofEveryModel.count]
      var random = RandomGraph(seed: seed, arithmetic: profile, family)
      let graph = random.builder.graph
      let inputs = random.inputs()
      let reference = try Interpreter(graph: graph, options: RunOptions(kernels: .reference))
      let expected = reference.codes(for: inputs)
      #expect(reference.kernelName(of: 0) == "reference")

      for table in KernelAgreementTests.tables {
        var options = RunOptions(kernels: table, threads: number / 2 % 4 + 1)
        options.parallelWork = 0
        let interpreter = try Interpreter(graph: graph, options: options)
        if interpreter.kernelName(of: 0) == table.rawValue { own[table, default: 0] += 1 }
        let codes = interpreter.codes(for: inputs)
        if codes != expected {
          let at = zip(codes, expected).enumerated().first { $1.0 != $1.1 }
          Issue.record(
            """
            \(table.rawValue), seed \(seed), \(profile.name), \(options.threads) threads: element \
            \(at?.offset ?? -1) is \(at?.element.0 ?? 0), the reference has \
            \(at?.element.1 ?? 0); \(graph.operations[0])
            """)
          return
        }
        // A second run finds the scratch and the output of the first.
        interpreter.resetState()
        #expect(
          interpreter.codes(for: inputs) == expected,
          "\(table.rawValue), seed \(seed), second run")
      }
    }
    for table in KernelAgreementTests.tables {
      let count = own[table, default: 0]
      if family.hasKernel(table) {
        #expect(
          count > (family.hasKernelForFewCases ? cases / 8 : cases / 3),
          "only \(count) of \(cases) used the table \(table.rawValue)")
      } else {
        #expect(count == 0)
      }
    }
  }

  @Test("kernels that the machine lacks are refused with what it lacks")
  func lacking() throws {
    for choice in KernelChoice.allCases {
      var random = RandomGraph(seed: 1, arithmetic: .tflm, .requantize)
      let graph = random.builder.graph
      _ = random.inputs()
      if let lacking = choice.lacking {
        #expect(
          throws: Diagnostic(
            place: "kernels",
            problem: "'\(choice.rawValue)' need \(lacking), which this machine lacks",
            remedy: "choose 'auto' for the fastest kernels it has")
        ) { try Interpreter(graph: graph, options: RunOptions(kernels: choice)) }
      } else {
        #expect(choice == .auto || KernelChoice.available.contains(choice))
        _ = try Interpreter(graph: graph, options: RunOptions(kernels: choice))
      }
    }
    #expect(KernelChoice.auto.resolved == KernelChoice.available.last)
  }
}
