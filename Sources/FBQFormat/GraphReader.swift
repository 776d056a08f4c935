import CFBQSchema
import Diagnostics
import IntegerModel

/// Turns a verified file into a graph, checking what the verifier does not: enum values, counts that
/// must agree, and that the work stays bounded.
struct GraphReader {
  private let model: FBQModelRef
  private let buffers: BufferReader
  private var content: ContentReader

  /// Prepares to read `model`, whose size and checksum are right.
  init(model: FBQModelRef, buffers: BufferReader) throws(Diagnostic) {
    self.model = model
    self.buffers = buffers
    content = ContentReader(fileByteCount: Int(fbq_file_size(model)))
    let version = fbq_header(model).format_version
    guard version >= 1, version <= FBQFile.formatVersion else {
      throw Diagnostic(
        problem: "its format version is \(version), this version reads up to "
          + "\(FBQFile.formatVersion)", remedy: FBQFile.versionRemedy)
    }
  }

  /// The whole graph, not yet validated.
  consuming func graph() throws(Diagnostic) -> IntegerGraph {
    let header = fbq_header(model)
    var graph = IntegerGraph(
      name: try content.text(header.name, place: "name"),
      arithmetic: try content.value(of: header.arithmetic, "arithmetic profile", place: ""))
    for number in try content.bytes(header.profiles) {
      graph.profiles.append(
        try content.value(of: number, "arithmetic profile", place: "profiles"))
    }
    for index in 0..<fbq_tensor_count(model) {
      graph.tensors.append(try tensor(index))
    }
    var operations = OperationReader(content: content, buffers: buffers)
    for index in 0..<fbq_operation_count(model) {
      graph.operations.append(try operations.operation(of: model, index))
    }
    content = operations.content
    graph.inputs = try content.integers(header.inputs)
    graph.outputs = try content.integers(header.outputs)
    for index in 0..<fbq_label_count(model) {
      graph.labels.append(try content.text(fbq_label(model, index), place: "label \(index)"))
    }
    graph.inputPipeline = try inputPipeline()
    graph.record = try record()
    return graph
  }

  private mutating func tensor(_ index: Int) throws(Diagnostic) -> TensorDescription {
    let source = fbq_tensor(model, index)
    let name = try content.text(source.name, place: "tensor \(index)")
    let place = "tensor \(index) '\(name)'"
    var tensor = TensorDescription(
      name: name, shape: try content.integers(source.shape),
      elementType: try content.value(of: source.element_type, "element type", place: place),
      isState: source.is_state != 0)
    if source.is_quantized != 0 {
      guard source.axis >= -1 else {
        throw Diagnostic(
          place: place, problem: "its quantized axis is \(source.axis)",
          remedy: FBQFile.damageRemedy)
      }
      tensor.quantization = Quantization(
        scaleBits: try content.bits(source.scales),
        zeroPoints: try content.integers(source.zero_points),
        axis: source.axis == -1 ? nil : Int(source.axis))
    }
    if source.buffer != -1 {
      tensor.constant = try buffers.bytes(
        at: Int(source.buffer), byteCount: try byteCount(of: tensor, place: place), place: place)
    }
    return tensor
  }

  /// Bytes that a constant takes, computed without trust in its shape.
  private func byteCount(of tensor: TensorDescription, place: String) throws(Diagnostic) -> Int {
    var count = 1
    for extent in tensor.shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      // The greatest element has 8 bytes.
      guard extent >= 0, !overflows, product <= Int.max / 8 else {
        throw Diagnostic(
          place: place, problem: "its shape \(tensor.shape) is impossible",
          remedy: FBQFile.damageRemedy)
      }
      count = product
    }
    return tensor.elementType.byteCount(of: count)
  }

  private mutating func inputPipeline() throws(Diagnostic) -> InputPipeline? {
    var source = FBQInputPipeline()
    guard fbq_input_pipeline(model, &source) != 0 else { return nil }
    let place = "input pipeline"
    let codes = try content.shorts(source.code_tables)
    guard codes.count % 256 == 0 else {
      throw Diagnostic(
        place: place, problem: "it has \(codes.count) codes, 256 per channel are needed",
        remedy: FBQFile.damageRemedy)
    }
    return InputPipeline(
      height: Int(source.height), width: Int(source.width),
      resizeShortSide: Int(source.resize_short_side),
      channelOrder: try content.value(of: source.channel_order, "channel order", place: place),
      codeTables: stride(from: 0, to: codes.count, by: 256).map { [Int16](codes[$0..<$0 + 256]) },
      meanBits: try content.bits(source.mean),
      standardDeviationBits: try content.bits(source.standard_deviation))
  }

  private mutating func record() throws(Diagnostic) -> ConversionRecord? {
    var source = FBQConversionRecord()
    guard fbq_conversion_record(model, &source) != 0 else { return nil }
    let place = "conversion record"
    var record = ConversionRecord(
      sourceName: try content.text(source.source_name, place: place),
      sourceDigest: try content.text(source.source_digest, place: place),
      toolVersion: try content.text(source.tool_version, place: place), options: [], layers: [])
    for index in 0..<source.option_count {
      record.options.append(try content.text(fbq_record_option(model, index), place: place))
    }
    for index in 0..<source.layer_count {
      let layer = fbq_record_layer(model, index)
      var notes: [String] = []
      for note in 0..<layer.note_count {
        notes.append(try content.text(fbq_record_note(model, index, note), place: place))
      }
      record.layers.append(
        LayerRecord(
          operation: try content.text(layer.operation, place: place),
          observedMinimumBits: layer.observed_minimum_bits,
          observedMaximumBits: layer.observed_maximum_bits, headroomBits: layer.headroom_bits,
          notes: notes))
    }
    return record
  }
}
