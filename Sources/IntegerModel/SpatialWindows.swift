/// Where the windows of a convolution or a pool lie on an image.
///
/// Tap k of window i, along either axis, is at `i · stride − padding before + k · dilation`; taps
/// outside the image count as absent.
public struct SpatialWindows: Hashable, Sendable {
  /// Taps of a window.
  public var kernel: SpatialPair
  /// Steps between windows.
  public var stride: SpatialPair
  /// Steps between taps.
  public var dilation: SpatialPair
  /// Rows and columns outside the image that windows may cover.
  public var padding: SpatialPadding

  /// Creates the geometry.
  public init(
    kernel: SpatialPair, stride: SpatialPair,
    dilation: SpatialPair = SpatialPair(height: 1, width: 1), padding: SpatialPadding
  ) {
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  /// Number of windows on an image of that size: `floor((image + padding − extent) / stride) + 1`,
  /// where extent = (kernel − 1) · dilation + 1. `nil` where not one fits.
  ///
  /// TensorFlow's SAME and VALID and ONNX's explicit padding all obey this, once SAME has been
  /// turned into counts (a ceiling mode becomes padding below and to the right).
  public func count(onImage image: SpatialPair) -> SpatialPair? {
    let height = SpatialWindows.count(
      image.height + padding.top + padding.bottom, kernel.height, dilation.height, stride.height)
    let width = SpatialWindows.count(
      image.width + padding.left + padding.right, kernel.width, dilation.width, stride.width)
    guard let height, let width else { return nil }
    return SpatialPair(height: height, width: width)
  }

  private static func count(
    _ padded: Int, _ kernel: Int, _ dilation: Int, _ stride: Int
  ) -> Int? {
    let extent = (kernel - 1) * dilation + 1
    return extent <= padded ? (padded - extent) / stride + 1 : nil
  }
}
