/// How a model file came to be, for people and audits; inference does not read it.
public struct ConversionRecord: Hashable, Sendable {
  /// Name of the source file, without its folder.
  public var sourceName: String
  /// SHA-256 of the source file, 64 hexadecimal digits.
  public var sourceDigest: String
  /// Program and version that wrote the file.
  public var toolVersion: String
  /// Options in effect, `name=value`, sorted by name.
  public var options: [String]
  /// What the converter measured, per operation.
  public var layers: [LayerRecord]

  /// Creates a record.
  public init(
    sourceName: String, sourceDigest: String, toolVersion: String, options: [String],
    layers: [LayerRecord]
  ) {
    self.sourceName = sourceName
    self.sourceDigest = sourceDigest
    self.toolVersion = toolVersion
    self.options = options
    self.layers = layers
  }
}

/// What the converter measured of one operation.
public struct LayerRecord: Hashable, Sendable {
  /// `Operation.name`
  public var operation: String
  /// Least real output seen in calibration, as a binary32 bit pattern.
  public var observedMinimumBits: UInt32
  /// Greatest real output seen in calibration, as a binary32 bit pattern.
  public var observedMaximumBits: UInt32
  /// Bits left in the accumulator in the worst case of the worst channel; −1 where there is none.
  public var headroomBits: Int32
  /// Anything a reader should know: "weight scale of 3 channels widened for the bias".
  public var notes: [String]

  /// Creates a layer record.
  public init(
    operation: String, observedMinimumBits: UInt32, observedMaximumBits: UInt32,
    headroomBits: Int32, notes: [String] = []
  ) {
    self.operation = operation
    self.observedMinimumBits = observedMinimumBits
    self.observedMaximumBits = observedMaximumBits
    self.headroomBits = headroomBits
    self.notes = notes
  }
}
