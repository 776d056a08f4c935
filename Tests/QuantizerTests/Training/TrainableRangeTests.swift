import FloatEngine
import Quantizer
import TestSupport
import Testing

@Suite("Trained ranges")
struct TrainableRangeTests {
  @Test("symmetric: T = clip(α, 0.5, 1) · T_max, signed and unsigned")
  func symmetric() {
    let signed = TrainableRange(
      reference: ValueRange(minimum: -3, maximum: 8), form: .symmetric, parametrization: .scale)
    #expect(signed.parameterCount == 1)
    #expect(signed.range([0.75]) == ValueRange(minimum: -6, maximum: 6))
    #expect(signed.range([0.2]) == ValueRange(minimum: -4, maximum: 4))
    #expect(signed.range([1.7]) == ValueRange(minimum: -8, maximum: 8))
    let unsigned = TrainableRange(
      reference: ValueRange(minimum: 0, maximum: 8), form: .symmetric, parametrization: .scale)
    #expect(unsigned.range([0.75]) == ValueRange(minimum: 0, maximum: 6))
  }

  @Test("asymmetric: left limit shifted by clip(α_T, −0.2, 0.4) · R, width clip(α_R, 0.5, 1) · R")
  func asymmetric() {
    let range = TrainableRange(
      reference: ValueRange(minimum: -2, maximum: 8), form: .asymmetric, parametrization: .scale)
    #expect(range.parameterCount == 2)
    #expect(range.range([1, 0]) == ValueRange(minimum: -2, maximum: 8))
    #expect(range.range([0.75, 0.125]) == ValueRange(minimum: -0.75, maximum: 6.75))
    #expect(range.range([0.5, -0.5]) == ValueRange(minimum: -4, maximum: 1))
    // The left limit never passes zero, which must keep a code.
    #expect(range.range([0.5, 0.4]) == ValueRange(minimum: 0, maximum: 7))
    let unsigned = TrainableRange(
      reference: ValueRange(minimum: 0, maximum: 8), form: .asymmetric, parametrization: .scale)
    #expect(unsigned.parameterCount == 1)
    #expect(unsigned.range([0.5]) == ValueRange(minimum: 0, maximum: 4))
  }

  @Test("log2 and step: unclipped factors of T_max")
  func otherParametrizations() {
    let reference = ValueRange(minimum: 0, maximum: 8)
    let log2 = TrainableRange(reference: reference, form: .symmetric, parametrization: .log2)
    #expect(log2.range([-2]) == ValueRange(minimum: 0, maximum: 2))
    #expect(log2.range([1]) == ValueRange(minimum: 0, maximum: 16))
    let step = TrainableRange(reference: reference, form: .symmetric, parametrization: .step)
    #expect(step.range([1.5]) == ValueRange(minimum: 0, maximum: 12))
  }

  @Test(
    "parameters of a range give the range back",
    arguments: ThresholdParametrization.allCases, ThresholdForm.allCases)
  func roundTrip(parametrization: ThresholdParametrization, form: ThresholdForm) {
    let trainable = TrainableRange(
      reference: ValueRange(minimum: -4, maximum: 4), form: form, parametrization: parametrization)
    let range = ValueRange(minimum: -3, maximum: 3)
    let back = trainable.range(trainable.parameters(near: range))
    #expect(abs(back.minimum + 3) < 1e-5 && abs(back.maximum - 3) < 1e-5)
  }

  @Test("a value that is always zero has nothing to train")
  func constantZero() {
    let range = TrainableRange(
      reference: ValueRange(minimum: 0, maximum: 0), form: .asymmetric, parametrization: .scale)
    #expect(range.parameterCount == 0)
    #expect(range.range([]) == ValueRange(minimum: 0, maximum: 0))
  }

  /// Loss Σ g · q(x), the roundings of the start held constant; q of clipped elements is the limit.
  @Test(
    "gradients agree with central differences",
    arguments: ThresholdParametrization.allCases,
    [
      (ThresholdForm.symmetric, Float(-6)), (.symmetric, 0), (.asymmetric, -6), (.asymmetric, 0),
    ])
  func gradients(parametrization: ThresholdParametrization, form: (ThresholdForm, Float)) {
    var generator = SeededGenerator(seed: 5)
    let trainable = TrainableRange(
      reference: ValueRange(minimum: form.1, maximum: 10), form: form.0,
      parametrization: parametrization)
    var parameters = trainable.parameters(
      near: ValueRange(minimum: form.1 * 0.8, maximum: 7.5))
    let start = trainable.range(parameters)
    let covering = ActivationParameters(covering: start, form: form.0)
    let grid = QuantizationGrid(
      scale: covering.scale, zeroPoint: covering.zeroPoint, codeMinimum: -128, codeMaximum: 127)
    let x: [Float] = (0..<4000).map { _ in .random(in: -9...12, using: &generator) }
    let g: [Float] = x.map { _ in .random(in: -1...2, using: &generator) }

    var rounded = x
    var gradients = g
    let sums = rounded.withUnsafeMutableBufferPointer { values in
      gradients.withUnsafeMutableBufferPointer { gradients in
        FakeQuantization.backward(
          values: UnsafeBufferPointer(values), gradients: UnsafeBufferPointer(gradients),
          masked: gradients, grid: grid)
      }
    }
    let derivative = trainable.gradient(sums, grid: grid, parameters: parameters)
    #expect(derivative.count == trainable.parameterCount)

    func loss(_ parameters: [Float]) -> Double {
      let range = trainable.range(parameters)
      let levels: Double = form.0 == .symmetric && form.1 < 0 ? 127 : 255
      let low = Double(range.minimum)
      let high = Double(range.maximum)
      let scale = form.0 == .asymmetric ? (high - low) / 255 : high / levels
      var sum = 0.0
      for (value, weight) in zip(x, g) {
        let position = Double(value) / Double(grid.scale) + Double(grid.zeroPoint)
        let q: Double
        if position < -128 {
          q = form.0 == .asymmetric ? low : (-128 - Double(grid.zeroPoint)) * scale
        } else if position > 127 {
          q = form.0 == .asymmetric ? high : (127 - Double(grid.zeroPoint)) * scale
        } else {
          q = Double(value) + scale * (position.rounded(.toNearestOrEven) - position)
        }
        sum += Double(weight) * q
      }
      return sum
    }
    for index in parameters.indices {
      let step: Float = 1e-3
      let before = parameters[index]
      parameters[index] = before + step
      let above = loss(parameters)
      parameters[index] = before - step
      let below = loss(parameters)
      parameters[index] = before
      let expected = (above - below) / (2 * Double(step))
      #expect(
        abs(Double(derivative[index]) - expected) < 0.01 * abs(expected) + 0.5,
        "parameter \(index): \(derivative[index]) instead of \(expected)")
    }
  }

  @Test("a limit that the activation function sets does not move with the threshold")
  func boundLimit() {
    let trainable = TrainableRange(
      reference: ValueRange(minimum: 0, maximum: 10), form: .symmetric, parametrization: .scale)
    let sums = GridGradient(inside: 0, below: 0, above: 5)
    let free = QuantizationGrid(scale: 0.03, zeroPoint: -128, codeMinimum: -128, codeMaximum: 127)
    let bound = QuantizationGrid(scale: 0.03, zeroPoint: -128, codeMinimum: -128, codeMaximum: 90)
    // dT/dα = T_max = 10, and each of the five units of gradient moves with T.
    #expect(trainable.gradient(sums, grid: free, parameters: [0.8]) == [50])
    #expect(trainable.gradient(sums, grid: bound, parameters: [0.8]) == [0])
  }
}

@Suite("Learning rates")
struct LearningRateScheduleTests {
  @Test("one cycle falls along half a cosine")
  func oneCycle() {
    let schedule = LearningRateSchedule(steps: 4, cycles: 1)
    let factors = (0..<4).map { schedule.factor($0) }
    for (factor, expected) in zip(factors, [1, 0.853553, 0.5, 0.146447] as [Float]) {
      #expect(abs(factor - expected) < 1e-5)
    }
    #expect((0..<4).map { schedule.isRestart($0) } == [true, false, false, false])
  }

  @Test(
    "each cycle starts anew, uneven ones included", arguments: [(10, 3), (7, 7), (5, 9), (1, 1)])
  func cycles(steps: Int, cycles: Int) {
    let schedule = LearningRateSchedule(steps: steps, cycles: cycles)
    let restarts = (0..<steps).filter { schedule.isRestart($0) }
    #expect(restarts.first == 0 && restarts.count == min(steps, cycles))
    for step in 0..<steps {
      let factor = schedule.factor(step)
      #expect(factor > 0 && factor <= 1)
      #expect((factor == 1) == restarts.contains(step))
      if step > 0, !restarts.contains(step) { #expect(factor < schedule.factor(step - 1)) }
    }
  }
}
