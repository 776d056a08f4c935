"""What a command costs: time to the first result, memory, and images per second over a folder."""

import pathlib
import statistics
import sys
import time

import common
from latency import peer_files

# Runs a program and prints the most memory that it held, in MB. A process of its own, because the
# system counts what the parent held into a child's figure; what this one holds is the least it shows.
PEAK_PROGRAM = """
import os, sys
sink = os.open(os.devnull, os.O_WRONLY)
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ,
                       file_actions=[(os.POSIX_SPAWN_DUP2, sink, 1)])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss * 1024 / 1e6)
sys.exit(os.waitstatus_to_exitcode(status))
"""
# So many that starting the command is a few thousandths of what it takes.
FOLDER_IMAGES = 1000
# Commands of a round, of which the median counts: one alone meets what the peer before left in caches.
COMMANDS = 10


def write_image(path, size=224):
    """A PPM of the model's own size, so that next to no time goes into the image."""
    pixels = bytes((row * 3 + column * 5) % 256 for row in range(size) for column in range(3 * size))
    path.write_bytes(f"P6 {size} {size} 255\n".encode() + pixels)


def milliseconds(*command):
    start = time.perf_counter_ns()
    common.run(*command)
    return (time.perf_counter_ns() - start) / 1e6


def peak_megabytes(*command):
    return float(common.run(sys.executable, "-S", "-c", PEAK_PROGRAM, *command))


def first_results(bench, files, image, rounds):
    """Milliseconds to the first result and megabytes, for qrun and each peer, measured in turn.

    Of qrun: the whole command on an image, less `qrun --version`; the median of some in each round. Of
    a peer: from the file's name to the first result, in a process that has imported everything already.
    """
    qrun = bench.binaries / "qrun"
    times, peers = [], {}
    for number in range(rounds):
        common.progress(f"first result, round {number + 1} of {rounds}")
        times.append(statistics.median(
            milliseconds(qrun, files.fbq, image) - milliseconds(qrun, "--version")
            for _ in range(COMMANDS)))
        for name, peer, model in peer_files(files):
            found = bench.peer(peer, model, 1, seconds=0.001)
            if found:
                peers.setdefault(name, []).append(found)
    rows = [{
        "runtime": "qrun", "milliseconds": statistics.median(times), "best": min(times),
        "megabytes": peak_megabytes(qrun, files.fbq, image), "withoutImports": None,
    }]
    for name, found in peers.items():
        each = [result["firstResultMilliseconds"] for result in found]
        rows.append({
            "runtime": name, "milliseconds": statistics.median(each), "best": min(each),
            "megabytes": statistics.median(result["peakMegabytes"] for result in found),
            "withoutImports": statistics.median(
                result["peakMegabytesWithoutImports"] for result in found),
        })
    return rows


def folder_throughput(bench, model, image, folder, thread_counts, rounds):
    """Images per second of `qrun` over a folder, by the number of threads, measured in turn."""
    images = pathlib.Path(folder) / "images"
    images.mkdir()
    for number in range(FOLDER_IMAGES):
        (images / f"{number:03}.ppm").hardlink_to(image)
    qrun = bench.binaries / "qrun"
    times = {threads: [] for threads in thread_counts}
    for number in range(rounds):
        common.progress(f"folder, round {number + 1} of {rounds}")
        for threads in thread_counts:
            times[threads].append(milliseconds(qrun, model, images, "--threads", threads))
    # Commands of the same round: what slows the machine for a while slows both.
    base = times[thread_counts[0]]
    return [{"threads": threads, "images": FOLDER_IMAGES,
             "imagesPerSecond": 1000 * FOLDER_IMAGES / statistics.median(each),
             "speedUp": statistics.median(one / more for one, more in zip(base, each))}
            for threads, each in times.items()]
