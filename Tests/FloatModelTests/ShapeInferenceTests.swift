import Diagnostics
import FloatModel
import Testing

private let one = SpatialExtent(height: 1, width: 1)
private let image = [1, 5, 7, 4]

private func convolution(
  stride: SpatialExtent = one, dilation: SpatialExtent = one, padding: EdgePadding = EdgePadding(),
  groups: Int = 1
) -> FloatOperation {
  .convolution(
    FloatConvolution(stride: stride, dilation: dilation, padding: padding, groups: groups))
}

private func pool(
  _ height: Int, _ width: Int, stride: Int = 1, padding: EdgePadding = EdgePadding()
) -> FloatPool {
  FloatPool(
    window: SpatialExtent(height: height, width: width),
    stride: SpatialExtent(height: stride, width: stride), padding: padding)
}

private func resize(_ height: Int, _ width: Int, scale: Float = 1) -> FloatOperation {
  .resize(
    FloatResize(
      size: SpatialExtent(height: height, width: width), verticalScale: scale,
      horizontalScale: scale, mapping: .halfPixel, interpolation: .linear))
}

/// An operation on inputs of given shapes, and what comes of it.
struct ShapeCase: CustomTestStringConvertible, Sendable {
  let operation: FloatOperation
  let inputs: [[Int]]
  let expected: [Int]
  let problem: String

  init(_ operation: FloatOperation, _ inputs: [[Int]], gives expected: [Int]) {
    (self.operation, self.inputs, self.expected, problem) = (operation, inputs, expected, "")
  }

  init(_ operation: FloatOperation, _ inputs: [[Int]], fails problem: String) {
    (self.operation, self.inputs, expected, self.problem) = (operation, inputs, [], problem)
  }

  var testDescription: String { "\(operation.name) of \(inputs)" }
}

@Suite("Shape inference")
struct ShapeInferenceTests {
  private static let shapes: [ShapeCase] = [
    ShapeCase(convolution(), [image, [6, 3, 3, 4], [6]], gives: [1, 3, 5, 6]),
    ShapeCase(
      convolution(
        stride: SpatialExtent(height: 2, width: 3),
        padding: EdgePadding(top: 1, left: 0, bottom: 1, right: 2)),
      [image, [6, 3, 2, 4]], gives: [1, 3, 3, 6]),
    ShapeCase(
      convolution(dilation: SpatialExtent(height: 2, width: 3)), [image, [6, 3, 3, 4]],
      gives: [1, 1, 1, 6]),
    ShapeCase(convolution(groups: 4), [image, [8, 1, 1, 1]], gives: [1, 5, 7, 8]),
    ShapeCase(.fullyConnected(clamp: .relu), [[1, 10], [3, 10], [3]], gives: [1, 3]),
    ShapeCase(.fullyConnected(clamp: .none), [[1, 2, 10], [3, 10]], gives: [1, 2, 3]),
    ShapeCase(.batchNormalization(epsilon: 0), [image, [4], [4], [4], [4]], gives: image),
    ShapeCase(.activation(.tanh), [image], gives: image),
    ShapeCase(.prelu, [image, [4]], gives: image),
    ShapeCase(.add(clamp: .none), [image, [1, 1, 1, 4]], gives: image),
    ShapeCase(.multiply(clamp: .none), [[3, 1], [1, 4]], gives: [3, 4]),
    ShapeCase(.subtract(clamp: .none), [[], [2]], gives: [2]),
    ShapeCase(.concatenation(axis: 3), [image, [1, 5, 7, 2]], gives: [1, 5, 7, 6]),
    ShapeCase(.maxPool(pool(2, 3, stride: 2)), [image], gives: [1, 2, 3, 4]),
    ShapeCase(
      .averagePool(pool(3, 3, padding: EdgePadding(top: 1, left: 1, bottom: 1, right: 1))),
      [image], gives: image),
    ShapeCase(.mean(axes: [1, 2], keepsDimensions: true), [image], gives: [1, 1, 1, 4]),
    ShapeCase(.mean(axes: [1, 2], keepsDimensions: false), [image], gives: [1, 4]),
    ShapeCase(.softmax(axis: 1), [[1, 10]], gives: [1, 10]),
    ShapeCase(
      .pad(before: [0, 1, 2, 0], after: [0, 3, 4, 0], mode: .constant(0)), [image],
      gives: [1, 9, 13, 4]),
    ShapeCase(
      .pad(before: [0, 4, 0, 0], after: [0, 0, 6, 0], mode: .reflect), [image],
      gives: [1, 9, 13, 4]),
    ShapeCase(.reshape([1, 140]), [image], gives: [1, 140]),
    ShapeCase(.transpose([0, 3, 1, 2]), [image], gives: [1, 4, 5, 7]),
    ShapeCase(resize(10, 3), [image], gives: [1, 10, 3, 4]),
    ShapeCase(
      .slice(begin: [0, 4, 0, 1], extent: [1, 3, 7, 2], strides: [1, -2, 1, 2]), [image],
      gives: [1, 3, 7, 2]),
    ShapeCase(.identity, [[]], gives: []),
  ]

  @Test("gives every operation its output shape", arguments: shapes)
  func output(example: ShapeCase) throws {
    #expect(try example.operation.outputShape(inputs: example.inputs) == example.expected)
  }

  private static let failures: [ShapeCase] = [
    ShapeCase(convolution(), [image], fails: "has 1 inputs instead of 2 or more"),
    ShapeCase(.prelu, [image], fails: "has 1 inputs instead of 2"),
    ShapeCase(
      convolution(), [[1, 5, 7], [6, 3, 3, 4]],
      fails: "the input has shape [1, 5, 7], but an image is [N, H, W, C]"),
    ShapeCase(
      convolution(), [image, [6, 3, 3]],
      fails: "the weights have shape [6, 3, 3], not [O, KH, KW, C / groups]"),
    ShapeCase(
      convolution(groups: 3), [image, [6, 3, 3, 4]],
      fails: "3 groups do not divide 4 input and 6 output channels"),
    ShapeCase(
      convolution(groups: 0), [image, [6, 3, 3, 4]],
      fails: "0 groups do not divide 4 input and 6 output channels"),
    ShapeCase(
      convolution(), [image, [6, 3, 3, 3]],
      fails: "the weights [6, 3, 3, 3] take 3 channels per group, but the input [1, 5, 7, 4] has "
        + "4 in 1 groups"),
    ShapeCase(
      convolution(), [image, [6, 3, 3, 4], [5]], fails: "the bias has shape [5], not [6]"),
    ShapeCase(
      convolution(stride: SpatialExtent(height: 0, width: 1)), [image, [6, 3, 3, 4]],
      fails: "stride 0×1 is outside 1…2147483647"),
    ShapeCase(
      convolution(dilation: SpatialExtent(height: 1, width: 1 << 31)), [image, [6, 3, 3, 4]],
      fails: "dilation 1×2147483648 is outside 1…2147483647"),
    ShapeCase(
      convolution(padding: EdgePadding(top: -1)), [image, [6, 3, 3, 4]],
      fails: "padding -1 is outside 0…2147483647"),
    ShapeCase(
      convolution(dilation: SpatialExtent(height: 2_147_483_647, width: 1)),
      [image, [6, 3, 3, 4]],
      fails: "a window of 4294967295 rows does not fit the 5 rows of the padded image"),
    ShapeCase(
      convolution(), [image, [6, 3, 8, 4]],
      fails: "a window of 8 columns does not fit the 7 columns of the padded image"),
    ShapeCase(
      convolution(padding: EdgePadding(top: 1 << 30, left: 1 << 30)), [image, [6, 1, 1, 4]],
      fails: "the output has shape [1, 1073741829, 1073741831, 6], more than 2147483647 elements"),
    ShapeCase(
      .maxPool(pool(0, 1)), [image], fails: "the window 0×1 is out of range"),
    ShapeCase(
      .averagePool(pool(2, 2, padding: EdgePadding(bottom: 2))), [image],
      fails: "padding [0, 0, 2, 0] must be smaller than the window 2×2"),
    ShapeCase(
      .fullyConnected(clamp: .none), [[1, 10], [10]],
      fails: "the weights have shape [10], not [O, I]"),
    ShapeCase(
      .fullyConnected(clamp: .none), [[1, 9], [3, 10]],
      fails: "the weights [3, 10] take 10 elements, but the input has shape [1, 9]"),
    ShapeCase(
      .fullyConnected(clamp: .none), [[1, 10], [3, 10], [1, 3]],
      fails: "the bias has shape [1, 3], not [3]"),
    ShapeCase(
      .batchNormalization(epsilon: 0), [image, [4], [4], [5], [4]],
      fails: "mean has shape [5], not [4]"),
    ShapeCase(
      .prelu, [image, [2, 5, 7, 4]],
      fails: "the slope [2, 5, 7, 4] does not broadcast to the input [1, 5, 7, 4]"),
    ShapeCase(
      .add(clamp: .none), [[1, 4], [1, 3]], fails: "shapes [1, 4] and [1, 3] do not broadcast"),
    ShapeCase(
      .concatenation(axis: 4), [image, image], fails: "axis 4 is outside the shape [1, 5, 7, 4]"),
    ShapeCase(
      .concatenation(axis: 1), [image, [1, 5, 6, 4]],
      fails: "shapes [1, 5, 7, 4] and [1, 5, 6, 4] differ elsewhere than along axis 1"),
    ShapeCase(
      .mean(axes: [2, 1], keepsDimensions: true), [image],
      fails: "axes [2, 1] are empty, or not ascending and distinct"),
    ShapeCase(.softmax(axis: -1), [[1, 10]], fails: "axis -1 is outside the shape [1, 10]"),
    ShapeCase(
      .pad(before: [0], after: [0], mode: .edge), [[1, 10]],
      fails: "pads 1 axes before and 1 after the input [1, 10]"),
    ShapeCase(
      .pad(before: [0, 10], after: [0, 0], mode: .reflect), [[1, 10]],
      fails: "cannot reflect 10 elements along axis 1 of [1, 10]"),
    ShapeCase(
      .reshape([3, 3]), [[1, 10]], fails: "cannot give the elements of [1, 10] the shape [3, 3]"),
    ShapeCase(
      .reshape([Int.max, Int.max]), [[1, 1]],
      fails: "cannot give the elements of [1, 1] the shape "
        + "[9223372036854775807, 9223372036854775807]"),
    ShapeCase(
      .transpose([0, 0]), [[1, 10]], fails: "[0, 0] is no permutation of the axes of [1, 10]"),
    ShapeCase(
      resize(0, 3), [image],
      fails: "the output has shape [1, 0, 3, 4], but every extent must be at least 1"),
    ShapeCase(resize(3, 3, scale: .nan), [image], fails: "scale nan is not a positive number"),
    ShapeCase(
      .slice(begin: [0, 8], extent: [1, 3], strides: [1, 1]), [[1, 10]],
      fails: "3 elements from 8 in steps of 1 leave axis 1 of [1, 10]"),
    ShapeCase(
      .slice(begin: [0, 3], extent: [1, 3], strides: [1, -2]), [[1, 10]],
      fails: "3 elements from 3 in steps of -2 leave axis 1 of [1, 10]"),
    ShapeCase(
      .slice(begin: [0, 0], extent: [1, 1], strides: [1, 0]), [[1, 10]],
      fails: "1 elements from 0 in steps of 0 leave axis 1 of [1, 10]"),
    ShapeCase(
      .reshape(Array(repeating: 1, count: 9)), [[1]],
      fails: "the output has 9 axes; at most 8 are supported"),
  ]

  @Test("refuses shapes and parameters that disagree, and says which", arguments: failures)
  func refusal(example: ShapeCase) {
    #expect(throws: Diagnostic(problem: example.problem)) {
      try example.operation.outputShape(inputs: example.inputs)
    }
  }
}

@Suite("Element counts")
struct ElementCountTests {
  @Test(
    "are exact up to 2^31 − 1 and absent beyond, whatever the order of extents",
    arguments: [
      ([], 1), ([3, 4], 12), ([0, 7], 0), ([2_147_483_647], 2_147_483_647), ([65536, 32768], nil),
      ([0, Int.max, Int.max], nil), ([Int.max, Int.max, 0], nil), ([-1, 0], nil), ([-1, -1], nil),
    ] as [([Int], Int?)])
  func count(shape: [Int], expected: Int?) {
    #expect(ShapeLimits.elementCount(shape) == expected)
  }
}
