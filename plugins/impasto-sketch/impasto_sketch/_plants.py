"""Motifs that grow."""

import math
from itertools import pairwise

from impasto_sketch._colours import Colour, from_hex, mix, vary
from impasto_sketch._pen import Pen
from impasto_sketch._study import Point


def tree(pen: Pen) -> None:
    """A broad tree in the leaf of the season."""
    _trunk(pen)
    _crown(pen, pen.colour or pen.palette.foliage, seen=pen.colour is None)


def blossom(pen: Pen) -> None:
    """A tree in flower."""
    _trunk(pen)
    _crown(pen, pen.dyed("f5a9c4"), seen=False)


def _trunk(pen: Pen) -> None:
    bark = "5a4034"
    pen.fill([(-0.07, 0), (-0.035, 0.3), (-0.04, 0.5), (0.04, 0.5), (0.035, 0.3), (0.08, 0)], bark)
    pen.bar((0, 0.38), (-0.24, 0.62), 0.05, bark, end=0.02)
    pen.bar((0, 0.42), (0.22, 0.66), 0.05, bark, end=0.02)


def _crown(pen: Pen, leaf: Colour, *, seen: bool) -> None:
    """Heap up leaves, dark and low ones first."""
    rng, light = pen.rng, pen.towards_light
    shade = mix(leaf, pen.palette.dark, 0.45)
    bright = mix(leaf, from_hex("fff0b0"), 0.4)
    clumps = []
    for _ in range(60):
        angle, reach = rng.uniform(0, math.tau), rng.random() ** 0.6
        clumps.append((0.36 * reach * math.cos(angle), 0.66 + 0.29 * reach * math.sin(angle)))
    clumps.sort(key=lambda clump: clump[0] * light[0] - clump[1] * light[1])
    for index, (x, y) in enumerate(clumps):
        share = index / len(clumps)
        colour = mix(shade, leaf, share * 2) if share < 0.5 else mix(leaf, bright, share * 2 - 1)
        wide = rng.uniform(0.05, 0.1) * (1.2 - 0.6 * share)
        turn = rng.uniform(-0.9, 0.9)
        pen.oval(x, y, wide, wide * 0.7, vary(colour, rng, 14), volume=0.1, turn=turn, lit=seen)
        dx, dy = rng.uniform(-wide, wide), rng.uniform(-wide, wide) * 0.7
        pen.oval(x + dx, y + dy, 0.026, 0.016, vary(colour, rng, 34), volume=0, turn=turn, lit=seen)


def pine(pen: Pen) -> None:
    """A fir, with snow on it in winter."""
    needles = pen.colour or mix(pen.palette.foliage, from_hex("1f4a3c"), 0.55)
    snowy = pen.season == "winter"
    pen.box(-0.03, 0, 0.03, 0.16, "4a342a")
    for tier in range(7):
        low, wide = 0.1 + tier * 0.12, 0.27 * (1 - tier / 7.6)
        high = min(1.0, low + 0.24)
        skirt: list[Point] = [(0, high)]
        for step in range(7):
            x = wide * (1 - step / 3)
            skirt.append((x, low + (0.035 if step % 2 else 0) + pen.rng.uniform(-0.01, 0.01)))
        pen.fill(skirt, vary(needles, pen.rng, 10), volume=0.3, angle=1.25, lit=pen.colour is None)
        if snowy:
            cap = [
                (0, high),
                (wide * 0.7, low + 0.075),
                (wide * 0.3, low + 0.1),
                (0, low + 0.08),
                (-wide * 0.35, low + 0.105),
                (-wide * 0.75, low + 0.07),
            ]
            pen.fill(cap, "eef3fb", volume=0.2, angle=0.5)


def cypress(pen: Pen) -> None:
    """A flame of a cypress."""
    leaf = pen.dyed("2f5a3c")
    pen.curve(
        [(-0.1, 0), (-0.14, 0.3), (-0.09, 0.65), (0, 1.0), (0.1, 0.6), (0.14, 0.3), (0.1, 0)],
        leaf,
        volume=0.16,
    )
    for _ in range(16):
        y = pen.rng.uniform(0.05, 0.8)
        x = pen.rng.uniform(-0.09, 0.09) * (1 - y * 0.7)
        pen.oval(
            x,
            y,
            0.016,
            0.08,
            vary(mix(leaf, from_hex("9fb84a"), 0.3), pen.rng, 20),
            volume=0,
            turn=x,
        )


def palm(pen: Pen) -> None:
    """A leaning palm."""
    lean = pen.rng.choice((-1, 1)) * 0.16
    spine = [(lean * (step / 8) ** 2, step * 0.1) for step in range(9)]
    for start, stop in pairwise(spine):
        pen.bar(start, stop, 0.06, "8a6648", end=0.05)
    top = spine[-1]
    leaf = pen.dyed("3f8a4a")
    for frond in range(11):
        angle = math.pi * (frond / 10) * 1.3 - 0.5
        out = (
            top[0] + 0.36 * math.cos(angle),
            top[1] + 0.2 * math.sin(angle) - 0.06 * abs(math.cos(angle)),
        )
        bend = (top[0] + 0.2 * math.cos(angle), top[1] + 0.2 * math.sin(angle) + 0.04)
        pen.curve([top, bend, out, (bend[0], bend[1] - 0.06)], vary(leaf, pen.rng, 26), volume=0.2)
    for side in (-0.03, 0.03):
        pen.oval(top[0] + side, top[1] - 0.02, 0.025, 0.03, "6b4428")


def cactus(pen: Pen) -> None:
    """A saguaro with two arms."""
    green = pen.dyed("4f8a56")
    for start, bend, tip in (
        ((0, 0.4), (-0.24, 0.42), (-0.24, 0.72)),
        ((0, 0.3), (0.22, 0.32), (0.22, 0.58)),
    ):
        pen.bar(start, bend, 0.1, green)
        pen.bar(bend, tip, 0.11, green, volume=0.5)
        pen.oval(*tip, 0.055, 0.055, green)
        pen.oval(*bend, 0.055, 0.055, green)
    pen.box(-0.085, 0, 0.085, 0.92, green, volume=0.5)
    pen.oval(0, 0.92, 0.085, 0.08, green)
    for x in (-0.045, 0, 0.045):
        pen.bar((x, 0.02), (x, 0.94), 0.012, mix(green, from_hex("16301c"), 0.4), volume=0)
    for x, y in ((0, 1.0), (-0.24, 0.79)):
        pen.oval(x, y, 0.04, 0.03, "f08fb0")


def mushroom(pen: Pen) -> None:
    """A red toadstool and its child."""
    _toadstool(pen, 0.24, 0.5)
    _toadstool(pen, -0.08, 1.0)


def _toadstool(pen: Pen, x: float, size: float) -> None:
    cap = pen.dyed("d23a2c")
    pen.curve(
        [
            (x - 0.12 * size, 0),
            (x - 0.08 * size, 0.3 * size),
            (x - 0.09 * size, 0.58 * size),
            (x + 0.09 * size, 0.58 * size),
            (x + 0.08 * size, 0.3 * size),
            (x + 0.13 * size, 0),
        ],
        "f3e9d8",
    )
    pen.oval(x, 0.55 * size, 0.3 * size, 0.06 * size, "d9c4a8")
    pen.curve(
        [
            (x - 0.4 * size, 0.54 * size),
            (x - 0.32 * size, 0.8 * size),
            (x, 0.99 * size),
            (x + 0.32 * size, 0.8 * size),
            (x + 0.4 * size, 0.54 * size),
            (x, 0.6 * size),
        ],
        cap,
        volume=0.5,
    )
    for dx, dy, radius in (
        (-0.2, 0.7, 0.05),
        (0.02, 0.84, 0.06),
        (0.2, 0.68, 0.055),
        (-0.02, 0.66, 0.035),
        (0.12, 0.88, 0.03),
        (-0.13, 0.86, 0.035),
    ):
        pen.oval(x + dx * size, dy * size, radius * size, radius * 0.8 * size, "fff6e8", volume=0.2)


def sunflower(pen: Pen) -> None:
    """One great sunflower."""
    lean = pen.rng.uniform(-0.06, 0.06)
    head = (lean, 0.8)
    pen.bar((0, 0), head, 0.035, "4f7f33")
    pen.curve([(0, 0.3), (0.15, 0.42), (0.27, 0.38), (0.14, 0.29)], "5c9440", volume=0.3)
    pen.curve([(0, 0.2), (-0.15, 0.34), (-0.28, 0.3), (-0.14, 0.2)], "4f8638", volume=0.3)
    petal = pen.dyed("f8c52a")
    for ring, reach in ((0, 0.155), (1, 0.125)):
        for step in range(15):
            angle = (step + ring / 2) * math.tau / 15
            x, y = head[0] + reach * math.cos(angle), head[1] + reach * math.sin(angle)
            tone = mix(vary(petal, pen.rng, 18), from_hex("e88a1a"), 0.35 * (1 - ring))
            pen.oval(x, y, 0.068, 0.026, tone, volume=0, turn=angle)
    pen.oval(*head, 0.092, 0.092, "5e3418", volume=0.4)
    pen.oval(*head, 0.05, 0.05, "3a2012", volume=0.3)


def poppy(pen: Pen) -> None:
    """A poppy on its thin stem."""
    _bloom(pen, pen.dyed("e2382c"), petals=5, wide=0.13, eye="2a1a20")


def flower(pen: Pen) -> None:
    """A meadow flower of any colour."""
    _bloom(
        pen,
        pen.dyed(pen.rng.choice(("f6f0e4", "f2b632", "d86aa8", "7f7fe0", "f08a5a"))),
        petals=7,
        wide=0.11,
        eye="f0b92c",
    )


def _bloom(pen: Pen, colour: Colour, *, petals: int, wide: float, eye: str) -> None:
    x = pen.rng.uniform(-0.12, 0.12)
    pen.bar((0, 0), (x, 0.8), 0.03, "5a8a3c")
    pen.curve([(0, 0.1), (0.12, 0.35), (0.16, 0.4), (0.05, 0.15)], "5a9040")
    for petal in range(petals):
        angle = petal * math.tau / petals + 0.3
        pen.oval(
            x + wide * math.cos(angle),
            0.82 + wide * 0.85 * math.sin(angle),
            wide * 0.95,
            wide * 0.7,
            vary(colour, pen.rng, 22),
            volume=0.15,
            turn=angle,
        )
    pen.oval(x, 0.82, wide * 0.45, wide * 0.4, eye, volume=0.2)


def tulip(pen: Pen) -> None:
    """A tulip between two leaves."""
    colour = pen.dyed(pen.rng.choice(("e0453a", "f2b53a", "e87aa0", "8a4aa8", "f4ece0")))
    pen.bar((0, 0), (0, 0.7), 0.035, "5a9040")
    pen.curve([(0, 0), (0.16, 0.3), (0.2, 0.55), (0.06, 0.25)], "4f8a3c")
    pen.curve([(0, 0), (-0.15, 0.25), (-0.2, 0.48), (-0.05, 0.2)], "5c9848")
    pen.fill(
        [
            (-0.13, 0.97),
            (-0.15, 0.75),
            (0, 0.64),
            (0.15, 0.75),
            (0.13, 0.97),
            (0.06, 0.86),
            (0, 1.0),
            (-0.06, 0.86),
        ],
        colour,
        volume=0.4,
    )


def lavender(pen: Pen) -> None:
    """A sheaf of lavender."""
    for step in range(7):
        x = (step - 3) * 0.09
        pen.bar((x * 0.3, 0), (x, 0.6), 0.015, "6f8a5a")
        for rise in range(6):
            tone = vary(pen.dyed("8a62c8"), pen.rng, 26)
            pen.oval(x * (1 + rise * 0.05), 0.5 + rise * 0.085, 0.04, 0.05, tone, volume=0)
