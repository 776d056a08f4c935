import IntegerModel

/// The numbers of the schema's `ScalingForm`.
enum ScalingFormNumber: UInt8, CaseIterable {
  case common = 0
  case fixedPoint = 1
  case fixedPointInGroups = 2
  case binary32 = 3
  case binary64 = 4
  case binary32Sum = 5
  case weightedSum = 6
  case table = 7
  case exponentials = 8
  case samples = 9
  case binary32Samples = 10
  case indices = 11
  case fixedPointTiesUp = 12
  case binary64Reciprocals = 13
  case polynomials = 14
}

extension ScalingForm {
  /// The form's number in the file.
  var number: ScalingFormNumber {
    switch self {
    case .common: .common
    case .fixedPoint: .fixedPoint
    case .fixedPointInGroups: .fixedPointInGroups
    case .binary32: .binary32
    case .binary64: .binary64
    case .binary32Sum: .binary32Sum
    case .weightedSum: .weightedSum
    case .table: .table
    case .exponentials: .exponentials
    case .samples: .samples
    case .binary32Samples: .binary32Samples
    case .indices: .indices
    case .fixedPointTiesUp: .fixedPointTiesUp
    case .binary64Reciprocals: .binary64Reciprocals
    case .polynomials: .polynomials
    }
  }

  /// What `ProfileScaling.words` of the schema holds.
  var words: [Int32] {
    switch self {
    case .common, .fixedPointInGroups, .fixedPointTiesUp, .polynomials: []
    case .binary64Reciprocals(let multiplier): [multiplier.multiplier, multiplier.shift]
    case .fixedPoint(let multipliers): multipliers.flatMap { [$0.multiplier, $0.shift] }
    case .binary32(let bits), .exponentials(let bits): bits.map { Int32(bitPattern: $0) }
    case .binary64(let bits):
      bits.flatMap {
        [Int32(truncatingIfNeeded: $0), Int32(truncatingIfNeeded: $0 >> 32)]
      }
    case .binary32Sum(let scale, let offset):
      [Int32(bitPattern: scale), Int32(bitPattern: offset)]
    case .weightedSum(let first, let second, let shift): [first, second, shift]
    case .table(let codes): codes
    case .samples(let rows, let columns), .binary32Samples(let rows, let columns):
      [Int32(rows.count)] + (rows + columns).flatMap { [$0.lower, $0.upper, $0.fraction] }
    case .indices(let rows, let columns): [Int32(rows.count)] + rows + columns
    }
  }

  /// The form of that number with the words of a file; `nil` where there are too few or too many for
  /// any operator. Whether they fit the operator is for validation.
  init?(_ number: ScalingFormNumber, words: [Int32]) {
    switch number {
    case .common, .fixedPointInGroups, .fixedPointTiesUp, .polynomials:
      guard words.isEmpty else { return nil }
      self =
        switch number {
        case .fixedPointInGroups: .fixedPointInGroups
        case .fixedPointTiesUp: .fixedPointTiesUp
        case .polynomials: .polynomials
        default: .common
        }
    case .binary64Reciprocals:
      guard words.count == 2 else { return nil }
      self = .binary64Reciprocals(FixedPointMultiplier(multiplier: words[0], shift: words[1]))
    case .fixedPoint:
      guard words.count % 2 == 0 else { return nil }
      self = .fixedPoint(
        stride(from: 0, to: words.count, by: 2).map {
          FixedPointMultiplier(multiplier: words[$0], shift: words[$0 + 1])
        })
    case .binary32: self = .binary32(words.map { UInt32(bitPattern: $0) })
    case .exponentials: self = .exponentials(words.map { UInt32(bitPattern: $0) })
    case .binary64:
      guard words.count % 2 == 0 else { return nil }
      self = .binary64(
        stride(from: 0, to: words.count, by: 2).map {
          UInt64(UInt32(bitPattern: words[$0])) | UInt64(UInt32(bitPattern: words[$0 + 1])) << 32
        })
    case .binary32Sum:
      guard words.count == 2 else { return nil }
      self = .binary32Sum(
        scale: UInt32(bitPattern: words[0]), offset: UInt32(bitPattern: words[1]))
    case .weightedSum:
      guard words.count == 3 else { return nil }
      self = .weightedSum(first: words[0], second: words[1], shift: words[2])
    case .table: self = .table(words)
    case .samples, .binary32Samples:
      guard let (rows, columns) = Self.split(words, elementsPerEntry: 3) else { return nil }
      self =
        number == .samples
        ? .samples(rows: Self.samples(rows), columns: Self.samples(columns))
        : .binary32Samples(rows: Self.samples(rows), columns: Self.samples(columns))
    case .indices:
      guard let (rows, columns) = Self.split(words, elementsPerEntry: 1) else { return nil }
      self = .indices(rows: Array(rows), columns: Array(columns))
    }
  }

  /// The words of the rows, of which the first word tells the number, and of the columns.
  private static func split(
    _ words: [Int32], elementsPerEntry count: Int
  ) -> (rows: ArraySlice<Int32>, columns: ArraySlice<Int32>)? {
    guard let first = words.first, first >= 0, (words.count - 1) % count == 0 else { return nil }
    let (end, overflows) = Int(first).multipliedReportingOverflow(by: count)
    guard !overflows, end < words.count else { return nil }
    return (words[1...][..<(end + 1)], words[(end + 1)...])
  }

  private static func samples(_ words: ArraySlice<Int32>) -> [ResizeSample] {
    stride(from: words.startIndex, to: words.endIndex, by: 3).map {
      ResizeSample(lower: words[$0], upper: words[$0 + 1], fraction: words[$0 + 2])
    }
  }
}
