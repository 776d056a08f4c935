import Diagnostics
import FloatModel
import Quantizer
import TensorFiles
import Testing

@Suite("Arrays as samples")
struct SampleSetTests {
  private func graph(_ shape: [Int]) -> FloatGraph {
    FloatGraph(name: "test", values: [FloatValue(name: "x", shape: shape)], inputs: [0])
  }

  private func array(_ shape: [Int], _ values: [Float], name: String = "x") throws -> NumericArray {
    NumericArray(name: name, shape: shape, values: values)
  }

  @Test("in the source model's layout are transposed, even where both layouts have one shape")
  func layouts() throws {
    // Channel c, row h, column w hold 100c + 10h + w.
    let nchw: [Float] = [0, 1, 10, 11, 100, 101, 110, 111]
    let nhwc: [Float] = [0, 100, 1, 101, 10, 110, 11, 111]
    let set = try SampleSet(
      arrays: [try array([1, 2, 2, 2], nchw)], for: graph([1, 2, 2, 2]),
      sourceAxes: [[0, 2, 3, 1]], limit: 10)
    #expect(try set.inputs(0..<1) == [nhwc])
    let same = try SampleSet(
      arrays: [try array([1, 2, 2, 2], nhwc)], for: graph([1, 2, 2, 2]), limit: 10)
    #expect(try same.inputs(0..<1) == [nhwc])
  }

  @Test("in the graph's layout are taken as they are where the shapes tell")
  func graphLayout() throws {
    let values = (0..<12).map(Float.init)
    let set = try SampleSet(
      arrays: [try array([1, 2, 2, 3], values)], for: graph([1, 2, 2, 3]),
      sourceAxes: [[0, 2, 3, 1]], limit: 10)
    #expect(try set.inputs(0..<1) == [values])
  }

  @Test("are limited in number and named in errors")
  func errors() throws {
    let set = try SampleSet(
      arrays: [try array([3, 2], [1, 2, 3, 4, 5, 6])], for: graph([1, 2]), limit: 2)
    #expect(set.count == 2)
    #expect(try set.inputs(1..<2) == [[3, 4]])
    let wrongShape = #expect(throws: Diagnostic.self) {
      try SampleSet(
        arrays: [try array([1, 3], [1, 2, 3])], for: graph([1, 2]), limit: 2)
    }
    #expect(
      wrongShape?.description
        == "array 'x': samples have shape [3], the model's input has [2]; "
        + "store the array as [samples, …] with the model's own axes")
    let notFinite = #expect(throws: Diagnostic.self) {
      try SampleSet(arrays: [try array([1, 2], [1, .nan])], for: graph([1, 2]), limit: 2)
    }
    #expect(
      notFinite?.description
        == "array 'x': element 1 is nan; remove NaN and infinite samples")
  }
}
