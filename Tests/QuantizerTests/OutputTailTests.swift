import Diagnostics
import FloatModel
import FloatReference
import Foundation
import IntegerModel
import Quantizer
import Testing

@Suite("Outputs in 16 bits")
struct OutputTailTests {
  private let wide = QuantizationOptions(outputType: .int16)

  /// A convolution of an image, its mean, and a fully connected layer: the input of what a test adds.
  private func classifier(
    classes: Int, _ sketch: inout GraphSketch, _ source: inout TensorSource
  ) throws -> ValueIndex {
    var x = sketch.input(shape: [1, 6, 5, 3])
    x = try sketch.convolution(
      "body", x, outputs: 8, kernel: 3, padding: 1, clamp: ClampRange(minimum: 0, maximum: 6),
      &source)
    x = try sketch.node("pool", .mean(axes: [1, 2], keepsDimensions: false), x)
    return try sketch.node(
      "fc", .fullyConnected(clamp: .none), x, sketch.random("fc_w", [classes, 8], &source),
      sketch.random("fc_b", [classes], &source))
  }

  private func names(_ values: Set<ValueIndex>, in graph: FloatGraph) -> Set<String> {
    Set(values.map { graph.values[$0].name })
  }

  // MARK: - Which values

  @Test("begin at the last layer, and take in what follows it")
  func tailOfClassifier() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 1))
    var x = try classifier(classes: 4, &sketch, &source)
    x = try sketch.node("flat", .reshape([1, 4]), x)
    sketch.output(try sketch.node("classes", .softmax(axis: 1), x))
    let graph = sketch.graph
    #expect(names(try graph.outputTail(), in: graph) == ["fc", "flat", "classes"])
  }

  @Test("begin at each head of a detector, behind its concatenation")
  func tailOfHeads() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 2))
    let x = sketch.input(shape: [1, 4, 4, 3])
    let body = try sketch.convolution("body", x, outputs: 4, &source)
    var heads: [ValueIndex] = []
    for name in ["near", "far"] {
      heads.append(try sketch.convolution(name, body, outputs: 2, &source))
    }
    let joined = try sketch.node("joined", .concatenation(axis: 3), heads)
    sketch.output(try sketch.node("scores", .activation(.sigmoid), joined))
    sketch.output(try sketch.convolution("boxes", body, outputs: 4, &source))
    let graph = sketch.graph
    #expect(
      names(try graph.outputTail(), in: graph) == ["near", "far", "joined", "scores", "boxes"])
  }

  @Test("are refused where they would begin at another operator")
  func addition() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4])
    sketch.output(try sketch.node("sum", .add(clamp: .none), x, x))
    let graph = sketch.graph
    #expect(
      throws: Diagnostic(
        place: "node 'sum'",
        problem: "its add leads to an output and has no 16-bit form here; convolution, fully "
          + "connected and mean have one, and what moves codes, softmax, sigmoid and tanh behind them",
        remedy: "convert with --output-type int8")
    ) { try graph.outputTail() }
  }

  @Test("are refused where an output is an input")
  func passedOn() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 4])
    sketch.output(try sketch.node("same", .reshape([1, 2, 2]), x))
    let graph = sketch.graph
    #expect(
      throws: Diagnostic(
        place: "output 'x'", problem: "is an input of the model",
        remedy: "convert with --output-type int8")
    ) { try graph.outputTail() }
  }

  @Test("are refused where an 8-bit layer goes on from one")
  func readFurther() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 3))
    let x = sketch.input(shape: [1, 4, 4, 3])
    let first = try sketch.convolution("first", x, outputs: 4, &source)
    sketch.output(first)
    sketch.output(try sketch.convolution("second", first, outputs: 4, &source))
    let graph = sketch.graph
    #expect(
      throws: Diagnostic(
        place: "node 'second'",
        problem: "reads 'first', which leads to a 16-bit output, in 8 bits",
        remedy: "convert with --output-type int8")
    ) { try graph.outputTail() }
  }

  // MARK: - Which codes

  @Test("of a layer are worked out by hand")
  func byHand() throws {
    var sketch = GraphSketch()
    let x = sketch.input(shape: [1, 2])
    let y = try sketch.node(
      "fc", .fullyConnected(clamp: .none), x,
      sketch.constant("w", [2, 2], [1.27, 0.5, -0.5, 1.27]),
      sketch.constant("b", [2], [0.25, -0.25]))
    sketch.output(y)
    // Inputs in steps of 1/255, zero point −128; weights in steps of 1/100. The outputs reach up to
    // 1.27 + 0.5 + 0.25 = 2.02, doubled and in 32767 steps.
    let network = try QuantizedNetwork(
      sketch.graph, options: wide, samples: [[[0, 0]], [[1, 1]], [[1, 0]], [[0, 1]]])
    let graph = network.integer
    #expect(graph.operations.map(\.kind.name) == ["requantize", "fully connected"])
    let output = graph.tensors[graph.outputs[0]]
    #expect(output.elementType == .int16 && output.zeroPoint == 0)
    let step = Float(bitPattern: try #require(output.quantization?.scaleBits.first))
    #expect(abs(step - 2 * 2.02 / 32767) < 1e-8)
    // A copy in 16 bits: the code minus the zero point, in steps of a 16th.
    let copy = graph.tensors[graph.operations[0].outputs[0]]
    #expect(copy.quantization?.scaleBits == [(Float(1) / 255 / 16).bitPattern])
    #expect(copy.elementType == .int16 && copy.zeroPoint == 0)
    // 64-bit biases in steps of 1/408000: 0.25 is 102000.
    let bias = graph.tensors[graph.operations[1].inputs[2]]
    #expect(bias.elementType == .int64)
    #expect(bias.constant?.array(of: Int64.self) == [102_000, -102_000])
    // (72 + 128) · 127 + (−28 + 128) · 50 + 6375 = 36775 of 1/25500, the reals 1.442; and
    // −200 · 50 + 100 · 127 − 6375 = −3675, −0.1441.
    let found = try network.outputs(for: [[72, -28]])[0]
    let wanted = [36775, -3675].map { Int32((Float($0) / 25500 / step).rounded()) }
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 1 }, "\(found), not \(wanted)")
  }

  /// The function of a row of logits, in double.
  private func exact(_ operation: FloatOperation, _ logits: [Double]) -> [Double] {
    switch operation {
    case .activation(.sigmoid): logits.map { 1 / (1 + exp(-$0)) }
    case .activation(.tanh): logits.map { tanh($0) }
    default:
      logits.map { logit in 1 / logits.reduce(0) { $0 + exp($1 - logit) } }
    }
  }

  @Test(
    "of softmax, sigmoid and tanh are the functions of the logits beside them, to a few of 32768",
    arguments: [
      FloatOperation.softmax(axis: 1), .activation(.sigmoid), .activation(.tanh),
    ])
  func functions(operation: FloatOperation) throws {
    for seed: UInt64 in 1...10 {
      var (sketch, source) = (GraphSketch(), TensorSource(seed: seed))
      let logits = try classifier(classes: 7, &sketch, &source)
      sketch.output(logits)
      sketch.output(try sketch.node("function", operation, logits))
      let samples = sketch.graph.samples(20, in: [-1...1], &source)
      let network = try QuantizedNetwork(sketch.graph, options: wide, samples: samples)
      let outputs = network.integer.outputs
      #expect(
        network.integer.tensors[outputs[1]].quantization?.scaleBits
          == [(Float(1) / 32768).bitPattern])
      for sample in samples {
        let codes = try network.outputs(for: network.codes(of: sample))
        let reals = try network.reals(codes[0], of: outputs[0]).map(Double.init)
        let errors = zip(codes[1], exact(operation, reals)).map {
          abs(Double($0) - min($1 * 32768, 32767))
        }
        #expect(errors.allSatisfy { $0 <= 16 }, "seed \(seed): \(errors)")
      }
    }
  }

  @Test("of random networks are closer to float than 8 bits", arguments: WeightGranularity.allCases)
  func closer(weights: WeightGranularity) throws {
    for seed: UInt64 in 1...10 {
      let graph = try randomBlocks(seed: seed, clamp: .relu)
      var source = TensorSource(seed: seed)
      let samples = graph.samples(20, in: [-1...1], &source)
      var found: [Double] = []
      for type in OutputType.allCases {
        let network = try QuantizedNetwork(
          graph,
          options: QuantizationOptions(
            weights: weights, biasCorrection: .empirical, outputType: type),
          samples: samples)
        found.append(try network.compared(on: samples).signalToNoise)
      }
      #expect(found[1] > found[0], "seed \(seed)")
    }
  }

  @Test("of a softmax along another axis go there and back")
  func channelsFirst() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 5))
    let x = sketch.input(shape: [1, 3, 3, 2])
    let scores = try sketch.convolution("scores", x, outputs: 4, &source)
    sketch.output(try sketch.node("classes", .softmax(axis: 1), scores))
    let samples = sketch.graph.samples(20, in: [-1...1], &source)
    let network = try QuantizedNetwork(sketch.graph, options: wide, samples: samples)
    #expect(
      network.integer.operations.map(\.kind.name).suffix(3) == [
        "transpose", "softmax", "transpose",
      ])
    #expect(try network.compared(on: samples).signalToNoise > 40)
  }

  @Test("of a network that ends in a mean")
  func mean() throws {
    var (sketch, source) = (GraphSketch(), TensorSource(seed: 6))
    let x = sketch.input(shape: [1, 4, 4, 2])
    let scores = try sketch.convolution("scores", x, outputs: 5, &source)
    sketch.output(try sketch.node("mean", .mean(axes: [1, 2], keepsDimensions: false), scores))
    let samples = sketch.graph.samples(20, in: [-1...1], &source)
    let network = try QuantizedNetwork(sketch.graph, options: wide, samples: samples)
    let types = network.integer.operations.map {
      network.integer.tensors[$0.outputs[0]].elementType
    }
    #expect(types == [.int8, .int16, .int16])
    // Sixteen roundings to 8 bits are averaged, and no further one is added.
    #expect(try network.compared(on: samples).signalToNoise > 45)
  }

  // MARK: - What the steps make of them

  @Test(
    "are trained, and the student's loss is the device's", arguments: StudentArithmetic.allCases)
  func training(student: StudentArithmetic) throws {
    let task = try TrainingTask(blocksOfSeed: 4, options: QuantizationOptions(outputType: .int16))
    try task.expectTraining(on: student, gridTolerance: 0.1)
  }

  @Test("are reconstructed block by block")
  func reconstruction() throws {
    let task = try TrainingTask(blocksOfSeed: 7, options: QuantizationOptions(outputType: .int16))
    var state = try task.start()
    let before = try task.error(of: state, samples: Array(task.values.indices))
    try BlockReconstructionStep(
      samples: task.samples(), options: TrainingOptions(epochs: 8, batch: 8, tunesWeights: true)
    ).apply(to: &state) { _ in }
    #expect(try task.error(of: state, samples: Array(task.values.indices)) < before)
  }

  @Test("get biases that take the mean error away")
  func biasCorrection() throws {
    let graph = try randomBlocks(seed: 9, clamp: .relu)
    var source = TensorSource(seed: 9)
    let samples = graph.samples(30, in: [-1...1], &source)
    func meanErrors(_ correction: BiasCorrection) throws -> Float {
      let network = try QuantizedNetwork(
        graph,
        options: QuantizationOptions(
          weights: .perTensor, biasCorrection: correction, outputType: .int16),
        samples: samples)
      var sums = [Float](repeating: 0, count: 3)
      for inputs in samples {
        let wanted = try FloatReference(graph, inputs: inputs).outputs[0].values
        let codes = try network.outputs(for: network.codes(of: inputs))[0]
        let found = try network.reals(codes, of: network.integer.outputs[0])
        for index in sums.indices { sums[index] += found[index] - wanted[index] }
      }
      return sums.map(abs).reduce(0, +)
    }
    #expect(try meanErrors(.empirical) < meanErrors(.none) / 10)
  }

  @Test("are analyzed as layers like others, without the exact copies")
  func sensitivity() throws {
    let graph = try randomBlocks(seed: 11, clamp: .relu)
    var source = TensorSource(seed: 11)
    let values = graph.samples(10, in: [-1...1], &source)
    let samples = try graph.sampleSet(values)
    let result = try ModelQuantizer(
      graph: graph, options: wide, samples: samples, preprocessing: nil
    ).quantized { _, _ in }
    let layers = try SensitivityAnalysis(result: result, samples: samples, threads: 1).layers { _ in
    }
    let names = layers.map { result.graph.operations[$0.operation].name }
    #expect(names.contains("fc") && !names.contains { $0.contains("requantize") })
    let network = try QuantizedNetwork(graph, options: wide, samples: values)
    let last = try #require(layers.first { result.graph.operations[$0.operation].name == "fc" })
    let whole = try network.compared(on: values).signalToNoise
    #expect(abs(last.cumulative - whole) < 0.01)
    #expect(last.alone > last.cumulative)
  }
}
