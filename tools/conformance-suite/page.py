"""The results that runs of the conformance suite leave behind, and the page made of them."""

import dataclasses
import importlib.metadata
import json

from comparison import Difference, Outcome

JUDGES = {
    "tflm": "TFLite Micro (`tflite-micro`), every tensor it keeps",
    "litert-reference": "LiteRT's reference kernels (`OpResolverType.BUILTIN_REF`)",
    "litert": "LiteRT's default kernels (XNNPACK)",
}


def stored(path):
    """The outcomes in the file at `path`, if there is one."""
    if not path.exists():
        return []
    outcomes = [Outcome(**fields) for fields in json.loads(path.read_text())]
    for outcome in outcomes:
        outcome.differences = [Difference(**fields) for fields in outcome.differences]
    return outcomes


def store(outcomes, path):
    """Puts outcomes in the place of older ones of the same model and profile; returns all."""
    kept = {(outcome.model, outcome.profile): outcome for outcome in stored(path)}
    kept.update({(outcome.model, outcome.profile): outcome for outcome in outcomes})
    merged = [kept[key] for key in sorted(kept)]
    # Whole or not at all: another run may read it meanwhile.
    written = path.with_suffix(".part")
    written.write_text(
        json.dumps([dataclasses.asdict(outcome) for outcome in merged], indent=1) + "\n")
    written.replace(path)
    return merged


def version(package):
    return importlib.metadata.version(package)


def number(count):
    return f"{count:,}"


def result(outcome):
    if outcome.failure:
        return f"**failed**: {outcome.failure}"
    if outcome.skipped:
        return outcome.skipped.replace("|", "\\|")
    if not outcome.differences:
        return "equal" + (
            f" (mended for the judge: {', '.join(outcome.repairs)})" if outcome.repairs else "")
    first = outcome.differences[0]
    return (
        f"**{number(outcome.differing)} differ** in {len(outcome.differences)} tensors, first in "
        f"`{first.tensor}` ({number(first.differing)} by up to {first.largest})")


def rendered(outcomes):
    """Markdown for all outcomes, one table a profile."""
    seeds = ", ".join(str(seed) for seed in sorted({outcome.seed for outcome in outcomes}))
    lines = [
        "# Conformance",
        "",
        "Which bits were compared with whose. Every `.tflite` file under `models/int8` of the test "
        "data was imported by `qconvert` and run by `qrun`; each of its tensors, intermediate ones "
        "included, was compared element by element with what the judge of the profile computes. "
        "Nothing is tolerated: *equal* means that every element of every tensor was.",
        "",
        f"Inputs (seed {seeds}): all codes least, all codes greatest, uniformly random codes, random "
        "walks, and photos where the model takes images. Written by `tools/conformance --write`.",
        "",
        f"Judges: tflite-micro {version('tflite-micro')}, ai-edge-litert "
        f"{version('ai-edge-litert')}.",
    ]
    for profile in JUDGES:
        rows = [outcome for outcome in outcomes if outcome.profile == profile]
        if not rows:
            continue
        compared = [outcome for outcome in rows if outcome.inputs]
        equal = [outcome for outcome in compared if outcome.is_fine]
        lines += [
            "", f"## Profile `{profile}`", "",
            f"Judge: {JUDGES[profile]}. {len(equal)} of {len(compared)} compared models are equal.",
            "", "| model | inputs | tensors | elements | result |", "|---|---:|---:|---:|---|",
        ]
        for outcome in rows:
            figures = (
                (number(outcome.inputs), number(outcome.tensors), number(outcome.elements))
                if outcome.inputs else ("–", "–", "–"))
            lines.append(f"| {outcome.model} | {' | '.join(figures)} | {result(outcome)} |")
    return "\n".join(lines) + "\n"
