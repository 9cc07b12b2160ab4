"""The makings of a landscape: ridges, hills, water, grass, far trees."""

import math
from itertools import pairwise
from random import Random

from PIL import Image, ImageFilter, ImageOps

from impasto_sketch._colours import WHITE, Colour, from_hex, mix, vary
from impasto_sketch._study import Point, Study, ellipse, flow_of
from impasto_sketch._view import View


def ridge(rng: Random, width: float, rough: float, steps: int = 64) -> list[float]:
    """Return *steps* + 1 heights between about -1 and 1 of a skyline *width* units long."""
    waves = [
        (rng.uniform(0.5, 1.1) * octave, rng.uniform(0, math.tau), rough**index)
        for index, octave in enumerate((1, 2.3, 4.9, 9.7, 18.1))
    ]
    total = sum(strength for _, _, strength in waves)
    return [
        sum(s * math.sin(p + f * width * 4 * step / steps) for f, p, s in waves) / total * 1.6
        for step in range(steps + 1)
    ]


def mountains(
    study: Study, view: View, rng: Random, *, base: float, tall: float, depth: float, count: int
) -> None:
    """Raise a range about *tall* pixels high, *depth* (0 to 1) deep in haze.

    *count* is the number of peaks in a square picture; a wide one has more.
    """
    count = max(count, round(count * view.width / view.unit * 0.8))
    palette = view.palette
    haze = mix(palette.sky[-1], palette.far, 0.35)
    body = mix(mix(palette.far, palette.middle, 0.35), haze, depth)
    lit = mix(mix(body, palette.light, 0.34), haze, depth * 0.4)
    snow = mix(palette.seen(from_hex("f6f8fc")), haze, depth * 0.6)
    spread = view.width / count
    peaks = [
        ((index + rng.uniform(0.1, 0.9)) * spread, tall * rng.uniform(0.55, 1.0))
        for index in range(-1, count + 1)
    ]
    for x, high in sorted(peaks, key=lambda peak: -peak[1]):
        _peak(study, view, rng, (x, base - high), base, (body, lit, snow))


def _peak(
    study: Study,
    view: View,
    rng: Random,
    top: Point,
    base: float,
    colours: tuple[Colour, Colour, Colour],
) -> None:
    body, lit, snow = colours
    high = base - top[1]
    left = _flank(rng, top, base, -high * rng.uniform(1.1, 1.9))
    right = _flank(rng, top, base, high * rng.uniform(1.1, 1.9))
    spine = _flank(rng, top, base, high * rng.uniform(-0.2, 0.2), rough=0.1)
    shade = mix(body, view.palette.dark, 0.22)
    sunny, other = (left, right) if view.light.x < top[0] else (right, left)
    study.shape([*other, *reversed(spine)], shade, volume=0, angle=_steepness(other), detail=0.5)
    study.shape(
        [*sunny, *reversed(spine)],
        mix(body, lit, 0.75),
        volume=0,
        angle=_steepness(sunny),
        detail=0.5,
    )
    for rib in range(5):
        start = spine[1 + rib]
        reach = high * rng.uniform(0.12, 0.3)
        side = 1 if sunny is right else -1
        fin = [
            start,
            (start[0] + side * reach, start[1] + reach * 1.3),
            (start[0] + side * reach * 0.35, start[1] + reach * 1.25),
        ]
        study.shape(fin, mix(shade, body, 0.4), volume=0, angle=_steepness(fin), detail=0.55)
    _snow(study, rng, (sunny, spine, other), snow, mix(snow, shade, 0.45))


def _snow(
    study: Study,
    rng: Random,
    lines: tuple[list[Point], list[Point], list[Point]],
    bright: Colour,
    shaded: Colour,
) -> None:
    sunny, spine, other = lines
    for flank, colour in ((other, shaded), (sunny, bright)):
        reach = 3
        fringe = [
            (
                mid[0] + (out[0] - mid[0]) * share,
                max(mid[1], out[1]) + (out[1] - flank[0][1]) * rng.uniform(-0.35, 0.2),
            )
            for share in (0.8, 0.6, 0.4, 0.2)
            for mid, out in ((spine[reach], flank[reach]),)
        ]
        study.shape(
            [*flank[: reach + 1], *fringe, *reversed(spine[: reach + 1])],
            colour,
            volume=0,
            angle=_steepness(flank),
            detail=0.6,
        )


def _flank(rng: Random, top: Point, base: float, run: float, rough: float = 0.07) -> list[Point]:
    steps = 9
    high = base - top[1]
    return [
        (
            top[0]
            + run * (step / steps) ** 1.12
            + (rng.uniform(-rough, rough) * high if step else 0),
            top[1] + high * step / steps,
        )
        for step in range(steps + 1)
    ]


def _steepness(line: list[Point]) -> float:
    middle = line[len(line) // 2]
    return math.atan2(middle[1] - line[0][1], middle[0] - line[0][0])


def hills(
    study: Study,
    view: View,
    rng: Random,
    *,
    base: float,
    tall: float,
    colour: Colour,
    detail: float = 0.45,
    rough: float = 0.35,
) -> list[Point]:
    """Lay a line of hills over everything below it; return its skyline."""
    heights = ridge(rng, view.width / view.unit, rough)
    steps = len(heights) - 1
    line = [(view.width * i / steps, base - tall * h) for i, h in enumerate(heights)]
    line = [(-8, line[0][1]), *line, (view.width + 8, line[-1][1])]
    floor = view.height + 4
    study.shape(
        [*line, (view.width + 8, floor), (-8, floor)], colour, volume=0, angle=0.0, detail=detail
    )
    _model_hill(study, view, line, colour, detail, tall)
    return line


def _model_hill(
    study: Study, view: View, line: list[Point], colour: Colour, detail: float, tall: float
) -> None:
    """Let strokes follow the slope, light where it faces the light."""
    deep = max(tall * 2.2, view.unit * 0.08)
    for start, stop in pairwise(line):
        slope = math.atan2(stop[1] - start[1], stop[0] - start[0])
        facing = -math.sin(slope) * (1 if view.light.x > start[0] else -1)
        share = max(-0.45, min(0.45, facing * 1.1))
        tone = (
            mix(colour, view.palette.light, share)
            if share > 0
            else mix(colour, view.palette.dark, -share * 0.6)
        )
        for band, opacity in ((0.45, 0.6), (1.0, 0.4)):
            quad = [
                start,
                (stop[0] + 1, stop[1]),
                (stop[0] + 1, stop[1] + deep * band),
                (start[0], start[1] + deep * band),
            ]
            study.shape(quad, tone, volume=0, angle=slope * 1.2, detail=detail, opacity=opacity)


def far_trees(
    study: Study, view: View, rng: Random, line: list[Point], *, size: float, colour: Colour
) -> None:
    """Stand woods along the skyline *line*, in groups."""
    gap = 0.0
    step = max(1.0, size * 0.34)
    x = 0.0
    while x < view.width:
        x += step * rng.uniform(0.6, 1.4)
        gap = rng.uniform(2, 9) * size if rng.random() < 0.05 else max(0.0, gap - step)
        if gap > 0:
            continue
        y = height_at(line, x)
        high = size * rng.uniform(0.45, 1.0)
        tone = vary(colour, rng, 12)
        study.shape(
            ellipse(x, y - high * 0.3, high * 0.42, high * 0.6),
            tone,
            volume=0.4,
            light=view.towards_light(x, y),
            detail=0.6,
            angle=1.3,
        )


def height_at(line: list[Point], x: float) -> float:
    """Return the height of the skyline *line* at *x*."""
    for start, stop in pairwise(line):
        if start[0] <= x <= stop[0] and stop[0] > start[0]:
            return start[1] + (stop[1] - start[1]) * (x - start[0]) / (stop[0] - start[0])
    return line[-1][1]


def across_at(line: list[Point], y: float) -> float:
    """Return where the line of a shore, given downwards, crosses the height *y*."""
    return height_at([(down, across) for across, down in line], y)


def water(study: Study, view: View, rng: Random, *, top: float, rough: float) -> None:
    """Fill everything below *top* with water that mirrors what stands above; *rough* 0 to 1."""
    high = max(2, math.ceil(view.height - top))
    reach = min(round(top), round(high * 1.4))
    above = study.colour.crop((0, round(top) - reach, view.width, round(top)))
    mirror = (
        ImageOps.flip(above)
        .resize((view.width, high))
        .filter(ImageFilter.BoxBlur((view.unit / 40, view.unit / 90)))
    )
    deep = Image.new("RGB", mirror.size, view.palette.water)
    share = (
        Image.linear_gradient("L")
        .resize(mirror.size)
        .point([min(255, round(90 + 80 * rough + level * 0.4)) for level in range(256)])
    )
    study.colour.paste(Image.composite(deep, mirror, share), (0, round(top)))
    study.flow.paste(flow_of(0.0, 0.42), (0, round(top), view.width, view.height))
    _ripples(study, view, rng, top, rough)
    _glitter(study, view, rng, top)


def _ripples(study: Study, view: View, rng: Random, top: float, rough: float) -> None:
    """Break the mirror with dashes, small far off and long near by."""
    palette = view.palette
    count = min(900, round(300 * view.width / view.unit))
    tones = (
        mix(palette.water, palette.dark, 0.45),
        mix(palette.water, palette.sky[1], 0.6),
        mix(palette.water, palette.sky[-1], 0.55),
        mix(palette.water, WHITE, 0.35),
    )
    for share in sorted(rng.random() ** 1.5 for _ in range(count)):
        y = top + (view.height - top) * share
        long = view.unit * (0.012 + 0.085 * share) * rng.uniform(0.5, 1.5)
        x = rng.uniform(0, view.width)
        thick = max(1.2, long * rng.uniform(0.08, 0.13 + 0.12 * rough))
        tone = tones[min(3, int(rng.random() * (3.2 + 0.8 * rough)))]
        turn = rng.uniform(-0.5, 0.5) * rough
        study.shape(
            ellipse(x, y, long, thick, turn), tone, volume=0, angle=turn, detail=0.5, opacity=0.72
        )
        if rough > 0.5 and rng.random() < 0.3:
            crest = ellipse(x - long * 0.2, y - thick * 0.9, long * 0.55, thick * 0.45, turn)
            study.shape(
                crest,
                mix(palette.cloud, WHITE, 0.35),
                volume=0,
                angle=turn,
                detail=0.7,
                opacity=0.9,
            )


def _glitter(study: Study, view: View, rng: Random, top: float) -> None:
    """Lay the path of light on the water."""
    if view.scene.weathers & {"storm", "rain", "fog"}:
        return
    for share in sorted(rng.random() ** 1.4 for _ in range(120)):
        y = top + (view.height - top) * share * 0.97
        x = view.light.x + rng.gauss(0, 0.028 + 0.075 * share) * view.unit
        long = view.unit * (0.012 + 0.04 * share) * rng.uniform(0.5, 1.4)
        tone = mix(view.palette.light, view.palette.sky[-1], rng.uniform(0, 0.45))
        study.shape(
            ellipse(x, y, long, max(1.2, long * 0.13)),
            tone,
            volume=0,
            angle=0.0,
            detail=0.62,
            opacity=0.9 - 0.3 * share,
        )


def grass(
    study: Study, view: View, rng: Random, *, top: float, colour: Colour, count: int = 420
) -> None:
    """Cover everything below *top* with tufts in *colour*, growing towards the viewer."""
    palette = view.palette
    # Little looks out of the snow.
    count = count // 4 if view.scene.season == "winter" else count
    count = min(1200, round(count * view.width / view.unit))
    for share in sorted(rng.random() ** 1.25 for _ in range(count)):
        y = top + (view.height - top) * share
        x = rng.uniform(0, view.width)
        long = view.unit * (0.01 + 0.05 * share) * rng.uniform(0.7, 1.3)
        ground = mix(colour, palette.dark, 0.06 + 0.22 * share * rng.random())
        tone = rng.choice(
            (
                ground,
                mix(colour, palette.light, 0.28),
                vary(colour, rng, 26),
                mix(colour, palette.foliage, 0.5),
            )
        )
        turn = -math.pi / 2 + rng.gauss(0.15, 0.35)
        study.shape(
            ellipse(x, y, long, long * 0.24, turn),
            tone,
            volume=0,
            angle=turn,
            detail=0.5,
            opacity=0.8,
        )


def floor(
    study: Study, view: View, *, top: float, far: Colour, near: Colour, angle: float = 0.0
) -> None:
    """Fill everything below *top* with a ground that runs from *far* to *near*."""
    high = max(2, view.height - math.floor(top))
    column = Image.new("RGB", (1, 2), far)
    column.putpixel((0, 1), near)
    study.colour.paste(
        column.resize((view.width, high), Image.Resampling.BILINEAR), (0, math.floor(top))
    )
    study.flow.paste(flow_of(angle, 0.42), (0, math.floor(top), view.width, view.height))
