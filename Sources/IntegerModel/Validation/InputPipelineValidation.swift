import Diagnostics

extension IntegerGraph {
  /// The pipeline's size, channels and codes are those of the first input tensor.
  func validateInputPipeline() throws(Diagnostic) {
    guard let pipeline = inputPipeline else { return }
    let tensor = tensors[inputs[0]]
    let channels = pipeline.channelOrder == .gray ? 1 : 3
    func require(
      _ condition: Bool, _ problem: @autoclosure () -> String
    ) throws(Diagnostic) {
      if !condition { throw Diagnostic(place: "input pipeline", problem: problem()) }
    }
    try require(
      tensor.shape.count == 4
        && tensor.shape[1...] == [pipeline.height, pipeline.width, channels],
      "it makes [\(pipeline.height), \(pipeline.width), \(channels)], but the input "
        + "'\(tensor.name)' has shape \(shapeText(tensor.shape))")
    switch tensor.elementType {
    case .int8, .uint8, .int16: break
    case .int32, .int64, .int4:
      throw Diagnostic(
        place: "input pipeline",
        problem:
          "the input '\(tensor.name)' is \(tensor.elementType.name); the limit is int8, uint8 "
          + "or int16")
    }
    let needed = max(pipeline.height, pipeline.width)
    try require(
      pipeline.resizeShortSide >= needed && pipeline.resizeShortSide <= GraphLimits.window,
      "it resizes the short side to \(pipeline.resizeShortSide); the crop needs "
        + "\(needed)…\(GraphLimits.window)")
    try require(
      pipeline.codeTables.count == channels,
      "there are \(pipeline.codeTables.count) code tables for \(channels) channels")
    for (channel, table) in pipeline.codeTables.enumerated() {
      try require(
        table.count == 256,
        "the code table of channel \(channel) has \(table.count) codes; 256 are needed")
      let type = tensor.elementType
      for (pixel, code) in table.enumerated()
      where Int64(code) < type.minimumCode || Int64(code) > type.maximumCode {
        throw Diagnostic(
          place: "input pipeline",
          problem: "the code \(code) of pixel value \(pixel) in channel \(channel) is outside "
            + "\(type.minimumCode)…\(type.maximumCode)")
      }
    }
    try require(
      pipeline.meanBits.count == channels && pipeline.standardDeviationBits.count == channels,
      "there are \(pipeline.meanBits.count) means and \(pipeline.standardDeviationBits.count) "
        + "standard deviations for \(channels) channels")
  }
}
