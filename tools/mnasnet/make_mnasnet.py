"""Writes MNASNet as ONNX: the exact architecture, random weights, plausible batch normalizations.

The network is MnasNet-B1 (Tan et al., MnasNet: Platform-Aware Neural Architecture Search for Mobile,
2019, without squeeze and excitation), with the widths and the padding of torchvision's mnasnet1_0
and mnasnet1_3, which have as many parameters. Its classes mean nothing; conversion, training of
thresholds and integer execution work on it as on a trained one.

Weights are He-normal. Each batch normalization holds the mean and variance that its input really
has on a few random images, so that activations neither vanish nor explode, and scales that differ
between channels as those of trained networks do. The same options give the same network.
"""

import argparse
import pathlib

import numpy
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import scenes

# (channels, kernel, stride, expansion, repeats) of the stacks of inverted residuals.
STACKS = [
    (24, 3, 2, 3, 3), (40, 5, 2, 3, 3), (80, 5, 2, 6, 3), (96, 3, 1, 6, 2), (192, 5, 2, 6, 4),
    (320, 3, 1, 6, 1),
]
STEM, SEPARABLE, HEAD = 32, 16, 1280
EPSILON = 1e-5
OPSET = 17
# Mean and deviation of pixel values that torchvision's models expect.
MEAN = numpy.array([123.675, 116.28, 103.53], numpy.float32)
DEVIATION = numpy.array([58.395, 57.12, 57.375], numpy.float32)
STATISTICS_IMAGES = 8


def scaled(channels, depth):
    """A multiple of 8 near depth · channels, never more than a tenth below it."""
    wanted = channels * depth
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


class Builder:
    """A graph under construction, with the activations of a few images at its end."""

    def __init__(self, generator, images):
        self.generator = generator
        self.nodes = []
        self.initializers = []
        self.parameter_count = 0
        self.activations = {"input": images}

    def constant(self, name, values):
        self.initializers.append(
            numpy_helper.from_array(numpy.asarray(values, numpy.float32), name))
        return name

    def add(self, kind, inputs, output, **attributes):
        """Appends a node and runs it on the activations."""
        node = helper.make_node(kind, inputs, [output], name=output, **attributes)
        self.nodes.append(node)
        given = [name for name in inputs if name in self.activations]
        described = [
            helper.make_tensor_value_info(
                name, onnx.TensorProto.FLOAT, self.activations[name].shape) for name in given]
        result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None)
        constants = [each for each in self.initializers if each.name in inputs]
        model = as_model(helper.make_graph([node], output, described, [result], constants))
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"])
        values = {name: self.activations[name] for name in given}
        self.activations[output] = session.run(None, values)[0]
        return output

    def forget(self, name):
        """Frees activations that nothing reads any more."""
        del self.activations[name]

    def convolution(self, source, name, channels, kernel, stride=1, depthwise=False, gain=1.0):
        """Convolution without bias and its batch normalization."""
        inputs = self.activations[source].shape[1]
        groups = inputs if depthwise else 1
        shape = (channels, inputs // groups, kernel, kernel)
        deviation = numpy.sqrt(2 / numpy.prod(shape[1:]))
        weights = self.generator.normal(0, deviation, shape)
        self.parameter_count += weights.size + 2 * channels
        pads = [kernel // 2] * 4
        raw = self.add(
            "Conv", [source, self.constant(f"{name}.weight", weights)], f"{name}.conv",
            kernel_shape=[kernel, kernel], strides=[stride, stride], pads=pads, group=groups)
        values = self.activations[raw]
        mean, variance = values.mean(axis=(0, 2, 3)), values.var(axis=(0, 2, 3))
        # Scales of trained networks spread over an order of magnitude, a few channels almost die.
        scale = gain * numpy.clip(self.generator.lognormal(0, 0.5, channels), 0.05, 4)
        shift = self.generator.normal(1.0, 0.7, channels) * scale
        result = self.add(
            "BatchNormalization",
            [raw, self.constant(f"{name}.scale", scale), self.constant(f"{name}.shift", shift),
             self.constant(f"{name}.mean", rounded(mean)),
             self.constant(f"{name}.variance", rounded(variance))],
            f"{name}.norm", epsilon=EPSILON)
        self.forget(raw)
        return result

    def relu(self, source):
        result = self.add("Relu", [source], f"{source.rsplit('.', 1)[0]}.relu")
        self.forget(source)
        return result

    def inverted_residual(self, source, name, channels, kernel, stride, expansion):
        inputs = self.activations[source].shape[1]
        is_residual = stride == 1 and inputs == channels
        value = self.relu(self.convolution(source, f"{name}.expand", inputs * expansion, 1))
        value = self.relu(self.convolution(
            value, f"{name}.depthwise", inputs * expansion, kernel, stride, depthwise=True))
        # What a residual block adds is smaller than what it is added to.
        value = self.convolution(
            value, f"{name}.project", channels, 1, gain=0.3 if is_residual else 1.0)
        if is_residual:
            value = self.add("Add", [value, source], f"{name}.add")
        self.forget(source)
        return value

    def classifier(self, source, classes):
        """Fully connected layer whose logits are centered and a few units wide."""
        features = self.activations[source]
        centered = features - features.mean(axis=0)
        # As in trained networks, classes look where images differ, not where they are noisy.
        weights = self.generator.normal(size=(classes, len(features))) @ centered
        weights *= 3 / (centered @ weights.T).std()
        bias = rounded(-(weights @ features.mean(axis=0)))
        self.parameter_count += weights.size + classes
        return self.add(
            "Gemm",
            [source, self.constant("classifier.weight", rounded(weights)),
             self.constant("classifier.bias", bias)], "logits", transB=1)


def rounded(values):
    """Three digits: what another processor computes in another order rounds to the same."""
    values = numpy.asarray(values, numpy.float64)
    with numpy.errstate(divide="ignore"):
        digits = numpy.where(values == 0, 0, numpy.floor(numpy.log10(numpy.abs(values))))
    unit = 10.0 ** (digits - 2)
    return numpy.rint(values / unit) * unit


def as_model(graph):
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8,
        producer_name="fbq make-mnasnet")


def network(depth, size, classes, seed):
    """The model and its number of trained parameters."""
    generator = numpy.random.default_rng(seed)
    images = numpy.stack(
        [scenes.image(size, generator) for _ in range(STATISTICS_IMAGES)]).astype(numpy.float32)
    images = numpy.ascontiguousarray(((images - MEAN) / DEVIATION).transpose(0, 3, 1, 2))
    builder = Builder(generator, images)
    value = builder.relu(builder.convolution("input", "stem", scaled(STEM, depth), 3, stride=2))
    value = builder.relu(builder.convolution(
        value, "separable.depthwise", scaled(STEM, depth), 3, depthwise=True))
    value = builder.convolution(value, "separable.project", scaled(SEPARABLE, depth), 1)
    for stack, (channels, kernel, stride, expansion, repeats) in enumerate(STACKS):
        for block in range(repeats):
            value = builder.inverted_residual(
                value, f"stack{stack}.block{block}", scaled(channels, depth), kernel,
                stride if block == 0 else 1, expansion)
    value = builder.relu(builder.convolution(value, "head", HEAD, 1))
    value = builder.add("ReduceMean", [value], "features", axes=[2, 3], keepdims=0)
    output = builder.classifier(value, classes)
    graph = helper.make_graph(
        builder.nodes, f"mnasnet_{depth:g}",
        [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["N", classes])],
        builder.initializers)
    model = as_model(graph)
    onnx.checker.check_model(model, full_check=True)
    return model, builder.parameter_count


def write_images(folder, count, size, seed):
    """Images of the kind that the statistics were taken from, but others, as PPM files."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = numpy.random.default_rng([seed, 1])
    for index in range(count):
        pixels = scenes.image(size, generator)
        header = f"P6\n{size} {size}\n255\n".encode()
        (folder / f"scene-{index:04}.ppm").write_bytes(header + pixels.tobytes())


def main():
    parser = argparse.ArgumentParser(
        prog="make-mnasnet", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, help="where to write the model (.onnx)")
    parser.add_argument("--depth", type=float, default=1.0,
                        help="depth multiplier: 1.0 (default), 1.3, …")
    parser.add_argument("--input-size", type=int, default=224, metavar="PIXELS",
                        help="side of the input, 32 or more (default: 224)")
    parser.add_argument("--classes", type=int, default=1000, help="(default: 1000)")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--images", type=pathlib.Path, metavar="DIR",
                        help="write random images for calibration, too")
    parser.add_argument("--image-count", type=int, default=100, help="(default: 100)")
    options = parser.parse_args()
    if not 0.1 <= options.depth <= 4:
        parser.error("--depth must be 0.1…4")
    if not 32 <= options.input_size <= 1024:
        parser.error("--input-size must be 32…1024")
    if options.classes < 2 or options.image_count < 1 or options.seed < 0:
        parser.error("--classes must be at least 2, --image-count 1, --seed 0")
    model, count = network(options.depth, options.input_size, options.classes, options.seed)
    onnx.save(model, options.output)
    print(f"{options.output}: MNASNet {options.depth:g}, {options.input_size}×"
          f"{options.input_size}, {count} parameters")
    if options.images:
        write_images(options.images, options.image_count, options.input_size, options.seed)
        print(f"{options.images}: {options.image_count} images")
    print("normalization: --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375")


if __name__ == "__main__":
    main()
