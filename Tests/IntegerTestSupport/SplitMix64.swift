/// A small generator whose whole state is its seed, so that a failing case can be run again.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// An integer of that range.
  package mutating func integer(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &self)
  }

  /// One of the values.
  package mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: 0..<values.count, using: &self)]
  }

  /// `count` codes of that range, a fourth of them at its ends.
  package mutating func codes(_ count: Int, in range: ClosedRange<Int>) -> [Int] {
    (0..<count).map { _ in
      switch Int.random(in: 0..<8, using: &self) {
      case 0: range.lowerBound
      case 1: range.upperBound
      default: Int.random(in: range, using: &self)
      }
    }
  }
}
