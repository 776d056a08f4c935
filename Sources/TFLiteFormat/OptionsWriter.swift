import CTFLiteSchema
import Diagnostics

/// Options of one operator, as the file's fields.
struct OptionsWriter {
  /// Whose options.
  let code: TFLiteOperatorCode
  /// The operator, for diagnostics.
  let place: String

  /// The fields, and the extents that belong into them as a vector.
  func fields(
    of options: TFLiteOptions
  ) throws(Diagnostic) -> (fields: TFLOptions, extents: [Int32]) {
    var fields = TFLOptions()
    guard options != .none else { return (fields, []) }
    fields.kind = code.optionsKind
    guard kinds(of: options).contains(fields.kind) else {
      throw Diagnostic(
        place: place, problem: "its options are those of another operator",
        remedy: "this is a defect of fbq; please report the model")
    }
    var extents: [Int32] = []
    switch options {
    case .reshape(let values), .squeeze(let values):
      for value in values { extents.append(try Int32(storing: value, place: place)) }
    case .convolution, .depthwiseConvolution, .transposeConvolution, .pool:
      try setWindow(options, &fields)
    case .concatenation, .resize, .blockSize, .gather, .stridedSlice, .split, .pack, .mirrorPad:
      try setArrangement(options, &fields)
    default:
      try setArithmetic(options, &fields)
    }
    return (fields, extents)
  }

  /// The types that options of a case can become; the operator chooses among them.
  private func kinds(of options: TFLiteOptions) -> [TFLOptionsKind] {
    switch options {
    case .none: []
    case .convolution: [TFLOptionsKindConvolution]
    case .depthwiseConvolution: [TFLOptionsKindDepthwiseConvolution]
    case .transposeConvolution: [TFLOptionsKindTransposeConvolution]
    case .pool: [TFLOptionsKindPool]
    case .fullyConnected: [TFLOptionsKindFullyConnected]
    case .add: [TFLOptionsKindAdd, TFLOptionsKindSubtract]
    case .multiply: [TFLOptionsKindMultiply, TFLOptionsKindDivide]
    case .l2Normalization: [TFLOptionsKindL2Normalization]
    case .concatenation: [TFLOptionsKindConcatenation]
    case .softmax: [TFLOptionsKindSoftmax]
    case .reshape: [TFLOptionsKindReshape]
    case .resize: [TFLOptionsKindResizeBilinear, TFLOptionsKindResizeNearest]
    case .blockSize: [TFLOptionsKindSpaceToDepth, TFLOptionsKindDepthToSpace]
    case .reduction: [TFLOptionsKindReducer]
    case .gather: [TFLOptionsKindGather]
    case .squeeze: [TFLOptionsKindSqueeze]
    case .stridedSlice: [TFLOptionsKindStridedSlice]
    case .split: [TFLOptionsKindSplit, TFLOptionsKindSplitV]
    case .pack: [TFLOptionsKindPack, TFLOptionsKindUnpack]
    case .leakyRelu: [TFLOptionsKindLeakyRelu]
    case .mirrorPad: [TFLOptionsKindMirrorPad]
    case .argument: [TFLOptionsKindArgMax, TFLOptionsKindArgMin, TFLOptionsKindShape]
    case .svdf: [TFLOptionsKindSVDF]
    case .lstm: [TFLOptionsKindLSTM]
    }
  }

  private func setWindow(
    _ options: TFLiteOptions, _ fields: inout TFLOptions
  ) throws(Diagnostic) {
    switch options {
    case .convolution(let window, let dilation, let activation):
      try set(window, activation, &fields)
      try set(dilation: dilation, &fields)
    case .depthwiseConvolution(let window, let dilation, let depthMultiplier, let activation):
      try set(window, activation, &fields)
      try set(dilation: dilation, &fields)
      fields.depth_multiplier = try Int32(storing: depthMultiplier, place: place)
    case .transposeConvolution(let window, let activation):
      try set(window, activation, &fields)
    case .pool(let window, let filter, let activation):
      try set(window, activation, &fields)
      fields.filter_height = try Int32(storing: filter.height, place: place)
      fields.filter_width = try Int32(storing: filter.width, place: place)
    default: break
    }
  }

  private func set(
    _ window: TFLiteWindow, _ activation: TFLiteActivation, _ fields: inout TFLOptions
  ) throws(Diagnostic) {
    fields.padding = window.padding.rawValue
    fields.stride_height = try Int32(storing: window.stride.height, place: place)
    fields.stride_width = try Int32(storing: window.stride.width, place: place)
    fields.activation = activation.rawValue
  }

  private func set(dilation: TFLitePair, _ fields: inout TFLOptions) throws(Diagnostic) {
    fields.dilation_height = try Int32(storing: dilation.height, place: place)
    fields.dilation_width = try Int32(storing: dilation.width, place: place)
  }

  private func setArrangement(
    _ options: TFLiteOptions, _ fields: inout TFLOptions
  ) throws(Diagnostic) {
    switch options {
    case .concatenation(let axis, let activation):
      fields.axis = try Int32(storing: axis, place: place)
      fields.activation = activation.rawValue
    case .resize(let alignCorners, let halfPixelCenters):
      fields.align_corners = alignCorners ? 1 : 0
      fields.half_pixel_centers = halfPixelCenters ? 1 : 0
    case .blockSize(let count), .split(let count):
      fields.count = try Int32(storing: count, place: place)
    case .gather(let axis, let batchDimensions):
      fields.axis = try Int32(storing: axis, place: place)
      fields.batch_dimensions = try Int32(storing: batchDimensions, place: place)
    case .stridedSlice(let begin, let end, let ellipsis, let newAxis, let shrinkAxis):
      fields.begin_mask = begin
      fields.end_mask = end
      fields.ellipsis_mask = ellipsis
      fields.new_axis_mask = newAxis
      fields.shrink_axis_mask = shrinkAxis
    case .pack(let count, let axis):
      fields.count = try Int32(storing: count, place: place)
      fields.axis = try Int32(storing: axis, place: place)
    case .mirrorPad(let repeatsEdge): fields.mode = repeatsEdge ? 1 : 0
    default: break
    }
  }

  private func setArithmetic(
    _ options: TFLiteOptions, _ fields: inout TFLOptions
  ) throws(Diagnostic) {
    switch options {
    case .fullyConnected(let activation, let keepsDimensions, let hasDefaultWeights):
      fields.activation = activation.rawValue
      fields.keeps_dimensions = keepsDimensions ? 1 : 0
      fields.weights_format = hasDefaultWeights ? 0 : 1
    case .add(let activation, let potScaleInt16):
      fields.activation = activation.rawValue
      fields.pot_scale_int16 = potScaleInt16 ? 1 : 0
    case .multiply(let activation), .l2Normalization(let activation):
      fields.activation = activation.rawValue
    case .softmax(let factor), .leakyRelu(let factor): fields.factor = factor
    case .reduction(let keepsDimensions): fields.keeps_dimensions = keepsDimensions ? 1 : 0
    case .argument(let outputType): fields.element_type = outputType.rawValue
    case .svdf(let rank, let activation):
      fields.count = try Int32(storing: rank, place: place)
      fields.activation = activation.rawValue
    case .lstm(
      let activation, let cellClip, let projectionClip, let isTimeMajor,
      let asymmetricQuantizeInputs):
      fields.activation = activation
      fields.cell_clip = cellClip
      fields.projection_clip = projectionClip
      fields.is_time_major = isTimeMajor ? 1 : 0
      fields.asymmetric_quantize_inputs = asymmetricQuantizeInputs ? 1 : 0
    default: break
    }
  }
}
