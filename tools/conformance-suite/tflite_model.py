"""What a .tflite file says about its tensors, as far as a comparison needs it."""

import dataclasses

import flatbuffers
import numpy
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

TYPES = {
    schema.TensorType.FLOAT32: numpy.float32,
    schema.TensorType.INT32: numpy.int32,
    schema.TensorType.UINT8: numpy.uint8,
    schema.TensorType.INT64: numpy.int64,
    schema.TensorType.INT16: numpy.int16,
    schema.TensorType.INT8: numpy.int8,
}


@dataclasses.dataclass
class Input:
    """One input of the file, and the tensor whose codes fill it."""

    position: int  # among the file's inputs
    codes: int  # the tensor that an integer model takes: the input, or what QUANTIZE makes of it
    is_float: bool


class TFLiteModel:
    """The main subgraph of the file at `path`."""

    def __init__(self, path):
        self.path = path
        self.bytes = path.read_bytes()
        self.model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(self.bytes, 0))
        self.graph = self.model.subgraphs[0]
        self.codes = [
            max(code.builtinCode, code.deprecatedBuiltinCode) for code in self.model.operatorCodes]
        self.buffers = self.model.buffers
        self.names = [
            tensor.name.decode() if tensor.name else "" for tensor in self.graph.tensors]
        self.index = {name: index for index, name in enumerate(self.names)}

    def shape(self, tensor):
        return [int(extent) for extent in self.graph.tensors[tensor].shape]

    def element_type(self, tensor):
        return TYPES.get(self.graph.tensors[tensor].type)

    def scale(self, tensor):
        """Scale and zero point of an activation."""
        quantization = self.graph.tensors[tensor].quantization
        return numpy.float32(quantization.scale[0]), int(quantization.zeroPoint[0])

    def is_constant(self, tensor):
        buffer = self.buffers[self.graph.tensors[tensor].buffer]
        return buffer.data is not None and len(buffer.data) > 0

    def computes_codes(self):
        """Whether it is a quantized model, by the rule of TFLiteModelKind."""
        passing = (schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE)
        return any(
            self.element_type(tensor) in (numpy.int8, numpy.uint8, numpy.int16)
            for operator in self.graph.operators
            if self.codes[operator.opcodeIndex] not in passing for tensor in operator.outputs)

    def inputs(self):
        """The inputs that an integer model has, in the file's order."""
        result = []
        for position, tensor in enumerate(self.graph.inputs):
            if self.is_constant(tensor) or self.shaped_result(tensor) is not None:
                continue
            is_float = self.element_type(tensor) == numpy.float32
            codes = tensor
            if is_float:
                quantize = next(
                    operator for operator in self.graph.operators
                    if tensor in operator.inputs
                    and self.codes[operator.opcodeIndex] == schema.BuiltinOperator.QUANTIZE)
                codes = quantize.outputs[0]
            result.append(Input(position, int(codes), is_float))
        return result

    def shaped_result(self, tensor):
        """The tensor whose shape an input states, which the file fixes as well."""
        for operator in self.graph.operators:
            if (self.codes[operator.opcodeIndex] == schema.BuiltinOperator.TRANSPOSE_CONV
                    and operator.inputs[0] == tensor):
                return int(operator.outputs[0])
        return None

    def shape_inputs(self):
        """Values of the inputs that only state a shape, by position."""
        results = {position: self.shaped_result(tensor)
                   for position, tensor in enumerate(self.graph.inputs)}
        return {position: numpy.array(self.shape(result), numpy.int32)
                for position, result in results.items() if result is not None}

    def repaired(self):
        """The bytes that LiteRT gets, and what had to be mended so that it reads them at all.

        Nothing that a kernel computes with is touched.
        """
        repairs = []
        for tensor in self.graph.tensors:
            quantization = tensor.quantization
            if quantization is not None and quantization.quantizedDimension >= max(
                    1, len(tensor.shape if tensor.shape is not None else [])):
                quantization.quantizedDimension = 0
                repairs.append("quantized dimension of biases")
        for number, code in enumerate(self.model.operatorCodes):
            if self.codes[number] == schema.BuiltinOperator.TILE and code.version > 1:
                repairs.append(f"version {code.version} of TILE")
                code.version = 1
        if not repairs:
            return self.bytes, []
        builder = flatbuffers.Builder(len(self.bytes))
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output()), sorted(set(repairs))

    def fed(self, source, codes):
        """What the file's own input takes for these codes: the codes, or their reals."""
        if not source.is_float:
            return codes
        scale, zero_point = self.scale(source.codes)
        return (scale * (codes.astype(numpy.int32) - zero_point)).astype(numpy.float32)
