import ArgumentParser
import CommandSupport
import FloatEngine

/// The root of `qconvert`: quantizes unless a subcommand says otherwise.
@main
struct QConvert: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qconvert",
    abstract: "Turns a trained float CNN into a file that runs in integers only.",
    discussion: """
      Quantize a model, thresholds calibrated on a folder of unlabeled images:

        qconvert model.onnx --calibration images/ -o model.fbq \\
          --mean 127.5,127.5,127.5 --std 127.5,127.5,127.5

      Look into the result, and measure it against the float model:

        qconvert inspect model.fbq
        qconvert evaluate model.fbq --reference model.onnx \\
          --images val/ --labels val/labels.txt

      Find the layers that lose most, and what would help:

        qconvert sensitivity model.onnx --calibration images/ \\
          --mean 127.5,127.5,127.5 --std 127.5,127.5,127.5

      Hand it to another runtime:

        qconvert export model.fbq -o model.tflite

      'qconvert help quantize' explains every option of a conversion.
      Exit codes: 0 success, 1 bad input or failure, 2 wrong command line.
      """,
    version: toolVersion,
    subcommands: [
      Quantize.self, Inspect.self, Evaluate.self, Sensitivity.self, Export.self,
    ],
    defaultSubcommand: Quantize.self)

  static func main() {
    // Spinning threads of the float engine would slow down whatever else the machine does.
    IdleThreads.limitSpinning()
    runCommand(QConvert.self)
  }
}
