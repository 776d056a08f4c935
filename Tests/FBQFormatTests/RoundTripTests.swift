import Diagnostics
import FBQFormat
import IntegerModel
import IntegerTestSupport
import TestSupport
import Testing

@Suite("What was written comes back")
struct RoundTripTests {
  @Test("every member of every operator, tensor and record", arguments: 0..<200 as Range<UInt64>)
  func everything(seed: UInt64) throws {
    var random = RandomGraph(generator: SeededGenerator(seed: seed))
    let graph = random.graph()
    let compress = seed % 2 == 0
    let read = try FBQFile.withUnvalidatedBytes(of: graph, compress: compress) {
      (bytes) throws(Diagnostic) in
      try FBQFile.unvalidatedGraph(in: ByteStorage(copying: bytes))
    }
    #expect(read == graph, "seed \(seed)")
    #expect(names(read) == names(graph), "seed \(seed)")
  }

  @Test("the random graphs hold each kind of operator")
  func allKinds() {
    var random = RandomGraph(generator: SeededGenerator(seed: 1))
    #expect(random.graph().operations.count == 40)
    #expect(Set(random.kinds().map { "\($0)".prefix { $0 != "(" } }).count == 40)
    #expect(Set(random.forms().map { "\($0)".prefix { $0 != "(" } }).count == 15)
  }

  @Test("a model through a file, compressed and not", arguments: [false, true])
  func throughFile(compress: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("small.fbq")
    try FBQFile.write(SmallModel.graph, to: path, compress: compress)
    #expect(try FBQFile.read(path: path) == SmallModel.graph)
    #expect(try folder.contents() == ["small.fbq"])
  }

  @Test("the same graph makes the same bytes", arguments: [false, true])
  func deterministic(compress: Bool) throws {
    var random = RandomGraph(generator: SeededGenerator(seed: 3))
    let graph = random.graph()
    let files = try (0..<2).map { _ in
      try FBQFile.withUnvalidatedBytes(of: graph, compress: compress) { [UInt8]($0) }
    }
    #expect(files[0] == files[1])
  }

  @Test("compression makes files smaller where it can")
  func smaller() throws {
    #expect(try SmallModel.bytes(compress: true).count < SmallModel.bytes().count)
  }

  @Test("the graph outlives everything but its constants' memory")
  func lifetime() throws {
    let folder = try TemporaryFolder()
    try FBQFile.write(SmallModel.graph, to: folder.file("small.fbq"), compress: false)
    let weights = try FBQFile.read(path: folder.file("small.fbq")).tensors[1].constant
    #expect(weights?.array(of: Int8.self).prefix(3) == [-5, -4, -3])
  }

  @Test("uncompressed constants are used where the file lies, aligned to 64 bytes")
  func inPlace() throws {
    let storage = try SmallModel.bytes().withUnsafeBytes { ByteStorage(copying: $0) }
    let graph = try FBQFile.read(storage)
    let start = Int(bitPattern: storage.bytes.baseAddress)
    for tensor in graph.tensors {
      tensor.constant?.withUnsafeBytes { bytes in
        let address = Int(bitPattern: bytes.baseAddress)
        #expect(address % 64 == 0, "\(tensor.name)")
        #expect((start..<start + storage.bytes.count).contains(address), "\(tensor.name)")
      }
    }
  }

  @Test("inflated constants are aligned as well")
  func inflatedAlignment() throws {
    let graph = try read(SmallModel.bytes(compress: true))
    for tensor in graph.tensors {
      tensor.constant?.withUnsafeBytes { #expect(Int(bitPattern: $0.baseAddress) % 64 == 0) }
    }
  }

  @Test("a number beyond 32 bits is not written")
  func tooLarge() throws {
    var graph = SmallModel.graph
    graph.operations[3].kind = .transpose(permutation: [1 << 40])
    #expect(
      throws: Diagnostic(
        place: "operation 'flat'",
        problem: "the number 1099511627776 does not fit the file, the limit is 2147483647")
    ) { try FBQFile.withUnvalidatedBytes(of: graph, compress: false) { $0.count } }
  }

  @Test("a graph that does not validate is not written, and no file is left")
  func invalid() throws {
    var graph = SmallModel.graph
    graph.outputs = [99]
    let folder = try TemporaryFolder()
    let path = folder.file("small.fbq")
    #expect {
      try FBQFile.write(graph, to: path, compress: false)
    } throws: { error in
      (error as? Diagnostic)?.file == path
    }
    #expect(try folder.contents() == [])
  }

  /// Strings compare equal across Unicode normal forms; their bytes must not change either.
  private func names(_ graph: IntegerGraph) -> [[UInt8]] {
    ([graph.name] + graph.tensors.map(\.name) + graph.labels).map { [UInt8]($0.utf8) }
  }
}
