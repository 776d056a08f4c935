import CFBQSchema
import Compression
import Diagnostics
import IntegerModel

/// A graph as the bytes of a file.
final class GraphWriter {
  private let builder: OpaquePointer
  private let arena = ContentArena()
  private var bytes = FBQBytes()

  /// Builds the file. Throws a ``Diagnostic`` when the graph does not fit the format.
  init(graph: IntegerGraph, compress: Bool) throws(Diagnostic) {
    let constants = ConstantOrder(graph: graph)
    let byteCount = constants.contents.reduce(0) { $0 + $1.count + 192 }
    guard let builder = fbq_builder_create(min(byteCount, 1 << 30) + 1 << 20) else {
      throw Diagnostic(problem: "not enough memory to write the file")
    }
    self.builder = builder
    try arena.count(byteCount, place: "constants")
    for content in constants.contents.reversed() {
      try add(content, compress: compress)
    }
    for (index, tensor) in graph.tensors.enumerated() {
      try add(tensor, buffer: constants.tensorBuffers[index])
    }
    for (index, operation) in graph.operations.enumerated() {
      try add(operation, tables: constants.tableBuffers[index])
    }
    for label in graph.labels {
      fbq_builder_add_label(builder, try arena.text(label, place: "labels"))
    }
    if let pipeline = graph.inputPipeline { try add(pipeline) }
    if let record = graph.record { try add(record) }

    let header = FBQModelHeader(
      format_version: FBQFile.formatVersion, arithmetic: graph.arithmetic.rawValue,
      producer: try arena.text(graph.record?.toolVersion ?? "fbq", place: "producer"),
      name: try arena.text(graph.name, place: "name"),
      inputs: try arena.integers(graph.inputs, place: "inputs"),
      outputs: try arena.integers(graph.outputs, place: "outputs"),
      profiles: try arena.bytes(graph.profiles.map(\.rawValue), place: "profiles"))
    var checksumOffset = 0
    bytes = fbq_builder_finish(builder, header, &checksumOffset)
    FileChecksum.seal(
      UnsafeMutableRawBufferPointer(
        mutating: UnsafeRawBufferPointer(
          start: bytes.bytes, count: bytes.count)), fieldOffset: checksumOffset)
  }

  deinit { fbq_builder_destroy(builder) }

  /// Calls `body` with the whole file.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.count))
  }

  private func add(_ content: ConstantBytes, compress: Bool) throws(Diagnostic) {
    try content.withUnsafeBytes { (raw) throws(Diagnostic) in
      let checksum = CRC32.checksum(of: raw)
      func add(_ stored: UnsafeRawBufferPointer, _ compression: UInt8) {
        let data = FBQBytes(
          bytes: stored.baseAddress?.assumingMemoryBound(to: UInt8.self), count: stored.count)
        fbq_builder_add_buffer(
          builder,
          FBQBuffer(
            data: data, compression: compression, expanded_size: UInt64(raw.count),
            crc32: checksum))
      }
      if compress {
        let deflated = try Deflate.compress(raw, effort: .smallest)
        if deflated.count < raw.count {
          deflated.withUnsafeBytes { add($0, CompressionCode.deflate) }
          return
        }
      }
      add(raw, CompressionCode.none)
    }
  }

  private func add(_ tensor: TensorDescription, buffer: Int32) throws(Diagnostic) {
    let place = "tensor '\(tensor.name)'"
    var result = FBQTensor()
    result.name = try arena.text(tensor.name, place: place)
    result.shape = try arena.integers(tensor.shape, place: place)
    result.element_type = tensor.elementType.rawValue
    result.buffer = buffer
    result.is_state = tensor.isState ? 1 : 0
    if let quantization = tensor.quantization {
      result.is_quantized = 1
      result.scales = try arena.floats(quantization.scaleBits, place: place)
      result.zero_points = try arena.integers(quantization.zeroPoints, place: place)
      result.axis = try Int32(storing: quantization.axis ?? -1, place: place)
    }
    fbq_builder_add_tensor(builder, result)
  }

  private func add(_ operation: Operation, tables: [Int32]) throws(Diagnostic) {
    let place = "operation '\(operation.name)'"
    let encoder = OperationEncoder(arena: arena, place: place, tables: tables)
    let (kind, options) = try encoder.encoded(operation.kind)
    for scaling in operation.scalings {
      fbq_builder_add_scaling(builder, try encoder.encoded(scaling))
    }
    fbq_builder_add_operation(
      builder,
      FBQOperation(
        name: try arena.text(operation.name, place: place), kind: kind, options: options,
        inputs: try arena.integers(operation.inputs, place: place),
        outputs: try arena.integers(operation.outputs, place: place), scaling_count: 0))
  }

  private func add(_ pipeline: InputPipeline) throws(Diagnostic) {
    let place = "input pipeline"
    fbq_builder_set_input_pipeline(
      builder,
      FBQInputPipeline(
        height: try Int32(storing: pipeline.height, place: place),
        width: try Int32(storing: pipeline.width, place: place),
        resize_short_side: try Int32(storing: pipeline.resizeShortSide, place: place),
        channel_order: pipeline.channelOrder.rawValue,
        code_tables: try arena.shorts(pipeline.codeTables.flatMap { $0 }, place: place),
        mean: try arena.floats(pipeline.meanBits, place: place),
        standard_deviation: try arena.floats(pipeline.standardDeviationBits, place: place)))
  }

  private func add(_ record: ConversionRecord) throws(Diagnostic) {
    let place = "conversion record"
    for layer in record.layers {
      let notes = try arena.texts(layer.notes, place: place)
      let encoded = FBQLayerRecord(
        operation: try arena.text(layer.operation, place: place),
        observed_minimum_bits: layer.observedMinimumBits,
        observed_maximum_bits: layer.observedMaximumBits, headroom_bits: layer.headroomBits,
        note_count: notes.count)
      fbq_builder_add_layer(builder, encoded, notes.baseAddress, notes.count)
    }
    let options = try arena.texts(record.options, place: place)
    let encoded = FBQConversionRecord(
      source_name: try arena.text(record.sourceName, place: place),
      source_digest: try arena.text(record.sourceDigest, place: place),
      tool_version: try arena.text(record.toolVersion, place: place),
      option_count: options.count, layer_count: record.layers.count)
    fbq_builder_set_conversion_record(builder, encoded, options.baseAddress, options.count)
  }
}

/// The constants of a graph in the order in which execution needs them, which is that of the
/// buffers in the file.
private struct ConstantOrder {
  /// The bytes of each buffer.
  private(set) var contents: [ConstantBytes] = []
  /// Per tensor, its buffer or −1.
  private(set) var tensorBuffers: [Int32]
  /// Per operation, the buffers of its tables.
  private(set) var tableBuffers: [[Int32]] = []

  init(graph: IntegerGraph) {
    tensorBuffers = [Int32](repeating: -1, count: graph.tensors.count)
    for operation in graph.operations {
      for index in operation.inputs where graph.tensors.indices.contains(index) {
        place(graph.tensors[index], index)
      }
      var tables: [Int32] = []
      if case .lookup(let parameters) = operation.kind {
        for table in [parameters.table] + parameters.profileTables.map(\.table) {
          tables.append(append(table))
        }
      }
      tableBuffers.append(tables)
    }
    for (index, tensor) in graph.tensors.enumerated() { place(tensor, index) }
  }

  private mutating func place(_ tensor: TensorDescription, _ index: TensorIndex) {
    guard tensorBuffers[index] == -1, let constant = tensor.constant else { return }
    tensorBuffers[index] = append(constant)
  }

  private mutating func append(_ content: ConstantBytes) -> Int32 {
    contents.append(content)
    return Int32(truncatingIfNeeded: contents.count - 1)
  }
}
