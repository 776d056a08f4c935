import Quantizer
import Testing

@Suite("Mirrored training samples")
struct MirroredSamplesTests {
  @Test("left and right change places, rows, channels and samples do not")
  func mirrored() {
    // Two samples of 2 × 3 pixels with two channels: ten times the column, plus the channel, plus a
    // hundred times the row.
    func sample(_ base: Float, _ columns: [Float]) -> [Float] {
      var values: [Float] = []
      for row: Float in [0, 100] {
        for column in columns {
          let pixel = base + row + 10 * column
          values += [pixel, pixel + 1]
        }
      }
      return values
    }
    let values = sample(0, [0, 1, 2]) + sample(1000, [0, 1, 2])
    let expected = sample(0, [2, 1, 0]) + sample(1000, [2, 1, 0])
    #expect(TrainingSamples.mirrored(values, shape: [1, 2, 3, 2]) == expected)
    #expect(TrainingSamples.mirrored(expected, shape: [1, 2, 3, 2]) == values)
  }

  @Test("an epoch visits every sample once, about half of them mirrored; the next in another way")
  func order() {
    let elements = Array(0..<1000)
    let first = ShuffledOrder(seed: 3, epoch: 0).shuffled(elements, mirroredAfter: 1000)
    #expect(first.map { $0 % 1000 }.sorted() == elements)
    #expect((400...600).contains(first.count { $0 >= 1000 }))
    #expect(ShuffledOrder(seed: 3, epoch: 0).shuffled(elements, mirroredAfter: 1000) == first)
    #expect(ShuffledOrder(seed: 3, epoch: 1).shuffled(elements, mirroredAfter: 1000) != first)
    #expect(ShuffledOrder(seed: 4, epoch: 0).shuffled(elements, mirroredAfter: 1000) != first)
    let plain = ShuffledOrder(seed: 3, epoch: 0).shuffled(elements, mirroredAfter: nil)
    #expect(plain.sorted() == elements && plain != elements)
  }
}
