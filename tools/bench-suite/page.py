"""The text of docs/benchmarks.md, from the numbers of a run of tools/bench."""

from latency import fastest_peers, is_peer


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]


def latency_table(rows):
    fastest = fastest_peers(rows)
    # A row's own runtime on the fewest threads, for what more threads give it.
    single = {row["runtime"]: row["median"] for row in reversed(rows) if row["threads"] == 1}
    return table(
        ["threads", "runtime", "median", "rounds from … to", "best run", "time ÷ fastest peer's",
         "speed ÷ one thread's"],
        [[
            row["threads"], row["runtime"], f"{row['median']:.2f} ms",
            f"{row['fastest_round']:.2f} … {row['slowest_round']:.2f} ms",
            f"{row['best']:.2f} ms",
            f"{row['median'] / fastest[row['threads']]['median']:.2f}"
            if row["threads"] in fastest else "–",
            f"{single[row['runtime']] / row['median']:.2f}" if row["threads"] > 1 else "–",
        ] for row in rows])


def latency_sections(results):
    lines = [
        "## Latency of MobileNetV2 1.0, 224×224, int8",
        "",
        f"One image at a time, without decoding it. {results['rounds']} rounds of "
        f"{results['seconds']:g} s per row, the rows in turn, each in a new process; the median of "
        "the rounds' medians. All runtimes run the same quantized model: peers the `.tflite` file, "
        "and the QDQ ONNX that `qconvert export` writes with the same weights and scales, where "
        "OpenVINO computes more in int8. Of the runtimes only qrun has the bits of the reference "
        "arithmetic.",
        "",
    ]
    for each in results["latency"]:
        lines += [f"### {each['title']}", "", *latency_table(each["rows"]), ""]
    return lines


def peak_section(peak):
    if not peak:
        return []
    return [
        "## Share of the processor's peak",
        "",
        f"A small kernel of nothing but dot products of bytes reaches {peak['peak']:.0f} GMAC/s on "
        f"one thread here (`qrun --time-layers`, kernels `{peak['kernels']}`). MobileNetV2's "
        f"{peak['macs'] / 1e6:.1f} million MACs in the {peak['milliseconds']:.2f} ms of a whole "
        f"inference, above, are {peak['macs'] / peak['milliseconds'] / 1e6:.0f} GMAC/s: "
        f"{100 * peak['macs'] / peak['milliseconds'] / 1e6 / peak['peak']:.0f} % of it.",
        "",
    ]


def models_section(results):
    models = results["models"]
    if not models["entries"]:
        return []
    rows = []
    for entry in models["entries"]:
        fastest = fastest_peers(entry["rows"])
        for row in entry["rows"]:
            if row["runtime"] != "qrun":
                continue
            peer = fastest.get(row["threads"])
            others = [each for each in entry["rows"]
                      if each["threads"] == row["threads"] and is_peer(each)]
            rows.append([
                f"`{entry['model']}`", row["threads"], microseconds(row),
                *(next((microseconds(each) for each in others if each["runtime"] == name), "–")
                  for name in models["peers"]),
                f"{row['median'] / peer['median']:.2f}" if peer else "–",
            ])
    return [
        "## Every other convolutional model",
        "",
        "Those under `models/int8` of the test data, in µs; median of the medians of "
        f"{models['rounds']} rounds of {models['seconds']:g} s. – : the peer does not run the model, "
        "or it cannot be written as ONNX.",
        "",
        *table(["model", "threads", "qrun", *models["peers"], "time ÷ fastest peer's"], rows),
        "",
    ]


def microseconds(row):
    value = 1000 * row["median"]
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def startup_section(results):
    loading, start = results["loading"], results["start"]
    return [
        "## Loading",
        "",
        f"From the path of our MobileNetV2 ({loading['bytes'] / 1e6:.2f} MB) to ready: mapping, "
        "verification, overflow proof, memory plan, packed weights. File in the system's cache.",
        "",
        *table(["median", "best", "worst", "loads"], [[
            f"{loading['medianMilliseconds']:.2f} ms", f"{loading['minimumMilliseconds']:.2f} ms",
            f"{loading['maximumMilliseconds']:.2f} ms", loading["count"],
        ]]),
        "",
        "To the first result, one thread. Of qrun it is the whole command on a PPM image less "
        "`qrun --version`; of a peer the time from the file's name to the first result in a Python "
        "process that has imported everything. Memory is the most that the process held; without "
        "imports: less what Python and the modules hold before the model is read.",
        "",
        *table(["runtime", "first result, median", "best", "memory", "without imports"], [[
            row["runtime"], f"{row['milliseconds']:.1f} ms", f"{row['best']:.1f} ms",
            f"{row['megabytes']:.0f} MB",
            "–" if row["withoutImports"] is None else f"{row['withoutImports']:.0f} MB",
        ] for row in start]),
        "",
        "## A folder of images",
        "",
        f"`qrun mobilenet_v2.fbq` on a folder of {results['folder'][0]['images']} PPM images, the "
        "whole command: reading, decoding, resizing, inference, printing. The last column is the "
        "median over the rounds' own ratios.",
        "",
        *table(["threads", "throughput", "÷ one thread's"], [[
            row["threads"], f"{row['imagesPerSecond']:.0f} images/s",
            f"{row['speedUp']:.2f}",
        ] for row in results["folder"]]),
        "",
    ]


def engine_section(rows):
    return [
        "## Float engine",
        "",
        "Forward pass of the float model, which calibration and evaluation spend their time in.",
        "",
        *table(["threads", "batch", "median", "best", "arena", "made ready in"], [[
            row["threads"], row["batch"], f"{row['medianImagesPerSecond']:.0f} images/s",
            f"{row['bestImagesPerSecond']:.0f} images/s", f"{row['arenaMegabytes']:.0f} MB",
            f"{row['preparationMilliseconds']:.0f} ms",
        ] for row in rows]),
        "",
    ]


def training_section(training):
    rows = training["rows"]
    first = rows[0]
    return [
        "## Training engine",
        "",
        "Forward and backward passes of the float model, up to its logits, with the gradients of "
        f"all weights and biases: {first['batch']} images on {first['threads']} threads, each with "
        "an engine of its own that takes some images at a time, and the sum of their gradients at "
        "the end. Beside it the bare oneDNN convolutions of the same shapes: forward, backward "
        f"data, backward weights, all {first['batch']} images at once on all threads, channels "
        "last, weights in the layout that oneDNN chooses; "
        f"{first['boundImagesPerSecond']:.0f} images/s. {first['rounds']} rounds, in each of which "
        "everything is measured once; medians.",
        "",
        "A step of threshold training is that and fake quantization of activations and weights, "
        "the derivatives of all thresholds, Adam, and the loading of the new weights; the "
        "teacher's answers are there already.",
        "",
        *table([
            "images at a time", "passes", "of the bound", "threshold training", "of the bound",
            "buffers",
        ], [[
            row["images"], f"{row['imagesPerSecond']:.0f} images/s", f"{100 * row['share']:.0f} %",
            f"{row['stepImagesPerSecond']:.0f} images/s", f"{100 * row['stepShare']:.0f} %",
            f"{row['megabytes']:.0f} MB",
        ] for row in rows]),
        "",
        f"With {training['fastest']} at a time the process holds {training['peak']:.0f} MB at most, "
        "the model included.",
        "",
    ]


def page(results):
    """The tables of a measurement, as the text of docs/benchmarks.md."""
    host = results["machine"]
    busy = (
        [f"The machine did other work when the measurement began (load {host['load']} on "
         f"{host['cores']} cores): compare within a table, trust no single number.", ""]
        if host["load"] > 0.25 * host["cores"] else [])
    return "\n".join([
        "# Benchmarks",
        "",
        "Written by `tools/bench --write docs/benchmarks.md`; `tools/bench` prints the same for "
        "your machine.",
        "",
        *table(["", ""], [
            ["date", host["date"]],
            ["commit", host["commit"]],
            ["processor", f"{host['processor']}, {host['cores']} cores"],
            ["system", host["system"]],
            ["compiler", host["swift"]],
            ["kernels", results["kernels"]],
            ["arithmetic", results["arithmetic"]],
            *sorted(results["versions"].items()),
        ]),
        "",
        *busy,
        *latency_sections(results),
        *peak_section(results["peak"]),
        *models_section(results),
        *startup_section(results),
        *engine_section(results["engine"]),
        *training_section(results["training"]),
    ])
