import IntegerModel
import ModelExport
import OperatorArithmetic
import TFLiteFormat
import Testing

@Suite("Operators of an exported model")
struct FormTests {
  /// The operators that the one operation of a graph becomes.
  private func operators(_ draw: (inout OperatorSketch) throws -> Void) throws -> [String] {
    var sketch = OperatorSketch(seed: 1)
    try draw(&sketch)
    let model = try TFLiteExport.model(of: sketch.graph)
    return model.operators.map { operation in
      let names = operation.outputs.map { model.tensors[$0].name }
      return "\(operation.code.schemaName) \(operation.version) → \(names.joined(separator: " "))"
    }
  }

  private static let codes = AffineCodes(scale: 0.05, zeroPoint: -3)

  @Test(
    "a padding that is neither SAME nor VALID, and one that is but for what no window covers",
    arguments: [
      (SpatialPadding(top: 1, left: 1, bottom: 1, right: 1), 7, 1, ["CONV_2D 3 → y"]),
      (SpatialPadding(top: 1, left: 1, bottom: 1, right: 1), 7, 2, ["CONV_2D 3 → y"]),
      // SAME pads 0 above and 1 below; 1 above makes the row below needless.
      (
        SpatialPadding(top: 1, left: 1, bottom: 1, right: 1), 8, 2,
        ["PAD 2 → x0_padded", "CONV_2D 3 → y"]
      ),
      (SpatialPadding(bottom: 1, right: 1), 8, 2, ["CONV_2D 3 → y"]),
      (SpatialPadding(bottom: 1, right: 1), 7, 2, ["CONV_2D 3 → y"]),
    ] as [(SpatialPadding, Int, Int, [String])])
  func padding(padding: SpatialPadding, extent: Int, stride: Int, expected: [String]) throws {
    let found = try operators { sketch in
      let stride = SpatialPair(height: stride, width: stride)
      let kernel = SpatialPair(height: 3, width: 3)
      let windows = SpatialWindows(kernel: kernel, stride: stride, padding: padding)
      let count = try #require(
        windows.count(onImage: SpatialPair(height: extent, width: extent)))
      let x = sketch.input([1, extent, extent, 1], Self.codes)
      let w = sketch.weights([1, 3, 3, 1], scales: [0.1], axis: 0)
      let b = sketch.bias(1, input: Self.codes, scales: [0.1])
      let y = sketch.activation("y", [1, count.height, count.width, 1], Self.codes)
      sketch.finish(
        .convolution(
          try sketch.derivation.convolution(
            input: Self.codes, weightScales: [0.1], output: Self.codes, stride: stride,
            padding: padding)), [x, w, b], y)
    }
    #expect(found == expected)
  }

  @Test(
    "a clamp is an activation where one is exactly it",
    arguments: [
      (CodeRange(minimum: -128, maximum: 127), ["ADD 2 → y"]),
      (CodeRange(minimum: -3, maximum: 127), ["ADD 2 → y"]),
      (CodeRange(minimum: -3, maximum: 117), ["ADD 2 → y"]),
      (CodeRange(minimum: -23, maximum: 17), ["ADD 2 → y"]),
      (
        CodeRange(minimum: -3, maximum: 116),
        ["ADD 2 → y_unclamped", "MAXIMUM 2 → y_limited", "MINIMUM 2 → y"]
      ),
      (CodeRange(minimum: -128, maximum: 50), ["ADD 2 → y_unclamped", "MINIMUM 2 → y"]),
      (CodeRange(minimum: 5, maximum: 127), ["ADD 2 → y_unclamped", "MAXIMUM 2 → y"]),
    ])
  func clamp(clamp: CodeRange, expected: [String]) throws {
    let found = try operators { sketch in
      let (x, z) = (sketch.input([4], Self.codes), sketch.input([4], Self.codes))
      var parameters = try sketch.derivation.add(Self.codes, Self.codes, output: Self.codes)
      parameters.clamp = clamp
      sketch.finish(.add(parameters), [x, z], sketch.activation("y", [4], Self.codes))
    }
    #expect(found == expected)
  }

  @Test("functions become the operator that computes their table, or the table")
  func functions() throws {
    let half = AffineCodes(scale: 0.025, zeroPoint: -128)
    func found(_ function: RealFunction, _ output: AffineCodes) throws -> [String] {
      try operators { try $0.drawLookup(function, input: Self.codes, output: output) }
    }
    let probability = AffineCodes(scale: 1 / 256, zeroPoint: -128)
    #expect(try found(.logistic, probability) == ["LOGISTIC 2 → y"])
    #expect(
      try found(.tanh, AffineCodes(scale: 1 / 128, zeroPoint: 0)) == ["TANH 2 → y"])
    #expect(try found(.hardSwish, half) == ["HARD_SWISH 1 → y"])
    #expect(try found(.leakyRelu(alpha: 0.1), Self.codes) == ["LEAKY_RELU 1 → y"])
    #expect(try found(.clip(.relu), half) == ["RELU 2 → y"])
    #expect(try found(.clip(.relu6), Self.codes) == ["RELU6 2 → y"])
    #expect(
      try found(.clip(RealRange(minimum: 0, maximum: 2)), Self.codes)
        == ["MAXIMUM 2 → y_limited", "MINIMUM 2 → y"])
    #expect(
      try found(.hardSigmoid(alpha: 0.2, beta: 0.5), probability)
        == ["CAST 1 → y_indices", "ADD 1 → y_positions", "GATHER 2 → y"])
  }
}
