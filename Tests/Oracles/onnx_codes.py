#!/usr/bin/env python3
"""What onnxruntime makes of quantized ONNX models, after the ONNX checker has passed them.

Usage: onnx_codes.py FOLDER NAME...

For each NAME, checks FOLDER/NAME.onnx and runs it on every sample of FOLDER/NAME.npz, arrays by input
name with samples along their first axis, and writes the outputs to FOLDER/NAME.out.npz likewise.
Prints one line a model: its name and the operators that onnxruntime runs after fusing, by count.
"""

import collections
import pathlib
import sys

import numpy
import onnx
import onnxruntime

folder = pathlib.Path(sys.argv[1])
failures = []
for name in sys.argv[2:]:
    path = folder / f"{name}.onnx"
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        # As on processors other than x86: activations stay int8, up to the inputs and outputs.
        options.add_session_config_entry("session.qdqisint8allowed", "1")
        options.optimized_model_filepath = str(folder / f"{name}.optimized.onnx")
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        inputs = numpy.load(folder / f"{name}.npz")
        results = collections.defaultdict(list)
        for sample in range(len(next(iter(inputs.values())))):
            feeds = {key: value[sample] for key, value in inputs.items()}
            for output, value in zip(session.get_outputs(), session.run(None, feeds)):
                results[output.name].append(value)
        numpy.savez(
            folder / f"{name}.out.npz",
            **{key: numpy.stack(value) for key, value in results.items()},
        )
        optimized = onnx.load(folder / f"{name}.optimized.onnx", load_external_data=False)
        counts = collections.Counter(node.op_type for node in optimized.graph.node)
        print(name, ",".join(f"{kind}:{count}" for kind, count in sorted(counts.items())), sep="\t")
    except Exception as error:
        failures.append(f"{name}: {error}")
sys.exit("\n".join(failures) or 0)
