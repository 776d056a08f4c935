import IntegerModel
import TFLiteFormat
import Testing

/// An operator that moves codes, with what it makes of 0, 1, 2, …
struct MovementCase: Sendable, CustomTestStringConvertible {
  var name: String
  var sketch: QuantizedSketch
  var outputs: [[Int8]]
  var kinds: [String]
  var testDescription: String { name }

  init(
    _ name: String, _ code: TFLiteOperatorCode, _ options: TFLiteOptions = .none, x: [Int],
    to shapes: [[Int]], _ operands: [[Int32]] = [], operandsFirst: Bool = false,
    gives outputs: [[Int8]], by kinds: [String]
  ) {
    self.name = name
    sketch = .single(
      code, options, x: x, outputs: shapes, operands: operands, operandsFirst: operandsFirst)
    self.outputs = outputs
    self.kinds = kinds
  }

  static func slice(
    begin: Int32 = 0, end: Int32 = 0, shrink: Int32 = 0
  ) -> TFLiteOptions {
    .stridedSlice(
      beginMask: begin, endMask: end, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: shrink)
  }

  static let all = [
    MovementCase(
      "SPLIT", .split, .split(count: 2), x: [2, 4], to: [[2, 2], [2, 2]], [[-1]],
      operandsFirst: true, gives: [[0, 1, 4, 5], [2, 3, 6, 7]],
      by: ["strided slice", "strided slice"]),
    MovementCase(
      "SPLIT_V with a rest", .splitV, .split(count: 2), x: [4], to: [[1], [3]], [[1, -1], [0]],
      gives: [[0], [1, 2, 3]], by: ["strided slice", "strided slice"]),
    MovementCase(
      "UNPACK", .unpack, .pack(count: 2, axis: 1), x: [2, 2], to: [[2], [2]],
      gives: [[0, 2], [1, 3]],
      by: ["strided slice", "reshape", "strided slice", "reshape"]),
    MovementCase(
      "STRIDED_SLICE backward", .stridedSlice, slice(end: 1), x: [5], to: [[3]],
      [[-1], [0], [-2]], gives: [[4, 2, 0]], by: ["strided slice"]),
    MovementCase(
      "STRIDED_SLICE of leading axes, one dropped", .stridedSlice, slice(shrink: 1), x: [2, 3],
      to: [[3]], [[-1], [0], [1]], gives: [[3, 4, 5]], by: ["strided slice", "reshape"]),
    MovementCase(
      "STRIDED_SLICE of one index, which the mask overrules", .stridedSlice,
      slice(begin: 1, shrink: 1), x: [2, 3], to: [[3]], [[1], [2], [1]], gives: [[0, 1, 2]],
      by: ["strided slice", "reshape"]),
    MovementCase(
      "STRIDED_SLICE beyond the end", .stridedSlice, slice(), x: [4], to: [[2]],
      [[-2], [100], [1]], gives: [[2, 3]], by: ["strided slice"]),
    MovementCase(
      "SLICE", .slice, x: [2, 3], to: [[2, 2]], [[0, 1], [-1, 2]], gives: [[1, 2, 4, 5]],
      by: ["strided slice"]),
    MovementCase(
      "RESHAPE by its option", .reshape, .reshape(shape: [2, -1]), x: [4], to: [[2, 2]],
      gives: [[0, 1, 2, 3]], by: ["reshape"]),
    MovementCase(
      "SQUEEZE", .squeeze, .squeeze(axes: []), x: [1, 2, 1], to: [[2]], gives: [[0, 1]],
      by: ["reshape"]),
    MovementCase(
      "EXPAND_DIMS", .expandDims, x: [2], to: [[1, 2]], [[0]], gives: [[0, 1]], by: ["reshape"]),
    MovementCase(
      "TRANSPOSE", .transpose, x: [2, 3], to: [[3, 2]], [[1, 0]], gives: [[0, 3, 1, 4, 2, 5]],
      by: ["transpose"]),
    MovementCase(
      "PAD", .pad, x: [2], to: [[4]], [[1, 1]], gives: [[0, 0, 1, 0]], by: ["pad"]),
    MovementCase(
      "MIRROR_PAD", .mirrorPad, .mirrorPad(repeatsEdge: false), x: [3], to: [[5]], [[2, 0]],
      gives: [[2, 1, 0, 1, 2]], by: ["pad"]),
    MovementCase(
      "MIRROR_PAD with the edge", .mirrorPad, .mirrorPad(repeatsEdge: true), x: [3], to: [[5]],
      [[2, 0]], gives: [[1, 0, 0, 1, 2]], by: ["pad"]),
    MovementCase(
      "TILE", .tile, x: [2], to: [[4]], [[2]], gives: [[0, 1, 0, 1]], by: ["tile"]),
    MovementCase(
      "BROADCAST_TO", .broadcastTo, x: [2], to: [[2, 2]], [[2, 2]], gives: [[0, 1, 0, 1]],
      by: ["tile"]),
    MovementCase(
      "GATHER", .gather, .gather(axis: -1, batchDimensions: 0), x: [2, 2], to: [[2, 3]],
      [[1, 0, 1]], gives: [[1, 0, 1, 3, 2, 3]], by: ["gather"]),
    MovementCase(
      "DEPTH_TO_SPACE", .depthToSpace, .blockSize(2), x: [1, 1, 1, 4], to: [[1, 2, 2, 1]],
      gives: [[0, 1, 2, 3]], by: ["depth to space"]),
    MovementCase(
      "SPACE_TO_BATCH_ND", .spaceToBatchND, x: [1, 2, 2, 1], to: [[4, 1, 1, 1]],
      [[2, 2], [0, 0, 0, 0]], gives: [[0, 1, 2, 3]], by: ["space to batch"]),
    MovementCase(
      "RESIZE_NEAREST_NEIGHBOR", .resizeNearestNeighbor,
      .resize(alignCorners: true, halfPixelCenters: false), x: [1, 1, 3, 1], to: [[1, 1, 2, 1]],
      [[1, 2]], gives: [[0, 2]], by: ["resize nearest"]),
    MovementCase(
      "REDUCE_MAX", .reduceMax, .reduction(keepsDimensions: false), x: [2, 3], to: [[2]], [[-1]],
      gives: [[2, 5]], by: ["reduce max"]),
    MovementCase(
      "MEAN", .mean, .reduction(keepsDimensions: true), x: [2, 3], to: [[2, 1]], [[1]],
      gives: [[1, 4]], by: ["mean"]),
    MovementCase(
      "MAX_POOL_2D", .maxPool2D,
      .pool(
        TFLiteWindow(stride: TFLitePair(height: 2, width: 2), padding: .valid),
        filter: TFLitePair(height: 2, width: 2), activation: .none), x: [1, 3, 2, 1],
      to: [[1, 1, 1, 1]], gives: [[3]], by: ["max pool"]),
  ]
}

@Suite("Operators that move codes")
struct QuantizedMovementTests {
  @Test("are taken over with what they give", arguments: MovementCase.all)
  func movement(known: MovementCase) throws {
    #expect(try known.sketch.graph().operations.map(\.kind.name) == known.kinds)
    let count = known.sketch.model.tensors[known.sketch.model.inputs[0]].shape.reduce(1, *)
    #expect(try known.sketch.run([(0..<count).map { Int8($0) }]) == known.outputs)
  }

  @Test("join tensors, those of other scales by their codes")
  func concatenation() throws {
    var sketch = QuantizedSketch()
    sketch.tensor("a", [1, 2])
    sketch.tensor("b", [1, 1], scale: 0.25)
    sketch.tensor("y", [1, 3])
    sketch.append(.concatenation, .concatenation(axis: -1, activation: .none), [0, 1], [2])
    sketch.model.inputs = [0, 1]
    sketch.model.outputs = [2]
    #expect(try sketch.graph().operations.map(\.kind.name) == ["lookup", "concatenation"])
    #expect(try sketch.run([[1, 2], [3]]) == [[1, 2, 3]])
  }

  @Test("pack tensors along a new axis")
  func pack() throws {
    var sketch = QuantizedSketch()
    sketch.tensor("a", [2])
    sketch.tensor("b", [2])
    sketch.tensor("y", [2, 2])
    sketch.append(.pack, .pack(count: 2, axis: -1), [0, 1], [2])
    sketch.model.inputs = [0, 1]
    sketch.model.outputs = [2]
    #expect(try sketch.run([[1, 2], [3, 4]]) == [[1, 3, 2, 4]])
  }

  @Test("pad with the code that PADV2 names")
  func padWithCode() throws {
    var sketch = QuantizedSketch.single(.padV2, x: [2], outputs: [[3]], operands: [[1, 0]])
    let value = sketch.constant("value", [], .int8, [Int8(-7)], scales: [0.5])
    sketch.model.operators[0].inputs.append(value)
    #expect(try sketch.run([[1, 2]]) == [[-7, 1, 2]])
  }
}
