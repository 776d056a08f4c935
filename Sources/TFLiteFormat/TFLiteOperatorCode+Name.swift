import CTFLiteSchema

extension TFLiteOperatorCode {
  /// The schema's name of the operator: `CONV_2D`.
  public var schemaName: String {
    tfl_operator_name(rawValue).map { String(cString: $0) } ?? "operator of number \(rawValue)"
  }
}
