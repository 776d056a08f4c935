"""Runs a .tflite model with LiteRT on random codes and writes every tensor it shows.

usage: litert_model.py MODEL.tflite PROFILE SEED COUNT OUT.npz

PROFILE is litert-reference (the reference kernels) or litert (the default: XNNPACK). Members are the
tensors of 8, 16 or 32-bit integers by name, with a leading axis over COUNT inputs; "inputs" lists
the names of the model's inputs. Where LiteRT cannot show intermediate tensors, only inputs and
outputs are written.
"""

import os
import sys
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
from ai_edge_litert.interpreter import Interpreter, OpResolverType  # noqa: E402

RESOLVERS = {
    "litert-reference": OpResolverType.BUILTIN_REF,
    "litert": OpResolverType.AUTO,
}


def interpreter(content, profile, preserves):
    result = Interpreter(
        model_content=content,
        experimental_op_resolver_type=RESOLVERS[profile],
        experimental_preserve_all_tensors=preserves,
        num_threads=1,
    )
    result.allocate_tensors()
    return result


def codes(generator, detail):
    if detail["dtype"] == np.float32:  # quantized by the model's first operator
        return generator.standard_normal(detail["shape"], np.float32)
    limits = np.iinfo(detail["dtype"])
    return generator.integers(
        limits.min, limits.max, detail["shape"], dtype=detail["dtype"], endpoint=True
    )


def run(content, profile, seed, count, preserves):
    lite = interpreter(content, profile, preserves)
    generator = np.random.default_rng(seed)
    details = lite.get_tensor_details()
    inputs = lite.get_input_details()
    outputs = lite.get_output_details()
    wanted = details if preserves else inputs + outputs
    names = [detail["name"] for detail in details]
    tensors = {}
    for _ in range(count):
        for detail in inputs:
            lite.set_tensor(detail["index"], codes(generator, detail))
        lite.invoke()
        for detail in wanted:
            name = detail["name"]
            if names.count(name) > 1 or detail["dtype"] not in (
                np.int8, np.uint8, np.int16, np.int32, np.int64,
            ):
                continue
            try:
                value = lite.get_tensor(detail["index"]).copy()
            except ValueError:
                continue  # a tensor without data
            tensors.setdefault(name, []).append(value)
    arrays = {name: np.stack(values) for name, values in tensors.items() if len(values) == count}
    return arrays, [detail["name"] for detail in inputs]


def main():
    path, profile, seed, count, out = sys.argv[1:]
    with open(path, "rb") as file:
        content = file.read()
    try:
        arrays, inputs = run(content, profile, int(seed), int(count), True)
    except RuntimeError:
        arrays, inputs = run(content, profile, int(seed), int(count), False)
    with open(out + ".inputs", "w", encoding="utf-8") as file:
        file.write("\n".join(inputs))
    # Names hold slashes and semicolons; numbered members and a list keep them intact.
    np.savez(out, **{f"t{index}": array for index, array in enumerate(arrays.values())})
    with open(out + ".names", "w", encoding="utf-8") as file:
        file.write("\n".join(arrays))


main()
