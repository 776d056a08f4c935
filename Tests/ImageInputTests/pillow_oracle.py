"""Writes images of many kinds into a folder, and beside each what Pillow makes of it.

Usage: pillow_oracle.py FOLDER

`NAME.png`, `.jpg`, … with `NAME.expected` (raw PGM or PPM) are for decoding; `NAME.tolerance` holds
the greatest difference allowed. `resize-N.ppm` with `resize-N.expected` and `resize-N.sizes`
(short side, height, width) are for resizing and cropping.
"""

import pathlib
import random
import sys

import numpy
from PIL import Image, ImageOps

SEED = 20240229


def photo(width, height, channels, generator):
    """A picture with smooth areas, edges and noise, as uint8 [height, width, channels]."""
    down, right = numpy.mgrid[0:height, 0:width]
    picture = numpy.empty((height, width, channels))
    for channel in range(channels):
        slope = generator.uniform(-3, 3, 2)
        picture[..., channel] = 128 + slope[0] * down + slope[1] * right
        picture[..., channel] += 90 * (numpy.sin(down / 5 + channel) > numpy.cos(right / 7))
    picture += generator.normal(0, 12, picture.shape)
    return numpy.clip(picture, 0, 255).astype(numpy.uint8)


def expect(folder, name, image, tolerance=0):
    (folder / f"{name}.tolerance").write_text(str(tolerance))
    image.save(folder / f"{name}.expected", format="PPM")


def write_png(folder, generator):
    color = Image.fromarray(photo(37, 23, 3, generator))
    gray = color.convert("L")
    alpha = Image.fromarray(photo(37, 23, 1, generator)[..., 0])
    with_alpha = color.copy()
    with_alpha.putalpha(alpha)
    gray_with_alpha = gray.copy()
    gray_with_alpha.putalpha(alpha)
    palette = color.quantize(200)
    small_palette = color.quantize(5)
    for name, image, expected in [
        ("rgb", color, color),
        ("gray", gray, gray),
        ("rgba", with_alpha, color),
        ("graya", gray_with_alpha, gray),
        ("palette", palette, palette.convert("RGB")),
        ("palette4", small_palette, small_palette.convert("RGB")),
        ("bits", gray.convert("1"), gray.convert("1").convert("L")),
    ]:
        image.save(folder / f"png-{name}.png", compress_level=9)
        expect(folder, f"png-{name}", expected)
    deep = generator.integers(0, 65536, (23, 37), dtype=numpy.uint16)
    Image.fromarray(deep).save(folder / "png-gray16.png")
    rounded = Image.fromarray(numpy.rint(deep / 257).astype(numpy.uint8))
    expect(folder, "png-gray16", rounded)


def write_jpeg(folder, generator):
    for width, height in [(1, 1), (8, 8), (37, 23), (64, 33), (129, 70)]:
        color = Image.fromarray(photo(width, height, 3, generator))
        for name, image, options in [
            ("444", color, {"subsampling": 0, "quality": 95}),
            ("422", color, {"subsampling": 1, "quality": 85}),
            ("420", color, {"subsampling": 2, "quality": 60, "optimize": True}),
            ("progressive", color, {"progressive": True, "quality": 80}),
            ("restart", color, {"restart_marker_rows": 1}),
            ("gray", color.convert("L"), {"quality": 70}),
            ("cmyk", color.convert("CMYK"), {"quality": 90}),
        ]:
            stem = f"jpeg-{name}-{width}x{height}"
            image.save(folder / f"{stem}.jpg", **options)
            decoded = Image.open(folder / f"{stem}.jpg")
            decoded = decoded.convert("L" if decoded.mode == "L" else "RGB")
            # Pillow multiplies inks with another rounding.
            expect(folder, stem, decoded, tolerance=1 if name == "cmyk" else 0)
    picture = Image.fromarray(photo(37, 23, 3, generator))
    for orientation in range(1, 9):
        stem = f"jpeg-orientation{orientation}"
        exif = Image.Exif()
        exif[0x0112] = orientation
        exif[0x010F] = "a maker, so that the tag is not the first"
        picture.save(folder / f"{stem}.jpg", exif=exif)
        decoded = Image.open(folder / f"{stem}.jpg")
        expect(folder, stem, ImageOps.exif_transpose(decoded).convert("RGB"))


def write_anymaps(folder, generator):
    color = Image.fromarray(photo(37, 23, 3, generator))
    for name, image in [("color.ppm", color), ("gray.pgm", color.convert("L"))]:
        image.save(folder / f"anymap-{name}")
        expect(folder, f"anymap-{name.split('.')[0]}", image)
    samples = generator.integers(0, 8, (23, 37, 3))
    text = "P3 # plain\n37 23\n7\n" + "\n".join(str(sample) for sample in samples.flatten())
    (folder / "anymap-plain.ppm").write_text(text)
    decoded = Image.open(folder / "anymap-plain.ppm").convert("RGB")
    expect(folder, "anymap-plain", decoded, tolerance=1)


def write_resized(folder, generator):
    chooser = random.Random(SEED)
    cases = [(227, 227, 224, 224, 224), (500, 375, 256, 224, 224), (48, 48, 32, 32, 32),
             (20, 30, 64, 64, 64), (300, 200, 96, 96, 96), (1000, 40, 8, 8, 8)]
    for _ in range(24):
        short = chooser.randint(1, 120)
        cases.append((chooser.randint(1, 150), chooser.randint(1, 150), short,
                      chooser.randint(1, short), chooser.randint(1, short)))
    for number, (width, height, short, crop_height, crop_width) in enumerate(cases):
        image = Image.fromarray(photo(width, height, 3, generator))
        resized_width = width * short // min(width, height)
        resized_height = height * short // min(width, height)
        resized = image.resize((resized_width, resized_height), Image.Resampling.BILINEAR)
        left = (resized_width - crop_width) // 2
        top = (resized_height - crop_height) // 2
        cropped = resized.crop((left, top, left + crop_width, top + crop_height))
        image.save(folder / f"resize-{number}.ppm")
        cropped.save(folder / f"resize-{number}.expected", format="PPM")
        (folder / f"resize-{number}.sizes").write_text(f"{short} {crop_height} {crop_width}")


def main():
    folder = pathlib.Path(sys.argv[1])
    generator = numpy.random.default_rng(SEED)
    write_png(folder, generator)
    write_jpeg(folder, generator)
    write_anymaps(folder, generator)
    write_resized(folder, generator)


main()
