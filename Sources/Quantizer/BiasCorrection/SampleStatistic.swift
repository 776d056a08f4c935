import IntegerModel

/// A statistic over samples that several threads can gather, each over some of them.
protocol SampleStatistic: Sendable {
  /// Takes in the codes of one sample, `[…, C]`, 8 or 16 bits each.
  mutating func add<Code: FixedWidthInteger>(
    _ codes: UnsafeBufferPointer<Code>, zeroPoint: Int32)
  /// Takes in what `other` has seen.
  mutating func add(_ other: Self)
}

/// How many codes of each channel lie strictly inside the limits of an activation: those that follow
/// a change of the bias.
struct ChannelActivity: SampleStatistic {
  private let limits: CodeRange
  private var inside: [Int]
  private var positions = 0

  /// Starts without samples.
  init(channels: Int, limits: CodeRange) {
    self.limits = limits
    inside = Array(repeating: 0, count: channels)
  }

  /// The share of each channel's codes.
  var shares: [Double] { inside.map { Double($0) / Double(max(positions, 1)) } }

  /// See ``SampleStatistic``.
  mutating func add<Code: FixedWidthInteger>(
    _ codes: UnsafeBufferPointer<Code>, zeroPoint: Int32
  ) {
    let channels = inside.count
    // 32-bit lanes vectorize; a sample has fewer positions than they count to.
    var counts = [Int32](repeating: 0, count: channels)
    counts.withUnsafeMutableBufferPointer { counts in
      for start in stride(from: 0, to: codes.count, by: channels) {
        for channel in 0..<channels {
          let code = Int32(codes[start + channel])
          counts[channel] &+= code > limits.minimum && code < limits.maximum ? 1 : 0
        }
      }
    }
    for channel in 0..<channels { inside[channel] += Int(counts[channel]) }
    positions += codes.count / channels
  }

  /// See ``SampleStatistic``.
  mutating func add(_ other: ChannelActivity) {
    for channel in inside.indices { inside[channel] += other.inside[channel] }
    positions += other.positions
  }
}
