"""Renders what was measured: docs/accuracy.md and the short table of the README."""

import math
import textwrap

from configurations import CONFIGURATIONS, WANTED, WEIGHTS

DASH = "–"


def wilson(successes, trials):
    """The 95 % score interval, as `wilsonInterval` in Sources/Quantizer/Evaluation/Metrics.swift."""
    if trials == 0:
        return 0, 1
    z, p = 1.959963984540054, successes / trials
    center = p + z * z / (2 * trials)
    spread = z * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0, (center - spread) / scale), min(1, (center + spread) / scale)


def percent(share):
    return f"{100 * share:.1f} %"


def share(row, name):
    """A share of right answers, where they are known."""
    return percent(row[name] / row["labeled"]) if row["labeled"] else DASH


def top1(row):
    if not row["labeled"]:
        return DASH
    low, high = wilson(row["top1"], row["labeled"])
    return f"{percent(row['top1'] / row['labeled'])} ({100 * low:.1f}–{100 * high:.1f})"


def drop(row, reference):
    """Points of top-1 that quantization costs."""
    if not row["labeled"] or not reference:
        return DASH
    points = 100 * (reference["top1"] - row["top1"]) / row["labeled"]
    return f"{points:+.1f}".replace("-", "−").replace("+0.0", "0.0")


def decibels(row):
    value = float(row["sqnr"])
    return f"{value:.1f} dB".replace("-", "−") if math.isfinite(value) else "∞"


def duration(row):
    seconds = row["seconds"]
    if seconds is None:
        return DASH
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(cells) + " |" for cells in rows]


def model_rows(name, results):
    """The float model, then each configuration that was measured; per-channel weights first."""
    reference = results["rows"].get("float")
    rows = []
    if reference:
        rows.append([
            name, "float", DASH, DASH, DASH, top1(reference), DASH,
            share(reference, "top5"),
            DASH, DASH, DASH,
        ])
    # Sorting is stable: within one granularity the order is that of the list.
    for configuration in sorted(CONFIGURATIONS, key=lambda each: each.weights):
        row = results["rows"].get(configuration.key)
        if row is None:
            continue
        rows.append([
            name, configuration.tool, configuration.method, configuration.weights,
            configuration.thresholds, top1(row), drop(row, reference),
            share(row, "top5"), percent(row["agreeing"] / row["images"]), decibels(row),
            duration(row),
        ])
    return rows


def empty_rows(name):
    return [[name, "fbq", DASH, weights, DASH, *[DASH] * 6] for weights in WEIGHTS]


HEADER = [
    "model", "tool", "method", "weights", "thresholds", "top-1 (95 % interval)", "drop", "top-5",
    "agreement", "SQNR", "time",
]

COLUMNS = [
    "**top-1, top-5**: share of right answers. The interval is Wilson's; it says how far the number "
    "may be from what all images of this kind would give. All rows saw the same images, so that two "
    "rows differ by less than their intervals suggest.",
    "**drop**: points of top-1 below the float model.",
    "**agreement**: how often the float and the quantized model rank the same class first.",
    "**SQNR**: signal to quantization noise ratio of the logits, before a softmax: energy of the "
    "float logits over the energy of the differences, over all images and classes.",
    "**time**: from the float model to the quantized one, calibration included; for the other tools "
    "without decoding images and without starting Python.",
]

FAIRNESS = [
    "fbq is evaluated by `qconvert evaluate` on the integer runtime: the numbers are the device's. "
    "The other tools' models are run by onnxruntime's CPU provider, float models too.",
    "Every tool gets the same {calibration} calibration images and the same evaluation images, and "
    "the very same pixels: `qrun` decodes, resizes and crops them for all "
    "(`tools/accuracy-page/pixels.py`).",
    "What trains, does so on all images of the calibration folder, without labels, a tenth of them "
    "held out to tell the best epoch; the presets that train calibrate on 256.",
    "The other tools get the model as `onnxruntime.quantization`'s `quant_pre_process` leaves it, "
    "batch normalizations folded. NNCF needs that as much as onnxruntime: it corrects no bias that "
    "is still in a batch normalization.",
    "onnxruntime {onnxruntime}: `quantize_static`, QDQ, int8 activations and weights. Its histogram "
    "calibrators (Percentile, Entropy) hold every activation of the images they are given; they get "
    "all the images, but in chunks of 10, to bound the memory that takes.",
    "NNCF {NNCF}: `nncf.quantize`, preset `MIXED` (symmetric weights, asymmetric activations), "
    "overflow fix off. It leaves the logits in float where the others round them to 8 bits, which "
    "spares it ties and some noise; compare it with our rows of int16 outputs (`--output-type "
    "int16`), whose last layer alone has 16-bit activations.",
    "The .tflite models are read by fbq alone; their float rows are those of its own float engine, "
    "which tests compare with LiteRT. Of their labeled files every n-th sample calibrates and trains, "
    "and the others are evaluated. MobileNetV1 0.25 VWW knows persons from none, which our images have "
    "no labels for: agreement and SQNR alone.",
    "A fifth in 16x8: `--output-type int16 --int16-share 20`, TFLite's 16-bit activations by 8-bit "
    "weights for up to 20 % of the multiplications, where rounding to 8 bits does most harm.",
    "Classes are ranked by logits; of two that tie, as 8-bit logits do, the first counts.",
]


def paragraph(text):
    return textwrap.wrap(text, 100, break_long_words=False, break_on_hyphens=False) + [""]


def bullets(texts):
    return [line for text in texts for line in textwrap.wrap(
        f"- {text}", 100, subsequent_indent="  ", break_long_words=False,
        break_on_hyphens=False)] + [""]


def command(*arguments):
    return ["```", *arguments, "```", ""]


def page(store):
    models = store["models"]
    rows = [row for name, results in models.items() for row in model_rows(name, results)]
    missing = [name for name in WANTED if name not in models]
    rows += [row for name in missing for row in empty_rows(name)]
    lines = [
        "# What quantization costs", "",
        *paragraph(
            "Written by `tools/accuracy`; what it measured is in [accuracy.json](accuracy.json). "
            "`tools/accuracy --only TEXT` measures those rows anew whose names hold TEXT, and "
            "writes the whole page; `tools/accuracy --list` prints the names."),
        *table(HEADER, rows), "",
        "## The columns", "", *bullets(COLUMNS),
        "## The same for all", "",
        *bullets(text.format(**store["peers"], calibration=store["calibration"])
                 for text in FAIRNESS),
        "## The models", "",
        *table(
            ["model", "file", "calibration", "evaluation", "mean", "std", "resize"],
            [[name, f"`{each['file']}`", f"`{each['calibration']}`", f"`{each['evaluation']}`",
              each["mean"], each["std"], str(each["resize"])] for name, each in models.items()]),
        "",
        *paragraph(
            f"Dates and commits of the rows are in the JSON file. The machine: {store['machine']}. "
            "Other work may have run beside, so that the times are no benchmark."),
        "## Your own model", "",
        *paragraph(
            "Any ONNX classifier of images, with a folder of images to calibrate on, another to "
            "evaluate on, and a file of lines `file class`, gets its rows by one command:"),
        *command(
            "tools/accuracy --model model.onnx --name \"My model\" \\",
            "  --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 --resize 256 \\",
            "  --calibration train/ --images val/ --labels val/labels.txt"),
    ]
    if missing:
        lines += [
            *paragraph(
                "The empty rows above are models of the paper whose trained weights are not at "
                "hand. Whoever has them, exported from torchvision for instance, fills the rows "
                "with the images of the others:"),
            *command(*(
                line for name in missing for line in (
                    f"tools/accuracy --model {WANTED[name]} --name \"{name}\" \\",
                    "  --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 --resize 256"))),
            *paragraph(
                "`tools/make-mnasnet` writes the same architecture with random weights, for "
                "everything but accuracy."),
        ]
    return "\n".join(lines)


def short_table(store, names):
    """The table of the README, for the models of that name."""
    rows = []
    for name in names:
        results = store["models"].get(name, {"rows": {}})
        reference = results["rows"].get("float")
        for configuration in CONFIGURATIONS:
            row = results["rows"].get(configuration.key)
            if configuration.in_readme and row and reference:
                rows.append([
                    name, configuration.method, configuration.weights, configuration.thresholds,
                    share(reference, "top1"), share(row, "top1"),
                    percent(row["agreeing"] / row["images"]), decibels(row), duration(row),
                ])
    header = ["model", "method", "weights", "thresholds", "float top-1", "int8 top-1", "agreement",
              "SQNR of logits", "time"]
    return "\n".join(table(header, rows)) + "\n"
