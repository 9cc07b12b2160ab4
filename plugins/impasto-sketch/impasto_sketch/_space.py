"""Space: nebulae and stars over the rim of a world."""

import math
from random import Random

from PIL import Image, ImageChops

from impasto_sketch._chance import clouded
from impasto_sketch._colours import WHITE, Colour, from_hex, gradient, mix, shift
from impasto_sketch._stage import Spot, Stage, row
from impasto_sketch._study import Study, ellipse, flow_of
from impasto_sketch._view import View


def space(study: Study, view: View, rng: Random) -> Stage:
    """Nebulae and stars over the rim of a world."""
    size = (view.width, view.height)
    study.colour.paste(gradient((from_hex("05061a"), from_hex("0b1034"), from_hex("1c1440")), size))
    for hue in rng.sample(("7a3fa8", "2f6fc0", "d0508a", "2fa8a0", "e8803f"), 3):
        _nebula(study, view, rng, from_hex(hue))
    _star_dust(study, view, rng)
    return Stage(ground=_world(study, view, rng))


def _nebula(study: Study, view: View, rng: Random, hue: Colour) -> None:
    size = study.colour.size
    across = max(3, round(3 * view.width / view.unit))
    mask = clouded(rng, size, (across, max(3, round(3 * view.height / view.unit))))
    mask = mask.point([max(0, min(210, round((level - 128) * 2.6))) for level in range(256)])
    shine = Image.composite(
        Image.new("RGB", size, shift(hue, value=0.75)), Image.new("RGB", size), mask
    )
    study.colour.paste(ImageChops.screen(study.colour, shine))
    turn = rng.uniform(-0.9, 0.9)
    study.flow.paste(
        flow_of(turn, 0.4), (0, 0), mask.point([min(255, level * 2) for level in range(256)])
    )


def _star_dust(study: Study, view: View, rng: Random) -> None:
    for _ in range(min(420, round(150 * view.width * view.height / view.unit**2))):
        x, y = rng.uniform(0, view.width), rng.uniform(0, view.height)
        size = view.unit * 0.002 * (1 + rng.expovariate(1.2))
        tone = mix(from_hex(rng.choice(("ffe9b0", "cfe0ff", "ffd0c0"))), WHITE, 0.4)
        study.glow(x, y, size * 4, tone, 0.4)
        study.shape(ellipse(x, y, size, size), tone, volume=0, detail=1.0)


def _world(study: Study, view: View, rng: Random) -> tuple[Spot, ...]:
    """Let the rim of a moon rise from the lower edge, with craters."""
    ground = from_hex(rng.choice(("b8a898", "c87f5a", "9aa8b8")))
    radius = max(view.width, view.unit) * 1.05
    x, top = view.width / 2, view.height - min(view.unit * 0.2, view.height * 0.22)
    study.glow(x, top + radius, radius * 1.12, mix(ground, (120, 170, 255), 0.6), 0.6)
    rim = [
        (x + radius * math.cos(a), top + radius - radius * math.sin(a))
        for a in [math.pi * s / 60 for s in range(61)]
    ]
    study.shape(rim, mix(ground, from_hex("141830"), 0.25), volume=0, angle=0.0, detail=0.5)
    for _ in range(18):
        cx = rng.uniform(0, view.width)
        rise = top + radius - math.sqrt(max(0.0, radius**2 - (cx - x) ** 2))
        cy = rise + view.unit * rng.uniform(0.03, 0.24)
        wide = view.unit * rng.uniform(0.015, 0.06)
        study.shape(
            ellipse(cx, cy, wide, wide * 0.32),
            mix(ground, from_hex("10142a"), 0.6),
            volume=0,
            angle=0.0,
            detail=0.6,
        )
        study.shape(
            ellipse(cx, cy + wide * 0.16, wide * 0.9, wide * 0.2),
            mix(ground, WHITE, 0.25),
            volume=0,
            angle=0.0,
            detail=0.6,
        )
    return row(view, top + view.unit * 0.07, 0.8)
