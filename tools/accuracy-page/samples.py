"""Calibration and evaluation samples of models that are not fed from our folders of images.

Every n-th sample of a data set is kept for calibration and training, the others for evaluation, so
that no sample serves both. Standard library only: arrays are read and written by hand.
"""

import array
import ast
import pathlib
import struct
import zipfile


def read_npz(path):
    """The arrays of an .npz file: {name: (typecode, shape, bytes)}; little-endian, row-major."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            data = archive.read(member)
            major = data[6]
            start, length = (10, "<H") if major == 1 else (12, "<I")
            (size,) = struct.unpack_from(length, data, 8)
            header = ast.literal_eval(data[start:start + size].decode("latin1"))
            if header["fortran_order"]:
                raise ValueError(f"{path}: {member} is column-major")
            arrays[member.removesuffix(".npy")] = (
                header["descr"], header["shape"], data[start + size:])
    return arrays


def write_npy(path, values, shape):
    """Writes float32 numbers as an .npy file."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    numbers = array.array("f", values)
    pathlib.Path(path).write_bytes(
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + numbers.tobytes())


def integers(described):
    """The elements of an array of integers."""
    kind, _, data = described
    codes = {"|i1": "b", "|u1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<i8": "q"}
    return array.array(codes[kind], data).tolist()


def split(count, every):
    """Numbers of the samples for calibration, and of the others."""
    chosen = list(range(0, count, every))
    return chosen, [index for index in range(count) if index % every]


def images_of(arrays, folder, every):
    """Writes the images of an array `x` [N, H, W, 3] with classes `y` as PPM files; returns the
    folders of calibration and evaluation images and the file of labels."""
    _, (count, height, width, _), pixels = arrays["x"]
    classes = integers(arrays["y"])
    size = height * width * 3
    places = []
    for part, indices in zip(("calibration", "evaluation"), split(count, every)):
        place = pathlib.Path(folder) / part
        place.mkdir()
        for index in indices:
            (place / f"{index:05}.ppm").write_bytes(
                f"P6 {width} {height} 255\n".encode() + pixels[index * size:(index + 1) * size])
        places.append(place)
    labels = pathlib.Path(folder) / "classes.txt"
    labels.write_text("".join(f"{index:05}.ppm {each}\n" for index, each in enumerate(classes)))
    return *places, labels


def codes_of(arrays, folder, every, scale, zero_point):
    """Writes an array `x` of integer codes with classes `y` as real numbers; returns the files of
    calibration and evaluation samples and the file of labels."""
    shape = arrays["x"][1]
    codes, classes = integers(arrays["x"]), integers(arrays["y"])
    size = len(codes) // shape[0]
    places = []
    parts = split(shape[0], every)
    for part, indices in zip(("calibration", "evaluation"), parts):
        place = pathlib.Path(folder) / f"{part}.npy"
        values = [
            (code - zero_point) * scale
            for index in indices for code in codes[index * size:(index + 1) * size]]
        write_npy(place, values, (len(indices), *shape[1:]))
        places.append(place)
    labels = pathlib.Path(folder) / "classes.txt"
    labels.write_text("".join(
        f"{sample} {classes[index]}\n" for sample, index in enumerate(parts[1])))
    return *places, labels
