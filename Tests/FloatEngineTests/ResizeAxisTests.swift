import FloatEngine
import FloatModel
import Testing

@Suite("A resize reads the source positions that ONNX defines")
struct ResizeAxisTests {
  @Test(
    "positions by hand",
    arguments: [
      (CoordinateMapping.halfPixel, 4, 2, [0.5, 2.5] as [Float]),
      (.halfPixel, 2, 4, [-0.25, 0.25, 0.75, 1.25]),
      (.halfPixel, 4, 1, [1.5]),
      (.pytorchHalfPixel, 4, 1, [0]),
      (.pytorchHalfPixel, 2, 4, [-0.25, 0.25, 0.75, 1.25]),
      (.alignCorners, 3, 5, [0, 0.5, 1, 1.5, 2]),
      (.alignCorners, 3, 1, [0]),
      (.asymmetric, 2, 4, [0, 0.5, 1, 1.5]),
    ])
  func positions(mapping: CoordinateMapping, input: Int, output: Int, expected: [Float]) {
    let axis = ResizeAxis(
      inputExtent: input, outputExtent: output, scale: Float(output) / Float(input),
      mapping: mapping)
    #expect((0..<output).map { axis.position(of: $0) } == expected)
  }

  @Test(
    "ties between neighbors",
    arguments: [
      (NearestRounding.roundPreferFloor, [0, 0, 1, 1]), (.roundPreferCeil, [0, 1, 1, 1]),
      (.floor, [0, 0, 1, 1]), (.ceil, [0, 1, 1, 1]),
    ])
  func ties(rounding: NearestRounding, expected: [Int]) {
    let axis = ResizeAxis(inputExtent: 2, outputExtent: 4, scale: 2, mapping: .asymmetric)
    #expect(axis.nearestSources(rounding) == expected)
  }

  @Test("positions outside the input are those of its edge")
  func edges() {
    let axis = ResizeAxis(inputExtent: 2, outputExtent: 4, scale: 2, mapping: .halfPixel)
    let blends = axis.linearSources()
    #expect(blends.map(\.low) == [0, 0, 0, 1])
    #expect(blends.map(\.high) == [1, 1, 1, 1])
    #expect(blends.map(\.highWeight) == [0, 0.25, 0.75, 0])
  }

  @Test(
    "indices stay inside however absurd the scale",
    arguments: [Float.leastNonzeroMagnitude, 1e-30, 1e30])
  func absurdScales(scale: Float) {
    for mapping in [CoordinateMapping.halfPixel, .asymmetric] {
      let axis = ResizeAxis(inputExtent: 3, outputExtent: 3, scale: scale, mapping: mapping)
      for rounding in [NearestRounding.roundPreferFloor, .roundPreferCeil, .floor, .ceil] {
        #expect(axis.nearestSources(rounding).allSatisfy { (0..<3).contains($0) })
      }
      for blend in axis.linearSources() {
        #expect((0..<3).contains(blend.low) && (0..<3).contains(blend.high))
        #expect((0...1).contains(blend.highWeight))
      }
    }
  }

  @Test("an extent that float32 rounds up does not lead outside")
  func largeExtent() {
    let extent = (1 << 24) + 4
    let axis = ResizeAxis(
      inputExtent: extent, outputExtent: 1, scale: 0x1p-30, mapping: .halfPixel)
    #expect(axis.nearestSources(.floor) == [extent - 1])
    #expect(axis.linearSources()[0].high == extent - 1)
  }
}
