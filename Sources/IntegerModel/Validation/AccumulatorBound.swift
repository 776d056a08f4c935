import Diagnostics

extension IntegerGraph {
  /// Bits left in the accumulator of each output channel, in the worst case over all inputs: how
  /// often the accumulator could still be doubled. `nil` for operators without weights.
  ///
  /// The worst case of channel c is Σ|w − z_w|·max(max − z, z − min) + |b|, with the sum over the
  /// channel's weights and the limits and zero point of the activation codes. It is compared with
  /// 2^31, or, for 64-bit accumulators, with 2^47: what the 16-bit multiplier of 16x8 leaves.
  ///
  /// The graph must be valid, or be a graph whose only fault is an accumulator that overflows
  /// (headroom −1).
  public func accumulatorHeadroom(of operation: Int) -> [Int]? {
    guard let bounds = OperationRules(graph: self, index: operation).accumulatorBounds() else {
      return nil
    }
    let limit = bounds.accumulator == .int64 ? 47 : 31
    return bounds.perChannel.map { bound in
      max(limit - (UInt64.bitWidth - bound.leadingZeroBitCount), -1)
    }
  }
}

/// The greatest magnitude that each accumulator of an operation can reach.
struct AccumulatorBounds {
  var accumulator: AccumulatorType
  var perChannel: [UInt64]
}

extension OperationRules {
  /// Proves for each output channel that no partial sum, in whatever order, leaves the accumulator.
  func requireBoundedAccumulators() throws(Diagnostic) {
    guard let bounds = accumulatorBounds() else { return }
    let limit: UInt64 = 1 << (bounds.accumulator == .int64 ? 47 : 31)
    for (channel, bound) in bounds.perChannel.enumerated() where bound >= limit {
      throw fault(
        "the accumulator of channel \(channel) can reach \(bound); it must stay below \(limit)",
        remedy: "use a greater weight scale or a smaller bias for this channel")
    }
  }

  /// Bounds per output channel, or `nil` for operators without weights.
  func accumulatorBounds() -> AccumulatorBounds? {
    let accumulator: AccumulatorType
    let isDepthwise: Bool
    switch operation.kind {
    case .convolution(let parameters): (accumulator, isDepthwise) = (parameters.accumulator, false)
    case .depthwiseConvolution(let parameters):
      (accumulator, isDepthwise) = (parameters.accumulator, true)
    case .fullyConnected(let parameters):
      (accumulator, isDepthwise) = (parameters.accumulator, false)
    case .transposeConvolution(let parameters):
      (accumulator, isDepthwise) = (parameters.accumulator, false)
    default: return nil
    }
    guard operation.inputs.count == 3 else { return nil }
    let (weights, bias) = (input(1), input(2))
    guard let weightBytes = weights.constant, let biasBytes = bias.constant else { return nil }
    let sums = weightBytes.withUnsafeBytes { bytes in
      isDepthwise
        ? columnSums(of: bytes, weights, channels: weights.shape[3])
        : rowSums(of: bytes, weights, channels: weights.shape[0])
    }
    let span = UInt64(span(of: input(0)))
    let biasMagnitudes =
      accumulator == .int64
      ? biasBytes.array(of: Int64.self).map { $0.magnitude }
      : biasBytes.array(of: Int32.self).map { UInt64($0.magnitude) }
    // Σ|w − z| < 2^31 · 2^8 and the span is below 2^17, so only the bias can make the sum overflow.
    var perChannel: [UInt64] = []
    perChannel.reserveCapacity(sums.count)
    for (sum, magnitude) in zip(sums, biasMagnitudes) {
      let (bound, overflow) = (sum * span).addingReportingOverflow(magnitude)
      perChannel.append(overflow ? .max : bound)
    }
    return AccumulatorBounds(accumulator: accumulator, perChannel: perChannel)
  }
}

/// Σ|w − z| of weights `[channels, …]`: each channel's weights lie together.
private func rowSums(
  of bytes: UnsafeRawBufferPointer, _ weights: TensorDescription, channels: Int
) -> [UInt64] {
  let length = weights.elementCount / channels
  var sums: [UInt64] = []
  sums.reserveCapacity(channels)
  for channel in 0..<channels {
    let start = channel * length
    var sum: UInt64 = 0
    switch weights.elementType {
    case .int8:
      let row = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
      sum = row.withMemoryRebound(to: Int8.self) { magnitudeSum($0) }
    case .uint8:
      let zeroPoint = weights.zeroPoint
      for code in bytes[start..<start + length] {
        sum += UInt64((Int32(code) - zeroPoint).magnitude)
      }
    default:
      for element in start..<start + length {
        sum += UInt64(signedNibble(bytes, element).magnitude)
      }
    }
    sums.append(sum)
  }
  return sums
}

/// Σ|w| of a run of int8 weights, in blocks whose 16-bit sums cannot overflow (256 · 128 = 2^15) and
/// vectorize well: loading a model reads all its weights here.
private func magnitudeSum(_ row: UnsafeBufferPointer<Int8>) -> UInt64 {
  var sum: UInt64 = 0
  var start = 0
  while start < row.count {
    let end = min(start + 256, row.count)
    var block: UInt16 = 0
    for index in start..<end { block &+= UInt16(row[index].magnitude) }
    sum += UInt64(block)
    start = end
  }
  return sum
}

/// Σ|w − z| of weights `[…, channels]`: the channel is the fastest axis.
private func columnSums(
  of bytes: UnsafeRawBufferPointer, _ weights: TensorDescription, channels: Int
) -> [UInt64] {
  var sums = [UInt64](repeating: 0, count: channels)
  let zeroPoint = weights.elementType == .uint8 ? weights.zeroPoint : 0
  let taps = weights.elementCount / channels
  for tap in 0..<taps {
    for channel in 0..<channels {
      let element = tap * channels + channel
      let code: Int32 =
        switch weights.elementType {
        case .int8: Int32(Int8(bitPattern: bytes[element]))
        case .uint8: Int32(bytes[element])
        default: Int32(signedNibble(bytes, element))
        }
      sums[channel] += UInt64((code - zeroPoint).magnitude)
    }
  }
  return sums
}

/// Element `index` of packed int4 codes: two per byte, low nibble first, sign-extended.
@inlinable
package func signedNibble(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int8 {
  let byte = Int8(bitPattern: bytes[index / 2])
  return index % 2 == 0 ? (byte << 4) >> 4 : byte >> 4
}
