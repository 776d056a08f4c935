import Diagnostics
import IntegerModel
import ONNXFormat

// MARK: - Pools and reductions

extension ONNXGraphWriter {
  mutating func writeAveragePool(
    _ operation: Operation, _ parameters: PoolParameters
  ) throws(Diagnostic) {
    let real = emit(
      "AveragePool", [try reals(of: operation.inputs[0], in: .channelsFirst)],
      unique("\(output(operation).name)_mean"), parameters.attributes, node: operation.name)
    try quantize(
      real, as: operation.outputs[0], in: .channelsFirst, clamp: parameters.clamp)
  }

  mutating func writeMaxPool(
    _ operation: Operation, _ parameters: PoolParameters
  ) throws(Diagnostic) {
    try move(
      "MaxPool", [try codes(of: operation.inputs[0], in: .channelsFirst)],
      as: operation.outputs[0], in: .channelsFirst, parameters.attributes,
      clamp: parameters.clamp)
  }

  /// A mean over whole images becomes the pool that runtimes have integer kernels for.
  mutating func writeMean(
    _ operation: Operation, _ parameters: ReduceParameters
  ) throws(Diagnostic) {
    let shape = input(operation, 0).shape
    let name = output(operation).name
    guard shape.count == 4, parameters.axes == [1, 2] else {
      let real = emit(
        "ReduceMean", [try reals(of: operation.inputs[0], in: .own)], unique("\(name)_mean"),
        [
          .ints("axes", parameters.axes), .int("keepdims", parameters.keepsDimensions ? 1 : 0),
        ], node: operation.name)
      return try quantize(real, as: operation.outputs[0], in: .own)
    }
    let real = emit(
      "GlobalAveragePool", [try reals(of: operation.inputs[0], in: .channelsFirst)],
      unique("\(name)_mean"), node: operation.name)
    guard !parameters.keepsDimensions else {
      return try quantize(real, as: operation.outputs[0], in: .channelsFirst)
    }
    // Rounded as an image, so that pool and rounding become one kernel; then the axes are dropped.
    let image = try quantized(real, like: operation.outputs[0], named: "\(name)_image")
    try move(
      "Reshape",
      [image, add(ONNXConstant(integers: output(operation).shape), name: "\(name)_shape")],
      as: operation.outputs[0], in: .own)
  }

  mutating func writeSum(
    _ operation: Operation, _ parameters: ReduceParameters
  ) throws(Diagnostic) {
    let name = output(operation).name
    let real = emit(
      "ReduceSum",
      [
        try reals(of: operation.inputs[0], in: .own),
        add(ONNXConstant(integers: parameters.axes), name: "\(name)_axes"),
      ], unique("\(name)_sum"), [.int("keepdims", parameters.keepsDimensions ? 1 : 0)],
      node: operation.name)
    try quantize(real, as: operation.outputs[0], in: .own)
  }
}

extension PoolParameters {
  /// Taps outside the image do not count, which is ONNX's default.
  fileprivate var attributes: [ONNXAttributeProto] {
    [
      .ints("kernel_shape", [window.height, window.width]),
      .ints("strides", [stride.height, stride.width]),
      .ints("pads", [padding.top, padding.left, padding.bottom, padding.right]),
    ]
  }
}

// MARK: - Resizes

extension ONNXGraphWriter {
  mutating func writeResizeBilinear(
    _ operation: Operation, _ parameters: ResizeBilinearParameters
  ) throws(Diagnostic) {
    let name = output(operation).name
    let mode =
      parameters.alignCorners
      ? "align_corners" : parameters.halfPixelCenters ? "half_pixel" : "asymmetric"
    let real = emit(
      "Resize",
      [try reals(of: operation.inputs[0], in: .channelsFirst), "", ""] + [sizes(operation)],
      unique("\(name)_result"),
      [.string("mode", "linear"), .string("coordinate_transformation_mode", mode)],
      node: operation.name)
    try quantize(real, as: operation.outputs[0], in: .channelsFirst)
  }

  /// Rows and columns by index; a Resize where they are those of the simplest one.
  mutating func writeResizeNearest(
    _ operation: Operation, _ parameters: ResizeNearestParameters
  ) throws(Diagnostic) {
    let image = input(operation, 0).shape
    let codes = try codes(of: operation.inputs[0], in: .channelsFirst)
    let axes = [(parameters.rows, image[1]), (parameters.columns, image[2])]
    let isSimple = axes.allSatisfy { sources, extent in
      sources.enumerated().allSatisfy { $0.element == Int32($0.offset * extent / sources.count) }
        && sources.count % extent == 0
    }
    if isSimple {
      return try move(
        "Resize", [codes, "", "", sizes(operation)], as: operation.outputs[0], in: .channelsFirst,
        [
          .string("mode", "nearest"), .string("nearest_mode", "floor"),
          .string("coordinate_transformation_mode", "asymmetric"),
        ])
    }
    let name = output(operation).name
    let rows = emit(
      "Gather",
      [codes, add(ONNXConstant(integers: parameters.rows.map(Int.init)), name: "\(name)_rows")],
      unique("\(name)_picked"), [.int("axis", 2)])
    try move(
      "Gather",
      [
        rows,
        add(ONNXConstant(integers: parameters.columns.map(Int.init)), name: "\(name)_columns"),
      ], as: operation.outputs[0], in: .channelsFirst, [.int("axis", 3)])
  }

  private mutating func sizes(_ operation: Operation) -> String {
    let tensor = output(operation)
    return add(
      ONNXConstant(integers: ONNXAxisOrder.channelsFirst.arranged(tensor.shape)),
      name: "\(tensor.name)_sizes")
  }
}
