"""Runs cases on the TOSA reference model.

usage: tosa_run.py CASES.json RESULTS.json

CASES.json is a list of objects; RESULTS.json gets a list of flat integer lists in the same order. All
cases become one graph, because starting the model takes longer than running it. Kinds:

  rescale      x [rows, channels] int32, multipliers, shifts -> int32
  requantize   x [count] int8, one multiplier and shift, zero points -> int8
  convolution  CONV2D, then RESCALE per channel
  depthwise    DEPTHWISE_CONV2D, then RESCALE per channel
  add          two RESCALEs, ADD, RESCALE

Shifts are TOSA's, 31 - s where fbq stores s.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import serializer.tosa_serializer as tosa_serializer
from tosa import DType, Op, RoundingMode

OP = Op.Op
TYPE = DType.DType
ARRAY_TYPES = {TYPE.INT8: np.int8, TYPE.INT32: np.int32}


def array(values, shape, dtype):
    return np.array(values, dtype=ARRAY_TYPES[dtype]).reshape(shape)


class Graph:
    def __init__(self, folder):
        self.folder = folder
        self.serializer = tosa_serializer.TosaSerializer(folder)

    def input(self, values, shape, dtype):
        return self.serializer.addPlaceholder(shape, dtype, array(values, shape, dtype))

    def constant(self, values, shape, dtype):
        return self.serializer.addConst(shape, dtype, array(values, shape, dtype))

    def scalar(self, value, dtype):
        return self.constant([value], [1], dtype)

    def apply(self, op, inputs, output, attribute):
        self.serializer.addOperator(op, [x.name for x in inputs], [output.name], attribute)
        return output

    def rescale(self, x, multipliers, shifts, zero_points, output):
        attribute = tosa_serializer.TosaSerializerAttribute()
        attribute.RescaleAttribute(
            True, RoundingMode.RoundingMode.SINGLE_ROUND, len(multipliers) > 1, False, False
        )
        count = [len(multipliers)]
        inputs = [
            x,
            self.constant(multipliers, count, TYPE.INT32),
            self.constant(shifts, count, TYPE.INT8),
            self.scalar(zero_points[0], x.dtype),
            self.scalar(zero_points[1], output.dtype),
        ]
        return self.apply(OP.RESCALE, inputs, output, attribute)

    def run(self):
        with open(os.path.join(self.folder, "graph.tosa"), "wb") as file:
            file.write(self.serializer.serialize())
        description = os.path.join(self.folder, "description.json")
        with open(description, "w") as file:
            file.write(self.serializer.writeJson("graph.tosa"))
        model = os.path.join(os.path.dirname(sys.executable), "tosa_reference_model")
        subprocess.run([model, "--test_desc", description], check=True)


def add_rescale(graph, case):
    shape = [case["rows"], len(case["multipliers"])]
    x = graph.input(case["x"], shape, TYPE.INT32)
    output = graph.serializer.addOutput(shape, TYPE.INT32)
    return graph.rescale(x, case["multipliers"], case["shifts"], [0, 0], output)


def add_requantize(graph, case):
    shape = [len(case["x"])]
    x = graph.input(case["x"], shape, TYPE.INT8)
    output = graph.serializer.addOutput(shape, TYPE.INT8)
    return graph.rescale(x, case["multipliers"], case["shifts"], case["zeroPoints"], output)


def add_windowed(graph, case):
    x = graph.input(case["x"], case["xShape"], TYPE.INT8)
    bias = graph.constant(case["bias"], [len(case["bias"])], TYPE.INT32)
    weights = np.array(case["weights"]).reshape(case["weightShape"])
    attribute = tosa_serializer.TosaSerializerAttribute()
    options = (case["padding"], case["stride"], case["dilation"], False, TYPE.INT32)
    if case["kind"] == "depthwise":
        # [1, KH, KW, C * M] becomes [KH, KW, C, M].
        _, height, width, outputs = case["weightShape"]
        channels = case["xShape"][3]
        weights = weights.reshape(height, width, channels, outputs // channels)
        op = OP.DEPTHWISE_CONV2D
        attribute.DepthwiseConv2dAttribute(*options)
    else:
        op = OP.CONV2D
        attribute.Conv2dAttribute(*options)
    inputs = [
        x,
        graph.constant(weights, list(weights.shape), TYPE.INT8),
        bias,
        graph.scalar(case["zeroPoints"][0], TYPE.INT8),
        graph.scalar(0, TYPE.INT8),
    ]
    sums = graph.serializer.addIntermediate(case["yShape"], TYPE.INT32)
    graph.apply(op, inputs, sums, attribute)
    output = graph.serializer.addOutput(case["yShape"], TYPE.INT8)
    zero_points = [0, case["zeroPoints"][1]]
    return graph.rescale(sums, case["multipliers"], case["shifts"], zero_points, output)


def add_add(graph, case):
    shape = [len(case["x"])]
    scaled = []
    for index, values in enumerate([case["x"], case["second"]]):
        x = graph.input(values, shape, TYPE.INT8)
        output = graph.serializer.addIntermediate(shape, TYPE.INT32)
        graph.rescale(
            x, [case["multipliers"][index]], [case["shifts"][index]],
            [case["zeroPoints"][index], 0], output,
        )
        scaled.append(output)
    sums = graph.serializer.addIntermediate(shape, TYPE.INT32)
    attribute = tosa_serializer.TosaSerializerAttribute()
    attribute.AddAttribute()
    graph.apply(OP.ADD, scaled, sums, attribute)
    output = graph.serializer.addOutput(shape, TYPE.INT8)
    return graph.rescale(
        sums, case["multipliers"][2:], case["shifts"][2:], [0, case["zeroPoints"][2]], output
    )


KINDS = {
    "rescale": add_rescale,
    "requantize": add_requantize,
    "convolution": add_windowed,
    "depthwise": add_windowed,
    "add": add_add,
}


def main():
    with open(sys.argv[1]) as file:
        cases = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        graph = Graph(folder)
        names = [KINDS[case["kind"]](graph, case).name for case in cases]
        graph.run()
        results = [
            np.load(os.path.join(folder, f"ref-{name}.npy")).flatten().tolist() for name in names
        ]
    with open(sys.argv[2], "w") as file:
        json.dump(results, file)


main()
