extension Int32 {
  /// `value` as a file stores it. Throws a ``Diagnostic`` at `place` where it does not fit.
  package init(storing value: Int, place: String) throws(Diagnostic) {
    guard let exact = Int32(exactly: value) else {
      throw Diagnostic(
        place: place,
        problem: "the number \(value) does not fit the file, the limit is \(Int32.max)")
    }
    self = exact
  }
}
