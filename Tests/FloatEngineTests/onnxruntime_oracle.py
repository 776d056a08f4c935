"""Runs an ONNX image model with onnxruntime and writes every float tensor it computes.

usage: onnxruntime_oracle.py MODEL COUNT IMAGES FOLDER

COUNT images come from the folder IMAGES, resized to the model's input and scaled to -1...1, or are
uniformly random in 0...1 where IMAGES is "-". FOLDER receives input.f32, [COUNT, H, W, C], and one
file per tensor; standard output lists them as "file<tab>tensor name". Tensors with four axes are
written as [N, H, W, C]; all are float32, little-endian.
"""

import os
import sys

import numpy as np
import onnx
import onnxruntime


def load_images(folder, count, height, width):
    from PIL import Image

    names = sorted(n for n in os.listdir(folder) if n.lower().endswith((".jpg", ".jpeg", ".png")))
    pixels = [
        np.asarray(Image.open(os.path.join(folder, name)).convert("RGB").resize((width, height)))
        for name in names[:count]
    ]
    return np.stack(pixels).astype(np.float32) / np.float32(127.5) - np.float32(1)


def main():
    path, count, images, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    model = onnx.load(path)
    known = {output.name for output in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in known:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
                known.add(name)

    constants = {tensor.name for tensor in model.graph.initializer}
    source = next(i for i in model.graph.input if i.name not in constants)
    _, channels, height, width = (d.dim_value for d in source.type.tensor_type.shape.dim)
    if images == "-":
        shape = (count, height, width, channels)
        pixels = np.random.default_rng(count).random(shape, dtype=np.float32)
    else:
        pixels = load_images(images, count, height, width)
    pixels.astype("<f4").tofile(os.path.join(folder, "input.f32"))

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    results = session.run(None, {source.name: np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))})
    for number, (output, values) in enumerate(zip(session.get_outputs(), results)):
        if values.dtype != np.float32:
            continue
        if values.ndim == 4:
            values = values.transpose(0, 2, 3, 1)
        name = f"{number}.f32"
        np.ascontiguousarray(values).astype("<f4").tofile(os.path.join(folder, name))
        print(f"{name}\t{output.name}")


main()
