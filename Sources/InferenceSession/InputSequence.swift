import Diagnostics
import FileAccess
import ImageInput
import IntegerModel
import IntegerRuntime
import TensorFiles

/// The inputs that a model is to run on, one after the other.
public struct InputSequence: Sendable {
  private enum Source: Sendable {
    /// Image files, for the model's input pipeline.
    case images([String])
    /// Per graph input, the codes of all inputs one after the other; and what they are called.
    case codes([[UInt8]], names: [String])
    /// One input in which every real is 0.
    case zeros
  }

  private let source: Source
  private let buffers = FileBuffers()

  /// Number of inputs.
  public var count: Int {
    switch source {
    case .images(let paths): paths.count
    case .codes(_, let names): names.count
    case .zeros: 1
    }
  }

  /// What people call input `index`: the path of an image, or `FILE[i]`.
  public func name(of index: Int) -> String {
    switch source {
    case .images(let paths): paths[index]
    case .codes(_, let names): names[index]
    case .zeros: "zeros"
    }
  }

  /// Image files for the first and only input of `graph`; folders among `paths` stand for the images
  /// in them.
  ///
  /// Throws a ``Diagnostic`` when the model does not take one image, or a folder holds none.
  public init(images paths: [String], for graph: IntegerGraph) throws(Diagnostic) {
    guard graph.inputPipeline != nil else {
      throw Diagnostic(
        place: "input '\(graph.tensors[graph.inputs[0]].name)'",
        problem: "the model does not say how an image becomes its input",
        remedy: "give --mean and --std when qconvert makes the file, or codes with --input here")
    }
    guard graph.inputs.count == 1 else {
      throw Diagnostic(
        problem: "the model has \(graph.inputs.count) inputs, an image fills only one",
        remedy: "give codes with --input")
    }
    var files: [String] = []
    for path in paths {
      if PathCheck.isFolder(path) {
        files += try ImageFile.list(folder: path)
      } else {
        files.append(path)
      }
    }
    source = .images(files)
  }

  /// The codes in an `.npy` file, for a model with one input, or in an `.npz` file with a member per
  /// input of the model; other members are left alone. An array may have a leading axis over several
  /// inputs.
  ///
  /// Throws a ``Diagnostic`` that names file and member when a member is missing or has another type
  /// or shape than the model's input, or members hold different numbers of inputs.
  public init(codes path: String, for graph: IntegerGraph) throws(Diagnostic) {
    do throws(Diagnostic) {
      let arrays: [NumericArray]
      if try PathCheck.isArchive(path) {
        arrays = try NPZFile.read(path: path)
      } else {
        guard graph.inputs.count == 1 else {
          throw Diagnostic(
            problem: "the model has \(graph.inputs.count) inputs, an .npy file fills only one",
            remedy: "give an .npz file with the members "
              + InputSequence.names(graph.inputs.map { graph.tensors[$0].name }))
        }
        var array = try NPYFile.read(path: path)
        array.name = graph.tensors[graph.inputs[0]].name
        arrays = [array]
      }
      try self.init(arrays: arrays, for: graph) { index, count in
        count == 1 ? path : "\(path)[\(index)]"
      }
    } catch {
      throw error.inFile(path)
    }
  }

  /// The codes in `arrays`, one per input of the model, found by name; others are left alone. `name`
  /// makes up the name of an input from its index and the number of them.
  ///
  /// Throws a ``Diagnostic`` as ``init(codes:for:)`` does, without a file name.
  public init(
    arrays: [NumericArray], for graph: IntegerGraph, name: (Int, Int) -> String
  ) throws(Diagnostic) {
    var count: Int?
    var codes: [[UInt8]] = []
    for index in graph.inputs {
      let tensor = graph.tensors[index]
      guard let array = arrays.first(where: { $0.name == tensor.name }) else {
        throw Diagnostic(
          place: "member '\(tensor.name)'",
          problem: "it is missing; the file holds "
            + (arrays.isEmpty ? "nothing" : InputSequence.names(arrays.map(\.name))),
          remedy: "name the arrays after the model's inputs")
      }
      let found = try tensor.checkedInputCount(of: array)
      guard found == count ?? found else {
        throw Diagnostic(
          place: "member '\(tensor.name)'",
          problem: "it holds \(found) inputs, the member before it \(count ?? 0)",
          remedy: "give every input the same leading axis")
      }
      count = found
      codes.append(array.bytes)
    }
    guard let count, count > 0 else { throw Diagnostic(problem: "it holds no input") }
    source = .codes(codes, names: (0..<count).map { name($0, count) })
  }

  /// A single input in which every real is 0, for measuring time.
  public static var zeros: InputSequence { InputSequence(source: .zeros) }

  private init(source: Source) { self.source = source }

  /// Fills the inputs of `interpreter` with input `index`.
  ///
  /// Throws a ``Diagnostic`` that names the image when it cannot be read or does not fit the model.
  public func load(_ index: Int, into interpreter: Interpreter) throws(Diagnostic) {
    let graph = interpreter.graph
    switch source {
    case .images(let paths):
      guard let pipeline = graph.inputPipeline else { return }
      let image = try buffers.borrow { buffer throws(Diagnostic) in
        try ImageFile.read(path: paths[index], buffer: buffer)
      }
      do throws(Diagnostic) {
        try pipeline.encode(
          try pipeline.pixels(of: image), as: graph.tensors[graph.inputs[0]].elementType,
          into: interpreter.mutableBytes(of: graph.inputs[0]))
      } catch {
        throw error.inFile(paths[index])
      }
    case .codes(let codes, _):
      for (input, bytes) in zip(graph.inputs, codes) {
        let destination = interpreter.mutableBytes(of: input)
        let start = index * destination.count
        destination.copyBytes(from: bytes[start..<start + destination.count])
      }
    case .zeros:
      for input in graph.inputs {
        let tensor = graph.tensors[input]
        let destination = interpreter.mutableBytes(of: input)
        let width = tensor.elementType.byteCount(of: 1)
        withUnsafeBytes(of: tensor.zeroPoint.littleEndian) { zero in
          for position in destination.indices { destination[position] = zero[position % width] }
        }
      }
    }
  }

  /// `'a', 'b'`, cut short where there are many.
  static func names(_ names: [String]) -> String {
    names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
      + (names.count > 8 ? " and \(names.count - 8) more" : "")
  }
}

extension TensorDescription {
  /// How many inputs `array` holds; see ``inputCount(of:)``.
  ///
  /// Throws a ``Diagnostic`` that names the member when its type or shape is another one.
  func checkedInputCount(of array: NumericArray) throws(Diagnostic) -> Int {
    guard array.elementType == elementType.arrayElementType else {
      throw Diagnostic(
        place: "member '\(array.name)'",
        problem: "it holds \(array.elementType.name), the model has \(elementType.name)",
        remedy: array.elementType.isInteger
          ? "convert it" : "quantize it: code = round(real / scale) + zero point")
    }
    guard let count = inputCount(of: array) else {
      throw Diagnostic(
        place: "member '\(array.name)'",
        problem: "its shape is \(array.shape), the model has \(shape)",
        remedy: "give that shape, or one with a leading axis over the inputs")
    }
    return count
  }
}
