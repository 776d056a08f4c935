import Diagnostics
import FloatModel
import FloatReference
import Foundation
import IntegerModel
import IntegerRuntime
import Quantizer
import TensorFiles

/// A float graph beside the integer graph that the quantizer makes of it, with the kernels of every
/// kind to run it.
struct QuantizedNetwork {
  /// What was quantized.
  let float: FloatGraph
  /// What came out.
  let integer: IntegerGraph
  private let reference: Interpreter
  private let portable: Interpreter

  /// Something about a network that makes every comparison meaningless.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Calibrates `graph` on `samples`, one array per input and sample, and lowers it.
  init(
    _ graph: FloatGraph, options: QuantizationOptions, samples: [[[Float]]]
  ) throws {
    let arrays = graph.inputs.enumerated().map { position, value in
      NumericArray(
        name: graph.values[value].name,
        shape: [samples.count] + graph.values[value].shape.dropFirst(),
        values: samples.flatMap { $0[position] })
    }
    float = graph
    integer = try ModelQuantizer(
      graph: graph, options: options,
      samples: SampleSet(arrays: arrays, for: graph, limit: samples.count), preprocessing: nil
    ).quantized { _, _ in }.graph
    reference = try Interpreter(graph: integer, options: RunOptions(kernels: .reference))
    portable = try Interpreter(graph: integer, options: RunOptions(kernels: .portable))
  }

  /// Codes of the inputs nearest to `inputs`.
  func codes(of inputs: [[Float]]) throws -> [[Int8]] {
    try zip(integer.inputs, inputs).map { tensor, values in
      let parameters = try parameters(of: tensor)
      return values.map { Int8(parameters.code(of: $0)) }
    }
  }

  /// Codes of all outputs; every kind of kernel must give the same.
  func outputs(for inputs: [[Int8]]) throws -> [[Int32]] {
    let results = [reference, portable].map { interpreter in
      for (tensor, codes) in zip(integer.inputs, inputs) {
        codes.withUnsafeBytes { interpreter.mutableBytes(of: tensor).copyMemory(from: $0) }
      }
      interpreter.run()
      return integer.outputs.map { interpreter.codes(of: $0) }
    }
    guard results[0] == results[1] else {
      throw Failure(description: "reference and portable kernels disagree")
    }
    return results[0]
  }

  /// The reals behind codes of a tensor.
  func reals(_ codes: [some FixedWidthInteger], of tensor: TensorIndex) throws -> [Float] {
    let parameters = try parameters(of: tensor)
    return codes.map { parameters.real(of: Int32($0)) }
  }

  /// Scale and zero point of an activation.
  func parameters(of tensor: TensorIndex) throws -> ActivationParameters {
    let description = integer.tensors[tensor]
    guard let quantization = description.quantization, quantization.axis == nil else {
      throw Failure(description: "'\(description.name)' is no activation")
    }
    return ActivationParameters(
      scale: Float(bitPattern: quantization.scaleBits[0]), zeroPoint: quantization.zeroPoints[0],
      elementType: description.elementType)
  }

  /// The float graph with the constants that the integer graph really holds, so that what remains
  /// between the two is the rounding of activations.
  func withQuantizedConstants() throws -> FloatGraph {
    var graph = float
    for index in graph.values.indices {
      guard let constant = graph.values[index].constant,
        let tensor = integer.tensors.first(where: { $0.name == graph.values[index].name }),
        let bytes = tensor.constant, let quantization = tensor.quantization
      else { continue }
      let codes =
        switch tensor.elementType {
        case .int64: bytes.array(of: Int64.self).map { Int32($0) }
        case .int32: bytes.array(of: Int32.self)
        case .int16: bytes.array(of: Int16.self).map { Int32($0) }
        default: bytes.array(of: Int8.self).map { Int32($0) }
        }
      let isDepthwise = quantization.axis == 3 || tensor.shape != constant.shape
      let channels = isDepthwise ? tensor.shape[3] : constant.shape.first ?? 1
      let taps = codes.count / channels
      graph.values[index].constant?.values = codes.indices.map { position in
        let channel = position / taps
        let code = isDepthwise ? codes[position % taps * channels + channel] : codes[position]
        let which = quantization.axis == nil ? 0 : channel
        let zeroPoint = quantization.zeroPoints[quantization.zeroPoints.count == 1 ? 0 : which]
        return Float(bitPattern: quantization.scaleBits[which]) * Float(code - zeroPoint)
      }
    }
    return graph
  }

  /// What runs of the network differ by from float.
  struct Comparison {
    /// Signal to quantization noise ratio of all outputs in dB, against the float graph.
    var signalToNoise: Double
    /// Greatest distance in codes from the float graph run on the same codes and constants.
    var greatestError: Int
    /// Mean of that distance.
    var meanError: Double
  }

  /// Compares on `samples`, one array per input and sample.
  func compared(on samples: [[[Float]]]) throws -> Comparison {
    var (signal, noise) = (0.0, 0.0)
    var (greatestError, sumOfErrors, count) = (0, 0, 0)
    let exact = try withQuantizedConstants()
    for inputs in samples {
      let inputCodes = try codes(of: inputs)
      let outputCodes = try outputs(for: inputCodes)
      let wanted = try FloatReference(float, inputs: inputs).outputs
      let nearest = try FloatReference(
        exact, inputs: zip(inputCodes, integer.inputs).map { try reals($0, of: $1) }
      ).outputs
      for (position, tensor) in integer.outputs.enumerated() {
        let parameters = try parameters(of: tensor)
        guard integer.tensors[tensor].shape == wanted[position].shape else {
          throw Failure(
            description: "output \(position) has shape \(integer.tensors[tensor].shape) instead "
              + "of \(wanted[position].shape)")
        }
        for (index, code) in outputCodes[position].enumerated() {
          let real = Double(wanted[position].values[index])
          let difference = real - Double(parameters.real(of: code))
          signal += real * real
          noise += difference * difference
          let ideal = parameters.code(of: nearest[position].values[index])
          let error = Int(abs(ideal - code))
          greatestError = max(greatestError, error)
          sumOfErrors += error
          count += 1
        }
      }
    }
    return Comparison(
      signalToNoise: noise == 0 ? .infinity : 10 * log10(signal / noise),
      greatestError: greatestError, meanError: Double(sumOfErrors) / Double(count))
  }
}

extension Interpreter {
  /// The codes of an int8 or int16 activation.
  func codes(of tensor: TensorIndex) -> [Int32] {
    graph.tensors[tensor].elementType == .int16
      ? bytes(of: tensor).bindMemory(to: Int16.self).map { Int32($0) }
      : bytes(of: tensor).bindMemory(to: Int8.self).map { Int32($0) }
  }
}

extension FloatGraph {
  /// Random samples, each an array per input, drawn from the range of that input.
  func samples(
    _ count: Int, in ranges: [ClosedRange<Float>], _ source: inout TensorSource
  ) -> [[[Float]]] {
    (0..<count).map { _ in
      inputs.enumerated().map { position, value in
        source.values(values[value].shape, in: ranges[min(position, ranges.count - 1)])
      }
    }
  }
}
