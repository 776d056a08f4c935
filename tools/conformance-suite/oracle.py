"""Runs one model on the judge of a profile: python oracle.py PROFILE MODEL INPUTS.npz OUTPUTS.npz

A process of its own, because a runtime that meets what it does not know may end it. INPUTS holds an
array `0`, `1`, … per input with one row per run; OUTPUTS gets an array per tensor, by its index.
"""

import os
import pathlib
import sys

import numpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tflite_model import TFLiteModel  # noqa: E402


class TFLiteMicro:
    """The device runtime, which keeps every tensor if it is told to."""

    def __init__(self, model):
        from tflite_micro.python.tflite_micro import runtime
        self.interpreter = runtime.Interpreter.from_bytes(
            model.bytes, arena_size=512 << 20,
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors)

    def run(self, inputs, tensors):
        for position, values in inputs.items():
            self.interpreter.set_input(values, position)
        self.interpreter.invoke()
        return {
            tensor: self.interpreter.GetTensor(tensor, 0)["tensor_data"] for tensor in tensors}


class LiteRT:
    """LiteRT on this machine, with the kernels that `resolver` names."""

    def __init__(self, model, resolver):
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
        self.interpreter = Interpreter(
            model_content=model.repaired()[0],
            experimental_op_resolver_type=getattr(OpResolverType, resolver),
            experimental_preserve_all_tensors=True, num_threads=1)
        self.interpreter.allocate_tensors()
        self.positions = [detail["index"] for detail in self.interpreter.get_input_details()]

    def run(self, inputs, tensors):
        for position, values in inputs.items():
            self.interpreter.set_tensor(self.positions[position], values)
        self.interpreter.invoke()
        return {tensor: self.interpreter.get_tensor(tensor) for tensor in tensors}


JUDGES = {
    "tflm": TFLiteMicro,
    "litert-reference": lambda model: LiteRT(model, "BUILTIN_REF"),
    "litert": lambda model: LiteRT(model, "BUILTIN"),
}


def main():
    profile, path, inputs_path, outputs_path = sys.argv[1:]
    model = TFLiteModel(pathlib.Path(path))
    judge = JUDGES[profile](model)
    inputs = numpy.load(inputs_path)
    tensors = [int(tensor) for tensor in inputs["tensors"]]
    sources = model.inputs()
    results = {tensor: [] for tensor in tensors}
    for run in range(len(inputs["0"])):
        fed = {
            source.position: model.fed(source, inputs[str(number)][run])
            for number, source in enumerate(sources)}
        fed.update(model.shape_inputs())
        for tensor, values in judge.run(fed, tensors).items():
            # What the judge does not keep, it does not show.
            if values is not None:
                results[tensor].append(numpy.array(values))
    numpy.savez(outputs_path, **{str(tensor): numpy.stack(rows)
                                 for tensor, rows in results.items() if rows})


if __name__ == "__main__":
    main()
