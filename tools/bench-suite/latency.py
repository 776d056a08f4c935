"""Latency of models on qrun and on its peers: every cell in turn, each in a new process."""

import dataclasses
import json
import pathlib
import statistics
import sys

import common
from peers import PEERS

QDQ = ", QDQ ONNX"


@dataclasses.dataclass(frozen=True)
class Files:
    """A quantized model in the forms that the runtimes read; a form that there is not is None."""

    fbq: pathlib.Path
    tflite: pathlib.Path
    onnx: pathlib.Path | None


def peer_files(files):
    """What each peer runs of a model: name in the tables, peer, file.

    OpenVINO gets both forms: it computes more operators in int8 where the file has QDQ pairs.
    """
    rows = [("LiteRT", "LiteRT", files.tflite), ("OpenVINO", "OpenVINO", files.tflite)]
    if files.onnx:
        rows += [(f"{peer}{QDQ}", peer, files.onnx) for peer in ("OpenVINO", "ONNX Runtime")]
    return rows


class Bench:
    """What is the same for all measurements of a run of tools/bench."""

    def __init__(self, binaries, python, rounds, seconds):
        self.binaries = binaries
        self.python = python
        self.rounds = rounds
        self.seconds = seconds
        self.versions = {}
        self.refusals = {}

    def qrun(self, model, threads, kernels="auto", seconds=None):
        def benchmark(count):
            output = common.run(
                self.binaries / "qrun", model, "--benchmark", count, "--threads", threads,
                "--kernels", kernels, "--format", "json")
            return json.loads(output.splitlines()[-1])

        trial = benchmark(3)["microseconds"]["minimum"]
        seconds = seconds or self.seconds
        return benchmark(max(5, min(100_000, int(seconds * 1e6 / max(trial, 1)))))

    def peer(self, name, model, threads, seconds=None):
        """The peer's times, or None where it does not run the model; `refusals` then says why."""
        if (name, model) in self.refusals:
            return None
        result = common.attempt(
            self.python, pathlib.Path(__file__).with_name("peers.py"), name, model, threads,
            seconds or self.seconds)
        if result.returncode != 0:
            last = (result.stderr.strip().splitlines() or ["no message"])[-1]
            self.refusals[name, model] = last
            print(f"bench: {name} does not run {model.name}: {last}", file=sys.stderr)
            return None
        found = json.loads(result.stdout.splitlines()[-1])
        self.versions[name] = found["version"]
        return found

    def in_turn(self, title, cells, rounds):
        """Each cell's rounds: `cells` has a function by key; None where it cannot be measured."""
        keys = list(cells)
        found = {key: [] for key in keys}
        for number in range(rounds):
            # Another order each round: no cell always follows the same neighbor.
            for position in range(len(keys)):
                key = keys[(position + number) % len(keys)]
                common.progress(f"{title}, round {number + 1} of {rounds}")
                result = cells[key]()
                if result:
                    found[key].append(result["microseconds"])
        return {key: summary(each) for key, each in found.items() if each}

    def compare(self, title, files, thread_counts, rounds, seconds, tables=()):
        """Rows of one model: runtime, threads and times; `tables` are kernels to force besides."""
        cells = {}
        for threads in thread_counts:
            def ours(kernels, threads=threads):
                return lambda: self.qrun(files.fbq, threads, kernels, seconds)

            cells["qrun", threads] = ours("auto")
            for name, peer, model in peer_files(files):
                cells[name, threads] = lambda peer=peer, model=model, threads=threads: self.peer(
                    peer, model, threads, seconds)
            for table in tables:
                cells[f"qrun, {table}", threads] = ours(table)
        return [{"runtime": runtime, "threads": threads, **times}
                for (runtime, threads), times in self.in_turn(title, cells, rounds).items()]


def summary(rounds):
    """Milliseconds of a cell: the median of its rounds' medians, their range, the best run."""
    medians = [each["median"] / 1000 for each in rounds]
    return {
        "median": statistics.median(medians), "best": min(r["minimum"] for r in rounds) / 1000,
        "fastest_round": min(medians), "slowest_round": max(medians),
    }


def is_peer(row):
    return row["runtime"].removesuffix(QDQ) in PEERS


def fastest_peers(rows):
    """By the number of threads, the peer's row of the least median."""
    found = {}
    for row in filter(is_peer, rows):
        best = found.setdefault(row["threads"], row)
        if row["median"] < best["median"]:
            found[row["threads"]] = row
    return found
