#!/usr/bin/env python3
"""What onnxruntime makes of one image-like input of a model.

Usage: onnx_run.py MODEL FOLDER SEED

Writes in0.f32 and outI.f32 (little-endian float32, ONNX order) into FOLDER, and shapes.json:
{"input": shape, "outputs": [shape]}. Variable extents become 1.
"""

import json
import pathlib
import sys

import numpy
import onnxruntime

model, folder, seed = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
info = session.get_inputs()[0]
shape = [extent if isinstance(extent, int) else 1 for extent in info.shape]
value = numpy.random.default_rng(seed).uniform(-1, 1, shape).astype(numpy.float32)
results = session.run(None, {info.name: value})
(folder / "in0.f32").write_bytes(value.astype("<f4").tobytes())
for index, result in enumerate(results):
    (folder / f"out{index}.f32").write_bytes(result.astype("<f4").tobytes())
(folder / "shapes.json").write_text(
    json.dumps({"input": shape, "outputs": [list(result.shape) for result in results]})
)
