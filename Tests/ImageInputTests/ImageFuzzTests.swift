import Diagnostics
import ImageInput
import TestSupport
import Testing

@Suite("Damaged image files never crash")
struct ImageFuzzTests {
  struct Sample: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var file: [UInt8]
  }

  static let samples: [Sample] = {
    var generator = SeededGenerator(seed: 5)
    func samples(_ count: Int, below bound: Int) -> [Int] {
      (0..<count).map { _ in Int.random(in: 0..<bound, using: &generator) }
    }
    let palette = samples(3 * 16, below: 256).map { UInt8($0) }
    var progressive = JPEGBuilder(
      width: 30, height: 20,
      components: [
        .init(horizontalSampling: 2, verticalSampling: 2, blocks: samples(16, below: 256)),
        .init(blocks: samples(4, below: 256)), .init(blocks: samples(4, below: 256)),
      ], frameMarker: 0xc2, coefficientScanCount: 2)
    let exif = JPEGBuilder.exifSegment(orientation: 6, isBigEndian: true)
    progressive.extraSegments = [exif]
    var baseline = progressive
    baseline.frameMarker = 0xc0
    baseline.coefficientScanCount = 0
    return [
      Sample(testDescription: "P2", file: Array("P2 #c\n3 2\n9\n1 2 3 4 5 6".utf8)),
      Sample(testDescription: "P3", file: Array("P3 1 2 300\n1 2 3 4 5 6".utf8)),
      Sample(testDescription: "P5", file: Array("P5\n4 2 # c\n255\nabcdefgh".utf8)),
      Sample(testDescription: "P6", file: Array("P6\n2 1\n30000\nabcdefghijkl".utf8)),
      Sample(
        testDescription: "PNG, palette, interlaced",
        file: PNGBuilder(
          width: 9, height: 5, bitDepth: 4, colorType: .palette, samples: samples(45, below: 16),
          palette: palette, transparency: [0, 1, 2], isInterlaced: true
        ).encoded()),
      Sample(
        testDescription: "PNG, 16-bit color with alpha",
        file: PNGBuilder(
          width: 4, height: 3, bitDepth: 16, colorType: .colorAlpha,
          samples: samples(48, below: 65536)
        ).encoded()),
      Sample(testDescription: "JPEG, baseline", file: baseline.encoded()),
      Sample(testDescription: "JPEG, progressive", file: progressive.encoded()),
    ]
  }()

  /// Decodes `file`: either an image comes out, whose type assures its consistency, or a diagnostic
  /// that says something.
  private func survives(_ file: [UInt8]) -> Bool {
    do throws(Diagnostic) {
      let image = try decode(file)
      return image.pixels.count == image.width * image.height * image.channels
    } catch {
      return !error.problem.isEmpty && !error.description.contains("\n")
    }
  }

  /// PNG chunks with right checksums, so that damage gets past them.
  private func withRightChecksums(_ file: [UInt8]) -> [UInt8] {
    guard file.starts(with: PNGBuilder.signature) else { return file }
    var file = file
    var position = PNGBuilder.signature.count
    while position + 12 <= file.count {
      let count = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let end = position + 8 + count
      guard end + 4 <= file.count else { return file }
      let checksum = PNGBuilder.checksum(file[position + 4..<end])
      file.replaceSubrange(end..<end + 4, with: PNGBuilder.bigEndian(checksum))
      position = end + 4
    }
    return file
  }

  @Test("the samples themselves can be read", arguments: samples)
  func wholeSamples(sample: Sample) {
    #expect(complaint(about: sample.file) == "")
  }

  @Test("every byte replaced", arguments: samples)
  func everyByte(sample: Sample) {
    for position in sample.file.indices {
      let original = sample.file[position]
      let values = [0, 1, 0x20, 0x30, 0x39, 0x7f, 0x80, 0xff] + (0..<8).map { original ^ 1 << $0 }
      for value in values {
        var file = sample.file
        file[position] = value
        #expect(survives(file), "byte \(position) set to \(value)")
        #expect(
          survives(withRightChecksums(file)), "byte \(position) set to \(value), checksums right")
      }
    }
  }

  @Test("cut off at every length", arguments: samples)
  func everyLength(sample: Sample) {
    for count in sample.file.indices {
      #expect(survives(Array(sample.file.prefix(count))), "after \(count) bytes")
    }
  }

  @Test(
    "bytes changed, put in and taken out at random", arguments: samples,
    1...4 as ClosedRange<UInt64>)
  func random(sample: Sample, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<1500 {
      var file = sample.file
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let position = Int.random(in: 0..<file.count, using: &generator)
        let value = UInt8.random(in: 0...255, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: file.insert(value, at: position)
        case 1 where file.count > 1: file.remove(at: position)
        default: file[position] = value
        }
      }
      #expect(survives(file), "seed \(seed), round \(round)")
      #expect(survives(withRightChecksums(file)), "seed \(seed), round \(round), checksums right")
    }
  }
}
