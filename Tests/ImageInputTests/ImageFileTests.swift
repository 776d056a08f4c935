import Diagnostics
import FileAccess
import Glibc
import ImageInput
import TestSupport
import Testing

@Suite("Image files")
struct ImageFileTests {
  @Test("the content tells the format, not the name")
  func contentCounts() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("P5 1 1 255 A".utf8), to: "picture.jpg")
    #expect(try ImageFile.read(path: path).pixels == [65])
  }

  @Test("images that share a buffer are as they are without, and so are errors")
  func sharedBuffer() throws {
    let folder = try TemporaryFolder()
    let buffer = FileBuffer()
    for (name, text) in [
      ("wide", "P5 4 1 255 ABCD"), ("one", "P5 1 1 255 E"), ("two", "P5 1 2 255 FG"),
    ] {
      let path = try folder.write(Array(text.utf8), to: name)
      #expect(
        try ImageFile.read(path: path, buffer: buffer).pixels == ImageFile.read(path: path).pixels)
    }
    let cut = try folder.write(Array("P5 2 2 255 ".utf8), to: "cut.pgm")
    #expect(
      message { () throws(Diagnostic) in _ = try ImageFile.read(path: cut, buffer: buffer) }
        == message { () throws(Diagnostic) in _ = try ImageFile.read(path: cut) })
    // Too large for the buffer.
    var large = Array("P5 3000 2000 255 ".utf8)
    large += (0..<6_000_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
    let path = try folder.write(large, to: "large")
    #expect(
      try ImageFile.read(path: path, buffer: buffer).pixels.suffix(6_000_000)
        == large.suffix(6_000_000))
  }

  @Test("an error names the file")
  func errorNamesFile() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array("P5 2 2 255 ".utf8), to: "cut.pgm")
    let expected =
      path
      + ": the PPM/PGM data is truncated: 11 bytes do not hold the whole image; get the file again"
    #expect(message { () throws(Diagnostic) in _ = try ImageFile.read(path: path) } == expected)
    #expect(
      message { () throws(Diagnostic) in _ = try ImageFile.read(path: folder.file("none.png")) }
        == folder.file("none.png") + ": there is no such file; check the path")
  }

  @Test(
    "an unreadable format is named",
    arguments: [
      ("", "the file is empty; get the image again"),
      (
        "GIF89a",
        "this looks like a GIF image, which is not read here; convert it to PPM, PGM, PNG or JPEG"
      ),
      (
        "RIFF....WEBPVP8 ",
        "this looks like a WebP image, which is not read here; convert it to PPM, PGM, PNG or JPEG"
      ),
      (
        "\0\0\0\u{1c}ftypavif",
        "this looks like an AVIF image, which is not read here; convert it to PPM, PGM, PNG or JPEG"
      ),
      (
        "P4 8 1 x",
        "this looks like a PBM bitmap, which is not read here; convert it to PPM, PGM, PNG or JPEG"
      ),
      (
        "hello, world",
        "unknown format; the first bytes are 68 65 6c 6c 6f 2c 20 77; "
          + "convert the image to PPM, PGM, PNG or JPEG"
      ),
      ("\n", "unknown format; the first bytes are 0a; convert the image to PPM, PGM, PNG or JPEG"),
    ])
  func unknownFormat(content: String, expected: String) {
    #expect(complaint(about: Array(content.utf8)) == expected)
  }

  @Test("a folder lists its images in the order of their names' bytes")
  func list() throws {
    let folder = try TemporaryFolder()
    for name in [
      "b.png", "a.PPM", "B.JPEG", "é.jpg", "z.Pgm", "a10.pnm", "a9.pnm", "notes.txt", "png",
      ".hidden.png", "model.onnx", "x.png.bak",
    ] {
      try folder.write([], to: name)
    }
    let inner = try TemporaryFolder()
    try #require(symlink(inner.path, folder.file("folder.png")) == 0)
    let expected = ["B.JPEG", "a.PPM", "a10.pnm", "a9.pnm", "b.png", "z.Pgm", "é.jpg"]
    let paths = expected.map { folder.file($0) }
    #expect(try ImageFile.list(folder: folder.path) == paths)
    #expect(try ImageFile.list(folder: folder.path + "/") == paths)
  }

  @Test("a folder that cannot serve is named")
  func listErrors() throws {
    let folder = try TemporaryFolder()
    #expect(
      message { () throws(Diagnostic) in _ = try ImageFile.list(folder: folder.file("none")) }
        == folder.file("none") + ": there is no such folder; check the path")
    let file = try folder.write([], to: "notes.txt")
    #expect(
      message { () throws(Diagnostic) in _ = try ImageFile.list(folder: file) }
        == file + ": it is not a folder; name a folder of images")
    #expect(
      message { () throws(Diagnostic) in _ = try ImageFile.list(folder: folder.path) }
        == folder.path
        + ": the folder holds no image; put files there that end in .ppm, .pgm, .pnm, "
        + ".png, .jpg or .jpeg")
  }
}
