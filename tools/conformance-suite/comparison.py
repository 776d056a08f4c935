"""One model under one profile: our bits beside those of the judge."""

import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

import inputs as input_codes
from tflite_model import TFLiteModel

ORACLE = pathlib.Path(__file__).with_name("oracle.py")
# Elements of all tensors that one run of a model may keep in memory, over all inputs of the run.
CHUNK_ELEMENTS = 40_000_000


@dataclasses.dataclass
class Difference:
    tensor: str
    operator: int
    elements: int
    differing: int
    largest: int


@dataclasses.dataclass
class Outcome:
    model: str
    profile: str
    inputs: int = 0
    tensors: int = 0
    elements: int = 0
    seed: int = 0
    differences: list = dataclasses.field(default_factory=list)
    # What of the file was mended for the judge.
    repairs: list = dataclasses.field(default_factory=list)
    # Why nothing was compared.
    skipped: str = ""
    # The converter or the runtime failed.
    failure: str = ""

    @property
    def differing(self):
        return sum(difference.differing for difference in self.differences)

    @property
    def is_fine(self):
        return not self.failure and not self.differences


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1] if lines else ""


class Comparison:
    """Compares the file at `path`; `binaries` holds qconvert and qrun."""

    def __init__(self, path, binaries, count, seed, images):
        self.model = TFLiteModel(path)
        self.path = path
        self.binaries = binaries
        self.count = count
        self.seed = seed
        self.images = images

    def run(self, profile):
        outcome = Outcome(self.path.stem, profile, seed=self.seed)
        if profile != "tflm":
            outcome.repairs = TFLiteModel(self.path).repaired()[1]
        with tempfile.TemporaryDirectory() as folder:
            self.compare(outcome, pathlib.Path(folder))
        return outcome

    def command(self, name, *arguments):
        return subprocess.run(
            [str(self.binaries / name), *map(str, arguments)], capture_output=True, text=True)

    def compare(self, outcome, folder):
        if not self.model.computes_codes():
            outcome.skipped = "computes with floats: a model for the quantizer"
            return
        converted = self.command("qconvert", self.path, "-o", folder / "model.fbq")
        if converted.returncode != 0:
            outcome.skipped = last_line(converted.stderr).removeprefix(
                f"qconvert: error: {self.path}: ")
            return
        sources = self.model.inputs()
        rows = input_codes.make(self.model, sources, self.count, self.seed, self.images)
        step = self.chunk()
        for start in range(0, self.count, step):
            chunk = [codes[start:start + step] for codes in rows]
            if not self.compare_chunk(outcome, folder, sources, chunk):
                return

    def chunk(self):
        elements = sum(
            int(numpy.prod(self.model.shape(tensor))) for tensor in range(len(self.model.names)))
        return max(1, CHUNK_ELEMENTS // max(elements, 1))

    def compare_chunk(self, outcome, folder, sources, chunk):
        """Whether there is reason to go on."""
        ours = self.ours(outcome, folder, sources, chunk)
        if ours is None:
            return False
        theirs = self.theirs(outcome, folder, chunk, [self.model.index[name] for name in ours])
        if theirs is None:
            return False
        runs = len(chunk[0])
        outcome.inputs += runs
        shown = {name: codes for name, codes in ours.items()
                 if str(self.model.index[name]) in theirs.files}
        outcome.tensors = len(shown)
        for name, codes in shown.items():
            self.note(outcome, name, codes, theirs[str(self.model.index[name])], runs)
        return True

    def ours(self, outcome, folder, sources, chunk):
        """Every tensor that qrun computes and the file has, by name."""
        arrays = {
            self.model.names[source.codes]: codes for source, codes in zip(sources, chunk)}
        numpy.savez(folder / "inputs.npz", **arrays)
        ran = self.command(
            "qrun", folder / "model.fbq", "--input", folder / "inputs.npz", "--arithmetic",
            outcome.profile, "--dump-tensors", folder / "ours.npz")
        if ran.returncode != 0:
            outcome.failure = last_line(ran.stderr)
            return None
        with numpy.load(folder / "ours.npz") as dumped:
            return {name: dumped[name] for name in dumped.files
                    if name in self.model.index and name not in arrays}

    def theirs(self, outcome, folder, chunk, tensors):
        arrays = {str(number): codes for number, codes in enumerate(chunk)}
        numpy.savez(folder / "fed.npz", tensors=numpy.array(tensors), **arrays)
        ran = subprocess.run(
            [sys.executable, str(ORACLE), outcome.profile, str(self.path),
             str(folder / "fed.npz"), str(folder / "theirs.npz")],
            capture_output=True, text=True, env=dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3"))
        if ran.returncode != 0:
            outcome.skipped = "not run by the judge: " + reason(ran.stderr)
            return None
        return numpy.load(folder / "theirs.npz")

    def note(self, outcome, name, ours, theirs, runs):
        """Counts what differs; more than one input has a leading axis over them."""
        theirs = theirs.reshape(ours.shape) if theirs.size == ours.size else theirs
        outcome.elements += ours.size
        if ours.shape == theirs.shape and ours.dtype == theirs.dtype and (ours == theirs).all():
            return
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            outcome.failure = (
                f"'{name}' is {ours.dtype} {ours.shape}, the judge's {theirs.dtype} {theirs.shape}")
            return
        distance = numpy.abs(ours.astype(numpy.int64) - theirs.astype(numpy.int64))
        differing, largest = int((distance > 0).sum()), int(distance.max())
        for known in outcome.differences:
            if known.tensor == name:
                known.elements += ours.size
                known.differing += differing
                known.largest = max(known.largest, largest)
                return
        outcome.differences.append(
            Difference(name, self.operator(name), ours.size, differing, largest))
        outcome.differences.sort(key=lambda difference: difference.operator)

    def operator(self, name):
        """The position of the operator that writes a tensor."""
        tensor = self.model.index[name]
        for position, operator in enumerate(self.model.graph.operators):
            if tensor in operator.outputs:
                return position
        return -1


def reason(text):
    """What an oracle said before it gave up: the first line that names a cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if "supported" in line or "failed" in line or "Didn't find" in line or "RuntimeError" in line:
            return line[:160]
    return lines[-1][:160] if lines else "it ended without a word"
