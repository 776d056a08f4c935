import Diagnostics
import FloatModel
import FloatReference
import IntegerModel
import Quantizer
import Testing

@Suite("Lowering at the edges")
struct LoweringEdgeTests {
  /// The network of a sketch, calibrated on samples of −2…2.
  private func quantized(
    options: QuantizationOptions = QuantizationOptions(),
    _ build: (inout GraphSketch) throws -> Void
  ) throws -> QuantizedNetwork {
    var sketch = GraphSketch()
    try build(&sketch)
    var source = TensorSource(seed: 7)
    let samples = sketch.graph.samples(8, in: [-2...2], &source)
    return try QuantizedNetwork(sketch.graph, options: options, samples: samples)
  }

  @Test("a pad with infinity names the node and what to do")
  func infinitePad() throws {
    let expected = Diagnostic(
      place: "node 'pad'", problem: "it pads with -inf, which no integer code can stand for",
      remedy: "let a max pool pad by itself, or pad with the least value that its input takes")
    #expect(throws: expected) {
      try quantized { sketch in
        let padded = try sketch.node(
          "pad", .pad(before: [0, 1], after: [0, 0], mode: .constant(-.infinity)),
          sketch.input(shape: [1, 3]))
        sketch.output(padded)
      }
    }
  }

  @Test("a constant in a concatenation takes the output's codes and needs no operation")
  func constantInConcatenation() throws {
    let network = try quantized { sketch in
      let k = sketch.constant("k", [1, 2], [-0.5, 9])
      let y = try sketch.node("y", .concatenation(axis: 1), sketch.input(shape: [1, 3]), k)
      sketch.output(y)
    }
    #expect(network.integer.operations.map(\.kind.name) == ["concatenation"])
  }

  @Test("a value that several concatenations want in the same codes is requantized once")
  func requantizedOnce() throws {
    let network = try quantized { sketch in
      let x = sketch.input(shape: [1, 3])
      let s = try sketch.node("s", .activation(.sigmoid), x)
      sketch.output(try sketch.node("y", .concatenation(axis: 1), s, x, s))
      sketch.output(try sketch.node("z", .concatenation(axis: 1), x, s))
    }
    #expect(
      network.integer.operations.map(\.kind.name)
        == ["logistic", "requantize", "concatenation", "concatenation"])
  }

  @Test("tensors and operations have unique names, and records match operations")
  func uniqueNames() throws {
    let network = try quantized { sketch in
      let x = sketch.input(shape: [1, 2, 3])
      let s = try sketch.node("s", .activation(.sigmoid), x)
      let t = try sketch.node("s_requantized", .activation(.tanh), x)
      let y = try sketch.node("y", .concatenation(axis: 1), s, x, t)
      sketch.output(try sketch.node("y_requantize", .softmax(axis: 1), y))
    }
    let names = network.integer.operations.map(\.name)
    #expect(Set(names).count == names.count, "\(names)")
    let tensors = network.integer.tensors.map(\.name)
    #expect(Set(tensors).count == tensors.count, "\(tensors)")
    #expect(network.integer.record?.layers.map(\.operation) == names)
  }

  @Test("a bilinear resize that aligns corners needs no scale")
  func alignedResize() throws {
    // ONNX floors 7 · 1.5 = 10.5 to 10; aligned corners are 6 / 9 apart whatever the scale says.
    let network = try quantized { sketch in
      let resize = FloatResize(
        size: SpatialExtent(height: 10, width: 10), verticalScale: 1.5, horizontalScale: 1.5,
        mapping: .alignCorners, interpolation: .linear)
      sketch.output(
        try sketch.node("y", .resize(resize), sketch.input(shape: [1, 7, 7, 2])))
    }
    var source = TensorSource(seed: 8)
    let result = try network.compared(on: network.float.samples(4, in: [-2...2], &source))
    // Ten rows may drift by 10 / 2048 of 255 codes.
    #expect(result.greatestError <= 2)
  }
}
