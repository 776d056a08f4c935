"""Quantizes a model with another tool and runs it, float or quantized, with onnxruntime.

Runs in the environment of requirements-accuracy.txt, one process per task, because these tools hold
a lot of memory. Pixels come as arrays that qrun itself decoded, resized and cropped: every tool
sees the very same inputs. Prints one JSON object.
"""

import argparse
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime

# Images per chunk of onnxruntime's histogram calibrators, which hold every activation of a chunk.
CHUNK = 10


def logits_model(path):
    """The model without a final softmax: classes are ranked and compared by what goes into it."""
    model = onnx.load(path)
    producers = {name: node for node in model.graph.node for name in node.output}
    last = producers.get(model.graph.output[0].name)
    while last is not None and last.op_type in ("Identity", "Reshape", "Flatten"):
        last = producers.get(last.input[0])
    if last is not None and last.op_type == "Softmax":
        name = last.input[0]
        keep = ancestors(model.graph, name)
        nodes = [node for node in model.graph.node if set(node.output) & keep]
        del model.graph.node[:]
        model.graph.node.extend(nodes)
        del model.graph.output[:]
        model.graph.output.append(
            onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return model


def ancestors(graph, name):
    """Names of all values that `name` is computed from, itself included."""
    producers = {output: node for node in graph.node for output in node.output}
    found, open_names = set(), [name]
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            open_names += producers[name].input if name in producers else []
    return found


class Inputs:
    """Float inputs [1, 3, H, W] made from pixels [N, H, W, 3] one at a time."""

    def __init__(self, path, mean, deviation):
        self.pixels = numpy.load(path, mmap_mode="r")
        self.mean = numpy.array(mean, numpy.float32)
        self.deviation = numpy.array(deviation, numpy.float32)

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index):
        values = (self.pixels[index].astype(numpy.float32) - self.mean) / self.deviation
        return numpy.ascontiguousarray(values.transpose(2, 0, 1)[None])

    def __iter__(self):
        return (self[index] for index in range(len(self)))


def logits(model, inputs, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return numpy.stack([session.run(None, {name: each})[0].reshape(-1) for each in inputs])


def folded(model):
    """The model as onnxruntime's documentation asks for: optimized, batch normalizations folded.

    NNCF needs it, too: its bias correction finds no bias in a convolution whose bias is still in a
    batch normalization, and per-tensor weights look harmless before they are folded.
    """
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        source, target = (os.path.join(folder, name) for name in ("source.onnx", "folded.onnx"))
        onnx.save(model, source)
        quant_pre_process(source, target, skip_symbolic_shape=True)
        return onnx.load(target)


def quantized_by_onnxruntime(model, inputs, per_channel, method):
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self):
            self.name = model.graph.input[0].name
            self.set_range(0, len(inputs))

        def __len__(self):
            return len(inputs)

        def set_range(self, start_index, end_index):
            self.indices = iter(range(start_index, end_index))

        def get_next(self):
            index = next(self.indices, None)
            return None if index is None else {self.name: inputs[index]}

    in_chunks = method != "MinMax" and len(inputs) % CHUNK == 0
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "target.onnx")
        quantization.quantize_static(
            model, target, Reader(), quant_format=quantization.QuantFormat.QDQ,
            per_channel=per_channel, activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=getattr(quantization.CalibrationMethod, method),
            extra_options={"CalibStridedMinMax": CHUNK} if in_chunks else {})
        return onnx.load(target)


def quantized_by_nncf(model, inputs, per_channel, fast):
    # It would report each run to its makers.
    os.environ["CI"] = "true"
    import nncf
    from nncf.quantization.advanced_parameters import OverflowFix, QuantizationParameters

    name = model.graph.input[0].name
    return nncf.quantize(
        model, nncf.Dataset(range(len(inputs)), lambda index: {name: inputs[index]}),
        # Symmetric weights, asymmetric activations.
        preset=nncf.QuantizationPreset.MIXED, subset_size=len(inputs), fast_bias_correction=fast,
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            # Halved weights are for processors whose 8-bit dot products saturate.
            overflow_fix=OverflowFix.DISABLE,
            weights_quantization_params=QuantizationParameters(per_channel=per_channel)))


# What makes them, and its last argument.
METHODS = {
    "onnxruntime-minmax": (quantized_by_onnxruntime, "MinMax"),
    "onnxruntime-percentile": (quantized_by_onnxruntime, "Percentile"),
    "onnxruntime-entropy": (quantized_by_onnxruntime, "Entropy"),
    "nncf-fast": (quantized_by_nncf, True),
    "nncf-full": (quantized_by_nncf, False),
}


def ranking(values):
    """The first five classes of each row; the lower index first where values tie."""
    return numpy.argsort(-values, axis=1, kind="stable")[:, :5]


def compared(reference, found, labels):
    """Counts and SQNR, defined as in Sources/Quantizer/Evaluation/Metrics.swift."""
    float_ranking, ours = ranking(reference), ranking(found)
    known = labels >= 0
    hits = ours[known] == labels[known, None]
    difference = reference.astype(numpy.float64) - found.astype(numpy.float64)
    signal, noise = (numpy.square(each, dtype=numpy.float64).sum()
                     for each in (reference, difference))
    return {
        "images": len(found), "labeled": int(known.sum()),
        "top1": int(hits[:, 0].sum()), "top5": int(hits.any(axis=1).sum()),
        "agreeing": int((float_ranking[:, 0] == ours[:, 0]).sum()),
        "sqnr": float(10 * numpy.log10(signal / noise)) if noise else "inf",
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--method", choices=["float", *METHODS], required=True)
    parser.add_argument("--weights", default="per-channel")
    parser.add_argument("--calibration", help="pixels [N, H, W, 3] as .npy")
    parser.add_argument("--images", required=True, help="the same to evaluate on")
    parser.add_argument("--labels", required=True, help="classes as JSON, -1 where unknown")
    parser.add_argument("--reference", required=True, help="float logits, written by 'float'")
    parser.add_argument("--mean", required=True)
    parser.add_argument("--std", required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    mean, deviation = ([float(number) for number in text.split(",")]
                       for text in (options.mean, options.std))
    model = logits_model(options.model)
    images = Inputs(options.images, mean, deviation)
    labels = numpy.array(json.loads(pathlib.Path(options.labels).read_text()))
    start = time.monotonic()
    seconds = None
    # What these tools print is not ours to pass on as a result.
    with contextlib.redirect_stdout(sys.stderr):
        if options.method != "float":
            calibration = Inputs(options.calibration, mean, deviation)
            quantized, argument = METHODS[options.method]
            model = quantized(
                folded(model), calibration, options.weights == "per-channel", argument)
            seconds = time.monotonic() - start
        found = logits(model, images, options.threads)
    if options.method == "float":
        numpy.save(options.reference, found)
    result = compared(numpy.load(options.reference), found, labels)
    print(json.dumps(result | {"seconds": seconds}))


if __name__ == "__main__":
    main()
