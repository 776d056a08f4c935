import CTFLiteSchema
import Diagnostics
import TFLiteFormat
import TestSupport
import Testing

/// What reading `bytes` says, or `nil` where it succeeds.
func error(of bytes: [UInt8]) -> String? {
  do {
    _ = try read(bytes)
    return nil
  } catch {
    return "\(error)"
  }
}

/// A file of two tensors and one operator, built without the checks of `TFLiteFile`.
private struct RawFile {
  var codes: [(code: Int32, version: Int32)] = [(19, 1)]
  var operators: [(code: UInt32, inputs: [Int32], outputs: [Int32])] = [(0, [0], [1])]
  var options = TFLOptions()
  var type: Int8 = 9
  var buffer: UInt32 = 0
  var inputs: [Int32] = [0]
  var outputs: [Int32] = [1]

  func bytes() throws -> [UInt8] {
    let builder = try #require(tfl_builder_create(1024))
    defer { tfl_builder_destroy(builder) }
    func integers(_ values: [Int32]) -> TFLPart {
      tfl_builder_add_integers(builder, values, values.count)
    }
    tfl_builder_add_buffer(builder, nil, 0)
    for index in 0..<2 {
      var tensor = TFLNewTensor()
      tensor.name = tfl_builder_add_text(builder, index == 0 ? "in" : "out", index == 0 ? 2 : 3)
      tensor.shape = integers([1])
      tensor.type = index == 0 ? type : 9
      tensor.buffer = index == 0 ? buffer : 0
      tfl_builder_add_tensor(builder, tensor)
    }
    for entry in codes { tfl_builder_add_operator_code(builder, entry.code, 0, entry.version) }
    for entry in operators {
      tfl_builder_add_operator(
        builder,
        TFLNewOperator(
          opcode_index: entry.code, inputs: integers(entry.inputs),
          outputs: integers(entry.outputs), intermediates: 0, custom_options: 0), options)
    }
    let file = tfl_builder_finish(builder, integers(inputs), integers(outputs), 0)
    return [UInt8](UnsafeBufferPointer(start: file.bytes, count: file.count))
  }
}

@Suite("What a .tflite file is refused for")
struct RefusalTests {
  private func error(_ change: (inout RawFile) -> Void) throws -> String? {
    var file = RawFile()
    change(&file)
    return TFLiteFormatTests.error(of: try file.bytes())
  }

  private func error(
    kind: TFLOptionsKind, code: Int32, _ change: (inout TFLOptions) -> Void
  ) throws -> String? {
    try error {
      $0.codes = [(code, 1)]
      $0.options.kind = kind
      change(&$0.options)
    }
  }

  @Test("an undamaged file is not")
  func accepted() throws { #expect(try error { _ in } == nil) }

  @Test("no .tflite file")
  func identifier() {
    let message = "it is no .tflite file: 'TFL3' is missing at byte 4; name a .tflite model"
    #expect(TFLiteFormatTests.error(of: []) == message)
    #expect(TFLiteFormatTests.error(of: [1, 2, 3, 4, 5, 6, 7]) == message)
    #expect(TFLiteFormatTests.error(of: [UInt8](repeating: 0, count: 100)) == message)
  }

  @Test("a file that is missing, or cut short, is named")
  func named() throws {
    let folder = try TemporaryFolder()
    let bytes = try RawFile().bytes()
    let path = try folder.write(Array(bytes.prefix(bytes.count / 2)), to: "half.tflite")
    func message(_ path: String) -> String {
      do {
        _ = try TFLiteFile.read(path: path)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message(path)
        == "\(path): its structure is damaged or it is cut short; download or convert it again")
    #expect(message(path + "x") == "\(path)x: there is no such file; check the path")
  }

  @Test("operators that are not supported are named, unknown ones numbered")
  func operators() throws {
    #expect(
      try error { $0.codes = [(95, 1)] }
        == "operator 0: FLOOR_MOD is not supported; replace it in the source model, or cut the "
        + "model before it")
    #expect(
      try error { $0.codes = [(1234, 1)] }
        == "operator 0: operator of number 1234 is not supported; replace it in the source model, "
        + "or cut the model before it")
    // 127 in the narrow number and −1 in the wide one: the placeholder is no operator.
    #expect(
      try error { $0.codes = [(127, 1)] }
        == "operator 0: PLACEHOLDER_FOR_GREATER_OP_CODES is not supported; replace it in the "
        + "source model, or cut the model before it")
  }

  @Test("an operator code that no operator uses does no harm")
  func unusedCode() throws { #expect(try error { $0.codes = [(19, 1), (119, 1)] } == nil) }

  @Test("indices out of range")
  func indices() throws {
    let remedy = "; download or convert it again"
    #expect(
      try error { $0.operators = [(1, [0], [1])] }
        == "operator 0: its operator code is 1, the file has 1" + remedy)
    #expect(
      try error { $0.operators = [(0, [0, 2], [1])] }
        == "operator 0 RELU: its input 1 is tensor 2, the file has 2" + remedy)
    #expect(
      try error { $0.operators = [(0, [-2], [1])] }
        == "operator 0 RELU: its input 0 is tensor -2, the file has 2" + remedy)
    #expect(
      try error { $0.operators = [(0, [0], [-1])] }
        == "operator 0 RELU: its output 0 is tensor -1, the file has 2" + remedy)
    #expect(
      try error { $0.inputs = [0, 9] }
        == "model: its input 1 is tensor 9, the file has 2" + remedy)
    #expect(
      try error { $0.outputs = [-1] }
        == "model: its output 0 is tensor -1, the file has 2" + remedy)
    #expect(
      try error { $0.buffer = 1 }
        == "tensor 0 'in': its buffer is 1, the file has 1" + remedy)
  }

  @Test("element types that are not supported")
  func elementTypes() throws {
    let remedy = "; convert the model with float32, int8, uint8 or int16 tensors"
    #expect(
      try error { $0.type = 5 }
        == "tensor 0 'in': its element type STRING is not supported" + remedy)
    #expect(
      try error { $0.type = -7 }
        == "tensor 0 'in': its element type of number -7 is not supported" + remedy)
  }

  @Test("options that do not belong to the operator or say what is not supported")
  func options() throws {
    let damage = "; download or convert it again"
    #expect(
      try error(kind: TFLOptionsKindSoftmax, code: 3) { _ in }
        == "operator 0 CONV_2D: its options are of type 9, those of this operator are of type 1"
        + damage)
    #expect(
      try error(kind: TFLOptionsKindConvolution, code: 3) { $0.padding = 2 }
        == "operator 0 CONV_2D: its padding is of number 2, the limit is 1" + damage)
    let activation = " is not supported; make the activation an operator of its own in the source "
    #expect(
      try error(kind: TFLOptionsKindAdd, code: 0) { $0.activation = 4 }
        == "operator 0 ADD: its fused activation TANH" + activation + "model")
    #expect(
      try error(kind: TFLOptionsKindAdd, code: 0) { $0.activation = 5 }
        == "operator 0 ADD: its fused activation SIGN_BIT" + activation + "model")
    #expect(
      try error(kind: TFLOptionsKindMultiply, code: 18) { $0.activation = 77 }
        == "operator 0 MUL: its fused activation of number 77" + activation + "model")
    #expect(
      try error(kind: TFLOptionsKindArgMax, code: 56) { $0.element_type = 5 }
        == "operator 0 ARG_MAX: its output type is of number 5" + damage)
    #expect(
      try error(kind: TFLOptionsKindMirrorPad, code: 100) { $0.mode = 3 }
        == "operator 0 MIRROR_PAD: its mode is of number 3, the limit is 1" + damage)
    #expect(
      try error(kind: TFLOptionsKindStridedSlice, code: 45) { $0.offset = 1 }
        == "operator 0 STRIDED_SLICE: its ends count from its begins, which is not supported; "
        + "convert the model without the option 'offset'")
    #expect(
      try error(kind: TFLOptionsKindLSTM, code: 44) { $0.diagonal_recurrent_tensors = 1 }
        == "operator 0 UNIDIRECTIONAL_SEQUENCE_LSTM: its recurrent weights are diagonal, which is "
        + "not supported; convert the model with full matrices")
  }

  @Test("models that cannot be written")
  func unwritable() {
    func message(_ model: TFLiteModel) -> String? {
      do throws(Diagnostic) {
        _ = try TFLiteFile.bytes(of: model)
        return nil
      } catch { return "\(error)" }
    }
    let defect = "; this is a defect of fbq; please report the model"
    #expect(
      message(model(of: TFLiteOperator(code: .relu, inputs: [2], outputs: [1])))
        == "operator 0 relu: its input 0 is tensor 2, the model has 2" + defect)
    #expect(
      message(
        model(
          of: TFLiteOperator(
            code: .conv2D, options: .softmax(beta: 1), inputs: [0], outputs: [1])))
        == "operator 0 conv2D: its options are those of another operator" + defect)
    #expect(
      message(
        model(
          of: TFLiteOperator(code: .relu, inputs: [0], outputs: [1]),
          tensors: [TFLiteTensor(name: "x", shape: [1 << 40], elementType: .int8)]))
        == "tensor 0 'x': the number 1099511627776 does not fit the file, the limit is 2147483647")
  }
}
