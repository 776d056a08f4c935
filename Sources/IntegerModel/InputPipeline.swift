/// The order in which a model expects color channels.
public enum ChannelOrder: UInt8, Hashable, Sendable {
  /// Red first.
  case rgb = 0
  /// Blue first.
  case bgr = 1
  /// One channel of luminance.
  case gray = 2
}

/// From a decoded image to the codes of the input tensor, with integers alone: resize so that the
/// shorter side has `resizeShortSide` pixels, cut `height` × `width` out of the center, order the
/// channels, and look each 8-bit pixel value up in its channel's table.
public struct InputPipeline: Hashable, Sendable {
  /// Rows of the input tensor.
  public var height: Int
  /// Columns of the input tensor.
  public var width: Int
  /// Pixels of the shorter side before the crop; never less than the crop needs.
  public var resizeShortSide: Int
  /// Channels.
  public var channelOrder: ChannelOrder
  /// Per channel, in the tensor's order, 256 input codes by pixel value.
  public var codeTables: [[Int16]]
  /// What the tables were made from, for people: subtracted from a pixel value (0…255), as
  /// binary32 bit patterns per channel.
  public var meanBits: [UInt32]
  /// What the tables were made from, for people: divides the difference, as binary32 bit patterns per
  /// channel.
  public var standardDeviationBits: [UInt32]

  /// Creates a pipeline.
  public init(
    height: Int, width: Int, resizeShortSide: Int, channelOrder: ChannelOrder,
    codeTables: [[Int16]], meanBits: [UInt32], standardDeviationBits: [UInt32]
  ) {
    self.height = height
    self.width = width
    self.resizeShortSide = resizeShortSide
    self.channelOrder = channelOrder
    self.codeTables = codeTables
    self.meanBits = meanBits
    self.standardDeviationBits = standardDeviationBits
  }
}
