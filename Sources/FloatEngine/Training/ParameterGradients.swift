import CFloatKernels
import Diagnostics
import FloatModel

/// The gradients of parameters, summed over backward passes.
final class ParameterGradients {
  /// Sums in the caller's layout; those of layers' weights stand apart, in the layers.
  let sums: [ValueIndex: AlignedBuffer]
  private var layers: [ValueIndex: [LayerGradient]] = [:]
  /// Where the weights' gradients are brought into the caller's layout.
  private var results: [ValueIndex: AlignedBuffer] = [:]
  /// For weights that several layers share.
  private var shared: AlignedBuffer?

  init(graph: FloatGraph, parameters: Set<ValueIndex>) throws(Diagnostic) {
    var sums: [ValueIndex: AlignedBuffer] = [:]
    for index in parameters {
      sums[index] = try AlignedBuffer(
        count: graph.values[index].constant?.count ?? 0, purpose: "gradients of parameters")
    }
    self.sums = sums
  }

  /// Adds a layer that sums the gradient of its weights itself.
  func add(_ layer: LayerGradient, weights: ValueIndex) throws(Diagnostic) {
    guard let sum = sums[weights] else { return }
    layers[weights, default: []].append(layer)
    if results[weights] == nil {
      results[weights] = try AlignedBuffer(count: sum.count, purpose: "gradients of parameters")
    } else if shared?.count ?? 0 < sum.count {
      shared = try AlignedBuffer(count: sum.count, purpose: "gradients of parameters")
    }
  }

  var byteCount: Int {
    let plain = (Array(sums.values) + Array(results.values)).reduce(0) { $0 + $1.byteCount }
    return plain + (shared?.byteCount ?? 0)
  }

  /// Forgets what was summed.
  func clear() {
    for sum in sums.values { sum.base.update(repeating: 0, count: sum.count) }
    for layer in layers.values.joined() { layer.clear() }
  }

  /// The sum for one parameter; `nil` if it is not wanted.
  func gradient(of index: ValueIndex) throws(Diagnostic) -> UnsafeBufferPointer<Float>? {
    guard let sum = sums[index] else { return nil }
    guard let layers = layers[index], let result = results[index] else {
      return UnsafeBufferPointer(start: sum.base, count: sum.count)
    }
    let count = Int64(sum.count)
    try layers[0].unload(into: UnsafeMutableBufferPointer(start: result.base, count: sum.count))
    float_accumulate(sum.base, result.base, count)
    for layer in layers.dropFirst() {
      guard let shared else { break }
      try layer.unload(into: UnsafeMutableBufferPointer(start: shared.base, count: sum.count))
      float_accumulate(shared.base, result.base, count)
    }
    return UnsafeBufferPointer(start: result.base, count: sum.count)
  }
}
