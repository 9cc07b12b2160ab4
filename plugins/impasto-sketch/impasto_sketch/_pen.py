"""The pen that draws one motif: feet at (0, 0), head at (0, 1), whatever its size on the canvas."""

from collections.abc import Sequence
from random import Random

from attrs import define, field

from impasto_sketch._colours import Colour, from_hex, mix
from impasto_sketch._palettes import Palette
from impasto_sketch._study import Point, Study, ellipse, rounded

FINE = 2  # motifs are drawn this much larger and then reduced, for smooth edges


@define(eq=False, kw_only=True)
class Glow:
    """A light that a motif carries, in units of the motif."""

    x: float
    y: float
    radius: float
    colour: Colour
    strength: float


@define(eq=False, kw_only=True)
class Pen:
    """Draws on a patch whose foot stands *origin* pixels from its top left corner."""

    patch: Study
    scale: float
    origin: Point
    palette: Palette
    towards_light: Point
    colour: Colour | None
    season: str
    rng: Random
    glows: list[Glow] = field(factory=list)

    def dyed(self, usual: str) -> Colour:
        """Return the colour that the prompt wants for the motif, else *usual* (hexadecimal)."""
        return self.colour or from_hex(usual)

    def fill(
        self,
        points: Sequence[Point],
        colour: Colour | str,
        *,
        volume: float = 0.35,
        angle: float | None = None,
        lit: bool = False,
    ) -> None:
        """Fill a polygon; *lit* keeps the colour as it is, for what shines by itself."""
        paint = from_hex(colour) if isinstance(colour, str) else colour
        self.patch.shape(
            [self._pixel(point) for point in points],
            paint if lit else self.palette.seen(paint),
            light=self.towards_light,
            volume=volume,
            angle=angle,
            detail=1.0,
            subject=True,
        )

    def curve(self, points: Sequence[Point], colour: Colour | str, *, volume: float = 0.35) -> None:
        """Fill the smooth outline through *points*."""
        self.fill(rounded(points), colour, volume=volume)

    def oval(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        colour: Colour | str,
        *,
        volume: float = 0.35,
        turn: float = 0.0,
        lit: bool = False,
    ) -> None:
        """Fill an ellipse of radii *wide* and *high* around a point."""
        self.fill(ellipse(x, y, wide, high, turn), colour, volume=volume, lit=lit)

    def box(
        self,
        left: float,
        low: float,
        right: float,
        high: float,
        colour: Colour | str,
        *,
        volume: float = 0.2,
        lit: bool = False,
    ) -> None:
        """Fill an upright rectangle."""
        corners = [(left, low), (left, high), (right, high), (right, low)]
        self.fill(corners, colour, volume=volume, lit=lit)

    def bar(
        self,
        start: Point,
        stop: Point,
        thick: float,
        colour: Colour | str,
        *,
        end: float | None = None,
        volume: float = 0.3,
    ) -> None:
        """Draw a limb from *start* to *stop*, *thick* at first and *end* at last."""
        dx, dy = stop[0] - start[0], stop[1] - start[1]
        long = max(1e-6, (dx * dx + dy * dy) ** 0.5)
        across, up = -dy / long / 2, dx / long / 2
        last = thick if end is None else end
        self.fill(
            [
                (start[0] + across * thick, start[1] + up * thick),
                (stop[0] + across * last, stop[1] + up * last),
                (stop[0] - across * last, stop[1] - up * last),
                (start[0] - across * thick, start[1] - up * thick),
            ],
            colour,
            volume=volume,
        )

    def mirrored(
        self, points: Sequence[Point], colour: Colour | str, *, volume: float = 0.3
    ) -> None:
        """Fill a polygon and its mirror image."""
        self.fill(points, colour, volume=volume)
        self.fill([(-x, y) for x, y in points], colour, volume=volume)

    def mirrored_at(
        self, x: float, y: float, points: Sequence[Point], colour: Colour | str
    ) -> None:
        """Fill a polygon given around (*x*, *y*), and its mirror image there."""
        for side in (-1, 1):
            self.fill([(x + side * dx, y + dy) for dx, dy in points], colour, volume=0)

    def window(self, left: float, low: float, right: float, high: float) -> None:
        """Draw a window: dark by day, with somebody at home when it is dim."""
        if self.palette.dim > 0.35:
            self.box(left, low, right, high, "ffcf6a", volume=0, lit=True)
            middle = ((left + right) / 2, (low + high) / 2)
            self.shine(*middle, 5 * (right - left), from_hex("ff9f3f"), 0.35)
        else:
            self.box(left, low, right, high, "4a5d74", volume=0)

    def shine(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Ask for a glow around a point once the motif is placed."""
        self.glows.append(Glow(x=x, y=y, radius=radius, colour=colour, strength=strength))

    def shadow_of(self, colour: Colour) -> Colour:
        """Return *colour* on the side that the light does not reach."""
        return mix(colour, mix(self.palette.dark, (60, 60, 110), 0.3), 0.45)

    def _pixel(self, point: Point) -> Point:
        return self.origin[0] + point[0] * self.scale, self.origin[1] - point[1] * self.scale
