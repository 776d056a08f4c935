import IntegerModel

extension Reference {
  /// Convolution, with groups, strides, dilation and padding:
  ///
  /// `y[n, i, j, o] = clamp(z_y + M_o(b[o] + Σ (w[o, k, l, c] − z_w) · (x[n, r, s, g + c] − z_x)))`
  ///
  /// over the taps k, l and the channels c of the group, r = i · stride − top + k · dilation and s
  /// likewise, g = first channel of o's group; taps outside the image contribute nothing.
  ///
  /// Shapes: x `[N, H, W, C]`, w `[O, KH, KW, C / groups]`, b `[O]`, y `[N, OH, OW, O]`. The type of
  /// the bias is that of the accumulator. Bit-exact with TFLite Micro
  /// `reference_integer_ops::ConvPerChannel` for int8 and int16, and with TFLite
  /// `reference_ops::Conv` for uint8.
  package static func convolution<
    Code: FixedWidthInteger, Weight: FixedWidthInteger, Sum: Accumulator
  >(
    _ x: TensorView<Code>, weights w: TensorView<Weight>, bias: UnsafePointer<Sum>,
    _ parameters: ConvolutionParameters, scales: LayerScales,
    rounding: RequantizationRounding,
    into y: TensorView<Code>
  ) {
    let stage = OutputStage(
      rounding: rounding, zeroPoint: y.zeroPoint, clamp: parameters.clamp)
    let (stride, dilation, padding) = (
      parameters.stride, parameters.dilation, parameters.padding
    )
    let groupChannels = w.extents[5]
    let outputsPerGroup = y.extents[5] / (x.extents[5] / groupChannels)
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        for j in 0..<y.extents[4] {
          for o in 0..<y.extents[5] {
            let firstChannel = o / outputsPerGroup * groupChannels
            var accumulator = bias[o]
            for k in 0..<w.extents[3] {
              let row = i * stride.height - padding.top + k * dilation.height
              guard row >= 0, row < x.extents[3] else { continue }
              for l in 0..<w.extents[4] {
                let column = j * stride.width - padding.left + l * dilation.width
                guard column >= 0, column < x.extents[4] else { continue }
                for c in 0..<groupChannels {
                  accumulator += product(
                    w[o, k, l, c] - w.zeroPoint,
                    x[n, row, column, firstChannel + c] - x.zeroPoint)
                }
              }
            }
            y[n, i, j, o] = stage.code(accumulator, scales[o])
          }
        }
      }
    }
  }

  /// Depthwise convolution: output channel o sees input channel o / m alone, m = O / C.
  ///
  /// `y[n, i, j, o] = clamp(z_y + M_o(b[o] + Σ (w[0, k, l, o] − z_w) · (x[n, r, s, o / m] − z_x)))`
  ///
  /// Shapes: x `[N, H, W, C]`, w `[1, KH, KW, O]`, b `[O]`, y `[N, OH, OW, O]`. The type of the bias
  /// is that of the accumulator. Bit-exact with TFLite Micro
  /// `reference_integer_ops::DepthwiseConvPerChannel` for int8 and int16, and with TFLite
  /// `reference_ops::DepthwiseConv` for uint8.
  package static func depthwiseConvolution<
    Code: FixedWidthInteger, Weight: FixedWidthInteger, Sum: Accumulator
  >(
    _ x: TensorView<Code>, weights w: TensorView<Weight>, bias: UnsafePointer<Sum>,
    _ parameters: ConvolutionParameters, scales: LayerScales,
    rounding: RequantizationRounding,
    into y: TensorView<Code>
  ) {
    let stage = OutputStage(
      rounding: rounding, zeroPoint: y.zeroPoint, clamp: parameters.clamp)
    let (stride, dilation, padding) = (
      parameters.stride, parameters.dilation, parameters.padding
    )
    let depthMultiplier = y.extents[5] / x.extents[5]
    for n in 0..<y.extents[2] {
      for i in 0..<y.extents[3] {
        for j in 0..<y.extents[4] {
          for o in 0..<y.extents[5] {
            var accumulator = bias[o]
            for k in 0..<w.extents[3] {
              let row = i * stride.height - padding.top + k * dilation.height
              guard row >= 0, row < x.extents[3] else { continue }
              for l in 0..<w.extents[4] {
                let column = j * stride.width - padding.left + l * dilation.width
                guard column >= 0, column < x.extents[4] else { continue }
                accumulator += product(
                  w[0, k, l, o] - w.zeroPoint,
                  x[n, row, column, o / depthMultiplier] - x.zeroPoint)
              }
            }
            y[n, i, j, o] = stage.code(accumulator, scales[o])
          }
        }
      }
    }
  }

  /// Weight times activation, less their zero points: 8 bits times 16 at most, exact in 32.
  @inline(__always)
  static func product<Sum: Accumulator>(_ weight: Int32, _ activation: Int32) -> Sum {
    Sum(truncatingIfNeeded: weight * activation)
  }
}
