import FloatModel

/// A random network of the blocks that exporters write, in both orders of axes.
public struct RandomNetwork {
  private var source: TensorSource
  private var sketch = GraphSketch()
  private var images: [ValueIndex] = []
  private var counter = 0

  /// Starts the network that belongs to `seed`.
  public init(seed: UInt64) { source = TensorSource(seed: seed) }

  /// The network: one image input; its last output is the softmax "y" of the layer "fc".
  public mutating func make() throws -> FloatGraph {
    images = [sketch.input(shape: [1, source.int(4...7), source.int(4...7), source.int(1...4)])]
    for _ in 0..<source.int(3...14) { try addBlock() }
    let last = images[images.count - 1]
    if source.int(0...1) == 0 { sketch.output(source.pick(images.dropLast() + [last])) }
    sketch.output(try head(on: last))
    return sketch.graph
  }

  private mutating func name(_ kind: String) -> String {
    counter += 1
    return "\(kind)\(counter)"
  }

  private mutating func addBlock() throws {
    // Mostly the newest value, sometimes an older one, which gives values several readers.
    let x = source.int(0...3) == 0 ? source.pick(images) : images[images.count - 1]
    let (height, width, channels) = (sketch.shape(x)[1], sketch.shape(x)[2], sketch.shape(x)[3])
    switch source.int(0...15) {
    case 0...2:
      images.append(
        try sketch.convolution(
          name("conv"), x, outputs: source.int(1...5),
          kernel: source.int(1...min(3, height, width)),
          padding: source.int(0...1), bias: source.int(0...1) == 0, &source))
    case 3:
      images.append(
        try sketch.convolution(
          name("depthwise"), x, outputs: channels, kernel: min(3, height, width), padding: 1,
          groups: channels, &source))
    case 4, 5: images.append(try sketch.batchNormalization(name("bn"), x, &source))
    case 6, 7:
      let range = source.pick([.relu, .relu6, ClampRange(minimum: -1, maximum: 0.5)])
      images.append(try sketch.node(name("clip"), .activation(.clip(range)), x))
    case 8:
      let gate = try sketch.node(
        name("gate"), .activation(source.pick([.sigmoid, .hardSigmoid(alpha: 1 / 6, beta: 0.5)])),
        x)
      images.append(try sketch.node(name("swish"), .multiply(clamp: .none), x, gate))
    case 9:
      let operation: FloatOperation = source.pick([
        .add(clamp: .none), .subtract(clamp: .none), .multiply(clamp: .none),
      ])
      let shape = source.pick([[], [channels], [1, 1, channels], [height, width, channels]])
      let constant = sketch.random(name("k"), shape, &source)
      images.append(
        try sketch.node(
          name("arithmetic"), operation, source.int(0...1) == 0 ? [x, constant] : [constant, x]))
    case 10:
      guard let other = images.last(where: { $0 != x && sketch.shape($0) == sketch.shape(x) })
      else {
        return
      }
      images.append(try sketch.node(name("add"), .add(clamp: .none), x, other))
    case 11:
      let padded = try sketch.node(
        name("pad"),
        .pad(before: [0, 1, 0, 0], after: [0, 1, 1, 0], mode: .constant(source.pick([0, 0, 1]))), x)
      let pool = FloatPool(
        window: SpatialExtent(height: 2, width: 2), stride: SpatialExtent(height: 1, width: 1),
        padding: EdgePadding())
      images.append(
        try sketch.node(name("pool"), source.pick([.maxPool(pool), .averagePool(pool)]), padded))
    case 12:
      // A detour through channels-first order.
      let first = try sketch.node(name("first"), .transpose([0, 3, 1, 2]), x)
      let scaled = try sketch.node(
        name("scale"), .multiply(clamp: .none), first,
        sketch.random(name("s"), [channels, 1, 1], &source))
      images.append(try sketch.node(name("last"), .transpose([0, 2, 3, 1]), scaled))
    case 13:
      let other = images.last {
        sketch.shape($0)[1...2] == sketch.shape(x)[1...2]
      }
      images.append(try sketch.node(name("concat"), .concatenation(axis: 3), x, other ?? x))
    case 14:
      images.append(try sketch.node(name("copy"), .identity, x))
    default:
      let rows = try sketch.node(name("rows"), .reshape([1, height * width, channels]), x)
      images.append(try sketch.node(name("back"), .reshape([1, width, height, channels]), rows))
    }
  }

  private mutating func head(on x: ValueIndex) throws -> ValueIndex {
    let count = sketch.shape(x).reduce(1, *)
    let ordered =
      source.int(0...1) == 0 ? x : try sketch.node("first", .transpose([0, 3, 1, 2]), x)
    let flat = try sketch.node("flat", .reshape([1, count]), ordered)
    let layer = try sketch.node(
      "fc", .fullyConnected(clamp: .none), flat, sketch.random("fc_w", [3, count], &source),
      sketch.random("fc_b", [3], &source))
    return try sketch.node("y", .softmax(axis: 1), layer)
  }
}
