import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

// Layers with memory.
extension IntegerImporter {
  /// Inputs: activation, feature weights, time weights, bias, state.
  mutating func importSVDF(
    _ source: TFLiteOperator, rank: Int, activation: TFLiteActivation
  ) throws(Diagnostic) {
    guard activation == .none || activation == .relu else {
      throw Diagnostic(
        problem: "has a fused activation other than RELU, for which there is no integer kernel")
    }
    let data = try input(source, 0)
    let from = try codes(data)
    let x = try operand(data)
    let feature = try weights(try input(source, 1), channelAxis: 0, input: from)
    let stateIndex = try input(source, 4)
    let stateCodes = try codes(stateIndex)
    let time = try weights(try input(source, 2), channelAxis: 0, input: stateCodes)
    guard feature.scales.count == 1, time.scales.count == 1 else {
      throw Diagnostic(problem: "has weights with a scale per channel; the kernel takes one scale")
    }
    guard (1...feature.channels).contains(rank), feature.channels % rank == 0 else {
      throw Diagnostic(
        problem: "divides \(feature.channels) filters into units of \(rank)")
    }
    let parameters = try derivation.svdf(
      input: from, featureScale: feature.scales[0], timeScale: time.scales[0],
      stateScale: stateCodes.scale, output: try codes(try output(source)), rank: rank)
    let bias = try bias(
      source, 3,
      LayerWeights(
        tensor: time.tensor, scales: time.scales, channels: feature.channels / rank,
        input: stateCodes, name: time.name))
    let state = try state(stateIndex)
    append(
      .svdf(parameters), inputs: [x, feature.tensor, time.tensor, bias.tensor, state],
      output: try addOutput(of: source))
  }

  /// Inputs as TFLite numbers them: activation; 1…4 input weights; 5…8 recurrent weights; 9…11
  /// peepholes; 12…15 biases; 16, 17 projection; 18, 19 states; 20…23 layer normalization.
  mutating func importLSTM(_ source: TFLiteOperator) throws(Diagnostic) {
    guard
      case .lstm(let activation, let cellClip, let projectionClip, let isTimeMajor, _) =
        source.options
    else { throw wrongOptions }
    for (range, what) in [
      (9...11, "peepholes"), (16...17, "a projection"), (20...23, "layer normalization"),
    ] where range.contains(where: { optionalInput(source, $0) != nil }) {
      throw Diagnostic(
        problem: "has \(what), for which there is no integer kernel",
        remedy: "train the layer without")
    }
    let tanh: Int8 = 4
    guard activation == tanh, projectionClip == 0, cellClip >= 0, cellClip.isFinite else {
      throw Diagnostic(
        problem: "has activation \(activation), cell clip \(cellClip) and projection clip "
          + "\(projectionClip); tanh (4) and a cell clip of 0 or more have a kernel")
    }
    let data = try input(source, 0)
    let (from, hiddenIndex) = (try codes(data), try input(source, 18))
    let hidden = try codes(hiddenIndex)
    let cellIndex = try input(source, 19)
    let x = try operand(data)
    var inputs = [x]
    var inputScales: [Float] = []
    var recurrentScales: [Float] = []
    var layers: [LayerWeights] = []
    for position in 1...4 {
      let layer = try gateWeights(source, position, input: from)
      inputScales.append(layer.scales[0])
      inputs.append(layer.tensor)
      layers.append(layer)
    }
    for position in 5...8 {
      let layer = try gateWeights(source, position, input: hidden)
      recurrentScales.append(layer.scales[0])
      inputs.append(layer.tensor)
    }
    for position in 12...15 {
      inputs.append(try bias(source, position, layers[position - 12]).tensor)
    }
    let gates = zip(inputScales, recurrentScales).map {
      LSTMGateScales(input: $0, recurrent: $1)
    }
    let parameters = try derivation.sequenceLSTM(
      input: from, hidden: hidden, inputGate: gates[0], forgetGate: gates[1], cellGate: gates[2],
      outputGate: gates[3], cellScale: try codes(cellIndex).scale, cellClip: cellClip,
      isTimeMajor: isTimeMajor)
    let extents = try shape(data)
    guard extents.count == 3 else {
      throw Diagnostic(problem: "reads '\(names[data])' of shape \(extents); 3 axes are needed")
    }
    let states = [isTimeMajor ? extents[1] : extents[0], layers[0].channels]
    inputs.append(try state(hiddenIndex, shape: states))
    inputs.append(try state(cellIndex, shape: states))
    append(.sequenceLSTM(parameters), inputs: inputs, output: try addOutput(of: source))
  }

  private mutating func gateWeights(
    _ source: TFLiteOperator, _ position: Int, input codes: AffineCodes
  ) throws(Diagnostic) -> LayerWeights {
    guard let index = optionalInput(source, position) else {
      throw Diagnostic(
        problem: "lacks the weights of input \(position) (coupled gates), for which there is no "
          + "integer kernel", remedy: "train the layer with four gates")
    }
    let layer = try weights(index, channelAxis: 0, input: codes)
    guard layer.scales.count == 1 else {
      throw Diagnostic(problem: "has weights with a scale per channel; the kernel takes one scale")
    }
    return layer
  }

  /// The tensor that a layer keeps from one run to the next.
  private mutating func state(
    _ index: Int, shape wanted: [Int]? = nil
  ) throws(Diagnostic) -> TensorIndex {
    guard tensors[index] == nil, model.tensors[index].isVariable else {
      throw Diagnostic(
        problem: "its state '\(names[index])' is no variable of its own",
        remedy: "convert the model again")
    }
    if let wanted {
      guard try shape(index).reduce(1, *) == wanted.reduce(1, *) else {
        throw Diagnostic(
          problem: "its state '\(names[index])' has shape \(try shape(index)); \(wanted) is needed")
      }
      shapes[index] = wanted
    }
    return try add(index, isState: true)
  }
}
