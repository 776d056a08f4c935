"""Judges .tflite files with the reader, the writer and the interpreter of ai-edge-litert."""

import re
import sys
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def read(path):
    return schema.ModelT.InitFromPackedBuf(Path(path).read_bytes(), 0)


def numbers(name):
    return {k: v for k, v in vars(getattr(schema, name)).items() if isinstance(v, int)}


def enums(path):
    """Compares the enums and unions of our schema text with LiteRT's."""
    text = re.sub(r"//.*", "", Path(path).read_text())
    count = 0
    for name, body in re.findall(r"(?:enum|union) (\w+)[^{]*{([^}]*)}", text):
        ours = {k: int(v) for k, v in re.findall(r"(\w+)(?::\w+)? = (\d+)", body)}
        theirs = numbers(name)
        wrong = {k: v for k, v in ours.items() if theirs.get(k) != v}
        complete = name != "BuiltinOptions" and name != "QuantizationDetails"
        missing = {k for k in theirs if k not in ours} if complete else {}
        if wrong or missing:
            sys.exit(f"{name}: {wrong} {missing}")
        count += 1
    print(f"{count} enums and unions agree")


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


def fields(table):
    """The fields of a table of options that are not at their defaults."""
    if table is None:
        return ""
    default = type(table)()
    text = [type(table).__name__[:-1]]
    for name in sorted(vars(table)):
        value = plain(getattr(table, name))
        if value != getattr(default, name):
            text.append(f"{name}={value}")
    return " ".join(text)


def code(model, operator):
    entry = model.operatorCodes[operator.opcodeIndex]
    number = max(entry.deprecatedBuiltinCode, entry.builtinCode)
    return f"{number} version={entry.version}"


def options(paths):
    for path in paths:
        model = read(path)
        operator = model.subgraphs[0].operators[0]
        print(code(model, operator), fields(operator.builtinOptions))


# Fields of options that our value types leave out, since the kernels get them from elsewhere.
PASSED_OVER = {"PadOptions", "QuantizeOptions", "DequantizeOptions", "TransposeOptions"}


def content(model):
    """What a model says, without where it says it."""
    graph = model.subgraphs[0]
    lines = [f"description {model.description or b''}", f"inputs {plain(graph.inputs)}"]
    lines.append(f"outputs {plain(graph.outputs)}")
    for tensor in graph.tensors:
        data = model.buffers[tensor.buffer].data
        data = None if data is None or len(data) == 0 else bytes(bytearray(data))
        quantization = tensor.quantization
        scales = None
        if quantization is not None and quantization.scale is not None and len(quantization.scale):
            scales = (
                plain(quantization.scale),
                [] if quantization.zeroPoint is None else plain(quantization.zeroPoint),
                quantization.quantizedDimension,
            )
        lines.append(
            f"tensor {tensor.name} {plain(tensor.shape) or []} {plain(tensor.shapeSignature)} "
            f"{tensor.type} {tensor.isVariable} {scales} {hash(data)}"
        )
    for operator in graph.operators:
        text = fields(operator.builtinOptions)
        text = "" if text in PASSED_OVER else text
        lines.append(
            f"operator {code(model, operator)} {text} {plain(operator.inputs)} "
            f"{plain(operator.outputs)}"
        )
    return lines


def compare(paths):
    for original, copy in zip(paths[::2], paths[1::2]):
        for left, right in zip(content(read(original)), content(read(copy)), strict=True):
            if left != right:
                sys.exit(f"{original}:\n{left}\n{right}")
    print(f"{len(paths) // 2} models agree")


def outputs(path):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    generator = np.random.default_rng(1)
    for detail in interpreter.get_input_details():
        if np.issubdtype(detail["dtype"], np.integer):
            limits = np.iinfo(detail["dtype"])
            value = generator.integers(limits.min, limits.max, detail["shape"], endpoint=True)
        else:
            value = generator.standard_normal(detail["shape"])
        interpreter.set_tensor(detail["index"], value.astype(detail["dtype"]))
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]


def run(paths):
    for original, copy in zip(paths[::2], paths[1::2]):
        for left, right in zip(outputs(original), outputs(copy), strict=True):
            if not np.array_equal(left, right):
                sys.exit(f"{original}: outputs differ")
    print(f"{len(paths) // 2} models give equal outputs")


def make(kind, path):
    """Writes a file with something that our own writer never makes."""
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = "x", [8], schema.TensorType.UINT8, 1
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [tensor], [0], [0], []
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], []
    model.buffers = [schema.BufferT(), schema.BufferT()]
    if kind == "version":
        model.version = 2
    elif kind == "no-graph":
        model.subgraphs = []
    elif kind == "two-graphs" or kind == "while":
        model.subgraphs = [graph, graph]
        if kind == "while":
            entry = schema.OperatorCodeT()
            entry.builtinCode = entry.deprecatedBuiltinCode = schema.BuiltinOperator.WHILE
            model.operatorCodes = [entry]
    elif kind == "blockwise":
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.detailsType = schema.QuantizationDetails.BlockwiseQuantization
        tensor.quantization.details = schema.BlockwiseQuantizationT()
    elif kind == "sparse":
        tensor.sparsity = schema.SparsityParametersT()
    elif kind == "variant":
        tensor.variantTensors = [schema.VariantSubTypeT()]
    elif kind == "external":
        tensor.externalBuffer = 1
    # The offset is known only once the file is written; its size does not depend on it.
    buffer = model.buffers[1]
    buffer.offset, buffer.size = {
        "offset": (2**40, 8),
        "offset-beyond": (5_000_000_000, 8),
        "size-beyond": (16, 2**32),
    }.get(kind, (0, 0))
    packed = pack(model)
    if kind == "offset":
        buffer.offset = len(packed)
        packed = pack(model) + bytes(range(1, 9))
    Path(path).write_bytes(packed)


def pack(model):
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "enums":
        enums(*arguments)
    elif command == "make":
        make(*arguments)
    else:
        {"options": options, "compare": compare, "run": run}[command](arguments)
