import FloatEngine
import FloatModel

/// The weights and biases of a student: their float values, the trained thresholds, factors and
/// offsets, and the fake-quantized values that follow.
///
/// Arrays hold all layers one after the other; ``Place`` says where.
struct StudentWeights {
  /// Where a layer's elements lie.
  struct Place {
    var layer: StudentGraph.Layer
    /// Start of its weights, `filters · filterSize` of them.
    var weights: Int
    /// Start of its biases, one per filter.
    var biases: Int
    /// Start of its thresholds.
    var thresholds: Int
    /// One per filter, or one.
    var thresholdCount: Int

    /// The weights that threshold `index` covers, as a range of the flat array.
    func weightRange(ofThreshold index: Int) -> Range<Int> {
      let count = layer.filters * layer.filterSize / thresholdCount
      return weights + index * count..<weights + (index + 1) * count
    }
  }

  let places: [Place]
  /// Float weights before training.
  private let original: [Float]
  private var originalBiases: [Float]
  /// T_max of each threshold (paper eq. 2), or the threshold itself where weights stay.
  private let greatest: [Float]
  private let parametrization: ThresholdParametrization
  /// What each weight is multiplied with on average; biases make up for the mean error of rounding
  /// with it. Without, every step would roll the dice for those errors anew.
  private var meanInputs: [Float]
  /// Original weights times their factors.
  private(set) var scaled: [Float]
  /// What the student multiplies with.
  private(set) var quantized: [Float]
  /// What the student adds.
  private(set) var biases: [Float]
  /// The grid of each threshold.
  private(set) var grids: [QuantizationGrid]
  /// What drives learned roundings to one of the two codes.
  var pressure = RoundingPressure()

  init(_ student: StudentGraph, state: QuantizationState, options: TrainingOptions) {
    var places: [Place] = []
    var original: [Float] = []
    var biases: [Float] = []
    var greatest: [Float] = []
    for layer in student.layers {
      guard let weights = state.graph.values[layer.weights].constant?.values,
        let bias = state.graph.values[layer.bias].constant?.values,
        let thresholds = state.weightThresholds[layer.weights]
      else { continue }
      let place = Place(
        layer: layer, weights: original.count, biases: biases.count, thresholds: greatest.count,
        thresholdCount: thresholds.count)
      original += weights
      biases += bias
      for (index, threshold) in thresholds.enumerated() {
        // Weights that stay where their rounding put them keep that grid.
        greatest.append(
          options.keepsWeights
            ? threshold
            : original[place.weightRange(ofThreshold: index)].reduce(0) { max($0, abs($1)) })
      }
      places.append(place)
    }
    self.places = places
    self.original = original
    originalBiases = biases
    self.greatest = greatest
    self.biases = biases
    parametrization = options.parametrization
    meanInputs = Array(repeating: 0, count: original.count)
    scaled = original
    quantized = original
    grids = greatest.map { _ in Self.grid(threshold: 1) }
  }

  private static func grid(threshold: Float) -> QuantizationGrid {
    let scale = max(threshold / 127, Float.leastNormalMagnitude)
    return QuantizationGrid(scale: scale, zeroPoint: 0, codeMinimum: -127, codeMaximum: 127)
  }

  var weightCount: Int { original.count }
  var biasCount: Int { originalBiases.count }

  /// Sets what the weights of one layer are multiplied with on average. The biases of the moment are
  /// taken to make up for the rounding of the moment.
  mutating func setMeanInputs(_ means: [Float], of place: Place) {
    meanInputs.replaceSubrange(place.weights..<place.weights + means.count, with: means)
    for filter in 0..<place.layer.filters {
      originalBiases[place.biases + filter] -= meanError(ofFilter: filter, place)
    }
    compensatesRounding = true
  }

  /// What rounding has taken from a filter's products on average.
  private func meanError(ofFilter filter: Int, _ place: Place) -> Float {
    let start = place.weights + filter * place.layer.filterSize
    var error: Float = 0
    for index in start..<start + place.layer.filterSize {
      error += (scaled[index] - quantized[index]) * meanInputs[index]
    }
    return error
  }

  private var compensatesRounding = false

  /// The parameters that stand for the thresholds of `state`.
  func thresholdParameters(of state: QuantizationState) -> [Float] {
    var result: [Float] = []
    for place in places {
      let thresholds = state.weightThresholds[place.layer.weights] ?? []
      for (index, threshold) in thresholds.enumerated() {
        let most = greatest[place.thresholds + index]
        result.append(parametrization.parameter(ofFactor: most > 0 ? threshold / most : 1))
      }
    }
    return result
  }

  /// The threshold that a parameter stands for (eq. 12, 13).
  private func threshold(_ index: Int, _ parameter: Float) -> Float {
    parametrization.factor(parameter) * greatest[index]
  }

  /// Computes scaled and quantized weights and biases anew.
  ///
  /// - Parameters:
  ///   - inputScales: scale of each layer's input codes: a bias beyond 30 bits of it widens the
  ///     weight scale, as ``WeightQuantization`` will.
  ///   - outputSteps: step of each layer's output codes, the unit of bias offsets.
  ///   - isHard: whether learned roundings are taken as decided.
  mutating func update(
    _ parameters: TrainableParameters, inputScales: [Float], outputSteps: [Float], isHard: Bool
  ) {
    let roundings = parameters[.roundings] ?? []
    if let factors = parameters[.weightFactors], !factors.isEmpty {
      for index in scaled.indices { scaled[index] = original[index] * factors[index] }
    }
    let biasFactors = parameters[.biasFactors] ?? []
    let biasOffsets = parameters[.biasOffsets] ?? []
    let thresholds = parameters[.weightThresholds] ?? []
    for (position, place) in places.enumerated() {
      for filter in 0..<place.layer.filters {
        let index = place.biases + filter
        var bias = originalBiases[index]
        if !biasFactors.isEmpty { bias *= biasFactors[index] }
        if !biasOffsets.isEmpty { bias += biasOffsets[index] * outputSteps[position] }
        biases[index] = bias
      }
      for index in 0..<place.thresholdCount {
        let global = place.thresholds + index
        var grid = Self.grid(threshold: threshold(global, thresholds[global]))
        let covered =
          place.thresholdCount == 1
          ? place.biases..<place.biases + place.layer.filters
          : place.biases + index..<place.biases + index + 1
        let largest = biases[covered].reduce(0) { max($0, abs($1)) }
        grid.scale = max(grid.scale, largest / inputScales[position] / 0x1p30)
        grids[global] = grid
        round(place.weightRange(ofThreshold: index), grid, roundings, isHard: isHard)
      }
      guard compensatesRounding else { continue }
      for filter in 0..<place.layer.filters {
        biases[place.biases + filter] += meanError(ofFilter: filter, place)
      }
    }
  }

  /// Adds `sign` times what each weight's rounding moves through the bias to the derivatives.
  private func addMeanInputs(_ sign: Float, _ biases: [Float], to weights: inout [Float]) {
    for place in places {
      let size = place.layer.filterSize
      for filter in 0..<place.layer.filters {
        let factor = sign * biases[place.biases + filter]
        let start = place.weights + filter * size
        for index in start..<start + size { weights[index] += factor * meanInputs[index] }
      }
    }
  }

  private mutating func round(
    _ range: Range<Int>, _ grid: QuantizationGrid, _ roundings: [Float], isHard: Bool
  ) {
    scaled.withUnsafeBufferPointer { source in
      quantized.withUnsafeMutableBufferPointer { target in
        let weights = UnsafeBufferPointer(rebasing: source[range])
        let result = UnsafeMutableBufferPointer(rebasing: target[range])
        guard !roundings.isEmpty else {
          FakeQuantization.round(weights, into: result, grid: grid)
          return
        }
        roundings.withUnsafeBufferPointer {
          LearnedRounding.round(
            weights, UnsafeBufferPointer(rebasing: $0[range]), into: result, scale: grid.scale,
            isHard: isHard)
        }
      }
    }
  }

  /// The numbers at which learned rounding leaves all weights as they are.
  func startOfRoundings() -> [Float] {
    var result = Array(repeating: Float(0), count: weightCount)
    for place in places {
      for index in 0..<place.thresholdCount {
        let range = place.weightRange(ofThreshold: index)
        scaled.withUnsafeBufferPointer { weights in
          result.withUnsafeMutableBufferPointer {
            LearnedRounding.start(
              UnsafeBufferPointer(rebasing: weights[range]),
              into: UnsafeMutableBufferPointer(rebasing: $0[range]),
              scale: grids[place.thresholds + index].scale)
          }
        }
      }
    }
    return result
  }

  /// d loss / d rounding from d loss / d quantized weight.
  private func roundingGradient(_ weights: [Float], _ roundings: [Float]) -> [Float] {
    var result = weights
    for place in places {
      for index in 0..<place.thresholdCount {
        let range = place.weightRange(ofThreshold: index)
        let scale = grids[place.thresholds + index].scale
        let typical =
          result[range].reduce(Float(0)) { $0 + abs($1) } * scale / Float(max(range.count, 1))
        result.withUnsafeMutableBufferPointer { gradients in
          scaled.withUnsafeBufferPointer { values in
            roundings.withUnsafeBufferPointer {
              LearnedRounding.backward(
                UnsafeBufferPointer(rebasing: values[range]),
                UnsafeBufferPointer(rebasing: $0[range]),
                gradients: UnsafeMutableBufferPointer(rebasing: gradients[range]), scale: scale,
                strength: pressure.strength * typical, exponent: pressure.exponent)
            }
          }
        }
      }
    }
    return result
  }

  /// The derivatives of the loss with respect to all parameters of weights and biases.
  ///
  /// - Parameters:
  ///   - weights: d loss / d quantized weight, of all layers; becomes d loss / d factor.
  ///   - biases: d loss / d bias of all layers.
  func gradients(
    weights: inout [Float], biases: [Float], parameters: TrainableParameters,
    outputSteps: [Float]
  ) -> TrainableParameters {
    var result: TrainableParameters = [:]
    if compensatesRounding { addMeanInputs(-1, biases, to: &weights) }
    if let roundings = parameters[.roundings], !roundings.isEmpty {
      result[.roundings] = roundingGradient(weights, roundings)
    }
    let thresholds = parameters[.weightThresholds] ?? []
    var byThreshold = Array(repeating: Float(0), count: greatest.count)
    for place in places {
      for index in 0..<place.thresholdCount {
        let global = place.thresholds + index
        let range = place.weightRange(ofThreshold: index)
        let sums = scaled.withUnsafeBufferPointer { values in
          weights.withUnsafeMutableBufferPointer { gradients in
            FakeQuantization.backward(
              values: UnsafeBufferPointer(rebasing: values[range]),
              gradients: UnsafeBufferPointer(rebasing: gradients[range]),
              masked: UnsafeMutableBufferPointer(rebasing: gradients[range]), grid: grids[global])
          }
        }
        // T = 127 · scale; the outermost reals are ±T.
        let byT = sums.inside / 127 + sums.above - sums.below
        byThreshold[global] = Float(
          byT * Double(greatest[global])
            * Double(parametrization.slope(thresholds[global])))
      }
    }
    result[.weightThresholds] = byThreshold
    if parameters[.weightFactors]?.isEmpty == false {
      if compensatesRounding { addMeanInputs(1, biases, to: &weights) }
      for index in weights.indices { weights[index] *= original[index] }
      result[.weightFactors] = weights
    }
    if parameters[.biasFactors]?.isEmpty == false {
      result[.biasFactors] = zip(biases, originalBiases).map { $0 * $1 }
    }
    if parameters[.biasOffsets]?.isEmpty == false {
      var offsets = biases
      for (position, place) in places.enumerated() {
        for filter in 0..<place.layer.filters {
          offsets[place.biases + filter] *= outputSteps[position]
        }
      }
      result[.biasOffsets] = offsets
    }
    return result
  }

  /// Writes weights, biases and thresholds into `state`.
  func write(_ parameters: TrainableParameters, to state: inout QuantizationState) {
    let thresholds = parameters[.weightThresholds] ?? []
    for place in places {
      let count = place.layer.filters * place.layer.filterSize
      // Rounded weights are on the grid of the thresholds below: lowering gives them the same codes.
      let source = parameters[.roundings]?.isEmpty == false ? quantized : scaled
      state.graph.values[place.layer.weights].constant?.values = Array(
        source[place.weights..<place.weights + count])
      state.graph.values[place.layer.bias].constant?.values = Array(
        biases[place.biases..<place.biases + place.layer.filters])
      state.weightThresholds[place.layer.weights] = (0..<place.thresholdCount).map {
        threshold(place.thresholds + $0, thresholds[place.thresholds + $0])
      }
    }
  }
}

/// The regularizer of learned rounding, as training goes on.
struct RoundingPressure: Sendable {
  /// In units of a layer's mean derivative with respect to a rounding.
  var strength: Float = 0
  /// High at first, when only weights near a code feel it, then low.
  var exponent: Float = 20

  init() {}

  /// The pressure after `share` of the training: none in the first fifth, in which the loss alone
  /// decides (as the authors' code does); then an exponent that falls from 20 to 2 well before the
  /// learning rate has gone, and a strength that grows until no weight can stay in between.
  init(afterShare share: Float) {
    let warmUp: Float = 0.2
    guard share >= warmUp else { return }
    let progress = (share - warmUp) / (1 - warmUp)
    strength = 1 + 9 * progress
    exponent = 2 + 18 * max(0, 1 - 2 * progress)
  }
}
