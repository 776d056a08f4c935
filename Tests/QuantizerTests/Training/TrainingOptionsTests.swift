import Quantizer
import Testing

@Suite("The record of a conversion")
struct TrainingOptionsTests {
  /// A change of each option, by the name of its property.
  private static let changes: [String: @Sendable (inout TrainingOptions) -> Void] = [
    "epochs": { $0.epochs += 1 },
    "cycles": { $0.cycles += 1 },
    "batch": { $0.batch += 1 },
    "thresholdRate": { $0.thresholdRate *= 2 },
    "weightRate": { $0.weightRate *= 2 },
    "biasRate": { $0.biasRate *= 2 },
    "roundingRate": { $0.roundingRate *= 2 },
    "loss": { $0.loss = .smoothL1 },
    "parametrization": { $0.parametrization = .log2 },
    "trainsThresholds": { $0.trainsThresholds.toggle() },
    "tunesWeights": { $0.tunesWeights.toggle() },
    "tunesBiases": { $0.tunesBiases.toggle() },
    "learnsRounding": { $0.learnsRounding.toggle() },
    "keepsWeights": { $0.keepsWeights.toggle() },
    "microBatch": { $0.microBatch += 1 },
    "mirrors": { $0.mirrors.toggle() },
    "student": { $0.student = .device },
    "heldOutShare": { $0.heldOutShare /= 2 },
    "patience": { $0.patience += 1 },
    "seed": { $0.seed += 1 },
  ]

  @Test("tells every option of training: one that is added must be told, too")
  func record() throws {
    let plain = TrainingOptions()
    let names = Mirror(reflecting: plain).children.compactMap(\.label)
    #expect(Set(names) == Set(Self.changes.keys))
    let start = QuantizationOptions(training: plain).record
    for (name, change) in Self.changes {
      var changed = plain
      change(&changed)
      try #require(changed != plain, "\(name)")
      let record = QuantizationOptions(training: changed).record
      #expect(zip(start, record).count { $0 != $1 } == 1, "\(name)")
      #expect(record.count == start.count)
    }
  }
}
