import FloatModel
import Foundation
import IntegerModel

/// The 256 output codes of a function of one int8 code.
///
/// Each entry is the code nearest to the exact value, formed in double: the best that 8 bits allow,
/// and what a target with lookup tables runs. Profile `tflm` gets the table of the kernel that
/// TFLite Micro has for the function, where it has one.
struct LookupTable {
  var activation: FloatActivation
  var input: ActivationParameters
  var output: ActivationParameters

  /// The table with what it stands for.
  var parameters: LookupParameters {
    LookupParameters(
      function: function, coefficientBits: coefficients.map(\.bitPattern),
      table: ConstantBytes(copying: codes), profileTables: profileTables)
  }

  private var profileTables: [ProfileTable] {
    let device = DeviceTable(activation: activation, input: input, output: output)
    guard let codes = device.codes, codes != self.codes else { return [] }
    return [ProfileTable(profile: .tflm, table: ConstantBytes(copying: codes))]
  }

  /// Output codes by input code, from −128.
  var codes: [Int8] {
    (Int32(-128)...127).map { code in
      let real = Double(input.scale) * Double(code - input.zeroPoint)
      let quotient = (value(at: real) / Double(output.scale))
        .rounded(.toNearestOrAwayFromZero)
      return Int8(min(max(quotient + Double(output.zeroPoint), -128), 127))
    }
  }

  /// The function itself.
  func value(at x: Double) -> Double {
    switch activation {
    case .clip(let range): min(max(x, Double(range.minimum)), Double(range.maximum))
    case .leakyRelu(let alpha): x < 0 ? Double(alpha) * x : x
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .hardSigmoid(let alpha, let beta):
      min(max(Double(alpha) * x + Double(beta), 0), 1)
    }
  }

  private var function: UnaryFunction {
    switch activation {
    case .clip: .clip
    case .leakyRelu: .leakyRelu
    case .sigmoid: .logistic
    case .tanh: .tanh
    case .hardSwish: .hardSwish
    case .hardSigmoid: .hardSigmoid
    }
  }

  private var coefficients: [Float] {
    switch activation {
    case .clip(let range): [range.minimum, range.maximum]
    case .leakyRelu(let alpha): [alpha]
    case .hardSigmoid(let alpha, let beta): [alpha, beta]
    case .sigmoid, .tanh, .hardSwish: []
    }
  }
}
