import IntegerModel

/// One class of a classifier's output.
public struct ClassScore: Equatable, Sendable {
  /// Position in the output, and in the labels.
  public var index: Int
  /// Name of the class, where the model has labels.
  public var label: String?
  /// The output code.
  public var code: Int
  /// The real number that the code stands for; `nil` where the output has no scale.
  public var real: Double?

  /// Creates a score.
  public init(index: Int, label: String? = nil, code: Int, real: Double? = nil) {
    self.index = index
    self.label = label
    self.code = code
    self.real = real
  }
}

extension TensorDescription {
  /// Whether the tensor holds the scores of one input's classes: all elements lie along one axis.
  public var isScoreVector: Bool { elementCount == shape.last && elementCount > 1 }

  /// Whether the codes are probabilities, as softmax and logistic give them: zero is the least code
  /// and one lies just above the greatest.
  public var holdsProbabilities: Bool {
    guard let quantization, quantization.scaleBits.count == 1 else { return false }
    let scale = Float(bitPattern: quantization.scaleBits[0])
    switch elementType {
    case .int8: return scale == 1 / 256 && zeroPoint == -128
    case .uint8: return scale == 1 / 256 && zeroPoint == 0
    case .int16: return scale == 1 / 32768 && zeroPoint == 0
    case .int32, .int64, .int4: return false
    }
  }

  /// The real number that `code` stands for; `nil` without a per-tensor scale.
  public func real(_ code: Int) -> Double? {
    guard let quantization, quantization.scaleBits.count == 1 else { return nil }
    return Double(Float(bitPattern: quantization.scaleBits[0])) * (Double(code) - Double(zeroPoint))
  }

  /// The `count` greatest elements of `bytes`, the greatest first, equal ones in order of their
  /// index.
  public func topClasses(
    in bytes: UnsafeRawBufferPointer, labels: [String], count: Int
  ) -> [ClassScore] {
    let codes = (0..<elementCount).map { elementType.code(at: $0, in: bytes) }
    return greatestIndices(of: codes, count: count).map { index in
      ClassScore(
        index: index, label: labels.indices.contains(index) ? labels[index] : nil,
        code: codes[index], real: real(codes[index]))
    }
  }
}

/// The indices of the `count` greatest scores, greatest first; the lower index wins a tie, as it
/// does in the arg-max of every kernel library.
public func greatestIndices<Score: Comparable>(of scores: [Score], count: Int) -> [Int] {
  Array(
    scores.indices.sorted { left, right in
      scores[left] != scores[right] ? scores[left] > scores[right] : left < right
    }.prefix(count))
}
