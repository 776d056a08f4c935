"""Inputs to compare on: the whole range of codes, extremes, and real images where the model takes
some."""

import pathlib

import numpy
from PIL import Image


def make(model, sources, count, seed, images):
    """For each source an array of `count` rows of codes, its batch axis as in the file."""
    generator = numpy.random.default_rng(seed)
    return [
        numpy.stack([codes(model, source, run, count, generator, images) for run in range(count)])
        for source in sources]


def codes(model, source, run, count, generator, images):
    kind = model.element_type(source.codes)
    shape = model.shape(source.codes)
    limits = numpy.iinfo(kind)
    if run < 2 and count > 4:
        return numpy.full(shape, limits.min if run == 0 else limits.max, kind)
    if run % 2 == 0 and images and is_image(shape):
        return photo(images[run // 2 % len(images)], shape, kind)
    if run % 4 == 1:
        return smooth(shape, kind, generator)
    return generator.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


def is_image(shape):
    return len(shape) == 4 and shape[3] in (1, 3) and min(shape[1:3]) >= 16


def photo(path, shape, kind):
    """The pixels of a photo, shifted into the range of the codes."""
    image = Image.open(path).convert("L" if shape[3] == 1 else "RGB")
    pixels = numpy.asarray(image.resize((shape[2], shape[1]), Image.BILINEAR)).astype(numpy.int32)
    codes = pixels.reshape([1] + shape[1:]) + (numpy.iinfo(kind).min if kind == numpy.int8 else 0)
    return numpy.broadcast_to(codes.astype(kind), shape)


def smooth(shape, kind, generator):
    """A random walk over the range, so that neighbors resemble each other."""
    limits = numpy.iinfo(kind)
    span = limits.max - limits.min
    steps = generator.normal(0, span / 40, int(numpy.prod(shape)))
    walk = numpy.abs((numpy.cumsum(steps) + generator.uniform(0, span)) % (2 * span) - span)
    return (walk + limits.min).clip(limits.min, limits.max).astype(kind).reshape(shape)


def photos(folder):
    """Image files of a folder, sorted; none where there is no folder."""
    folder = pathlib.Path(folder)
    return sorted(folder.glob("*.jpg")) if folder.is_dir() else []
