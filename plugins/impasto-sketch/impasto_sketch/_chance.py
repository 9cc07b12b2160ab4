"""Chance that falls the same way in every process: generators seeded by a digest."""

from hashlib import sha256
from random import Random

from PIL import Image


def chance(*parts: object) -> Random:
    """Return a generator that depends on *parts* (strings, integers) and nothing else."""
    text = "\x1f".join(str(part) for part in parts)
    # A lone surrogate in a prompt is odd, but no reason to refuse it.
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
    return Random(int.from_bytes(digest))  # noqa: S311, pictures keep no secrets


def noise(rng: Random, size: tuple[int, int], cells: tuple[int, int]) -> Image.Image:
    """Return soft grey blotches, as many across and down as *cells* says."""
    columns, rows = max(2, cells[0]), max(2, cells[1])
    grains = Image.frombytes("L", (columns, rows), rng.randbytes(columns * rows))
    return grains.resize(size, Image.Resampling.BICUBIC)


def clouded(rng: Random, size: tuple[int, int], cells: tuple[int, int]) -> Image.Image:
    """Return three octaves of `noise()`, the coarse one the strongest."""
    picture = noise(rng, size, cells)
    for octave, share in ((2, 0.4), (4, 0.25)):
        finer = noise(rng, size, (cells[0] * octave, cells[1] * octave))
        picture = Image.blend(picture, finer, share)
    return picture
