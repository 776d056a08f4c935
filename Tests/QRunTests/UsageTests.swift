import Foundation
import IntegerRuntime
import TestSupport
import Testing

@Suite("qrun tells how it is used")
struct UsageTests {
  let fixture: QRunFixture

  init() throws { fixture = try QRunFixture() }

  @Test("the help is this text")
  func help() throws {
    let outcome = try fixture.run("--help")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(
      outcome.output == """
        OVERVIEW: Run a quantized model with integers alone.

        Images go through the model's own input pipeline; nothing but the .fbq file is
        needed. Every run is bit-exact: the same model, input and arithmetic give the
        same codes on every machine, with any kernels and any number of threads.

        Arrays in .npz files are named after the model's tensors and hold codes of the
        model's own types; with several inputs they have a leading axis over them.

        The states of recurrent layers begin at zero and go on from one input to the
        next, as on a device that is fed a stream; --reset-state begins anew with each
        input.

        Exit codes: 0 success, 1 bad input, or a run that differs from --expect or
        under --diff, 2 wrong usage.

        USAGE: qrun [<options>] <model.fbq> [<image> ...]

        ARGUMENTS:
          <model.fbq>             The model, an .fbq file.
          <image>                 Images (PPM, PGM, PNG, JPEG), or folders of them.

        OPTIONS:
          --input <file>          Read input codes from an .npy file, or from an .npz
                                  file with a member per input.
          --reset-state           Zero the states of recurrent layers before each input.
          --top <count>           Show this many classes. (default: 5)
          --format <format>       How to print results; json prints one object per line
                                  and input. (values: text, json; default: text)
          --threads <count>       Share several inputs, or each operation of a single
                                  one, between this many threads. (default: 1)
          --kernels <kernels>     Which kernels compute; all give the same codes.
                                  (values: auto, reference, portable, avx2, avx-vnni,
                                  avx512-vnni, neon-dotprod; default: auto)
          --arithmetic <arithmetic>
                                  Whose arithmetic to use instead of the one the model
                                  was converted for. (values: tflm, litert-reference,
                                  tosa, litert)
          --diff <diff>           Run under this arithmetic too and print which tensors
                                  differ, by how much, and whether the top class
                                  changes; exit with 1 at any difference. (values:
                                  tflm, litert-reference, tosa, litert)
          --output <file>         Write the output codes to an .npz file.
          --dump-tensors <file>   Write the codes of every activation, inputs included,
                                  to an .npz file.
          --record <file>         Write a golden: inputs, outputs and how they came to
                                  be, for --expect.
          --all-tensors           With --record: every activation, so that --expect
                                  names the first that differs.
          --expect <file>         Compare every code with a golden or another .npz file
                                  of tensors; exit with 1 at any difference. Without
                                  images or --input, the golden's inputs are run.
          --time-layers           Print how long each operation takes, its
                                  multiply-accumulates and their share of what this
                                  processor could do at most.
          --benchmark <count>     Run one input this many times, or zeros if there is
                                  none, and print latency statistics.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test("the version is one line, with the kernels that this machine can use")
  func version() throws {
    let outcome = try fixture.run("--version")
    #expect(outcome.status == 0)
    #expect(outcome.output == "0.1.0 (kernels \(KernelChoice.auto.resolved.rawValue))\n")
  }

  @Test(
    "wrong usage is one line and exit code 2",
    arguments: [
      ([], "Missing expected argument '<model.fbq>'"),
      (["small.fbq"], "there is nothing to run on: name an image or use --input"),
      (["small.fbq", "image0.ppm", "--input", "x.npy"], "give either images or --input, not both"),
      (["small.fbq", "image0.ppm", "--top", "0"], "--top must be at least 1"),
      (["small.fbq", "image0.ppm", "--threads", "0"], "--threads must be 1 to 256"),
      (["small.fbq", "image0.ppm", "--threads", "257"], "--threads must be 1 to 256"),
      (["small.fbq", "--benchmark", "0"], "--benchmark must be at least 1"),
      (
        ["small.fbq", "image0.ppm", "--record", "a.npz", "--expect", "b.npz"],
        "give either --record or --expect, not both"
      ),
      (["small.fbq", "image0.ppm", "--all-tensors"], "--all-tensors needs --record"),
      (
        ["small.fbq", "--benchmark", "3", "--output", "a.npz"],
        "--benchmark only measures; leave out files and --expect"
      ),
      (
        ["small.fbq", "image0.ppm", "--output", "a.npz", "--dump-tensors", "a.npz"],
        "'a.npz' would be written twice"
      ),
      (
        ["small.fbq", "image0.ppm", "--output", "a.npz", "--dump-tensors", "./a.npz"],
        "'./a.npz' would be written twice"
      ),
      (
        ["small.fbq", "image0.ppm", "--output", "./small.fbq"],
        "'./small.fbq' is an input and would be overwritten"
      ),
      (
        ["small.fbq", "image0.ppm", "image1.ppm", "--benchmark", "2"],
        "--benchmark takes one input, there are 2"
      ),
      (
        ["small.fbq", "image0.ppm", "--arithmetic", "pot"],
        "The value 'pot' is invalid for '--arithmetic <arithmetic>'. Please provide one of 'tflm', "
          + "'litert-reference', 'tosa' or 'litert'"
      ),
      (
        ["small.fbq", "image0.ppm", "--diff", "tflm"],
        "--diff compares with another arithmetic than 'tflm'"
      ),
      (
        ["small.fbq", "image0.ppm", "--diff", "tosa", "--output", "a.npz"],
        "--diff only compares; leave out files, --expect and times"
      ),
      (
        ["small.fbq", "image0.ppm", "--diff", "tosa", "--time-layers"],
        "--diff only compares; leave out files, --expect and times"
      ),
      (
        ["small.fbq", "image0.ppm", "--kernels", "fast"],
        "The value 'fast' is invalid for '--kernels <kernels>'. Please provide one of the "
          + "following: auto, reference, portable, avx2, avx-vnni, avx512-vnni, "
          + "neon-dotprod"
      ),
      (["small.fbq", "image0.ppm", "--colour"], "Unknown option '--colour'"),
    ])
  func wrongUsage(arguments: [String], message: String) throws {
    let outcome = try fixture.command.run(arguments, folder: fixture.folder.path)
    #expect(outcome.status == 2)
    #expect(outcome.errors == "qrun: error: \(message); see 'qrun --help'\n")
    #expect(outcome.output == "")
  }
}
