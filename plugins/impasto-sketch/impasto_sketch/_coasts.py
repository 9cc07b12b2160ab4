"""Coasts: the open sea, the headland, the beach, the island, the cliff."""

import math
from random import Random

from impasto_sketch import _terrain as terrain
from impasto_sketch._colours import Colour, from_hex, mix, vary
from impasto_sketch._motifs import MOTIFS, Realm
from impasto_sketch._stage import Spot, Stage, afloat, along, row
from impasto_sketch._study import Study, ellipse, rounded
from impasto_sketch._view import View


def sea(study: Study, view: View, rng: Random) -> Stage:
    """Open water to the horizon, with a headland when something must stand on land."""
    rough = _roughness(view)
    if rng.random() < 0.6 or "mountain" in view.scene.features:
        side = view.width * rng.choice((0.1, 0.9))
        _far_coast(study, view, rng, side)
    if "mountain" in view.scene.features:
        terrain.mountains(
            study, view, rng, base=view.horizon + 2, tall=view.unit * 0.3, depth=0.5, count=4
        )
    terrain.water(study, view, rng, top=view.horizon, rough=rough)
    ground = _headland(study, view, rng) if _grounded(view) else ()
    return Stage(ground=ground, water=afloat(view, view.horizon))


def _roughness(view: View) -> float:
    """Return how high the sea goes, 0 to 1."""
    if view.scene.weathers & {"storm", "wind"}:
        return 0.95
    return 0.1 if view.scene.mood == "calm" else 0.35


def beach(study: Study, view: View, rng: Random) -> Stage:
    """A strip of sand before the sea."""
    if rng.random() < 0.7:
        _far_coast(study, view, rng, view.width * rng.choice((0.1, 0.9)))
    terrain.water(study, view, rng, top=view.horizon, rough=0.25)
    sand = view.palette.seen(from_hex("ecd3a0"))
    shore = view.horizon + (view.height - view.horizon) * 0.5
    for lift, tone in (
        (0.03, mix(view.palette.cloud, view.palette.water, 0.2)),
        (0.012, mix(sand, view.palette.water, 0.45)),
        (0.0, sand),
    ):
        wave = [
            (
                view.width * s / 20,
                shore - view.unit * lift + view.unit * 0.03 * math.sin(s * 0.7 + view.focus),
            )
            for s in range(21)
        ]
        study.shape(
            [
                (-8, wave[0][1]),
                *wave,
                (view.width + 8, wave[-1][1]),
                (view.width + 8, view.height + 4),
                (-8, view.height + 4),
            ],
            tone,
            volume=0,
            angle=0.05,
            detail=0.5,
        )
    return Stage(
        ground=row(view, shore + (view.height - shore) * 0.35, 1.0),
        water=afloat(view, view.horizon)[1:],
    )


def island(study: Study, view: View, rng: Random) -> Stage:
    """A green hump in the sea."""
    terrain.water(study, view, rng, top=view.horizon, rough=0.25)
    x, y = view.focus, view.horizon + view.unit * 0.1
    wide = view.unit * 0.36
    study.shape(
        ellipse(x, y + view.unit * 0.01, wide * 1.08, view.unit * 0.045),
        mix(view.palette.cloud, view.palette.water, 0.3),
        volume=0,
        angle=0.0,
        detail=0.6,
    )
    study.shape(
        ellipse(x, y, wide, view.unit * 0.04),
        view.palette.seen(from_hex("e8cc98")),
        volume=0.3,
        angle=0.0,
        detail=0.6,
        subject=True,
    )
    hump = [
        (x + wide * 0.8 * math.cos(a), y - view.unit * 0.1 * math.sin(a) * rng.uniform(0.85, 1.1))
        for a in [math.pi * s / 12 for s in range(13)]
    ]
    study.shape(
        rounded(hump),
        mix(view.palette.near, view.palette.foliage, 0.5),
        volume=0.5,
        light=view.towards_light(x, y),
        detail=0.6,
        subject=True,
    )
    top = y - view.unit * 0.075
    return Stage(
        ground=(
            Spot(x, top, 0.85),
            Spot(x + wide * 0.45, top + view.unit * 0.03, 0.6),
            Spot(x - wide * 0.45, top + view.unit * 0.03, 0.6),
            Spot(x - wide * 0.2, top, 0.5),
            Spot(x + wide * 0.2, top, 0.5),
        ),
        water=afloat(view, view.horizon)[1:],
    )


def cliff(study: Study, view: View, rng: Random) -> Stage:
    """A high rock over rough water."""
    rough = 1.0 if "storm" in view.scene.weathers else 0.5
    sea = view.horizon + view.unit * 0.06
    terrain.water(study, view, rng, top=sea, rough=rough)
    side = 1 if view.focus > view.width / 2 else -1
    crown = view.horizon - view.unit * 0.05
    foot = min(view.height - view.unit * 0.04, view.horizon + view.unit * 0.3)
    _rock(study, view, rng, view.focus - side * view.unit * 0.3, side, (crown, foot))
    return Stage(ground=along(view, crown + view.unit * 0.02, side), water=afloat(view, sea)[1:])


def _far_coast(study: Study, view: View, rng: Random, x: float) -> None:
    """Let a blue cape run out along the horizon from *x*."""
    colour = mix(view.palette.far, view.palette.sky[-1], 0.3)
    wide, high = view.unit * rng.uniform(0.35, 0.6), view.unit * rng.uniform(0.03, 0.07)
    line = [
        (x + wide * math.cos(a), view.horizon + 2 - high * math.sin(a) * rng.uniform(0.7, 1.1))
        for a in [math.pi * s / 14 for s in range(15)]
    ]
    study.shape(line, colour, volume=0.2, angle=0.1, detail=0.5)


def _grounded(view: View) -> bool:
    """Tell whether the prompt names something that needs land to stand on."""
    named = [MOTIFS[s.name] for s in view.scene.subjects if s.name in MOTIFS]
    return any(motif.realm is Realm.GROUND for motif in named)


def _headland(study: Study, view: View, rng: Random) -> tuple[Spot, ...]:
    """Push a rocky point into the sea under the focus."""
    side = 1 if view.focus > view.width / 2 else -1
    crown = view.horizon + view.unit * 0.05
    foot = min(view.height - view.unit * 0.03, view.horizon + view.unit * 0.27)
    _rock(study, view, rng, view.focus - side * view.unit * 0.27, side, (crown, foot))
    return along(view, crown + view.unit * 0.02, side)


def _rock(
    study: Study, view: View, rng: Random, tip: float, side: int, heights: tuple[float, float]
) -> None:
    """Build a rock from *tip* out of the picture at *side*, between two *heights*, grass on it."""
    unit, palette = view.unit, view.palette
    crown, foot = heights
    edge = view.width + unit * 0.3 if side > 0 else -unit * 0.3
    stone = palette.seen(from_hex("8a7468"))
    body = [
        (tip, crown + unit * 0.05),
        (tip - side * unit * 0.02, foot),
        (edge, foot),
        (edge, crown),
    ]
    study.shape(body, stone, volume=0, angle=1.4, detail=0.6, subject=True)
    _facets(study, view, rng, (tip, edge, crown, foot), stone)
    _boulders(study, view, rng, tip, edge, foot, stone)
    _foam(study, view, rng, tip - side * unit * 0.06, edge, foot + unit * 0.012)
    turf = [
        (tip - side * unit * 0.012, crown + unit * 0.045),
        (tip + side * unit * 0.1, crown + unit * 0.002),
        (view.focus, crown - unit * 0.012),
        (edge, crown - unit * 0.05),
        (edge, crown + unit * 0.08),
        (view.focus, crown + unit * 0.055),
        (tip + side * unit * 0.1, crown + unit * 0.065),
    ]
    light = view.towards_light(view.focus, crown)
    study.shape(
        rounded(turf),
        palette.near,
        volume=0.35,
        light=light,
        angle=-0.1 * side,
        detail=0.6,
        subject=True,
    )
    _fringe(study, view, rng, tip, edge, crown + unit * 0.05)


def _facets(
    study: Study, view: View, rng: Random, face: tuple[float, float, float, float], stone: Colour
) -> None:
    """Break the face of a rock into slabs, brighter where they turn to the light."""
    tip, edge, crown, foot = face
    unit, palette = view.unit, view.palette
    bright = mix(stone, palette.light, 0.5)
    dark = mix(stone, mix(palette.dark, palette.cloud_shade, 0.35), 0.62)
    side = 1 if edge > tip else -1
    # From the back to the tip and from above downwards, so that slabs overlap like shingle.
    columns = math.ceil(abs(edge - tip) / (0.065 * unit))
    for tier in range(4):
        for column in range(columns, -1, -1):
            x = tip + side * unit * (0.065 * column + rng.uniform(-0.035, 0.02))
            y = crown + (foot - crown) * (tier + rng.uniform(0.0, 0.8)) / 4
            wide, high = unit * rng.uniform(0.04, 0.085), unit * rng.uniform(0.07, 0.15)
            level = rng.random() * 0.7 + (
                0.3 if column < 4 and (view.light.x - x) * side < 0 else 0
            )
            lean = side * unit * rng.uniform(-0.025, 0.005)
            slab = [
                (x, y),
                (x + side * wide, y + high * 0.15),
                (x + side * wide * 0.8 + lean, y + high),
                (x + lean, y + high * 0.8),
            ]
            low = [(px, min(py, foot)) for px, py in slab]
            study.shape(
                low,
                mix(dark, bright, level),
                volume=0.2,
                light=view.towards_light(x, y),
                angle=1.2 * side,
                detail=0.55,
                subject=True,
            )


def _boulders(
    study: Study, view: View, rng: Random, tip: float, edge: float, foot: float, stone: Colour
) -> None:
    for _ in range(16):
        x = rng.uniform(min(tip, edge), max(tip, edge))
        size = view.unit * rng.uniform(0.015, 0.04)
        light = view.towards_light(x, foot)
        study.shape(
            ellipse(x, foot - size * 0.2, size, size * 0.7),
            vary(stone, rng, 20),
            volume=0.5,
            light=light,
            detail=0.6,
            subject=True,
        )


def _fringe(study: Study, view: View, rng: Random, tip: float, edge: float, y: float) -> None:
    """Let grass hang over the edge of a rock."""
    for _ in range(70):
        x = rng.uniform(min(tip, edge), max(tip, edge))
        long = view.unit * rng.uniform(0.012, 0.03)
        tone = rng.choice(
            (
                view.palette.foliage,
                view.palette.near,
                mix(view.palette.near, view.palette.light, 0.35),
            )
        )
        turn = math.pi / 2 + rng.gauss(0, 0.3)
        lift = rng.uniform(-0.05, 0.015) * view.unit
        study.shape(
            ellipse(x, y + lift, long, long * 0.3, turn), tone, volume=0, angle=turn, detail=0.6
        )


def _foam(study: Study, view: View, rng: Random, tip: float, edge: float, foot: float) -> None:
    for _ in range(46):
        x = rng.uniform(min(tip, edge), max(tip, edge))
        long = view.unit * rng.uniform(0.015, 0.05)
        y = foot - view.unit * rng.uniform(-0.012, 0.02)
        study.shape(
            ellipse(x, y, long, long * 0.22),
            mix(view.palette.cloud, view.palette.water, rng.uniform(0, 0.4)),
            volume=0,
            angle=0.0,
            detail=0.6,
        )
