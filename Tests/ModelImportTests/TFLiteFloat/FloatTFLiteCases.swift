import FloatModel
import TFLiteFormat
import TestSupport

/// Random models of one or a few operators, for LiteRT to judge the importer on.
struct FloatTFLiteCases {
  private var generator: SeededGenerator
  /// The models by name.
  private(set) var models: [(name: String, model: TFLiteModel)] = []

  /// `repetitions` models of each kind.
  init(seed: UInt64, repetitions: Int) {
    generator = SeededGenerator(seed: seed)
    for repetition in 0..<repetitions {
      for (name, kind) in Self.kinds {
        var sketch = FloatTFLiteSketch()
        kind(&sketch, &self)
        models.append(("\(name)-\(repetition)", sketch.model))
      }
    }
  }

  typealias Kind = @Sendable (inout FloatTFLiteSketch, inout FloatTFLiteCases) -> Void

  private static let kinds: [(String, Kind)] =
    layers + elementwise + movements + selections + knownValues

  // MARK: Random choices

  mutating func draw(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &generator)
  }

  mutating func flag() -> Bool { draw(0...1) == 1 }

  mutating func choice<Element>(_ elements: [Element]) -> Element {
    elements[draw(0...elements.count - 1)]
  }

  mutating func shape(rank: Int, _ range: ClosedRange<Int> = 1...5) -> [Int] {
    [1] + (1..<rank).map { _ in draw(range) }
  }

  mutating func numbers(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  mutating func activation() -> TFLiteActivation { choice([.none, .relu, .reluN1To1, .relu6]) }

  mutating func window(_ greatestStride: Int = 3) -> TFLiteWindow {
    TFLiteWindow(
      stride: TFLitePair(height: draw(1...greatestStride), width: draw(1...greatestStride)),
      padding: choice([.same, .valid]))
  }

  /// A constant of random numbers.
  mutating func constant(
    _ name: String, _ shape: [Int], _ sketch: inout FloatTFLiteSketch
  ) -> Int {
    sketch.floats(name, shape, numbers(shape.reduce(1, *)))
  }

  // MARK: Layers

  private static let layers: [(String, Kind)] = [
    ("convolution", { $1.convolution(&$0) }),
    ("depthwise", { $1.depthwise(&$0) }),
    ("transposed", { $1.transposedConvolution(&$0) }),
    ("fully-connected", { $1.fullyConnected(&$0) }),
    ("average-pool", { $1.pool(.averagePool2D, &$0) }),
    ("max-pool", { $1.pool(.maxPool2D, &$0) }),
    ("mean", { $1.reduction(.mean, &$0) }),
    ("sum", { $1.reduction(.sum, &$0) }),
    ("reduce-max", { $1.reduction(.reduceMax, &$0) }),
    ("bilinear", { $1.resize(.resizeBilinear, &$0) }),
    ("nearest", { $1.resize(.resizeNearestNeighbor, &$0) }),
    ("softmax", { $1.softmax(&$0) }),
  ]

  private mutating func convolution(_ sketch: inout FloatTFLiteSketch) {
    let groups = choice([1, 1, 2, 3])
    let (depth, outputs) = (draw(1...3), groups * draw(1...3))
    let dilation = TFLitePair(height: draw(1...2), width: draw(1...2))
    let filter = [outputs, draw(1...4), draw(1...3), depth]
    let x = sketch.input("x", [1, draw(7...11), draw(5...11), groups * depth])
    let weights = constant("w", filter, &sketch)
    // LiteRT's reference kernels insist on a bias.
    let bias = constant("b", [outputs], &sketch)
    sketch.outputs(
      sketch.add(
        .conv2D, .convolution(window(), dilation: dilation, activation: activation()),
        [x, weights, bias]))
  }

  private mutating func depthwise(_ sketch: inout FloatTFLiteSketch) {
    let (channels, multiplier) = (draw(1...4), draw(1...3))
    let dilation = TFLitePair(height: draw(1...2), width: draw(1...2))
    let x = sketch.input("x", [1, draw(7...11), draw(7...11), channels])
    let weights = constant("w", [1, draw(1...4), draw(1...4), channels * multiplier], &sketch)
    let bias = constant("b", [channels * multiplier], &sketch)
    sketch.outputs(
      sketch.add(
        .depthwiseConv2D,
        .depthwiseConvolution(
          window(), dilation: dilation, depthMultiplier: multiplier, activation: activation()),
        [x, weights, bias]))
  }

  private mutating func transposedConvolution(_ sketch: inout FloatTFLiteSketch) {
    let window = window()
    let image = [1, draw(1...5), draw(1...5), draw(1...3)]
    let filter = [draw(1...3), draw(1...4), draw(1...4), image[3]]
    let steps = [window.stride.height, window.stride.width]
    let extents = (0..<2).map { axis -> Int in
      if window.padding == .same { return image[axis + 1] * steps[axis] }
      return (image[axis + 1] - 1) * steps[axis] + filter[axis + 1]
    }
    let x = sketch.input("x", image)
    let size = sketch.vector(
      "size", 1, Int32(extents[0]), Int32(extents[1]), Int32(filter[0]))
    let weights = constant("w", filter, &sketch)
    var inputs = [size, weights, x]
    if flag() { inputs.append(constant("b", [filter[0]], &sketch)) }
    sketch.outputs(
      sketch.add(
        .transposeConv, .transposeConvolution(window, activation: activation()), inputs))
  }

  private mutating func fullyConnected(_ sketch: inout FloatTFLiteSketch) {
    let keepsDimensions = flag()
    let input = keepsDimensions ? shape(rank: 3) : shape(rank: draw(2...4))
    let width = keepsDimensions ? input[2] : input.reduce(1, *)
    let outputs = draw(1...5)
    let x = sketch.input("x", input)
    let weights = constant("w", [outputs, width], &sketch)
    let bias = flag() ? constant("b", [outputs], &sketch) : -1
    sketch.outputs(
      sketch.add(
        .fullyConnected,
        .fullyConnected(
          activation: activation(), keepsDimensions: keepsDimensions, hasDefaultWeights: true),
        [x, weights, bias]))
  }

  private mutating func pool(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", [1, draw(4...9), draw(4...9), draw(1...3)])
    let filter = TFLitePair(height: draw(1...4), width: draw(1...4))
    sketch.outputs(
      sketch.add(code, .pool(window(), filter: filter, activation: activation()), [x]))
  }

  private mutating func reduction(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 4))
    let axes: [Int32] =
      code == .reduceMax ? [2, 1] : choice([[1, 2], [3], [-1, 1], [2], [1, 2, 3]])
    let axis = sketch.integers("axes", [axes.count], axes)
    sketch.outputs(sketch.add(code, .reduction(keepsDimensions: flag()), [x, axis]))
  }

  private mutating func resize(_ code: TFLiteOperatorCode, _ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: 4, 1...9))
    let size = sketch.vector("size", Int32(draw(1...13)), Int32(draw(1...13)))
    let (alignCorners, halfPixel) = choice([(true, false), (false, true), (false, false)])
    sketch.outputs(
      sketch.add(
        code, .resize(alignCorners: alignCorners, halfPixelCenters: halfPixel), [x, size]))
  }

  private mutating func softmax(_ sketch: inout FloatTFLiteSketch) {
    let x = sketch.input("x", shape(rank: draw(2...4)))
    sketch.outputs(sketch.add(.softmax, .softmax(beta: choice([1, 1, 0.5, 2])), [x]))
  }
}
