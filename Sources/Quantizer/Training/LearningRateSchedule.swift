import Foundation

/// Cosine annealing with restarts (Loshchilov and Hutter, "SGDR", 2017; FAT paper, 4.1.2): within
/// each cycle the rate falls along half a cosine from its first value to nearly zero.
package struct LearningRateSchedule: Sendable {
  /// Steps of the whole training.
  package let steps: Int
  /// Number of cycles.
  package let cycles: Int

  package init(steps: Int, cycles: Int) {
    self.steps = max(steps, 1)
    self.cycles = min(max(cycles, 1), self.steps)
  }

  /// The first step of cycle `cycle`.
  private func start(of cycle: Int) -> Int { cycle * steps / cycles }

  private func cycle(of step: Int) -> Int {
    var cycle = min(step * cycles / steps, cycles - 1)
    while cycle + 1 < cycles, start(of: cycle + 1) <= step { cycle += 1 }
    return cycle
  }

  /// Whether a cycle starts with `step`, so that the optimizer is reset.
  package func isRestart(_ step: Int) -> Bool { start(of: cycle(of: step)) == step }

  /// The share of the first learning rate at `step`, in (0, 1].
  package func factor(_ step: Int) -> Float {
    let cycle = cycle(of: step)
    let first = start(of: cycle)
    let length = start(of: cycle + 1) - first
    return Float((1 + cos(Double.pi * Double(step - first) / Double(length))) / 2)
  }
}
