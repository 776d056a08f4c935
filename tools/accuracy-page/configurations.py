"""What is measured: named ways to quantize a model, ours and those of other tools.

A new method of qconvert is one line in OURS. Which line becomes a row of the README is said here,
too.
"""

import dataclasses

WEIGHTS = ("per-channel", "per-tensor")
THRESHOLDS = ("symmetric", "asymmetric")


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


OURS = [
    *ours("minmax", thresholds=THRESHOLDS, in_readme=True),
    *ours("moving average", ["--calibrator", "moving-average"]),
    *ours("percentile 99.99", ["--calibrator", "percentile"]),
    *ours("mse", ["--calibrator", "mse"]),
    *ours("entropy", ["--calibrator", "entropy"]),
    *ours("depthwise rescaling", ["--equalize", "depthwise-rescale"]),
    *ours("cross-layer equalization", ["--equalize", "cross-layer"]),
    *ours("analytic bias correction", ["--bias-correction", "analytic"]),
    *ours("empirical bias correction", ["--bias-correction", "empirical"]),
    *ours("depthwise rescaling, empirical bias correction",
          ["--equalize", "depthwise-rescale", "--bias-correction", "empirical"],
          weights=["per-tensor"]),
    *ours("cross-layer equalization, empirical bias correction",
          ["--equalize", "cross-layer", "--bias-correction", "empirical"],
          weights=["per-tensor"]),
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
class Model:
    """A float model, and how images feed it."""

    name: str
    # Relative to the test data, or absolute.
    file: str
    mean: str = "127.5,127.5,127.5"
    deviation: str = "127.5,127.5,127.5"
    resize: int = 224

    @property
    def image_options(self):
        return ["--mean", self.mean, "--std", self.deviation, "--resize", str(self.resize)]


MODELS = [
    Model("MobileNetV2 1.0", "models/float/mobilenet_v2_1.0_224.onnx"),
    Model("MobileNetV1 0.25", "models/float/mobilenet_v1_0.25_224.onnx"),
]

# Models of the paper whose trained weights are not at hand: rows that a user fills.
WANTED = {
    "MNASNet 1.0": "mnasnet1_0.onnx",
    "MNASNet 1.3": "mnasnet1_3.onnx",
}
