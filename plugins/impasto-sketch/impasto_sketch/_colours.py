"""Colours as triples of bytes, and the few ways in which a painter mixes them."""

import colorsys
from collections.abc import Sequence
from random import Random

from PIL import Image

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)


def from_hex(digits: str) -> Colour:
    """Return the colour written as six hexadecimal *digits*."""
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return *one* with a *share* (0 to 1) of *other* in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def shift(
    colour: Colour, *, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0
) -> Colour:
    """Turn *colour* by *hue* (1 is the full circle) and multiply its *saturation* and *value*."""
    h, s, v = colorsys.rgb_to_hsv(*(band / 255 for band in colour))
    red, green, blue = colorsys.hsv_to_rgb(
        (h + hue) % 1, min(1.0, s * saturation), min(1.0, v * value)
    )
    return round(red * 255), round(green * 255), round(blue * 255)


def lean(colour: Colour, towards: Colour, share: float) -> Colour:
    """Return *colour* with a *share* of the tint of *towards*, as light or dark as it was."""
    grey = brightness(colour)
    level = max(1.0, brightness(towards))
    tint = tuple(min(255, round(band * grey / level)) for band in towards)
    return mix(colour, (tint[0], tint[1], tint[2]), share)


def brightness(colour: Colour) -> float:
    """Return how light *colour* is to the eye, 0 to 255."""
    # The luma weights of ITU-R BT.601, which Pillow's "L" uses too.
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def vary(colour: Colour, rng: Random, amount: float) -> Colour:
    """Return *colour* a little lighter or darker, warmer or cooler; *amount* in bytes."""
    level = rng.uniform(-amount, amount)
    warmth = rng.uniform(-amount, amount) * 0.5
    return (
        _byte(colour[0] + level + warmth),
        _byte(colour[1] + level),
        _byte(colour[2] + level - warmth),
    )


def gradient(stops: Sequence[Colour], size: tuple[int, int]) -> Image.Image:
    """Return a picture of *size* that runs through *stops* from its top to its bottom."""
    # Bicubic overshoots at the ends of so short a column; linear steps between doubled ends do not.
    column = Image.new("RGB", (1, len(stops)))
    column.putdata(list(stops))
    return column.resize(size, Image.Resampling.BILINEAR)


def _byte(level: float) -> int:
    return max(0, min(255, round(level)))
