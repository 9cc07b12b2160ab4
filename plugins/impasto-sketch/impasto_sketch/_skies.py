"""Skies: the gradient, the sun or moon, clouds, stars, aurora, rainbow; and rain over it all."""

import math
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from impasto_sketch._chance import chance, clouded, noise
from impasto_sketch._colours import WHITE, Colour, from_hex, gradient, mix, shift
from impasto_sketch._study import Point, Study, ellipse, flow_of
from impasto_sketch._view import View


def paint_sky(study: Study, view: View) -> None:
    """Paint the whole sky, down to a little below the horizon."""
    _air(study, view)
    _swirl(study, view)
    weathers = view.scene.weathers
    if view.palette.dim > 0.7 and not weathers & {"storm", "rain", "fog"}:
        _stars(study, view)
    if "aurora" in weathers:
        _aurora(study, view)
    _high_clouds(study, view)
    if not weathers & {"storm", "rain"}:
        _lamp(study, view)
    if "fog" not in weathers:
        _cumulus(study, view)
    if "rainbow" in weathers:
        _rainbow(study, view)
    if "storm" in weathers:
        _lightning(study, view)


def paint_rain(study: Study, view: View) -> None:
    """Draw slanting threads of rain or flakes of snow over everything."""
    rng = chance(view.seed, "rain")
    if "snowfall" in view.scene.weathers:
        _flakes(study, view, rng)
    if view.scene.weathers & {"rain", "storm"}:
        _threads(study, view, rng)


def _air(study: Study, view: View) -> None:
    height = max(2, round(view.horizon) + 2)
    sky = view.palette.sky
    study.colour.paste(gradient((sky[0], *sky, sky[-1]), (study.width, height)), (0, 0))
    study.colour.paste(sky[-1], (0, height - 1, study.width, study.height))


def _swirl(study: Study, view: View) -> None:
    """Let the strokes of the sky wave sideways, and circle about the light."""
    rng = chance(view.seed, "swirl")
    columns, rows = 48, 32
    drift = noise(rng, (columns, rows), (5, 4)).tobytes()
    lean = rng.uniform(-0.25, 0.25)
    reach = view.unit * (0.55 if view.palette.dim > 0.7 else 0.4)
    flows = []
    for cell in range(columns * rows):
        x = (cell % columns + 0.5) / columns * study.width - view.light.x
        y = (cell // columns + 0.5) / rows * study.height - view.light.y
        waving = lean + (drift[cell] / 255 - 0.5) * 1.5
        near = math.exp(-((math.hypot(x, y) / reach) ** 2))
        around = math.atan2(y, x) + math.pi / 2
        flows.append(_blended(waving, around, near))
    field = Image.new("RGB", (columns, rows))
    field.putdata(flows)
    study.flow.paste(field.resize(study.flow.size, Image.Resampling.BICUBIC))


def _blended(one: float, other: float, share: float) -> Colour:
    cosine = (1 - share) * math.cos(2 * one) + share * math.cos(2 * other)
    sine = (1 - share) * math.sin(2 * one) + share * math.sin(2 * other)
    return flow_of(0.5 * math.atan2(sine, cosine), 0.3)


def _lamp(study: Study, view: View) -> None:
    """Paint the sun or the moon in its glow."""
    light, unit = view.light, view.unit
    small = unit * (0.042 if light.dark else 0.036)
    # Warm light over a night sky would turn it grey.
    wide = mix(light.colour, view.palette.sky[-1], 0.75 if light.dark else 0.0)
    for radius, strength, colour in ((15, 0.34, wide), (7, 0.4, wide), (2.8, 0.55, light.colour)):
        study.glow(light.x, light.y, small * radius, shift(colour, saturation=1.5), strength)
    if "fog" in view.scene.weathers:
        return
    disc = ellipse(light.x, light.y, small, small)
    study.shape(disc, mix(light.colour, WHITE, 0.45), volume=0, detail=1.0)
    if light.dark:
        crater = ellipse(light.x + small * 0.3, light.y + small * 0.2, small * 0.28, small * 0.2)
        study.shape(crater, shift(light.colour, value=0.88), volume=0, detail=0.9)


def _high_clouds(study: Study, view: View) -> None:
    """Veil the sky with drawn-out noise, thick when the weather is bad."""
    rng = chance(view.seed, "veil")
    heavy = bool(view.scene.weathers & {"storm", "rain", "clouds", "fog"})
    size = (study.width, max(2, round(view.horizon)))
    across = max(2, round(3 * study.width / view.unit))
    blotches = clouded(rng, size, (across, 7))
    floor, gain = (84, 2.4) if heavy else (132, 2.6)
    veil = blotches.point([max(0, min(225, round((level - floor) * gain))) for level in range(256)])
    veil = ImageChops.multiply(veil, _towards_horizon(size))
    shade = mix(view.palette.cloud_shade, view.palette.cloud, 0.15 if heavy else 0.55)
    study.colour.paste(shade, (0, 0), veil)
    lit = ImageChops.subtract(veil, _lifted(veil, view))
    study.colour.paste(
        view.palette.cloud, (0, 0), lit.point([min(255, level * 3) for level in range(256)])
    )


def _lifted(veil: Image.Image, view: View) -> Image.Image:
    """Return *veil* moved away from the side that is lit."""
    # Clouds are lit from above, but from below when the sun is low.
    step = round(view.unit * 0.02)
    moved = veil.copy()
    moved.paste(veil, (0, step if view.palette.dim < 0.3 else -step))
    return moved


def _towards_horizon(size: tuple[int, int]) -> Image.Image:
    return (
        Image.linear_gradient("L")
        .transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        .point([min(255, 60 + level) for level in range(256)])
        .resize(size)
    )


def _cumulus(study: Study, view: View) -> None:
    """Heap up a few clouds, the lower the flatter."""
    rng = chance(view.seed, "cumulus")
    stormy = bool(view.scene.weathers & {"storm", "rain"})
    count = rng.randint(2, 4) if view.palette.dim < 0.7 else rng.randint(0, 2)
    if stormy or "clouds" in view.scene.weathers:
        count += 4
    count = max(count, round(count * study.width / study.height * 0.7))
    for _ in range(min(count, 24)):
        y = view.horizon * rng.uniform(0.12, 0.86)
        nearness = 1 - 0.7 * y / view.horizon
        x = study.width * rng.uniform(-0.05, 1.05)
        wide = view.unit * nearness * rng.uniform(0.16, 0.32) * (1.5 if stormy else 1)
        if math.hypot(x - view.light.x, y - view.light.y) > wide * 1.2 or stormy:
            _cloud(study, view, rng, (x, y), wide)


def _cloud(study: Study, view: View, rng: Random, middle: Point, wide: float) -> None:
    palette, light = view.palette, view.light
    towards = math.atan2(light.y - middle[1], light.x - middle[0])
    sun = (math.cos(towards), math.sin(towards))
    puffs = []
    for _ in range(rng.randint(9, 15)):
        along = rng.gauss(0, 0.45)
        high = max(0.06, 0.34 - 0.3 * abs(along)) * rng.uniform(0.5, 1.1)
        puffs.append((along, high * rng.uniform(0.0, 1.1), high))
    puffs.sort(key=lambda puff: -puff[1])
    for along, lift, radius in puffs:
        x, y = middle[0] + along * wide, middle[1] - lift * wide * 0.8
        body = mix(palette.cloud_shade, palette.cloud, min(1.0, 0.3 + lift * 2.2))
        outline = ellipse(x, y, radius * wide * 1.35, radius * wide * 0.8)
        study.shape(
            outline,
            body,
            light=sun,
            volume=0.0,
            angle=rng.uniform(-0.5, 0.5),
            detail=0.4,
            opacity=0.8,
        )
        crown = ellipse(
            x + sun[0] * radius * wide * 0.4,
            y + sun[1] * radius * wide * 0.3,
            radius * wide * 0.85,
            radius * wide * 0.45,
        )
        study.shape(
            crown, mix(body, palette.cloud, 0.75), volume=0, angle=along, detail=0.42, opacity=0.75
        )


def _stars(study: Study, view: View) -> None:
    rng = chance(view.seed, "stars")
    many = {subject.name for subject in view.scene.subjects} & {"star"}
    count = round((110 if many else 60) * study.width / study.height)
    for _ in range(max(30, min(count, 300))):
        x, y = rng.uniform(0, study.width), view.horizon * rng.uniform(0, 0.92)
        size = view.unit * 0.003 * (1 + rng.expovariate(1.4))
        colour = mix(rng.choice((from_hex("fff2b8"), from_hex("dfe9ff"))), WHITE, 0.3)
        study.glow(x, y, size * 4.5, mix(colour, (150, 180, 255), 0.6), 0.5)
        study.shape(ellipse(x, y, size, size), colour, volume=0, detail=1.0)


def _aurora(study: Study, view: View) -> None:
    """Hang two or three curtains of light, folded like cloth."""
    rng = chance(view.seed, "aurora")
    for curtain in range(3):
        hue = from_hex(("5cf0a0", "46d8c0", "b070e8")[curtain])
        layer = Image.new("L", (256, 128))
        pen = ImageDraw.Draw(layer)
        phase, waves, level = rng.uniform(0, 6), rng.uniform(1.0, 2.2), rng.uniform(0.5, 0.85)
        for column in range(256):
            fold = math.sin(phase + waves * column / 40) + 0.4 * math.sin(phase * 2 + column / 13)
            foot = 128 * (level + 0.12 * fold)
            glow = 150 + 90 * math.sin(phase + column / 9 + fold * 2)
            top = foot - 128 * (0.42 + 0.12 * math.sin(column / 23 + phase))
            for row in range(max(0, round(top)), min(128, round(foot))):
                share = max(0.0, (row - top) / (foot - top))
                pen.point((column, row), fill=round(max(0, glow) * share**1.6))
        size = (study.width, max(2, round(view.horizon)))
        mask = layer.filter(ImageFilter.GaussianBlur(1.2)).resize(size, Image.Resampling.BICUBIC)
        sky = study.colour.crop((0, 0, *size))
        shine = Image.composite(Image.new("RGB", size, hue), Image.new("RGB", size), mask)
        study.colour.paste(ImageChops.screen(sky, shine), (0, 0))
        study.flow.paste(
            flow_of(math.pi / 2 + 0.12, 0.42),
            (0, 0),
            mask.point([min(255, 3 * v) for v in range(256)]),
        )


def _rainbow(study: Study, view: View) -> None:
    rng = chance(view.seed, "rainbow")
    middle = study.width - view.light.x + rng.uniform(-0.1, 0.1) * view.unit
    radius = min(view.horizon * 0.85, study.width * 0.75)
    bands = ("e0483a", "f2913a", "f7dc50", "63b45a", "3f78cc", "7a56b0")
    layer = Image.new("RGB", study.colour.size)
    mask = Image.new("L", study.colour.size)
    pens = ImageDraw.Draw(layer), ImageDraw.Draw(mask)
    thick = radius * 0.028
    for index, band in enumerate(bands):
        reach = radius - index * thick
        box = (middle - reach, view.horizon - reach, middle + reach, view.horizon + reach)
        pens[0].arc(box, 180, 360, fill=from_hex(band), width=math.ceil(thick) + 1)
        pens[1].arc(box, 180, 360, fill=150, width=math.ceil(thick) + 1)
    study.colour.paste(layer, (0, 0), mask.filter(ImageFilter.BoxBlur(thick * 0.4)))
    _arc_flow(study, mask, (middle, view.horizon))


def _arc_flow(study: Study, mask: Image.Image, middle: Point) -> None:
    columns, rows = 64, 48
    field = Image.new("RGB", (columns, rows))
    field.putdata(
        [
            flow_of(
                math.atan2(
                    (cell // columns + 0.5) / rows * study.height - middle[1],
                    (cell % columns + 0.5) / columns * study.width - middle[0],
                )
                + math.pi / 2,
                0.7,
            )
            for cell in range(columns * rows)
        ]
    )
    study.flow.paste(
        field.resize(study.flow.size), (0, 0), mask.point([min(255, 2 * v) for v in range(256)])
    )


def _lightning(study: Study, view: View) -> None:
    rng = chance(view.seed, "lightning")
    x, y = study.width * rng.uniform(0.15, 0.85), view.horizon * 0.18
    bolt = [(x, y)]
    while y < view.horizon * 0.97:
        x += view.unit * rng.uniform(-0.05, 0.05)
        y += view.unit * rng.uniform(0.025, 0.06)
        bolt.append((x, y))
    for along in bolt[::2]:
        study.glow(*along, view.unit * 0.13, from_hex("b9c4ff"), 0.28)
    for start, stop in pairwise(bolt):
        thick = view.unit * 0.004
        quad = [
            (start[0] - thick, start[1]),
            (start[0] + thick, start[1]),
            (stop[0] + thick, stop[1]),
            (stop[0] - thick, stop[1]),
        ]
        study.shape(quad, from_hex("fbf6e2"), volume=0, detail=1.0)


def _threads(study: Study, view: View, rng: Random) -> None:
    layer = Image.new("L", study.colour.size)
    pen = ImageDraw.Draw(layer)
    for _ in range(min(700, round(230 * study.width / study.height) + 100)):
        x, y = rng.uniform(-0.1, 1.1) * study.width, rng.uniform(-0.1, 1) * study.height
        long = view.unit * rng.uniform(0.04, 0.11)
        thick = max(1, round(view.unit * 0.0024))
        pen.line((x, y, x - long * 0.22, y + long), fill=rng.randrange(40, 130), width=thick)
    study.colour.paste(mix(view.palette.sky[-1], WHITE, 0.4), (0, 0), layer)


def _flakes(study: Study, view: View, rng: Random) -> None:
    for _ in range(min(500, round(170 * study.width / study.height) + 60)):
        x, y = rng.uniform(0, study.width), rng.uniform(0, study.height)
        size = view.unit * rng.choice((0.003, 0.004, 0.006, 0.009))
        study.shape(ellipse(x, y, size, size), (246, 249, 255), volume=0, detail=0.9, opacity=0.85)
