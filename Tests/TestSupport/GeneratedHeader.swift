import Foundation

/// A header that `tools/generate-schema` made and that is committed.
public struct GeneratedHeader: Sendable {
  private let path: String

  /// The header at `path` below the repository's root.
  public init(_ path: String) { self.path = path }

  /// What is committed.
  public var committed: [UInt8]? {
    FileManager.default.contents(atPath: TestData.repository + "/" + path).map { [UInt8]($0) }
  }

  /// What the installed `flatc` makes of the schema; throws where `tools/generate-schema` fails.
  public func regenerated() throws -> [UInt8]? {
    let folder = try TemporaryFolder()
    let outcome = try Command(
      TestData.repository + "/tools/generate-schema", [folder.path]
    ).run()
    guard outcome.status == 0 else { return nil }
    return folder.read(URL(fileURLWithPath: path).lastPathComponent)
  }

  /// Whether the installed `flatc` is of the version that made the committed header; of another one,
  /// nothing can be told.
  public var isOfInstalledVersion: Bool {
    guard let outcome = try? Command("flatc", ["--version"]).run(), outcome.status == 0,
      let committed
    else { return false }
    let header = String(decoding: committed, as: UTF8.self)
    let numbers = outcome.output.split { !$0.isNumber }
    return zip(["MAJOR", "MINOR", "REVISION"], numbers).allSatisfy {
      header.contains("FLATBUFFERS_VERSION_\($0) == \($1)")
        || !header.contains("FLATBUFFERS_VERSION_\($0)")
    }
  }
}
