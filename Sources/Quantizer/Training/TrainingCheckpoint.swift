import Diagnostics
import FloatEngine
import Foundation
import TensorFiles

/// All that training needs to go on after an epoch.
struct TrainingCheckpoint: Sendable {
  var parameters: TrainableParameters
  /// The parameters with the least loss on the held-out samples.
  var best: TrainableParameters
  var bestLoss: Double
  var optimizers: [ParameterGroup: Adam] = [:]
  /// Epochs done.
  var epoch = 0
  var epochsWithoutGain = 0
  /// How often the loss was not a number.
  var setbacks = 0
  /// What setbacks have left of the learning rates.
  var rateFactor: Float = 1

  init(parameters: TrainableParameters, loss: Double) {
    self.parameters = parameters
    best = parameters
    bestLoss = loss
  }
}

/// Where a training keeps its state: `training.npz` in a folder.
public struct TrainingCheckpointFile: Sendable {
  /// The file's path.
  public let path: String
  /// What model, samples and options the training is of: a state with another one is refused.
  public let fingerprint: String

  /// Names the file in `folder`, which is made if it does not exist.
  ///
  /// - Throws: a folder that cannot be made.
  public init(folder: String, fingerprint: String) throws(Diagnostic) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw Diagnostic(
        file: folder, problem: "cannot be used as a checkpoint folder",
        remedy: "name a folder that exists or can be made, in a place that is writable")
    }
    path = folder + "/training.npz"
    self.fingerprint = fingerprint
  }

  private static let scalarNames = [
    "epoch", "best-loss", "epochs-without-gain", "setbacks", "rate-factor",
  ]

  /// Replaces the file by `state`, whole or not at all.
  func write(_ state: TrainingCheckpoint) throws(Diagnostic) {
    var arrays = [NumericArray(name: "fingerprint", values: Array(fingerprint.utf8))]
    let scalars = [
      Double(state.epoch), state.bestLoss, Double(state.epochsWithoutGain),
      Double(state.setbacks), Double(state.rateFactor),
    ]
    for (name, value) in zip(Self.scalarNames, scalars) {
      arrays.append(NumericArray(name: name, shape: [], values: [value]))
    }
    for group in ParameterGroup.allCases {
      guard let values = state.parameters[group], let best = state.best[group] else { continue }
      arrays.append(NumericArray(name: "\(group.rawValue)/current", values: values))
      arrays.append(NumericArray(name: "\(group.rawValue)/best", values: best))
      guard let optimizer = state.optimizers[group] else { continue }
      arrays.append(NumericArray(name: "\(group.rawValue)/first", values: optimizer.first))
      arrays.append(NumericArray(name: "\(group.rawValue)/second", values: optimizer.second))
      arrays.append(
        NumericArray(name: "\(group.rawValue)/steps", shape: [], values: [Int64(optimizer.steps)]))
    }
    do {
      try NPZFile.write(arrays, to: path, compress: false)
    } catch {
      throw error.inFile(path)
    }
  }

  /// The state in the file, which must have the parameters of `start`; `nil` if there is no file.
  ///
  /// - Throws: a file that is damaged, or of another training.
  func read(like start: TrainingCheckpoint) throws(Diagnostic) -> TrainingCheckpoint? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      var members: [String: NumericArray] = [:]
      for array in try NPZFile.read(path: path) { members[array.name] = array }
      return try state(members, like: start)
    } catch {
      throw error.inFile(path)
    }
  }

  private func state(
    _ members: [String: NumericArray], like start: TrainingCheckpoint
  ) throws(Diagnostic) -> TrainingCheckpoint {
    let stored: [UInt8] = try Self.member("fingerprint", of: members).values()
    guard stored == Array(fingerprint.utf8) else {
      throw Diagnostic(
        place: "fingerprint", problem: "it is the state of a training with other options or inputs",
        remedy: "repeat the options, name another folder, or remove the file")
    }
    var scalars: [Double] = []
    for name in Self.scalarNames {
      let values: [Double] = try Self.member(name, of: members).values()
      guard let value = values.first, values.count == 1, value.isFinite, value >= 0, value < 1e12
      else { throw Self.damaged(name) }
      scalars.append(value)
    }
    var result = start
    result.epoch = Int(scalars[0])
    result.bestLoss = scalars[1]
    result.epochsWithoutGain = Int(scalars[2])
    result.setbacks = Int(scalars[3])
    result.rateFactor = Float(scalars[4])
    for (group, initial) in start.parameters {
      func floats(_ role: String) throws(Diagnostic) -> [Float] {
        let name = "\(group.rawValue)/\(role)"
        let values: [Float] = try Self.member(name, of: members).values()
        guard values.count == initial.count, values.allSatisfy(\.isFinite) else {
          throw Self.damaged(name)
        }
        return values
      }
      result.parameters[group] = try floats("current")
      result.best[group] = try floats("best")
      guard let steps = members["\(group.rawValue)/steps"] else { continue }
      let count: [Int64] = try steps.values()
      guard let first = count.first, first >= 0 else { throw Self.damaged(steps.name) }
      result.optimizers[group] = Adam(
        first: try floats("first"), second: try floats("second"), steps: Int(first))
    }
    return result
  }

  private static func member(
    _ name: String, of members: [String: NumericArray]
  ) throws(Diagnostic) -> NumericArray {
    guard let found = members[name] else { throw damaged(name) }
    return found
  }

  private static func damaged(_ name: String) -> Diagnostic {
    Diagnostic(
      place: "array '\(name)'", problem: "it is missing or damaged",
      remedy: "remove the file to start the training anew")
  }
}
