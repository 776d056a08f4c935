import IntegerModel

extension OperatorDerivation {
  /// The table of a function between 8-bit activations, with what it stands for.
  ///
  /// Its entries are nearest to the exact values. Profile `tflm` gets the table of the kernel that
  /// TFLite Micro has for the function, where it has one, whatever `profile` is: a model can be run
  /// under another profile than its own.
  public func lookup(
    _ function: RealFunction, input: AffineCodes, output: AffineCodes
  ) -> LookupParameters {
    LookupTable(function: function, input: input, output: output).parameters
  }
}

/// The 256 output codes of a function of one 8-bit code.
///
/// Each entry is the code nearest to the exact value, formed in double: the best that 8 bits allow,
/// and what a target with lookup tables runs.
struct LookupTable {
  var function: RealFunction
  var input: AffineCodes
  var output: AffineCodes

  /// The table with what it stands for.
  var parameters: LookupParameters {
    LookupParameters(
      function: function.function, coefficientBits: function.coefficients.map(\.bitPattern),
      table: ConstantBytes(copying: codes.map(UInt8.init(truncatingIfNeeded:))),
      profileTables: profileTables)
  }

  private var profileTables: [ProfileTable] {
    let device = DeviceTable(function: function, input: input, output: output)
    guard let codes = device.codes, codes != self.codes else { return [] }
    return [
      ProfileTable(
        profile: .tflm, table: ConstantBytes(copying: codes.map(UInt8.init(truncatingIfNeeded:))))
    ]
  }

  /// Output codes by input code, from the least.
  var codes: [Int32] {
    (input.range.minimum...input.range.maximum).map { code in
      output.exactCode(
        of: function.value(at: Double(input.scale) * Double(code - input.zeroPoint)))
    }
  }
}
