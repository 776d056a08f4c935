/// What reading a model may take, so that a small file cannot ask for endless memory.
package struct ImportLimits: Sendable {
  /// Most elements of all tensors that the model stores, 2 GiB of float32.
  package var storedElements = 1 << 29
  /// Most elements of all constants that are made of them: weights in another order, results of
  /// nodes that read only constants.
  package var computedElements = 1 << 29

  /// The usual limits.
  package init() {}
}
