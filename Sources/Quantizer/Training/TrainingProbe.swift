import Diagnostics
import FloatEngine
import FloatModel

/// Single steps of threshold training, for benchmarks: forward, backward, fake quantization of
/// activations and weights, Adam and the loading of the new weights; the teacher's answers are there
/// already.
package final class TrainingProbe {
  private let network: StudentNetwork
  private let data: TrainingSamples
  private var optimizers: [ParameterGroup: Adam] = [:]

  /// Calibrates `graph` on `samples`, which make up one batch.
  package init(
    graph: FloatGraph, samples: SampleSet, options: TrainingOptions, threads: Int
  ) throws(Diagnostic) {
    let quantization = QuantizationOptions(threads: threads)
    var state = QuantizationState(graph: graph, options: quantization)
    try CalibrationStep(samples: samples).apply(to: &state) { _ in }
    try WeightThresholdStep().apply(to: &state) { _ in }
    state.graph.separateBiases()
    data = try TrainingSamples(
      samples: samples, teacher: graph,
      inputParameters: try TrainingStep.inputParameters(state), options: quantization
    ) { _ in }
    network = try StudentNetwork(state, options: options)
  }

  /// One step on all samples.
  package func step() throws(Diagnostic) {
    let (_, gradients) = try network.gradients(over: Array(0..<data.count), of: data)
    try network.learn(gradients, rate: 1, optimizers: &optimizers)
  }
}
