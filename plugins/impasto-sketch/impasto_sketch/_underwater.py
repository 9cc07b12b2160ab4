"""Under water: shafts of light, weeds, bubbles."""

import math
from itertools import pairwise
from random import Random

from attrs import evolve

from impasto_sketch import _terrain as terrain
from impasto_sketch._colours import WHITE, Colour, from_hex, gradient, mix, vary
from impasto_sketch._stage import Spot, Stage, row
from impasto_sketch._study import Point, Study, ellipse
from impasto_sketch._view import View


def underwater(study: Study, view: View, rng: Random) -> Stage:
    """Shafts of light through the sea, weeds and coral below."""
    tint = view.scene.tint or view.scene.ground_tint or from_hex("1f8fb0")
    deep = mix(tint, from_hex("06203f"), 0.72)
    study.colour.paste(
        gradient(
            (mix(tint, WHITE, 0.65), mix(tint, WHITE, 0.2), tint, deep), (view.width, view.height)
        )
    )
    for _ in range(7):
        _shaft(study, view, rng, tint)
    bed = view.height - view.unit * 0.12
    sand = mix(from_hex("d8c08a"), deep, 0.5)
    flat = evolve(view, horizon=bed)
    terrain.hills(study, flat, rng, base=bed, tall=view.unit * 0.03, colour=sand)
    for share in sorted(rng.random() for _ in range(max(9, round(11 * view.width / view.unit)))):
        _weed(study, view, rng, rng.uniform(0, view.width), bed + view.unit * 0.1 * share)
    _bubbles(study, view, rng)
    other = view.width - view.focus
    water = tuple(
        Spot(x, view.height * y, scale)
        for x, y, scale in (
            (view.focus, 0.56, 2.2),
            (other, 0.36, 1.3),
            (view.width * 0.5, 0.75, 1.1),
            (view.width * 0.2, 0.7, 0.8),
            (view.width * 0.8, 0.24, 0.8),
        )
    )
    return Stage(ground=row(view, bed + view.unit * 0.02, 0.8), water=water)


def _shaft(study: Study, view: View, rng: Random, tint: Colour) -> None:
    x, lean = rng.uniform(0, view.width), rng.uniform(0.1, 0.35) * view.unit
    wide = view.unit * rng.uniform(0.03, 0.08)
    long = view.height * rng.uniform(0.5, 0.85)
    beam = [
        (x - wide * 0.5, -4),
        (x + wide * 0.5, -4),
        (x + lean + wide, long),
        (x + lean - wide, long),
    ]
    study.shape(beam, mix(tint, WHITE, 0.6), volume=0, opacity=0.28, detail=0.4)


def _weed(study: Study, view: View, rng: Random, x: float, foot: float) -> None:
    tone = from_hex(rng.choice(("2f8a5a", "5fa84a", "e0607a", "f0944a", "a85fc0")))
    tone = mix(tone, from_hex("0f4a6a"), 0.3)
    high, phase = view.unit * rng.uniform(0.1, 0.28), rng.uniform(0, 6)
    for blade in range(5):
        spine: list[Point] = [
            (
                x + (blade - 2) * high * 0.1 * (1 + s / 5) + math.sin(phase + s) * high * 0.05,
                foot - high * s / 7 * (1 - abs(blade - 2) * 0.14),
            )
            for s in range(8)
        ]
        for start, stop in pairwise(spine):
            angle = math.atan2(stop[1] - start[1], stop[0] - start[0])
            study.shape(
                ellipse(
                    (start[0] + stop[0]) / 2,
                    (start[1] + stop[1]) / 2,
                    high * 0.1,
                    high * 0.035,
                    angle,
                ),
                vary(tone, rng, 18),
                volume=0,
                angle=angle,
                detail=0.6,
            )


def _bubbles(study: Study, view: View, rng: Random) -> None:
    for _ in range(26):
        size = view.unit * rng.uniform(0.003, 0.011)
        x, y = rng.uniform(0, view.width), rng.uniform(0, view.height * 0.85)
        study.shape(ellipse(x, y, size, size), (214, 240, 246), volume=0, detail=0.9, opacity=0.6)
