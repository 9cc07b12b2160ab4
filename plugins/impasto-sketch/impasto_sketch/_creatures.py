"""Motifs that live: animals and people."""

import math
from itertools import pairwise

from impasto_sketch._colours import Colour, from_hex, mix
from impasto_sketch._pen import Pen
from impasto_sketch._study import Point

_BLACK = "1d1a20"


def fox(pen: Pen) -> None:
    """A fox that sits and looks at you."""
    coat = pen.dyed("dd6a22")
    pen.curve(
        [
            (0.12, 0.03),
            (0.42, 0.0),
            (0.64, 0.14),
            (0.66, 0.4),
            (0.5, 0.58),
            (0.4, 0.42),
            (0.36, 0.24),
            (0.18, 0.18),
        ],
        mix(coat, from_hex("8a3a18"), 0.2),
    )
    pen.curve(
        [(0.66, 0.4), (0.5, 0.6), (0.42, 0.46), (0.52, 0.38), (0.6, 0.3)], "fbf3e4", volume=0.15
    )
    pen.curve(
        [
            (-0.28, 0.0),
            (-0.33, 0.2),
            (-0.22, 0.5),
            (-0.12, 0.68),
            (0.12, 0.68),
            (0.22, 0.5),
            (0.33, 0.2),
            (0.28, 0.0),
        ],
        coat,
        volume=0.45,
    )
    pen.curve(
        [(-0.13, 0.6), (0, 0.64), (0.13, 0.6), (0.11, 0.4), (0, 0.24), (-0.11, 0.4)],
        "fbf3e4",
        volume=0.2,
    )
    for side in (-1, 1):
        pen.bar(
            (side * 0.09, 0.34),
            (side * 0.09, 0.04),
            0.1,
            mix(coat, from_hex("3a2018"), 0.3),
            end=0.08,
        )
        pen.oval(side * 0.1, 0.025, 0.07, 0.035, "33211c")
    _pointed_head(pen, coat)


def _pointed_head(pen: Pen, coat: Colour) -> None:
    pen.mirrored([(0.29, 0.76), (0.27, 1.04), (0.06, 0.89)], coat)
    pen.mirrored([(0.25, 0.83), (0.245, 0.98), (0.13, 0.89)], "3a241e", volume=0)
    pen.curve(
        [
            (-0.31, 0.74),
            (-0.22, 0.89),
            (0, 0.93),
            (0.22, 0.89),
            (0.31, 0.74),
            (0.13, 0.62),
            (0, 0.54),
            (-0.13, 0.62),
        ],
        coat,
        volume=0.4,
    )
    pen.mirrored(
        [(0.3, 0.73), (0.16, 0.76), (0.07, 0.7), (0.0, 0.56), (0.13, 0.615)], "fbf3e4", volume=0.1
    )
    for side in (-1, 1):
        pen.oval(side * 0.115, 0.775, 0.026, 0.034, _BLACK, volume=0)
        pen.oval(side * 0.115 + 0.008, 0.787, 0.009, 0.011, "ffffff", volume=0, lit=True)
    pen.oval(0, 0.575, 0.042, 0.032, _BLACK, volume=0.2)


def cat(pen: Pen) -> None:
    """A cat that sits, tail around its feet."""
    coat = pen.dyed("e0944a")
    dark = mix(coat, from_hex("5a2f18"), 0.45)
    pen.curve(
        [
            (0.15, 0.04),
            (0.4, 0.0),
            (0.58, 0.12),
            (0.6, 0.36),
            (0.5, 0.52),
            (0.45, 0.44),
            (0.5, 0.3),
            (0.4, 0.14),
            (0.2, 0.14),
        ],
        dark,
    )
    pen.curve(
        [
            (-0.27, 0.0),
            (-0.31, 0.2),
            (-0.2, 0.5),
            (-0.12, 0.66),
            (0.12, 0.66),
            (0.2, 0.5),
            (0.31, 0.2),
            (0.27, 0.0),
        ],
        coat,
        volume=0.45,
    )
    pen.curve(
        [(-0.1, 0.58), (0, 0.62), (0.1, 0.58), (0.09, 0.36), (0, 0.22), (-0.09, 0.36)],
        mix(coat, from_hex("fff6e8"), 0.75),
        volume=0.15,
    )
    for side in (-1, 1):
        pen.bar((side * 0.08, 0.3), (side * 0.08, 0.03), 0.1, coat, end=0.09)
        pen.oval(side * 0.085, 0.03, 0.065, 0.035, mix(coat, from_hex("fff6e8"), 0.75))
    pen.mirrored([(0.25, 0.8), (0.235, 1.03), (0.06, 0.92)], coat)
    pen.mirrored([(0.215, 0.86), (0.21, 0.97), (0.11, 0.915)], "e8a0a0", volume=0)
    pen.curve(
        [
            (-0.26, 0.76),
            (-0.2, 0.9),
            (0, 0.95),
            (0.2, 0.9),
            (0.26, 0.76),
            (0.16, 0.63),
            (0, 0.59),
            (-0.16, 0.63),
        ],
        coat,
        volume=0.4,
    )
    for x in (-0.07, 0, 0.07):
        pen.bar((x, 0.94), (x * 0.8, 0.86), 0.025, dark, end=0.008, volume=0)
    pen.oval(0, 0.665, 0.09, 0.055, mix(coat, from_hex("fff6e8"), 0.75), volume=0.1)
    for side in (-1, 1):
        pen.oval(side * 0.105, 0.78, 0.05, 0.042, "b8d45a", volume=0)
        pen.oval(side * 0.105, 0.78, 0.018, 0.04, _BLACK, volume=0)
        pen.bar((side * 0.06, 0.68), (side * 0.32, 0.71), 0.008, "fff6e8", volume=0)
        pen.bar((side * 0.06, 0.66), (side * 0.32, 0.63), 0.008, "fff6e8", volume=0)
    pen.oval(0, 0.695, 0.026, 0.018, "c8605a", volume=0)


def owl(pen: Pen) -> None:
    """An owl on a branch."""
    coat = pen.dyed("8a6242")
    pen.bar((-0.6, 0.08), (0.6, 0.13), 0.07, "4a342a", end=0.05)
    pen.curve(
        [
            (-0.26, 0.2),
            (-0.31, 0.5),
            (-0.28, 0.85),
            (0, 0.95),
            (0.28, 0.85),
            (0.31, 0.5),
            (0.26, 0.2),
            (0, 0.06),
        ],
        coat,
        volume=0.45,
    )
    pen.mirrored([(0.28, 0.82), (0.26, 1.0), (0.1, 0.92)], coat)
    pen.curve(
        [(-0.16, 0.2), (-0.18, 0.5), (0, 0.58), (0.18, 0.5), (0.16, 0.2), (0, 0.1)],
        mix(coat, from_hex("f6e6c8"), 0.6),
        volume=0.2,
    )
    for row in range(3):
        for x in (-0.09, 0, 0.09):
            pen.oval(x, 0.22 + row * 0.11, 0.025, 0.03, coat, volume=0)
    for side in (-1, 1):
        pen.oval(side * 0.12, 0.75, 0.125, 0.125, mix(coat, from_hex("f6e6c8"), 0.7), volume=0.15)
        pen.oval(side * 0.12, 0.75, 0.075, 0.075, "f6b92c", volume=0, lit=True)
        pen.oval(side * 0.12, 0.75, 0.04, 0.045, _BLACK, volume=0)
        pen.oval(side * 0.1, 0.09, 0.06, 0.03, "e0a03a")
    pen.fill([(-0.035, 0.7), (0.035, 0.7), (0, 0.6)], "e0a03a", volume=0)


def rabbit(pen: Pen) -> None:
    """A rabbit with its ears up."""
    coat = pen.dyed("b8997a")
    pen.oval(0.3, 0.14, 0.09, 0.09, "fbf3e4")
    pen.curve(
        [(-0.2, 0.0), (-0.24, 0.2), (-0.12, 0.42), (0.1, 0.42), (0.28, 0.25), (0.3, 0.0)],
        coat,
        volume=0.45,
    )
    for x, turn in ((-0.13, 0.12), (-0.0, -0.16)):
        pen.oval(x, 0.82, 0.055, 0.19, coat, turn=turn)
        pen.oval(x, 0.81, 0.025, 0.14, "e8b0a8", volume=0, turn=turn)
    pen.oval(-0.08, 0.53, 0.18, 0.16, coat, volume=0.45)
    pen.oval(-0.1, 0.47, 0.09, 0.06, "fbf3e4", volume=0.1)
    pen.oval(-0.15, 0.57, 0.022, 0.03, _BLACK, volume=0)
    pen.oval(-0.02, 0.57, 0.022, 0.03, _BLACK, volume=0)
    pen.oval(-0.09, 0.5, 0.022, 0.016, "c8605a", volume=0)
    for x in (-0.13, 0.0):
        pen.oval(x, 0.03, 0.08, 0.04, mix(coat, from_hex("fbf3e4"), 0.5))


def _legs(pen: Pen, coat: Colour, places: tuple[float, ...], top: float, thick: float) -> None:
    for index, x in enumerate(places):
        shade = pen.shadow_of(coat) if index % 2 else coat
        sway = 0.03 if index % 2 else -0.02
        pen.bar((x, top), (x + sway, top * 0.45), thick, shade, end=thick * 0.7)
        pen.bar((x + sway, top * 0.48), (x + sway * 0.6, 0.0), thick * 0.68, shade, end=thick * 0.6)


def horse(pen: Pen) -> None:
    """A horse in profile."""
    coat = pen.dyed("8a4f2c")
    mane = mix(coat, from_hex("1d1208"), 0.65)
    pen.curve(
        [(0.42, 0.6), (0.56, 0.52), (0.58, 0.25), (0.5, 0.12), (0.49, 0.4), (0.4, 0.52)], mane
    )
    _legs(pen, coat, (-0.24, -0.14, 0.29, 0.38), 0.46, 0.12)
    pen.curve(
        [
            (-0.34, 0.62),
            (-0.3, 0.42),
            (-0.05, 0.36),
            (0.2, 0.38),
            (0.4, 0.36),
            (0.46, 0.52),
            (0.38, 0.65),
            (0.1, 0.62),
            (-0.2, 0.68),
        ],
        coat,
        volume=0.45,
    )
    pen.curve(
        [
            (-0.36, 0.5),
            (-0.48, 0.74),
            (-0.5, 0.9),
            (-0.4, 0.96),
            (-0.28, 0.84),
            (-0.12, 0.62),
            (-0.2, 0.48),
        ],
        coat,
    )
    pen.curve(
        [
            (-0.4, 0.98),
            (-0.52, 0.9),
            (-0.68, 0.72),
            (-0.7, 0.66),
            (-0.62, 0.63),
            (-0.48, 0.74),
            (-0.36, 0.86),
        ],
        coat,
    )
    pen.fill([(-0.43, 0.93), (-0.41, 1.03), (-0.36, 0.93)], coat, volume=0)
    pen.curve(
        [
            (-0.42, 0.98),
            (-0.33, 0.94),
            (-0.16, 0.74),
            (-0.08, 0.62),
            (-0.16, 0.6),
            (-0.3, 0.78),
            (-0.4, 0.9),
        ],
        mane,
    )
    pen.oval(-0.51, 0.85, 0.016, 0.02, _BLACK, volume=0)


def deer(pen: Pen) -> None:
    """A stag in profile."""
    coat = pen.dyed("a5683a")
    _legs(pen, coat, (-0.17, -0.1, 0.22, 0.29), 0.36, 0.06)
    pen.curve(
        [
            (-0.24, 0.52),
            (-0.2, 0.34),
            (0.0, 0.3),
            (0.2, 0.32),
            (0.33, 0.36),
            (0.34, 0.48),
            (0.2, 0.53),
            (0.0, 0.5),
        ],
        coat,
        volume=0.45,
    )
    pen.oval(0.35, 0.45, 0.035, 0.055, "f6ecd8")
    pen.curve([(-0.22, 0.38), (-0.31, 0.6), (-0.3, 0.7), (-0.23, 0.68), (-0.12, 0.5)], coat)
    pen.curve(
        [(-0.24, 0.74), (-0.33, 0.72), (-0.44, 0.63), (-0.43, 0.59), (-0.33, 0.6), (-0.24, 0.66)],
        coat,
    )
    pen.curve([(-0.24, 0.7), (-0.15, 0.77), (-0.14, 0.72), (-0.22, 0.67)], coat, volume=0)
    for side in (-1, 1):
        beam = [(-0.26, 0.73), (-0.26 + side * 0.1, 0.83), (-0.26 + side * 0.12, 0.98)]
        for start, stop in pairwise(beam):
            pen.bar(start, stop, 0.024, "e0cba8", end=0.016)
        pen.bar(beam[1], (-0.26 + side * 0.21, 0.9), 0.018, "e0cba8", end=0.01)
        pen.bar((-0.26 + side * 0.11, 0.9), (-0.26 + side * 0.03, 0.97), 0.018, "e0cba8", end=0.01)
    pen.oval(-0.33, 0.68, 0.012, 0.015, _BLACK, volume=0)
    pen.oval(-0.435, 0.61, 0.016, 0.016, _BLACK, volume=0)


def dog(pen: Pen) -> None:
    """A dog that waits."""
    coat = pen.dyed("c08a4e")
    dark = mix(coat, from_hex("4a2a14"), 0.5)
    pen.curve(
        [(0.2, 0.06), (0.42, 0.08), (0.54, 0.26), (0.5, 0.32), (0.38, 0.18), (0.22, 0.16)], coat
    )
    pen.curve(
        [
            (-0.2, 0.0),
            (-0.24, 0.3),
            (-0.16, 0.64),
            (0.06, 0.66),
            (0.2, 0.45),
            (0.3, 0.2),
            (0.28, 0.0),
        ],
        coat,
        volume=0.45,
    )
    for x in (-0.15, 0.0):
        pen.bar((x, 0.4), (x, 0.03), 0.11, coat, end=0.08)
        pen.oval(x - 0.02, 0.03, 0.07, 0.035, mix(coat, from_hex("fbf3e4"), 0.5))
    pen.box(-0.2, 0.56, 0.08, 0.61, "c8362c")
    pen.curve(
        [
            (-0.26, 0.78),
            (-0.2, 0.93),
            (0, 0.97),
            (0.13, 0.9),
            (0.15, 0.72),
            (0.02, 0.61),
            (-0.16, 0.62),
        ],
        coat,
        volume=0.4,
    )
    pen.curve(
        [(-0.14, 0.76), (-0.34, 0.76), (-0.38, 0.68), (-0.3, 0.62), (-0.14, 0.62)],
        mix(coat, from_hex("fbf3e4"), 0.4),
    )
    pen.curve([(0.0, 0.92), (0.14, 0.92), (0.22, 0.72), (0.14, 0.62), (0.06, 0.74)], dark)
    pen.oval(-0.37, 0.73, 0.035, 0.03, _BLACK, volume=0.2)
    pen.oval(-0.15, 0.81, 0.024, 0.03, _BLACK, volume=0)


def sheep(pen: Pen) -> None:
    """A woolly sheep."""
    wool = pen.dyed("f3ead8")
    _legs(pen, from_hex("4a3f3a"), (-0.25, -0.15, 0.22, 0.32), 0.32, 0.07)
    for step in range(13):
        angle = step * math.tau / 13
        pen.oval(
            0.05 + 0.3 * math.cos(angle), 0.5 + 0.17 * math.sin(angle), 0.14, 0.13, wool, volume=0.4
        )
    pen.oval(0.05, 0.5, 0.3, 0.19, wool, volume=0.2)
    pen.curve(
        [(-0.28, 0.72), (-0.4, 0.66), (-0.52, 0.5), (-0.46, 0.44), (-0.34, 0.5), (-0.26, 0.6)],
        "4a3f3a",
    )
    pen.oval(-0.27, 0.66, 0.09, 0.03, "4a3f3a", turn=-0.4)
    pen.oval(-0.32, 0.74, 0.1, 0.07, wool)


def whale(pen: Pen) -> None:
    """A whale that comes up to blow, tail in the air."""
    skin = pen.dyed("4a72a0")
    pen.curve(
        [
            (0.76, 0.34),
            (0.6, 0.5),
            (0.4, 0.6),
            (0.5, 0.64),
            (0.68, 0.6),
            (0.79, 0.5),
            (0.9, 0.61),
            (1.06, 0.66),
            (1.12, 0.62),
            (0.98, 0.48),
            (0.84, 0.34),
        ],
        skin,
    )
    pen.curve(
        [
            (-0.95, 0.0),
            (-0.96, 0.24),
            (-0.76, 0.46),
            (-0.35, 0.52),
            (0.1, 0.4),
            (0.45, 0.22),
            (0.62, 0.24),
            (0.74, 0.4),
            (0.85, 0.4),
            (0.84, 0.2),
            (0.68, -0.02),
            (-0.2, -0.04),
        ],
        skin,
        volume=0.5,
    )
    pen.curve(
        [(-0.95, 0.02), (-0.93, 0.14), (-0.65, 0.16), (-0.35, 0.08), (-0.1, -0.03), (-0.6, -0.04)],
        "dfe7ec",
        volume=0.15,
    )
    pen.curve(
        [(-0.42, 0.14), (-0.3, 0.02), (-0.14, -0.03), (-0.2, 0.1), (-0.3, 0.18)],
        mix(skin, from_hex("1c2c4c"), 0.3),
    )
    for line in range(4):
        y = 0.015 + line * 0.03
        pen.bar((-0.86 + line * 0.02, y), (-0.5 + line * 0.01, y + 0.005), 0.01, "7f95a8", volume=0)
    pen.oval(-0.62, 0.2, 0.022, 0.02, _BLACK, volume=0)
    _blow(pen)
    for x in (-0.95, -0.6, -0.2, 0.2, 0.55, 0.85):
        pen.oval(x, -0.01, 0.15, 0.028, "d8eaf0", volume=0)


def _blow(pen: Pen) -> None:
    """Let two plumes of spray rise from the blowhole and fall over to the sides."""
    for side in (-1, 1):
        for step in range(9):
            share = step / 8
            x = -0.45 + side * 0.27 * share**1.3
            y = 0.5 + 0.5 * math.sin(math.pi * 0.68 * share)
            size = 0.028 + 0.026 * share
            pen.oval(x, y, size, size * 1.2, ("e6f2f8", "bcd8e8")[step % 2], volume=0, lit=True)


def dolphin(pen: Pen) -> None:
    """A dolphin in mid leap."""
    skin = pen.dyed("5a7f9f")
    pen.curve(
        [
            (-0.62, 0.42),
            (-0.5, 0.62),
            (-0.2, 0.84),
            (0.12, 0.84),
            (0.4, 0.6),
            (0.58, 0.26),
            (0.5, 0.24),
            (0.3, 0.48),
            (0.0, 0.6),
            (-0.3, 0.52),
            (-0.48, 0.42),
        ],
        skin,
        volume=0.5,
    )
    pen.curve(
        [(-0.48, 0.44), (-0.3, 0.54), (0.0, 0.62), (0.28, 0.5), (0.0, 0.55), (-0.3, 0.48)],
        "dfe9ee",
        volume=0,
    )
    pen.fill([(-0.04, 0.82), (0.16, 1.0), (0.16, 0.8)], skin)
    pen.fill([(-0.22, 0.56), (-0.1, 0.34), (-0.06, 0.58)], skin)
    pen.curve(
        [
            (0.52, 0.28),
            (0.4, 0.14),
            (0.5, 0.13),
            (0.58, 0.18),
            (0.7, 0.16),
            (0.74, 0.22),
            (0.6, 0.3),
        ],
        skin,
    )
    pen.oval(-0.42, 0.56, 0.014, 0.016, _BLACK, volume=0)
    for x in (0.3, 0.5, 0.7, -0.7, -0.5):
        pen.oval(x, 0.0, 0.15, 0.03, "e8f4fa", volume=0)


def fish(pen: Pen) -> None:
    """A fish in profile."""
    scale = pen.dyed("f0832c")
    pale = mix(scale, from_hex("fff2d0"), 0.55)
    pen.curve(
        [(0.4, 0.5), (0.8, 0.85), (0.72, 0.5), (0.8, 0.15)], mix(scale, from_hex("c8381c"), 0.4)
    )
    pen.curve(
        [(-0.2, 0.72), (0.0, 1.0), (0.3, 0.86), (0.3, 0.6)], mix(scale, from_hex("c8381c"), 0.4)
    )
    pen.curve(
        [(-0.1, 0.3), (0.05, 0.05), (0.2, 0.12), (0.16, 0.36)], mix(scale, from_hex("c8381c"), 0.4)
    )
    pen.curve(
        [
            (-0.68, 0.48),
            (-0.4, 0.72),
            (0, 0.8),
            (0.3, 0.66),
            (0.5, 0.52),
            (0.3, 0.36),
            (0, 0.22),
            (-0.4, 0.28),
        ],
        scale,
        volume=0.5,
    )
    for x in (-0.2, 0.12):
        pen.curve(
            [
                (x, 0.76),
                (x + 0.1, 0.74),
                (x + 0.08, 0.5),
                (x + 0.1, 0.28),
                (x, 0.26),
                (x - 0.03, 0.5),
            ],
            pale,
            volume=0.1,
        )
    pen.oval(-0.44, 0.54, 0.06, 0.07, "ffffff", volume=0)
    pen.oval(-0.45, 0.54, 0.03, 0.04, _BLACK, volume=0)


def bird(pen: Pen) -> None:
    """A bird on the wing."""
    feather = pen.dyed("f2efe8" if pen.palette.dim > 0.5 else "39424f")
    lift = pen.rng.uniform(0.2, 0.45)
    pen.curve(
        [(0, 0.42), (-0.3, 0.5 + lift), (-0.75, 0.45 + lift * 0.6), (-0.32, 0.38 + lift * 0.7)],
        feather,
        volume=0.1,
    )
    pen.curve(
        [(0, 0.42), (0.3, 0.5 + lift), (0.75, 0.45 + lift * 0.6), (0.32, 0.38 + lift * 0.7)],
        feather,
        volume=0.1,
    )
    pen.oval(0, 0.42, 0.08, 0.1, feather, volume=0.1)


def person(pen: Pen) -> None:
    """Somebody seen from behind, in a coat."""
    _walker(pen, pen.dyed(pen.rng.choice(("3f5a86", "a8402f", "4a6a4a", "c98a2c", "5a4468"))))
    pen.oval(0, 0.93, 0.072, 0.078, "4a3024")


def _walker(pen: Pen, coat: Colour) -> None:
    pen.bar((-0.06, 0.3), (-0.09, 0.0), 0.085, "2c2a38", end=0.07)
    pen.bar((0.06, 0.3), (0.07, 0.02), 0.085, "353344", end=0.07)
    pen.curve(
        [
            (-0.17, 0.24),
            (-0.15, 0.5),
            (-0.15, 0.74),
            (-0.06, 0.83),
            (0.06, 0.83),
            (0.15, 0.74),
            (0.15, 0.5),
            (0.18, 0.24),
            (0, 0.21),
        ],
        coat,
        volume=0.45,
    )
    pen.bar((-0.14, 0.74), (-0.19, 0.44), 0.075, coat, end=0.06)
    pen.bar((0.14, 0.74), (0.17, 0.46), 0.075, pen.shadow_of(coat), end=0.06)
    pen.oval(0, 0.92, 0.066, 0.075, "d8a884")


def umbrella(pen: Pen) -> None:
    """Somebody under an umbrella."""
    silk = pen.dyed(pen.rng.choice(("d8342c", "f2b632", "2f8f8a", "3f6ac0", "c8508a", "e8742c")))
    small = 0.82
    coat = from_hex(pen.rng.choice(("34405c", "54405c", "3f4a44", "5c4438")))
    _shrunk(pen, small, coat)
    pen.bar((0.1, 0.42), (0.02, 0.95), 0.016, "2a2428")
    arch: list[Point] = [
        (0.34 * math.cos(step * math.pi / 12), 0.74 + 0.25 * math.sin(step * math.pi / 12))
        for step in range(13)
    ]
    scallop = [
        (-0.255, 0.775),
        (-0.17, 0.74),
        (-0.085, 0.775),
        (0.0, 0.745),
        (0.085, 0.775),
        (0.17, 0.74),
        (0.255, 0.775),
    ]
    pen.fill([*arch, *scallop], silk, volume=0.4)
    for x in (-0.17, 0.0, 0.17):
        pen.bar((0, 0.985), (x, 0.75), 0.008, mix(silk, from_hex("201820"), 0.35), volume=0)
    pen.bar((0, 0.98), (0, 1.03), 0.014, "2a2428")


def _shrunk(pen: Pen, share: float, coat: Colour) -> None:
    """Draw a walker *share* as tall as the pen's unit."""
    scale = pen.scale
    pen.scale = scale * share
    _walker(pen, coat)
    pen.scale = scale


def astronaut(pen: Pen) -> None:
    """An astronaut adrift, waving."""
    suit = pen.dyed("eef0f4")
    grey = mix(suit, from_hex("6a7488"), 0.45)
    pen.box(-0.25, 0.36, 0.25, 0.72, grey)
    pen.bar((-0.09, 0.36), (-0.2, 0.04), 0.17, suit, end=0.13)
    pen.bar((0.09, 0.36), (0.17, 0.02), 0.17, suit, end=0.13)
    pen.oval(-0.22, 0.04, 0.1, 0.055, grey)
    pen.oval(0.19, 0.02, 0.1, 0.055, grey)
    pen.curve(
        [
            (-0.19, 0.34),
            (-0.21, 0.6),
            (-0.12, 0.7),
            (0.12, 0.7),
            (0.21, 0.6),
            (0.19, 0.34),
            (0, 0.29),
        ],
        suit,
        volume=0.45,
    )
    pen.bar((-0.17, 0.62), (-0.36, 0.44), 0.13, suit, end=0.1)
    pen.oval(-0.38, 0.42, 0.065, 0.06, grey)
    pen.bar((0.17, 0.62), (0.38, 0.68), 0.13, suit, end=0.11)
    pen.bar((0.37, 0.66), (0.44, 0.86), 0.11, suit, end=0.1)
    pen.oval(0.45, 0.9, 0.06, 0.06, grey)
    pen.oval(0, 0.82, 0.19, 0.18, suit, volume=0.45)
    pen.oval(0.01, 0.81, 0.135, 0.115, "23304f", volume=0.3)
    pen.curve([(-0.08, 0.87), (0.02, 0.9), (0.09, 0.86), (0.02, 0.865)], "f6b54a", volume=0)
    pen.oval(0.06, 0.8, 0.02, 0.03, "8fc4f0", volume=0)
    pen.box(-0.09, 0.46, 0.09, 0.56, grey)
    pen.oval(-0.04, 0.51, 0.02, 0.02, "e0402f", volume=0)
    pen.oval(0.04, 0.51, 0.02, 0.02, "3f8fd0", volume=0)


def robot(pen: Pen) -> None:
    """A friendly robot."""
    metal = pen.dyed("8fa6b8")
    dark = mix(metal, from_hex("24303c"), 0.55)
    for side in (-1, 1):
        pen.bar((side * 0.11, 0.26), (side * 0.11, 0.05), 0.1, dark)
        pen.oval(side * 0.13, 0.035, 0.11, 0.045, metal)
        pen.bar((side * 0.24, 0.54), (side * 0.38, 0.32), 0.075, dark)
        pen.oval(side * 0.39, 0.29, 0.065, 0.065, metal)
    pen.curve(
        [
            (-0.25, 0.24),
            (-0.26, 0.56),
            (-0.2, 0.62),
            (0.2, 0.62),
            (0.26, 0.56),
            (0.25, 0.24),
            (0, 0.22),
        ],
        metal,
        volume=0.45,
    )
    pen.box(-0.12, 0.34, 0.12, 0.5, dark)
    pen.oval(-0.05, 0.42, 0.03, 0.03, "f2603f", volume=0, lit=True)
    pen.oval(0.05, 0.42, 0.03, 0.03, "5ad08a", volume=0, lit=True)
    pen.box(-0.06, 0.6, 0.06, 0.67, dark)
    pen.curve(
        [
            (-0.26, 0.68),
            (-0.27, 0.86),
            (-0.2, 0.92),
            (0.2, 0.92),
            (0.27, 0.86),
            (0.26, 0.68),
            (0, 0.66),
        ],
        metal,
        volume=0.4,
    )
    for side in (-1, 1):
        pen.oval(side * 0.11, 0.79, 0.07, 0.07, "263442", volume=0)
        pen.oval(side * 0.11, 0.79, 0.045, 0.045, "7fe6f0", volume=0, lit=True)
        pen.shine(side * 0.11, 0.79, 0.16, from_hex("7fe6f0"), 0.35)
    pen.bar((0, 0.91), (0, 1.0), 0.016, dark)
    pen.oval(0, 1.0, 0.028, 0.028, "f2603f", volume=0, lit=True)
