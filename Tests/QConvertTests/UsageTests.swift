import Foundation
import TestSupport
import Testing

@Suite("qconvert refuses")
struct UsageTests {
  private let command = BuiltCommand("qconvert")
  private static let fixtures = TestData.repository + "/Fixtures"

  /// A command line, and the one line that answers it. `@` stands for the fixtures' folder and `%`
  /// for a fresh folder.
  struct Case: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var status: Int32
    var message: String
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String, _ status: Int32, _ message: String) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.status = status
      self.message = message
    }
  }

  @Test(
    "with one line and an exit code",
    arguments: [
      Case("", 2, "Missing expected argument '<model>'; see 'qconvert --help'"),
      Case(
        "@/digits.onnx -o %/out.fbq", 2,
        "Missing expected argument '--calibration <folder|file.npz>'; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration -o %/out.fbq", 2,
        "--mean is missing; a wrong normalization would quietly ruin the model, so that it has no "
          + "default (raw pixel values: --mean 0 --std 1); see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 1,2 --std 1 -o %/out.fbq", 2,
        "--mean has 2 numbers for 3 channels; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 0 -o %/out.fbq", 2,
        "--std '0' is not a list of positive numbers like 127.5,127.5,127.5; "
          + "see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 --color gray -o %/out.fbq", 2,
        "--color gray does not fit the model's 3 channels; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --calibration-count 0 -o %/out.fbq", 2,
        "--calibration-count must be at least 1; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --percentile 99 -o %/out.fbq", 2,
        "--percentile applies to --calibrator percentile alone; see 'qconvert --help'"),
      Case(
        "%/m.onnx --calibration @/calibration --mean 0 --std 1 -o %/./m.onnx", 2,
        "'%/./m.onnx' is an input and would be overwritten; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration %/c.npz -o %/c.npz", 2,
        "'%/c.npz' is an input and would be overwritten; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 --labels %/n -o %/n", 2,
        "'%/n' is an input and would be overwritten; see 'qconvert --help'"),
      Case(
        "%/none.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq", 1,
        "%/none.onnx: there is no such file; check the path"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/none/out.fbq", 1,
        "%/none/out.fbq: the folder '%/none' does not exist; create it first"),
      Case(
        "@/digits.onnx --calibration % --mean 0 --std 1 -o %/out.fbq", 1,
        "%: the folder holds no image; put files there that end in .ppm, .pgm, .pnm, .png, .jpg or "
          + ".jpeg"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 --labels @/digits.onnx "
          + "-o %/out.fbq", 1,
        "@/digits.onnx: is not UTF-8 text; save it as UTF-8"),
      Case(
        "@/class-names.txt --calibration @/calibration --mean 0 --std 1 -o %/out.fbq", 1,
        "@/class-names.txt: is not an ONNX file or is truncated; export the model again, or copy "
          + "the file again in binary mode"),
      Case(
        "export @/digits.fbq -o %/digits.xyz", 2,
        "cannot export to '.xyz'; known are: .tflite, .onnx; see 'qconvert --help'"),
      Case(
        "export @/digits.fbq -o %/digits", 2,
        "'%/digits' has no ending that chooses the format; known are: .tflite, .onnx; see 'qconvert --help'"
      ),
      Case(
        "export %/digits.tflite -o %/digits.tflite", 2,
        "'%/digits.tflite' is an input and would be overwritten; see 'qconvert --help'"),
      Case(
        "export @/digits.onnx -o %/digits.tflite", 1,
        "@/digits.onnx: it is no .fbq file: 'FBQ1' is missing at byte 4; convert a model"),
      Case(
        "inspect @/digits.onnx", 1,
        "@/digits.onnx: it is no .fbq file: 'FBQ1' is missing at byte 4; convert a model"),
    ])
  func refusal(known: Case) throws {
    let folder = try TemporaryFolder()
    func expand(_ text: String) -> String {
      text.replacingOccurrences(of: "@", with: Self.fixtures)
        .replacingOccurrences(of: "%", with: folder.path)
    }
    let outcome = try command.run(known.arguments.map(expand))
    #expect(outcome.status == known.status)
    #expect(outcome.errors == "qconvert: error: \(expand(known.message))\n")
    #expect(outcome.output.isEmpty)
    #expect(try folder.contents().isEmpty, "nothing half-written")
  }

  @Test(
    "options of training that make no sense",
    arguments: [
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --epochs 3", 2,
        "--epochs applies to training; add --train FOLDER or --preset balanced or best; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --checkpoint %/state",
        2,
        "--checkpoint applies to training; add --train FOLDER or --preset balanced or best; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --block-epochs 3",
        2,
        "--block-epochs applies to training; add --train FOLDER or --preset balanced or best; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --no-train-thresholds",
        2,
        "--no-train-thresholds leaves nothing to train; add --tune-weights, --tune-biases or --adaround; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --epochs 0 --block-epochs 2 --checkpoint %/state",
        2,
        "--checkpoint keeps the training of the whole model, which --epochs 0 leaves out; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --epochs 0",
        2,
        "--epochs 0 leaves nothing to --train; add --block-epochs or --adaround, or leave both out; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --rounding gptq --train @/test --tune-weights",
        2,
        "--rounding gptq keeps the weights, so that --tune-weights cannot change them; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --rounding gptq --train @/test --adaround",
        2,
        "--rounding gptq keeps the weights, so that --adaround cannot change them; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --preset balanced --rounding gptq --weight-rate 1e-4",
        2,
        "--rounding gptq keeps the weights, so that --weight-rate cannot change them; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --preset balanced --no-train-thresholds --no-tune-biases",
        2,
        "--rounding gptq keeps the weights, which leaves nothing to train; leave --no-train-thresholds out or add --tune-biases; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --adaround --tune-weights",
        2,
        "--adaround keeps the weights, so that --tune-weights cannot change them; see 'qconvert --help'"
      ),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --train-count 1",
        2, "--train-count must be 2…10000000; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --epochs 100001",
        2, "--epochs must be 0…100000; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --cycles 0",
        2, "--cycles must be 1…100000; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --batch 0",
        2, "--batch must be 1…65536; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --patience 0",
        2, "--patience must be 1…100000; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --learning-rate 0",
        2, "--learning-rate must be above 0 and at most 10; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --weight-rate nan",
        2, "--weight-rate must be above 0 and at most 10; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --bias-rate 11",
        2, "--bias-rate must be above 0 and at most 10; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train @/test --held-out 1",
        2, "--held-out must be between 0 and 1; see 'qconvert --help'"),
      Case(
        "@/digits.onnx --calibration @/calibration --mean 0 --std 1 -o %/out.fbq --train % --epochs 1",
        1,
        "%: the folder holds no image; put files there that end in .ppm, .pgm, .pnm, .png, .jpg or .jpeg"
      ),
    ])
  func training(known: Case) throws {
    try refusal(known: known)
  }

  @Test("nothing when asked for help or the version", arguments: ["--help", "--version"])
  func help(option: String) throws {
    let outcome = try command.run([option])
    #expect(outcome.status == 0)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.contains(option == "--version" ? "0.1.0" : "USAGE: qconvert"))
  }
}
