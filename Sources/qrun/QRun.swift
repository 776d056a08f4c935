import ArgumentParser
import CommandSupport
import IntegerModel
import IntegerRuntime

/// The command line of `qrun`.
@main
struct QRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qrun",
    abstract: "Run a quantized model with integers alone.",
    discussion: """
      Images go through the model's own input pipeline; nothing but the .fbq file is needed. Every \
      run is bit-exact: the same model, input and arithmetic give the same codes on every machine, \
      with any kernels and any number of threads.

      Arrays in .npz files are named after the model's tensors and hold codes of the model's own \
      types; with several inputs they have a leading axis over them.

      The states of recurrent layers begin at zero and go on from one input to the next, as on a \
      device that is fed a stream; --reset-state begins anew with each input.

      Exit codes: 0 success, 1 bad input, or a run that differs from --expect or under --diff, 2 \
      wrong usage.
      """,
    version: "\(toolVersion) (kernels \(KernelChoice.auto.resolved.rawValue))")

  @Argument(help: ArgumentHelp("The model, an .fbq file.", valueName: "model.fbq"))
  var model: String

  @Argument(
    help: ArgumentHelp(
      "Images (PPM, PGM, PNG, JPEG), or folders of them.", valueName: "image"))
  var images: [String] = []

  @Option(
    help: ArgumentHelp(
      "Read input codes from an .npy file, or from an .npz file with a member per input.",
      valueName: "file"))
  var input: String?

  @Flag(help: "Zero the states of recurrent layers before each input.")
  var resetState = false

  @Option(help: ArgumentHelp("Show this many classes.", valueName: "count"))
  var top = 5

  @Option(help: "How to print results; json prints one object per line and input.")
  var format = OutputFormat.text

  @Option(
    help: ArgumentHelp(
      "Share several inputs, or each operation of a single one, between this many threads.",
      valueName: "count"))
  var threads = 1

  @Option(help: "Which kernels compute; all give the same codes.")
  var kernels = KernelChoice.auto

  @Option(help: "Whose arithmetic to use instead of the one the model was converted for.")
  var arithmetic: ArithmeticProfile?

  @Option(
    help: ArgumentHelp(
      "Run under this arithmetic too and print which tensors differ, by how much, and whether the "
        + "top class changes; exit with 1 at any difference."))
  var diff: ArithmeticProfile?

  @Option(help: ArgumentHelp("Write the output codes to an .npz file.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write the codes of every activation, inputs included, to an .npz file.",
      valueName: "file"))
  var dumpTensors: String?

  @Option(
    help: ArgumentHelp(
      "Write a golden: inputs, outputs and how they came to be, for --expect.",
      valueName: "file"))
  var record: String?

  @Flag(help: "With --record: every activation, so that --expect names the first that differs.")
  var allTensors = false

  @Option(
    help: ArgumentHelp(
      "Compare every code with a golden or another .npz file of tensors; exit with 1 at any "
        + "difference. Without images or --input, the golden's inputs are run.",
      valueName: "file"))
  var expect: String?

  @Flag(
    help: """
      Print how long each operation takes, its multiply-accumulates and their share of what this \
      processor could do at most.
      """)
  var timeLayers = false

  @Option(
    help: ArgumentHelp(
      "Run one input this many times, or zeros if there is none, and print latency statistics.",
      valueName: "count"))
  var benchmark: Int?

  static func main() { runCommand(QRun.self) }

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top must be at least 1") }
    guard threads >= 1, threads <= RunOptions.maximumThreads else {
      throw ValidationError("--threads must be 1 to \(RunOptions.maximumThreads)")
    }
    if let lacking = kernels.lacking {
      throw ValidationError(
        "--kernels \(kernels.rawValue) needs \(lacking), which this machine lacks; it can run "
          + KernelChoice.available.map(\.rawValue).joined(separator: ", "))
    }
    guard benchmark ?? 1 >= 1 else { throw ValidationError("--benchmark must be at least 1") }
    guard images.isEmpty || input == nil else {
      throw ValidationError("give either images or --input, not both")
    }
    guard !images.isEmpty || input != nil || expect != nil || timeLayers || benchmark != nil else {
      throw ValidationError("there is nothing to run on: name an image or use --input")
    }
    guard record == nil || expect == nil else {
      throw ValidationError("give either --record or --expect, not both")
    }
    guard !allTensors || record != nil else {
      throw ValidationError("--all-tensors needs --record")
    }
    guard benchmark == nil || written.isEmpty && expect == nil else {
      throw ValidationError("--benchmark only measures; leave out files and --expect")
    }
    guard diff == nil || written.isEmpty && expect == nil && benchmark == nil && !timeLayers else {
      throw ValidationError("--diff only compares; leave out files, --expect and times")
    }
    try checkWritten(
      written, whileReading: [model] + images + [input, expect].compactMap { $0 })
  }

  /// The files to be written.
  var written: [String] { [output, dumpTensors, record].compactMap { $0 } }

  func run() throws {
    if let diff { return try DifferenceRun(arguments: self, against: diff).perform() }
    try Run(arguments: self).perform()
  }
}

extension KernelChoice: ExpressibleByArgument {}
