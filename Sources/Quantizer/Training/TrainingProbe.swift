import Diagnostics
import FloatEngine
import FloatModel

/// Single steps of threshold training, for benchmarks: forward, backward, fake quantization of
/// activations and weights, Adam and the loading of the new weights; the teacher's answers are there
/// already.
package final class TrainingProbe {
  private let network: StudentNetwork
  private let data: TrainingSamples
  private let options: TrainingOptions
  private var optimizers: [ParameterGroup: Adam] = [:]

  /// Calibrates `graph` on `samples`, which make up one batch.
  package init(
    graph: FloatGraph, samples: SampleSet, options: TrainingOptions, threads: Int
  ) throws(Diagnostic) {
    let quantization = QuantizationOptions(threads: threads)
    var state = QuantizationState(graph: graph, options: quantization)
    try CalibrationStep(samples: samples).apply(to: &state) { _ in }
    try WeightThresholdStep().apply(to: &state) { _ in }
    state.graph.addMissingBiases()
    data = try TrainingSamples(
      samples: samples, teacher: graph,
      inputParameters: try TrainingStep.inputParameters(state), options: quantization
    ) { _ in }
    network = try StudentNetwork(state, options: options)
    self.options = options
  }

  /// One step on all samples.
  package func step() throws(Diagnostic) {
    let (_, gradients) = try network.gradients(over: Array(0..<data.count), of: data)
    var parameters = network.parameters
    for (group, gradient) in gradients {
      guard var values = parameters[group], !values.isEmpty else { continue }
      var optimizer = optimizers[group] ?? Adam(count: values.count)
      gradient.withUnsafeBufferPointer {
        optimizer.step(&values, gradient: $0, rate: options.rate(of: group))
      }
      optimizers[group] = optimizer
      parameters[group] = values
    }
    try network.update(parameters)
  }
}
