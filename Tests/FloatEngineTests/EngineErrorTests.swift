import Diagnostics
import FloatEngine
import FloatModel
import Testing

@Suite("An engine refuses what it cannot run, and says why")
struct EngineErrorTests {
  @Test("batch and threads out of range")
  func settings() {
    expect("batch 0 is outside 1…65536", batch: 0)
    expect("batch 65537 is outside 1…65536", batch: 65_537)
    expect("0 threads are outside 1…1024", threads: 0)
    expect("1025 threads are outside 1…1024", threads: 1025)
  }

  @Test("values to keep that do not exist")
  func keeping() {
    expect("value 7 cannot be kept: the graph does not compute it", keeping: [7])
    expect("value -1 cannot be kept: the graph does not compute it", keeping: [-1])
    expect("value 2 cannot be kept: the graph does not compute it", keeping: [0, 1, 2]) {
      $0.values.append(FloatValue(name: "unused", shape: [1]))
    }
  }

  @Test("weights that the graph computes")
  func computedWeights() {
    expect(
      "node 'relu' (fully connected): its weights must be constant, but the graph computes 'x'; "
        + "simplify the graph first; what remains computed then is not supported"
    ) {
      $0.values[0].shape = [3, 4]
      $0.nodes[0].operation = .fullyConnected(clamp: .none)
      $0.nodes[0].inputs = [0, 0]
    }
  }

  @Test("a variance that has no root")
  func variance() {
    expect(
      "node 'relu' (batch normalization): variance -1.0 of channel 1 plus epsilon 0.5 is not "
        + "positive"
    ) {
      for (name, values) in [("gamma", [1, 1]), ("variance", [1, -1])] as [(String, [Float])] {
        $0.values.append(
          FloatValue(name: name, constant: FloatTensor(shape: [2], values: values)))
      }
      $0.values[0].shape = [1, 2]
      $0.nodes[0].operation = .batchNormalization(epsilon: 0.5)
      $0.nodes[0].inputs = [0, 2, 2, 2, 3]
    }
  }

  @Test("shapes that shape inference refuses")
  func shapes() {
    expect("node 'relu' (transpose): [1, 0] is no permutation of the axes of [1, 2, 3]") {
      $0.nodes[0].operation = .transpose([1, 0])
    }
  }

  @Test("more memory than the machine has")
  func memory() {
    expect(
      "there is no memory for 140737488355328 float values of activations; use a smaller batch",
      batch: 65_536
    ) { $0.values[0].shape = [1, 1 << 15, 1 << 15] }
  }

  @Test("parameters beyond what the kernels index with")
  func hugeWindow() {
    expect(
      "node 'relu' (max pool): stride 2147483647×1 is outside 1…65535, which is what the float "
        + "engine supports"
    ) {
      $0.values[0].shape = [1, 4, 4, 1]
      $0.nodes[0].operation = .maxPool(
        FloatPool(
          window: SpatialExtent(height: 2, width: 2),
          stride: SpatialExtent(height: Int(Int32.max), width: 1), padding: EdgePadding()))
    }
  }

  @Test("inputs of the wrong number or size")
  func inputs() throws {
    let engine = try FloatEngine(graph: graph(), batch: 2, threads: 1)
    func message(_ arrays: [[Float]]) -> String? {
      do throws(Diagnostic) {
        try engine.run(inputs: arrays)
        return nil
      } catch {
        return error.description
      }
    }
    #expect(message([]) == "the graph has 1 inputs, but 0 were given")
    #expect(
      message([[1, 2, 3]])
        == "input 'x': holds 3 elements instead of 12 (batch 2 of [1, 2, 3])")
  }

  private func graph() -> FloatGraph {
    FloatGraph(
      name: "one node",
      values: [FloatValue(name: "x", shape: [1, 2, 3]), FloatValue(name: "y", shape: [])],
      nodes: [
        FloatNode(name: "relu", operation: .activation(.clip(.relu)), inputs: [0], output: 1)
      ], inputs: [0], outputs: [1])
  }

  private func expect(
    _ message: String, batch: Int = 1, keeping: Set<ValueIndex> = [], threads: Int = 1,
    sourceLocation: SourceLocation = #_sourceLocation,
    change: (inout FloatGraph) -> Void = { _ in }
  ) {
    var graph = graph()
    change(&graph)
    do throws(Diagnostic) {
      _ = try FloatEngine(graph: graph, batch: batch, keeping: keeping, threads: threads)
      Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
      #expect(error.description == message, sourceLocation: sourceLocation)
    }
  }
}
