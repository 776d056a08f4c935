import FloatModel
import IntegerModel
import TFLiteFormat
import TestSupport

extension FloatTFLiteCases {
  // MARK: Functions of each element

  static let elementwise: [(String, Kind)] = [
    ("relu", { $1.function(.relu, .none, &$0) }),
    ("relu6", { $1.function(.relu6, .none, &$0) }),
    ("relu-n1-to-1", { $1.function(.reluN1To1, .none, &$0) }),
    ("logistic", { $1.function(.logistic, .none, &$0) }),
    ("tanh", { $1.function(.tanh, .none, &$0) }),
    ("hard-swish", { $1.function(.hardSwish, .none, &$0) }),
    ("leaky-relu", { $1.function(.leakyRelu, .leakyRelu(alpha: 0.3), &$0) }),
    ("prelu", { $1.prelu(&$0) }),
    ("add", { $1.binary(.add, &$0) }),
    ("sub", { $1.binary(.sub, &$0) }),
    ("mul", { $1.binary(.mul, &$0) }),
    ("maximum", { $1.limit(.maximum, &$0) }),
    ("minimum", { $1.limit(.minimum, &$0) }),
  ]

  private mutating func function(
    _ code: TFLiteOperatorCode, _ options: TFLiteOptions, _ sketch: inout FloatTFLiteSketch
  ) {
    let x = sketch.input("x", shape(rank: draw(1...4), 1...9))
    sketch.outputs(sketch.add(code, options, [x]))
  }

  private mutating func prelu(_ sketch: inout FloatTFLiteSketch) {
    let image = shape(rank: 4)
    let x = sketch.input("x", image)
    let slope = constant(
      "slope", choice([[1, 1, image[3]], [image[3]], Array(image[1...])]), &sketch)
    sketch.outputs(sketch.add(.prelu, [x, slope]))
  }

  private mutating func binary(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let full = shape(rank: draw(1...4))
    let other = choice([
      full, full, Array(full.dropFirst()), full.map { draw(0...1) == 0 ? 1 : $0 }, [],
    ])
    let x = sketch.input("x", full)
    let second = flag() ? constant("c", other, &sketch) : sketch.input("z", [1] + other.dropFirst())
    let fused = activation()
    let options: TFLiteOptions =
      code == .mul
      ? .multiply(activation: fused) : .add(activation: fused, potScaleInt16: true)
    sketch.outputs(sketch.add(code, options, flag() ? [x, second] : [second, x]))
  }

  private mutating func limit(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 3))
    let bound = constant("bound", choice([[], [1]]), &sketch)
    sketch.outputs(sketch.add(code, flag() ? [x, bound] : [bound, x]))
  }

  // MARK: The same elements elsewhere

  static let movements: [(String, Kind)] = [
    ("pad", { $1.pad(.pad, &$0) }),
    ("pad-v2", { $1.pad(.padV2, &$0) }),
    ("mirror-pad", { $1.pad(.mirrorPad, &$0) }),
    ("reshape", { $1.reshape(&$0) }),
    ("squeeze", { $1.squeeze(&$0) }),
    ("expand-dims", { $1.expandDimensions(&$0) }),
    ("transpose", { $1.transpose(&$0) }),
    ("depth-to-space", { $1.blocks(.depthToSpace, &$0) }),
    ("space-to-depth", { $1.blocks(.spaceToDepth, &$0) }),
    ("concatenation", { $1.concatenation(&$0) }),
    ("pack", { $1.pack(&$0) }),
    ("tile", { $1.tile(&$0) }),
  ]

  private mutating func pad(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 4, 3...6))
    let counts = [0, 0] + (0..<6).map { _ in Int32(draw(0...2)) }
    let paddings = sketch.integers("paddings", [4, 2], counts)
    var inputs = [x, paddings]
    if code == .padV2 { inputs.append(sketch.floats("value", [], numbers(1))) }
    sketch.outputs(
      sketch.add(code, code == .mirrorPad ? .mirrorPad(repeatsEdge: flag()) : .none, inputs))
  }

  private mutating func reshape(_ sketch: inout FloatTFLiteSketch) {
    let input = shape(rank: 4)
    let x = sketch.input("x", input)
    let asked = choice([[1, -1], [1, input[1], input[2] * input[3]], [-1, input[3]]])
    let target = sketch.integers("shape", [asked.count], asked.map { Int32($0) })
    sketch.outputs(sketch.add(.reshape, .reshape(shape: []), [x, target]))
  }

  private mutating func squeeze(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, draw(2...4), 1, draw(2...4), 1])
    sketch.outputs(sketch.add(.squeeze, .squeeze(axes: choice([[], [2], [-1, 2]])), [x]))
  }

  private mutating func expandDimensions(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 3))
    let axis = sketch.integers("axis", [], [Int32(draw(-4...3))])
    sketch.outputs(sketch.add(.expandDims, [x, axis]))
  }

  private mutating func transpose(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 4))
    let permutation = choice(
      [[0, 3, 1, 2], [0, 2, 1, 3], [0, 1, 3, 2], [0, 2, 3, 1]] as [[Int32]])
    sketch.outputs(
      sketch.add(.transpose, [x, sketch.integers("permutation", [4], permutation)]))
  }

  private mutating func blocks(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let block = draw(1...3)
    let (rows, columns, channels) = (draw(1...3), draw(1...3), draw(1...3))
    let image =
      code == .depthToSpace
      ? [1, rows, columns, channels * block * block] : [1, rows * block, columns * block, channels]
    let x = sketch.input("x", image)
    sketch.outputs(sketch.add(code, .blockSize(block), [x]))
  }

  private mutating func concatenation(_ sketch: inout FloatTFLiteSketch) {
    let base = shape(rank: 4)
    let axis = draw(1...3)
    let inputs = (0..<draw(1...3)).map { index in
      var part = base
      part[axis] = draw(1...4)
      return index == 2
        ? constant("c", part, &sketch) : sketch.input("x\(index)", part)
    }
    sketch.outputs(
      sketch.add(
        .concatenation, .concatenation(axis: flag() ? axis : axis - 4, activation: .none), inputs))
  }

  private mutating func pack(_ sketch: inout FloatTFLiteSketch) {
    let part = shape(rank: 3)
    let inputs = [sketch.input("a", part), constant("b", part, &sketch), sketch.input("c", part)]
    sketch.outputs(sketch.add(.pack, .pack(count: 3, axis: choice([1, 2, 3, -1])), inputs))
  }

  private mutating func tile(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 3))
    let counts = sketch.vector("counts", 1, Int32(draw(1...3)), Int32(draw(1...3)))
    sketch.outputs(sketch.add(.tile, [x, counts]))
  }

  // MARK: Elements by index

  static let selections: [(String, Kind)] = [
    ("slice", { $1.slice(&$0) }),
    ("strided-slice", { $1.stridedSlice(&$0) }),
    ("split", { $1.split(&$0) }),
    ("split-v", { $1.splitBySizes(&$0) }),
    ("unpack", { $1.unpack(&$0) }),
    ("gather", { $1.gather(&$0) }),
  ]

  private mutating func slice(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 5, 6])
    let (row, column, rows) = (draw(0...2), draw(0...3), draw(1...3))
    let begin = sketch.vector("begin", 0, Int32(row), Int32(column))
    let size = sketch.vector("size", 1, Int32(rows), -1)
    // LiteRT compares the shape with the file's.
    sketch.outputs(sketch.add(.slice, [x, begin, size], shape: [1, rows, 6 - column]))
  }

  private mutating func stridedSlice(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 7, 8, 3])
    let step = choice([1, 2, 3, -1, -2])
    let begin = sketch.vector("begin", 0, step > 0 ? Int32(draw(-7...2)) : 6, Int32(draw(-3...2)))
    let end = sketch.vector("end", 1, step > 0 ? 7 : Int32(draw(0...4)), Int32(draw(8...9)))
    let strides = sketch.vector("strides", 1, Int32(step), 2)
    sketch.outputs(
      sketch.add(
        .stridedSlice,
        .stridedSlice(
          beginMask: choice([0, 1, 2, 4]), endMask: choice([0, 2, 4, 6]), ellipsisMask: 0,
          newAxisMask: 0, shrinkAxisMask: choice([0, 0, 4])), [x, begin, end, strides]))
  }

  private mutating func split(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 6, 2])
    let axis = sketch.integers("axis", [], [choice([1, -2])])
    let count = choice([1, 2, 3])
    let parts = sketch.add(
      .split, .split(count: count), [axis, x],
      shapes: Array(repeating: [1, 6 / count, 2], count: count))
    sketch.outputs(parts)
  }

  private mutating func splitBySizes(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 6, 2])
    let sizes = choice([[1, 5], [2, -1], [-1, 3]] as [[Int32]])
    let inputs = [
      x, sketch.integers("sizes", [2], sizes), sketch.integers("axis", [], [1]),
    ]
    sketch.outputs(
      sketch.add(.splitV, .split(count: 2), inputs, shapes: [[1, 1, 2], [1, 1, 2]]))
  }

  private mutating func unpack(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 3, 4])
    let (axis, count) = choice([(1, 3), (2, 4), (-1, 4)])
    let part = axis == 1 ? [1, 4] : [1, 3]
    sketch.outputs(
      sketch.add(
        .unpack, .pack(count: count, axis: axis), [x],
        shapes: Array(repeating: part, count: count)))
  }

  private mutating func gather(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 4, 5])
    let places = choice([[], [1], [3], [2, 2], [1, 2]])
    let index = sketch.integers(
      "index", places, (0..<places.reduce(1, *)).map { _ in Int32(draw(0...3)) })
    sketch.outputs(
      sketch.add(.gather, .gather(axis: choice([1, 2, -1]), batchDimensions: 0), [x, index]))
  }

  // MARK: Known when the model is read

  static let knownValues: [(String, Kind)] = [
    ("float16", { $1.float16(&$0) }),
    ("codes", { $1.codes(&$0) }),
    ("cast", { $1.cast(&$0) }),
  ]

  private mutating func float16(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 6])
    let values = numbers(18).map { Float16($0).bitPattern }
    let half = sketch.tensor(
      TFLiteTensor(
        name: "half", shape: [3, 6], elementType: .float16,
        constant: ConstantBytes(copying: values)))
    let weights = sketch.add(.dequantize, [half], output: "w", shape: [3, 6])
    sketch.outputs(sketch.add(.fullyConnected, Self.plainLayer, [x, weights, -1]))
  }

  private mutating func codes(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 6])
    let isPerChannel = flag()
    let weights = sketch.codes(
      "codes", [3, 6], (0..<18).map { _ in Int8(draw(-127...127)) },
      scales: isPerChannel ? [0.01, 0.02, 0.03] : [0.02],
      zeroPoints: isPerChannel ? [0, 0, 0] : [Int64(draw(-3...3))])
    let real = sketch.add(.dequantize, [weights], output: "w", shape: [3, 6])
    sketch.outputs(sketch.add(.fullyConnected, Self.plainLayer, [x, real, -1]))
  }

  private static let plainLayer = TFLiteOptions.fullyConnected(
    activation: .none, keepsDimensions: false, hasDefaultWeights: true)

  private mutating func cast(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, 3])
    let integers = sketch.vector("integers", 2, 3, -4)
    let real = sketch.add(.cast, [integers], output: "real", shape: [3])
    sketch.outputs(sketch.add(.mul, .multiply(activation: .none), [x, real]))
  }
}
