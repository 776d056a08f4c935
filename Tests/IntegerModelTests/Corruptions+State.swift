import IntegerModel
import IntegerTestSupport

/// Faults of tensors that are said to be states.
let stateCorruptions: [Corruption] = [
  Corruption("graph inputs: tensor 'x2' is a state") { $0.tensors[1].isState = true },
  Corruption("tensor 2 'w': a constant cannot be a state") { $0.tensors[2].isState = true },
  Corruption("operation 0 'conv' (convolution): tensor 'conv.y' is a state") {
    $0.tensors[4].isState = true
  },
  Corruption("operation 3 'add' (add): input 1, tensor 'x2', is a state") {
    $0.inputs = [0]
    $0.tensors[1].isState = true
  },
  Corruption("graph outputs: tensor 's' is a state") {
    $0.tensors.append(TensorDescription(name: "s", shape: [1], elementType: .int8, isState: true))
    $0.outputs.append($0.tensors.count - 1)
  },
  Corruption("tensor 30 's': is a state that no operation updates") {
    $0.tensors.append(TensorDescription(name: "s", shape: [1], elementType: .int8, isState: true))
  },
]
