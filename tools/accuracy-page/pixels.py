"""Writes the pixels of images, as qrun decodes, resizes and crops them, to an .npy file.

The images run through a model that does nothing and whose input codes are pixel − 128, so that
other tools are measured on the very pixels that qconvert and qrun use, whatever their own image
libraries would make of the files.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import helper


def input_size(path):
    """Rows and columns of the model's image input."""
    value = onnx.load(path).graph.input[0]
    shape = [each.dim_value for each in value.type.tensor_type.shape.dim]
    if len(shape) != 4 or shape[1] != 3 or min(shape[2:]) < 1:
        sys.exit(f"{path}: input '{value.name}' has shape {shape} (0: unknown), other tools are "
                 "measured on [N, 3, height, width] of known size")
    return shape[2], shape[3]


def write_identity(path, height, width):
    shape = [1, 3, height, width]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["pixels"], ["same"])], "identity",
        [helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("same", onnx.TensorProto.FLOAT, shape)])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True, help="ONNX model whose input size counts")
    parser.add_argument("--resize", required=True)
    parser.add_argument("--list", required=True, help="file with one path of an image per line")
    parser.add_argument("--binaries", type=pathlib.Path, required=True)
    parser.add_argument("--output", required=True)
    options = parser.parse_args()
    paths = pathlib.Path(options.list).read_text().splitlines()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_identity(folder / "identity.onnx", *input_size(options.model))
        calibration = folder / "calibration"
        calibration.mkdir()
        (calibration / pathlib.Path(paths[0]).name).symlink_to(paths[0])

        def run(command, *arguments):
            subprocess.run(
                [str(part) for part in (options.binaries / command, *arguments)], check=True,
                stdout=subprocess.DEVNULL)

        run("qconvert", folder / "identity.onnx", "--calibration", calibration, "--mean", "0",
            "--std", "1", "--resize", options.resize, "-o", folder / "identity.fbq")
        parts = []
        # In parts: a dump of everything at once is compressed as a whole.
        for start in range(0, len(paths), 50):
            run("qrun", folder / "identity.fbq", *paths[start:start + 50],
                "--dump-tensors", folder / "tensors.npz")
            codes = numpy.load(folder / "tensors.npz")["pixels"]
            parts.append((codes.astype(numpy.int16) + 128).astype(numpy.uint8)
                         .reshape(-1, *codes.shape[-3:]))
    numpy.save(options.output, numpy.concatenate(parts))


if __name__ == "__main__":
    main()
