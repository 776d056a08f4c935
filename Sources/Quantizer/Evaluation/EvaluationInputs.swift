import Diagnostics
import Foundation
import ImageInput
import IntegerModel
import OperatorArithmetic

/// What two models are compared on.
public enum EvaluationInputs: Sendable {
  /// Image files, which the integer model's own input pipeline feeds to both.
  case images([String])
  /// Real numbers, of which the integer model gets the nearest codes.
  case arrays(SampleSet)

  /// Number of samples.
  public var count: Int {
    switch self {
    case .images(let paths): paths.count
    case .arrays(let samples): samples.count
    }
  }

  /// Some samples as both models read them.
  ///
  /// - Throws: a model that does not say how images feed it; an image that cannot be read; an input
  ///   tensor without a scale of its own.
  func batch(_ range: Range<Int>, for graph: IntegerGraph) throws(Diagnostic) -> EvaluationBatch {
    switch self {
    case .images(let paths): try EvaluationBatch(images: Array(paths[range]), for: graph)
    case .arrays(let samples):
      try EvaluationBatch(floats: try samples.inputs(range), count: range.count, for: graph)
    }
  }
}

/// Some samples as a float model and an integer model read them.
struct EvaluationBatch: Sendable {
  /// One array per input of the float model, sample after sample.
  let floats: [[Float]]
  /// For each sample, the memory of each input of the integer model.
  let bytes: [[[UInt8]]]

  /// Decodes images in parallel.
  init(images paths: [String], for graph: IntegerGraph) throws(Diagnostic) {
    guard let pipeline = graph.inputPipeline else {
      throw Diagnostic(
        problem: "the model does not say how images feed its input",
        remedy: "convert it again from an image calibration folder")
    }
    let preprocessing = ImagePreprocessing(pipeline)
    let tensor = graph.tensors[graph.inputs[0]]
    let results = ParallelResults<Result<(pixels: [UInt8], bytes: [UInt8]), Diagnostic>>(
      count: paths.count)
    DispatchQueue.concurrentPerform(iterations: paths.count) { index in
      results.set(
        index,
        Result { () throws(Diagnostic) in
          let pixels = try preprocessing.pixels(ofFile: paths[index])
          var bytes = [UInt8](
            repeating: 0, count: tensor.elementType.byteCount(of: tensor.elementCount))
          let encoded = bytes.withUnsafeMutableBytes { memory in
            Result { () throws(Diagnostic) in
              try pipeline.encode(pixels, as: tensor.elementType, into: memory)
            }
          }
          try encoded.get()
          return (pixels, bytes)
        })
    }
    var values: [Float] = []
    var bytes: [[[UInt8]]] = []
    for result in results.all() {
      let loaded = try result.get()
      preprocessing.append(loaded.pixels, to: &values)
      bytes.append([loaded.bytes])
    }
    floats = [values]
    self.bytes = bytes
  }

  /// The nearest codes of `floats`, `count` samples.
  init(floats: [[Float]], count: Int, for graph: IntegerGraph) throws(Diagnostic) {
    self.floats = floats
    var bytes = Array(repeating: [[UInt8]](), count: count)
    for (values, input) in zip(floats, graph.inputs) {
      let tensor = graph.tensors[input]
      let size = values.count / max(count, 1)
      for sample in 0..<count {
        bytes[sample].append(try tensor.bytes(of: values[sample * size..<(sample + 1) * size]))
      }
    }
    self.bytes = bytes
  }
}

extension TensorDescription {
  /// The codes nearest to some real numbers, ties away from zero, as the tensor's memory holds them.
  fileprivate func bytes(of reals: ArraySlice<Float>) throws(Diagnostic) -> [UInt8] {
    guard let quantization, quantization.scaleBits.count == 1, quantization.zeroPoints.count == 1
    else {
      throw Diagnostic(
        place: "input '\(name)'", problem: "has no scale that real numbers could be divided by",
        remedy: "evaluate on images, or convert the model again")
    }
    let codes = AffineCodes(
      scale: Float(bitPattern: quantization.scaleBits[0]), zeroPoint: quantization.zeroPoints[0],
      elementType: elementType)
    let width = elementType.byteCount(of: 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(reals.count * width)
    for real in reals {
      let code = codes.code(of: real)
      for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: code >> Int32(8 * byte))) }
    }
    return bytes
  }
}
