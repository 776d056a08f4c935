import CommandSupport
import Diagnostics
import Foundation
import IntegerModel
import Quantizer

/// What a sensitivity analysis found, as JSON and as text.
struct SensitivityReport: Encodable {
  struct Layer: Encodable {
    struct Channel: Encodable {
      var channel: Int
      var sqnr: Double
    }

    var name: String
    var kind: String
    /// dB
    var alone: Double
    /// dB
    var cumulative: Double
    /// dB
    var drop: Double
    /// 0…1
    var noiseShare: Double
    var worstChannels: [Channel]
    /// Shares of the layer's own noise; see `NoiseEvidence`.
    var biasShare: Double
    var cumulativeBiasShare: Double
    var clippedShare: Double
    var roundingShare: Double
    var peakToMean: Double
    var filterSpread: Double?
    var mend: String?
  }

  struct Mend: Encodable {
    var mend: String
    var options: String
    var layers: Int
    var noiseShare: Double
  }

  /// Number of inputs compared.
  var samples: Int
  /// The noisiest first.
  var layers: [Layer]
  /// In the order in which to try them: what costs least first, training last.
  var mends: [Mend]

  init(_ sensitivities: [LayerSensitivity], graph: IntegerGraph, samples: Int) {
    self.samples = samples
    layers = sensitivities.map { layer in
      let operation = graph.operations[layer.operation]
      return Layer(
        name: operation.name, kind: operation.kind.name, alone: layer.alone,
        cumulative: layer.cumulative, drop: layer.drop, noiseShare: layer.noiseShare,
        worstChannels: layer.worstChannels.map {
          Layer.Channel(channel: $0.index, sqnr: $0.signalToNoise)
        },
        biasShare: layer.evidence.biasShare,
        cumulativeBiasShare: layer.evidence.cumulativeBiasShare,
        clippedShare: layer.evidence.clippedShare,
        roundingShare: layer.evidence.roundingShare, peakToMean: layer.evidence.peakToMean,
        filterSpread: layer.evidence.filterSpread, mend: layer.mend?.rawValue)
    }
    mends = SensitivityMend.allCases.compactMap { mend in
      let concerned = sensitivities.filter { $0.mend == mend }
      guard !concerned.isEmpty else { return nil }
      return Mend(
        mend: mend.rawValue, options: mend.options, layers: concerned.count,
        noiseShare: concerned.reduce(0) { $0 + $1.noiseShare })
    }
  }

  /// At most 100 columns: a row per layer, the worst channels of the first five, the mends.
  func text(samples description: String) -> String {
    var rows = [["", "layer", "kind", "alone", "cumulative", "drop", "noise", "mend"]]
    for (index, layer) in layers.enumerated() {
      rows.append([
        "\(index + 1)", Self.shortened(layer.name), Self.shortKind(layer.kind),
        Self.decibels(layer.alone), Self.decibels(layer.cumulative), Self.decibels(layer.drop),
        Self.percent(layer.noiseShare), layer.mend ?? "",
      ])
    }
    var parts = [
      "\(description); SQNR of each layer, quantized alone and in the whole model",
      textTable(rows, rightAligned: [0, 3, 4, 5, 6]),
    ]
    let noisy = layers.prefix(5).filter { !$0.worstChannels.isEmpty }
    if !noisy.isEmpty {
      let channels = noisy.map { layer in
        [
          "  " + Self.shortened(layer.name),
          layer.worstChannels.map { "\($0.channel) (\(Self.decibels($0.sqnr)))" }
            .joined(separator: ", "),
        ]
      }
      parts.append("worst channels, alone\n" + textTable(channels, rightAligned: []))
    }
    parts.append(
      mends.isEmpty
        ? "no layer stands out"
        : "mends\n" + mends.map(Self.describe).joined(separator: "\n"))
    return parts.joined(separator: "\n\n")
  }

  private static func describe(_ mend: Mend) -> String {
    let layers = mend.layers == 1 ? "1 layer" : "\(mend.layers) layers"
    let reason = SensitivityMend(rawValue: mend.mend)?.reason ?? ""
    return "  \(mend.mend): \(layers), \(percent(mend.noiseShare)) of the noise\n"
      + "    \(reason)\n    try \(mend.options)"
  }

  /// "depthwise" says it all, and the table has 100 columns.
  private static func shortKind(_ kind: String) -> String {
    kind == "depthwise convolution" ? "depthwise" : kind
  }

  private static func decibels(_ value: Double) -> String {
    guard value.isFinite else { return value > 0 ? "∞" : "-∞" }
    // No "-0.0".
    return String(format: "%.1f dB", abs(value) < 0.05 ? 0 : value)
  }

  private static func percent(_ share: Double) -> String {
    String(format: "%.1f %%", 100 * share)
  }

  /// Names longer than `limit` characters keep their end, which tells layers apart.
  private static func shortened(_ name: String, to limit: Int = 30) -> String {
    let name = Diagnostic.printable(name)
    return name.count <= limit ? name : "…" + name.suffix(limit - 1)
  }
}

extension SensitivityMend {
  /// Options of qconvert that it means.
  var options: String {
    switch self {
    case .widerThresholds: "--calibrator minmax, or a greater --percentile"
    case .filterThresholds: "--weights per-channel, or --equalize depthwise-rescale"
    case .biasCorrection: "--bias-correction empirical"
    case .tighterThresholds: "--calibrator mse, or --calibrator percentile"
    case .trainedThresholds: "--train with a folder of unlabeled images"
    case .sixteenBits: "--int16 with the names of these layers, or --int16-share 20"
    }
  }

  /// Why, in one clause.
  var reason: String {
    switch self {
    case .widerThresholds: "values beyond the output's thresholds make most of the noise"
    case .filterThresholds: "one large filter makes the step of all filters of its layer"
    case .biasCorrection: "channels are off by a constant, which makes much of the noise"
    case .tighterThresholds: "rare large outputs make the step of all others"
    case .trainedThresholds: "nothing simpler stands out"
    case .sixteenBits: "thresholds are trained; what is left is the rounding to 8 bits"
    }
  }
}
