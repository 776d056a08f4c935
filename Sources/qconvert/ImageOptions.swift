import ArgumentParser
import CommandSupport
import FloatModel
import IntegerModel
import Quantizer

extension ChannelOrder: ExpressibleByArgument {
  /// The order of that name.
  public init?(argument: String) {
    switch argument {
    case "rgb": self = .rgb
    case "bgr": self = .bgr
    case "gray": self = .gray
    default: return nil
    }
  }

  /// For `--help` and error messages.
  public static var allValueStrings: [String] { ["rgb", "bgr", "gray"] }
}

/// Options that say how an image becomes the model's input; recorded in the file as integer tables.
struct ImageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Subtracted from each pixel value (0…255), per channel of the model.",
      discussion: "One number for all channels or one per channel. PyTorch's 0.485,0.456,0.406 "
        + "is 123.675,116.28,103.53 here.",
      valueName: "R,G,B"))
  var mean: String?

  @Option(
    name: .customLong("std"),
    help: ArgumentHelp(
      "Divides the difference, per channel.",
      discussion: "PyTorch's 0.229,0.224,0.225 is 58.395,57.12,57.375 here.",
      valueName: "R,G,B"))
  var standardDeviation: String?

  @Option(
    help: ArgumentHelp(
      "Pixels of the shorter side after resizing. Default: what the crop needs.",
      valueName: "pixels"))
  var resize: Int?

  @Option(
    help: ArgumentHelp(
      "Side of the square cut out of the center. Default: the model's input.",
      valueName: "pixels"))
  var crop: Int?

  @Option(help: "Channel order that the model expects.")
  var color: ChannelOrder?

  /// Whether any of the options was given.
  var isGiven: Bool {
    mean != nil || standardDeviation != nil || resize != nil || crop != nil || color != nil
  }

  /// The preprocessing for the first input of `graph`.
  func preprocessing(for graph: FloatGraph) throws -> ImagePreprocessing {
    guard let input = graph.inputs.first, graph.inputs.count == 1 else {
      throw UsageError(
        "The model has \(graph.inputs.count) inputs; calibrate it with an .npz file that names them"
      )
    }
    let value = graph.values[input]
    guard Self.isImage(value.shape) else {
      throw UsageError(
        "The model's input '\(value.name)' has shape \(value.shape), which is no image; "
          + "calibrate it with an .npz file")
    }
    return try preprocessing(shape: value.shape)
  }

  /// Whether an input of that shape can be an image `[N, H, W, C]`.
  static func isImage(_ shape: [Int]) -> Bool {
    shape.count == 4 && (shape[3] == 1 || shape[3] == 3)
  }

  /// The preprocessing for an image input `[N, H, W, C]`.
  func preprocessing(shape: [Int]) throws -> ImagePreprocessing {
    let channels = shape[3]
    let order = color ?? (channels == 1 ? .gray : .rgb)
    guard (order == .gray) == (channels == 1) else {
      throw UsageError(
        "--color \(order.name) does not fit the model's \(channels) channel"
          + (channels == 1 ? "" : "s"))
    }
    if let crop, crop != shape[1] || crop != shape[2] {
      throw UsageError(
        "--crop \(crop) does not fit the model's input of \(shape[2])×\(shape[1]) pixels")
    }
    // The least short side whose image, whatever its aspect, still covers the crop.
    let needed = max(shape[1], shape[2])
    let side = resize ?? needed
    guard (needed...16384).contains(side) else {
      throw UsageError("--resize \(side) is outside \(needed)…16384, the crop needs \(needed)")
    }
    return ImagePreprocessing(
      height: shape[1], width: shape[2], resizeShortSide: side, channelOrder: order,
      mean: try Self.perChannel(mean, "--mean", channels: channels) { $0.isFinite },
      standardDeviation: try Self.perChannel(standardDeviation, "--std", channels: channels) {
        $0.isNormal && $0 > 0
      })
  }

  /// One number per channel from a comma-separated list.
  private static func perChannel(
    _ text: String?, _ option: String, channels: Int, isValid: (Float) -> Bool
  ) throws -> [Float] {
    guard let text else {
      throw UsageError(
        "\(option) is missing; a wrong normalization would quietly ruin the model, so that it has "
          + "no default (raw pixel values: --mean 0 --std 1)")
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float($0) }
    guard numbers.count == parts.count, numbers.allSatisfy(isValid) else {
      throw UsageError(
        "\(option) '\(text)' is not a list of "
          + (option == "--std" ? "positive numbers" : "numbers") + " like 127.5,127.5,127.5")
    }
    if numbers.count == 1 { return Array(repeating: numbers[0], count: channels) }
    guard numbers.count == channels else {
      throw UsageError("\(option) has \(numbers.count) numbers for \(channels) channels")
    }
    return numbers
  }
}

extension ChannelOrder {
  /// The name on command lines.
  var name: String {
    switch self {
    case .rgb: "rgb"
    case .bgr: "bgr"
    case .gray: "gray"
    }
  }
}
