import FBQFormat
import Foundation
import IntegerModel
import IntegerTestSupport
import TestSupport

/// A folder with the small model, images for it, and the built command.
struct QRunFixture {
  let folder: TemporaryFolder
  let command = BuiltCommand("qrun")

  init(graph: IntegerGraph = SmallModel.graph) throws {
    folder = try TemporaryFolder()
    try FBQFile.write(graph, to: folder.file("small.fbq"), compress: false)
    for index in 0..<3 { try folder.write(QRunFixture.image(index), to: "image\(index).ppm") }
  }

  /// An 8 × 8 picture, another for each index.
  static func image(_ index: Int) -> [UInt8] {
    [UInt8]("P6 8 8 255\n".utf8)
      + (0..<192).map { UInt8(truncatingIfNeeded: ($0 * (37 + index)) ^ ($0 >> 2)) }
  }

  /// Runs `qrun` inside the folder.
  func run(_ arguments: String...) throws -> Command.Outcome {
    try command.run(arguments, folder: folder.path)
  }

  /// Runs `qrun` inside the folder through a line for the shell, in which `$QRUN` is the command.
  func shell(_ line: String) throws -> Command.Outcome {
    try Command("bash", ["-c", "QRUN='\(command.path)'; \(line)"], folder: folder.path).run()
  }
}

extension Command.Outcome {
  /// Standard output line by line.
  var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// The JSON objects on standard output, one per line.
  var objects: [[String: Any]] {
    lines.compactMap { line in
      try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }
  }
}
