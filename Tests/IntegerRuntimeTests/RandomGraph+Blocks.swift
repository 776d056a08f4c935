import IntegerModel
import IntegerTestSupport

// Operators that compare or move codes by blocks and indices.
extension RandomGraph {
  mutating func addExtreme(isMax: Bool) {
    let shape = smallShape(axes: 1...4)
    let zero = zeroPoint(type)
    func operand() -> [Int] {
      Array(
        shape.map { generator.integer(0...2) == 0 ? 1 : $0 }.dropFirst(generator.integer(0...1)))
    }
    let x1 = input("x1", operand(), zeroPoint: zero)
    let x2 = input("x2", operand(), zeroPoint: zero)
    guard
      let result = broadcastShape(
        builder.graph.tensors[x1].shape, builder.graph.tensors[x2].shape)
    else { preconditionFailure("extents are those of one shape, or 1") }
    builder.operation("op", isMax ? .maximum : .minimum, [x1, x2], copiedOutput(of: x1, result))
  }

  mutating func addArgument(isMax: Bool) {
    var shape = smallShape(axes: 1...4)
    let x = input("x", shape)
    let parameters = ArgumentParameters(axis: generator.integer(0...shape.count - 1))
    shape.remove(at: parameters.axis)
    let y = builder.activation("y", shape, generator.pick([.int32, .int64]))
    builder.operation("op", isMax ? .argMax(parameters) : .argMin(parameters), [x], y)
  }

  mutating func addReduceExtreme(isMax: Bool) {
    let shape = smallShape(axes: 1...4)
    let chosen = shape.indices.filter { _ in generator.integer(0...1) == 0 }
    let axes = chosen.isEmpty ? [0] : Array(chosen)
    let keeps = generator.integer(0...1) == 0
    let x = input("x", shape)
    let result: [Int] = shape.indices.compactMap { axis in
      axes.contains(axis) ? (keeps ? 1 : nil) : shape[axis]
    }
    let parameters = ReduceExtremeParameters(axes: axes, keepsDimensions: keeps)
    builder.operation(
      "op", isMax ? .reduceMax(parameters) : .reduceMin(parameters), [x],
      copiedOutput(of: x, result))
  }

  mutating func addDepthBlocks(grows: Bool) {
    let size = generator.integer(1...3)
    let image = smallShape(axes: 4...4)
    let deep = [image[0], image[1], image[2], image[3] * size * size]
    let wide = [image[0], image[1] * size, image[2] * size, image[3]]
    let x = input("x", grows ? deep : wide)
    builder.operation(
      "op", grows ? .depthToSpace(blockSize: size) : .spaceToDepth(blockSize: size), [x],
      copiedOutput(of: x, grows ? wide : deep))
  }

  mutating func addBatchBlocks(toSpace: Bool) {
    let axes = generator.integer(1...3)
    var parameters = BatchBlockParameters(block: [], before: [], after: [])
    var spread = [generator.integer(1...2)]
    var joined = spread
    for _ in 0..<axes {
      let (block, count) = (generator.integer(1...3), generator.integer(1...3))
      let before = generator.integer(0...block * count - 1)
      let after = generator.integer(0...block * count - 1 - before)
      parameters.block.append(block)
      parameters.before.append(before)
      parameters.after.append(after)
      spread[0] *= block
      spread.append(count)
      joined.append(block * count - before - after)
    }
    let rest = smallShape(axes: 0...1)
    let x = input("x", (toSpace ? spread : joined) + rest)
    builder.operation(
      "op", toSpace ? .batchToSpace(parameters) : .spaceToBatch(parameters), [x],
      copiedOutput(of: x, (toSpace ? joined : spread) + rest))
  }

  mutating func addTile() {
    let shape = smallShape(axes: 0...4)
    let multiples = (0..<shape.count + generator.integer(0...1)).map { _ in
      generator.integer(1...3)
    }
    let aligned = [Int](repeating: 1, count: multiples.count - shape.count) + shape
    let x = input("x", shape)
    builder.operation(
      "op", .tile(multiples: multiples), [x],
      copiedOutput(of: x, zip(multiples, aligned).map { $0 * $1 }))
  }

  mutating func addGather() {
    let shape = smallShape(axes: 1...3)
    let axis = generator.integer(0...shape.count - 1)
    let batches = generator.integer(0...axis)
    let tail = smallShape(axes: 0...2)
    let places = Array(shape[..<batches]) + tail
    let type: ElementType = generator.pick([.int32, .int64])
    let x = input("x", shape)
    let indices =
      generator.integer(0...1) == 0
      ? builder.input("indices", places, type)
      : builder.constant(
        "indices", places, type,
        generator.codes(places.reduce(1, *), in: 0...shape[axis] - 1))
    let result = Array(shape[..<axis]) + tail + Array(shape[(axis + 1)...])
    builder.operation(
      "op", .gather(GatherParameters(axis: axis, batchDimensions: batches)), [x, indices],
      copiedOutput(of: x, result))
  }

  private mutating func smallShape(axes: ClosedRange<Int>) -> [Int] {
    (0..<generator.integer(axes)).map { _ in generator.integer(1...5) }
  }
}
