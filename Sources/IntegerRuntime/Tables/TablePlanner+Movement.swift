import CIntegerKernels
import IntegerModel

// Operators that only move elements: arrays read and written with steps of their own along each axis.
extension TablePlanner {
  /// Transposition, slices, concatenation, repetition, and exchanges of channels and pixels.
  func movement(_ operation: Operation) -> TableStep? {
    guard kernels.move != nil, let copies = copies(operation) else { return nil }
    let parts = options.threads > 1 && copies.count == 1 ? split(copies[0]) : copies
    let block = memory.allocateUninitialized(
      byteCount: parts.count * MemoryLayout<fbq_copy>.stride)
    block.bindMemory(to: fbq_copy.self, capacity: parts.count)
      .initialize(from: parts, count: parts.count)
    let result = y(operation)
    return TableStep(
      choice: choice, kernel: kernels.move, parameters: UnsafeRawPointer(block),
      units: parts.count, scratchByteCount: 0,
      isParallel: result.extents.count >= options.parallelWork)
  }

  /// The copies that an operation consists of; `nil` for other operations, and for steps along too many
  /// axes.
  private func copies(_ operation: Operation) -> [fbq_copy]? {
    let (input, result) = (x(operation), y(operation))
    let (from, to) = (input.extents.strides, result.extents.strides)
    switch operation.kind {
    case .transpose(let permutation):
      let leading = 6 - permutation.count
      let axes = permutation.enumerated().map { axis, source in
        MovedAxis(result.extents[leading + axis], from[leading + source], to[leading + axis])
      }
      return copy(axes, from: input, to: result).map { [$0] }
    case .stridedSlice(let parameters):
      let leading = 6 - parameters.begin.count
      var start = 0
      let axes = parameters.begin.indices.map { axis in
        start += from[leading + axis] * parameters.begin[axis]
        return MovedAxis(
          result.extents[leading + axis], from[leading + axis] * parameters.strides[axis],
          to[leading + axis])
      }
      return copy(axes, from: input, at: start, to: result).map { [$0] }
    case .concatenation(let axis): return concatenation(operation, axis: axis)
    case .tile:
      let axes = (0..<6).flatMap { axis in
        let extent = input.extents[axis]
        return [
          MovedAxis(result.extents[axis] / extent, 0, to[axis] * extent),
          MovedAxis(extent, from[axis], to[axis]),
        ]
      }
      return copy(axes, from: input, to: result).map { [$0] }
    case .depthToSpace(let size):
      let axes = blocks(size, image: result.extents, to, depth: input.extents, from)
      return copy(axes.map { $0.reversed }, from: input, to: result).map { [$0] }
    case .spaceToDepth(let size):
      let axes = blocks(size, image: input.extents, from, depth: result.extents, to)
      return copy(axes, from: input, to: result).map { [$0] }
    default: return nil
    }
  }

  private func concatenation(_ operation: Operation, axis: Int) -> [fbq_copy]? {
    let result = y(operation)
    let to = result.extents.strides
    let aligned = 6 - graph.tensors[operation.outputs[0]].shape.count + axis
    var copies: [fbq_copy] = []
    var position = 0
    for index in operation.inputs {
      let part = places[index]
      let from = part.extents.strides
      let axes = (0..<6).map { MovedAxis(part.extents[$0], from[$0], to[$0]) }
      guard let copy = copy(axes, from: part, at: 0, to: result, at: position * to[aligned]) else {
        return nil
      }
      copies.append(copy)
      position += part.extents[aligned]
    }
    return copies
  }

  /// From an image `[N, H · b, W · b, C]` to `[N, H, W, b² · C]`.
  private func blocks(
    _ size: Int, image: Extents, _ from: Extents, depth: Extents, _ to: Extents
  ) -> [MovedAxis] {
    let channels = image[5]
    return [
      MovedAxis(depth[2], from[2], to[2]), MovedAxis(depth[3], from[3] * size, to[3]),
      MovedAxis(size, from[3], size * channels), MovedAxis(depth[4], from[4] * size, to[4]),
      MovedAxis(size, from[4], channels), MovedAxis(channels, 1, 1),
    ]
  }

  /// A copy along `axes`, the outermost first, with as few of them as can be.
  private func copy(
    _ axes: [MovedAxis], from input: TensorPlace, at start: Int = 0, to result: TensorPlace,
    at position: Int = 0
  ) -> fbq_copy? {
    let size = result.elementType.byteCount(of: 1)
    var merged: [MovedAxis] = []
    for next in axes.reversed() where next.extent > 1 {
      if let run = merged.last, next.input == run.input * run.extent,
        next.output == run.output * run.extent
      {
        merged[merged.count - 1].extent *= next.extent
      } else {
        merged.append(next)
      }
    }
    var c = fbq_copy()
    c.input = UnsafePointer(input.byteAddress + start * size)
    c.output = result.byteAddress + position * size
    c.run = size
    if let innermost = merged.first, innermost.input == 1, innermost.output == 1 {
      c.run = innermost.extent * size
      merged.removeFirst()
    }
    let limit = Int(fbq_copy_axes)
    guard merged.count <= limit else { return nil }
    // Any order of the axes copies the same: short runs are best one after the other along the longest.
    if c.run < 16, let longest = merged.indices.max(by: { merged[$0].extent < merged[$1].extent }) {
      merged.insert(merged.remove(at: longest), at: 0)
    }
    let unused = [MovedAxis](repeating: MovedAxis(1, 0, 0), count: limit - merged.count)
    let all = unused + merged.reversed()
    c.extents = (
      all[0].extent, all[1].extent, all[2].extent, all[3].extent, all[4].extent, all[5].extent
    )
    func steps(_ step: (MovedAxis) -> Int) -> (Int, Int, Int, Int, Int, Int) {
      func at(_ axis: Int) -> Int { step(all[axis]) * size }
      return (at(0), at(1), at(2), at(3), at(4), at(5))
    }
    c.input_steps = steps { $0.input }
    c.output_steps = steps { $0.output }
    return c
  }

  /// A copy as up to 16 ones that threads can share: along its innermost axis, which is the longest or has
  /// the longest runs.
  private func split(_ copy: fbq_copy) -> [fbq_copy] {
    let extent = copy.extents.5
    let count = min(extent, 16)
    return (0..<count).map { part in
      let (first, next) = (extent * part / count, extent * (part + 1) / count)
      var c = copy
      c.extents.5 = next - first
      c.input += first * copy.input_steps.5
      c.output += first * copy.output_steps.5
      return c
    }
  }
}

/// An axis of a copy, with the elements from one index to the next.
private struct MovedAxis {
  var extent: Int
  let input: Int
  let output: Int

  init(_ extent: Int, _ input: Int, _ output: Int) {
    (self.extent, self.input, self.output) = (extent, input, output)
  }

  /// The way back.
  var reversed: MovedAxis { MovedAxis(extent, output, input) }
}
