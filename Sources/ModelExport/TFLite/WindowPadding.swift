import IntegerModel
import TFLiteFormat

/// How the explicit padding of windows is said in TFLite.
enum WindowPadding: Equatable {
  /// By one of the two schemes that operators have.
  case scheme(TFLitePadding)
  /// By a PAD before the operator, which is then VALID.
  case explicit(SpatialPadding)

  /// The way for `windows` on an image that give `count` windows.
  ///
  /// Rows and columns behind the last window do not matter: they are left out before the schemes are
  /// compared.
  init(_ windows: SpatialWindows, image: SpatialPair, count: SpatialPair) {
    let rows = Axis(
      image: image.height, count: count.height, kernel: windows.kernel.height,
      stride: windows.stride.height, dilation: windows.dilation.height,
      before: windows.padding.top)
    let columns = Axis(
      image: image.width, count: count.width, kernel: windows.kernel.width,
      stride: windows.stride.width, dilation: windows.dilation.width,
      before: windows.padding.left)
    if rows.isValid && columns.isValid {
      self = .scheme(.valid)
    } else if rows.isSame && columns.isSame {
      self = .scheme(.same)
    } else {
      self = .explicit(
        SpatialPadding(
          top: rows.before, left: columns.before, bottom: rows.after, right: columns.after))
    }
  }

  /// Windows along one axis.
  private struct Axis {
    var image: Int
    var count: Int
    var stride: Int
    /// Elements that a window spans.
    var span: Int
    var before: Int

    init(image: Int, count: Int, kernel: Int, stride: Int, dilation: Int, before: Int) {
      self.image = image
      self.count = count
      self.stride = stride
      self.before = before
      span = (kernel - 1) * dilation + 1
    }

    /// The least extent that holds all windows.
    private var needed: Int { (count - 1) * stride + span }

    /// Padding behind the image that some window covers.
    var after: Int { max(needed - image - before, 0) }

    /// Whether TFLite's VALID gives these windows.
    var isValid: Bool { before == 0 && image >= span && count == (image - span) / stride + 1 }

    /// Whether TFLite's SAME gives these windows (`ComputePaddingWithOffset`).
    var isSame: Bool {
      count == (image + stride - 1) / stride && before == max(needed - image, 0) / 2
    }
  }
}
