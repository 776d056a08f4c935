import Diagnostics

extension OperationRules {
  /// Extents and steps of at least 1, paddings of at least 0, all of them bounded.
  func requireSane(_ windows: SpatialWindows) throws(Diagnostic) {
    let limit = GraphLimits.window
    try requireInside(windows.kernel.height, "window height", 1...limit)
    try requireInside(windows.kernel.width, "window width", 1...limit)
    try requireInside(windows.stride.height, "stride height", 1...limit)
    try requireInside(windows.stride.width, "stride width", 1...limit)
    try requireInside(windows.dilation.height, "dilation height", 1...limit)
    try requireInside(windows.dilation.width, "dilation width", 1...limit)
    try requireInside(windows.padding.top, "padding top", 0...limit)
    try requireInside(windows.padding.left, "padding left", 0...limit)
    try requireInside(windows.padding.bottom, "padding bottom", 0...limit)
    try requireInside(windows.padding.right, "padding right", 0...limit)
  }

  /// `[N, OH, OW, channels]`
  func outputShape(of windows: SpatialWindows, channels: Int) throws(Diagnostic) -> [Int] {
    let image = input(0).shape
    let size = SpatialPair(height: image[1], width: image[2])
    guard let count = windows.count(onImage: size) else {
      throw fault(
        "the window of \(windows.kernel.height) × \(windows.kernel.width) taps does not fit into "
          + "the padded image '\(input(0).name)' \(shapeText(image))")
    }
    return [image[0], count.height, count.width, channels]
  }

  /// Average pool (`sums`) and max pool.
  func checkPool(_ parameters: PoolParameters, sums: Bool) throws(Diagnostic) {
    try requireInputs(1)
    try requireActivations()
    let image = input(0)
    try requireImage(image)
    try requireSameCodes(output, as: image)
    let windows = SpatialWindows(
      kernel: parameters.window, stride: parameters.stride, padding: parameters.padding)
    try requireSane(windows)
    // A window that lies in the padding alone would have no element to average or compare.
    let (window, padding) = (parameters.window, parameters.padding)
    try requireInside(padding.top, "padding top", 0...window.height - 1)
    try requireInside(padding.bottom, "padding bottom", 0...window.height - 1)
    try requireInside(padding.left, "padding left", 0...window.width - 1)
    try requireInside(padding.right, "padding right", 0...window.width - 1)
    try requireOutputShape(try outputShape(of: windows, channels: image.shape[3]))
    try requireClamp(parameters.clamp)
    if sums {
      // Sum of raw codes, plus half the count before the division.
      let taps = Int64(window.height) * Int64(window.width)
      let magnitude = max(image.elementType.maximumCode, -image.elementType.minimumCode)
      try requireAccumulator(taps * magnitude + taps / 2, "the sum of \(taps) codes")
    }
  }

  /// `bound` must fit a signed 32-bit accumulator.
  func requireAccumulator(_ bound: Int64, _ what: @autoclosure () -> String) throws(Diagnostic) {
    try require(
      bound <= Int64(Int32.max),
      "\(what()) can reach \(bound); a 32-bit accumulator holds 2147483647")
  }
}
