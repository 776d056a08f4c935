import IntegerModel
import IntegerRuntime
import IntegerTestSupport
import Testing

@Suite("Every kernel gives the bits of the reference kernel")
struct KernelAgreementTests {
  @Test("every operator has a case worked out by hand", arguments: OperatorFamily.allCases)
  func covered(_ family: OperatorFamily) {
    #expect(
      handWorkedCases.contains { OperatorFamily($0.graph().operations[0].kind) == family })
  }

  @Test(
    "on random cases, under both roundings, on one to three threads",
    arguments: OperatorFamily.allCases)
  func agreement(_ family: OperatorFamily) throws {
    var portableCases = 0
    let cases = family.hasPortableKernel ? 300 : 40
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

      var options = RunOptions(kernels: .portable, threads: number % 3 + 1)
      options.parallelWork = 0
      let portable = try Interpreter(graph: graph, options: options)
      if portable.kernelName(of: 0) == "portable" { portableCases += 1 }
      let codes = portable.codes(for: inputs)
      if codes != expected {
        let at = zip(codes, expected).enumerated().first { $1.0 != $1.1 }
        Issue.record(
          """
          seed \(seed), \(profile.name), \(options.threads) threads: element \(at?.offset ?? -1) is \
          \(at?.element.0 ?? 0), the reference has \(at?.element.1 ?? 0); \(graph.operations[0])
          """)
        return
      }
      // A second run finds the scratch and the output of the first.
      portable.resetState()
      #expect(portable.codes(for: inputs) == expected, "seed \(seed), second run")
    }
    if family.hasPortableKernel {
      #expect(portableCases > cases / 2, "only \(portableCases) of \(cases) used the table")
    } else {
      #expect(portableCases == 0)
    }
  }
}
