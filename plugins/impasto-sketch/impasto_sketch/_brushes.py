"""Brushes: the marks that bristles leave, cut once for each direction and stamped many times."""

import math
from random import Random

from attrs import define, evolve, field, frozen
from PIL import Image, ImageDraw

DIRECTIONS = 18  # strokes 10 degrees apart are seen as one direction
VARIANTS = 4
_FINE = 3  # bristles are drawn this much larger, then reduced, to soften their edges


@frozen(kw_only=True)
class Mark:
    """What one stroke leaves: where paint is, where the second tone is, how high it stands."""

    paint: Image.Image
    streak: Image.Image
    height: Image.Image


@define(eq=False)
class Brush:
    """A brush of *width* pixels; strokes are *length* widths long, *body* is how thick (0 to 1)."""

    width: float
    length: float
    body: float
    rng: Random
    _marks: dict[tuple[int, int], Mark] = field(factory=dict)

    def mark(self, angle: float, variant: int) -> Mark:
        """Return the mark of one *variant* drawn along *angle* (radians, y down)."""
        step = round(angle / math.pi * DIRECTIONS) % DIRECTIONS
        key = step, variant % VARIANTS
        if key not in self._marks:
            self._marks[key] = self._turned(*key)
        return self._marks[key]

    def _turned(self, step: int, variant: int) -> Mark:
        if step:
            return _turn(self.mark(0.0, variant), -180.0 * step / DIRECTIONS)
        mark = _straight_mark(self.width, self.length, self.rng)
        thin = [round(90 + (level - 90) * self.body) for level in range(256)]
        return evolve(mark, height=mark.height.point(thin))


def _turn(mark: Mark, degrees: float) -> Mark:
    layers = Image.merge("RGB", (mark.paint, mark.streak, mark.height))
    turned = layers.rotate(degrees, Image.Resampling.BILINEAR, expand=True)
    # Without the empty corners there is less to paste.
    paint, streak, height = turned.crop(turned.getbbox()).split()
    return Mark(paint=paint, streak=streak, height=height)


def _straight_mark(width: float, length: float, rng: Random) -> Mark:
    across = max(3, math.ceil(width)) * _FINE
    along = math.ceil(width * length) * _FINE
    room = across // 2
    size = (along // _FINE * _FINE + 2 * _FINE, (across + 2 * room) // _FINE * _FINE + 2 * _FINE)
    layers = [Image.new("L", size) for _ in range(3)]
    pens = [ImageDraw.Draw(layer) for layer in layers]
    bristles = max(4, min(14, round(width / 2.2)))
    bend = rng.uniform(-0.35, 0.35) * across
    for index in range(bristles):
        _draw_bristle(pens, rng, index / (bristles - 1), across / bristles, size, bend, room)
    paint, streak, height = (layer.reduce(_FINE) for layer in layers)
    return Mark(paint=paint, streak=streak, height=height)


def _draw_bristle(
    pens: list[ImageDraw.ImageDraw],
    rng: Random,
    side: float,
    thickness: float,
    size: tuple[int, int],
    bend: float,
    room: int,
) -> None:
    """Draw one bristle's furrow; *side* is 0 at one edge of the brush and 1 at the other."""
    length = size[0]
    edge = abs(2 * side - 1)
    start = length * (0.02 + 0.16 * edge**2 + rng.uniform(0, 0.06))
    stop = length * (0.98 - 0.16 * edge**2 - rng.uniform(0, 0.22))
    middle = room + side * (size[1] - 2 * room)
    points = [_bent(start, stop, middle, bend, step / 6) for step in range(7)]
    wide = max(2, round(thickness * 1.7))
    pens[0].line(points, fill=255 if rng.random() < 0.8 else 200, width=wide, joint="curve")
    if rng.random() < 0.4:
        pens[1].line(points, fill=rng.randrange(110, 230), width=max(1, wide // 2))
    # Paint is pushed to the edges of a stroke and piles up where the brush is lifted.
    ridge = rng.uniform(70, 150) + 50 * edge**3
    for step in range(6):
        lump = 1.25 if step == 5 else 0.85 + step * 0.05
        pens[2].line(points[step : step + 2], fill=min(255, round(ridge * lump)), width=wide)


def _bent(
    start: float, stop: float, middle: float, bend: float, share: float
) -> tuple[float, float]:
    sag = bend * (4 * share * (1 - share) - 0.5)
    return start + (stop - start) * share, middle + sag
