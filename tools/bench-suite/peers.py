"""Times one process of another runtime, as `qrun --benchmark` times itself, and prints JSON.

Run by `tools/bench` as `peers.py RUNTIME MODEL THREADS SECONDS`, a process per measurement, in an
environment of requirements-bench.txt.
"""

import importlib.metadata
import json
import pathlib
import statistics
import sys
import time


def litert_call(model, threads):
    """A function that runs the model once in LiteRT, with XNNPACK."""
    import numpy

    interpreter = sys.modules["ai_edge_litert.interpreter"].Interpreter(
        model_path=model, num_threads=threads)
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], numpy.zeros(detail["shape"], detail["dtype"]))
    return interpreter.invoke


def openvino_call(model, threads):
    """A function that runs the model once in OpenVINO, which reads .tflite and .onnx."""
    import numpy
    import openvino

    compiled = openvino.Core().compile_model(
        model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1})
    request = compiled.create_infer_request()
    for index, port in enumerate(compiled.inputs):
        zeros = numpy.zeros(list(port.shape), port.element_type.to_dtype())
        request.set_input_tensor(index, openvino.Tensor(zeros))
    return request.infer


def onnxruntime_call(model, threads):
    """A function that runs the model once in ONNX Runtime."""
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    types = {"tensor(float)": "float32", "tensor(int8)": "int8", "tensor(uint8)": "uint8"}
    inputs = {
        each.name: numpy.zeros(each.shape, types[each.type]) for each in session.get_inputs()}
    return lambda: session.run(None, inputs)


# By the runtime's name: its package, its module and what makes a model ready to run.
PEERS = {
    "LiteRT": ("ai-edge-litert", "ai_edge_litert.interpreter", litert_call),
    "OpenVINO": ("openvino", "openvino", openvino_call),
    "ONNX Runtime": ("onnxruntime", "onnxruntime", onnxruntime_call),
}


def resident_megabytes(key):
    """VmRSS, what the process holds in memory, or VmHWM, the most that it has held; in MB."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(key))


def main(name, model, threads, seconds):
    package, module, prepare = PEERS[name]
    importlib.import_module("numpy")
    importlib.import_module(module)
    before = resident_megabytes("VmRSS")
    start = time.perf_counter_ns()
    call = prepare(model, threads)
    call()
    first = time.perf_counter_ns() - start
    peak = resident_megabytes("VmHWM")
    for _ in range(5):
        call()
    times = []
    deadline = time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < deadline:
        start = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - start) / 1000)
    print(json.dumps({
        "microseconds": {"minimum": min(times), "median": statistics.median(times)},
        "runs": len(times),
        "firstResultMilliseconds": first / 1e6,
        "peakMegabytes": peak,
        "peakMegabytesWithoutImports": peak - before,
        "version": importlib.metadata.version(package),
    }))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
