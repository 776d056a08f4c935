import CommandSupport
import Diagnostics
import FloatModel
import Foundation
import ImageInput
import Quantizer
import TensorFiles

/// Calibration inputs as the command line names them.
struct Samples {
  /// The inputs.
  var set: SampleSet
  /// How images feed the model; `nil` for arrays.
  var preprocessing: ImagePreprocessing?
  /// What was used, for the conversion record.
  var description: String
  private let files: [String]

  /// At most `count` samples of a folder of images or of an `.npz` or `.npy` file.
  ///
  /// Images are taken evenly over the sorted list, since neighbors in a folder are often of one
  /// class.
  init(
    path: String, count: Int, options: ImageOptions, source: FloatSource, skipsUnreadable: Bool
  ) throws {
    if Self.areArrays(path: path) {
      guard !options.isGiven else {
        throw UsageError(
          "--mean, --std, --resize, --crop and --color apply to images, not to arrays")
      }
      set = try Self.arrays(path: path, count: count, source: source)
      preprocessing = nil
      files = [path]
      description = "\(set.count) samples"
      return
    }
    let preprocessing = try options.preprocessing(for: source.graph)
    Self.warnAboutUnits(preprocessing)
    var paths = evenly(try ImageFile.list(folder: path), count)
    if skipsUnreadable {
      paths = paths.filter { path in
        do {
          _ = try preprocessing.pixels(ofFile: path)
          return true
        } catch {
          warn("skipped: \(error)", command: "qconvert")
          return false
        }
      }
      guard !paths.isEmpty else {
        throw Diagnostic(
          file: path, problem: "holds no readable image", remedy: "give at least one, better 100")
      }
    }
    set = SampleSet(images: paths, preprocessing: preprocessing)
    self.preprocessing = preprocessing
    files = paths
    description = "\(set.count) images"
  }

  /// What distinguishes these samples from all others.
  func fingerprint() throws(Diagnostic) -> String {
    "\(description) \(try sha256(ofFiles: files))"
  }

  /// Whether `path` names arrays, not a folder of images.
  static func areArrays(path: String) -> Bool {
    let lower = path.lowercased()
    return lower.hasSuffix(".npz") || lower.hasSuffix(".npy")
  }

  /// The first `count` samples of an `.npz` or `.npy` file.
  static func arrays(
    path: String, count: Int, source: FloatSource
  ) throws(Diagnostic) -> SampleSet {
    do {
      let arrays =
        path.lowercased().hasSuffix(".npz")
        ? try NPZFile.read(path: path) : [try NPYFile.read(path: path)]
      return try SampleSet(
        arrays: arrays, for: source.graph, sourceAxes: source.inputAxes, limit: count)
    } catch {
      throw error.inFile(path)
    }
  }

  /// Means and deviations below 1 are usually meant for pixel values 0…1.
  private static func warnAboutUnits(_ preprocessing: ImagePreprocessing) {
    let mean = preprocessing.mean
    guard preprocessing.standardDeviation.allSatisfy({ $0 < 1 }),
      mean.allSatisfy({ abs($0) <= 1 })
    else { return }
    warn(
      "--mean and --std refer to pixel values 0…255; multiply by 255 what is meant for 0…1",
      command: "qconvert")
  }
}

/// At most `count` elements, evenly spread over `all`, in order.
func evenly<Element>(_ all: [Element], _ count: Int) -> [Element] {
  guard all.count > count else { return all }
  return (0..<count).map { all[$0 * all.count / count] }
}
