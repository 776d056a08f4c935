import Foundation

/// How far each channel, the last axis, of an activation is to be expected to go from zero.
struct ChannelReach {
  /// How much of a channel's unevenness over the samples is added as room, as an exponent. Without,
  /// thresholds came to be trained on MobileNetV2 that the next images passed: 0.9 dB were lost.
  private static let caution = 0.25

  private var maxima: [Float]
  private var sums: [Double]
  private var samples = 0

  init(channels: Int) {
    maxima = Array(repeating: 0, count: channels)
    sums = Array(repeating: 0, count: channels)
  }

  /// Takes in samples of `sampleSize` elements each, one after the other.
  mutating func observe(_ elements: UnsafeBufferPointer<Float>, sampleSize: Int) {
    let channels = maxima.count
    var greatest = maxima
    for start in stride(from: 0, to: elements.count, by: sampleSize) {
      for channel in 0..<channels { greatest[channel] = 0 }
      greatest.withUnsafeMutableBufferPointer { greatest in
        for position in stride(from: start, to: start + sampleSize, by: channels) {
          for channel in 0..<channels {
            greatest[channel] = max(greatest[channel], abs(elements[position + channel]))
          }
        }
      }
      for channel in 0..<channels {
        maxima[channel] = max(maxima[channel], greatest[channel])
        sums[channel] += Double(greatest[channel])
      }
      samples += 1
    }
  }

  /// The greatest magnitude of each channel, times the fourth root of its ratio to the mean over the
  /// samples of their greatest: a channel that answers loudly to few of them may answer louder to the
  /// next.
  var expected: [Double] {
    zip(maxima, sums).map { maximum, sum in
      guard sum > 0 else { return 0 }
      return Double(maximum) * pow(Double(maximum) * Double(samples) / sum, Self.caution)
    }
  }
}
