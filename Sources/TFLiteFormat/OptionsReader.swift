import CTFLiteSchema
import Diagnostics

/// Options of one operator, from the file's fields.
struct OptionsReader {
  /// Whose options.
  let code: TFLiteOperatorCode
  /// What the file says.
  let source: TFLOptions
  /// The operator, for diagnostics.
  let place: String

  /// The options. `extents` are those of `source`, copied.
  func options(extents: [Int]) throws(Diagnostic) -> TFLiteOptions {
    guard source.kind != TFLOptionsKindNone, code.optionsKind != TFLOptionsKindNone else {
      return .none
    }
    guard source.kind == code.optionsKind else {
      throw Diagnostic(
        place: place,
        problem: "its options are of type \(source.kind.rawValue), those of this operator are of "
          + "type \(code.optionsKind.rawValue)", remedy: TFLiteFile.damageRemedy)
    }
    switch code {
    case .conv2D, .depthwiseConv2D, .transposeConv, .averagePool2D, .maxPool2D:
      return try windowOptions()
    case .concatenation, .reshape, .squeeze, .stridedSlice, .split, .splitV, .pack, .unpack,
      .gather, .mirrorPad, .resizeBilinear, .resizeNearestNeighbor, .spaceToDepth, .depthToSpace:
      return try arrangementOptions(extents: extents)
    default:
      return try arithmeticOptions()
    }
  }

  private func windowOptions() throws(Diagnostic) -> TFLiteOptions {
    guard let padding = TFLitePadding(rawValue: source.padding) else {
      throw Diagnostic(
        place: place, problem: "its padding is of number \(source.padding), the limit is 1",
        remedy: TFLiteFile.damageRemedy)
    }
    let window = TFLiteWindow(
      stride: TFLitePair(source.stride_height, source.stride_width), padding: padding)
    let dilation = TFLitePair(source.dilation_height, source.dilation_width)
    let activation = try activation()
    return switch code {
    case .conv2D: .convolution(window, dilation: dilation, activation: activation)
    case .depthwiseConv2D:
      .depthwiseConvolution(
        window, dilation: dilation, depthMultiplier: Int(source.depth_multiplier),
        activation: activation)
    case .transposeConv: .transposeConvolution(window, activation: activation)
    default:
      .pool(
        window, filter: TFLitePair(source.filter_height, source.filter_width),
        activation: activation)
    }
  }

  private func arithmeticOptions() throws(Diagnostic) -> TFLiteOptions {
    switch code {
    case .fullyConnected:
      return .fullyConnected(
        activation: try activation(), keepsDimensions: source.keeps_dimensions != 0,
        hasDefaultWeights: source.weights_format == 0)
    case .add, .sub:
      return .add(activation: try activation(), potScaleInt16: source.pot_scale_int16 != 0)
    case .mul, .div: return .multiply(activation: try activation())
    case .l2Normalization: return .l2Normalization(activation: try activation())
    case .softmax: return .softmax(beta: source.factor)
    case .leakyRelu: return .leakyRelu(alpha: source.factor)
    case .mean, .sum, .reduceMax, .reduceMin:
      return .reduction(keepsDimensions: source.keeps_dimensions != 0)
    case .argMax, .argMin, .shape:
      guard let type = TFLiteElementType(rawValue: source.element_type) else {
        throw Diagnostic(
          place: place, problem: "its output type is of number \(source.element_type)",
          remedy: TFLiteFile.damageRemedy)
      }
      return .argument(outputType: type)
    case .svdf: return .svdf(rank: Int(source.count), activation: try activation())
    case .unidirectionalSequenceLSTM:
      guard source.diagonal_recurrent_tensors == 0 else {
        throw Diagnostic(
          place: place, problem: "its recurrent weights are diagonal, which is not supported",
          remedy: "convert the model with full matrices")
      }
      return .lstm(
        activation: source.activation, cellClip: source.cell_clip,
        projectionClip: source.projection_clip, isTimeMajor: source.is_time_major != 0,
        asymmetricQuantizeInputs: source.asymmetric_quantize_inputs != 0)
    default: return .none
    }
  }

  private func arrangementOptions(extents: [Int]) throws(Diagnostic) -> TFLiteOptions {
    switch code {
    case .concatenation:
      return .concatenation(axis: Int(source.axis), activation: try activation())
    case .reshape: return .reshape(shape: extents)
    case .squeeze: return .squeeze(axes: extents)
    case .stridedSlice:
      guard source.offset == 0 else {
        throw Diagnostic(
          place: place, problem: "its ends count from its begins, which is not supported",
          remedy: "convert the model without the option 'offset'")
      }
      return .stridedSlice(
        beginMask: source.begin_mask, endMask: source.end_mask,
        ellipsisMask: source.ellipsis_mask, newAxisMask: source.new_axis_mask,
        shrinkAxisMask: source.shrink_axis_mask)
    case .split, .splitV: return .split(count: Int(source.count))
    case .pack, .unpack: return .pack(count: Int(source.count), axis: Int(source.axis))
    case .gather:
      return .gather(axis: Int(source.axis), batchDimensions: Int(source.batch_dimensions))
    case .mirrorPad:
      guard source.mode == 0 || source.mode == 1 else {
        throw Diagnostic(
          place: place, problem: "its mode is of number \(source.mode), the limit is 1",
          remedy: TFLiteFile.damageRemedy)
      }
      return .mirrorPad(repeatsEdge: source.mode == 1)
    case .resizeBilinear, .resizeNearestNeighbor:
      return .resize(
        alignCorners: source.align_corners != 0,
        halfPixelCenters: source.half_pixel_centers != 0)
    case .spaceToDepth, .depthToSpace: return .blockSize(Int(source.count))
    default: return .none
    }
  }

  private func activation() throws(Diagnostic) -> TFLiteActivation {
    guard let activation = TFLiteActivation(rawValue: source.activation) else {
      let name =
        switch source.activation {
        case 4: "TANH"
        case 5: "SIGN_BIT"
        default: "of number \(source.activation)"
        }
      throw Diagnostic(
        place: place, problem: "its fused activation \(name) is not supported",
        remedy: "make the activation an operator of its own in the source model")
    }
    return activation
  }
}

extension TFLitePair {
  init(_ height: Int32, _ width: Int32) {
    self.init(height: Int(height), width: Int(width))
  }
}
