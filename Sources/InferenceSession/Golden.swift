import Diagnostics
import FoundationEssentials
import IntegerModel
import TensorFiles

/// A recorded run to compare others with: codes of tensors over some inputs, in an `.npz` file.
///
/// A file that `qrun --record` wrote describes itself: it holds the codes of the inputs as well, so
/// that a run can be repeated without the images, and in the member ``descriptionMember`` which
/// arithmetic was used and what the inputs were. Any other `.npz` file whose members are named after
/// tensors of the model and include all its outputs serves as well: one of `--dump-tensors`, or one
/// that a device wrote.
public struct Golden: Sendable {
  /// What a golden says about itself, as JSON.
  public struct Description: Codable, Equatable, Sendable {
    /// Version of this description.
    public var format = 1
    /// Name of the model.
    public var model: String
    /// Name of the arithmetic profile that was used.
    public var arithmetic: String
    /// Names of the inputs in order.
    public var inputs: [String]
    /// Whether each input began with fresh states; absent where the states went on from input to input,
    /// or where there are none.
    public var resetsState: Bool?

    /// Creates a description.
    public init(model: String, arithmetic: String, inputs: [String], resetsState: Bool? = nil) {
      self.model = model
      self.arithmetic = arithmetic
      self.inputs = inputs
      self.resetsState = resetsState
    }
  }

  /// Name of the member that holds the description, as UTF-8 text.
  public static let descriptionMember = "fbq.golden"

  /// What the file says about itself; `nil` for a plain one.
  public let description: Description?
  /// Number of inputs.
  public let inputCount: Int
  /// Whether all inputs of the model are in the file, so that a run can be repeated from it.
  public let hasInputs: Bool
  /// The recorded tensors in the order in which a run computes them.
  let tensors: [(index: TensorIndex, array: NumericArray)]
  private let path: String

  /// Whether tensors between input and output are recorded as well.
  public func hasIntermediates(of graph: IntegerGraph) -> Bool {
    tensors.contains { !graph.inputs.contains($0.index) && !graph.outputs.contains($0.index) }
  }

  /// Reads a golden for `graph`.
  ///
  /// Throws a ``Diagnostic`` that names file and member when the file cannot be read, an output of
  /// the model is missing, a member is no tensor of the model or has another type or shape, or
  /// members hold different numbers of inputs.
  public init(path: String, for graph: IntegerGraph) throws(Diagnostic) {
    do throws(Diagnostic) {
      var arrays = try NPZFile.read(path: path)
      var description: Description?
      if let position = arrays.firstIndex(where: { $0.name == Golden.descriptionMember }) {
        description = try Golden.description(in: arrays.remove(at: position))
      }
      let order = graph.activationsInOrder
      var found: [(index: TensorIndex, array: NumericArray)] = []
      var count: Int? = description?.inputs.count
      for array in arrays {
        guard let index = order.first(where: { graph.tensors[$0].name == array.name }) else {
          throw Diagnostic(
            place: "member '\(array.name)'", problem: "the model has no such activation",
            remedy: "record the golden with this model")
        }
        let arrayCount = try graph.tensors[index].checkedInputCount(of: array)
        guard arrayCount == count ?? arrayCount else {
          throw Diagnostic(
            place: "member '\(array.name)'",
            problem: "it holds \(arrayCount) inputs, others hold \(count ?? 0)",
            remedy: "record the golden again")
        }
        count = arrayCount
        found.append((index, array))
      }
      for output in graph.outputs where !found.contains(where: { $0.index == output }) {
        throw Diagnostic(
          place: "member '\(graph.tensors[output].name)'",
          problem: "it is missing, the model has this output", remedy: "record the golden again")
      }
      guard let count, count > 0 else { throw Diagnostic(problem: "it holds no input") }
      self.description = description
      inputCount = count
      hasInputs = graph.inputs.allSatisfy { input in found.contains { $0.index == input } }
      tensors = order.compactMap { index in found.first { $0.index == index } }
      self.path = path
    } catch {
      throw error.inFile(path)
    }
  }

  /// Throws a ``Diagnostic`` where the golden was recorded under another arithmetic than
  /// `arithmetic`: differences would mean nothing.
  public func requireSameArithmetic(_ arithmetic: ArithmeticProfile) throws(Diagnostic) {
    guard let description, description.arithmetic != arithmetic.name else { return }
    throw Diagnostic(
      file: path,
      problem: "it was recorded under arithmetic '\(description.arithmetic)', this run uses "
        + "'\(arithmetic.name)'",
      remedy: "add --arithmetic \(description.arithmetic)")
  }

  /// Throws a ``Diagnostic`` where the run treats the model's states otherwise than the recorded one.
  public func requireSameStates(resets: Bool) throws(Diagnostic) {
    guard let description, (description.resetsState ?? false) != resets else { return }
    throw Diagnostic(
      file: path,
      problem: resets
        ? "it was recorded with states that go on from input to input"
        : "it was recorded with fresh states for each input",
      remedy: resets ? "leave out --reset-state" : "add --reset-state")
  }

  /// Throws a ``Diagnostic`` where the run has another number of inputs than the golden.
  public func requireInputCount(_ count: Int) throws(Diagnostic) {
    guard count != inputCount else { return }
    throw Diagnostic(
      file: path, problem: "it holds \(inputCount) inputs, this run has \(count)",
      remedy: hasInputs
        ? "give the same inputs, or none to use those of the golden"
        : "give the same inputs")
  }

  /// The recorded inputs.
  ///
  /// Throws a ``Diagnostic`` where the file does not hold them.
  public func inputs(for graph: IntegerGraph) throws(Diagnostic) -> InputSequence {
    guard hasInputs else {
      throw Diagnostic(
        file: path, problem: "it does not hold the model's inputs", remedy: "give the inputs too")
    }
    return try InputSequence(arrays: tensors.map(\.array), for: graph) { index, count in
      description?.inputs[index] ?? (count == 1 ? path : "\(path)[\(index)]")
    }
  }

  /// Writes a golden of `arrays`, which are named after their tensors.
  ///
  /// Throws a ``Diagnostic`` when the file cannot be written.
  public static func write(
    _ arrays: [NumericArray], description: Description, to path: String
  ) throws(Diagnostic) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let text = try? encoder.encode(description) else {
      throw Diagnostic(file: path, problem: "the run cannot be described")
    }
    try NPZFile.write(
      arrays + [NumericArray(name: descriptionMember, values: [UInt8](text))], to: path,
      compress: true)
  }

  private static func description(in array: NumericArray) throws(Diagnostic) -> Description {
    guard array.elementType == .uint8,
      let result = try? JSONDecoder().decode(Description.self, from: Data(array.bytes)),
      result.format == 1
    else {
      throw Diagnostic(
        place: "member '\(descriptionMember)'", problem: "it is no description this version reads",
        remedy: "record the golden again")
    }
    return result
  }
}
