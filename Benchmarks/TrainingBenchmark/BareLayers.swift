import CFloatKernels
import Diagnostics
import FloatModel

/// The convolutions of a model as bare oneDNN primitives, which no training can outrun: each layer
/// forward, backward to its input and backward to its weights and bias, NHWC, on buffers that are
/// there already. A fully connected layer counts as a 1×1 convolution; the backward pass to the
/// graph's own input is left out.
final class BareLayers {
  private struct Primitive {
    var handle: OpaquePointer
    var kind: Pass
    /// Behind the weights.
    var bias: UnsafeMutablePointer<Float>
  }

  /// One of the three primitives of a layer.
  enum Pass: CaseIterable { case forward, data, weights }

  private let context: OpaquePointer
  private var primitives: [Primitive] = []
  private let source: UnsafeMutablePointer<Float>
  private let destination: UnsafeMutablePointer<Float>
  private let weights: UnsafeMutablePointer<Float>
  private let scratch: UnsafeMutableRawPointer

  init(graph: FloatGraph, batch: Int) throws {
    var handle: OpaquePointer?
    try Self.check(float_context_create(&handle))
    guard let context = handle else { throw Diagnostic(problem: "oneDNN made no engine") }
    self.context = context
    var (sourceCount, destinationCount, weightCount, scratchCount) = (1, 1, 1, 1)
    var made: [(OpaquePointer, Pass, Int)] = []
    for node in graph.nodes {
      guard let (window, groups) = Self.window(of: node, in: graph, batch: batch) else { continue }
      let needsData = !graph.inputs.contains(node.inputs[0])
      let passes = try Self.primitives(context, window, groups, needsData: needsData)
      for (handle, pass) in passes {
        weightCount = max(weightCount, float_primitive_weights_bytes(handle) / 4)
        scratchCount = max(scratchCount, float_primitive_scratch_bytes(handle) / 4 + 1)
        made.append((handle, pass, Int(window.output_channels)))
      }
      let pixels = (
        window.input_height * window.input_width, window.output_height * window.output_width
      )
      sourceCount = max(sourceCount, batch * Int(pixels.0 * window.input_channels))
      destinationCount = max(destinationCount, batch * Int(pixels.1 * window.output_channels))
    }
    func buffer(_ count: Int) throws -> UnsafeMutablePointer<Float> {
      guard let memory = float_memory_create(4 * count) else {
        throw Diagnostic(problem: "there is no memory for \(count) float values")
      }
      return memory.bindMemory(to: Float.self, capacity: count)
    }
    source = try buffer(sourceCount)
    destination = try buffer(destinationCount)
    weights = try buffer(weightCount + 16 + (made.map(\.2).max() ?? 0))
    scratch = UnsafeMutableRawPointer(try buffer(scratchCount))
    for count in 0..<sourceCount { source[count] = Float(count % 7) - 3 }
    for count in 0..<destinationCount { destination[count] = Float(count % 5) - 2 }
    let bias = weights + (weightCount + 15) / 16 * 16
    primitives = made.map { Primitive(handle: $0.0, kind: $0.1, bias: bias) }
  }

  deinit {
    for primitive in primitives { float_primitive_destroy(primitive.handle) }
    float_context_destroy(context)
    for memory in [source, destination, weights] { float_memory_destroy(memory) }
    float_memory_destroy(scratch)
  }

  /// Runs every primitive once.
  func run(threads: Int) throws {
    let former = float_threads_exchange(Int32(threads))
    defer { _ = float_threads_exchange(former) }
    for primitive in primitives {
      switch primitive.kind {
      case .forward:
        try Self.check(float_primitive_run(primitive.handle, source, destination, scratch))
      case .data:
        try Self.check(float_primitive_run(primitive.handle, destination, source, scratch))
      case .weights:
        try Self.check(
          float_primitive_run_weights(
            primitive.handle, source, destination, weights, primitive.bias, scratch))
      }
    }
  }

  private static func window(
    of node: FloatNode, in graph: FloatGraph, batch: Int
  ) -> (FloatWindow, Int64)? {
    let shapes = node.inputs.map { graph.values[$0].shape.map(Int64.init) }
    let output = graph.values[node.output].shape.map(Int64.init)
    switch node.operation {
    case .convolution(let convolution):
      let window = FloatWindow(
        images: Int64(batch), input_height: shapes[0][1], input_width: shapes[0][2],
        input_channels: shapes[0][3], output_height: output[1], output_width: output[2],
        output_channels: output[3], kernel_height: shapes[1][1], kernel_width: shapes[1][2],
        stride_height: Int64(convolution.stride.height),
        stride_width: Int64(convolution.stride.width),
        dilation_height: Int64(convolution.dilation.height),
        dilation_width: Int64(convolution.dilation.width),
        pad_top: Int64(convolution.padding.top), pad_left: Int64(convolution.padding.left))
      return (window, Int64(convolution.groups))
    case .fullyConnected:
      return (
        FloatWindow(
          images: Int64(batch), input_height: 1, input_width: 1, input_channels: shapes[1][1],
          output_height: 1, output_width: 1, output_channels: shapes[1][0], kernel_height: 1,
          kernel_width: 1, stride_height: 1, stride_width: 1, dilation_height: 1,
          dilation_width: 1, pad_top: 0, pad_left: 0), 1
      )
    default: return nil
    }
  }

  private static func primitives(
    _ context: OpaquePointer, _ window: FloatWindow, _ groups: Int64, needsData: Bool
  ) throws -> [(OpaquePointer, Pass)] {
    var window = window
    let unlimited = FloatClamp(minimum: -.infinity, maximum: .infinity)
    var handles: [OpaquePointer?] = [nil, nil, nil]
    try check(float_convolution_create(context, &window, groups, true, unlimited, &handles[0]))
    guard let forward = handles[0] else { return [] }
    if needsData {
      try check(
        float_convolution_backward_data_create(context, &window, groups, forward, &handles[1]))
    }
    try check(
      float_convolution_backward_weights_create(
        context, &window, groups, true, forward, &handles[2]))
    return zip(handles, Pass.allCases).compactMap { handle, pass in handle.map { ($0, pass) } }
  }

  private static func check(_ status: FloatStatus) throws {
    guard status == 0 else {
      throw Diagnostic(problem: "oneDNN refuses it: \(String(cString: float_status_text(status)))")
    }
  }
}
