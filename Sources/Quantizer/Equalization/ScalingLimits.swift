import FloatModel

/// How far each output channel of a layer may be scaled so that its fused activation still does the
/// same to every value: `clip(s · x) = s · clip(x)` (paper eq. 26, 27).
///
/// A limit of 0 or infinity allows any positive factor. Any other is respected as the paper does
/// with the 6 of ReLU6: a channel that comes close to it over the samples is locked, and no other
/// may be scaled to where it would be.
struct ScalingLimits {
  /// The share of a limit from which on a channel is locked: 5.9 of 6 (paper 3.3.1).
  static let lockShare = 5.9 / 6

  /// The greatest factor of each channel, at least 1 and infinite where nothing limits it; `nil` for
  /// a locked channel. Lesser factors are always allowed.
  let greatestFactors: [Double?]

  /// The limits under `clamp` for channels that span `extremes` behind it.
  ///
  /// A channel that was 0 throughout must not grow: how far below 0 it was is unknown, and its
  /// bias might come to dominate the scale of the layer's weights.
  init(clamp: ClampRange, extremes: ChannelExtremes) {
    greatestFactors = extremes.minima.indices.map { channel in
      let (low, high) = (Double(extremes.minima[channel]), Double(extremes.maxima[channel]))
      guard clamp.minimum <= 0, clamp.maximum >= 0 else { return nil }
      if low == 0, high == 0 { return 1 }
      guard let above = Self.greatestFactor(reach: high, limit: Double(clamp.maximum)),
        let below = Self.greatestFactor(reach: -low, limit: -Double(clamp.minimum))
      else { return nil }
      return min(above, below)
    }
  }

  /// Whether a channel must stay as it is.
  func isLocked(_ channel: Int) -> Bool { greatestFactors[channel] == nil }

  /// `factor`, as far as `channel` may be scaled.
  func limited(_ factor: Double, channel: Int) -> Double {
    greatestFactors[channel].map { min(factor, $0) } ?? 1
  }

  /// The factor that brings `reach` close to `limit`; `nil` if it is there already.
  private static func greatestFactor(reach: Double, limit: Double) -> Double? {
    guard limit > 0, limit.isFinite, reach > 0 else { return .infinity }
    let lockLimit = lockShare * limit
    return reach < lockLimit ? lockLimit / reach : nil
  }
}
