"""Makes single-operator .tflite models whose results lie on or beside ties, and runs them with LiteRT.

usage: litert_ties.py FOLDER SEED CASES

Writes CASES models of each operator to FOLDER as N.tflite, with N.npz: inputs x0, x1, … and the
outputs `reference` and `default` of the reference kernels and of XNNPACK; an output is missing where
LiteRT refuses the model. cases.txt lists the operators by number.

Scales are chosen so that accumulator times scale is k + 1/2 to the last bit of float32, or exactly:
there the profiles part, and a wrong order of operations shows.
"""

import os
import sys
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore")

import flatbuffers  # noqa: E402
import numpy as np  # noqa: E402
from ai_edge_litert import schema_py_generated as schema  # noqa: E402
from ai_edge_litert.interpreter import Interpreter, OpResolverType  # noqa: E402

OPERATOR = schema.BuiltinOperator
TYPE = schema.TensorType
OPTIONS = schema.BuiltinOptions
INT8, UINT8, INT32 = TYPE.INT8, TYPE.UINT8, TYPE.INT32
NUMPY = {INT8: np.int8, UINT8: np.uint8, INT32: np.int32}
FLOAT = np.float32


class Model:
    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, name, shape, kind, scale=None, zero=0, data=None, axis=0):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, 0
        if scale is not None:
            quantization = schema.QuantizationParametersT()
            quantization.scale = np.atleast_1d(np.array(scale, FLOAT))
            quantization.zeroPoint = np.full(len(quantization.scale), zero, np.int64)
            quantization.quantizedDimension = axis if len(quantization.scale) > 1 else 0
            tensor.quantization = quantization
        if data is not None:
            buffer = schema.BufferT()
            data = np.ascontiguousarray(data, NUMPY[kind])
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, code, inputs, output, kind=0, options=None, version=1, **fields):
        entry = schema.OperatorCodeT()
        entry.builtinCode, entry.deprecatedBuiltinCode = code, min(code, 127)
        entry.version = version
        self.model.operatorCodes.append(entry)
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = 0, inputs, [output]
        if options is not None:
            operator.builtinOptionsType, operator.builtinOptions = kind, options()
            for name, value in fields.items():
                setattr(operator.builtinOptions, name, value)
        self.graph.operators.append(operator)
        self.graph.outputs = [output]

    def content(self, inputs):
        self.graph.inputs = inputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Ties:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def scale(self, low=-7, high=0):
        return FLOAT(np.exp2(self.random.uniform(low, high)))

    def codes(self, kind, shape):
        limits = np.iinfo(NUMPY[kind])
        return self.random.integers(limits.min, limits.max, shape, NUMPY[kind], endpoint=True)

    def zero(self, kind):
        return int(self.codes(kind, ()))

    def kind(self):
        return int(self.random.choice([INT8, UINT8]))

    # Each method gives a model and its inputs.

    def layer(self, operator):
        """One weight of 1 per channel: the bias is the accumulator. Scales per channel beside ties,
        accumulators up to 2^30; or powers of two for one scale and exact ties."""
        model, count = Model(), 1000
        # uint8 weights have one scale, so that only exact ties can be had.
        exact = self.random.random() < 0.4
        kind = self.kind() if exact and operator != "transpose" else INT8
        x_scale, y_scale, zero = self.scale(), self.scale(), self.zero(kind)
        if exact:
            x_scale, y_scale = FLOAT(2.0**-5), FLOAT(2.0**-2)
            w_scale = FLOAT(2.0 ** -int(self.random.integers(3, 9)))
            sums = self.random.integers(-4000, 4000, count)
        else:
            halves = self.random.integers(-100, 100, count) + 0.5
            limit = 2**30 if self.random.random() < 0.5 else 2**22
            sums = self.random.integers(1, limit, count) * np.where(halves > 0, 1, -1)
            w_scale = (halves / sums * float(y_scale) / float(x_scale)).astype(FLOAT)
        w_zero = 7 if kind == UINT8 else 0
        shape = {
            "conv": [count, 1, 1, 1], "transpose": [count, 1, 1, 1],
            "depthwise": [1, 1, 1, count], "fully": [count, 1],
        }[operator]
        flat = operator == "fully"
        x = model.tensor("x", [1, 1] if flat else [1, 1, 1, 1], kind, x_scale, zero)
        w = model.tensor(
            "w", shape, kind, w_scale, w_zero, np.full(shape, w_zero + 1), int(np.argmax(shape)))
        b = model.tensor("b", [count], INT32, np.asarray(x_scale * w_scale), 0, sums)
        y = model.tensor(
            "y", [1, count] if flat else [1, 1, 1, count], kind, y_scale, self.zero(kind))
        activation = int(self.random.integers(0, 4)) if operator != "transpose" else 0
        if operator == "fully":
            model.operator(
                OPERATOR.FULLY_CONNECTED, [x, w, b], y, OPTIONS.FullyConnectedOptions,
                schema.FullyConnectedOptionsT, 5, fusedActivationFunction=activation)
        elif operator == "transpose":
            size = model.tensor("size", [4], INT32, data=[1, 1, 1, count])
            model.operator(
                OPERATOR.TRANSPOSE_CONV, [size, w, x, b], y, OPTIONS.TransposeConvOptions,
                schema.TransposeConvOptionsT, 3, padding=1, strideH=1, strideW=1)
        elif operator == "depthwise":
            model.operator(
                OPERATOR.DEPTHWISE_CONV_2D, [x, w, b], y, OPTIONS.DepthwiseConv2DOptions,
                schema.DepthwiseConv2DOptionsT, 3, padding=1, strideH=1, strideW=1,
                depthMultiplier=count, dilationHFactor=1, dilationWFactor=1,
                fusedActivationFunction=activation)
        else:
            model.operator(
                OPERATOR.CONV_2D, [x, w, b], y, OPTIONS.Conv2DOptions, schema.Conv2DOptionsT, 3,
                padding=1, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1,
                fusedActivationFunction=activation)
        return model.content([x]), [np.full(model.graph.tensors[x].shape, zero, NUMPY[kind])]

    def pairs(self, operator):
        """Every pair of codes; ratios between 2^-9 and 2^7, powers of two among them, and scales with
        which a limit of the fused activation is a tie."""
        model, kind = Model(), self.kind()
        first, second = self.scale(-6, -2), self.scale(-6, -2)
        output = FLOAT(max(first, second) * np.exp2(self.random.uniform(-3, 3)))
        if operator == "mul":
            product = int(self.random.integers(1, 120)) * int(self.random.integers(1, 120))
            half = int(self.random.integers(0, 100)) + 0.5
            output = FLOAT(float(first) * float(second) * product / half)
        if self.random.random() < 0.4:
            first = FLOAT(2.0**-4)
            second = FLOAT(2.0 ** int(self.random.integers(-9, 2)))
            output = FLOAT(2.0 ** int(self.random.integers(-6, 0)))
        activation = int(self.random.integers(0, 4))
        if self.random.random() < 0.3:
            first, second, output = FLOAT(1), FLOAT(2), FLOAT(self.random.choice([4, 12, 2.4, 0.4]))
        limits = np.iinfo(NUMPY[kind])
        codes = np.arange(limits.min, limits.max + 1)
        left, right = np.meshgrid(codes, codes, indexing="ij")
        a = model.tensor("a", [1, 256, 256, 1], kind, first, self.zero(kind))
        b = model.tensor("b", [1, 256, 256, 1], kind, second, self.zero(kind))
        y = model.tensor("y", [1, 256, 256, 1], kind, output, self.zero(kind))
        code, options = {
            "add": (OPERATOR.ADD, schema.AddOptionsT), "sub": (OPERATOR.SUB, schema.SubOptionsT),
            "mul": (OPERATOR.MUL, schema.MulOptionsT),
        }[operator]
        number = getattr(OPTIONS, options.__name__[:-1])
        model.operator(code, [a, b], y, number, options, 2, fusedActivationFunction=activation)
        return model.content([a, b]), [
            side.reshape(1, 256, 256, 1).astype(NUMPY[kind]) for side in (left, right)
        ]

    def prelu(self):
        model, kind = Model(), self.kind()
        first, slope = self.scale(-6, -2), self.scale(-8, -4)
        product = int(self.random.integers(50, 120)) * int(self.random.integers(50, 120))
        output = FLOAT(float(first) * float(slope) * product / (self.random.integers(20, 90) + 0.5))
        codes = np.arange(256) + np.iinfo(NUMPY[kind]).min
        x = model.tensor("x", [1, 256, 256], kind, first, self.zero(kind))
        alpha = model.tensor("alpha", [256], kind, slope, self.zero(kind), codes)
        y = model.tensor("y", [1, 256, 256], kind, output, self.zero(kind))
        model.operator(OPERATOR.PRELU, [x, alpha], y)
        return model.content([x]), [
            np.repeat(codes, 256).reshape(1, 256, 256).astype(NUMPY[kind])
        ]

    def reduction(self, operator):
        """Every channel has the same codes, whose mean or sum lies beside a tie, or on one."""
        model, kind, count = Model(), self.kind(), int(self.random.integers(2, 100))
        column = self.codes(kind, [1, count, 1, 1])
        zero, x_scale = self.zero(kind), self.scale(-5, 0)
        total = abs(int(column.astype(int).sum()) - count * zero) or 1
        half = int(self.random.integers(0, 100)) + 0.5
        divisor = count if operator == "mean" else 1
        y_scale = FLOAT(float(x_scale) * total / divisor / half)
        if self.random.random() < 0.4:
            y_scale = FLOAT(x_scale * (1 if operator == "mean" else 8))
        x = model.tensor("x", [1, count, 1, 4], kind, x_scale, zero)
        axes = model.tensor("axes", [2], INT32, data=[1, 2])
        y = model.tensor("y", [1, 4], kind, y_scale, self.zero(kind))
        code = OPERATOR.MEAN if operator == "mean" else OPERATOR.SUM
        model.operator(
            code, [x, axes], y, OPTIONS.ReducerOptions, schema.ReducerOptionsT, 2, keepDims=False)
        return model.content([x]), [np.repeat(column, 4, 3)]

    def table(self, operator):
        """Every code, and 5 more, which no vector instruction takes along."""
        model, kind = Model(), self.kind()
        output_kind = self.kind() if operator == "quantize" else kind
        x_scale, zero = self.scale(-7, -2), self.zero(output_kind)
        y_scale = FLOAT(x_scale * np.exp2(self.random.uniform(-3, 3)))
        if self.random.random() < 0.4:
            y_scale = FLOAT(x_scale * 2.0 ** int(self.random.integers(-2, 4)))
        if operator in ("logistic", "tanh"):
            y_scale = FLOAT(1 / 256 if operator == "logistic" else 1 / 128)
            zero = {INT8: -128, UINT8: 0}[kind] + (128 if operator == "tanh" else 0)
        if operator == "hard_swish":
            y_scale = FLOAT(x_scale * self.random.uniform(1, 2))
        codes = np.resize(np.arange(256) + np.iinfo(NUMPY[kind]).min, [1, 261])
        x = model.tensor("x", [1, 261], kind, x_scale, self.zero(kind))
        y = model.tensor("y", [1, 261], output_kind, y_scale, zero)
        if operator == "leaky_relu":
            model.operator(
                OPERATOR.LEAKY_RELU, [x], y, OPTIONS.LeakyReluOptions, schema.LeakyReluOptionsT, 2,
                alpha=float(self.random.uniform(0.01, 0.9)))
        else:
            model.operator(getattr(OPERATOR, operator.upper()), [x], y)
        return model.content([x]), [codes.astype(NUMPY[kind])]

    def softmax(self):
        model, kind = Model(), self.kind()
        length = int(self.random.choice([2, 3, 10, 100, 170, 171, 512, 1001]))
        x = model.tensor("x", [4, length], kind, self.scale(-8, 0), self.zero(kind))
        y = model.tensor("y", [4, length], kind, 1 / 256, {INT8: -128, UINT8: 0}[kind])
        model.operator(
            OPERATOR.SOFTMAX, [x], y, OPTIONS.SoftmaxOptions, schema.SoftmaxOptionsT, 2,
            beta=float(self.random.choice([1.0, 0.5, 2.0, 0.3])))
        codes = self.codes(kind, [4, length])
        if length < 512:  # more equal codes abort the reference kernel
            codes[0] = 5
        return model.content([x]), [codes]

    def resize(self, operator):
        model, kind = Model(), self.kind()
        shape = [1, *(int(n) for n in self.random.integers(1, 40, 2)), 3]
        height, width = (int(n) for n in self.random.integers(1, 90, 2))
        aligned, half = [(False, False), (True, False), (False, True)][self.random.integers(0, 3)]
        scale, zero = self.scale(), self.zero(kind)
        x = model.tensor("x", shape, kind, scale, zero)
        size = model.tensor("size", [2], INT32, data=[height, width])
        y = model.tensor("y", [1, height, width, 3], kind, scale, zero)
        code, options = {
            "bilinear": (OPERATOR.RESIZE_BILINEAR, schema.ResizeBilinearOptionsT),
            "nearest": (OPERATOR.RESIZE_NEAREST_NEIGHBOR, schema.ResizeNearestNeighborOptionsT),
        }[operator]
        number = getattr(OPTIONS, options.__name__[:-1])
        model.operator(
            code, [x, size], y, number, options, 3, alignCorners=aligned, halfPixelCenters=half)
        return model.content([x]), [self.codes(kind, shape)]


def run(content, inputs, resolver):
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), inputs):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def main():
    folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    ties = Ties(seed)
    makers = {
        **{name: lambda name=name: ties.layer(name) for name in (
            "conv", "depthwise", "fully", "transpose")},
        **{name: lambda name=name: ties.pairs(name) for name in ("add", "sub", "mul")},
        "prelu": ties.prelu,
        **{name: lambda name=name: ties.reduction(name) for name in ("mean", "sum")},
        **{name: lambda name=name: ties.table(name) for name in (
            "logistic", "tanh", "leaky_relu", "hard_swish", "quantize", "relu")},
        "softmax": ties.softmax,
        **{name: lambda name=name: ties.resize(name) for name in ("bilinear", "nearest")},
    }
    names = []
    for name, make in makers.items():
        for _ in range(count):
            content, inputs = make()
            arrays = {f"x{index}": value for index, value in enumerate(inputs)}
            for key, resolver in (
                ("reference", OpResolverType.BUILTIN_REF), ("default", OpResolverType.AUTO)):
                try:
                    arrays[key] = run(content, inputs, resolver)
                except RuntimeError:
                    continue  # LiteRT refuses the model
            with open(f"{folder}/{len(names)}.tflite", "wb") as file:
                file.write(content)
            np.savez(f"{folder}/{len(names)}.npz", **arrays)
            names.append(name)
    with open(f"{folder}/cases.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(names))


main()
