import Foundation
import IntegerRuntime
import IntegerTestSupport
import TensorFiles
import TestSupport
import Testing

@Suite("qrun fails in one line and leaves nothing behind")
struct FailureTests {
  let fixture: QRunFixture

  init() throws { fixture = try QRunFixture() }

  @Test("files that are missing or damaged")
  func badFiles() throws {
    try fixture.folder.write([1, 2, 3], to: "bad")
    try fail(
      "missing.fbq image0.ppm", "missing.fbq: there is no such file; check the path")
    try fail(
      "bad image0.ppm", "bad: it is no .fbq file: 'FBQ1' is missing at byte 4; convert a model")
    try fail(". image0.ppm", ".: it is a folder, not a file; name a file")
    try fail("small.fbq missing.png", "missing.png: there is no such file; check the path")
    try fail(
      "small.fbq --input bad",
      "bad: it is no .npy array: it does not start with \\x93NUMPY")
    try fail(
      "small.fbq --expect bad",
      "bad: it is no zip archive, or it is cut short: the end of its directory is missing")
    try FileManager.default.createDirectory(
      atPath: fixture.folder.file("empty"), withIntermediateDirectories: false)
    try fail(
      "small.fbq empty",
      "empty: the folder holds no image; put files there that end in .ppm, .pgm, .pnm, .png, .jpg or "
        + ".jpeg")
  }

  @Test("a damaged model")
  func damagedModel() throws {
    var bytes = try #require(fixture.folder.read("small.fbq"))
    bytes[bytes.count / 2] ^= 1
    try fixture.folder.write(bytes, to: "small.fbq")
    let outcome = try fixture.run("small.fbq", "image0.ppm")
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasSuffix("copy or convert it again\n"))
    #expect(outcome.errors.hasPrefix("qrun: error: small.fbq: "))
  }

  @Test("a damaged image among good ones is named, what came before is printed")
  func damagedImage() throws {
    try fixture.folder.write([UInt8]("P6 8 8 255\n1234".utf8), to: "image1.ppm")
    let outcome = try fixture.run("small.fbq", ".", "--output", "out.npz")
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasPrefix("qrun: error: ./image1.ppm: "))
    #expect(outcome.output.contains("./image0.ppm: "))
    #expect(try !fixture.folder.contents().contains("out.npz"))
  }

  @Test("a model without an input pipeline wants codes")
  func noPipeline() throws {
    var graph = SmallModel.graph
    graph.inputPipeline = nil
    let outcome = try QRunFixture(graph: graph).run("small.fbq", "image0.ppm")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qrun: error: small.fbq: input 'image': the model does not say how an image becomes its "
        + "input; give --mean and --std when qconvert makes the file, or codes with --input here\n")
  }

  @Test(
    "a missing output folder is told before anything runs",
    arguments: ["--output", "--dump-tensors", "--record"])
  func missingFolder(option: String) throws {
    let outcome = try fixture.run("small.fbq", "image0.ppm", option, "no/out.npz")
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(
      outcome.errors
        == "qrun: error: no/out.npz: the folder 'no' does not exist; create it first\n")
  }

  @Test("a full disk", arguments: ["--output", "--dump-tensors", "--record"])
  func fullDisk(option: String) throws {
    let outcome = try fixture.run("small.fbq", "image0.ppm", option, "/dev/full")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qrun: error: /dev/full: the disk is full; free some space; an existing file was left as "
        + "it was\n")
  }

  @Test("standard output on a full disk")
  func fullStandardOutput() throws {
    let outcome = try fixture.shell("$QRUN small.fbq image0.ppm > /dev/full")
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qrun: error: standard output: No space left on device; free some space or choose another "
        + "destination\n")
  }

  @Test("a limit on file sizes keeps the old file and leaves no other")
  func fileSizeLimit() throws {
    try fixture.folder.write([7], to: "out.npz")
    let before = try fixture.folder.contents()
    // 100 runs of 334 codes do not fit one block of 1024 bytes. The pipe keeps the limit from what
    // is printed.
    let images = (0..<100).map { "image\($0 % 3).ppm" }.joined(separator: " ")
    let outcome = try fixture.shell(
      "set -o pipefail; (ulimit -f 1; exec $QRUN small.fbq \(images) --dump-tensors out.npz) | cat"
    )
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qrun: error: out.npz: it would exceed the file size limit; raise the limit (ulimit -f); "
        + "an existing file was left as it was\n")
    #expect(fixture.folder.read("out.npz") == [7])
    #expect(try fixture.folder.contents() == before)
  }

  @Test("a reader that goes away ends it quietly")
  func brokenPipe() throws {
    let images = (0..<2000).map { "image\($0 % 3).ppm" }.joined(separator: " ")
    let outcome = try fixture.shell(
      "set -o pipefail; $QRUN small.fbq \(images) | head -1; echo ${PIPESTATUS[0]}")
    #expect(outcome.errors == "")
    let kernels = KernelChoice.auto.resolved.rawValue
    #expect(
      outcome.lines == ["small.fbq: arithmetic tflm, kernels \(kernels), 1 thread", "141"])
  }

  @Test("no progress line where standard error is no terminal")
  func progress() throws {
    let outcome = try fixture.run("small.fbq", "--benchmark", "2000")
    #expect(outcome.errors == "")
  }

  private func fail(
    _ arguments: String, _ message: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try fixture.command.run(
      arguments.split(separator: " ").map(String.init), folder: fixture.folder.path)
    #expect(outcome.status == 1, sourceLocation: location)
    #expect(outcome.errors == "qrun: error: \(message)\n", sourceLocation: location)
  }
}
