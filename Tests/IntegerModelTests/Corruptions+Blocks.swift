import IntegerModel
import IntegerTestSupport

private let minimum = "operation 0 'minimum' (minimum): "
private let argMax = "operation 1 'argmax' (arg max): "
private let reduceMax = "operation 2 'reducemax' (reduce max): "
private let depthToSpace = "operation 3 'depth' (depth to space): "
private let spaceToDepth = "operation 4 'space' (space to depth): "
private let batchToSpace = "operation 6 'batches' (batch to space): "
private let spaceToBatch = "operation 5 'blocks' (space to batch): "
private let tile = "operation 7 'tile' (tile): "
private let gather = "operation 8 'gather' (gather): "

/// Operators that compare codes, and that move them by blocks and indices, each fed by the input `x`
/// `[1, 4, 4, 2]`.
func blockOperators() -> IntegerGraph {
  var builder = GraphBuilder()
  let x = builder.input("x", [1, 4, 4, 2], zeroPoint: -3)
  _ = builder.input("x2", [2], zeroPoint: 5)
  let deep = builder.input("deep", [1, 4, 4, 4], zeroPoint: -3)
  func output(_ name: String, _ shape: [Int]) -> TensorIndex {
    builder.activation(name, shape, zeroPoint: -3)
  }
  builder.operation("minimum", .minimum, [x, x], output("minimum.y", [1, 4, 4, 2]))
  builder.operation(
    "argmax", .argMax(ArgumentParameters(axis: 3)), [x],
    builder.activation("argmax.y", [1, 4, 4], .int32))
  builder.operation(
    "reducemax", .reduceMax(ReduceExtremeParameters(axes: [1, 2], keepsDimensions: false)), [x],
    output("reducemax.y", [1, 2]))
  builder.operation("depth", .depthToSpace(blockSize: 2), [deep], output("depth.y", [1, 8, 8, 1]))
  builder.operation("space", .spaceToDepth(blockSize: 2), [x], output("space.y", [1, 2, 2, 8]))
  let parts = output("blocks.y", [4, 2, 2, 2])
  builder.operation("blocks", .spaceToBatch(blocks([2, 2])), [x], parts)
  builder.operation(
    "batches", .batchToSpace(blocks([2, 2])), [parts], output("batches.y", [1, 4, 4, 2]))
  builder.operation("tile", .tile(multiples: [1, 1, 1, 3]), [x], output("tile.y", [1, 4, 4, 6]))
  let indices = builder.constant("indices", [3], .int32, [1, 1, 0])
  builder.operation(
    "gather", .gather(GatherParameters(axis: 3)), [x, indices], output("gather.y", [1, 4, 4, 3]))
  builder.graph.outputs = builder.graph.operations.map { $0.outputs[0] }
  return builder.graph
}

private func corruption(
  _ message: String, _ apply: @escaping @Sendable (inout IntegerGraph) -> Void
) -> Corruption {
  Corruption(message, of: blockOperators, apply)
}

private func blocks(
  _ block: [Int], _ before: [Int] = [0, 0], _ after: [Int] = [0, 0]
) -> BatchBlockParameters {
  BatchBlockParameters(block: block, before: before, after: after)
}

/// Faults of operators that compare codes, and of those that move them by blocks and indices.
let blockCorruptions: [Corruption] = [
  corruption(minimum + "tensor 'x2' has zero point 5, but 'minimum.y' has -3") {
    $0.operations[0].inputs[1] = 1
  },
  corruption(
    minimum + "the output 'minimum.y' has shape [1, 4, 4, 1]; its inputs give [1, 4, 4, 2]"
  ) { $0.change("minimum.y") { $0.shape = [1, 4, 4, 1] } },
  corruption(argMax + "the axis 4 does not exist in shape [1, 4, 4, 2]") {
    $0.setKind(of: "argmax", .argMax(ArgumentParameters(axis: 4)))
  },
  corruption(argMax + "tensor 'argmax.y' is int8; indices are int32 or int64") {
    $0.change("argmax.y") { $0.elementType = .int8 }
  },
  corruption(argMax + "the output 'argmax.y' has shape [1, 4, 4]; its inputs give [1, 4, 2]") {
    $0.setKind(of: "argmax", .argMax(ArgumentParameters(axis: 2)))
  },
  corruption(reduceMax + "the axes [2, 1] are not ascending") {
    $0.setKind(
      of: "reducemax", .reduceMax(ReduceExtremeParameters(axes: [2, 1], keepsDimensions: false)))
  },
  corruption(reduceMax + "the tensors 'reducemax.y' and 'x' have different scales") {
    $0.change("reducemax.y") { $0.quantization?.scaleBits = [0x3f00_0000] }
  },
  corruption(depthToSpace + "block size 0 is outside 1…32767") {
    $0.setKind(of: "depth", .depthToSpace(blockSize: 0))
  },
  corruption(depthToSpace + "4 channels cannot be split into 3 × 3 pixels") {
    $0.setKind(of: "depth", .depthToSpace(blockSize: 3))
  },
  corruption(
    depthToSpace + "the output 'depth.y' has shape [1, 8, 8, 1]; its inputs give [1, 4, 4, 4]"
  ) { $0.setKind(of: "depth", .depthToSpace(blockSize: 1)) },
  corruption(spaceToDepth + "4 × 4 pixels cannot be split into blocks of 3 × 3") {
    $0.setKind(of: "space", .spaceToDepth(blockSize: 3))
  },
  corruption(
    spaceToBatch
      + "there are 4 blocks, 4 starts and 4 ends; shape [1, 4, 4, 2] needs 1 to 3 of each"
  ) {
    $0.setKind(
      of: "blocks", .spaceToBatch(blocks([1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0])))
  },
  corruption(
    spaceToBatch
      + "there are 2 blocks, 1 starts and 2 ends; shape [1, 4, 4, 2] needs 1 to 3 of each"
  ) { $0.setKind(of: "blocks", .spaceToBatch(blocks([2, 2], [0]))) },
  corruption(spaceToBatch + "axis 2: block 32768 is outside 1…32767") {
    $0.setKind(of: "blocks", .spaceToBatch(blocks([2, 32_768])))
  },
  corruption(spaceToBatch + "axis 1: start -1 is outside 0…32767") {
    $0.setKind(of: "blocks", .spaceToBatch(blocks([2, 2], [-1, 0])))
  },
  corruption(spaceToBatch + "axis 1: 5 elements cannot be split into blocks of 2") {
    $0.setKind(of: "blocks", .spaceToBatch(blocks([2, 2], [0, 0], [1, 0])))
  },
  corruption(spaceToBatch + "the product of 1073676289 and 32767 exceeds 2147483647") {
    $0.setKind(
      of: "blocks", .spaceToBatch(blocks([32_767, 32_767, 32_767], [0, 0, 0], [0, 0, 0])))
  },
  corruption(batchToSpace + "4 batches cannot be split into blocks of [3, 1]") {
    $0.setKind(of: "batches", .batchToSpace(blocks([3, 1])))
  },
  corruption(batchToSpace + "axis 2: 2 and 2 elements cannot be cropped from 4") {
    $0.setKind(of: "batches", .batchToSpace(blocks([2, 2], [0, 2], [0, 2])))
  },
  corruption(tile + "there are 3 multiples; shape [1, 4, 4, 2] needs 4 to 6") {
    $0.setKind(of: "tile", .tile(multiples: [1, 1, 3]))
  },
  corruption(tile + "axis 0: multiple 0 is outside 1…1073741824") {
    $0.setKind(of: "tile", .tile(multiples: [0, 1, 1, 1]))
  },
  corruption(tile + "the product of 1073741824 and 4 exceeds 2147483647") {
    $0.setKind(of: "tile", .tile(multiples: [1, 1 << 30, 1, 1]))
  },
  corruption(gather + "tensor 'x2' is int8; indices are int32 or int64") {
    $0.operations[8].inputs[1] = 1
  },
  corruption(gather + "the axis -1 does not exist in shape [1, 4, 4, 2]") {
    $0.setKind(of: "gather", .gather(GatherParameters(axis: -1)))
  },
  corruption(gather + "number of batch dimensions 2 is outside 0…1") {
    $0.setKind(of: "gather", .gather(GatherParameters(axis: 3, batchDimensions: 2)))
  },
  corruption(
    gather + "the shapes [1, 4, 4, 2] and [3] differ in their 1 batch dimensions"
  ) { $0.setKind(of: "gather", .gather(GatherParameters(axis: 3, batchDimensions: 1))) },
  corruption(gather + "index 3 at position 1 is outside 0…1") {
    $0.change("indices") { $0.constant = ConstantBytes(copying: [Int32(1), 3, 0]) }
  },
  corruption(gather + "index -1 at position 2 is outside 0…1") {
    $0.change("indices") { $0.constant = ConstantBytes(copying: [Int32(1), 1, -1]) }
  },
]

extension IntegerGraph {
  /// Changes the tensor of that name.
  mutating func change(_ name: String, _ apply: (inout TensorDescription) -> Void) {
    for index in tensors.indices where tensors[index].name == name { apply(&tensors[index]) }
  }
}
