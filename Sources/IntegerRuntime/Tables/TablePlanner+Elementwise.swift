import CIntegerKernels
import IntegerModel

extension TablePlanner {
  /// Addition (`sign` 1) and subtraction (−1): each input's scaled value is a table of its code.
  func add(_ operation: Operation, _ parameters: AddParameters, sign: Int32) -> TableStep? {
    guard kernels.add != nil, var e = elementwise(operation) else { return nil }
    let (x1, x2) = (x(operation), places[operation.inputs[1]])
    e.first_zero_point = x1.flippedZeroPoint
    e.second_zero_point = x2.flippedZeroPoint
    e.input_flip = x1.flip
    e.first_multiplier = fbq_multiplier(parameters.first)
    e.second_multiplier = fbq_multiplier(parameters.second)
    e.left_shift = parameters.leftShift
    e.negates_second = sign < 0 ? 1 : 0
    guard kernels.accepts_add(&e) != 0 else { return nil }
    func table(
      _ place: TensorPlace, _ multiplier: FixedPointMultiplier, sign: Int32
    ) -> (UnsafePointer<Int32>, greatest: Int64) {
      let table = memory.allocate(Int32.self, count: 256)
      var greatest: Int64 = 0
      for byte in 0..<256 {
        let difference = (place.code(of: byte) - place.zeroPoint) << parameters.leftShift
        table[byte] = sign * multiplier.scale(difference, rounding: arithmetic.rounding)
        greatest = max(greatest, Int64(table[byte].magnitude))
      }
      return (UnsafePointer(table), greatest)
    }
    let first = table(x1, parameters.first, sign: 1)
    let second = table(x2, parameters.second, sign: sign)
    e.first_table = first.0
    e.second_table = second.0
    e.stage = uniformOutput(
      y(operation), clamp: parameters.clamp, parameters.output, bias: 0,
      greatest: first.greatest + second.greatest)
    return step(kernels.add, e, units: e.rows, work: 2 * e.rows * e.length)
  }

  /// Element-wise product.
  func multiply(_ operation: Operation, _ parameters: MultiplyParameters) -> TableStep? {
    guard kernels.multiply != nil, var e = elementwise(operation) else { return nil }
    e.first_zero_point = x(operation).flippedZeroPoint
    e.second_zero_point = places[operation.inputs[1]].flippedZeroPoint
    e.input_flip = x(operation).flip
    e.stage = uniformOutput(
      y(operation), clamp: parameters.clamp, parameters.multiplier, bias: 0, greatest: 255 * 255)
    return step(kernels.multiply, e, units: e.rows, work: 2 * e.rows * e.length)
  }

  /// What makes of each difference to the zero point another code is a table of 8-bit codes.
  func table(_ operation: Operation, _ code: (OutputStage, Int32) -> Int32) -> TableStep? {
    guard kernels.lookup != nil else { return nil }
    let (input, result) = (x(operation), y(operation))
    let stage = OutputStage(
      rounding: arithmetic.rounding, zeroPoint: result.zeroPoint, clamp: result.codeRange)
    let table = memory.allocate(UInt8.self, count: 256)
    for byte in 0..<256 {
      table[byte] = UInt8(
        truncatingIfNeeded: code(stage, input.code(of: byte) - input.zeroPoint))
    }
    return lookup(operation, table: UnsafePointer(table))
  }

  /// A table by code, from the least, becomes one by byte.
  func lookup(_ operation: Operation, _ parameters: LookupParameters) -> TableStep? {
    guard kernels.lookup != nil else { return nil }
    let input = x(operation)
    let table = memory.allocate(UInt8.self, count: 256)
    parameters.table(for: arithmetic).withUnsafeBytes { codes in
      for byte in 0..<256 {
        table[byte] = codes[Int(input.code(of: byte) - input.codeRange.minimum)]
      }
    }
    return lookup(operation, table: UnsafePointer(table))
  }

  private func lookup(_ operation: Operation, table: UnsafePointer<UInt8>) -> TableStep? {
    let count = x(operation).extents.count
    let unit = Int(fbq_lookup_unit)
    let parameters = fbq_lookup(
      input: UnsafePointer(x(operation).byteAddress), table: table,
      output: y(operation).byteAddress, count: count)
    return step(kernels.lookup, parameters, units: (count + unit - 1) / unit, work: count)
  }

  /// The shapes of a broadcast as rows, or `nil` where more than two axes are needed for it.
  private func elementwise(_ operation: Operation) -> fbq_elementwise? {
    let (first, second) = (x(operation), places[operation.inputs[1]])
    let result = y(operation)
    guard
      let rows = BroadcastRows(first.extents, second.extents, onto: result.extents)
    else { return nil }
    var e = fbq_elementwise()
    e.first = UnsafePointer(first.byteAddress)
    e.second = UnsafePointer(second.byteAddress)
    e.output = result.byteAddress
    (e.rows, e.length) = (rows.count, rows.length)
    (e.first_row_stride, e.second_row_stride) = (rows.first.row, rows.second.row)
    (e.first_stride, e.second_stride) = (rows.first.element, rows.second.element)
    return e
  }
}

/// A broadcast of two arrays as rows of elements.
package struct BroadcastRows {
  /// Number of rows.
  package private(set) var count = 1
  /// Elements of a row.
  package private(set) var length = 1
  /// Steps of the first array from row to row and from element to element.
  package private(set) var first = (row: 0, element: 0)
  /// Steps of the second array.
  package private(set) var second = (row: 0, element: 0)

  /// Merges neighboring axes along which both arrays are read alike; `nil` if more than two remain.
  package init?(_ first: Extents, _ second: Extents, onto target: Extents) {
    let firstStrides = first.strides(broadcastTo: target)
    let secondStrides = second.strides(broadcastTo: target)
    // From the last axis: the run so far has `extent` elements, and one more step along the next axis
    // continues it if that axis' stride is extent times the run's.
    var merged: [(extent: Int, first: Int, second: Int)] = []
    for axis in stride(from: 5, through: 0, by: -1) where target[axis] > 1 {
      let next = (extent: target[axis], first: firstStrides[axis], second: secondStrides[axis])
      if let run = merged.last, next.first == run.first * run.extent,
        next.second == run.second * run.extent
      {
        merged[merged.count - 1].extent *= next.extent
      } else {
        merged.append(next)
      }
    }
    guard merged.count <= 2 else { return nil }
    if let inner = merged.first {
      length = inner.extent
      self.first.element = inner.first
      self.second.element = inner.second
    }
    if merged.count == 2 {
      count = merged[1].extent
      self.first.row = merged[1].first
      self.second.row = merged[1].second
    } else if self.first.element == 1 && self.second.element == 1 {
      splitForThreads()
    }
  }

  /// One long row becomes equal rows of 512 to 4096 elements, where its length has such a divisor, for
  /// threads to share.
  private mutating func splitForThreads() {
    guard length > 4096 else { return }
    let fewest = (length + 4095) / 4096
    guard let rows = (fewest...length / 512).first(where: { length % $0 == 0 }) else { return }
    count = rows
    length /= rows
    first.row = length
    second.row = length
  }
}
