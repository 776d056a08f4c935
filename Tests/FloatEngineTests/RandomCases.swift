import FloatModel
import TestSupport

extension OperatorCase {
  /// A convolution with any legal combination of groups, stride, dilation, padding and clamp.
  static func randomConvolution(seed: UInt64) -> OperatorCase {
    var generator = SeededGenerator(seed: seed)
    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let groups = [1, 1, draw(2...4), draw(1...20)][draw(0...3)]
    let depth = draw(0...1) == 0 ? 1 : draw(1...9)
    let outputs = groups * draw(1...4)
    let kernel = SpatialExtent(height: draw(1...4), width: draw(1...4))
    let dilation = SpatialExtent(height: draw(1...2), width: draw(1...2))
    let padding = EdgePadding(
      top: draw(0...3), left: draw(0...3), bottom: draw(0...3), right: draw(0...3))
    let height = (kernel.height - 1) * dilation.height + draw(1...8)
    let width = (kernel.width - 1) * dilation.width + draw(1...8)
    let clamp: ClampRange = [
      .none, .relu, .relu6, ClampRange(minimum: -0.5, maximum: 0.75),
    ][draw(0...3)]
    let convolution = FloatConvolution(
      stride: SpatialExtent(height: draw(1...3), width: draw(1...3)), dilation: dilation,
      padding: padding, groups: groups, clamp: clamp)
    let weights = [outputs, kernel.height, kernel.width, depth]
    return OperatorCase(
      name: "\(convolution) of \(height)×\(width)×\(groups * depth) with \(weights)",
      operation: .convolution(convolution),
      shapes: [[1, height, width, groups * depth], weights]
        + (draw(0...2) > 0 ? [[outputs]] : []), constants: [1, 2])
  }

  /// A pool whose padding is smaller than its window.
  static func randomPool(seed: UInt64) -> OperatorCase {
    var generator = SeededGenerator(seed: seed)
    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let window = SpatialExtent(height: draw(1...4), width: draw(1...4))
    let pool = FloatPool(
      window: window, stride: SpatialExtent(height: draw(1...3), width: draw(1...3)),
      padding: EdgePadding(
        top: draw(0...window.height - 1), left: draw(0...window.width - 1),
        bottom: draw(0...window.height - 1), right: draw(0...window.width - 1)))
    let shape = [1, window.height + draw(0...6), window.width + draw(0...6), draw(1...20)]
    return OperatorCase(
      name: "\(pool) of \(shape)",
      operation: draw(0...1) == 0 ? .maxPool(pool) : .averagePool(pool), shapes: [shape])
  }

  /// Operands of up to four axes, any of which may be 1 in either or missing at the front.
  static func randomBroadcast(seed: UInt64) -> OperatorCase {
    var generator = SeededGenerator(seed: seed)
    func draw(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    let full = (0..<draw(1...4)).map { _ in draw(1...5) }
    let operands = (0..<2).map { _ in
      Array(full.map { draw(0...2) == 0 ? 1 : $0 }.suffix(draw(0...full.count)))
    }
    let constants: Set<Int> = [[], [], [0], [1]][draw(0...3)]
    return OperatorCase(
      name: "\(operands[0]) with \(operands[1]), constants \(constants.sorted())",
      operation: [.add(clamp: .none), .subtract(clamp: .relu), .multiply(clamp: .none)][
        draw(0...2)],
      shapes: operands, constants: constants)
  }
}
