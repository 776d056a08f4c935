import Diagnostics
import FloatModel

/// Conv, over images and signals.
enum ConvolutionOperator {
  static let convolution: OperatorImport = { (node, builder) throws(Diagnostic) in
    let input = try builder.arrangeImage(try builder.place(0, of: node), for: node)
    let rank = input.layout.rank
    let weights = try builder.weights(1, "W", of: node)
    guard weights.shape.count == rank else {
      throw Diagnostic(
        problem: "input 1 (W) has shape \(weights.shape), but the input has \(rank) axes")
    }
    let image = builder.graph.values[input.value].shape
    let kernel = Array(weights.shape[2...])
    let attributes = try WindowAttributes(
      node, image: image, spatialRank: rank - 2, kernel: kernel)
    let operation = FloatConvolution(
      stride: attributes.stride, dilation: attributes.dilation, padding: attributes.padding,
      groups: try node.int("group") ?? 1)

    // [O, I, H, W] → [O, H, W, I]
    let square = FloatTensor(
      shape: [
        weights.shape[0], weights.shape[1], attributes.window.height, attributes.window.width,
      ],
      values: weights.values)
    var inputs = [
      input.value,
      try builder.addConstant(square.transposed(by: [0, 2, 3, 1]), name: node.inputName(1)),
    ]
    if try node.optionalInput(2) != nil {
      let bias = try builder.weights(2, "B", of: node)
      inputs.append(try builder.addConstant(bias, name: node.inputName(2)))
    }
    let output = try builder.emit(.convolution(operation), inputs, for: node)
    return [builder.result(Placed(value: output, layout: input.layout))]
  }
}
