import IntegerModel
import IntegerTestSupport

/// A graph that serves the profiles `litert-reference` and `litert`, by made-up numbers.
func scaledOperators() -> IntegerGraph {
  var graph = everyOperator()
  graph.profiles = [.litertReference, .litert]
  let one: UInt32 = 0x3f80_0000
  for index in graph.operations.indices {
    switch graph.operations[index].kind {
    case .convolution, .depthwiseConvolution:
      graph.operations[index].scalings = [litert(.binary32([one]))]
    case .fullyConnected:
      graph.operations[index].scalings = [
        litert(.binary32([one])),
        ProfileScaling(profile: .litertReference, form: .binary64([0x3ff0_0000_0000_0000])),
      ]
    case .add:
      graph.operations[index].scalings = [
        litert(.weightedSum(first: 1, second: -1, shift: 20))
      ]
    case .multiply: graph.operations[index].scalings = [litert(.fixedPoint([.half]))]
    case .mean:
      graph.operations[index].scalings = [
        litert(.binary32Sum(scale: one, offset: 0xbf80_0000))
      ]
    case .softmax:
      graph.operations[index].scalings = [
        litert(.exponentials([one] + [UInt32](repeating: 0, count: 255)))
      ]
    case .requantize:
      graph.operations[index].scalings = [litert(.table([Int32](repeating: 5, count: 256)))]
    case .resizeBilinear:
      let samples = { (count: Int) in
        [ResizeSample](repeating: ResizeSample(lower: 0, upper: 3, fraction: 2048), count: count)
      }
      let shape = graph.tensors[graph.operations[index].outputs[0]].shape
      graph.operations[index].scalings = [
        litert(.samples(rows: samples(shape[1]), columns: samples(shape[2])))
      ]
    default: break
    }
  }
  return graph
}

private func litert(_ form: ScalingForm, clamp: CodeRange? = nil) -> ProfileScaling {
  ProfileScaling(profile: .litert, form: form, clamp: clamp)
}

/// Faults of what profiles compute otherwise.
let scalingCorruptions: [Corruption] = [
  fault("profiles: litert-reference is out of order, or needs no numbers of its own") {
    $0.profiles = [.litert, .litertReference]
  },
  fault("profiles: tosa is out of order, or needs no numbers of its own") {
    $0.profiles = [.tosa]
  },
  fault(
    "the model holds no numbers for arithmetic litert; convert it again with this version of "
      + "qconvert"
  ) { graph in
    graph.profiles = [.litertReference]
    graph.arithmetic = .litert
  },
  fault("operation 0 'conv' (convolution): the scaling for litert is missing") {
    $0.operations[0].scalings = []
  },
  fault("operation 0 'conv' (convolution): profile litert has two scalings") {
    $0.operations[0].scalings += $0.operations[0].scalings
  },
  fault(
    "operation 0 'conv' (convolution): profile litert: there are 2 binary32 scales; 3 are needed"
  ) { $0.operations[0].scalings = [litert(.binary32([1, 2]))] },
  fault(
    "operation 0 'conv' (convolution): profile litert: binary32 number 1 is not finite and positive"
  ) { $0.operations[0].scalings = [litert(.binary32([1, 0x7f80_0000, 2]))] },
  fault(
    "operation 0 'conv' (convolution): profile litert: binary32 number 0 is not finite and positive"
  ) { $0.operations[0].scalings = [litert(.binary32([0x8000_0001]))] },
  fault(
    "operation 0 'conv' (convolution): profile litert: the clamp 0…128 is not a range inside "
      + "-128…127"
  ) {
    $0.operations[0].scalings = [
      litert(.binary32([1]), clamp: CodeRange(minimum: 0, maximum: 128))
    ]
  },
  fault("operation 0 'conv' (convolution): profile litert: the operator has no such scaling") {
    $0.operations[0].scalings = [litert(.weightedSum(first: 1, second: 1, shift: 1))]
  },
  fault(
    "operation 2 'fully' (fully connected): profile litert-reference: channel 0: the binary64 scale "
      + "is not a finite positive number"
  ) {
    $0.operations[2].scalings[1].form = .binary64([0x7ff0_0000_0000_0000])
  },
  fault("operation 3 'add' (add): profile litert: shift 63 is outside 1…62") {
    $0.operations[3].scalings = [litert(.weightedSum(first: 1, second: 1, shift: 63))]
  },
  fault(
    "operation 5 'mul' (multiply): profile litert: the multiplier 5 is neither 0 nor in "
      + "1073741824…2147483647"
  ) {
    $0.operations[5].scalings = [
      litert(.fixedPoint([FixedPointMultiplier(multiplier: 5, shift: 0)]))
    ]
  },
  named("mean", "profile litert: the offset 2139095040 is not a finite number") {
    $0 = litert(.binary32Sum(scale: 0, offset: 0x7f80_0000))
  },
  named("mean", "profile litert: the operator has no clamp") {
    $0.clamp = CodeRange(minimum: 0, maximum: 1)
  },
  named("mean", "profile litert: the operator has no such scaling") {
    $0 = litert(.fixedPointTiesUp)
  },
  named("softmax", "profile litert: tensor 'x' is int8; int16 is needed") {
    $0 = litert(.binary64Reciprocals(.half))
  },
  named("softmax", "profile litert: the first exponential is not 1") {
    $0 = litert(.exponentials([UInt32](repeating: 0, count: 256)))
  },
  named("softmax", "profile litert: there are 255 exponentials; 256 are needed") {
    $0 = litert(.exponentials([UInt32](repeating: 0, count: 255)))
  },
  named("requantize", "profile litert: the code 128 is outside -128…127") {
    $0 = litert(.table([Int32](repeating: 128, count: 256)))
  },
  named(
    "resize bilinear", "profile litert: sample 0 of axis 1 is outside the input or no fraction"
  ) { scaling in
    guard case .samples(var rows, let columns) = scaling.form else { return }
    rows[0].upper = 4
    scaling.form = .samples(rows: rows, columns: columns)
  },
]

/// A corruption of that graph.
private func fault(
  _ message: String, _ apply: @escaping @Sendable (inout IntegerGraph) -> Void
) -> Corruption {
  Corruption(message, of: scaledOperators, apply)
}

/// A corruption of the first scaling of the first operation of a kind.
private func named(
  _ kind: String, _ message: String, _ apply: @escaping @Sendable (inout ProfileScaling) -> Void
) -> Corruption {
  let index = scaledOperators().operations.firstIndex { $0.kind.name == kind } ?? 0
  let name = scaledOperators().operations[index].name
  return fault("operation \(index) '\(name)' (\(kind)): \(message)") { graph in
    apply(&graph.operations[index].scalings[0])
  }
}
