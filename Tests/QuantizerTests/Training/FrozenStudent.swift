import FloatModel
import FloatReference
import Foundation
import Quantizer

/// A 1×1 convolution of two channels to three over 2×2 positions and a fully connected layer to two
/// outputs, fake-quantized, written down again in double precision: what rounding adds and which
/// elements are clipped is frozen at one point, so that the loss is smooth and central differences
/// give its straight-through derivatives (paper eq. 16–19).
struct FrozenStudent {
  typealias Parameters = [ParameterGroup: [Double]]

  let options: QuantizationOptions
  let training: TrainingOptions
  let clamp: ClampRange
  /// Convolution, then fully connected layer.
  let weights: [[Double]]
  private(set) var biases: [[Double]]
  /// What calibration saw at the outputs of both.
  let observed: [ValueRange]
  let inputs: [[Double]]
  let targets: [[Double]]
  private var tape: [Decision] = []
  private var grids: [Grid] = []
  /// What each layer's weights are multiplied with on average, where biases make up for the mean
  /// error of rounding them; empty where they do not.
  private var meanInputs: [[Double]] = []

  /// What a rounding did at the frozen point.
  private enum Decision {
    case inside(residual: Double)
    case below
    case above
  }

  private struct Grid {
    var low: Double
    var high: Double
    var scale: Double
    var zeroPoint: Double
    var minimum: Double
    var maximum: Double
  }

  init(
    task: TrainingTask, state: QuantizationState, training: TrainingOptions, clamp: ClampRange,
    at parameters: TrainableParameters, compensatingSince start: TrainableParameters? = nil
  ) throws {
    options = task.options
    self.training = training
    self.clamp = clamp
    weights = ["conv_w", "fc_w"].map { task.graph.elements($0).map(Double.init) }
    biases = ["conv_b", "fc_b"].map { task.graph.elements($0).map(Double.init) }
    observed = ["conv", "fc"].compactMap { name in
      state.graph.values.firstIndex { $0.name == name }.flatMap { state.observed[$0] }
    }
    let input = ActivationParameters(
      covering: state.ranges[task.graph.inputs[0]] ?? ValueRange(minimum: 0, maximum: 0),
      form: options.thresholds)
    inputs = task.values.map { $0[0].map { Double(input.real(of: input.code(of: $0))) } }
    targets = try task.values.map {
      try FloatReference(task.graph, inputs: $0).outputs[0].values.map(Double.init)
    }
    if let start {
      let values = start.mapValues { $0.map(Double.init) }
      freeze(at: values)
      let hidden = self.hidden(values)
      let filters = (0..<2).map { layer($0, values) { $0() }.0 }
      meanInputs = [
        (0..<2).map { channel in
          let all = inputs.flatMap { input in (0..<4).map { input[$0 * 2 + channel] } }
          return all.reduce(0, +) / Double(all.count)
        },
        (0..<12).map { index in
          hidden.reduce(0) { $0 + $1[index] } / Double(hidden.count)
        },
      ]
      // The biases of the start are those that make up for its errors.
      for layer in 0..<2 {
        for (filter, error) in meanErrors(layer, weights[layer], filters[layer]).enumerated() {
          biases[layer][filter] -= error
        }
      }
    }
    freeze(at: parameters.mapValues { $0.map(Double.init) })
  }

  private mutating func freeze(at parameters: Parameters) {
    grids = (0..<2).map { grid($0, parameters) }
    var recorded: [Decision] = []
    _ = run(parameters) {
      recorded.append($0())
      return recorded[recorded.count - 1]
    }
    tape = recorded
  }

  /// What rounding takes from the products of each filter on average.
  private func meanErrors(_ layer: Int, _ scaled: [Double], _ rounded: [Double]) -> [Double] {
    guard !meanInputs.isEmpty else { return biases[layer].map { _ in 0 } }
    let size = meanInputs[layer].count
    return biases[layer].indices.map { filter in
      (0..<size).reduce(0) {
        let index = filter * size + $1
        return $0 + (scaled[index] - rounded[index]) * meanInputs[layer][$1]
      }
    }
  }

  /// The loss with all decisions frozen.
  func loss(_ parameters: Parameters) -> Double {
    var position = 0
    return run(parameters) { _ in
      position += 1
      return tape[position - 1]
    }
  }

  /// Central differences of the loss.
  func derivatives(at parameters: TrainableParameters) -> Parameters {
    let start = parameters.mapValues { $0.map(Double.init) }
    let step = 1e-5
    return start.mapValues { $0.map { _ in 0 } }.merging(
      start.map { group, values in
        let slopes = values.indices.map { index in
          var (up, down) = (start, start)
          up[group]?[index] += step
          down[group]?[index] -= step
          return (loss(up) - loss(down)) / (2 * step)
        }
        return (group, slopes)
      }
    ) { $1 }
  }

  // MARK: - Thresholds

  private func factor(_ parameter: Double) -> Double {
    training.parametrization == .log2 ? exp2(parameter) : parameter
  }

  /// Grid of the convolution's or the fully connected layer's output.
  private func grid(_ layer: Int, _ parameters: Parameters) -> Grid {
    let values = parameters[.activationThresholds] ?? []
    let perLayer = observed.map { options.thresholds == .asymmetric && $0.minimum < 0 ? 2 : 1 }
    let start = layer == 0 ? 0 : perLayer[0]
    let low = Double(min(observed[layer].minimum, 0))
    let high = Double(max(observed[layer].maximum, 0))
    let f = factor(values[start])
    var grid: Grid
    switch (options.thresholds, low < 0) {
    case (.symmetric, true):
      let t = f * max(-low, high)
      grid = Grid(low: -t, high: t, scale: t / 127, zeroPoint: 0, minimum: -128, maximum: 127)
    case (_, false):
      let t = f * high
      grid = Grid(low: 0, high: t, scale: t / 255, zeroPoint: -128, minimum: -128, maximum: 127)
    case (.asymmetric, true):
      let left = low + values[start + 1] * (high - low)
      let width = f * (high - low)
      let scale = width / 255
      grid = Grid(
        low: left, high: left + width, scale: scale, zeroPoint: (-128 - left / scale).rounded(),
        minimum: -128, maximum: 127)
    }
    if layer == 0 {
      func code(_ real: Float) -> Double {
        min(max((Double(real) / grid.scale).rounded() + grid.zeroPoint, -128), 127)
      }
      if clamp.minimum.isFinite { grid.minimum = code(clamp.minimum) }
      if clamp.maximum.isFinite { grid.maximum = code(clamp.maximum) }
    }
    return grid
  }

  // MARK: - The network

  /// The rounded outputs of the convolution for each input.
  private func hidden(_ parameters: Parameters) -> [[Double]] {
    let (weights, biases) = layer(0, parameters) { $0() }
    return inputs.map { hidden($0, weights, biases, parameters) { $0() } }
  }

  private func hidden(
    _ input: [Double], _ weights: [Double], _ biases: [Double], _ parameters: Parameters,
    decide: (() -> Decision) -> Decision
  ) -> [Double] {
    var result: [Double] = []
    for position in 0..<4 {
      for channel in 0..<3 {
        let value =
          biases[channel] + weights[channel * 2] * input[position * 2]
          + weights[channel * 2 + 1] * input[position * 2 + 1]
        result.append(rounded(value, 0, parameters, decide))
      }
    }
    return result
  }

  private func run(_ parameters: Parameters, decide: (() -> Decision) -> Decision) -> Double {
    let (firstWeights, firstBiases) = layer(0, parameters, decide)
    let (secondWeights, secondBiases) = layer(1, parameters, decide)
    var sum = 0.0
    for (input, target) in zip(inputs, targets) {
      let hidden = hidden(input, firstWeights, firstBiases, parameters, decide: decide)
      for output in 0..<2 {
        var value = secondBiases[output]
        for index in 0..<12 { value += secondWeights[output * 12 + index] * hidden[index] }
        let difference = rounded(value, 1, parameters, decide) - target[output]
        switch training.loss {
        case .rootMeanSquare: sum += difference * difference
        case .smoothL1:
          sum += abs(difference) < 1 ? difference * difference / 2 : abs(difference) - 0.5
        }
      }
    }
    switch training.loss {
    case .rootMeanSquare: return (sum / Double(inputs.count)).squareRoot()
    case .smoothL1: return sum / Double(inputs.count * 2)
    }
  }

  private func rounded(
    _ value: Double, _ layer: Int, _ parameters: Parameters, _ decide: (() -> Decision) -> Decision
  ) -> Double {
    let start = grids[layer]
    let decision = decide {
      // Eq. 18, 19: what lies outside before it is rounded is clipped.
      let position = value / start.scale + start.zeroPoint
      if position < start.minimum { return .below }
      if position > start.maximum { return .above }
      return .inside(residual: position.rounded(.toNearestOrEven) - position)
    }
    let grid = grid(layer, parameters)
    switch decision {
    case .inside(let residual): return value + grid.scale * residual
    case .below: return outermost(start.minimum, isLimit: start.minimum == -128, start, grid, \.low)
    case .above: return outermost(start.maximum, isLimit: start.maximum == 127, start, grid, \.high)
    }
  }

  /// The real of the least or the greatest code: an activation function's limit stays, a threshold
  /// moves; the zero point is held.
  private func outermost(
    _ code: Double, isLimit: Bool, _ start: Grid, _ grid: Grid, _ limit: KeyPath<Grid, Double>
  ) -> Double {
    let real = start.scale * (code - start.zeroPoint)
    guard isLimit else { return real }
    if options.thresholds == .symmetric { return grid.scale * (code - start.zeroPoint) }
    return real + grid[keyPath: limit] - start[keyPath: limit]
  }

  /// Fake-quantized weights and biases.
  private func layer(
    _ layer: Int, _ parameters: Parameters, _ decide: (() -> Decision) -> Decision
  ) -> ([Double], [Double]) {
    let (size, filters) = layer == 0 ? (2, 3) : (12, 2)
    let (weightStart, biasStart) = layer == 0 ? (0, 0) : (weights[0].count, biases[0].count)
    let isScalar = options.weights == .perTensor
    let thresholdStart = layer == 0 ? 0 : isScalar ? 1 : 3
    let factors = parameters[.weightFactors] ?? []
    let roundings = parameters[.roundings] ?? []
    var result: [Double] = []
    var scaled: [Double] = []
    for index in weights[layer].indices {
      let which = isScalar ? 0 : index / size
      let covered =
        isScalar ? weights[layer] : Array(weights[layer][which * size..<(which + 1) * size])
      let greatest = covered.map(abs).max() ?? 0
      let threshold = factor(parameters[.weightThresholds]?[thresholdStart + which] ?? 1) * greatest
      let scale = threshold / 127
      let value =
        weights[layer][index] * (factors.isEmpty ? 1 : factors[weightStart + index])
      scaled.append(value)
      guard roundings.isEmpty else {
        let sigmoid = 1 / (1 + exp(-roundings[weightStart + index]))
        let share = min(max(1.2 * sigmoid - 0.1, 0), 1)
        result.append(scale * min(max((value / scale).rounded(.down) + share, -127), 127))
        continue
      }
      let decision = decide {
        let position = value / scale
        if position < -127 { return .below }
        if position > 127 { return .above }
        return .inside(residual: position.rounded(.toNearestOrEven) - position)
      }
      switch decision {
      case .inside(let residual): result.append(value + scale * residual)
      case .below: result.append(-threshold)
      case .above: result.append(threshold)
      }
    }
    let errors = meanErrors(layer, scaled, result)
    let moved = (0..<filters).map { filter in
      let index = biasStart + filter
      return biases[layer][filter] * (parameters[.biasFactors]?[index] ?? 1)
        + (parameters[.biasOffsets]?[index] ?? 0) * grids[layer].scale + errors[filter]
    }
    return (result, moved)
  }
}
