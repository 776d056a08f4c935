"""Runs many .tflite models on given inputs, in one process.

    tflite_batch.py FOLDER

FOLDER/cases.json lists `{"name", "samples", "inputs", "outputs", "oracles"}`; NAME.in holds the
inputs of all samples, one after the other, as the raw bytes of the tensors. For each oracle (`micro`:
TFLite Micro, `reference`: LiteRT's reference kernels, `default`: LiteRT with XNNPACK) this writes
NAME.ORACLE with the outputs of all samples, or NAME.ORACLE.error with what went wrong.
"""

import json
import sys
from pathlib import Path

import numpy as np


class Micro:
    def __init__(self, model):
        from tflite_micro.python.tflite_micro import runtime

        # The default, 10 times the model, is too little for small models of large tensors.
        arena = max(1 << 18, 20 * len(model))
        self.interpreter = runtime.Interpreter.from_bytes(model, arena_size=arena)

    def run(self, sample, case):
        for index in range(case["inputs"]):
            details = self.interpreter.get_input_details(index)
            self.interpreter.set_input(sample.take(details["shape"], details["dtype"]), index)
        self.interpreter.invoke()
        return [self.interpreter.get_output(index) for index in range(case["outputs"])]


class LiteRT:
    def __init__(self, model, resolver):
        from ai_edge_litert.interpreter import Interpreter

        self.interpreter = Interpreter(
            model_content=model, experimental_op_resolver_type=resolver, num_threads=1
        )
        self.interpreter.allocate_tensors()
        self.inputs = self.interpreter.get_input_details()
        self.outputs = self.interpreter.get_output_details()

    def run(self, sample, case):
        for details in self.inputs:
            self.interpreter.set_tensor(
                details["index"], sample.take(details["shape"], details["dtype"])
            )
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(details["index"]) for details in self.outputs]


class Sample:
    """The bytes of all samples, taken tensor by tensor."""

    def __init__(self, data):
        self.data = data
        self.position = 0

    def take(self, shape, dtype):
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(self.data, dtype, count, self.position)
        self.position += array.nbytes
        return array.reshape(shape)


def oracle(name, model):
    if name == "micro":
        return Micro(model)
    from ai_edge_litert.interpreter import OpResolverType

    resolver = OpResolverType.BUILTIN_REF if name == "reference" else OpResolverType.AUTO
    return LiteRT(model, resolver)


def main(folder):
    folder = Path(folder)
    for case in json.loads((folder / "cases.json").read_text()):
        model = (folder / f"{case['name']}.tflite").read_bytes()
        inputs = (folder / f"{case['name']}.in").read_bytes()
        for name in case["oracles"]:
            result = folder / f"{case['name']}.{name}"
            try:
                interpreter = oracle(name, model)
                sample = Sample(inputs)
                outputs = b"".join(
                    array.tobytes()
                    for _ in range(case["samples"])
                    for array in interpreter.run(sample, case)
                )
                if sample.position != len(inputs):
                    raise ValueError(f"{sample.position} of {len(inputs)} bytes of input were read")
                result.write_bytes(outputs)
            except Exception as error:  # noqa: BLE001 whatever a runtime raises is its verdict
                Path(f"{result}.error").write_text(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
