/// Axis along which the place of the greatest or least element is sought.
public struct ArgumentParameters: Hashable, Sendable {
  /// The axis, non-negative; it is absent from the output's shape.
  public var axis: Int

  /// Creates the parameters of an arg max or arg min.
  public init(axis: Int) { self.axis = axis }
}

/// Greatest or least element over some axes.
public struct ReduceExtremeParameters: Hashable, Sendable {
  /// The axes that are reduced, ascending, non-negative.
  public var axes: [Int]
  /// Whether reduced axes stay with extent 1.
  public var keepsDimensions: Bool

  /// Creates the parameters of a reduction to the greatest or least element.
  public init(axes: [Int], keepsDimensions: Bool) {
    self.axes = axes
    self.keepsDimensions = keepsDimensions
  }
}

/// Blocks of the spatial axes that become batches, or come from them.
///
/// The spatial axes are those that follow the first: axis 1 + i has entry i. Space to batch pads
/// with the zero point by `before` and `after` and then spreads each block over the batch axis; batch
/// to space joins blocks and then crops by `before` and `after`.
public struct BatchBlockParameters: Hashable, Sendable {
  /// Extent of a block along each spatial axis, at least 1.
  public var block: [Int]
  /// Elements padded or cropped at the start of each spatial axis.
  public var before: [Int]
  /// Elements padded or cropped at the end of each spatial axis.
  public var after: [Int]

  /// Creates the parameters of a space to batch or a batch to space.
  public init(block: [Int], before: [Int], after: [Int]) {
    self.block = block
    self.before = before
    self.after = after
  }
}

/// Slices of the first input at the indices that the second one, int32 or int64, lists.
public struct GatherParameters: Hashable, Sendable {
  /// The axis that is indexed, non-negative and not below `batchDimensions`.
  public var axis: Int
  /// Leading axes that both inputs have in common.
  public var batchDimensions: Int

  /// Creates the parameters of a gather.
  public init(axis: Int, batchDimensions: Int = 0) {
    self.axis = axis
    self.batchDimensions = batchDimensions
  }
}
