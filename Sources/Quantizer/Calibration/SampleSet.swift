import Diagnostics
import FloatModel
import Foundation
import ImageInput
import IntegerModel
import OperatorArithmetic
import TensorFiles

/// How decoded pixels become the float input of a model: `(pixel − mean) / standard deviation` per
/// channel, pixel values 0…255, after the geometry of ``InputPipeline``.
public struct ImagePreprocessing: Hashable, Sendable {
  /// Rows of the input.
  public var height: Int
  /// Columns of the input.
  public var width: Int
  /// Pixels of the shorter side before the center crop.
  public var resizeShortSide: Int
  /// Order of the channels; `mean` and `standardDeviation` follow it.
  public var channelOrder: ChannelOrder
  /// Subtracted from a pixel value, per channel.
  public var mean: [Float]
  /// Divides the difference, per channel; positive.
  public var standardDeviation: [Float]

  /// Creates a preprocessing.
  public init(
    height: Int, width: Int, resizeShortSide: Int, channelOrder: ChannelOrder, mean: [Float],
    standardDeviation: [Float]
  ) {
    self.height = height
    self.width = width
    self.resizeShortSide = resizeShortSide
    self.channelOrder = channelOrder
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// The preprocessing that a quantized model records.
  public init(_ pipeline: InputPipeline) {
    self.init(
      height: pipeline.height, width: pipeline.width, resizeShortSide: pipeline.resizeShortSide,
      channelOrder: pipeline.channelOrder, mean: pipeline.meanBits.map(Float.init(bitPattern:)),
      standardDeviation: pipeline.standardDeviationBits.map(Float.init(bitPattern:)))
  }

  /// Number of channels.
  public var channels: Int { channelOrder == .gray ? 1 : 3 }

  /// The integer pipeline that feeds codes of `input`: one 256-entry table per channel.
  public func pipeline(for input: AffineCodes) -> InputPipeline {
    let tables = (0..<channels).map { channel in
      (0..<256).map { pixel -> Int16 in
        let real = (Double(pixel) - Double(mean[channel])) / Double(standardDeviation[channel])
        return Int16(input.pixelCode(of: real))
      }
    }
    return InputPipeline(
      height: height, width: width, resizeShortSide: resizeShortSide, channelOrder: channelOrder,
      codeTables: tables, meanBits: mean.map(\.bitPattern),
      standardDeviationBits: standardDeviation.map(\.bitPattern))
  }

  /// The range that pixel values 0…255 can reach, whatever the images show.
  public var range: ValueRange {
    var range = ValueRange(minimum: .infinity, maximum: -.infinity)
    for channel in 0..<channels {
      for pixel: Float in [0, 255] {
        let real = (pixel - mean[channel]) / standardDeviation[channel]
        range = range.union(ValueRange(minimum: real, maximum: real))
      }
    }
    return range
  }

  /// Pixel values `[height, width, C]` of the image file at `path`, resized and cropped.
  ///
  /// - Throws: an image that cannot be read or has too few pixels, with its path.
  public func pixels(ofFile path: String) throws(Diagnostic) -> [UInt8] {
    do {
      return try geometry.pixels(of: try ImageFile.read(path: path))
    } catch {
      throw error.inFile(path)
    }
  }

  /// Appends the float input of `pixels`, as ``pixels(ofFile:)`` made them.
  public func append(_ pixels: [UInt8], to values: inout [Float]) {
    let tables = (0..<channels).map { channel in
      (0..<256).map { (Float($0) - mean[channel]) / standardDeviation[channel] }
    }
    values.reserveCapacity(values.count + pixels.count)
    var channel = 0
    for pixel in pixels {
      values.append(tables[channel][Int(pixel)])
      channel += 1
      if channel == channels { channel = 0 }
    }
  }

  /// A pipeline whose codes are the pixel values themselves: what the geometry needs.
  private var geometry: InputPipeline {
    InputPipeline(
      height: height, width: width, resizeShortSide: resizeShortSide, channelOrder: channelOrder,
      codeTables: Array(repeating: Array(0..<256), count: channels), meanBits: [],
      standardDeviationBits: [])
  }
}

/// Unlabeled inputs of a model, read as they are needed: images of a folder, or arrays of a file.
public struct SampleSet: Sendable {
  private enum Source: Sendable {
    case images(paths: [String], preprocessing: ImagePreprocessing)
    case arrays([[Float]], elementsPerSample: [Int])
  }

  /// Number of samples.
  public let count: Int
  private let source: Source

  private init(count: Int, source: Source) {
    self.count = count
    self.source = source
  }

  /// Whether the samples are images, so that a mirrored one is as good a sample.
  package var areImages: Bool {
    if case .images = source { true } else { false }
  }

  /// The images at `paths`.
  public init(images paths: [String], preprocessing: ImagePreprocessing) {
    count = paths.count
    source = .images(paths: paths, preprocessing: preprocessing)
  }

  /// The arrays of an `.npz` or `.npy` file, one per graph input: found by the input's name, or the
  /// only array for the only input. Shape `[samples, …]` with the axes of the source model behind
  /// it, or those of the graph.
  ///
  /// - Parameter sourceAxes: for each input, the axis of the source model that each axis of the
  ///   graph's value is: `[0, 2, 3, 1]` where `[N, C, H, W]` became `[N, H, W, C]`. Empty where both
  ///   agree.
  /// - Throws: an array that is missing, has another shape or holds NaN or infinity; no samples.
  public init(
    arrays: [NumericArray], for graph: FloatGraph, sourceAxes: [[Int]] = [], limit: Int
  ) throws(Diagnostic) {
    var values: [[Float]] = []
    var sizes: [Int] = []
    var samples: Int?
    for (position, input) in graph.inputs.enumerated() {
      let value = graph.values[input]
      let identity = Array(value.shape.indices)
      let given = sourceAxes.indices.contains(position) ? sourceAxes[position] : identity
      let axes = given.sorted() == identity ? given : identity
      let onlyOne = graph.inputs.count == 1 && arrays.count == 1 ? arrays.first : nil
      guard let array = arrays.first(where: { $0.name == value.name }) ?? onlyOne else {
        let names = arrays.map(\.name).joined(separator: ", ")
        throw Diagnostic(
          place: "input '\(value.name)'",
          problem: "no array of that name among: \(names)",
          remedy: "name the arrays after the model's inputs")
      }
      let available = array.shape.first ?? 0
      let number = min(available, limit)
      guard number > 0 else {
        throw Diagnostic(
          place: "array '\(array.name)'", problem: "holds no samples",
          remedy: "the first axis counts samples and must be at least 1")
      }
      if let samples, samples != number {
        throw Diagnostic(
          place: "array '\(array.name)'",
          problem: "holds \(number) samples where another array holds \(samples)",
          remedy: "give every input the same number of samples")
      }
      samples = number
      values.append(
        try Self.floats(of: array, samples: number, shape: value.shape, sourceAxes: axes))
      sizes.append(value.shape.dropFirst().reduce(1, *))
    }
    count = samples ?? 0
    source = .arrays(values, elementsPerSample: sizes)
  }

  /// The first `samples` samples of `array` in the layout of `shape` (batch of 1).
  private static func floats(
    of array: NumericArray, samples: Int, shape: [Int], sourceAxes: [Int]
  ) throws(Diagnostic) -> [Float] {
    // Shape of one sample in the source model, whose axis `sourceAxes[i]` is the graph's axis i.
    var sourceShape = shape
    for (axis, source) in sourceAxes.enumerated() { sourceShape[source] = shape[axis] }
    let given = Array(array.shape.dropFirst())
    // Where both layouts have the same shape, the array is taken to be as the source model's.
    let isSourceLayout = given == Array(sourceShape.dropFirst())
    guard isSourceLayout || given == Array(shape.dropFirst()) else {
      throw Diagnostic(
        place: "array '\(array.name)'",
        problem:
          "samples have shape \(given), the model's input has \(Array(sourceShape.dropFirst()))",
        remedy: "store the array as [samples, …] with the model's own axes")
    }
    let size = shape.dropFirst().reduce(1, *)
    let all = array.floats()
    for index in 0..<samples * size where !all[index].isFinite {
      throw Diagnostic(
        place: "array '\(array.name)'", problem: "element \(index) is \(all[index])",
        remedy: "remove NaN and infinite samples")
    }
    let values = Array(all[0..<samples * size])
    guard isSourceLayout, sourceAxes != Array(shape.indices) else { return values }
    return FloatTensor(shape: [samples] + sourceShape.dropFirst(), values: values)
      .transposed(by: sourceAxes).values
  }

  /// The codes that the device reads for some float inputs, as ``inputs(_:)`` made them.
  ///
  /// - Parameter parameters: one per graph input.
  package func codes(
    of inputs: [[Float]], parameters: [ActivationParameters]
  ) -> [[Int8]] {
    zip(inputs, parameters).map { values, parameters in
      switch source {
      case .images: values.map { Int8(parameters.pixelCode(of: Double($0))) }
      case .arrays: values.map { Int8(parameters.code(of: $0)) }
      }
    }
  }

  /// The float inputs of some samples, one array per graph input, `[samples, …]`.
  ///
  /// - Throws: an image that cannot be read, with its path.
  public func inputs(_ samples: Range<Int>) throws(Diagnostic) -> [[Float]] {
    switch source {
    case .images(let paths, let preprocessing):
      // Decoding takes longer than inference: all cores share it.
      let part = Array(paths[samples])
      let decoded = ParallelResults<Result<[UInt8], Diagnostic>>(count: part.count)
      DispatchQueue.concurrentPerform(iterations: part.count) { index in
        decoded.set(
          index,
          Result { () throws(Diagnostic) in try preprocessing.pixels(ofFile: part[index]) })
      }
      var values: [Float] = []
      for result in decoded.all() { preprocessing.append(try result.get(), to: &values) }
      return [values]
    case .arrays(let arrays, let sizes):
      return zip(arrays, sizes).map { array, size in
        Array(array[samples.lowerBound * size..<samples.upperBound * size])
      }
    }
  }

  /// The codes of one sample as the integer model gets them, one array per graph input: through the
  /// tables of the input pipeline for images, the nearest codes for arrays.
  ///
  /// - Parameter parameters: those of each graph input.
  /// - Throws: an image that cannot be read, with its path.
  func codes(_ sample: Int, parameters: [ActivationParameters]) throws(Diagnostic) -> [[Int8]] {
    switch source {
    case .images(let paths, let preprocessing):
      let tables = preprocessing.pipeline(for: parameters[0].codes).codeTables
      let pixels = try preprocessing.pixels(ofFile: paths[sample])
      return [pixels.indices.map { Int8(tables[$0 % tables.count][Int(pixels[$0])]) }]
    case .arrays:
      return zip(try inputs(sample..<sample + 1), parameters).map { values, parameters in
        values.map { Int8(parameters.code(of: $0)) }
      }
    }
  }

  /// At most `limit` of the samples, evenly spread.
  package func subset(_ limit: Int) -> SampleSet {
    guard limit < count else { return self }
    let kept = (0..<limit).map { $0 * count / limit }
    switch source {
    case .images(let paths, let preprocessing):
      return SampleSet(images: kept.map { paths[$0] }, preprocessing: preprocessing)
    case .arrays(let arrays, let sizes):
      let chosen = zip(arrays, sizes).map { array, size in
        kept.flatMap { array[$0 * size..<($0 + 1) * size] }
      }
      return SampleSet(count: limit, source: .arrays(chosen, elementsPerSample: sizes))
    }
  }
}
