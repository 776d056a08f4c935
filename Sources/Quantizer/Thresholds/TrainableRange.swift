import FloatEngine

/// The trained thresholds of one activation, or of all that share codes.
///
/// Parameters: the factor of the threshold (symmetric, eq. 13) or of the width (asymmetric, eq. 23);
/// then, for asymmetric ranges with negative values, the shift of the left limit (eq. 22).
package struct TrainableRange: Sendable {
  /// What calibration saw: T_max, or T_l and T_r.
  let reference: ValueRange
  let form: ThresholdForm
  let parametrization: ThresholdParametrization

  package init(
    reference: ValueRange, form: ThresholdForm, parametrization: ThresholdParametrization
  ) {
    self.reference = ValueRange(
      minimum: min(reference.minimum, 0), maximum: max(reference.maximum, 0))
    self.form = form
    self.parametrization = parametrization
  }

  private var isSigned: Bool { reference.minimum < 0 }
  private var width: Float { reference.maximum - reference.minimum }
  private var magnitude: Float { max(-reference.minimum, reference.maximum) }

  /// How many parameters the range has; none where nothing but zero was seen.
  package var parameterCount: Int {
    guard width > 0 else { return 0 }
    return form == .asymmetric && isSigned ? 2 : 1
  }

  /// The parameters whose range is nearest to `range`.
  package func parameters(near range: ValueRange) -> [Float] {
    guard parameterCount > 0 else { return [] }
    if form == .symmetric {
      let magnitude = max(-range.minimum, range.maximum)
      return [parametrization.parameter(ofFactor: magnitude / self.magnitude)]
    }
    let factor = parametrization.parameter(ofFactor: (range.maximum - range.minimum) / width)
    guard isSigned else { return [factor] }
    let shift = (range.minimum - reference.minimum) / width
    return [factor, parametrization.projected(shift: shift)]
  }

  /// The range that the parameters stand for.
  package func range(_ parameters: some RandomAccessCollection<Float>) -> ValueRange {
    guard let first = parameters.first, parameters.count == parameterCount else {
      return reference
    }
    let factor = parametrization.factor(first)
    if form == .symmetric {
      let magnitude = factor * self.magnitude
      return ValueRange(minimum: isSigned ? -magnitude : 0, maximum: magnitude)
    }
    guard isSigned, let shift = parameters.last else {
      return ValueRange(minimum: 0, maximum: factor * width)
    }
    let low = reference.minimum + parametrization.projected(shift: shift) * width
    return ValueRange(minimum: min(low, 0), maximum: max(low + factor * width, 0))
  }

  /// The nearest legal parameters.
  package func project(_ parameters: inout ArraySlice<Float>) {
    guard !parameters.isEmpty else { return }
    let start = parameters.startIndex
    parameters[start] = parametrization.projected(parameters[start])
    if parameters.count > 1 {
      parameters[start + 1] = parametrization.projected(shift: parameters[start + 1])
    }
  }

  /// The derivatives with respect to the parameters, from those with respect to the grid.
  ///
  /// The chain: scale = T / (2^(n−1) − 1), T / (2^n − 1) or (T_r − T_l) / (2^n − 1) (eq. 5, 14 in the
  /// consistent reading); the reals of the outermost codes are the limits themselves. Where an
  /// activation function's clamp lies inside the grid, the outermost code stands for the clamp, which
  /// does not move with the thresholds.
  package func gradient(
    _ gradient: GridGradient, grid: QuantizationGrid, parameters: some RandomAccessCollection<Float>
  ) -> [Float] {
    guard let first = parameters.first, parameters.count == parameterCount else { return [] }
    let below = grid.codeMinimum == -128 ? gradient.below : 0
    let above = grid.codeMaximum == 127 ? gradient.above : 0
    let slope = Double(parametrization.slope(first))
    if form == .symmetric {
      let byScale =
        gradient.inside + below * Double(grid.codeMinimum - grid.zeroPoint)
        + above * Double(grid.codeMaximum - grid.zeroPoint)
      let levels: Double = isSigned ? 127 : 255
      return [Float(byScale / levels * Double(magnitude) * slope)]
    }
    let byRight = gradient.inside / 255 + above
    let byLeft = -gradient.inside / 255 + below
    let byFactor = Float(byRight * Double(width) * slope)
    guard isSigned else { return [byFactor] }
    return [byFactor, Float((byLeft + byRight) * Double(width))]
  }
}
