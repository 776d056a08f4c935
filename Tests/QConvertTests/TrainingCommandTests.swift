import FBQFormat
import Foundation
import IntegerModel
import TestSupport
import Testing

@Suite("qconvert trains")
struct TrainingCommandTests {
  private static let fixtures = TestData.repository + "/Fixtures"
  private let command = BuiltCommand("qconvert")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func arguments(_ more: [String], output: String = "out.fbq") -> [String] {
    [Self.fixtures + "/digits.onnx", "--calibration", Self.fixtures + "/calibration"]
      + normalization + ["-o", folder.file(output)] + more
  }

  private func convert(_ more: [String], output: String = "out.fbq") throws -> Command.Outcome {
    let outcome = try command.run(arguments(more, output: output))
    try #require(outcome.status == 0, "\(outcome.errors)")
    return outcome
  }

  /// SQNR of the logits in dB and the share of equal answers, on images that nothing was learned from.
  private func evaluated(_ name: String = "out.fbq") throws -> (sqnr: Double, agreement: Double) {
    struct Evaluation: Decodable { var sqnr: Double; var agreement: Double }
    let outcome = try command.run([
      "evaluate", folder.file(name), "--reference", Self.fixtures + "/digits.onnx", "--images",
      Self.fixtures + "/test", "--format", "json",
    ])
    try #require(outcome.status == 0, "\(outcome.errors)")
    let found = try JSONDecoder().decode(Evaluation.self, from: Data(outcome.output.utf8))
    return (found.sqnr, found.agreement)
  }

  @Test("on two samples or more; fewer are refused by the name of their folder")
  func oneSample() throws {
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: Self.fixtures + "/calibration").min())
    try FileManager.default.createDirectory(
      atPath: folder.file("one"), withIntermediateDirectories: false)
    try FileManager.default.copyItem(
      atPath: Self.fixtures + "/calibration/" + name, toPath: folder.file("one/" + name))
    let outcome = try command.run(arguments(["--train", folder.file("one")]))
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "qconvert: error: \(folder.file("one")): training: there is 1 sample, training needs 2; "
        + "give more, better hundreds: some are held out to tell when to stop\n")
  }

  @Test(
    "to a model that answers more like the float one than plain quantization",
    arguments: ["per-channel", "per-tensor"],
    [["--preset", "balanced"], ["--preset", "plain", "--train", fixtures + "/calibration"]])
  func improves(weights: String, options: [String]) throws {
    _ = try convert(["--preset", "plain", "--weights", weights], output: "plain.fbq")
    let outcome = try convert(options + ["--epochs", "6", "--weights", weights])
    #expect(outcome.output.contains("  note         trained 6 epochs on "))
    let (plain, trained) = (try evaluated("plain.fbq"), try evaluated())
    #expect(trained.sqnr > plain.sqnr)
    #expect(trained.agreement >= plain.agreement)
  }

  @Test("and records what it did")
  func record() throws {
    _ = try convert([
      "--preset", "balanced", "--epochs", "2", "--learning-rate", "0.002", "--student", "device",
      "--loss", "smooth-l1", "--parametrization", "log2", "--seed", "5", "--block-epochs", "1",
    ])
    let record = try #require(try FBQFile.read(path: folder.file("out.fbq")).record)
    for option in [
      "preset=balanced", "epochs=2", "learning-rate=0.002", "student=device", "loss=smooth-l1",
      "parametrization=log2", "patience=2", "seed=5", "block-epochs=1",
      "train-thresholds=true",
    ] {
      #expect(record.options.contains(option), "\(option)")
    }
    #expect(record.options == record.options.sorted())
    #expect(record.options.contains { $0.hasPrefix("train=") && $0.hasSuffix(" samples") })
  }

  @Test("the same command to the same bytes, another seed to others")
  func deterministic() throws {
    let options = ["--preset", "balanced", "--epochs", "2", "--threads", "2"]
    _ = try convert(options)
    let first = try #require(folder.read("out.fbq"))
    _ = try convert(options)
    #expect(folder.read("out.fbq") == first)
    _ = try convert(options + ["--seed", "2"])
    #expect(folder.read("out.fbq") != first)
  }

  @Test("nothing for 0 epochs")
  func noEpochs() throws {
    _ = try convert(["--preset", "balanced", "--epochs", "0"])
    let record = try #require(try FBQFile.read(path: folder.file("out.fbq")).record)
    #expect(!record.options.contains { $0.hasPrefix("epochs=") || $0.hasPrefix("train=") })
  }

  @Test("each method alone", arguments: ["--tune-weights", "--tune-biases", "--adaround"])
  func alone(method: String) throws {
    let base = ["--preset", "plain", "--train", Self.fixtures + "/calibration", "--epochs", "2"]
    let outcome = try convert(base + ["--no-train-thresholds", method])
    #expect(outcome.output.contains("  note         trained 2 epochs on "))
    #expect(try evaluated().agreement > 0.9)
  }

  /// Starts a long training and sends Ctrl-C once it has written a checkpoint.
  private func interrupted(
    _ options: [String]
  ) throws -> (status: Int32, output: String, errors: String) {
    let before = folder.read("state/training.npz")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command.path)
    process.arguments = arguments(options)
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // A training that never writes it ends by itself.
    while process.isRunning, folder.read("state/training.npz") == before { usleep(2000) }
    process.interrupt()
    process.waitUntilExit()
    func text(_ pipe: Pipe) -> String {
      String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
    let isExit = process.terminationReason == .exit
    return (
      isExit ? process.terminationStatus : -process.terminationStatus, text(output), text(errors)
    )
  }

  @Test("until Ctrl-C, then writes the best model so far, and goes on from its checkpoint")
  func interruption() throws {
    let options = [
      "--preset", "plain", "--train", Self.fixtures + "/calibration", "--tune-biases",
      "--patience", "100000", "--epochs", "100000", "--checkpoint", folder.file("state"),
    ]
    let stopped = try interrupted(options)
    #expect(stopped.status == 0)
    #expect(
      stopped.errors
        == "qconvert: stopping with the best model so far; press Ctrl-C again to end at once\n")
    #expect(stopped.output.contains("  note         training interrupted in epoch "))
    let first = try #require(try FBQFile.read(path: folder.file("out.fbq")).record)
    #expect(first.options.contains("epochs=100000"))
    #expect(try evaluated().agreement > 0.9)
    // The state belongs to these options alone.
    let refused = try command.run(arguments(options + ["--seed", "2"]))
    #expect(refused.status == 1)
    #expect(
      refused.errors
        == "qconvert: error: \(folder.file("state"))/training.npz: fingerprint: it is the state of a "
        + "training with other options or inputs; repeat the options, name another folder, or "
        + "remove the file\n")
    let resumed = try interrupted(options)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("  note         training resumed after epoch "))
    #expect(folder.read("out.fbq") != nil)
  }

  @Test("and goes on from a checkpoint to the bytes of a single run")
  func checkpoint() throws {
    let options = ["--preset", "balanced", "--epochs", "3"]
    _ = try convert(options)
    let whole = try #require(folder.read("out.fbq"))
    let checkpoint = ["--checkpoint", folder.file("state")]
    _ = try convert(options + checkpoint)
    let again = try convert(options + checkpoint)
    #expect(again.output.contains("  note         training resumed after epoch 3\n"))
    #expect(folder.read("out.fbq") == whole)
    // Ranges of other inputs are other units of the parameters.
    let others = try command.run(arguments(options + checkpoint + ["--calibration-count", "20"]))
    #expect(others.status == 1)
    #expect(others.errors.contains("it is the state of a training with other options or inputs"))
  }

  @Test("and does not go on with images that have changed since")
  func changedImages() throws {
    let images = folder.file("images")
    try FileManager.default.copyItem(atPath: Self.fixtures + "/calibration", toPath: images)
    let options = [
      "--preset", "balanced", "--epochs", "1", "--train", images,
      "--checkpoint", folder.file("state"),
    ]
    _ = try convert(options)
    let names = try FileManager.default.contentsOfDirectory(atPath: images).sorted()
    let (first, last) = (try #require(names.first), try #require(names.last))
    try FileManager.default.removeItem(atPath: "\(images)/\(first)")
    try FileManager.default.copyItem(
      atPath: "\(images)/\(last)", toPath: "\(images)/\(first)")
    let outcome = try command.run(arguments(options))
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("it is the state of a training with other options or inputs"))
  }

  @Test("on as many inputs as told, and remarks that they are few")
  func trainCount() throws {
    let outcome = try convert([
      "--preset", "plain", "--train", Self.fixtures + "/calibration", "--train-count", "12",
      "--epochs", "1",
    ])
    #expect(
      outcome.output.contains(
        "  note         only 12 training samples: the result may fit them rather than the task\n"))
    #expect(outcome.output.contains("  note         trained 1 epoch on 11 samples; held-out 1: "))
  }
}
