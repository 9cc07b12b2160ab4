"""Motifs that people have built on land."""

import math

from impasto_sketch._colours import from_hex, mix
from impasto_sketch._pen import Pen


def lighthouse(pen: Pen) -> None:
    """A striped tower with a lit lantern."""
    red, white = pen.dyed("cc3b2f"), from_hex("f6efe0")
    pen.box(0.1, 0.06, 0.32, 0.17, white)
    pen.fill([(0.07, 0.17), (0.21, 0.25), (0.35, 0.17)], red)
    pen.window(0.18, 0.09, 0.23, 0.13)
    for stripe in range(6):
        low, high = 0.06 + stripe * 0.115, 0.06 + (stripe + 1) * 0.115
        a, b = 0.135 - low * 0.075, 0.135 - high * 0.075
        pen.fill(
            [(-a, low), (-b, high), (b, high), (a, low)],
            white if stripe % 2 else red,
            volume=0.45,
            angle=math.pi / 2,
        )
    pen.box(-0.12, 0.75, 0.12, 0.775, "39404e")
    pen.box(-0.06, 0.775, 0.06, 0.87, "ffe9a0", volume=0, lit=True)
    pen.box(-0.008, 0.775, 0.008, 0.87, "39404e", volume=0)
    pen.fill([(-0.09, 0.87), (-0.05, 0.92), (0, 0.97), (0.05, 0.92), (0.09, 0.87)], red)
    pen.bar((0, 0.96), (0, 1.0), 0.014, "39404e")
    pen.window(-0.022, 0.5, 0.022, 0.56)
    pen.box(-0.035, 0.06, 0.035, 0.15, "4a3b34", volume=0)
    pen.shine(0, 0.82, 0.22, from_hex("ffd27a"), 0.3 + 0.4 * pen.palette.dim)
    pen.shine(0, 0.82, 0.85, from_hex("ffc86a"), 0.1 + 0.45 * pen.palette.dim)


def house(pen: Pen) -> None:
    """A cottage with a chimney."""
    wall = pen.dyed(pen.rng.choice(("f1e3c8", "e9d2b0", "e8ddd0", "dcb894")))
    roof = from_hex(pen.rng.choice(("b5523a", "9c4a34", "7c5a48", "8a4038")))
    if pen.season == "winter":
        roof = mix(roof, from_hex("f2f5fb"), 0.85)
    pen.box(0.22, 0.7, 0.33, 1.0, mix(roof, from_hex("6a4a40"), 0.5))
    pen.box(-0.5, 0.0, 0.5, 0.5, wall)
    pen.fill([(-0.5, 0.0), (-0.5, 0.5), (-0.36, 0.5), (-0.36, 0.0)], pen.shadow_of(wall), volume=0)
    pen.fill([(-0.62, 0.47), (-0.34, 0.9), (0.4, 0.9), (0.62, 0.47)], roof, angle=1.1)
    pen.box(-0.09, 0.0, 0.09, 0.3, "6b4632")
    pen.window(-0.3, 0.18, -0.17, 0.34)
    pen.window(0.2, 0.18, 0.36, 0.34)


def church(pen: Pen) -> None:
    """A nave and a steeple."""
    wall = pen.dyed("ece4d4")
    pen.box(-0.1, 0.0, 0.42, 0.34, wall)
    pen.fill([(-0.14, 0.33), (-0.02, 0.52), (0.36, 0.52), (0.46, 0.33)], "8a5044", angle=1.1)
    pen.box(-0.3, 0.0, -0.06, 0.6, wall)
    pen.fill([(-0.33, 0.59), (-0.18, 0.95), (-0.03, 0.59)], "56606e")
    pen.bar((-0.18, 0.93), (-0.18, 1.0), 0.012, "caa54a")
    pen.bar((-0.205, 0.975), (-0.155, 0.975), 0.012, "caa54a")
    pen.window(-0.21, 0.4, -0.15, 0.5)
    for x in (0.04, 0.18, 0.31):
        pen.window(x, 0.12, x + 0.05, 0.24)
    pen.box(-0.22, 0.0, -0.14, 0.15, "5b4032", volume=0)


def castle(pen: Pen) -> None:
    """A keep between round towers, with banners."""
    stone = pen.dyed("a89b8e")
    for x, wide, low, high in (
        (-0.05, 0.13, 0.1, 0.78),
        (0.2, 0.09, 0.1, 0.9),
        (-0.27, 0.085, 0.1, 0.68),
    ):
        _turret(pen, x, wide, low, high, stone)
    _wall(pen, -0.5, 0.46, 0.0, 0.4, stone)
    for x, high in ((-0.52, 0.54), (0.47, 0.58)):
        _turret(pen, x, 0.1, 0.0, high, stone)
    pen.fill(
        [(-0.1, 0.0), (-0.1, 0.2), (-0.05, 0.27), (0.02, 0.27), (0.07, 0.2), (0.07, 0.0)],
        "3a302c",
        volume=0,
    )
    for x, y in (
        (-0.3, 0.26),
        (0.24, 0.27),
        (-0.05, 0.56),
        (0.2, 0.66),
        (-0.27, 0.52),
        (-0.52, 0.4),
        (0.47, 0.42),
    ):
        pen.window(x - 0.018, y, x + 0.018, y + 0.06)


def _turret(
    pen: Pen, x: float, wide: float, low: float, high: float, stone: tuple[int, int, int]
) -> None:
    body = high - 0.2
    pen.fill(
        [(x - wide, low), (x - wide * 0.92, body), (x + wide * 0.92, body), (x + wide, low)],
        stone,
        volume=0.5,
        angle=math.pi / 2,
    )
    pen.box(x - wide * 1.12, body - 0.03, x + wide * 1.12, body + 0.02, pen.shadow_of(stone))
    pen.fill(
        [(x - wide * 1.2, body + 0.02), (x, high), (x + wide * 1.2, body + 0.02)],
        "4a5a86",
        volume=0.5,
    )
    pen.bar((x, high - 0.01), (x, high + 0.08), 0.012, "4a3b34")
    pen.fill([(x, high + 0.08), (x + 0.1, high + 0.06), (x, high + 0.03)], "d8452f", volume=0)


def _wall(
    pen: Pen, left: float, right: float, low: float, high: float, stone: tuple[int, int, int]
) -> None:
    pen.box(left, low, right, high, stone)
    teeth = 11
    step = (right - left) / teeth
    for tooth in range(0, teeth, 2):
        pen.box(left + tooth * step, high, left + (tooth + 1) * step, high + 0.05, stone)


def tower(pen: Pen) -> None:
    """A round stone tower."""
    stone = pen.dyed("b3a493")
    pen.fill(
        [(-0.2, 0), (-0.16, 0.75), (0.16, 0.75), (0.2, 0)], stone, volume=0.5, angle=math.pi / 2
    )
    pen.box(-0.2, 0.73, 0.2, 0.8, stone)
    for x in (-0.2, -0.08, 0.04, 0.14):
        pen.box(x, 0.8, x + 0.06, 0.86, stone)
    pen.fill([(-0.15, 0.82), (0, 1.0), (0.15, 0.82)], "8a4a3c")
    for y in (0.2, 0.42, 0.6):
        pen.window(-0.03, y, 0.03, y + 0.09)


def bridge(pen: Pen) -> None:
    """An arched bridge over water."""
    wood = pen.dyed("b0432f")
    for side in (-1, 1):
        pen.oval(
            side * 1.3, 0.0, 0.34, 0.17, mix(pen.palette.near, pen.palette.dark, 0.2), lit=True
        )
    arch = [(x / 10, 0.1 + 0.42 * (1 - (x / 13) ** 2)) for x in range(-13, 14)]
    under = [(x / 10, 0.42 * (1 - (x / 11) ** 2)) for x in range(11, -12, -1)]
    pen.fill([*arch, (1.3, -0.02), *under, (-1.3, -0.02)], wood, volume=0.4, angle=0.0)
    pen.fill(
        [*arch, *[(x, y - 0.05) for x, y in reversed(arch)]],
        mix(wood, from_hex("ffe0b0"), 0.35),
        volume=0,
    )
    for x, y in arch[1::3]:
        pen.bar((x, y - 0.02), (x, y + 0.17), 0.035, wood)
    rail = [(x, y + 0.16) for x, y in arch]
    pen.fill([*rail, *[(x, y + 0.035) for x, y in reversed(rail)]], wood, volume=0)


def windmill(pen: Pen) -> None:
    """A Dutch mill, its sails turned by the seed."""
    pen.fill(
        [(-0.2, 0), (-0.13, 0.58), (0.13, 0.58), (0.2, 0)],
        pen.dyed("d9c6a5"),
        volume=0.5,
        angle=math.pi / 2,
    )
    pen.box(-0.21, 0.2, 0.21, 0.225, "6b4632")
    pen.curve([(-0.15, 0.57), (-0.12, 0.66), (0, 0.72), (0.12, 0.66), (0.15, 0.57)], "7a4436")
    pen.box(-0.045, 0, 0.045, 0.14, "5b3a2a", volume=0)
    pen.window(-0.03, 0.36, 0.03, 0.43)
    turn = pen.rng.uniform(0.3, 1.2)
    for sail in range(4):
        _sail(pen, turn + sail * math.pi / 2)
    pen.oval(0, 0.6, 0.03, 0.03, "4a3024")


def _sail(pen: Pen, angle: float) -> None:
    along, across = (math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))

    def at(reach: float, side: float) -> tuple[float, float]:
        return along[0] * reach + across[0] * side, 0.6 + along[1] * reach + across[1] * side

    pen.fill([at(0.1, 0.0), at(0.1, 0.085), at(0.4, 0.085), at(0.4, 0.0)], "f3e8d2", volume=0.1)
    pen.bar(at(0, 0), at(0.42, 0), 0.022, "5b3a2a")
    for rung in (0.18, 0.26, 0.34):
        pen.bar(at(rung, 0), at(rung, 0.085), 0.008, "8a6a50")


def lantern(pen: Pen) -> None:
    """A glowing paper lantern on a post."""
    glow = pen.dyed("ffb84a")
    pen.bar((-0.2, 0), (-0.2, 0.98), 0.035, "4a3428")
    pen.bar((-0.22, 0.95), (0.1, 0.95), 0.03, "4a3428")
    pen.bar((0.05, 0.95), (0.05, 0.86), 0.012, "4a3428")
    pen.oval(0.05, 0.7, 0.13, 0.16, glow, volume=0.2, lit=True)
    pen.oval(0.05, 0.69, 0.06, 0.1, mix(glow, from_hex("fff6d0"), 0.7), volume=0, lit=True)
    pen.box(-0.01, 0.84, 0.11, 0.87, "6b2f22")
    pen.box(-0.01, 0.53, 0.11, 0.56, "6b2f22")
    pen.shine(0.05, 0.7, 0.6, glow, 0.6)
