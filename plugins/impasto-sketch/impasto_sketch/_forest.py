"""The forest: firs in ranks round a clearing."""

import math
from random import Random

from impasto_sketch import _terrain as terrain
from impasto_sketch._colours import Colour, from_hex, mix, vary
from impasto_sketch._stage import Stage, row
from impasto_sketch._study import Study, ellipse
from impasto_sketch._view import View


def forest(study: Study, view: View, rng: Random) -> Stage:
    """Firs in ranks, each rank darker, round a clearing."""
    palette = view.palette
    haze = palette.sky[-1]
    for rank in range(4):
        base = view.horizon + view.unit * (0.02 + 0.035 * rank)
        colour = mix(
            mix(palette.foliage, palette.dark, 0.15 + 0.1 * rank), haze, 0.62 - 0.18 * rank
        )
        if rank < 3:
            _firs(study, view, rng, base, view.unit * (0.3 + 0.11 * rank), colour, rank)
    far = mix(palette.near, haze, 0.25)
    terrain.floor(
        study,
        view,
        top=view.horizon + view.unit * 0.07,
        far=far,
        near=mix(palette.near, palette.dark, 0.35),
    )
    _dapple(study, view, rng)
    if view.scene.season != "winter":
        terrain.grass(
            study, view, rng, top=view.horizon + view.unit * 0.07, colour=palette.near, count=260
        )
    _frame_of_trees(study, view, rng)
    return Stage(ground=row(view, view.horizon + (view.height - view.horizon) * 0.55, 1.0))


def _firs(
    study: Study, view: View, rng: Random, base: float, tall: float, colour: Colour, rank: int
) -> None:
    """Stand a rank of firs, with a gap where the light is."""
    step = tall * 0.2
    x = -step
    gap = view.width - view.focus
    while x < view.width + step:
        x += step * rng.uniform(0.5, 1.3)
        near_gap = math.exp(-(((x - gap) / (view.unit * 0.2)) ** 2))
        high = tall * rng.uniform(0.7, 1.2) * (1 - 0.55 * near_gap)
        fir(
            study, view, rng, x, base + rng.uniform(0, 0.02) * view.unit, high, vary(colour, rng, 8)
        )


def fir(
    study: Study, view: View, rng: Random, x: float, base: float, high: float, colour: Colour
) -> None:
    """Draw one fir of the background."""
    snow = mix(colour, view.palette.seen((240, 244, 252)), 0.6)
    for tier in range(5):
        low = base - high * tier * 0.17
        wide = high * 0.2 * (1 - tier / 5.6)
        skirt = [
            (x, low - high * 0.34),
            (x + wide, low),
            (x + wide * 0.4, low - high * 0.03),
            (x - wide * 0.3, low + high * 0.01),
            (x - wide, low - high * 0.01),
        ]
        study.shape(
            skirt,
            vary(colour, rng, 6),
            volume=0.25,
            light=view.towards_light(x, low),
            angle=1.3,
            detail=0.55,
        )
        if view.scene.season == "winter":
            cap = [
                (x, low - high * 0.34),
                (x + wide * 0.75, low - high * 0.05),
                (x, low - high * 0.13),
                (x - wide * 0.7, low - high * 0.06),
            ]
            study.shape(cap, snow, volume=0, angle=0.6, detail=0.6)


def _dapple(study: Study, view: View, rng: Random) -> None:
    """Lay patches of light and long shadows on the ground."""
    palette = view.palette
    top = view.horizon + view.unit * 0.08
    for share in sorted(rng.random() for _ in range(46)):
        y = top + (view.height - top) * share
        long = view.unit * (0.05 + 0.12 * share) * rng.uniform(0.6, 1.4)
        tone = rng.choice(
            (
                mix(palette.near, palette.light, 0.45),
                mix(palette.near, mix(palette.dark, palette.cloud_shade, 0.5), 0.5),
            )
        )
        study.shape(
            ellipse(rng.uniform(0, view.width), y, long, long * 0.11, rng.uniform(-0.12, 0.12)),
            tone,
            volume=0,
            angle=0.05,
            detail=0.48,
            opacity=0.6,
        )


def _frame_of_trees(study: Study, view: View, rng: Random) -> None:
    """Put dark trunks close to the viewer, at the sides."""
    bark = mix(view.palette.seen(from_hex("6a4c3c")), view.palette.dark, 0.45)
    for x in (0.03, 0.13, 0.93, 0.985):
        foot = (
            view.height * rng.uniform(0.9, 0.99)
            if x in (0.03, 0.985)
            else view.horizon + view.unit * 0.2
        )
        wide = view.unit * rng.uniform(0.022, 0.04)
        left = view.width * x
        sway = rng.uniform(-0.03, 0.03) * view.unit
        trunk = [
            (left - wide * 1.3, foot),
            (left - wide * 0.8, foot - wide * 3),
            (left - wide * 0.7 + sway, -10),
            (left + wide * 0.7 + sway, -10),
            (left + wide * 0.8, foot - wide * 3),
            (left + wide * 1.5, foot),
        ]
        study.shape(
            trunk,
            bark,
            volume=0.2,
            light=view.towards_light(left, view.horizon),
            angle=math.pi / 2,
            detail=0.62,
        )
        if view.scene.season == "winter":
            rim = [
                (left - wide * 0.75, foot - wide * 3),
                (left - wide * 0.7 + sway, -10),
                (left - wide * 0.35 + sway, -10),
                (left - wide * 0.45, foot - wide * 3),
            ]
            study.shape(
                rim,
                view.palette.seen((236, 241, 250)),
                volume=0,
                angle=math.pi / 2,
                detail=0.6,
                opacity=0.75,
            )
