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
    let groups = OperationRules(graph: self, index: operation).accumulatorBounds()
      .filter { !$0.wraps }
    guard !groups.isEmpty else { return nil }
    return groups.flatMap { bounds in
      let limit = bounds.accumulator == .int64 ? 47 : 31
      return bounds.magnitudes.map { bound in
        max(limit - (UInt64.bitWidth - bound.leadingZeroBitCount), -1)
      }
    }
  }
}

/// The greatest magnitudes that accumulators of one kind can reach.
struct AccumulatorBounds {
  var accumulator: AccumulatorType
  /// What has such an accumulator: a channel, a filter, a unit of a gate.
  var owner: String
  /// One per owner.
  var magnitudes: [UInt64]
  /// Whether the operator lets the accumulator wrap around, as the device does: sums of 16-bit products
  /// that no real model fills cannot be proven.
  var wraps = false
}

extension OperationRules {
  /// Proves for each accumulator that no partial sum, in whatever order, leaves it.
  func requireBoundedAccumulators() throws(Diagnostic) {
    if isBoundedWhateverItsWeights { return }
    for bounds in accumulatorBounds() where !bounds.wraps {
      let limit: UInt64 = 1 << (bounds.accumulator == .int64 ? 47 : 31)
      for (index, bound) in bounds.magnitudes.enumerated() where bound >= limit {
        throw fault(
          "the accumulator of \(bounds.owner) \(index) can reach \(bound); it must stay below "
            + "\(limit)",
          remedy: "use a greater weight scale or a smaller bias for this \(bounds.owner)")
      }
    }
  }

  /// Bounds of all accumulators; none for operators without weights.
  func accumulatorBounds() -> [AccumulatorBounds] {
    switch operation.kind {
    case .svdf(let parameters): return svdfBounds(rank: parameters.rank)
    case .sequenceLSTM: return lstmBounds()
    default: return channelBounds().map { [$0] } ?? []
    }
  }

  /// SVDF: the sums over the features of each filter, and those over the memories of each unit.
  private func svdfBounds(rank: Int) -> [AccumulatorBounds] {
    guard operation.inputs.count == 5, rank >= 1 else { return [] }
    let (feature, time) = (
      bounds(of: input(1), times: input(0)), bounds(of: input(2), times: input(4))
    )
    var units = magnitudes(ofBias: input(3))
    for (filter, bound) in time.enumerated() where filter / rank < units.count {
      units[filter / rank] += bound
    }
    return [
      AccumulatorBounds(accumulator: .int32, owner: "filter", magnitudes: feature),
      AccumulatorBounds(accumulator: .int32, owner: "unit", magnitudes: units, wraps: true),
    ]
  }

  /// LSTM: two sums for each unit of each gate.
  private func lstmBounds() -> [AccumulatorBounds] {
    guard operation.inputs.count == 15 else { return [] }
    return lstmGateNames.enumerated().flatMap { gate, name in
      let inputs = zip(
        bounds(of: input(1 + gate), times: input(0)), magnitudes(ofBias: input(9 + gate)))
      return [
        AccumulatorBounds(
          accumulator: .int32, owner: "\(name) gate unit", magnitudes: inputs.map { $0 + $1 }),
        AccumulatorBounds(
          accumulator: .int32, owner: "recurrent \(name) gate unit",
          magnitudes: bounds(of: input(5 + gate), times: input(13))),
      ]
    }
  }

  /// Σ|w| of each row of constant weights, times the greatest |x − z|. Over all rows together that is
  /// below 2^62, so that sums of some of them cannot overflow.
  private func bounds(of weights: TensorDescription, times x: TensorDescription) -> [UInt64] {
    guard let bytes = weights.constant, let rows = weights.shape.first else { return [] }
    let span = UInt64(span(of: x))
    return bytes.withUnsafeBytes { rowSums(of: $0, weights, channels: rows) }.map { $0 * span }
  }

  private func magnitudes(ofBias bias: TensorDescription) -> [UInt64] {
    bias.constant?.array(of: Int32.self).map { UInt64($0.magnitude) } ?? []
  }

  /// The accumulator of an operator with constant weights and biases, and whether the channel is the
  /// fastest axis of the weights; `nil` for other operators.
  private var channelAccumulator: (type: AccumulatorType, isDepthwise: Bool)? {
    guard operation.inputs.count == 3, input(1).constant != nil, input(2).constant != nil else {
      return nil
    }
    return switch operation.kind {
    case .convolution(let parameters): (parameters.accumulator, false)
    case .depthwiseConvolution(let parameters): (parameters.accumulator, true)
    case .fullyConnected(let parameters): (parameters.accumulator, false)
    case .transposeConvolution(let parameters): (parameters.accumulator, false)
    default: nil
    }
  }

  /// |b| of each output channel.
  private func biasMagnitudes(_ accumulator: AccumulatorType) -> [UInt64] {
    accumulator == .int64
      ? input(2).constant?.array(of: Int64.self).map { $0.magnitude } ?? []
      : magnitudes(ofBias: input(2))
  }

  /// Whether the accumulators could not overflow if each weight were the greatest of its type. It
  /// holds for nearly all operators and spares reading their weights.
  private var isBoundedWhateverItsWeights: Bool {
    guard let (accumulator, isDepthwise) = channelAccumulator else { return false }
    let weights = input(1)
    let taps = weights.elementCount / weights.shape[isDepthwise ? 3 : 0]
    // The spans are below 2^17 and 2^9.
    let (products, overflow) = UInt64(taps).multipliedReportingOverflow(
      by: UInt64(span(of: input(0)) * span(of: weights)))
    let limit: UInt64 = 1 << (accumulator == .int64 ? 47 : 31)
    guard !overflow, products < limit else { return false }
    return biasMagnitudes(accumulator).allSatisfy { $0 < limit - products }
  }

  /// Bounds per output channel, or `nil` for operators without weights.
  private func channelBounds() -> AccumulatorBounds? {
    guard let (accumulator, isDepthwise) = channelAccumulator else { return nil }
    let weights = input(1)
    guard let weightBytes = weights.constant else { return nil }
    let sums = weightBytes.withUnsafeBytes { bytes in
      isDepthwise
        ? columnSums(of: bytes, weights, channels: weights.shape[3])
        : rowSums(of: bytes, weights, channels: weights.shape[0])
    }
    let span = UInt64(span(of: input(0)))
    let biasMagnitudes = biasMagnitudes(accumulator)
    // Σ|w − z| < 2^31 · 2^8 and the span is below 2^17, so only the bias can make the sum overflow.
    var perChannel: [UInt64] = []
    perChannel.reserveCapacity(sums.count)
    for (sum, magnitude) in zip(sums, biasMagnitudes) {
      let (bound, overflow) = (sum * span).addingReportingOverflow(magnitude)
      perChannel.append(overflow ? .max : bound)
    }
    return AccumulatorBounds(
      accumulator: accumulator, owner: "channel", magnitudes: perChannel)
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
    case .int16:
      for element in start..<start + length {
        let code = bytes.loadUnaligned(fromByteOffset: element * 2, as: Int16.self)
        sum += UInt64(Int16(littleEndian: code).magnitude)
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
