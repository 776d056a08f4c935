import Foundation
import TestSupport
import Testing

@Suite("tools/accuracy")
struct AccuracyPageTests {
  private func accuracy(_ arguments: [String]) throws -> Command.Outcome {
    try Command("python3", [TestData.repository + "/tools/accuracy"] + arguments).run()
  }

  @Test("the committed page is what the committed results render to")
  func committedPage() throws {
    let folder = try TemporaryFolder()
    let outcome = try accuracy(["--render", "--page", folder.file("page.md")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let committed = try String(
      contentsOfFile: TestData.repository + "/docs/accuracy.md", encoding: .utf8)
    #expect(String(decoding: folder.read("page.md") ?? [], as: UTF8.self) == committed)
  }

  /// One model of a user's, one configuration, numbers that are easy to work out by hand.
  private static let results = """
    {"machine": "an abacus", "models": {"MNASNet 1.0": {
      "file": "mine.onnx", "mean": "0", "std": "1", "resize": 64, "calibration": "train",
      "evaluation": "val", "rows": {
        "float": {"images": 263, "labeled": 263, "top1": 100, "top5": 200, "agreeing": 263,
          "sqnr": "inf", "seconds": null},
        "fbq/minmax/per-channel/asymmetric": {"images": 263, "labeled": 263, "top1": 81,
          "top5": 263, "agreeing": 131, "sqnr": -1.25, "seconds": 120.0},
        "fbq/forgotten/per-channel/asymmetric": {"images": 263, "labeled": 263, "top1": 81,
          "top5": 263, "agreeing": 131, "sqnr": -1.25, "seconds": 120.0}
    }}}}
    """

  @Test("turns counts into rates with Wilson's interval, drop and units")
  func rows() throws {
    let folder = try TemporaryFolder()
    let json = try folder.write(Array(Self.results.utf8), to: "results.json")
    let outcome = try accuracy(["--render", "--json", json, "--page", folder.file("page.md")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let page = String(decoding: folder.read("page.md") ?? [], as: UTF8.self)
    let lines = page.split(separator: "\n").filter { $0.hasPrefix("| MNASNet") }
    // Wilson 1927, as tabulated by Newcombe 1998: 81 of 263 is 25.53 to 36.62 %.
    #expect(
      lines.prefix(3) == [
        "| MNASNet 1.0 | float | – | – | – | 38.0 % (32.4–44.0) | – | 76.0 % | – | – | – |",
        "| MNASNet 1.0 | fbq | minmax | per-channel | asymmetric | 30.8 % (25.5–36.6) | +7.2 | "
          + "100.0 % | 49.8 % | −1.2 dB | 2.0 min |",
        "| MNASNet 1.3 | fbq | – | per-channel | – | – | – | – | – | – | – |",
      ])
    #expect(page.contains("The machine: an abacus."))
    #expect(!page.contains("--name \"MNASNet 1.0\"") && page.contains("--name \"MNASNet 1.3\""))
    #expect(!page.contains("forgotten"))
  }

  @Test(
    "refuses in one line",
    arguments: [
      (
        ["--model", "m.onnx"], 2, "--model needs --mean: a wrong one would quietly ruin the result"
      ),
      (["--name", "x"], 2, "--name, --mean, --std and --resize describe a --model"),
      (
        ["--model", "/none.onnx", "--mean", "0", "--std", "1", "--resize", "64"], 1,
        "/none.onnx: there is no such file"
      ),
    ] as [([String], Int32, String)])
  func errors(arguments: [String], status: Int32, message: String) throws {
    let outcome = try accuracy(arguments)
    #expect(outcome.status == status)
    #expect(outcome.errors.hasSuffix("\(message)\n"), "\(outcome.errors)")
  }
}
