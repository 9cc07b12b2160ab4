"""What to paint when a prompt names nothing that can be seen: sweeps of colour."""

import math
from random import Random

from PIL import Image, ImageFilter

from impasto_sketch._chance import chance, noise
from impasto_sketch._colours import Colour, from_hex, mix, vary
from impasto_sketch._study import Study, ellipse, flow_of
from impasto_sketch._words import Scene

_FIELD = (96, 96)  # the map is made this small and enlarged: its lines are wide
# Palettes of five: two grounds, two voices, one accent.
_CHORDS = (
    "14213d 27476e d95d39 f0a202 f4ecd8",
    "2b2d42 5c6b8a ef6f6c f7c59f fff3d6",
    "0b3c49 1f7a8c e1a95f bf4342 f3ead3",
    "3d2645 6e4270 e08e79 f2cf7e f7efe0",
    "1b4332 40916c f2b134 ed553b faf3dd",
    "212f45 3e6990 aabd8c e9e3b4 f39b6d",
    "4a1c40 a23b72 f18f01 f6d55c fdf0d5",
    "102a43 2a6f97 89c2d9 f6bd60 f28482",
    "2d1e4f 3f6fb0 f2a65a f4d9c6 c8556b",
)


def paint_abstract(study: Study, scene: Scene, words: str, seed: str) -> None:
    """Fill *study* with a composition; *words* choose its colours, *seed* its shapes."""
    chords = [from_hex(digits) for digits in chance(words, "chord").choice(_CHORDS).split()]
    if scene.tint:
        chords = [mix(colour, scene.tint, 0.45) for colour in chords]
    rng = chance(seed, "abstract")
    unit = min(math.sqrt(study.width * study.height), 1.12 * min(study.width, study.height))
    relief = _folds(rng)
    study.colour.paste(_bands(relief, chords).resize(study.colour.size, Image.Resampling.BICUBIC))
    study.flow.paste(_contours(relief).resize(study.flow.size, Image.Resampling.BICUBIC))
    _sun(study, rng, unit, chords)
    for _ in range(max(16, round(22 * study.width * study.height / unit**2))):
        _fleck(study, rng, unit, chords)


def _folds(rng: Random) -> Image.Image:
    """Return wide waves that cross the picture from one corner to another."""
    slope = Image.linear_gradient("L").resize(_FIELD).rotate(rng.randrange(0, 360, 45))
    slope = slope.filter(ImageFilter.GaussianBlur(9))
    waves = noise(rng, _FIELD, (3, 3)).filter(ImageFilter.GaussianBlur(4))
    finer = noise(rng, _FIELD, (7, 7)).filter(ImageFilter.GaussianBlur(3))
    return Image.blend(Image.blend(slope, waves, 0.55), finer, 0.12)


def _bands(relief: Image.Image, chords: list[Colour]) -> Image.Image:
    """Return *relief* with its levels painted in *chords*, as on a map of heights."""
    steps = [chords[index] for index in (0, 1, 2, 3, 4, 3, 1, 0, 2, 3, 1)]
    tables: list[list[int]] = [[], [], []]
    for level in range(256):
        place = max(0.0, min(0.999, (level - 50) / 150)) * (len(steps) - 1)
        share = min(1.0, max(0.0, (place % 1 - 0.3) / 0.4))
        tone = mix(steps[int(place)], steps[int(place) + 1], share)
        for table, band in zip(tables, tone, strict=True):
            table.append(band)
    return Image.merge("RGB", [relief.point(table) for table in tables])


def _contours(relief: Image.Image) -> Image.Image:
    """Return a flow along the lines of equal height of *relief*."""
    columns, rows = relief.size
    heights = relief.filter(ImageFilter.GaussianBlur(3)).tobytes()
    flows = []
    for cell in range(columns * rows):
        x, y = cell % columns, cell // columns
        across = (
            heights[y * columns + min(columns - 1, x + 1)] - heights[y * columns + max(0, x - 1)]
        )
        down = heights[min(rows - 1, y + 1) * columns + x] - heights[max(0, y - 1) * columns + x]
        flows.append(flow_of(math.atan2(down, across) + math.pi / 2, 0.42))
    field = Image.new("RGB", relief.size)
    field.putdata(flows)
    return field


def _sun(study: Study, rng: Random, unit: float, chords: list[Colour]) -> None:
    """Set a round of thick paint, brightest in the middle, with a halo."""
    x, y = rng.uniform(0.25, 0.75) * study.width, rng.uniform(0.22, 0.55) * study.height
    radius = unit * rng.uniform(0.07, 0.12)
    study.glow(x, y, radius * 3.4, chords[3], 0.5)
    for ring in range(6, 0, -1):
        reach = radius * ring / 6
        tone = mix(chords[4], chords[3] if ring % 2 else chords[2], ring / 7)
        study.shape(ellipse(x, y, reach, reach), tone, volume=0, detail=0.6)
        for step in range(12):
            angle = step * math.tau / 12
            at = (x + reach * math.cos(angle), y + reach * math.sin(angle))
            dab = ellipse(*at, radius * 0.24, radius * 0.07, angle + math.pi / 2)
            study.shape(dab, vary(tone, rng, 14), volume=0, angle=angle + math.pi / 2, detail=0.6)


def _fleck(study: Study, rng: Random, unit: float, chords: list[Colour]) -> None:
    x, y = rng.uniform(0, study.width), rng.uniform(0, study.height)
    size, turn = unit * rng.uniform(0.014, 0.04), rng.uniform(0, math.pi)
    tone = vary(rng.choice((chords[2], chords[3], chords[4])), rng, 20)
    study.shape(ellipse(x, y, size, size * 0.34, turn), tone, volume=0, angle=turn, detail=0.55)
