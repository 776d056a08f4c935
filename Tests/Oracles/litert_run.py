#!/usr/bin/env python3
"""What LiteRT makes of random inputs of float models.

Usage: litert_run.py FOLDER SEED LEAST GREATEST RESOLVER NAME...

For each NAME, runs FOLDER/NAME.tflite on inputs drawn evenly from LEAST...GREATEST and writes
NAME.inI.f32 and NAME.outI.f32 (little-endian float32) into FOLDER, and once cases.json:
[{"name", "inputs": [shape], "outputs": [shape]}]. RESOLVER is "reference" for the reference
kernels or "default" for those that a phone runs.
"""

import json
import pathlib
import sys

import numpy
from ai_edge_litert.interpreter import Interpreter, OpResolverType

folder, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2])
least, greatest, resolver, names = float(sys.argv[3]), float(sys.argv[4]), sys.argv[5], sys.argv[6:]
kernels = {"reference": OpResolverType.BUILTIN_REF, "default": OpResolverType.AUTO}[resolver]
random = numpy.random.default_rng(seed)


def run(name):
    interpreter = Interpreter(
        model_path=str(folder / f"{name}.tflite"), experimental_op_resolver_type=kernels
    )
    interpreter.allocate_tensors()
    inputs = []
    for index, info in enumerate(interpreter.get_input_details()):
        value = random.uniform(least, greatest, info["shape"]).astype(numpy.float32)
        interpreter.set_tensor(info["index"], value)
        (folder / f"{name}.in{index}.f32").write_bytes(value.astype("<f4").tobytes())
        inputs.append(list(value.shape))
    interpreter.invoke()
    outputs = []
    for index, info in enumerate(interpreter.get_output_details()):
        value = interpreter.get_tensor(info["index"])
        (folder / f"{name}.out{index}.f32").write_bytes(value.astype("<f4").tobytes())
        outputs.append(list(value.shape))
    return {"name": name, "inputs": inputs, "outputs": outputs}


cases, refused = [], []
for name in names:
    try:
        cases.append(run(name))
    except RuntimeError as error:
        refused.append(f"{name}: {error}")
(folder / "cases.json").write_text(json.dumps(cases))
sys.exit("\n".join(refused) or 0)
