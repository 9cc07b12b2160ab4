"""The city: houses along a street, and their lights in it when it is wet."""

import math
from random import Random

from attrs import evolve

from impasto_sketch import _terrain as terrain
from impasto_sketch._chance import chance
from impasto_sketch._colours import Colour, from_hex, mix, vary
from impasto_sketch._stage import Stage, row
from impasto_sketch._study import Study, ellipse
from impasto_sketch._view import View


def city(study: Study, view: View, rng: Random) -> Stage:
    """A street between houses; when it is wet, the lights stand in it upside down."""
    palette = view.palette
    for rank in range(3):
        haze = (0.62, 0.34, 0.08)[rank]
        colour = mix(mix(palette.dark, palette.middle, 0.5), palette.sky[-2], haze)
        _houses(study, view, rng, rank, colour)
    wet = bool(view.scene.weathers & {"rain", "storm"}) or palette.dim > 0.5
    stone = (
        mix(palette.middle, palette.dark, 0.35)
        if wet
        else mix(palette.cloud_shade, palette.seen(from_hex("c9b8a4")), 0.6)
    )
    street = evolve(
        view, palette=evolve(palette, water=stone), light=evolve(view.light, colour=stone)
    )
    _lamps(study, view, rng)
    terrain.water(
        study, street, rng, top=view.horizon + view.unit * 0.05, rough=0.02 if wet else 0.6
    )
    _mirrored_lamps(study, view)
    top = view.horizon + view.unit * 0.05
    return Stage(ground=row(view, top + (view.height - top) * 0.42, 1.0))


def _houses(study: Study, view: View, rng: Random, rank: int, colour: Colour) -> None:
    base = view.horizon + view.unit * 0.06
    x = -view.unit * 0.05
    while x < view.width:
        wide = view.unit * rng.uniform(0.07, 0.13) * (1 + 0.25 * rank)
        aside = abs(x + wide / 2 - view.width / 2) / (view.width / 2)
        if rank < 2 or aside > 0.5:
            high = view.unit * (0.16 + 0.1 * rank + 0.26 * aside**1.5) * rng.uniform(0.75, 1.15)
            _facade(study, view, rng, (x, base - high, x + wide, base), vary(colour, rng, 16), rank)
        x += wide * rng.uniform(0.95, 1.12)


def _facade(
    study: Study,
    view: View,
    rng: Random,
    box: tuple[float, float, float, float],
    colour: Colour,
    rank: int,
) -> None:
    left, top, right, base = box
    warm = mix(
        colour,
        view.palette.seen(from_hex(rng.choice(("c8785a", "d8a870", "8a9ab0", "b06a5a", "9a8a78")))),
        0.15 + 0.25 * rank,
    )
    study.shape(
        [(left, base), (left, top), (right, top), (right, base)],
        warm,
        volume=0.12,
        angle=math.pi / 2,
        detail=0.62,
    )
    if rng.random() < 0.4:
        peak = top - (right - left) * 0.4
        study.shape(
            [(left, top + 1), ((left + right) / 2, peak), (right, top + 1)],
            mix(warm, view.palette.dark, 0.35),
            volume=0.2,
            detail=0.62,
            angle=0.8,
        )
    lit_share = 0.55 if view.palette.dim > 0.35 or view.scene.weathers & {"rain", "storm"} else 0.0
    size = view.unit * 0.0105 * (1 + 0.3 * rank)
    for column in range(1, int((right - left) / (size * 2.6))):
        for line in range(1, int((base - top) / (size * 3.4))):
            x, y = left + column * size * 2.6, top + line * size * 3.4
            lit = rng.random() < lit_share * (0.35 + 0.3 * rank)
            tone = (
                from_hex(rng.choice(("ffd27a", "ffb84f", "ffe6a8")))
                if lit
                else mix(warm, view.palette.dark, 0.4)
            )
            study.shape(
                [
                    (x - size * 0.6, y - size),
                    (x + size * 0.6, y - size),
                    (x + size * 0.6, y + size),
                    (x - size * 0.6, y + size),
                ],
                tone,
                volume=0,
                angle=math.pi / 2,
                detail=0.85,
                opacity=1 if lit else 0.7,
            )


def _lamp_places(view: View) -> list[tuple[float, float]]:
    """Return where street lamps stand and how tall they are, both sides, the near ones taller."""
    return [
        (view.width * (0.5 + side * (0.56 - share)), view.unit * (0.34 - 0.5 * share))
        for share in (0.16, 0.27, 0.4)
        for side in (-1, 1)
    ]


def _lamps(study: Study, view: View, rng: Random) -> None:
    base = view.horizon + view.unit * 0.06
    for x, high in _lamp_places(view):
        thick = high * 0.012 + 1
        study.shape(
            [
                (x - thick, base),
                (x - thick, base - high),
                (x + thick, base - high),
                (x + thick, base),
            ],
            view.palette.dark,
            volume=0,
            detail=0.9,
        )
        study.shape(
            ellipse(x, base - high, high * 0.05, high * 0.065),
            from_hex("ffe9b0"),
            volume=0,
            detail=0.95,
        )
        if view.palette.dim > 0.3 or view.scene.weathers:
            study.glow(x, base - high, high * 0.6, from_hex("ffb860"), 0.7)


def _mirrored_lamps(study: Study, view: View) -> None:
    if not (view.palette.dim > 0.3 or view.scene.weathers & {"rain", "storm"}):
        return
    rng = chance(view.seed, "wet")
    top = view.horizon + view.unit * 0.05
    for x, high in _lamp_places(view):
        for step in range(16):
            y = top + high * (0.5 + step * 0.09)
            wide = view.unit * rng.uniform(0.01, 0.026) * (1 - step / 22)
            study.shape(
                ellipse(x + rng.gauss(0, 0.004) * view.unit, y, wide, wide * 0.3),
                from_hex(rng.choice(("ffc46a", "ffdf9a", "f29a4a"))),
                volume=0,
                angle=0.0,
                detail=0.62,
                opacity=0.75 - step * 0.03,
            )
