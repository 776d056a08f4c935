import InferenceSession
import IntegerModel
import Testing

@Suite("Codes become scores")
struct ScoreTests {
  @Test("codes of every type are read from little-endian bytes")
  func codes() {
    func code(_ type: ElementType, _ bytes: [UInt8], _ index: Int) -> Int {
      bytes.withUnsafeBytes { type.code(at: index, in: $0) }
    }
    #expect(code(.int8, [0, 0x80], 1) == -128)
    #expect(code(.uint8, [0, 0x80], 1) == 128)
    #expect(code(.int16, [0, 0, 0xfe, 0xff], 1) == -2)
    #expect(code(.int32, [1, 2, 3, 0x80], 0) == Int(Int32(bitPattern: 0x8003_0201)))
    #expect(code(.int64, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0) == -1)
    #expect((0..<4).map { code(.int4, [0x7f, 0x80], $0) } == [-1, 7, 0, -8])
  }

  @Test("the greatest come first, equal ones in order")
  func order() {
    let tensor = tensor([1, 5], scale: 0.5, zeroPoint: 3)
    let scores = ([3, 9, -4, 9, 9] as [Int8]).withUnsafeBytes {
      tensor.topClasses(in: $0, labels: ["a", "b"], count: 4)
    }
    #expect(scores.map(\.index) == [1, 3, 4, 0])
    #expect(scores.map(\.code) == [9, 9, 9, 3])
    #expect(scores.map(\.real) == [3, 3, 3, 0])
    #expect(scores.map(\.label) == ["b", nil, nil, "a"])
  }

  @Test("more classes than there are is all of them")
  func fewClasses() {
    let tensor = tensor([1, 2], scale: 1, zeroPoint: 0)
    let scores = ([3, 9] as [Int8]).withUnsafeBytes {
      tensor.topClasses(in: $0, labels: [], count: 5)
    }
    #expect(scores.map(\.index) == [1, 0])
  }

  @Test("an output without scale has codes alone")
  func noScale() {
    let tensor = TensorDescription(name: "x", shape: [2], elementType: .int8)
    let scores = ([3, 9] as [Int8]).withUnsafeBytes {
      tensor.topClasses(in: $0, labels: [], count: 1)
    }
    #expect(scores == [ClassScore(index: 1, code: 9)])
    #expect(!tensor.holdsProbabilities)
  }

  @Test("probabilities are told by scale and zero point")
  func probabilities() {
    #expect(tensor([3], scale: 1 / 256, zeroPoint: -128).holdsProbabilities)
    #expect(!tensor([3], scale: 1 / 256, zeroPoint: 0).holdsProbabilities)
    #expect(!tensor([3], scale: 1 / 128, zeroPoint: -128).holdsProbabilities)
    #expect(tensor([3], .uint8, scale: 1 / 256, zeroPoint: 0).holdsProbabilities)
    #expect(tensor([3], .int16, scale: 1 / 32768, zeroPoint: 0).holdsProbabilities)
    #expect(!tensor([3], .int32, scale: 1 / 256, zeroPoint: 0).holdsProbabilities)
  }

  @Test("scores of classes lie along one axis")
  func scoreVectors() {
    #expect(tensor([1, 1, 1, 10], scale: 1, zeroPoint: 0).isScoreVector)
    #expect(tensor([2], scale: 1, zeroPoint: 0).isScoreVector)
    #expect(!tensor([1, 1], scale: 1, zeroPoint: 0).isScoreVector)
    #expect(!tensor([1, 3, 4], scale: 1, zeroPoint: 0).isScoreVector)
    #expect(!tensor([], scale: 1, zeroPoint: 0).isScoreVector)
  }

  private func tensor(
    _ shape: [Int], _ type: ElementType = .int8, scale: Float, zeroPoint: Int32
  ) -> TensorDescription {
    TensorDescription(
      name: "x", shape: shape, elementType: type,
      quantization: Quantization(scaleBits: [scale.bitPattern], zeroPoints: [zeroPoint]))
  }
}

@Suite("Latency statistics")
struct LatencyTests {
  @Test("known times give known numbers")
  func numbers() {
    let latency = LatencyStatistics([5, 1, 4, 2, 3, 6, 7, 8, 9, 10])
    #expect(latency.count == 10)
    #expect(latency.minimum == 1)
    #expect(latency.maximum == 10)
    #expect(latency.mean == 5.5)
    #expect(latency.median == 5.5)
    #expect(latency.percentile(0.9) == 9)
    #expect(latency.percentile(0.99) == 10)
    #expect(latency.percentile(0) == 1)
    #expect(LatencyStatistics([3, 1, 2]).median == 2)
    #expect(LatencyStatistics([7]).percentile(0.9) == 7)
  }
}
