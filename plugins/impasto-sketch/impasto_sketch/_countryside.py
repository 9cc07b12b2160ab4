"""The countryside: hills, mountains, fields, lakes, rivers, deserts."""

import math
from random import Random

from impasto_sketch import _terrain as terrain
from impasto_sketch._colours import Colour, from_hex, mix, vary
from impasto_sketch._stage import Spot, Stage, afloat, row
from impasto_sketch._study import Point, Study, ellipse, rounded
from impasto_sketch._view import View


def countryside(study: Study, view: View, rng: Random) -> Stage:
    """Hills behind hills, and a path."""
    _backdrop(study, view, rng, base=view.horizon)
    line: list[Point] = []
    for index in range(3):
        base = view.horizon + (view.height - view.horizon) * (0.06 + 0.21 * index)
        colour = mix(view.palette.middle, view.palette.near, 0.35 + 0.3 * index)
        line = terrain.hills(
            study,
            view,
            rng,
            base=base,
            tall=view.unit * (0.03 + 0.012 * index),
            colour=vary(colour, rng, 10),
        )
        if index < 2:
            terrain.far_trees(
                study,
                view,
                rng,
                line,
                size=view.unit * (0.045 + 0.03 * index),
                colour=mix(_wood(view), view.palette.foliage, 0.4 * index),
            )
    terrain.grass(
        study,
        view,
        rng,
        top=max(y for _, y in line) + view.unit * 0.02,
        colour=view.palette.near,
        count=260,
    )
    _path(study, view, rng, terrain.height_at(line, view.focus) + view.unit * 0.02)
    return Stage(ground=row(view, terrain.height_at(line, view.focus) + view.unit * 0.07, 1.0))


def mountain(study: Study, view: View, rng: Random) -> Stage:
    """Two ranges over a valley."""
    base = view.horizon + view.unit * 0.04
    room = min(view.horizon, view.unit)
    terrain.mountains(study, view, rng, base=base, tall=room * 0.5, depth=0.6, count=4)
    terrain.mountains(study, view, rng, base=base, tall=room * 0.36, depth=0.25, count=3)
    line = terrain.hills(
        study,
        view,
        rng,
        base=view.horizon,
        tall=view.unit * 0.035,
        colour=mix(view.palette.middle, view.palette.far, 0.3),
    )
    terrain.far_trees(study, view, rng, line, size=view.unit * 0.06, colour=_wood(view))
    line = terrain.hills(
        study,
        view,
        rng,
        base=view.horizon + (view.height - view.horizon) * 0.3,
        tall=view.unit * 0.045,
        colour=view.palette.near,
    )
    terrain.far_trees(study, view, rng, line, size=view.unit * 0.1, colour=view.palette.foliage)
    terrain.grass(
        study, view, rng, top=max(y for _, y in line), colour=view.palette.near, count=220
    )
    return Stage(ground=row(view, terrain.height_at(line, view.focus) + view.unit * 0.06, 1.0))


def lake(study: Study, view: View, rng: Random) -> Stage:
    """A lake between far woods and a near bank."""
    _backdrop(study, view, rng, base=view.horizon)
    line = _bank(study, view, rng, view.horizon)
    terrain.far_trees(study, view, rng, line, size=view.unit * 0.07, colour=_wood(view))
    top = view.horizon + view.unit * 0.012
    terrain.water(study, view, rng, top=top, rough=0.12)
    shore = view.height - (view.height - view.horizon) * 0.34
    _near_bank(study, view, rng, shore)
    return Stage(ground=row(view, shore + view.unit * 0.075, 1.0), water=afloat(view, top))


def _near_bank(study: Study, view: View, rng: Random, top: float) -> None:
    """Draw a grassy bank across the lower edge, higher below the focus."""
    side = 1 if view.focus > view.width / 2 else -1
    lift = view.unit * 0.1
    far_end, near_end = (0 - 10, view.width + 10) if side > 0 else (view.width + 10, -10)
    middle = view.focus - side * view.unit * 0.3
    line = [
        (far_end, view.height + lift * 0.4),
        (middle - side * view.unit * 0.2, view.height - lift * 0.1),
        (middle, top + lift * 0.95),
        (view.focus, top + lift * 0.45),
        (near_end, top + lift * 0.2),
        (near_end, view.height + 40),
        (far_end, view.height + 60),
    ]
    colour = mix(view.palette.near, view.palette.dark, 0.12)
    study.shape(rounded(line), colour, volume=0, angle=-0.15 * side, detail=0.5)
    _tufts(study, view, rng, [point for point in rounded(line) if point[1] < view.height])


def _tufts(study: Study, view: View, rng: Random, line: list[Point]) -> None:
    """Grow grass from a bank's edge down."""
    for _ in range(min(700, round(320 * view.width / view.unit))):
        x, y = rng.choice(line)
        x += rng.uniform(-0.05, 0.05) * view.unit
        y += rng.random() ** 1.5 * (view.height - y)
        long = view.unit * rng.uniform(0.018, 0.045)
        _blade(study, view, rng, (x, y), long)


def _blade(study: Study, view: View, rng: Random, foot: Point, long: float) -> None:
    """Draw one tuft of grass."""
    base = mix(view.palette.near, view.palette.foliage, rng.random())
    tone = rng.choice((mix(base, view.palette.dark, 0.3), base, mix(base, view.palette.light, 0.3)))
    turn = -math.pi / 2 + rng.gauss(0.1, 0.35)
    study.shape(ellipse(*foot, long, long * 0.24, turn), tone, volume=0, angle=turn, detail=0.55)


def river(study: Study, view: View, rng: Random) -> Stage:
    """A river that winds towards the viewer."""
    _backdrop(study, view, rng, base=view.horizon)
    line = _bank(study, view, rng, view.horizon + view.unit * 0.02)
    terrain.far_trees(study, view, rng, line, size=view.unit * 0.09, colour=_wood(view))
    top = view.horizon + view.unit * 0.05
    terrain.water(study, view, rng, top=top, rough=0.2)
    phase = rng.uniform(0, 6)
    for side in (-1, 1):
        _river_bank(study, view, rng, side, top, phase)
    middle, side = view.width / 2, 1 if view.focus > view.width / 2 else -1
    high = view.height - top
    afloat_at = (
        (0.05, 0.4, 0.8),
        (-0.06, 0.18, 0.45),
        (0.08, 0.72, 1.0),
        (0.0, 0.1, 0.3),
        (-0.1, 0.6, 0.9),
    )
    ashore_at = ((0.35, 0.45), (-0.34, 0.35), (0.42, 0.2), (-0.42, 0.7), (0.3, 0.12))
    return Stage(
        ground=tuple(
            Spot(middle + side * x * view.unit, top + high * share, 0.5 + share)
            for x, share in ashore_at
        ),
        water=tuple(
            Spot(middle + x * view.unit, top + high * share, scale) for x, share, scale in afloat_at
        ),
    )


def _river_bank(study: Study, view: View, rng: Random, side: int, top: float, phase: float) -> None:
    """Lay one bank, its edge winding towards the viewer."""
    unit, middle = view.unit, view.width / 2
    edge = middle + side * (middle + 12)
    line = []
    for step in range(12):
        share = step / 11
        wave = math.sin(share**0.7 * 6 + phase) * (0.05 + 0.09 * share) * (1.1 - share)
        reach = 0.06 + 0.26 * share**1.2
        line.append((middle + unit * (wave + side * reach), top + (view.height + 10 - top) * share))
    colour = mix(view.palette.near, view.palette.middle, 0.2)
    study.shape(
        [(edge, top - unit * 0.02), *line, (edge, view.height + 20)],
        colour,
        volume=0,
        angle=-0.3 * side,
        detail=0.5,
    )
    for share in sorted(rng.random() for _ in range(min(600, round(190 * view.width / unit)))):
        y = top + (view.height - top) * share
        shore = terrain.across_at(line, y)
        long = unit * (0.012 + 0.035 * share) * rng.uniform(0.7, 1.3)
        x = shore + side * (long * 0.6 + abs(edge - shore) * rng.random() ** 1.4)
        _blade(study, view, rng, (x, y), long)


def field(study: Study, view: View, rng: Random) -> Stage:
    """A field in furrows under a wide sky."""
    _backdrop(study, view, rng, base=view.horizon)
    line = _bank(study, view, rng, view.horizon)
    terrain.far_trees(study, view, rng, line, size=view.unit * 0.05, colour=_wood(view))
    top = view.horizon + view.unit * 0.015
    terrain.floor(
        study,
        view,
        top=top,
        far=mix(view.palette.near, view.palette.light, 0.25),
        near=mix(view.palette.near, view.palette.dark, 0.3),
    )
    _furrows(study, view, rng, top)
    terrain.grass(study, view, rng, top=top, colour=view.palette.near)
    return Stage(ground=row(view, top + (view.height - top) * 0.2, 1.0))


def _furrows(study: Study, view: View, rng: Random, top: float) -> None:
    """Let rows run to a vanishing point on the horizon."""
    vanish = (view.width - view.focus, top - view.unit * 0.02)
    for index in range(-14, 15):
        x = vanish[0] + index * view.unit * 0.16
        wide = view.unit * 0.035
        tone = mix(
            view.palette.near, view.palette.dark if index % 2 else view.palette.foliage, 0.35
        )
        row = [vanish, (x + wide, view.height + 4), (x - wide, view.height + 4)]
        study.shape(
            [(px, max(py, top)) for px, py in row],
            tone,
            volume=0,
            angle=math.atan2(view.height - vanish[1], x - vanish[0]),
            detail=0.45,
            opacity=0.7,
        )


def desert(study: Study, view: View, rng: Random) -> Stage:
    """Dunes, their lee in shadow."""
    sand = view.palette.seen(from_hex("e2b06a"))
    terrain.hills(
        study,
        view,
        rng,
        base=view.horizon - view.unit * 0.02,
        tall=view.unit * 0.04,
        colour=mix(view.palette.far, sand, 0.35),
    )
    for index in range(4):
        base = view.horizon + (view.height - view.horizon) * (0.02 + 0.2 * index)
        _dune(
            study, view, rng, base, vary(mix(sand, view.palette.light, 0.12 * (3 - index)), rng, 8)
        )
    return Stage(ground=row(view, view.horizon + (view.height - view.horizon) * 0.5, 1.0))


def _dune(study: Study, view: View, rng: Random, base: float, sand: Colour) -> None:
    """Roll one dune across the picture, its lee in shadow."""
    line = terrain.hills(
        study, view, rng, base=base, tall=view.unit * 0.055, colour=sand, rough=0.15
    )
    shade = mix(sand, mix(view.palette.dark, view.palette.cloud_shade, 0.5), 0.5)
    away = 1 if view.light.x < view.width / 2 else -1
    for index in range(3, len(line) - 3):
        if line[index][1] < line[index - 3][1] and line[index][1] < line[index + 3][1]:
            _lee(study, view, line, index, away, shade)


def _lee(study: Study, view: View, line: list[Point], index: int, away: int, shade: Colour) -> None:
    crest = line[index]
    end = max(0, min(len(line) - 1, index + away * 9))
    rim = line[index : end + 1] if away > 0 else line[end : index + 1][::-1]
    foot = (crest[0] - away * view.unit * 0.12, crest[1] + view.unit * 0.2)
    bend = (crest[0] + away * view.unit * 0.07, crest[1] + view.unit * 0.1)
    study.shape(
        [
            *rim,
            (rim[-1][0], rim[-1][1] + view.unit * 0.06),
            bend,
            foot,
            (crest[0] - away * view.unit * 0.02, crest[1] + view.unit * 0.06),
        ],
        shade,
        volume=0,
        angle=0.6 * away,
        detail=0.5,
        opacity=0.55,
    )


def _path(study: Study, view: View, rng: Random, top: float) -> None:
    """Wind a path from the lower edge up to the horizon of the near hill."""
    end = view.width * 0.5 + (view.focus - view.width * 0.5) * 0.4
    start = view.width - view.focus + rng.uniform(-0.1, 0.1) * view.unit
    left, right = [], []
    for step in range(12):
        share = step / 11
        y = view.height + 6 - (view.height + 6 - top) * share
        x = start + (end - start) * share + math.sin(share * 5) * view.unit * 0.09 * (1 - share)
        wide = view.unit * (0.09 * (1 - share) ** 1.4 + 0.006)
        left.append((x - wide, y))
        right.append((x + wide, y))
    colour = mix(view.palette.near, view.palette.seen(from_hex("e6cfa0")), 0.6)
    study.shape([*left, *reversed(right)], colour, volume=0.15, angle=-0.9, detail=0.45)


def _backdrop(study: Study, view: View, rng: Random, *, base: float) -> None:
    """Paint what is far away: mountains or blue hills."""
    if "mountain" in view.scene.features or rng.random() < 0.45:
        terrain.mountains(
            study, view, rng, base=base + 4, tall=view.unit * 0.24, depth=0.55, count=4
        )
    for index, share in ((0, 0.55), (1, 0.25)):
        colour = mix(
            mix(view.palette.far, view.palette.middle, index * 0.6),
            view.palette.sky[-1],
            share * 0.7,
        )
        terrain.hills(
            study,
            view,
            rng,
            base=base - view.unit * (0.05 - 0.03 * index),
            tall=view.unit * 0.035,
            colour=colour,
        )


def _bank(study: Study, view: View, rng: Random, y: float) -> list[Point]:
    colour = mix(view.palette.middle, view.palette.near, 0.5)
    return terrain.hills(study, view, rng, base=y, tall=view.unit * 0.012, colour=colour)


def _wood(view: View) -> Colour:
    return mix(view.palette.foliage, view.palette.far, 0.35)
