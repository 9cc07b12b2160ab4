"""Motifs that float, fly, roll or stand on a table."""

import math
from itertools import pairwise

from impasto_sketch._colours import from_hex, mix, vary
from impasto_sketch._pen import Pen
from impasto_sketch._study import Point


def sailboat(pen: Pen) -> None:
    """A small yacht under two sails."""
    hull = pen.dyed(pen.rng.choice(("8a3a2c", "2f4a6a", "6b4632", "a83a34")))
    sail = from_hex(pen.rng.choice(("fbf3e2", "fbf3e2", "f6d9a8", "e8a06a")))
    pen.bar((0, 0.1), (0, 1.0), 0.018, "4a342a")
    pen.fill(
        [(0.025, 0.95), (0.03, 0.17), (0.4, 0.2), (0.26, 0.5), (0.12, 0.78)],
        sail,
        volume=0.35,
        angle=1.2,
    )
    pen.fill(
        [(-0.025, 0.88), (-0.12, 0.55), (-0.34, 0.2), (-0.03, 0.19)],
        mix(sail, from_hex("c8b8c8"), 0.25),
        volume=0.35,
        angle=-1.1,
    )
    pen.curve(
        [
            (-0.42, 0.13),
            (-0.3, 0.02),
            (0, -0.02),
            (0.3, 0.02),
            (0.44, 0.14),
            (0.2, 0.115),
            (-0.2, 0.11),
        ],
        hull,
        volume=0.4,
    )
    pen.fill(
        [(-0.42, 0.135), (0.44, 0.145), (0.4, 0.105), (-0.39, 0.095)],
        mix(hull, from_hex("fff0d0"), 0.55),
        volume=0,
    )


def boat(pen: Pen) -> None:
    """A rowing boat with its oars in."""
    wood = pen.dyed(pen.rng.choice(("a8552f", "3f6a86", "4a7a5a", "b8402f")))
    pen.curve(
        [
            (-0.92, 0.52),
            (-0.6, 0.1),
            (0, -0.02),
            (0.6, 0.1),
            (0.92, 0.52),
            (0.5, 0.34),
            (0, 0.28),
            (-0.5, 0.34),
        ],
        wood,
        volume=0.4,
    )
    pen.curve(
        [
            (-0.9, 0.52),
            (-0.5, 0.4),
            (0, 0.36),
            (0.5, 0.4),
            (0.9, 0.52),
            (0.5, 0.33),
            (0, 0.27),
            (-0.5, 0.33),
        ],
        mix(wood, from_hex("2a1a14"), 0.6),
        volume=0,
    )
    for x in (-0.35, 0.1, 0.45):
        pen.bar((x, 0.31), (x + 0.1, 0.38), 0.05, mix(wood, from_hex("f0d0a0"), 0.5), volume=0)
    pen.bar((-0.1, 0.42), (0.82, 0.1), 0.035, "c89a62")
    pen.oval(0.84, 0.09, 0.12, 0.04, "c89a62", turn=-0.35)


def ship(pen: Pen) -> None:
    """A three-master."""
    pen.curve(
        [
            (-0.62, 0.24),
            (-0.5, 0.02),
            (0, -0.02),
            (0.44, 0.02),
            (0.66, 0.3),
            (0.4, 0.2),
            (-0.3, 0.18),
        ],
        pen.dyed("5a3a28"),
        volume=0.4,
    )
    pen.fill(
        [
            (-0.6, 0.2),
            (-0.3, 0.15),
            (0.4, 0.17),
            (0.6, 0.25),
            (0.58, 0.21),
            (0.4, 0.13),
            (-0.3, 0.11),
            (-0.58, 0.15),
        ],
        "d8a850",
        volume=0,
    )
    pen.bar((0.55, 0.26), (0.9, 0.42), 0.02, "4a342a", end=0.01)
    for x, high in ((-0.34, 0.8), (0.02, 1.0), (0.36, 0.86)):
        pen.bar((x, 0.15), (x, high), 0.022, "4a342a")
        for step in range(3):
            low = 0.22 + step * (high - 0.24) / 3
            top = low + (high - 0.24) / 3.5
            wide = 0.17 - step * 0.03
            pen.curve(
                [
                    (x - wide, low),
                    (x - wide * 0.85, top),
                    (x + wide * 0.85, top),
                    (x + wide, low),
                    (x + 0.03, low + 0.04),
                ],
                "f5ead2",
                volume=0.4,
            )
        pen.fill([(x, high), (x + 0.11, high - 0.02), (x, high - 0.045)], "c8362c", volume=0)


def balloon(pen: Pen) -> None:
    """A striped hot-air balloon."""
    cloth = pen.dyed(pen.rng.choice(("d8402f", "e8742c", "2f7fb8", "8a4aa8")))
    stripes = (
        cloth,
        from_hex("f8d878"),
        cloth,
        from_hex("fbf0dc"),
        cloth,
        from_hex("f8d878"),
        cloth,
    )
    pen.curve(_envelope(1.0), cloth, volume=0.5)
    for index, stripe in enumerate(stripes):
        left, right = _meridian(index / 7), _meridian((index + 1) / 7)
        glow = 1 - abs(index + 0.5 - 3.5 - 2.2 * pen.towards_light[0]) / 5
        tone = mix(
            pen.shadow_of(stripe), mix(stripe, from_hex("fff0c8"), 0.15), max(0.0, min(1.0, glow))
        )
        pen.fill([*left, *reversed(right)], vary(tone, pen.rng, 6), volume=0.1)
    for x in (-0.07, 0.07):
        pen.bar((x * 0.7, 0.13), (x * 1.3, 0.24), 0.01, "5a4034")
    pen.box(-0.055, 0.03, 0.055, 0.13, "8a5a34")
    pen.box(-0.065, 0.115, 0.065, 0.135, "5a3a24")
    pen.oval(0, 0.215, 0.03, 0.035, "ffd86a", volume=0, lit=True)
    pen.shine(0, 0.23, 0.2, from_hex("ffb84a"), 0.3)


def _envelope(share: float) -> list[Point]:
    half = [
        (0.08, 0.23),
        (0.2, 0.36),
        (0.325, 0.54),
        (0.355, 0.7),
        (0.3, 0.86),
        (0.16, 0.97),
        (0.0, 1.0),
    ]
    return [(x * share, y) for x, y in half] + [(-x * share, y) for x, y in reversed(half[:-1])]


def _meridian(share: float) -> list[Point]:
    half = [
        (0.08, 0.23),
        (0.14, 0.295),
        (0.2, 0.36),
        (0.27, 0.45),
        (0.325, 0.54),
        (0.35, 0.62),
        (0.355, 0.7),
        (0.34, 0.78),
        (0.3, 0.86),
        (0.24, 0.925),
        (0.16, 0.97),
        (0.08, 0.992),
        (0.0, 1.0),
    ]
    side = -math.cos(share * math.pi)
    return [(x * side, y) for x, y in half]


def kite(pen: Pen) -> None:
    """A kite with a tail of bows."""
    silk = pen.dyed("e0402f")
    top, right, low, left = (0.1, 1.0), (0.32, 0.78), (-0.06, 0.5), (-0.16, 0.86)
    middle = (0.06, 0.82)
    for pair, tone in (
        ((top, right), silk),
        ((right, low), from_hex("f6c83c")),
        ((low, left), silk),
        ((left, top), from_hex("2f8fb8")),
    ):
        pen.fill([middle, *pair], tone, volume=0.1)
    tail = [
        (-0.06 - 0.05 * step + 0.07 * math.sin(step * 1.3), 0.5 - step * 0.08) for step in range(7)
    ]
    for start, stop in pairwise(tail):
        pen.bar(start, stop, 0.012, "5a4034")
    for index, (x, y) in enumerate(tail[1:]):
        bow = ("f6c83c", "2f8fb8", "e0402f")[index % 3]
        pen.mirrored_at(x, y, [(0, 0), (0.06, 0.035), (0.06, -0.035)], bow)


def train(pen: Pen) -> None:
    """A steam train under its smoke."""
    paint = pen.dyed("2f4a3c")
    dark, brass = "22242c", "d8a850"
    for step in range(12):
        x, y = -0.62 + step * 0.13, 0.72 + step * 0.022 + 0.03 * math.sin(step * 1.7)
        tone = mix(from_hex("fbf6ec"), pen.palette.cloud_shade, 0.15 + 0.04 * step)
        pen.oval(x, y, 0.06 + step * 0.011, 0.05 + step * 0.008, tone, volume=0.25)
    for index, left in enumerate((0.22, 0.86)):
        pen.box(left, 0.1, left + 0.58, 0.42, ("a83a30", "b8843a")[index])
        pen.box(left - 0.02, 0.41, left + 0.6, 0.46, dark)
        for window in range(4):
            pen.window(left + 0.05 + window * 0.13, 0.24, left + 0.13 + window * 0.13, 0.36)
    pen.box(-0.7, 0.16, -0.1, 0.36, paint, volume=0.5)
    pen.box(-0.12, 0.12, 0.16, 0.54, paint)
    pen.box(-0.15, 0.53, 0.19, 0.58, dark)
    pen.window(-0.05, 0.36, 0.09, 0.49)
    pen.fill([(-0.66, 0.36), (-0.68, 0.6), (-0.54, 0.6), (-0.56, 0.36)], dark)
    pen.oval(-0.36, 0.38, 0.06, 0.06, brass)
    pen.fill([(-0.7, 0.14), (-0.84, 0.03), (-0.7, 0.03)], "a83a30", volume=0)
    pen.oval(-0.72, 0.27, 0.045, 0.05, "ffe9a0", volume=0, lit=True)
    pen.shine(-0.74, 0.27, 0.25, from_hex("ffe0a0"), 0.35)
    for x, radius in (
        (-0.58, 0.085),
        (-0.36, 0.085),
        (-0.12, 0.11),
        (0.08, 0.07),
        (0.34, 0.07),
        (0.68, 0.07),
        (0.98, 0.07),
        (1.3, 0.07),
    ):
        pen.oval(x, radius, radius, radius, dark)
        pen.oval(x, radius, radius * 0.55, radius * 0.55, "8a3a30", volume=0)
    pen.box(-0.9, -0.03, 1.5, 0.0, "5a4a40", volume=0)


def rocket(pen: Pen) -> None:
    """A rocket on its flame."""
    body, fin = pen.dyed("f0ece4"), from_hex("d8402f")
    for reach, wide, tone in (
        (0.0, 0.13, "f2702c"),
        (0.07, 0.09, "ffb43a"),
        (0.14, 0.05, "fff0b0"),
    ):
        pen.fill(
            [
                (-wide, 0.28),
                (-wide * 0.7, 0.14 + reach * 0.5),
                (0, reach),
                (wide * 0.7, 0.14 + reach * 0.5),
                (wide, 0.28),
            ],
            tone,
            volume=0,
            lit=True,
        )
    pen.mirrored([(0.1, 0.5), (0.27, 0.34), (0.27, 0.22), (0.1, 0.3)], fin)
    pen.curve(
        [
            (-0.1, 0.28),
            (-0.155, 0.5),
            (-0.13, 0.76),
            (0, 1.0),
            (0.13, 0.76),
            (0.155, 0.5),
            (0.1, 0.28),
        ],
        body,
        volume=0.5,
    )
    pen.fill([(-0.105, 0.82), (-0.05, 0.92), (0, 1.0), (0.05, 0.92), (0.105, 0.82), (0, 0.8)], fin)
    pen.oval(0, 0.64, 0.07, 0.07, "5a6474")
    pen.oval(0, 0.64, 0.05, 0.05, "7fc4e8", volume=0.2)
    pen.box(-0.12, 0.27, 0.12, 0.31, "5a6474")
    pen.shine(0, 0.12, 0.45, from_hex("ff8f3a"), 0.6)


def planet(pen: Pen) -> None:
    """A banded planet with a ring."""
    globe = pen.dyed(pen.rng.choice(("d89a5a", "c8704a", "5a9ab8", "a878b8")))
    tilt = pen.rng.uniform(-0.4, -0.15)
    _ring(pen, tilt, 0.0, math.pi)
    pen.oval(0, 0.5, 0.36, 0.36, globe, volume=0.5)
    for step in range(5):
        y = (step - 2) * 0.115
        half = (0.34**2 - y**2) ** 0.5
        tone = mix(globe, from_hex(("fff0d0", "7a3f2c")[step % 2]), 0.32)
        pen.oval(y * -math.sin(tilt), 0.5 + y, half * 0.96, 0.028, tone, volume=0, turn=tilt)
    side = pen.towards_light
    pen.curve(_terminator(side), mix(globe, pen.palette.dark, 0.72), volume=0.0)
    _ring(pen, tilt, math.pi, math.tau)


def _terminator(side: Point) -> list[Point]:
    """Return the outline of the unlit crescent of the globe."""
    away = math.atan2(side[1], -side[0])
    rim = [
        (
            0.362 * math.cos(away + step * math.pi / 10),
            0.5 + 0.362 * math.sin(away + step * math.pi / 10),
        )
        for step in range(-5, 6)
    ]
    inner = []
    for step in range(4, -5, -1):
        along = step * math.pi / 10
        across, deep = 0.355 * math.sin(along), 0.12 * math.cos(along)
        inner.append(
            (
                deep * math.cos(away) - across * math.sin(away),
                0.5 + deep * math.sin(away) + across * math.cos(away),
            )
        )
    return rim + inner


def _ring(pen: Pen, tilt: float, start: float, stop: float) -> None:
    for reach, thick, tone in ((0.62, 0.075, "e8d0a0"), (0.54, 0.035, "b89a78")):
        outer: list[Point] = []
        inner: list[Point] = []
        for step in range(25):
            angle = start + (stop - start) * step / 24
            for radius, line in ((reach, outer), (reach - thick, inner)):
                x, y = radius * math.cos(angle), radius * 0.26 * math.sin(angle)
                line.append(
                    (
                        x * math.cos(tilt) - y * math.sin(tilt),
                        0.5 + x * math.sin(tilt) + y * math.cos(tilt),
                    )
                )
        pen.fill([*outer, *reversed(inner)], tone, volume=0, angle=-tilt)


def teapot(pen: Pen) -> None:
    """A round-bellied teapot."""
    glaze = pen.dyed(pen.rng.choice(("3f7fa8", "4a8f86", "c8502f", "e8dcc4")))
    dark = mix(glaze, from_hex("1f2a3c"), 0.45)
    handle = [
        (0.42 + 0.24 * math.cos(a), 0.46 + 0.24 * math.sin(a))
        for a in [math.pi * (step / 10 - 0.5) for step in range(11)]
    ]
    for start, stop in pairwise(handle):
        pen.bar(start, stop, 0.075, dark, volume=0.2)
    pen.curve(
        [
            (-0.36, 0.36),
            (-0.56, 0.42),
            (-0.68, 0.62),
            (-0.78, 0.74),
            (-0.68, 0.76),
            (-0.58, 0.66),
            (-0.46, 0.56),
            (-0.34, 0.56),
        ],
        dark,
    )
    pen.oval(0, 0.05, 0.3, 0.05, dark)
    pen.curve(
        [
            (-0.3, 0.06),
            (-0.48, 0.28),
            (-0.46, 0.52),
            (-0.28, 0.72),
            (0, 0.78),
            (0.28, 0.72),
            (0.46, 0.52),
            (0.48, 0.28),
            (0.3, 0.06),
            (0, 0.02),
        ],
        glaze,
        volume=0.6,
    )
    pen.curve(
        [(-0.24, 0.74), (-0.14, 0.86), (0.14, 0.86), (0.24, 0.74), (0, 0.71)],
        mix(glaze, from_hex("ffffff"), 0.12),
        volume=0.4,
    )
    pen.oval(0, 0.92, 0.06, 0.06, dark, volume=0.5)
    side = -1 if pen.towards_light[0] < 0 else 1
    pen.oval(
        side * 0.22,
        0.54,
        0.07,
        0.11,
        mix(glaze, from_hex("ffffff"), 0.75),
        volume=0,
        turn=side * -0.4,
    )
    pen.oval(side * 0.3, 0.36, 0.025, 0.04, mix(glaze, from_hex("ffffff"), 0.6), volume=0)


def cup(pen: Pen) -> None:
    """A steaming cup on its saucer."""
    glaze = pen.dyed(pen.rng.choice(("f3ead8", "6f9fb8", "e0a890")))
    pen.oval(0, 0.06, 0.62, 0.09, mix(glaze, from_hex("8a7a70"), 0.25))
    pen.oval(0.46, 0.4, 0.16, 0.17, glaze)
    pen.oval(0.46, 0.4, 0.085, 0.1, "8a7462", volume=0)
    pen.curve(
        [
            (-0.2, 0.06),
            (-0.38, 0.25),
            (-0.42, 0.62),
            (0, 0.6),
            (0.42, 0.62),
            (0.38, 0.25),
            (0.2, 0.06),
        ],
        glaze,
        volume=0.5,
    )
    pen.oval(0, 0.62, 0.42, 0.09, mix(glaze, from_hex("ffffff"), 0.3), volume=0)
    pen.oval(0, 0.61, 0.37, 0.07, "5a3420", volume=0)
    for side in (-0.1, 0.1):
        for step in range(5):
            x = side + 0.05 * math.sin(step * 1.4 + side * 9)
            pen.oval(x, 0.7 + step * 0.065, 0.022, 0.05, "e8e4dc", volume=0)


def vase(pen: Pen) -> None:
    """A bunch of flowers in a vase."""
    glaze = from_hex(pen.rng.choice(("3f6f9f", "d8c8a8", "5a8f7a")))
    for step in range(9):
        turn = (step - 4) * 0.26
        tip = (0.42 * math.sin(turn), 0.45 + 0.32 * math.cos(turn))
        pen.bar((0, 0.4), tip, 0.016, "4f7f3c")
        pen.oval(tip[0] * 0.7, tip[1] * 0.86, 0.09, 0.035, "5a8f4a", volume=0, turn=turn)
    for step in range(19):
        turn, reach = (step - 9) * 0.145, pen.rng.uniform(0.2, 0.43)
        _blossom_head(pen, 0.95 * reach * math.sin(turn) * 1.1, 0.46 + reach * math.cos(turn) * 1.1)
    pen.curve(
        [
            (-0.12, 0.02),
            (-0.21, 0.16),
            (-0.17, 0.32),
            (-0.09, 0.4),
            (-0.13, 0.46),
            (0.13, 0.46),
            (0.09, 0.4),
            (0.17, 0.32),
            (0.21, 0.16),
            (0.12, 0.02),
        ],
        glaze,
        volume=0.55,
    )
    side = -1 if pen.towards_light[0] < 0 else 1
    pen.oval(side * 0.09, 0.2, 0.025, 0.06, mix(glaze, from_hex("ffffff"), 0.65), volume=0)


def _blossom_head(pen: Pen, x: float, y: float) -> None:
    tone = pen.dyed(pen.rng.choice(("e8607a", "f2a83a", "fbf0e0", "c83a3a", "a878d0", "f6c8d0")))
    wide = pen.rng.uniform(0.055, 0.085)
    for petal in range(6):
        angle = petal * math.tau / 6 + x * 7
        pen.oval(
            x + wide * 0.7 * math.cos(angle),
            y + wide * 0.7 * math.sin(angle),
            wide * 0.62,
            wide * 0.45,
            vary(tone, pen.rng, 20),
            volume=0.1,
            turn=angle,
        )
    pen.oval(x, y, wide * 0.32, wide * 0.32, mix(tone, from_hex("8a4a1c"), 0.6), volume=0.1)


def lemon(pen: Pen) -> None:
    """A lemon."""
    peel = pen.dyed("f6d13c")
    pen.curve(
        [
            (-0.72, 0.42),
            (-0.55, 0.56),
            (-0.3, 0.8),
            (0.1, 0.86),
            (0.42, 0.68),
            (0.62, 0.46),
            (0.7, 0.36),
            (0.52, 0.26),
            (0.25, 0.06),
            (-0.15, 0.02),
            (-0.48, 0.2),
        ],
        peel,
        volume=0.6,
    )
    side = -1 if pen.towards_light[0] < 0 else 1
    pen.oval(side * 0.2, 0.62, 0.12, 0.06, mix(peel, from_hex("ffffff"), 0.6), volume=0)


def apple(pen: Pen) -> None:
    """An apple with its leaf."""
    skin = pen.dyed(pen.rng.choice(("cc3328", "d8562c", "8fae3c")))
    pen.curve(
        [
            (0, 0.74),
            (-0.25, 0.84),
            (-0.46, 0.62),
            (-0.42, 0.28),
            (-0.18, 0.02),
            (0, 0.05),
            (0.18, 0.02),
            (0.42, 0.28),
            (0.46, 0.62),
            (0.25, 0.84),
        ],
        skin,
        volume=0.6,
    )
    pen.bar((0, 0.72), (0.06, 0.98), 0.04, "5a3a24")
    pen.oval(0.2, 0.92, 0.15, 0.05, "5f9440", turn=0.4)
    side = -1 if pen.towards_light[0] < 0 else 1
    pen.oval(side * 0.22, 0.58, 0.06, 0.1, mix(skin, from_hex("ffffff"), 0.65), volume=0)


def bottle(pen: Pen) -> None:
    """A dark bottle."""
    glass = pen.dyed("2f5a44")
    pen.curve(
        [
            (-0.15, 0.0),
            (-0.16, 0.3),
            (-0.15, 0.55),
            (-0.06, 0.7),
            (-0.055, 0.96),
            (0.055, 0.96),
            (0.06, 0.7),
            (0.15, 0.55),
            (0.16, 0.3),
            (0.15, 0.0),
        ],
        glass,
        volume=0.6,
    )
    pen.box(-0.145, 0.18, 0.145, 0.42, "efe0bc")
    pen.box(-0.065, 0.92, 0.065, 1.0, "a83a30")
    side = -1 if pen.towards_light[0] < 0 else 1
    pen.bar(
        (side * 0.09, 0.1),
        (side * 0.09, 0.52),
        0.022,
        mix(glass, from_hex("ffffff"), 0.6),
        volume=0,
    )


def candle(pen: Pen) -> None:
    """A burning candle."""
    pen.oval(0, 0.05, 0.24, 0.055, "b8923a")
    pen.box(-0.075, 0.06, 0.075, 0.66, pen.dyed("f3e6c8"), volume=0.5)
    pen.bar((0, 0.66), (0, 0.73), 0.014, "2a2018")
    pen.curve(
        [(-0.045, 0.76), (0, 0.71), (0.045, 0.76), (0, 0.98)],
        "ffb43a",
        volume=0,
    )
    pen.oval(0, 0.79, 0.02, 0.06, "fff6d0", volume=0, lit=True)
    pen.shine(0, 0.82, 0.8, from_hex("ffb45a"), 0.65)


def fire(pen: Pen) -> None:
    """A campfire."""
    for start, stop in (
        ((-0.42, 0.03), (0.3, 0.16)),
        ((0.42, 0.03), (-0.3, 0.16)),
        ((-0.2, 0.0), (0.25, 0.06)),
    ):
        pen.bar(start, stop, 0.11, "5a3826")
    for share, tone in ((1.0, "e8481c"), (0.72, "fb8a24"), (0.48, "ffc83c"), (0.26, "fff3b8")):
        _flame(pen, share, tone)
    for _ in range(14):
        pen.oval(
            pen.rng.uniform(-0.3, 0.3),
            pen.rng.uniform(0.6, 1.1),
            0.012,
            0.016,
            "ffd060",
            volume=0,
            lit=True,
        )
    pen.shine(0, 0.35, 1.5, from_hex("ff8a30"), 0.6)


def _flame(pen: Pen, share: float, tone: str) -> None:
    outline = [
        (-0.3, 0.1),
        (-0.34, 0.3),
        (-0.2, 0.52),
        (-0.14, 0.72),
        (-0.06, 0.56),
        (0.03, 0.95),
        (0.12, 0.62),
        (0.2, 0.68),
        (0.32, 0.34),
        (0.28, 0.1),
    ]
    pen.fill(
        [(x * share, 0.08 + (y - 0.08) * share) for x, y in outline],
        tone,
        volume=0,
        lit=True,
        angle=math.pi / 2,
    )
