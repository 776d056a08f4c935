import Diagnostics
import IntegerModel
import OperatorArithmetic
import TFLiteFormat

extension GraphExporter {
  /// What TFLite's kernels derive from the scales in a file.
  var derivation: OperatorDerivation { OperatorDerivation(profile: .tflm) }

  /// Scale and zero point of an activation.
  func codes(of tensor: TensorDescription) throws(Diagnostic) -> AffineCodes {
    guard let quantization = tensor.quantization, quantization.scaleBits.count == 1 else {
      throw Diagnostic(
        place: "tensor '\(tensor.name)'",
        problem: "it has no scale, from which TFLite could derive the arithmetic",
        remedy: "convert the source model again")
    }
    return AffineCodes(
      scale: Float(bitPattern: quantization.scaleBits[0]), zeroPoint: quantization.zeroPoint,
      elementType: tensor.elementType)
  }

  /// Refuses multipliers that are not those which TFLite would use.
  func require(
    _ stored: [FixedPointMultiplier], are derived: [FixedPointMultiplier]
  ) throws(Diagnostic) {
    // One multiplier may stand for all channels.
    let count = max(stored.count, derived.count)
    for index in 0..<count {
      let (left, right) = (
        stored[stored.count == 1 ? 0 : index], derived[derived.count == 1 ? 0 : index]
      )
      guard left != right else { continue }
      throw Diagnostic(
        problem: "multiplier \(index) is \(text(left)), but TFLite derives \(text(right)) from the "
          + "scales", remedy: GraphExporter.otherBitsRemedy)
    }
  }

  /// Refuses another number that is not the one which TFLite would use.
  func require(_ stored: Int32, is derived: Int32, _ what: String) throws(Diagnostic) {
    guard stored != derived else { return }
    throw Diagnostic(
      problem: "\(what) is \(stored), but TFLite derives \(derived) from the scales",
      remedy: GraphExporter.otherBitsRemedy)
  }

  /// Refuses numbers of the other profiles that do not follow from the scales either.
  func requireDerivedProfiles() throws(Diagnostic) {
    guard !graph.profiles.isEmpty else { return }
    var derived = graph
    derived.deriveProfiles()
    for (operation, expected) in zip(graph.operations, derived.operations) {
      for profile in graph.profiles
      where operation.resolved(for: profile) != expected.resolved(for: profile) {
        throw Diagnostic(
          place: "operation '\(operation.name)'",
          problem: "its numbers for profile \(profile.name) are not those that follow from the "
            + "scales", remedy: GraphExporter.otherBitsRemedy)
      }
    }
  }

  static let otherBitsRemedy =
    "the exported model would give other bits; convert the source model again with this version"

  private func text(_ multiplier: FixedPointMultiplier) -> String {
    "\(multiplier.multiplier)·2^\(multiplier.shift - 31)"
  }

  // MARK: - Fused activations

  /// Where an operator with a clamp writes to, and what clamps there.
  struct ClampedOutput {
    /// The activation that TFLite is to fuse.
    var activation: TFLiteActivation
    /// The tensor that the operator writes.
    var tensor: Int
    /// The clamp that must follow because no activation is it.
    fileprivate var remaining: CodeRange?
  }

  /// Plans the output of `operation`, whose results are clamped to `clamp`.
  mutating func clampedOutput(
    _ operation: Operation, _ clamp: CodeRange
  ) throws(Diagnostic) -> ClampedOutput {
    let tensor = output(operation)
    let codes = try codes(of: tensor)
    let activations: [(TFLiteActivation, RealRange)] = [
      (.none, .unlimited), (.relu, .relu), (.relu6, .relu6), (.reluN1To1, .reluN1To1),
    ]
    for (activation, range) in activations where codes.range(of: range) == clamp {
      return ClampedOutput(
        activation: activation, tensor: try builder.tensor(operation.outputs[0]))
    }
    return ClampedOutput(
      activation: .none, tensor: builder.addIntermediate(like: tensor, suffix: "_unclamped"),
      remaining: clamp)
  }

  /// Appends what is left of the clamp of `output`, after the operator that wrote it.
  mutating func finish(
    _ output: ClampedOutput, of operation: Operation
  ) throws(Diagnostic) {
    guard let clamp = output.remaining else { return }
    try appendClamp(clamp, of: output.tensor, operation)
  }

  /// Appends MAXIMUM and MINIMUM, as far as `clamp` needs them, from a tensor of the codes of the
  /// operation's output to that.
  mutating func appendClamp(
    _ clamp: CodeRange, of source: Int, _ operation: Operation
  ) throws(Diagnostic) {
    let tensor = self.output(operation)
    let target = try builder.tensor(operation.outputs[0])
    let full = try codes(of: tensor).range
    var steps: [(code: TFLiteOperatorCode, limit: Int32, name: String)] = []
    if clamp.minimum > full.minimum { steps.append((.maximum, clamp.minimum, "_minimum")) }
    if clamp.maximum < full.maximum || steps.isEmpty {
      steps.append((.minimum, clamp.maximum, "_maximum"))
    }
    var current = source
    for (position, step) in steps.enumerated() {
      let limit = builder.addCodes(
        [step.limit], shape: [1], like: tensor, named: tensor.name + step.name)
      let isLast = position == steps.count - 1
      let next = isLast ? target : builder.addIntermediate(like: tensor, suffix: "_limited")
      builder.append(step.code, inputs: [current, limit], outputs: [next])
      current = next
    }
  }
}
