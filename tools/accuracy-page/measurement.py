"""Measures one configuration of one model: ours by qconvert, others by peers.py."""

import json
import os
import pathlib
import subprocess
import sys

import samples

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXTENSIONS = {".ppm", ".pgm", ".pnm", ".png", ".jpg", ".jpeg"}
CALIBRATION_COUNT = 100


def fail(message):
    sys.exit(f"accuracy: {message}")


def run(*arguments, **options):
    """What a program prints; where it fails, its name and its complaint end the run."""
    command = [str(argument) for argument in arguments]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if result.returncode != 0:
        sys.stderr.write(result.stderr)
        fail(f"{' '.join(command)} failed with exit code {result.returncode}")
    return result.stdout


def images_in(folder):
    """The images of a folder in the order in which qconvert reads them."""
    folder = pathlib.Path(folder).resolve()
    if not folder.is_dir():
        fail(f"{folder}: there is no such folder")
    names = sorted(
        (name for name in os.listdir(folder)
         if not name.startswith(".") and pathlib.Path(name).suffix.lower() in EXTENSIONS),
        key=os.fsencode)
    return [folder / name for name in names]


def evenly(items, count):
    """At most `count` of them, as qconvert picks its calibration images."""
    if len(items) <= count:
        return items
    return [items[index * len(items) // count] for index in range(count)]


class Images:
    """Where calibration and evaluation images are, and the classes of the latter."""

    def __init__(self, calibration, evaluation, labels):
        self.calibration = pathlib.Path(calibration)
        self.evaluation = pathlib.Path(evaluation)
        self.labels = pathlib.Path(labels) if labels else None

    @staticmethod
    def of(model, common, data, folder):
        """Those of a model: the common ones, or its own samples, written to `folder`."""
        if not model.samples:
            return Images(common.calibration, common.evaluation,
                          common.labels if model.is_labeled else None)
        arrays = samples.read_npz(data / model.samples.file)
        if model.samples.are_images:
            return Images(*samples.images_of(arrays, folder, model.samples.every))
        return Images(*samples.codes_of(
            arrays, folder, model.samples.every, model.samples.scale, model.samples.zero_point))

    def classes(self):
        """The class of each evaluation image, -1 where there is none."""
        assigned = {}
        for line in self.labels.read_text().splitlines():
            words = line.rsplit(None, 1)
            if len(words) == 2 and not line.startswith("#"):
                assigned[words[0].strip()] = int(words[1])
        return [assigned.get(path.name, -1) for path in images_in(self.evaluation)]


class Measurement:
    """Measures one model; the pixels that peers need are made when the first of them asks."""

    def __init__(self, model, source, images, binaries, peers_python, folder):
        self.model = model
        self.source = source
        self.images = images
        self.binaries = binaries
        self.peers_python = peers_python
        self.folder = pathlib.Path(folder)
        self.is_prepared = False

    def row(self, configuration):
        if configuration.tool == "fbq":
            return self.ours(configuration)
        return self.peer(configuration.options[0], configuration.weights)

    def ours(self, configuration):
        target = self.folder / "model.fbq"
        converted = json.loads(run(
            self.binaries / "qconvert", self.source, "--calibration", self.images.calibration,
            *self.model.image_options, *configuration.options_with(self.images.calibration),
            "-o", target, "--format", "json"))
        found = self.evaluated(target)
        return {
            "images": found["images"], "labeled": found["labeled"],
            **self.hits(found, "integer"),
            "agreeing": round(found["agreement"] * found["images"]),
            "sqnr": found["sqnr"], "seconds": converted["seconds"],
        }

    def evaluated(self, target):
        """What `qconvert evaluate` says of a converted model."""
        labels = ["--labels", self.images.labels] if self.images.labels else []
        return json.loads(run(
            self.binaries / "qconvert", "evaluate", target, "--reference", self.source,
            "--images", self.images.evaluation, *labels, "--format", "json"))

    @staticmethod
    def hits(found, kind):
        return {top: round(found.get(f"{kind}{name}", 0) * found["labeled"])
                for top, name in (("top1", "Top1"), ("top5", "Top5"))}

    def floating(self):
        """The float model's own row."""
        if self.model.file.endswith(".tflite"):
            return self.floating_beside_integers()
        self.prepare()
        return self.float_row

    def floating_beside_integers(self):
        """The row of a model that onnxruntime does not read: our float engine's, which tests compare
        with LiteRT."""
        target = self.folder / "model.fbq"
        run(self.binaries / "qconvert", self.source, "--calibration", self.images.calibration,
            *self.model.image_options, "--preset", "plain", "-o", target)
        found = self.evaluated(target)
        return {
            "images": found["images"], "labeled": found["labeled"], **self.hits(found, "float"),
            "agreeing": found["images"], "sqnr": "inf", "seconds": None,
        }

    def peer(self, method, weights):
        self.prepare()
        return self.worker("--method", method, "--weights", weights,
                           "--calibration", self.folder / "calibration.npy")

    def prepare(self):
        """Writes pixels, labels and float logits."""
        if self.is_prepared:
            return
        self.pixels("calibration", evenly(images_in(self.images.calibration), CALIBRATION_COUNT))
        self.pixels("evaluation", images_in(self.images.evaluation))
        labels = self.folder / "labels.json"
        labels.write_text(json.dumps(self.images.classes()))
        self.float_row = self.worker("--method", "float")
        self.is_prepared = True

    def pixels(self, name, paths):
        listing = self.folder / f"{name}.txt"
        listing.write_text("".join(f"{path}\n" for path in paths))
        run(self.peers_python, HERE / "pixels.py", "--model", self.source,
            "--resize", self.model.resize, "--list", listing, "--binaries", self.binaries,
            "--output", self.folder / f"{name}.npy")

    def worker(self, *arguments):
        output = run(
            self.peers_python, HERE / "peers.py", "--model", self.source,
            "--images", self.folder / "evaluation.npy", "--labels", self.folder / "labels.json",
            "--reference", self.folder / "reference.npy", "--mean", self.model.mean,
            "--std", self.model.deviation, *arguments)
        return json.loads(output.splitlines()[-1])


def peers_environment():
    """A Python that has the other tools, made for the purpose."""
    environment = ROOT / ".venv" / "accuracy"
    python = environment / "bin" / "python"
    requirements = HERE.parent / "requirements-accuracy.txt"
    installed = environment / "requirements.txt"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        run(sys.executable, "-m", "venv", "--clear", environment)
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
            requirements)
        installed.write_text(requirements.read_text())
    return python


def peer_versions():
    """Versions of the other tools, by the names of our table."""
    lines = (HERE.parent / "requirements-accuracy.txt").read_text().split()
    found = dict(line.split("==") for line in lines)
    return {"onnxruntime": found["onnxruntime"], "NNCF": found["nncf"]}
