import CFBQSchema
import Diagnostics
import IntegerModel

// Small values of the model and of the file, in both directions. From the model to the file, extents
// must fit 32 bits.

extension FixedPointMultiplier {
  init(_ source: FBQMultiplier) {
    self.init(multiplier: source.multiplier, shift: source.shift)
  }
}

extension FBQMultiplier {
  init(_ source: FixedPointMultiplier) {
    self.init(multiplier: source.multiplier, shift: source.shift)
  }
}

extension CodeRange {
  init(_ source: FBQCodeRange) { self.init(minimum: source.minimum, maximum: source.maximum) }
}

extension FBQCodeRange {
  init(_ source: CodeRange) { self.init(minimum: source.minimum, maximum: source.maximum) }
}

extension SpatialPair {
  init(_ source: FBQSpatialPair) {
    self.init(height: Int(source.height), width: Int(source.width))
  }
}

extension FBQSpatialPair {
  init(_ source: SpatialPair, place: String) throws(Diagnostic) {
    self.init(
      height: try Int32(storing: source.height, place: place),
      width: try Int32(storing: source.width, place: place))
  }
}

extension SpatialPadding {
  init(_ source: FBQSpatialPadding) {
    self.init(
      top: Int(source.top), left: Int(source.left), bottom: Int(source.bottom),
      right: Int(source.right))
  }
}

extension FBQSpatialPadding {
  init(_ source: SpatialPadding, place: String) throws(Diagnostic) {
    self.init(
      top: try Int32(storing: source.top, place: place),
      left: try Int32(storing: source.left, place: place),
      bottom: try Int32(storing: source.bottom, place: place),
      right: try Int32(storing: source.right, place: place))
  }
}

extension AddParameters {
  init(_ source: FBQAddOptions) {
    self.init(
      leftShift: source.left_shift, first: FixedPointMultiplier(source.first),
      second: FixedPointMultiplier(source.second), output: FixedPointMultiplier(source.output),
      clamp: CodeRange(source.clamp))
  }
}

extension FBQAddOptions {
  init(_ source: AddParameters) {
    self.init(
      left_shift: source.leftShift, first: FBQMultiplier(source.first),
      second: FBQMultiplier(source.second), output: FBQMultiplier(source.output),
      clamp: FBQCodeRange(source.clamp))
  }
}

extension PoolParameters {
  init(_ source: FBQPoolOptions) {
    self.init(
      window: SpatialPair(source.window), stride: SpatialPair(source.stride),
      padding: SpatialPadding(source.padding), clamp: CodeRange(source.clamp))
  }
}

extension FBQPoolOptions {
  init(_ source: PoolParameters, place: String) throws(Diagnostic) {
    self.init(
      window: try FBQSpatialPair(source.window, place: place),
      stride: try FBQSpatialPair(source.stride, place: place),
      padding: try FBQSpatialPadding(source.padding, place: place),
      clamp: FBQCodeRange(source.clamp))
  }
}

extension LogSoftmaxParameters {
  init(_ source: FBQLogSoftmaxOptions) {
    self.init(
      multiplier: FixedPointMultiplier(source.multiplier),
      reverse: FixedPointMultiplier(source.reverse), minimumDifference: source.minimum_difference)
  }
}

extension FBQLogSoftmaxOptions {
  init(_ source: LogSoftmaxParameters) {
    self.init(
      multiplier: FBQMultiplier(source.multiplier), reverse: FBQMultiplier(source.reverse),
      minimum_difference: source.minimumDifference)
  }
}

extension LSTMGate {
  init(_ source: FBQLSTMGate) {
    self.init(
      input: FixedPointMultiplier(source.input), recurrent: FixedPointMultiplier(source.recurrent))
  }
}

extension FBQLSTMGate {
  init(_ source: LSTMGate) {
    self.init(input: FBQMultiplier(source.input), recurrent: FBQMultiplier(source.recurrent))
  }
}

extension SequenceLSTMParameters {
  init(_ source: FBQSequenceLSTMOptions) {
    self.init(
      inputGate: LSTMGate(source.input_gate), forgetGate: LSTMGate(source.forget_gate),
      cellGate: LSTMGate(source.cell_gate), outputGate: LSTMGate(source.output_gate),
      forgetProduct: FixedPointMultiplier(source.forget_product),
      inputProduct: FixedPointMultiplier(source.input_product),
      outputProduct: FixedPointMultiplier(source.output_product),
      cellScaleExponent: source.cell_scale_exponent, cellClip: source.cell_clip,
      isTimeMajor: source.time_major != 0)
  }
}

extension FBQSequenceLSTMOptions {
  init(_ source: SequenceLSTMParameters) {
    self.init(
      input_gate: FBQLSTMGate(source.inputGate), forget_gate: FBQLSTMGate(source.forgetGate),
      cell_gate: FBQLSTMGate(source.cellGate), output_gate: FBQLSTMGate(source.outputGate),
      forget_product: FBQMultiplier(source.forgetProduct),
      input_product: FBQMultiplier(source.inputProduct),
      output_product: FBQMultiplier(source.outputProduct),
      cell_scale_exponent: source.cellScaleExponent, cell_clip: source.cellClip,
      time_major: source.isTimeMajor ? 1 : 0)
  }
}
