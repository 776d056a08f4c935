import FloatModel
import FloatReference
import Testing

/// The simplified graph, after checking that it computes the same outputs as `graph` for random
/// inputs, under the same names.
func simplifiedAndChecked(
  _ graph: FloatGraph, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
) throws -> FloatGraph {
  let simplified = try graph.simplified()
  try expectSameOutputs(
    graph, simplified, seed: seed, sourceLocation: sourceLocation)
  return simplified
}

/// Checks that two graphs compute the same for random inputs, up to rounding.
func expectSameOutputs(
  _ before: FloatGraph, _ after: FloatGraph, seed: UInt64,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  var source = TensorSource(seed: seed)
  let inputs = before.inputs.map { source.values(before.values[$0].shape, in: -4...4) }
  let expected = try FloatReference(before, inputs: inputs).outputs
  let actual = try FloatReference(after, inputs: inputs).outputs
  #expect(
    after.outputs.map { after.values[$0].name } == before.outputs.map { before.values[$0].name },
    "seed \(seed)", sourceLocation: sourceLocation)
  #expect(
    actual.map(\.shape) == expected.map(\.shape), "seed \(seed)", sourceLocation: sourceLocation)
  for (result, reference) in zip(actual, expected) {
    let tolerance = 1e-4 * max(reference.values.map(abs).max() ?? 0, 1e-3)
    let isClose = zip(result.values, reference.values).allSatisfy { abs($0 - $1) <= tolerance }
    #expect(
      isClose, "seed \(seed): \(before.operationNames) became \(after.operationNames)",
      sourceLocation: sourceLocation)
  }
}
