import Foundation
import IntegerModel
import IntegerRuntime
import TensorFiles
import TestSupport
import Testing

@Suite(
  "Single operators have LiteRT's bits on and beside ties",
  .enabled(if: Python.isAvailable, LiteRTOracle.missing))
struct LiteRTTieTests {
  /// Each seed gives 8 models of each of 19 operators, some of 65536 elements.
  @Test("in every element, under both profiles", arguments: UInt64(1)...4)
  func ties(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    try LiteRTOracle.run("litert_ties.py", [folder.path, "\(seed)", "8"])
    let names = String(decoding: try #require(folder.read("cases.txt")), as: UTF8.self)
      .split(separator: "\n")
    #expect(names.count == 19 * 8)
    var compared = 0
    for (number, name) in names.enumerated() {
      let arrays = try NPZFile.read(path: folder.file("\(number).npz"))
      let graph = try LiteRTOracle.graph(folder.file("\(number).tflite"))
      #expect(graph.profiles == LiteRTOracle.profiles)
      for (profile, member) in zip(LiteRTOracle.profiles, ["reference", "default"]) {
        guard let expected = arrays.first(where: { $0.name == member }) else { continue }
        // LiteRT's reference kernel sums int8 codes without their scales.
        if name == "sum" && profile == .litertReference && expected.elementType == .int8 {
          continue
        }
        let interpreter = try Interpreter(
          graph: graph, options: RunOptions(arithmetic: profile, kernels: .reference))
        for (index, input) in graph.inputs.enumerated() {
          let array = try #require(arrays.first { $0.name == "x\(index)" })
          interpreter.mutableBytes(of: input).copyBytes(from: array.bytes)
        }
        interpreter.run()
        let found = interpreter.bytes(of: graph.outputs[0])
        try #require(found.count == expected.bytes.count)
        let differing = expected.differingBytes(from: found, at: 0)
        #expect(
          differing == 0,
          "\(name), seed \(seed), case \(number), \(profile.name): \(differing) of \(found.count)")
        compared += 1
      }
    }
    // LiteRT refuses none of these models, but for sums of int8.
    #expect(compared >= 2 * names.count - 8)
  }
}
