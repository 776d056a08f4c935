import FloatModel
import FloatReference

extension OperatorCase {
  /// Concatenations.
  static let concatenations = [
    OperatorCase(
      name: "concatenation of very different ranges", ranges: [-0.2...0.1, 3...9, -20...1]
    ) { sketch, _ in
      let inputs = [2, 3, 1].enumerated().map {
        sketch.input("x\($0.offset)", shape: [1, 4, 5, $0.element])
      }
      sketch.output(try sketch.node("y", .concatenation(axis: 3), inputs))
    },
    OperatorCase(name: "concatenation of rows", ranges: [-1...2, -3...0]) { sketch, _ in
      let inputs = [1, 4].enumerated().map {
        sketch.input("x\($0.offset)", shape: [1, $0.element, 5])
      }
      sketch.output(try sketch.node("y", .concatenation(axis: 1), inputs))
    },
    OperatorCase(name: "concatenation of a value with itself", greatestError: 0) { sketch, _ in
      let x = sketch.input(shape: [1, 4, 5, 2])
      sketch.output(try sketch.node("y", .concatenation(axis: 2), x, x))
    },
    OperatorCase(name: "concatenation with a constant", ranges: [-1...1]) { sketch, source in
      let x = sketch.input(shape: [1, 4, 5, 2])
      let k = sketch.random("k", [1, 4, 5, 1], in: -6...1, &source)
      sketch.output(try sketch.node("y", .concatenation(axis: 3), k, x, k))
    },
    OperatorCase(name: "concatenation of fixed codes, twice, and a free value", ranges: [-5...3]) {
      sketch, _ in
      let x = sketch.input(shape: [1, 4, 5, 2])
      let s = try sketch.node("s", .activation(.sigmoid), x)
      let t = try sketch.node("t", .activation(.tanh), x)
      sketch.output(try sketch.node("y", .concatenation(axis: 3), s, x, t, s))
    },
    OperatorCase(name: "concatenation of fixed codes only") { sketch, _ in
      let x = sketch.input(shape: [1, 4, 5, 2])
      let s = try sketch.node("s", .activation(.sigmoid), x)
      let t = try sketch.node("t", .activation(.tanh), x)
      sketch.output(try sketch.node("both", .concatenation(axis: 3), s, t))
      sketch.output(try sketch.node("one", .concatenation(axis: 3), s, s))
    },
  ]

  private static func pad(
    _ name: String, _ mode: FloatPadMode, range: ClosedRange<Float> = -1...3
  ) -> OperatorCase {
    image(
      name, .pad(before: [0, 2, 0, 1], after: [0, 1, 3, 0], mode: mode), range: range,
      greatestError: 0)
  }

  /// A pad of `value` behind an activation whose codes are fixed.
  private static func padOfFixedCodes(_ value: Float) -> OperatorCase {
    OperatorCase(name: "pad of fixed codes with \(value)") { sketch, _ in
      let s = try sketch.node(
        "s", .activation(.sigmoid), sketch.input(shape: [1, 4, 5, 2]))
      let padded = try sketch.node(
        "y", .pad(before: [0, 1, 0, 0], after: [0, 0, 2, 0], mode: .constant(value)), s)
      sketch.output(padded)
    }
  }

  private static func slice(
    _ name: String, begin: [Int], extent: [Int], strides: [Int]
  ) -> OperatorCase {
    image(
      name, .slice(begin: begin, extent: extent, strides: strides), greatestError: 0)
  }

  /// Operations that move codes.
  static let movements =
    [
      pad("pad with zero", .constant(0)),
      pad("pad with zero outside the input's range", .constant(0), range: 2...5),
      pad("pad with a value inside the range", .constant(1.25)),
      pad("pad with a value outside the range", .constant(-9)),
      pad("pad by reflection", .reflect), pad("pad by the edge", .edge),
      padOfFixedCodes(0), padOfFixedCodes(-1), padOfFixedCodes(3),
      image("reshape", .reshape([1, 42, 5]), greatestError: 0),
      image("identity", .identity, greatestError: 0),
      slice(
        "slice with steps", begin: [0, 1, 0, 0], extent: [1, 3, 2, 5], strides: [1, 2, 3, 1]),
      slice(
        "slice with negative steps", begin: [0, 6, 1, 4], extent: [1, 4, 2, 3],
        strides: [1, -2, 3, -1]),
    ]
    + [[0, 3, 1, 2], [0, 2, 3, 1], [0, 2, 1, 3], [0, 3, 2, 1]].map {
      image("transpose \($0)", .transpose($0), greatestError: 0)
    }

  /// Resizes by every mapping, rounding and interpolation.
  static let resizes: [OperatorCase] = {
    let sizes: [(Int, Int, Float, Float)] = [(14, 12, 2, 2), (4, 3, 0.5, 0.5), (28, 6, 4, 1)]
    func cases(
      _ interpolation: ResizeInterpolation, _ mapping: CoordinateMapping
    ) -> [OperatorCase] {
      sizes.map { height, width, vertical, horizontal in
        // TFLite rounds the distance of sources to 10 fractional bits. Half pixels at these scales
        // fit; the distances of aligned corners do not, and by the last of n rows the position is
        // n / 2048 of the way between two pixels off, which may be 255 codes apart.
        let drift =
          mapping == .alignCorners ? (max(height, width) * 255 + 2047) / 2048 : 0
        return image(
          "resize \(interpolation) \(mapping) to \(height)×\(width)",
          .resize(
            FloatResize(
              size: SpatialExtent(height: height, width: width), verticalScale: vertical,
              horizontalScale: horizontal, mapping: mapping, interpolation: interpolation)),
          shape: [1, interpolation == .linear && vertical == 0.5 ? 8 : 7, 6, 3],
          greatestError: interpolation == .linear ? 1 + drift : 0,
          greatestMeanError: drift > 0 ? 0.5 : 0.35)
      }
    }
    let mappings: [CoordinateMapping] = [
      .halfPixel, .pytorchHalfPixel, .alignCorners, .asymmetric,
    ]
    let roundings: [NearestRounding] = [.roundPreferFloor, .roundPreferCeil, .floor, .ceil]
    return mappings.flatMap { mapping in
      cases(.linear, mapping) + roundings.flatMap { cases(.nearest($0), mapping) }
    }
  }()
}
