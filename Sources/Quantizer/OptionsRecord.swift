extension QuantizationOptions {
  /// All options that shape the result, `name=value`, named as on the command line.
  public var record: [String] {
    var result = [
      "arithmetic=\(arithmetic.name)", "bias-correction=\(biasCorrection.rawValue)",
      "calibrator=\(calibrator.rawValue)", "equalize=\(equalization.rawValue)",
      "output-type=\(outputType.rawValue)", "rounding=\(rounding.rawValue)",
      "split-channels=\(splitsChannels)",
      "thresholds=\(thresholds.rawValue)", "weights=\(weights.rawValue)",
    ]
    if !sixteenBitLayers.isEmpty {
      result.append("int16=\(sixteenBitLayers.joined(separator: ","))")
    }
    if sixteenBitShare > 0 { result.append("int16-share=\(sixteenBitShare)") }
    if calibrator == .percentile { result.append("percentile=\(percentile)") }
    if let reconstruction {
      result += reconstruction.record.map { "block-" + $0 }
    }
    if let training { result += training.record }
    return result
  }
}

extension TrainingOptions {
  /// As ``QuantizationOptions/record``.
  var record: [String] {
    [
      "adaround=\(learnsRounding)", "batch=\(batch)", "bias-rate=\(biasRate)", "cycles=\(cycles)",
      "epochs=\(epochs)", "held-out=\(heldOutShare)",
      "keep-weights=\(keepsWeights)", "learning-rate=\(thresholdRate)",
      "loss=\(loss.rawValue)", "parametrization=\(parametrization.rawValue)",
      "micro-batch=\(microBatch)", "mirror=\(mirrors)",
      "patience=\(patience)", "rounding-rate=\(roundingRate)", "seed=\(seed)",
      "student=\(student.rawValue)",
      "train-thresholds=\(trainsThresholds)", "tune-biases=\(tunesBiases)",
      "tune-weights=\(tunesWeights)", "weight-rate=\(weightRate)",
    ]
  }
}
