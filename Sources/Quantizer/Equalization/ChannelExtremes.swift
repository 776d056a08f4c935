import Diagnostics
import FloatModel

/// The least and greatest value of each channel, the last axis, of some activations over all
/// samples.
struct ChannelExtremes {
  /// Least value per channel.
  private(set) var minima: [Float]
  /// Greatest value per channel.
  private(set) var maxima: [Float]

  private init(channels: Int) {
    minima = Array(repeating: .infinity, count: channels)
    maxima = Array(repeating: -.infinity, count: channels)
  }

  /// The extremes of `values`, from the float engine.
  static func observed(
    of values: Set<ValueIndex>, in graph: FloatGraph, samples: SampleSet,
    options: QuantizationOptions, progress: (StepProgress) -> Void
  ) throws(Diagnostic) -> [ValueIndex: ChannelExtremes] {
    var result: [ValueIndex: ChannelExtremes] = [:]
    try samples.run(through: graph, options: options, progress: progress) { value, elements in
      guard values.contains(value), let channels = graph.values[value].shape.last else { return }
      result[value, default: ChannelExtremes(channels: channels)].observe(elements)
    }
    return result
  }

  private mutating func observe(_ elements: UnsafeBufferPointer<Float>) {
    let channels = minima.count
    minima.withUnsafeMutableBufferPointer { minima in
      maxima.withUnsafeMutableBufferPointer { maxima in
        for start in stride(from: 0, to: elements.count, by: channels) {
          for channel in 0..<channels {
            let element = elements[start + channel]
            minima[channel] = element < minima[channel] ? element : minima[channel]
            maxima[channel] = element > maxima[channel] ? element : maxima[channel]
          }
        }
      }
    }
  }
}
