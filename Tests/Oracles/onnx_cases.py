#!/usr/bin/env python3
"""Random ONNX models, one or more per operator and form, with what onnxruntime makes of them.

Usage: onnx_cases.py FOLDER SEED

Writes NAME.onnx, NAME.inI.f32 and NAME.outI.f32 (little-endian float32, ONNX order) into FOLDER,
and cases.json: [{"name", "inputs": [shape], "outputs": [shape]}].
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(sys.argv[1])
RANDOM = numpy.random.default_rng(int(sys.argv[2]))
CASES = []


def normal(*shape):
    return RANDOM.standard_normal(shape).astype(numpy.float32)


def ints(*values):
    return numpy.array(values, dtype=numpy.int64)


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs, outputs, **attributes)


def case(name, opset, nodes, inputs, constants=None, outputs=("y",), dynamic_batch=False):
    """inputs: {name: shape}; constants: {name: array}."""
    constants = constants or {}
    infos = []
    for key, shape in inputs.items():
        declared = ["N", *shape[1:]] if dynamic_batch else list(shape)
        infos.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, declared))
    graph = helper.make_graph(
        nodes,
        name,
        infos,
        [helper.make_tensor_value_info(key, TensorProto.FLOAT, None) for key in outputs],
        [numpy_helper.from_array(numpy.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 19 else 10
    )
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    feeds = {key: normal(*shape) * 2 for key, shape in inputs.items()}
    results = session.run(list(outputs), feeds)
    full = f"{name}-opset{opset}"
    (FOLDER / f"{full}.onnx").write_bytes(model.SerializeToString())
    for index, value in enumerate(feeds.values()):
        (FOLDER / f"{full}.in{index}.f32").write_bytes(value.astype("<f4").tobytes())
    for index, value in enumerate(results):
        (FOLDER / f"{full}.out{index}.f32").write_bytes(value.astype("<f4").tobytes())
    CASES.append(
        {
            "name": full,
            "inputs": [list(shape) for shape in inputs.values()],
            "outputs": [list(value.shape) for value in results],
        }
    )


def convolutions():
    forms = {
        "plain": dict(kernel_shape=[3, 3]),
        "stride-pads": dict(kernel_shape=[3, 2], strides=[2, 3], pads=[1, 0, 2, 1]),
        "same-upper": dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
        "same-lower": dict(kernel_shape=[2, 4], strides=[2, 1], auto_pad="SAME_LOWER"),
        "valid": dict(kernel_shape=[2, 2], auto_pad="VALID"),
        "dilated": dict(kernel_shape=[3, 3], dilations=[2, 1], pads=[2, 1, 2, 1]),
        "groups": dict(kernel_shape=[3, 3], group=2, pads=[1, 1, 1, 1]),
        "depthwise": dict(kernel_shape=[3, 3], group=4, pads=[1, 1, 1, 1]),
        "no-kernel-shape": dict(),
    }
    for name, attributes in forms.items():
        groups = attributes.get("group", 1)
        kernel = attributes.get("kernel_shape", [3, 3])
        weights = normal(8, 4 // groups, *kernel)
        for bias in (False, True):
            case(
                f"conv-{name}-{'bias' if bias else 'plain'}",
                11 if bias else 22,
                [node("Conv", ["x", "w"] + (["b"] if bias else []), ["y"], **attributes)],
                {"x": (1, 4, 7, 9)},
                {"w": weights, **({"b": normal(8)} if bias else {})},
            )
    case(
        "conv-1d",
        13,
        [
            node("Conv", ["x", "w"], ["a"], kernel_shape=[3], strides=[2], pads=[1, 0]),
            node("BatchNormalization", ["a", "g", "be", "m", "v"], ["b"]),
            node("Relu", ["b"], ["c"]),
            node("Conv", ["c", "w2"], ["d"], pads=[1, 1]),
            node("Add", ["d", "c"], ["e"]),
            node("MaxPool", ["e"], ["y"], kernel_shape=[2], strides=[2]),
        ],
        {"x": (1, 4, 19)},
        {
            "w": normal(6, 4, 3),
            "w2": normal(6, 6, 3),
            "g": normal(6),
            "be": normal(6),
            "m": normal(6),
            "v": numpy.abs(normal(6)) + 0.1,
        },
    )


def normalizations():
    parameters = {
        "g": normal(4),
        "b": normal(4),
        "m": normal(4),
        "v": numpy.abs(normal(4)) + 0.1,
    }
    for opset in (7, 9, 14, 15):
        for shape in ((1, 4, 5, 3), (1, 4), (1, 4, 6)):
            case(
                f"batchnorm-rank{len(shape)}",
                opset,
                [node("BatchNormalization", ["x", *"gbmv"], ["y"], epsilon=1e-3)],
                {"x": shape},
                parameters,
            )
    for opset in (7, 11, 13):
        for axis in (None, 1, 2, 3):
            attributes = {} if axis is None else {"axis": axis}
            case(
                f"softmax-axis{axis}",
                opset,
                [node("Softmax", ["x"], ["y"], **attributes)],
                {"x": (1, 3, 4, 5)},
            )
    case("softmax-negative", 13, [node("Softmax", ["x"], ["y"], axis=-2)], {"x": (1, 6, 5)})
    case("softmax-vector", 11, [node("Softmax", ["x"], ["y"])], {"x": (1, 10)})
    case("softmax-pooled", 11, [node("Softmax", ["x"], ["y"], axis=1)], {"x": (1, 10, 1, 1)})


def activations():
    for opset in (7, 13):
        case("relu", opset, [node("Relu", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
        case("sigmoid", opset, [node("Sigmoid", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
        case("tanh", opset, [node("Tanh", ["x"], ["y"])], {"x": (1, 3, 4)})
        case("leaky", opset, [node("LeakyRelu", ["x"], ["y"], alpha=0.3)], {"x": (1, 7)})
        case("leaky-default", opset, [node("LeakyRelu", ["x"], ["y"])], {"x": (1, 7)})
        case("hardsigmoid", opset, [node("HardSigmoid", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
        case(
            "hardsigmoid-set",
            opset,
            [node("HardSigmoid", ["x"], ["y"], alpha=0.1, beta=0.3)],
            {"x": (1, 3, 4, 5)},
        )
        case(
            "prelu", opset, [node("PRelu", ["x", "s"], ["y"])], {"x": (1, 3, 4, 5)},
            {"s": normal(3, 1, 1)},
        )
        case(
            "prelu-shared", opset, [node("PRelu", ["x", "s"], ["y"])], {"x": (1, 3, 4, 5)},
            {"s": normal(1)},
        )
    case("hardswish", 14, [node("HardSwish", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
    case("clip-attributes", 7, [node("Clip", ["x"], ["y"], min=-0.5, max=1.5)], {"x": (1, 9, 9)})
    case("clip-attribute-min", 10, [node("Clip", ["x"], ["y"], min=-0.5)], {"x": (1, 9, 9)})
    limits = {"lo": numpy.float32(-0.5), "hi": numpy.float32(1.25)}
    case("clip-inputs", 11, [node("Clip", ["x", "lo", "hi"], ["y"])], {"x": (1, 9)}, limits)
    case("clip-no-min", 13, [node("Clip", ["x", "", "hi"], ["y"])], {"x": (1, 9)}, limits)
    case("clip-none", 13, [node("Clip", ["x"], ["y"])], {"x": (1, 9)})
    case(
        "hardswish-spelled",
        11,
        [
            node("Add", ["x", "three"], ["a"]),
            node("Clip", ["a", "zero", "six"], ["b"]),
            node("Mul", ["x", "b"], ["c"]),
            node("Div", ["c", "six"], ["y"]),
        ],
        {"x": (1, 3, 4, 5)},
        {"three": numpy.float32(3), "zero": numpy.float32(0), "six": numpy.float32(6)},
    )


def arithmetic():
    for operator in ("Add", "Sub", "Mul"):
        for shapes in (
            ((1, 3, 4, 5), (1, 3, 4, 5)),
            ((1, 3, 4, 5), (1, 3, 1, 1)),
            ((1, 3, 1, 1), (1, 3, 4, 5)),
            ((1, 4, 5), (1, 3, 4, 5)),
            ((1, 6), (1, 6)),
        ):
            case(
                f"{operator.lower()}-{len(shapes[0])}-{shapes[1][-1]}-{shapes[0][-1]}",
                14,
                [node(operator, ["a", "b"], ["y"])],
                {"a": shapes[0], "b": shapes[1]},
            )
        for constant in ((), (1,), (3, 1, 1), (1, 3, 1, 1), (4, 5), (1, 3, 4, 5), (5,)):
            suffix = "x".join(map(str, constant)) or "scalar"
            for order in (["x", "c"], ["c", "x"]):
                case(
                    f"{operator.lower()}-constant-{suffix}-{order[0]}",
                    7,
                    [node(operator, order, ["y"])],
                    {"x": (1, 3, 4, 5)},
                    {"c": normal(*constant)},
                )
        case(
            f"{operator.lower()}-wider-constant",
            13,
            [node(operator, ["x", "c"], ["y"])],
            {"x": (1, 5)},
            {"c": normal(1, 3, 4, 5)},
        )
    case(
        "div-constant", 13, [node("Div", ["x", "c"], ["y"])], {"x": (1, 3, 4, 5)},
        {"c": numpy.abs(normal(3, 1, 1)) + 0.5},
    )
    case("neg", 13, [node("Neg", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
    case(
        "sum-three", 13, [node("Sum", ["a", "b", "c"], ["y"])],
        {"a": (1, 3, 4, 5), "b": (1, 3, 4, 5)}, {"c": normal(3, 1, 1)},
    )
    case("sum-one", 13, [node("Sum", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
    case(
        "max-min", 13,
        [node("Max", ["x", "lo"], ["a"]), node("Min", ["hi", "a"], ["y"])],
        {"x": (1, 3, 4, 5)}, {"lo": numpy.float32(-0.5), "hi": numpy.float32(0.75)},
    )


def pools():
    forms = {
        "plain": dict(kernel_shape=[2, 2], strides=[2, 2]),
        "pads": dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        "uneven": dict(kernel_shape=[3, 2], strides=[1, 2], pads=[0, 1, 2, 0]),
        "ceil": dict(kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        "ceil-pads": dict(kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1),
        "ceil-big-stride": dict(kernel_shape=[2, 2], strides=[3, 3], pads=[0, 0, 1, 1], ceil_mode=1),
        "same-upper": dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER"),
        "same-lower": dict(kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_LOWER"),
        "valid": dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="VALID"),
    }
    for height, width in ((8, 10), (7, 9), (6, 5)):
        for name, attributes in forms.items():
            full = f"{name}-{height}x{width}"
            case(
                f"maxpool-{full}", 12, [node("MaxPool", ["x"], ["y"], **attributes)],
                {"x": (1, 3, height, width)},
            )
            for opset in (11, 19):
                for include in (0, 1):
                    case(
                        f"avgpool-{full}-include{include}",
                        opset,
                        [
                            node(
                                "AveragePool", ["x"], ["y"], count_include_pad=include, **attributes
                            )
                        ],
                        {"x": (1, 3, height, width)},
                    )
    case("gap", 7, [node("GlobalAveragePool", ["x"], ["y"])], {"x": (1, 3, 4, 5)})
    case("gap-1d", 13, [node("GlobalAveragePool", ["x"], ["y"])], {"x": (1, 3, 4)})
    case("gmp", 7, [node("GlobalMaxPool", ["x"], ["y"])], {"x": (1, 3, 4, 5)})


def reductions():
    for keep in (0, 1):
        for axes in ([2, 3], [-1], [1], [2], [1, 2, 3], [1, 3]):
            name = f"mean-{'_'.join(map(str, axes))}-keep{keep}"
            case(
                name, 11, [node("ReduceMean", ["x"], ["y"], axes=axes, keepdims=keep)],
                {"x": (1, 3, 4, 5)},
            )
            case(
                name, 18, [node("ReduceMean", ["x", "a"], ["y"], keepdims=keep)],
                {"x": (1, 3, 4, 5)}, {"a": ints(*axes)},
            )
    case(
        "mean-noop", 18, [node("ReduceMean", ["x"], ["y"], noop_with_empty_axes=1)],
        {"x": (1, 3, 4)},
    )


def matrices():
    for transposed in (0, 1):
        weights = normal(6, 4) if transposed else normal(4, 6)
        for name, bias in (
            ("none", None), ("vector", normal(6)), ("row", normal(1, 6)), ("scalar", normal(1)),
            ("column", normal(1, 1)),
        ):
            case(
                f"gemm-{transposed}-{name}", 11,
                [
                    node(
                        "Gemm", ["x", "w"] + (["c"] if bias is not None else []), ["y"],
                        transB=transposed, alpha=0.5, beta=1.5,
                    )
                ],
                {"x": (1, 4)},
                {"w": weights, **({"c": bias} if bias is not None else {})},
            )
    case(
        "gemm-residual", 13, [node("Gemm", ["x", "w", "c"], ["y"])],
        {"x": (1, 4), "c": (1, 6)}, {"w": normal(4, 6)},
    )
    case("matmul", 13, [node("MatMul", ["x", "w"], ["y"])], {"x": (1, 4)}, {"w": normal(4, 6)})
    case("matmul-3", 9, [node("MatMul", ["x", "w"], ["y"])], {"x": (1, 3, 4)}, {"w": normal(4, 6)})
    case(
        "matmul-4", 13, [node("MatMul", ["x", "w"], ["y"])], {"x": (1, 2, 3, 4)},
        {"w": normal(1, 1, 4, 6)},
    )
    case(
        "matmul-bias", 13,
        [node("MatMul", ["x", "w"], ["a"]), node("Add", ["b", "a"], ["y"])],
        {"x": (1, 4)}, {"w": normal(4, 6), "b": normal(6)},
    )
    case(
        "matmul-transposed-weights", 13,
        [node("Transpose", ["w"], ["t"], perm=[1, 0]), node("MatMul", ["x", "t"], ["y"])],
        {"x": (1, 4)}, {"w": normal(6, 4)},
    )


def shapes():
    image = {"x": (1, 3, 4, 5)}
    case("identity", 13, [node("Identity", ["x"], ["y"])], image)
    case("dropout", 7, [node("Dropout", ["x"], ["y"], ratio=0.3)], image)
    case("dropout", 13, [node("Dropout", ["x"], ["y"])], image)
    case("flatten", 7, [node("Flatten", ["x"], ["y"])], image)
    for axis in (0, 2, 3, 4, -1):
        case(f"flatten-{axis}", 13, [node("Flatten", ["x"], ["y"], axis=axis)], image)
    for name, target in (
        ("flat", [1, -1]), ("zero", [0, 0, -1]), ("regroup", [1, 5, 4, 3]), ("split", [1, 3, 2, 2, 5]),
        ("spatial", [1, 3, 20]), ("merge", [1, 12, 5]), ("unit", [1, 1, 3, 4, 5]),
    ):
        case(
            f"reshape-{name}", 13, [node("Reshape", ["x", "s"], ["y"])], image, {"s": ints(*target)}
        )
    case(
        "reshape-pooled", 13,
        [node("GlobalAveragePool", ["x"], ["a"]), node("Reshape", ["a", "s"], ["y"])],
        image, {"s": ints(-1, 3)},
    )
    for perm in ([0, 2, 3, 1], [0, 3, 1, 2], [0, 1, 3, 2], [0, 3, 2, 1]):
        case(
            f"transpose-{''.join(map(str, perm))}", 13,
            [node("Transpose", ["x"], ["a"], perm=perm), node("Relu", ["a"], ["y"])], image,
        )
    case("transpose-3", 13, [node("Transpose", ["x"], ["y"], perm=[0, 2, 1])], {"x": (1, 3, 4)})
    case(
        "shuffle", 13,
        [
            node("Conv", ["x", "w"], ["a"]),
            node("Reshape", ["a", "s1"], ["b"]),
            node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4]),
            node("Reshape", ["c", "s2"], ["d"]),
            node("Conv", ["d", "w2"], ["y"], group=6, kernel_shape=[3, 3]),
        ],
        image,
        {
            "w": normal(6, 3, 1, 1), "s1": ints(0, 2, 3, 4, 5), "s2": ints(0, -1, 4, 5),
            "w2": normal(6, 1, 3, 3),
        },
    )
    case("squeeze", 11, [node("Squeeze", ["x"], ["y"], axes=[2, 3])], {"x": (1, 6, 1, 1)})
    case(
        "squeeze", 13, [node("Squeeze", ["x", "a"], ["y"])], {"x": (1, 6, 1, 5)}, {"a": ints(-2)}
    )
    case("unsqueeze", 11, [node("Unsqueeze", ["x"], ["y"], axes=[2, 3])], {"x": (1, 6)})
    case("unsqueeze", 13, [node("Unsqueeze", ["x", "a"], ["y"])], {"x": (1, 6, 5)}, {"a": ints(1)})
    case(
        "squeeze-excite", 13,
        [
            node("GlobalAveragePool", ["x"], ["p"]),
            node("Flatten", ["p"], ["f"]),
            node("Gemm", ["f", "w"], ["g"]),
            node("HardSigmoid", ["g"], ["s"]),
            node("Unsqueeze", ["s", "a"], ["u"]),
            node("Mul", ["x", "u"], ["y"]),
        ],
        image, {"w": normal(3, 3), "a": ints(2, 3)},
    )
    case(
        "vgg-head", 13,
        [
            node("Conv", ["x", "w"], ["a"], pads=[1, 1, 1, 1]),
            node("Relu", ["a"], ["b"]),
            node("Flatten", ["b"], ["c"]),
            node("Gemm", ["c", "w2", "b2"], ["y"], transB=1),
        ],
        image, {"w": normal(6, 3, 3, 3), "w2": normal(7, 120), "b2": normal(7)},
        dynamic_batch=True,
    )
    case(
        "channels-last-model", 13,
        [
            node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            node("Conv", ["a", "w"], ["b"], auto_pad="SAME_UPPER", strides=[2, 2]),
            node("Relu", ["b"], ["c"]),
            node("Transpose", ["c"], ["y"], perm=[0, 2, 3, 1]),
        ],
        {"x": (1, 6, 7, 3)}, {"w": normal(4, 3, 3, 3)},
    )
    case(
        "channels-last-reshape", 13,
        [
            node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
            node("Conv", ["a", "w"], ["b"]),
            node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1]),
            node("Reshape", ["c", "s"], ["d"]),
            node("MatMul", ["d", "m"], ["y"]),
        ],
        {"x": (1, 6, 7, 3)},
        {"w": normal(4, 3, 3, 3), "s": ints(-1, 80), "m": normal(80, 5)}, dynamic_batch=True,
    )


def selections():
    image = {"x": (1, 6, 7, 8)}
    case(
        "slice", 9, [node("Slice", ["x"], ["y"], starts=[1, -5], ends=[4, 100], axes=[1, 3])], image
    )
    for name, start, end, axes, steps in (
        ("focus", [0, 1], [2**31, 2**31], [2, 3], [2, 2]),
        ("negative", [-1], [-(2**40)], [2], [-2]),
        ("channels", [2], [5], [1], [1]),
        ("back", [-3], [0], [-1], [-1]),
    ):
        case(
            f"slice-{name}", 13, [node("Slice", ["x", "s", "e", "a", "t"], ["y"])], image,
            {"s": ints(*start), "e": ints(*end), "a": ints(*axes), "t": ints(*steps)},
        )
    case(
        "slice-no-axes", 10, [node("Slice", ["x", "s", "e"], ["y"])], image,
        {"s": ints(0, 1, 2, 3), "e": ints(1, 5, 6, 7)},
    )
    case("split", 11, [node("Split", ["x"], ["a", "b"], axis=1, split=[2, 4])], image,
         outputs=("a", "b"))
    case("split-equal", 13, [node("Split", ["x"], ["a", "b", "c"], axis=1)], image,
         outputs=("a", "b", "c"))
    case("split-sizes", 13, [node("Split", ["x", "s"], ["a", "b"], axis=-1)], image,
         {"s": ints(3, 5)}, outputs=("a", "b"))
    case("split-uneven", 18, [node("Split", ["x"], ["a", "b", "c"], axis=3, num_outputs=3)], image,
         outputs=("a", "b", "c"))
    case("gather-scalar", 13, [node("Gather", ["x", "i"], ["y"], axis=2)], image,
         {"i": numpy.int64(-2)})
    case("gather-one", 13, [node("Gather", ["x", "i"], ["y"], axis=1)], image, {"i": ints(3)})
    for axis in (1, 2, 3, -1):
        case(
            f"concat-{axis}", 13, [node("Concat", ["x", "z"], ["y"], axis=axis)],
            {"x": (1, 3, 4, 5), "z": (1, 3, 4, 5)},
        )
    case(
        "concat-constant", 13, [node("Concat", ["x", "c"], ["y"], axis=1)],
        {"x": (1, 3, 4, 5)}, {"c": normal(1, 2, 4, 5)},
    )
    case("concat-vectors", 13, [node("Concat", ["x", "z"], ["y"], axis=1)],
         {"x": (1, 3), "z": (1, 4)})
    case(
        "detection-heads", 13,
        [
            node("Conv", ["x", "w1"], ["a"]),
            node("Conv", ["z", "w2"], ["b"]),
            node("Transpose", ["a"], ["a1"], perm=[0, 2, 3, 1]),
            node("Transpose", ["b"], ["b1"], perm=[0, 2, 3, 1]),
            node("Reshape", ["a1", "s"], ["a2"]),
            node("Reshape", ["b1", "s"], ["b2"]),
            node("Concat", ["a2", "b2"], ["c"], axis=1),
            node("Sigmoid", ["c"], ["y"]),
        ],
        {"x": (1, 3, 4, 5), "z": (1, 3, 2, 3)},
        {"w1": normal(8, 3, 1, 1), "w2": normal(8, 3, 1, 1), "s": ints(0, -1, 4)},
    )


def pads():
    image = {"x": (1, 3, 4, 5)}
    counts = [0, 1, 2, 3, 0, 2, 1, 1]
    case("pad", 7, [node("Pad", ["x"], ["y"], pads=counts, value=1.5)], image)
    case("pad-reflect", 7,
         [node("Pad", ["x"], ["y"], pads=[0, 1, 2, 3, 0, 2, 1, 1], mode="reflect")], image)
    case("pad-edge", 13, [node("Pad", ["x", "p"], ["y"], mode="edge")], image, {"p": ints(*counts)})
    case("pad-inputs", 11, [node("Pad", ["x", "p", "v"], ["y"])], image,
         {"p": ints(*counts), "v": numpy.float32(-2)})
    case("pad-axes", 18, [node("Pad", ["x", "p", "", "a"], ["y"])], image,
         {"p": ints(1, 2, 3, 4), "a": ints(-1, 2)})
    case("pad-crop", 13, [node("Pad", ["x", "p"], ["y"])], image,
         {"p": ints(0, 0, -1, 1, 0, 0, 2, -2)})
    case(
        "pad-conv", 13,
        [node("Pad", ["x", "p"], ["a"]), node("Conv", ["a", "w"], ["y"], strides=[2, 2])],
        image, {"p": ints(0, 0, 0, 0, 0, 0, 1, 1), "w": normal(4, 3, 3, 3)},
    )
    case(
        "pad-relu-maxpool", 13,
        [
            node("Relu", ["x"], ["r"]),
            node("Pad", ["r", "p"], ["a"]),
            node("MaxPool", ["a"], ["y"], kernel_shape=[3, 3], strides=[2, 2]),
        ],
        image, {"p": ints(0, 0, 1, 1, 0, 0, 1, 1)},
    )
    case(
        "pad-maxpool", 13,
        [node("Pad", ["x", "p"], ["a"]),
         node("MaxPool", ["a"], ["y"], kernel_shape=[3, 3], strides=[2, 2])],
        image, {"p": ints(0, 0, 1, 1, 0, 0, 1, 1)},
    )
    case(
        "pad-avgpool", 13,
        [node("Pad", ["x", "p"], ["a"]),
         node("AveragePool", ["a"], ["y"], kernel_shape=[2, 2], strides=[2, 2])],
        image, {"p": ints(0, 0, 0, 1, 0, 0, 0, 0)},
    )


def resizes():
    image = {"x": (1, 3, 4, 5)}
    scales = {"s": numpy.array([1, 1, 2, 3], numpy.float32)}
    shrink = {"s": numpy.array([1, 1, 0.5, 0.6], numpy.float32)}
    case("upsample", 7, [node("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 2.0, 2.0])], image)
    case("upsample", 9, [node("Upsample", ["x", "s"], ["y"])], image, scales)
    case("upsample-linear", 9, [node("Upsample", ["x", "s"], ["y"], mode="linear")], image, scales)
    for mode in ("nearest", "linear"):
        case(f"resize-{mode}", 10, [node("Resize", ["x", "s"], ["y"], mode=mode)], image, scales)
        case(f"resize-{mode}-shrink", 10, [node("Resize", ["x", "s"], ["y"], mode=mode)], image,
             shrink)
    for opset in (11, 13, 18, 19):
        for mapping in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
            for rounding in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
                for kind, parameters in (("grow", scales), ("shrink", shrink)):
                    case(
                        f"resize-nearest-{mapping}-{rounding}-{kind}", opset,
                        [
                            node(
                                "Resize", ["x", "r", "s"], ["y"], mode="nearest",
                                nearest_mode=rounding, coordinate_transformation_mode=mapping,
                            )
                        ],
                        image, {"r": numpy.array([], numpy.float32), **parameters},
                    )
            for sizes in ((8, 10), (3, 2), (4, 5), (7, 1)):
                case(
                    f"resize-linear-{mapping}-{sizes[0]}x{sizes[1]}", opset,
                    [
                        node(
                            "Resize", ["x", "r", "s", "z"], ["y"], mode="linear",
                            coordinate_transformation_mode=mapping,
                        )
                    ],
                    image,
                    {
                        "r": numpy.array([], numpy.float32), "s": numpy.array([], numpy.float32),
                        "z": ints(1, 3, *sizes),
                    },
                )
    case(
        "resize-axes", 18,
        [node("Resize", ["x", "", "", "z"], ["y"], mode="linear", axes=[3, 2])], image,
        {"z": ints(9, 6)},
    )
    case(
        "resize-computed-size", 13,
        [
            node("Shape", ["x"], ["a"]),
            node("Slice", ["a", "two", "four", "zero"], ["b"]),
            node("Cast", ["b"], ["c"], to=TensorProto.FLOAT),
            node("Mul", ["c", "factor"], ["d"]),
            node("Floor", ["d"], ["e"]),
            node("Cast", ["e"], ["f"], to=TensorProto.INT64),
            node("Slice", ["a", "zero", "two", "zero"], ["g"]),
            node("Concat", ["g", "f"], ["h"], axis=0),
            node("Resize", ["x", "", "", "h"], ["y"], mode="nearest",
                 coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
        ],
        image,
        {"two": ints(2), "four": ints(4), "zero": ints(0),
         "factor": numpy.array([2, 2], numpy.float32)},
        dynamic_batch=True,
    )


def chains():
    case(
        "flatten-by-shape", 13,
        [
            node("Shape", ["x"], ["a"]),
            node("Constant", [], ["zero"], value=numpy_helper.from_array(numpy.int64(0))),
            node("Gather", ["a", "zero"], ["n"], axis=0),
            node("Unsqueeze", ["n", "axis"], ["n1"]),
            node("Constant", [], ["m"], value_ints=[-1]),
            node("Concat", ["n1", "m"], ["s"], axis=0),
            node("Reshape", ["x", "s"], ["y"]),
        ],
        {"x": (1, 3, 4, 5)}, {"axis": ints(0)}, dynamic_batch=True,
    )
    case(
        "shape-arithmetic", 13,
        [
            node("Shape", ["x"], ["a"]),
            node("Gather", ["a", "i"], ["h"]),
            node("Div", ["h", "two"], ["half"]),
            node("Mul", ["half", "two"], ["even"]),
            node("Sub", ["h", "even"], ["odd"]),
            node("Add", ["odd", "two"], ["k"]),
            node("Unsqueeze", ["k", "zero"], ["end"]),
            node("Slice", ["x", "zero", "end", "axis"], ["y"]),
        ],
        {"x": (1, 3, 5, 5)},
        {"i": numpy.int64(2), "two": numpy.int64(2), "zero": ints(0), "axis": ints(2)},
    )
    case(
        "expand-mask", 13,
        [
            node("Shape", ["x"], ["a"]),
            node("ConstantOfShape", ["a"], ["b"],
                 value=helper.make_tensor("v", TensorProto.FLOAT, [1], [2.5])),
            node("Mul", ["x", "b"], ["y"]),
        ],
        {"x": (1, 3, 5, 5)},
    )
    case(
        "where-equal", 13,
        [
            node("ConstantOfShape", ["four"], ["ones"],
                 value=helper.make_tensor("v", TensorProto.INT64, [1], [1])),
            node("Equal", ["target", "minus"], ["isfree"]),
            node("Where", ["isfree", "ones", "target"], ["shape"]),
            node("Expand", ["c", "shape"], ["e"]),
            node("Add", ["x", "e"], ["y"]),
        ],
        {"x": (1, 3, 4, 5)},
        {"four": ints(4), "target": ints(-1, 3, 1, 5), "minus": ints(-1), "c": normal(3, 1, 1)},
    )
    case(
        "range-mod", 13,
        [
            node("Range", ["zero", "six", "two"], ["r"]),
            node("Mod", ["r", "five"], ["m"]),
            node("Cast", ["m"], ["f"], to=TensorProto.FLOAT),
            node("Add", ["x", "f"], ["y"]),
        ],
        {"x": (1, 4, 3)},
        {"zero": numpy.int64(0), "six": numpy.int64(6), "two": numpy.int64(2),
         "five": numpy.int64(3)},
    )


def networks():
    """Blocks as exporters write them, for the rewriting passes."""
    for seed in range(6):
        channels = int(RANDOM.integers(2, 5)) * 2
        parameters = {
            "w": normal(channels, 3, 3, 3), "g": normal(channels), "b": normal(channels),
            "m": normal(channels), "v": numpy.abs(normal(channels)) + 0.1,
            "d": normal(channels, 1, 3, 3), "g2": normal(channels), "b2": normal(channels),
            "m2": normal(channels), "v2": numpy.abs(normal(channels)) + 0.1,
            "p": normal(channels, channels, 1, 1), "pb": normal(channels),
            "zero": numpy.float32(0), "six": numpy.float32(6), "s": normal(channels, 1, 1),
            "fc": normal(5, channels), "fb": normal(5),
        }
        case(
            f"inverted-residual-{seed}", 13,
            [
                node("Conv", ["x", "w"], ["c1"], pads=[1, 1, 1, 1], strides=[2, 2]),
                node("BatchNormalization", ["c1", "g", "b", "m", "v"], ["n1"]),
                node("Clip", ["n1", "zero", "six"], ["r1"]),
                node("Conv", ["r1", "d"], ["c2"], group=channels, auto_pad="SAME_UPPER"),
                node("BatchNormalization", ["c2", "g2", "b2", "m2", "v2"], ["n2"]),
                node("Relu", ["n2"], ["r2"]),
                node("Conv", ["r2", "p", "pb"], ["c3"]),
                node("Mul", ["c3", "s"], ["s3"]),
                node("Add", ["r1", "s3"], ["a"]),
                node("BatchNormalization", ["a", "g", "b", "m", "v"], ["n3"]),
                node("Relu", ["n3"], ["r3"]),
                node("Sigmoid", ["r3"], ["gate"]),
                node("Mul", ["r3", "gate"], ["swish"]),
                node("AveragePool", ["swish"], ["gap"], kernel_shape=[4, 5]),
                node("Flatten", ["gap"], ["f"]),
                node("Gemm", ["f", "fc", "fb"], ["logits"], transB=1),
                node("Softmax", ["logits"], ["y"], axis=1),
            ],
            {"x": (1, 3, 8, 10)}, parameters, outputs=("y", "swish"), dynamic_batch=True,
        )


for generate in (
    convolutions, normalizations, activations, arithmetic, pools, reductions, matrices, shapes,
    selections, pads, resizes, chains, networks,
):
    generate()
(FOLDER / "cases.json").write_text(json.dumps(CASES))
print(f"{len(CASES)} cases")
