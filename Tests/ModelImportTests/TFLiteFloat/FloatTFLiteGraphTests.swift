import FloatModel
import IntegerModel
import ModelImport
import TFLiteFormat
import Testing

@Suite("What a float .tflite model becomes")
struct FloatTFLiteGraphTests {
  @Test("inputs, outputs and intermediate values keep the names of their tensors")
  func names() throws {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("image", [1, 2, 2, 1])
    let first = sketch.add(.relu, [x], output: "first")
    let last = sketch.add(.tanh, [first], output: "last")
    sketch.outputs(last, first)
    let graph = try sketch.imported()
    #expect(graph.inputs.map { graph.values[$0].name } == ["image"])
    #expect(graph.outputs.map { graph.values[$0].name } == ["last", "first"])
    #expect(graph.nodes.map(\.name) == ["first", "last"])
  }

  @Test("tensors of one name become values of several")
  func equalNames() throws {
    var sketch = FloatTFLiteSketch()
    var value = sketch.input("", [1, 2])
    for _ in 0..<3 { value = sketch.add(.relu, [value], output: "") }
    sketch.outputs(value)
    let names = try sketch.imported().values.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test("a variable batch becomes 1, a fixed one stays")
  func batch() throws {
    for (shape, signature, expected) in [
      ([4, 2], [-1, 2], [1, 2]), ([4, 2], [], [4, 2]), ([1, 2], [1, 2], [1, 2]),
    ] {
      var sketch = FloatTFLiteSketch()
      let x = sketch.input("x", shape, signature: signature)
      sketch.outputs(sketch.add(.relu, [x]))
      #expect(try sketch.imported().values[0].shape == expected)
    }
  }

  @Test("an input that is an output, and one tensor that is two outputs")
  func aliases() throws {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 2])
    let y = sketch.add(.relu, [x])
    sketch.outputs(x, y, y)
    let graph = try sketch.imported()
    #expect(graph.outputs.map { graph.values[$0].name } == ["x", "y", "y"])
  }

  @Test("a chain that computes a shape from the input's, as TensorFlow flattens, folds away")
  func shapeChain() throws {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 2, 3, 4])
    let shape = sketch.add(.shape, [x], output: "shape", shape: [4], type: .int32)
    let batch = sketch.add(
      .stridedSlice,
      .stridedSlice(
        beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 1),
      [shape, sketch.vector("zero", 0), sketch.vector("one", 1), sketch.vector("step", 1)],
      output: "batch", shape: [], type: .int32)
    let rest = sketch.integers("rest", [], [-1])
    let target = sketch.add(
      .pack, .pack(count: 2, axis: 0), [batch, rest], output: "target", shape: [2], type: .int32)
    sketch.outputs(sketch.add(.reshape, .reshape(shape: []), [x, target]))
    let graph = try sketch.imported()
    #expect(graph.nodes.map(\.operation) == [.reshape([1, 24])])
    #expect(graph.values.count == 2)
  }

  @Test("what reads constants alone is computed when the model is read")
  func constants() throws {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 2])
    let left = sketch.floats("left", [2], [1, 2])
    let right = sketch.floats("right", [2], [3, -5])
    let sum = sketch.add(
      .add, .add(activation: .relu, potScaleInt16: true), [left, right], output: "sum")
    sketch.outputs(sketch.add(.mul, .multiply(activation: .none), [x, sum]))
    let graph = try sketch.imported()
    #expect(graph.nodes.map(\.operation) == [.multiply(clamp: .none)])
    #expect(graph.values[graph.nodes[0].inputs[1]].constant?.values == [4, 0])
  }

  @Test(
    "packed 4-bit codes, the low one of a byte first",
    arguments: [
      ([0x21, 0x83], [4], [0.5, 1, 1.5, -4]), ([0xf7], [1], [3.5]),
      ([0xf7, 0x0f], [3], [3.5, -0.5, -0.5]),
    ] as [([UInt8], [Int], [Float])])
  func nibbles(bytes: [UInt8], shape: [Int], expected: [Float]) throws {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 1])
    let codes = sketch.tensor(
      TFLiteTensor(
        name: "codes", shape: shape, elementType: .int4,
        quantization: TFLiteQuantization(scales: [0.5], zeroPoints: [0]),
        constant: ConstantBytes(copying: bytes)))
    let real = sketch.add(.dequantize, [codes], output: "real")
    sketch.outputs(sketch.add(.mul, .multiply(activation: .none), [x, real]))
    let graph = try sketch.imported()
    #expect(graph.values[graph.nodes[0].inputs[1]].constant?.values == expected)
  }

  @Test("codes of a filter in place of real numbers count as those they stand for")
  func hybrid() throws {
    var sketch = FloatTFLiteSketch()
    let x = sketch.input("x", [1, 2])
    let weights = sketch.codes(
      "w", [2, 2], [1, -2, 3, 127], scales: [0.5, 0.25], zeroPoints: [0, 1])
    sketch.outputs(
      sketch.add(
        .fullyConnected,
        .fullyConnected(activation: .none, keepsDimensions: false, hasDefaultWeights: true),
        [x, weights, -1]))
    let graph = try sketch.imported()
    #expect(graph.values[graph.nodes[0].inputs[1]].constant?.values == [0.5, -1, 0.5, 31.5])
  }
}
