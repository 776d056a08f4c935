import Diagnostics
import IntegerModel
import ModelExport
import OperatorArithmetic
import Testing

@Suite("What TFLite would compute otherwise is not exported")
struct RefusalTests {
  private let remedy =
    "the exported model would give other bits; convert the source model again with this version"

  /// What exporting the graph that `draw` makes says, or `nil` where it succeeds.
  private func message(_ draw: (inout OperatorSketch) throws -> Void) throws -> String? {
    var sketch = OperatorSketch(seed: 1)
    try draw(&sketch)
    try sketch.graph.validate()
    do throws(Diagnostic) {
      _ = try TFLiteExport.model(of: sketch.graph)
      return nil
    } catch { return "\(error)" }
  }

  private func codes(_ scale: Float, _ zeroPoint: Int32 = 0) -> AffineCodes {
    AffineCodes(scale: scale, zeroPoint: zeroPoint)
  }

  /// x · y of scales 0.5 and 0.25 into 0.125: a factor of 1.
  private func product(_ sketch: inout OperatorSketch) throws {
    let (x, z) = (sketch.input([4], codes(0.5)), sketch.input([4], codes(0.25)))
    sketch.finish(
      .multiply(
        try sketch.derivation.multiply(codes(0.5), codes(0.25), output: codes(0.125))), [x, z],
      sketch.activation("y", [4], codes(0.125)))
  }

  @Test("numbers that follow from the scales are")
  func accepted() throws { #expect(try message(product) == nil) }

  @Test("a multiplier that does not follow from the scales")
  func multiplier() throws {
    let message = try message { sketch in
      try product(&sketch)
      sketch.graph.profiles = []
      sketch.graph.operations[0].scalings = []
      guard case .multiply(var parameters) = sketch.graph.operations[0].kind else { return }
      parameters.multiplier.multiplier += 1
      sketch.graph.operations[0].kind = .multiply(parameters)
    }
    #expect(
      message
        == "operation 'op': multiplier 0 is 1073741825·2^-30, but TFLite derives 1073741824·2^-30 "
        + "from the scales; \(remedy)")
  }

  @Test("numbers of another profile that do not follow from the scales")
  func profile() throws {
    let message = try message { sketch in
      try product(&sketch)
      let one = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      sketch.graph.operations[0].scalings.removeAll { $0.profile == .litertReference }
      sketch.graph.operations[0].scalings.insert(
        ProfileScaling(profile: .litertReference, form: .fixedPoint([one])), at: 0)
    }
    #expect(
      message
        == "operation 'op': its numbers for profile litert-reference are not those that follow "
        + "from the scales; \(remedy)")
  }

  @Test("an average pool with a padding of its own")
  func averagePool() throws {
    let message = try message { sketch in
      let x = sketch.input([1, 4, 4, 1], codes(0.5))
      let parameters = PoolParameters(
        window: SpatialPair(height: 3, width: 3), stride: SpatialPair(height: 1, width: 1),
        padding: SpatialPadding(top: 2, left: 1, bottom: 0, right: 1),
        clamp: CodeRange(minimum: -128, maximum: 127))
      sketch.finish(
        .averagePool(parameters), [x], sketch.activation("y", [1, 4, 4, 1], codes(0.5)))
    }
    #expect(
      message
        == "operation 'op': an average pool with padding 2,1,0,1 (top,left,bottom,right) that is "
        + "neither SAME nor VALID has no operator in TFLite; pad by SAME or VALID in the source "
        + "model, or count the padding in (PAD first)")
  }

  @Test("a transposed convolution with a padding of its own")
  func transposedConvolution() throws {
    let message = try message { sketch in
      let x = sketch.input([1, 2, 2, 1], codes(0.5))
      let w = sketch.weights([1, 3, 3, 1], scales: [0.25], axis: 0)
      let b = sketch.bias(1, input: codes(0.5), scales: [0.25])
      let base = try sketch.derivation.convolution(
        input: codes(0.5), weightScales: [0.25], output: codes(4),
        stride: SpatialPair(height: 2, width: 2), padding: SpatialPadding(top: 2, left: 2))
      sketch.finish(
        .transposeConvolution(
          TransposeConvolutionParameters(
            stride: base.stride, padding: base.padding, multipliers: base.multipliers,
            clamp: base.clamp)), [x, w, b], sketch.activation("y", [1, 3, 3, 1], codes(4)))
    }
    #expect(
      message
        == "operation 'op': its padding is neither SAME nor VALID, which is all that "
        + "TRANSPOSE_CONV has; use one of both in the source model, and crop the result")
  }

  @Test("an edge that is repeated more than once")
  func edge() throws {
    let message = try message { sketch in
      let x = sketch.input([3], codes(0.5))
      sketch.finish(
        .pad(PadParameters(before: [2], after: [0], mode: .edge, value: 0)), [x],
        sketch.activation("y", [5], codes(0.5)))
    }
    #expect(
      message
        == "operation 'op': padding by more than 1 with the edge repeated has no operator in "
        + "TFLite; pad by mirroring (reflect) in the source model")
  }

  @Test("activations without a scale")
  func scale() throws {
    let message = try message { sketch in
      try product(&sketch)
      sketch.graph.profiles = []
      sketch.graph.operations[0].scalings = []
      sketch.graph.tensors[0].quantization = nil
    }
    #expect(
      message
        == "tensor 'x0': it has no scale, from which TFLite could derive the arithmetic; convert "
        + "the source model again")
  }
}
