"""Random images with the statistics that matter of photographs: smooth, correlated colors, edges."""

import numpy


def upsampled(grid, size):
    """`grid` [h, w, C], stretched bilinearly to [size, size, C]."""
    rows, columns = grid.shape[:2]

    def weights(count):
        positions = (numpy.arange(size) + 0.5) * count / size - 0.5
        positions = numpy.clip(positions, 0, count - 1)
        low = numpy.minimum(positions.astype(int), count - 2)
        return low, positions - low

    row, fraction = weights(rows)
    grid = grid[row] * (1 - fraction)[:, None, None] + grid[row + 1] * fraction[:, None, None]
    column, fraction = weights(columns)
    return grid[:, column] * (1 - fraction)[:, None] + grid[:, column + 1] * fraction[:, None]


def image(size, generator):
    """Pixels [size, size, 3], 0…255: octaves of noise, and a few disks.

    Images differ in brightness, color, contrast and in how fine their texture is, as photographs
    do: a network tells them apart by far more than by noise.
    """
    pixels = numpy.zeros((size, size, 3))
    octave = 2
    strength, decay = generator.uniform(10, 90), generator.uniform(0.3, 1.0)
    tint = generator.normal(size=3)
    while octave <= size // 2:
        gray = generator.normal(size=(octave, octave, 1))
        color = generator.normal(size=(octave, octave, 3))
        pixels += strength * upsampled(0.6 * gray + 0.3 * color + 0.4 * gray * tint, size)
        octave, strength = 2 * octave, decay * strength
    pixels += generator.uniform(40, 200) + generator.normal(0, 30, size=3)
    row, column = numpy.mgrid[:size, :size]
    for _ in range(generator.integers(0, 6)):
        center, radius = generator.uniform(0, size, 2), generator.uniform(0.05, 0.4) * size
        inside = (row - center[0]) ** 2 + (column - center[1]) ** 2 < radius ** 2
        pixels[inside] += generator.normal(0, 70, size=3)
    return numpy.clip(numpy.rint(pixels), 0, 255).astype(numpy.uint8)
