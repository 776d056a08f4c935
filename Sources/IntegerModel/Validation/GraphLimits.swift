/// Bounds that a graph must respect, so that no index arithmetic overflows even where `Int` has 32
/// bits, and so that a hostile file cannot make planning slow.
public enum GraphLimits {
  /// Tensors of a graph.
  public static let tensorCount = 65_536
  /// Operations of a graph.
  public static let operationCount = 16_384
  /// Axes of a tensor.
  public static let rank = 6
  /// Elements along one axis.
  public static let extent = 1 << 30
  /// Elements of one tensor.
  public static let elementCount = Int(Int32.max)
  /// Extent of a window, stride, dilation or padding along one axis.
  public static let window = 32_767
  /// Rows and columns of an image that is resized with 10-bit weights.
  public static let bilinearExtent = 1 << 20
  /// Elements of one softmax: that many ones in Q12.19 still fit 32 bits.
  public static let softmaxLength = 4_095
  /// Elements of one softmax of 16 bits: that many ones in Q16.15 still fit 32 bits.
  public static let wideSoftmaxLength = 65_535
  /// Inputs of a concatenation.
  public static let concatenationInputs = 1_024
}
