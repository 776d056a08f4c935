import CFBQSchema
import Compression
import Diagnostics
import FBQFormat
import IntegerModel
import Testing

@Suite("What a file says and this version does not know is named")
struct UnknownContentTests {
  let memory = RawMemory()

  @Test("a newer format version")
  func version() throws {
    for (version, text) in [(2, "2"), (0, "0"), (UInt32.max, "4294967295")] as [(UInt32, String)] {
      var file = RawFile()
      file.header.format_version = version
      try expect(
        file, "its format version is \(text), this version reads up to 1; use a newer fbq")
    }
  }

  @Test("an arithmetic profile of a later version")
  func profile() throws {
    var file = RawFile()
    file.header.arithmetic = 9
    try expect(file, "arithmetic profile 9 is unknown to this version; use a newer fbq")
    file = RawFile()
    file.header.profiles = memory.data([1, 9])
    try expect(file, "profiles: arithmetic profile 9 is unknown to this version; use a newer fbq")
  }

  @Test("a scaling of an unknown form, or with words that do not fit it")
  func scaling() throws {
    var file = RawFile()
    var reshape = FBQOperation()
    reshape.name = memory.text("op")
    reshape.kind = FBQOperatorKindReshape
    file.operations = [reshape]
    file.scalings = [scaling(15, [])]
    try expect(
      file, "operation 0 'op': scaling form 15 is unknown to this version; use a newer fbq")
    file.scalings = [scaling(0, [], profile: 9)]
    try expect(
      file, "operation 0 'op': arithmetic profile 9 is unknown to this version; use a newer fbq")
    // Too many, too few, half a pair, or fewer rows and columns than they say.
    let misfits: [(UInt8, String, [Int32])] = [
      (0, "common", [1]), (1, "fixedPoint", [1]), (4, "binary64", [1]),
      (5, "binary32Sum", [1, 2, 3]), (6, "weightedSum", [1]), (9, "samples", []),
      (9, "samples", [1, 2]), (9, "samples", [2, 1, 1, 1]),
      (10, "binary32Samples", [.max, 1, 1, 1]), (11, "indices", []), (11, "indices", [-1]),
      (11, "indices", [3, 1, 2]),
    ]
    for (form, name, words) in misfits {
      file.scalings = [scaling(form, words)]
      try expect(
        file,
        "operation 0 'op': a scaling of form \(name) has \(words.count) words, which do not fit it; "
          + "copy or convert it again")
    }
  }

  private func scaling(
    _ form: UInt8, _ words: [Int32], profile: UInt8 = 3
  ) -> FBQProfileScaling {
    var scaling = FBQProfileScaling()
    scaling.profile = profile
    scaling.form = form
    scaling.words = memory.integers(words)
    return scaling
  }

  @Test("an element type")
  func elementType() throws {
    var file = RawFile()
    file.tensors = [tensor(type: 9)]
    try expect(
      file, "tensor 0 'x': element type 9 is unknown to this version; use a newer fbq")
  }

  @Test("an operator")
  func kind() throws {
    // The builder writes no options for a kind it does not know, and options are required; so turn
    // the kind of a reshape into another one.
    var file = RawFile()
    var operation = FBQOperation()
    operation.name = memory.text("op")
    operation.kind = FBQOperatorKindReshape
    file.operations = [operation]
    let original = file.bytes()
    for position in original.indices where original[position] == 14 {
      var bytes = original
      bytes[position] = 99
      RawFile.seal(&bytes)
      if error(of: bytes) == "operation 0 'op': operator 99 is unknown to this version; "
        + "use a newer fbq"
      {
        return
      }
    }
    Issue.record("no byte of the file is the operator's number")
  }

  @Test("enum values among the options")
  func options() throws {
    var convolution = FBQOperation()
    convolution.kind = FBQOperatorKindConvolution
    convolution.options.convolution.accumulator = 7
    try expect(convolution, "accumulator type 7 is unknown to this version; use a newer fbq")
    var pad = FBQOperation()
    pad.kind = FBQOperatorKindPad
    pad.options.pad.mode = 8
    try expect(pad, "pad mode 8 is unknown to this version; use a newer fbq")
    var lookup = FBQOperation()
    lookup.kind = FBQOperatorKindLookup
    lookup.options.lookup.function = 200
    try expect(lookup, "function 200 is unknown to this version; use a newer fbq")
  }

  @Test("a channel order")
  func channelOrder() throws {
    var file = RawFile()
    var pipeline = FBQInputPipeline()
    pipeline.channel_order = 3
    file.pipeline = pipeline
    try expect(
      file, "input pipeline: channel order 3 is unknown to this version; use a newer fbq")
  }

  @Test("a compression")
  func compression() throws {
    var file = RawFile()
    file.buffers = [
      FBQBuffer(data: memory.data([1]), compression: 2, expanded_size: 1, crc32: 0)
    ]
    file.tensors = [tensor(buffer: 0)]
    try expect(file, "buffer 0: its compression 2 is unknown; use a newer fbq")
  }

  @Test("numbers that contradict each other")
  func contradictions() throws {
    var convolution = FBQOperation()
    convolution.kind = FBQOperatorKindConvolution
    convolution.options.convolution.multipliers = memory.integers([1, 2])
    convolution.options.convolution.shifts = memory.integers([1])
    try expect(convolution, "it has 2 multipliers and 1 shifts; copy or convert it again")

    var file = RawFile()
    var pipeline = FBQInputPipeline()
    pipeline.code_tables = FBQShorts(values: memory.copy([1, 2, 3]), count: 3)
    file.pipeline = pipeline
    try expect(
      file,
      "input pipeline: it has 3 codes, 256 per channel are needed; copy or convert it again")

    file = RawFile()
    var quantized = tensor()
    quantized.is_quantized = 1
    quantized.axis = -2
    file.tensors = [quantized]
    try expect(file, "tensor 0 'x': its quantized axis is -2; copy or convert it again")
  }

  @Test("texts that are not UTF-8")
  func texts() throws {
    var file = RawFile()
    file.labels = [memory.text("fine"), memory.text([0xc3, 0x28])]
    try expect(file, "label 1: a text is not UTF-8; copy or convert it again")
    file = RawFile()
    file.tensors = [tensor(name: [0xff])]
    try expect(file, "tensor 0: a text is not UTF-8; copy or convert it again")
  }

  @Test("buffers that are not what a tensor needs")
  func buffers() throws {
    var file = RawFile()
    file.tensors = [tensor(buffer: 4)]
    try expect(
      file, "tensor 0 'x': buffer 4 does not exist, there are 0; copy or convert it again")
    file.tensors = [tensor(buffer: -2)]
    try expect(
      file, "tensor 0 'x': buffer -2 does not exist, there are 0; copy or convert it again")
    file.buffers = [buffer([1, 2, 3])]
    file.tensors = [tensor(shape: [2], buffer: 0)]
    try expect(
      file, "tensor 0 'x': it takes 2 bytes, buffer 0 has 3; copy or convert it again")
    file.tensors = [tensor(shape: [1 << 30, 1 << 30, 1 << 30], buffer: 0)]
    try expect(
      file,
      "tensor 0 'x': its shape [1073741824, 1073741824, 1073741824] is impossible; "
        + "copy or convert it again")
    file.tensors = [tensor(shape: [-1], buffer: 0)]
    try expect(
      file, "tensor 0 'x': its shape [-1] is impossible; copy or convert it again")
    file.buffers[0].expanded_size = 2
    file.tensors = [tensor(shape: [2], buffer: 0)]
    try expect(
      file,
      "buffer 0: it is stored in 3 bytes, its size is stated as 2; copy or convert it again")
    file.buffers[0].crc32 ^= 1
    try expect(
      file, "buffer 0: its checksum does not fit its content; copy or convert it again")
  }

  @Test("compressed buffers that are not what they claim")
  func compressed() throws {
    let content = [UInt8](repeating: 7, count: 1000)
    let deflated = try content.withUnsafeBytes { try Deflate.compress($0) }
    var file = RawFile()
    file.tensors = [tensor(shape: [1000], buffer: 0)]
    file.buffers = [
      FBQBuffer(
        data: memory.data(deflated), compression: 1, expanded_size: 1000,
        crc32: CRC32.checksum(of: content))
    ]
    #expect(
      try FBQFile.unvalidatedGraph(in: storage(file.bytes())).tensors[0].constant
        == ConstantBytes(copying: content))
    file.buffers[0].crc32 ^= 1
    try expect(
      file, "buffer 0: its checksum does not fit its content; copy or convert it again")
    file.buffers[0].expanded_size = 999
    file.tensors = [tensor(shape: [999], buffer: 0)]
    try expect(
      file,
      "buffer 0: the compressed data expands to more bytes than stated; copy or convert it again")
    file.buffers[0].data.count -= 1
    file.buffers[0].expanded_size = 1000
    file.tensors = [tensor(shape: [1000], buffer: 0)]
    try expect(file, "buffer 0: the compressed data is cut short; copy or convert it again")
    file.buffers[0].expanded_size = 1 << 30
    file.tensors = [tensor(shape: [1 << 30], buffer: 0)]
    let limit = (deflated.count - 1) * 1032
    try expect(
      file,
      "buffer 0: its \(deflated.count - 1) compressed bytes claim to hold 1073741824, "
        + "the limit is \(limit); copy or convert it again")
  }

  private func tensor(
    name: [UInt8] = [0x78], shape: [Int32] = [1], type: UInt8 = 0, buffer: Int32 = -1
  ) -> FBQTensor {
    var tensor = FBQTensor()
    tensor.name = memory.text(name)
    tensor.shape = memory.integers(shape)
    tensor.element_type = type
    tensor.buffer = buffer
    return tensor
  }

  private func buffer(_ bytes: [UInt8]) -> FBQBuffer {
    FBQBuffer(
      data: memory.data(bytes), compression: 0, expanded_size: UInt64(bytes.count),
      crc32: CRC32.checksum(of: bytes))
  }

  private func expect(
    _ operation: FBQOperation, _ message: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    var named = operation
    named.name = memory.text("op")
    var file = RawFile()
    file.operations = [named]
    try expect(file, "operation 0 'op': " + message, at: location)
  }

  private func expect(
    _ file: RawFile, _ message: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    #expect(error(of: file.bytes()) == message, sourceLocation: location)
  }

  private func error(of bytes: [UInt8]) -> String? {
    do throws(Diagnostic) {
      _ = try FBQFile.unvalidatedGraph(in: storage(bytes))
      return nil
    } catch {
      return error.description
    }
  }

  private func storage(_ bytes: [UInt8]) -> ByteStorage {
    bytes.withUnsafeBytes { ByteStorage(copying: $0) }
  }
}
