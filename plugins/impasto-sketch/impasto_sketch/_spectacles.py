"""Spectacles of nature: the volcano and the waterfall."""

import math
from random import Random

from impasto_sketch import _terrain as terrain
from impasto_sketch._colours import WHITE, Colour, from_hex, mix, vary
from impasto_sketch._stage import Spot, Stage, row
from impasto_sketch._study import Point, Study, ellipse
from impasto_sketch._view import View


def volcano(study: Study, view: View, rng: Random) -> Stage:
    """A burning mountain above dark hills."""
    palette, u = view.palette, view.unit
    x, base = view.width - view.focus, view.horizon + u * 0.05
    high = min(view.horizon * 0.7, u * 0.42)
    top = base - high
    for step in range(16):
        wide = u * (0.04 + 0.011 * step)
        smoke = (x + step * u * 0.014 + rng.gauss(0, 0.02) * u, top - step * u * 0.03)
        tone = mix(
            mix(palette.cloud_shade, from_hex("3a3038"), 0.5),
            from_hex("ff8a40"),
            max(0.0, 0.5 - step * 0.06),
        )
        study.shape(
            ellipse(*smoke, wide, wide * 0.75),
            vary(tone, rng, 10),
            volume=0.4,
            light=(0.0, 1.0),
            detail=0.4,
        )
    study.glow(x, top, u * 0.4, from_hex("ff7a2c"), 0.8)
    rock = mix(palette.far, from_hex("4a3438"), 0.5)
    cone = [
        (x - high * 1.5, base + u * 0.12),
        (x - high * 0.62, base - high * 0.5),
        (x - u * 0.06, top),
        (x, top + u * 0.012),
        (x + u * 0.06, top),
        (x + high * 0.62, base - high * 0.48),
        (x + high * 1.5, base + u * 0.12),
    ]
    study.shape(cone, rock, volume=0.4, light=view.towards_light(x, top), angle=1.0, detail=0.5)
    for _ in range(5):
        _lava(study, view, rng, (x + rng.uniform(-0.05, 0.05) * u, top), high)
    line = terrain.hills(
        study,
        view,
        rng,
        base=view.horizon + u * 0.05,
        tall=u * 0.04,
        colour=mix(palette.near, palette.dark, 0.35),
    )
    terrain.far_trees(
        study, view, rng, line, size=u * 0.06, colour=mix(palette.foliage, palette.dark, 0.4)
    )
    terrain.grass(
        study,
        view,
        rng,
        top=max(y for _, y in line),
        colour=mix(palette.near, palette.dark, 0.3),
        count=220,
    )
    return Stage(ground=row(view, view.horizon + (view.height - view.horizon) * 0.5, 1.0))


def _lava(study: Study, view: View, rng: Random, start: Point, high: float) -> None:
    side = (start[0] - (view.width - view.focus)) / view.unit * 22
    for step in range(12):
        x = start[0] + side * step * view.unit * 0.009 + rng.gauss(0, 0.004) * view.unit
        y = start[1] + high * step * 0.055
        size = view.unit * 0.012 * (1 - step / 15)
        study.shape(
            ellipse(x, y, size, size * 1.9),
            mix(from_hex("ffe27a"), from_hex("f0401c"), step / 11),
            volume=0,
            angle=1.4,
            detail=0.7,
        )


def waterfall(study: Study, view: View, rng: Random) -> Stage:
    """Water that falls between cliffs into a pool."""
    palette, u = view.palette, view.unit
    x = view.width - view.focus
    pool = view.horizon + u * 0.14
    rock = mix(palette.seen(from_hex("766a64")), palette.far, 0.25)
    crown = max(view.height * 0.12, view.horizon - u * 0.46)
    face = [
        (-10, crown - u * 0.05),
        (x - u * 0.2, crown + u * 0.02),
        (x, crown + u * 0.05),
        (x + u * 0.2, crown + u * 0.01),
        (view.width + 10, crown - u * 0.08),
        (view.width + 10, pool + 4),
        (-10, pool + 4),
    ]
    study.shape(face, rock, volume=0.0, angle=math.pi / 2, detail=0.5)
    _strata(study, view, rng, (crown, pool), rock)
    for side in range(2):
        line = [
            (view.width * s / 10, crown + u * (0.0 + 0.05 * side) + rng.uniform(-0.02, 0.02) * u)
            for s in range(11)
        ]
        terrain.far_trees(
            study,
            view,
            rng,
            line,
            size=u * 0.1,
            colour=vary(mix(palette.foliage, palette.far, 0.25), rng, 14),
        )
    _fall(study, view, rng, x, crown + u * 0.03, pool)
    terrain.water(study, view, rng, top=pool, rough=0.2)
    for _ in range(50):
        wide = u * rng.uniform(0.02, 0.06)
        study.shape(
            ellipse(x + rng.gauss(0, 0.1) * u, pool + rng.gauss(0.0, 0.014) * u, wide, wide * 0.5),
            palette.seen((236, 244, 250)),
            volume=0,
            detail=0.45,
            opacity=0.6,
        )
    return Stage(
        ground=row(view, view.height - (view.height - pool) * 0.18, 0.9),
        water=(Spot(view.focus, pool + u * 0.12, 0.8), Spot(x, pool + u * 0.2, 0.8)),
    )


def _strata(
    study: Study, view: View, rng: Random, between: tuple[float, float], rock: Colour
) -> None:
    for _ in range(min(360, round(160 * view.width / view.unit))):
        x, y = rng.uniform(0, view.width), rng.uniform(between[0] + view.unit * 0.04, between[1])
        size = view.unit * rng.uniform(0.02, 0.05)
        tone = rng.choice(
            (
                mix(rock, view.palette.light, 0.3),
                mix(rock, view.palette.dark, 0.45),
                mix(rock, view.palette.foliage, 0.5),
            )
        )
        study.shape(
            ellipse(x, y, size * 0.45, size, rng.uniform(-0.25, 0.25)),
            tone,
            volume=0,
            angle=1.5,
            detail=0.5,
            opacity=0.8,
        )


def _fall(study: Study, view: View, rng: Random, x: float, top: float, pool: float) -> None:
    tone = mix(view.palette.seen((226, 240, 248)), view.palette.water, 0.15)
    for _ in range(190):
        share = rng.random()
        dx = rng.gauss(0, 0.3) * view.unit * (0.1 + 0.08 * share)
        y = top + (pool - top) * share
        long = view.unit * rng.uniform(0.03, 0.08)
        shade = rng.choice((mix(tone, WHITE, 0.5), tone, mix(tone, view.palette.water, 0.4)))
        study.shape(
            ellipse(x + dx, y, long * 0.16, long), shade, volume=0, angle=math.pi / 2, detail=0.6
        )
