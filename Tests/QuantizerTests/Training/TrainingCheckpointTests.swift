import Diagnostics
import Foundation
import Quantizer
import Synchronization
import TensorFiles
import TestSupport
import Testing

@Suite("A checkpoint of training")
struct TrainingCheckpointTests {
  private static let options = TrainingOptions(
    epochs: 5, cycles: 2, batch: 6, thresholdRate: 1e-2, weightRate: 3e-3, biasRate: 0.1,
    tunesWeights: true, tunesBiases: true, heldOutShare: 0.25)
  /// 18 of 24 samples, 6 at a time.
  private static let stepsPerEpoch = 3

  private let folder: TemporaryFolder
  private let task: TrainingTask

  init() throws {
    folder = try TemporaryFolder()
    task = try TrainingTask(blocksOfSeed: 1)
  }

  private func file(_ fingerprint: String = "one") throws(Diagnostic) -> TrainingCheckpointFile {
    try TrainingCheckpointFile(folder: folder.file("state"), fingerprint: fingerprint)
  }

  private func trained(
    _ task: TrainingTask, _ options: TrainingOptions, epochs: Int
  ) throws -> QuantizationState {
    let steps = Mutex(0)
    return try task.trained(options, checkpoint: file()) {
      steps.withLock {
        $0 += 1; return $0 > epochs * Self.stepsPerEpoch
      }
    }
  }

  /// What of the options changes how a training goes on.
  enum Variant: CaseIterable {
    case plain, device, learnedRounding, biasCorrection
  }

  @Test(
    "taken up again gives bit for bit what an uninterrupted training gives",
    arguments: Variant.allCases, [1, 3])
  func resumed(variant: Variant, epochs: Int) throws {
    var options = Self.options
    var task = task
    switch variant {
    case .plain: break
    case .device: options.student = .device
    case .learnedRounding: options.learnsRounding = true
    case .biasCorrection: task.options.biasCorrection = .empirical
    }
    let whole = try task.trained(options)
    let part = try trained(task, options, epochs: epochs)
    #expect(part.notes.contains("training interrupted in epoch \(epochs + 1)"))
    let resumed = try task.trained(options, checkpoint: file())
    #expect(resumed.notes.contains("training resumed after epoch \(epochs)"))
    #expect(resumed.isSame(as: whole))
    #expect(resumed.notes.last == whole.notes.last)
  }

  @Test("of a training that is over gives its result at once")
  func finished() throws {
    let whole = try task.trained(Self.options, checkpoint: file())
    let again = try task.trained(Self.options, checkpoint: file()) {
      Issue.record("no step is left")
      return true
    }
    #expect(again.isSame(as: whole))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("state")).count == 1)
  }

  private func refusal(_ fingerprint: String = "one") throws -> String? {
    let error = #expect(throws: Diagnostic.self) {
      try task.trained(Self.options, checkpoint: file(fingerprint))
    }
    return error?.description
  }

  @Test("of other options is refused")
  func otherOptions() throws {
    _ = try trained(task, Self.options, epochs: 1)
    let path = try file().path
    #expect(
      try refusal("other")
        == "\(path): fingerprint: it is the state of a training with other options or inputs; "
        + "repeat the options, name another folder, or remove the file")
  }

  /// What is done to an array of the file.
  enum Damage: CaseIterable {
    case missing, empty, longer, notANumber
  }

  @Test(
    "with a damaged array is refused",
    arguments: [
      "epoch", "best-loss", "epochs-without-gain", "setbacks", "rate-factor",
      "activation-thresholds/current", "weight-thresholds/best", "weight-factors/first",
      "bias-offsets/second",
    ], Damage.allCases)
  func damaged(name: String, damage: Damage) throws {
    _ = try trained(task, Self.options, epochs: 1)
    let path = try file().path
    var arrays = try NPZFile.read(path: path)
    let position = try #require(arrays.firstIndex { $0.name == name })
    func change<Number: ArrayElement & FloatingPoint>(_ values: [Number]) {
      var values = values
      switch damage {
      case .missing: arrays.remove(at: position); return
      case .empty: values = []
      case .longer: values.append(0)
      case .notANumber: values[values.count / 2] = .nan
      }
      arrays[position] = NumericArray(name: name, values: values)
    }
    if name.contains("/") {
      change(try arrays[position].values(as: Float.self))
    } else {
      change(try arrays[position].values(as: Double.self))
    }
    try NPZFile.write(arrays, to: path, compress: false)
    #expect(
      try refusal()
        == "\(path): array '\(name)': it is missing or damaged; remove the file to start the "
        + "training anew")
  }

  @Test(
    "with a number that no training writes is refused",
    arguments: [("epoch", -1), ("best-loss", -1), ("setbacks", 1e30)] as [(String, Double)])
  func impossible(name: String, value: Double) throws {
    _ = try trained(task, Self.options, epochs: 1)
    let path = try file().path
    let arrays = try NPZFile.read(path: path).map {
      $0.name == name ? NumericArray(name: name, shape: [], values: [value]) : $0
    }
    try NPZFile.write(arrays, to: path, compress: false)
    #expect(
      try refusal()
        == "\(path): array '\(name)': it is missing or damaged; remove the file to start the "
        + "training anew")
  }

  @Test("with negative or missing steps of the optimizer is refused", arguments: [[-1], []])
  func optimizerSteps(values: [Int64]) throws {
    _ = try trained(task, Self.options, epochs: 1)
    let path = try file().path
    let name = "bias-offsets/steps"
    let arrays = try NPZFile.read(path: path).map {
      $0.name == name ? NumericArray(name: name, values: values) : $0
    }
    try NPZFile.write(arrays, to: path, compress: false)
    #expect(
      try refusal()
        == "\(path): array '\(name)': it is missing or damaged; remove the file to start the "
        + "training anew")
  }

  @Test("cut short anywhere is refused, with the file's name")
  func truncated() throws {
    _ = try trained(task, Self.options, epochs: 1)
    let path = try file().path
    let bytes = try #require(FileManager.default.contents(atPath: path))
    for share in [0, 1, 30, 50, 70, 99] {
      try bytes.prefix(bytes.count * share / 100).write(to: URL(fileURLWithPath: path))
      let message = try #require(try refusal())
      #expect(message.hasPrefix(path + ": "), "\(share) %")
    }
  }

  @Test("in a folder that cannot be made is refused")
  func folderInFile() throws {
    try folder.write([1], to: "state")
    let error = #expect(throws: Diagnostic.self) {
      try TrainingCheckpointFile(folder: folder.file("state/inner"), fingerprint: "")
    }
    #expect(
      error?.description
        == "\(folder.file("state/inner")): cannot be used as a checkpoint folder; name a folder "
        + "that exists or can be made, in a place that is writable")
  }

  @Test("on a full disk ends training in words, no half of a file left behind")
  func fullDisk() throws {
    let checkpoint = try file()
    let path = checkpoint.path
    let error = #expect(throws: Diagnostic.self) {
      try task.trained(
        Self.options, checkpoint: checkpoint,
        progress: { report in
          // A device that is always full takes the file's place once training has begun.
          guard report.detail.hasPrefix("epoch 1 of 5, step 1") else { return }
          symlink("/dev/full", path)
        })
    }
    #expect(
      error?.description
        == "\(path): the disk is full; free some space; an existing file was left as it was")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("state"))
        == ["training.npz"], "the link alone")
  }
}
