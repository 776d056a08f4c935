"""What is measured: named ways to quantize a model, ours and those of other tools.

A new method of qconvert is one line in OURS. Which line becomes a row of the README is said here,
too.
"""

import dataclasses

WEIGHTS = ("per-channel", "per-tensor")
THRESHOLDS = ("symmetric", "asymmetric")
# Stands for the folder of training images, which is that of calibration.
TRAIN = "TRAIN"


@dataclasses.dataclass(frozen=True)
class Configuration:
    """One way to quantize: one row per model."""

    tool: str
    method: str
    weights: str
    thresholds: str
    # Options of qconvert; for other tools, what peers.py looks up by name.
    options: tuple = ()
    in_readme: bool = False

    @property
    def key(self):
        return f"{self.tool}/{self.method}/{self.weights}/{self.thresholds}"

    def options_with(self, images):
        """The options of qconvert with the folder of images where TRAIN stands."""
        return [images if option == TRAIN else option for option in self.options]


def ours(method, options=(), weights=WEIGHTS, thresholds=("asymmetric",), in_readme=False):
    return [
        Configuration(
            "fbq", method, granularity, form,
            (*options, "--weights", granularity, "--thresholds", form), in_readme)
        for granularity in weights
        for form in thresholds
    ]


def peers(tool, method, name):
    return [Configuration(tool, method, granularity, "asymmetric", (name,))
            for granularity in WEIGHTS]


def plain(method, options=(), **rows):
    """A single method, nothing else."""
    return ours(method, ["--preset", "plain", *options], **rows)


def trained(method, options=(), **rows):
    """A single way to train, eight epochs."""
    return plain(method, ["--train", TRAIN, "--epochs", "8", *options], **rows)


RESCALED = ["--equalize", "depthwise-rescale"]
EQUALIZED = ["--equalize", "cross-layer"]
CORRECTED = ["--bias-correction", "empirical"]
WIDE = ["--output-type", "int16"]
MIXED = [*WIDE, "--int16-share", "20"]
FACTORS = ["--no-train-thresholds", "--tune-weights"]

OURS = [
    *ours("preset fast", ["--preset", "fast"], in_readme=True),
    *ours("preset balanced", ["--preset", "balanced"], in_readme=True),
    *ours("preset best", ["--preset", "best"], in_readme=True),
    *ours("preset fast, int16 outputs", ["--preset", "fast", *WIDE], weights=["per-channel"]),
    *ours("preset balanced, int16 outputs", ["--preset", "balanced", *WIDE],
          weights=["per-channel"]),
    *ours("preset best, int16 outputs", ["--preset", "best", *WIDE], weights=["per-channel"],
          in_readme=True),
    *ours("preset fast, a fifth in 16x8", ["--preset", "fast", *MIXED], weights=["per-channel"]),
    *ours("preset balanced, a fifth in 16x8", ["--preset", "balanced", *MIXED],
          weights=["per-channel"]),
    *ours("preset best, a fifth in 16x8", ["--preset", "best", *MIXED], weights=["per-channel"],
          in_readme=True),
    *plain("minmax", thresholds=THRESHOLDS, in_readme=True),
    *plain("moving average", ["--calibrator", "moving-average"]),
    *plain("percentile 99.99", ["--calibrator", "percentile"]),
    *plain("mse", ["--calibrator", "mse"]),
    *plain("entropy", ["--calibrator", "entropy"]),
    *plain("depthwise rescaling", RESCALED),
    *plain("cross-layer equalization", EQUALIZED),
    *plain("analytic bias correction", ["--bias-correction", "analytic"]),
    *plain("empirical bias correction", CORRECTED),
    *plain("channel-range equalization, empirical bias correction",
           ["--equalize", "channel-range", *CORRECTED], weights=["per-channel"]),
    *plain("depthwise rescaling, empirical bias correction", [*RESCALED, *CORRECTED],
           weights=["per-tensor"]),
    *plain("cross-layer equalization, empirical bias correction", [*EQUALIZED, *CORRECTED],
           weights=["per-tensor"]),
    # The paper: thresholds (tables 1 and 2), rescaling with tuned weights (4.2).
    *trained("trained thresholds", thresholds=THRESHOLDS),
    *trained("depthwise rescaling, trained thresholds", RESCALED, weights=["per-tensor"]),
    *trained("depthwise rescaling, point-wise factors", [*RESCALED, *FACTORS],
             weights=["per-tensor"]),
    # Its alternatives, on top of bias correction.
    *trained("empirical bias correction, trained thresholds", CORRECTED, weights=["per-channel"]),
    *trained("the same, smooth L1", [*CORRECTED, "--loss", "smooth-l1"], weights=["per-channel"]),
    *trained("the same, log2", [*CORRECTED, "--parametrization", "log2"],
             weights=["per-channel"]),
    *trained("the same, free step", [*CORRECTED, "--parametrization", "step"],
             weights=["per-channel"]),
    *trained("the same, against the device", [*CORRECTED, "--student", "device"],
             weights=["per-channel"]),
    *trained("the same, and block by block", [*CORRECTED, "--block-epochs", "4"],
             weights=["per-channel"]),
    *trained("the same, and learned rounding", [*CORRECTED, "--adaround"],
             weights=["per-channel"]),
]

PEERS = [
    *peers("onnxruntime", "MinMax", "onnxruntime-minmax"),
    *peers("onnxruntime", "Percentile 99.999", "onnxruntime-percentile"),
    *peers("onnxruntime", "Entropy", "onnxruntime-entropy"),
    *peers("NNCF", "FastBiasCorrection", "nncf-fast"),
    *peers("NNCF", "BiasCorrection", "nncf-full"),
]

CONFIGURATIONS = OURS + PEERS


@dataclasses.dataclass(frozen=True)
class Samples:
    """A file of labeled arrays: every n-th sample is for calibration, the others for evaluation."""

    # Relative to the test data; arrays x and y.
    file: str
    every: int
    # What a code stands for, where x holds codes; images of pixel values otherwise.
    scale: float = 0
    zero_point: int = 0

    @property
    def are_images(self):
        return not self.scale


@dataclasses.dataclass(frozen=True)
class Model:
    """A float model, and how images feed it."""

    name: str
    # Relative to the test data, or absolute.
    file: str
    mean: str = "127.5,127.5,127.5"
    deviation: str = "127.5,127.5,127.5"
    resize: int = 224
    # Where it is not fed from the folders of images.
    samples: Samples = None
    # Whether the classes of those images are its classes.
    is_labeled: bool = True

    @property
    def image_options(self):
        if self.samples and not self.samples.are_images:
            return []
        return ["--mean", self.mean, "--std", self.deviation, "--resize", str(self.resize)]

    @property
    def configurations(self):
        """All for the ONNX models; the presets with per-channel weights for the .tflite ones, which
        the other tools do not read."""
        if not self.file.endswith(".tflite"):
            return CONFIGURATIONS
        return [each for each in OURS
                if each.method.startswith("preset") and each.weights == "per-channel"]


MODELS = [
    Model("MobileNetV2 1.0", "models/float/mobilenet_v2_1.0_224.onnx"),
    Model("MobileNetV1 0.25", "models/float/mobilenet_v1_0.25_224.onnx"),
    # MLPerf Tiny. The networks take pixel values 0…255, MFCC features, and pixel values 0…1.
    Model("ResNet-8", "models/float/mlperf_pretrainedResnet.tflite", "0,0,0", "1,1,1", 32,
          Samples("images/cifar10/test1000.npz", 5)),
    # The features are kept as the codes that the quantized twin of the model reads.
    Model("DS-CNN", "models/float/mlperf_kws_ref_model_float32.tflite",
          samples=Samples("features/kws/test400.npz", 4, 0.5847029089927673, 83)),
    Model("MobileNetV1 0.25 VWW", "models/float/mlperf_vww_96_float.tflite", "0,0,0",
          "255,255,255", 96, is_labeled=False),
]

# Models of the paper whose trained weights are not at hand: rows that a user fills.
WANTED = {
    "MNASNet 1.0": "mnasnet1_0.onnx",
    "MNASNet 1.3": "mnasnet1_3.onnx",
}
