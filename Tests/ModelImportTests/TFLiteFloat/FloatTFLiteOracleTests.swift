import FloatModel
import ModelImport
import TFLiteFormat
import TestSupport
import Testing

@Suite(
  "Imported float .tflite operators agree with LiteRT",
  .enabled(if: LiteRT.isAvailable, LiteRT.missing))
struct FloatTFLiteOracleTests {
  @Test("every operator in random forms, as imported and simplified", arguments: [1, 2])
  func operators(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let cases = FloatTFLiteCases(seed: seed, repetitions: 8)
    for (name, model) in cases.models {
      try TFLiteFile.write(model, to: folder.file("\(name).tflite"))
    }
    let runs = try LiteRT.run(cases.models.map(\.name), in: folder, seed: Int(seed))
    #expect(runs.count == cases.models.count)
    for (run, model) in zip(runs, cases.models.map(\.model)) {
      do {
        let graph = try TFLiteFloatImporter.graph(of: model)
        for candidate in [graph, try graph.simplified()] {
          let disagreement = try LiteRT.disagreement(of: candidate, from: run, in: folder)
          #expect(disagreement <= 1e-4, "\(run.name), seed \(seed): \(model.operators)")
        }
      } catch {
        Issue.record("\(run.name), seed \(seed): \(error) \(model)")
      }
    }
  }
}
