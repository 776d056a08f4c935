import FloatModel
import FloatReference
import Quantizer
import Testing

@Suite("Random networks in integers")
struct RandomNetworkTests {
  @Test("keep their signal", arguments: 1...120 as ClosedRange<UInt64>)
  func property(seed: UInt64) throws {
    var network = RandomNetwork(seed: seed)
    var graph = try network.make()
    // The logits, not the softmax, which is all or nothing for random weights.
    graph.outputs = graph.nodes.filter { $0.name == "fc" }.map(\.output)
    graph = try graph.simplified()
    var source = TensorSource(seed: seed)
    let samples = graph.samples(24, in: [-2...2], &source)
    let fresh = graph.samples(6, in: [-2...2], &source)
    for form in ThresholdForm.allCases {
      let quantized = try QuantizedNetwork(
        graph, options: QuantizationOptions(thresholds: form), samples: samples)
      let result = try quantized.compared(on: fresh)
      #expect(result.signalToNoise >= 15, "seed \(seed), \(form)")
    }
  }
}
