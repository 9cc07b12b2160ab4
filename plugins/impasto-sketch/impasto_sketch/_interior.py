"""The room: a table with a cloth before a wall."""

import math
from random import Random

from impasto_sketch._colours import WHITE, Colour, from_hex, gradient, mix, vary
from impasto_sketch._stage import Spot, Stage
from impasto_sketch._study import Study, ellipse
from impasto_sketch._view import View


def interior(study: Study, view: View, rng: Random) -> Stage:
    """A table before a wall, light from one side."""
    palette = view.palette
    tint = view.scene.tint or view.scene.ground_tint
    wall = palette.seen(
        tint or from_hex(rng.choice(("3f7f86", "b8823f", "5f8a5f", "4a629a", "b8604a")))
    )
    side = -1 if view.light.x < view.width / 2 else 1
    top, bottom = mix(wall, palette.dark, 0.5), mix(wall, (255, 236, 200), 0.25)
    study.colour.paste(gradient((top, wall, bottom), (view.width, round(view.horizon) + 2)))
    corner = (view.width * (0.5 + side * 0.45), view.height * 0.12)
    study.glow(*corner, view.unit * 0.95, from_hex("ffd890"), 0.6 * (1 - 0.6 * palette.dim))
    _plaster(study, view, rng)
    edge = view.horizon
    wood = palette.seen(from_hex("9a6234"))
    table = [
        (-5, edge),
        (view.width + 5, edge),
        (view.width + 5, view.height + 5),
        (-5, view.height + 5),
    ]
    study.shape(table, wood, volume=0, angle=0.0, detail=0.45)
    _planks(study, view, rng, wood, edge)
    cloth = palette.seen(from_hex(rng.choice(("f3e8d4", "f3e8d4", "d8604a", "e8d09a", "4a78a8"))))
    middle = view.width * 0.5 + (view.focus - view.width * 0.5) * 0.25
    _cloth(study, view, rng, cloth, middle)
    y = edge + (view.height - edge) * 0.34
    spots = (
        (0.0, 0.0),
        (-0.29, 0.14),
        (0.3, 0.17),
        (-0.13, 0.26),
        (0.12, 0.3),
        (0.4, 0.06),
        (-0.4, 0.02),
    )
    return Stage(
        ground=tuple(
            Spot(middle + dx * view.unit, y + dy * view.unit * 0.7, 1.25) for dx, dy in spots
        )
    )


def _plaster(study: Study, view: View, rng: Random) -> None:
    """Let the strokes on the wall slant down from the light."""
    side = -1 if view.light.x < view.width / 2 else 1
    for _ in range(60):
        x, y = rng.uniform(0, view.width), rng.uniform(0, view.horizon)
        here = study.colour.getpixel((int(x) % view.width, int(y) % view.height))
        if isinstance(here, tuple):
            tone = vary((here[0], here[1], here[2]), rng, 16)
            turn = -side * rng.uniform(0.5, 1.1)
            study.shape(
                ellipse(x, y, view.unit * 0.09, view.unit * 0.04, turn),
                tone,
                volume=0,
                angle=turn,
                detail=0.3,
                opacity=0.6,
            )


def _planks(study: Study, view: View, rng: Random, wood: Colour, edge: float) -> None:
    for _ in range(70):
        share = rng.random()
        y = edge + (view.height - edge) * share
        tone = mix(
            vary(wood, rng, 18),
            view.palette.light if rng.random() < 0.4 else view.palette.dark,
            0.22,
        )
        study.shape(
            ellipse(rng.uniform(0, view.width), y, view.unit * 0.16, view.unit * 0.012),
            tone,
            volume=0,
            angle=0.0,
            detail=0.45,
            opacity=0.6,
        )


def _cloth(study: Study, view: View, rng: Random, cloth: Colour, middle: float) -> None:
    """Throw a cloth over the table, its folds falling towards the viewer."""
    unit, edge = view.unit, view.horizon
    low = view.height + 0.1 * unit
    outline = [
        (middle - unit * 0.46, edge + unit * 0.035),
        (middle + unit * 0.4, edge + unit * 0.05),
        (middle + unit * 0.62, low),
        (middle - unit * 0.66, low),
    ]
    study.shape(outline, cloth, volume=0, angle=0.1, detail=0.5)
    for _ in range(26):
        share = rng.random()
        x = middle + rng.uniform(-0.44, 0.44) * unit * (1 + 0.4 * share)
        y = edge + unit * 0.06 + (view.height - edge) * share
        turn = math.pi / 2 - (x - middle) / unit * 0.9 + rng.gauss(0, 0.25)
        tone = rng.choice(
            (
                mix(cloth, (96, 100, 140), 0.3),
                mix(cloth, WHITE, 0.5),
                mix(cloth, view.palette.light, 0.4),
            )
        )
        long = unit * rng.uniform(0.05, 0.11)
        study.shape(
            ellipse(x, y, long, long * 0.16, turn),
            tone,
            volume=0,
            angle=turn,
            detail=0.5,
            opacity=0.6,
        )
