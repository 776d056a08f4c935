import FloatEngine
import Foundation

/// The rounding of all filters of one layer.
struct FilterRounding: Sendable {
  /// Float weights, filter after filter.
  private(set) var weights: [Float]
  /// T per filter, or a single one.
  private(set) var thresholds: [Float]
  let layout: WeightLayout
  /// Scales that are tried, over that of the threshold.
  let scales: ClosedRange<Float>
  /// How many, for filters of so many weights.
  let scaleCount: @Sendable (Int) -> Int

  /// Moves the weights `block` of each filter of its group to where `regression` wants them. Where each
  /// filter has a threshold, it grows and shrinks with the greatest of these weights.
  mutating func adapt(_ block: InputMoments.Block, to regression: InputRegression, threads: Int) {
    let filters = filters(of: block)
    let workers = max(1, min(threads, filters.count))
    let parts = ParallelResults<[(filter: Int, weights: [Float])]>(count: workers)
    let current = self
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      parts.set(
        worker,
        stride(from: filters.lowerBound + worker, to: filters.upperBound, by: workers).map {
          ($0, regression.adapted(current.weights[current.range(of: block, in: $0)]))
        })
    }
    for (filter, adapted) in parts.all().flatMap({ $0 }) {
      let range = range(of: block, in: filter)
      let before = weights[range].reduce(Float(0)) { max($0, abs($1)) }
      let after = adapted.reduce(Float(0)) { max($0, abs($1)) }
      weights.replaceSubrange(range, with: adapted)
      guard thresholds.count > 1, block.weights.count == layout.filterSize, before > 0 else {
        continue
      }
      thresholds[filter] *= after / before
    }
  }

  private func filters(of block: InputMoments.Block) -> Range<Int> {
    let first = block.group * layout.filtersPerGroup
    return first..<first + layout.filtersPerGroup
  }

  private func range(of block: InputMoments.Block, in filter: Int) -> Range<Int> {
    let start = filter * layout.filterSize
    return start + block.weights.lowerBound..<start + block.weights.upperBound
  }

  /// Rounds the weights `block` of each filter of its group into `result`, weights on the grid of
  /// the thresholds beside them.
  ///
  /// - Parameter isOnly: whether the block is the whole filter, so that it may choose the scale.
  func round(
    _ block: InputMoments.Block, isOnly: Bool, _ rounding: CompensatedRounding, threads: Int,
    into result: inout (weights: [Float], thresholds: [Float])
  ) {
    let filters = filters(of: block)
    let chooses = isOnly && thresholds.count > 1
    let workers = max(1, min(threads, filters.count))
    let parts = ParallelResults<[(filter: Int, scale: Float, codes: [Int8])]>(count: workers)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      parts.set(
        worker,
        stride(from: filters.lowerBound + worker, to: filters.upperBound, by: workers).compactMap {
          filter in
          best(filter, block, rounding, chooses: chooses).map { (filter, $0.scale, $0.codes) }
        })
    }
    for (filter, scale, codes) in parts.all().flatMap({ $0 }) {
      let start = range(of: block, in: filter).lowerBound
      for (offset, code) in codes.enumerated() {
        result.weights[start + offset] = scale * Float(code)
      }
      if chooses { result.thresholds[filter] = scale * 127 }
    }
  }

  /// The codes of one filter and their scale; `nil` for a filter of zeros.
  private func best(
    _ filter: Int, _ block: InputMoments.Block, _ rounding: CompensatedRounding, chooses: Bool
  ) -> (scale: Float, codes: [Int8])? {
    let threshold = thresholds.count == 1 ? thresholds[0] : thresholds[filter]
    let given = threshold / 127
    guard given.isNormal else { return nil }
    return weights.withUnsafeBufferPointer { all in
      let part = UnsafeBufferPointer(rebasing: all[range(of: block, in: filter)])
      var (codes, error) = rounding.codes(of: part, scale: given)
      var scale = given
      let count = chooses ? scaleCount(block.weights.count) : 0
      for step in 0..<count {
        let share = Float(step) / Float(count - 1)
        let candidate =
          given * (scales.lowerBound + share * (scales.upperBound - scales.lowerBound))
        let tried = rounding.codes(of: part, scale: candidate)
        if tried.error < error { (codes, error, scale) = (tried.codes, tried.error, candidate) }
      }
      return (scale, codes)
    }
  }
}
