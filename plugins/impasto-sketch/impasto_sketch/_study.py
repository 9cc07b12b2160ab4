"""The study: the flat picture under the painting, and which way the brush goes where."""

import math
from collections.abc import Sequence

from attrs import define, frozen
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from impasto_sketch._colours import WHITE, Colour, mix, shift

Point = tuple[float, float]
Box = tuple[int, int, int, int]


@frozen(kw_only=True)
class Light:
    """Where the light stands, in pixels of the study, and its colour."""

    x: float
    y: float
    colour: Colour
    dark: bool


@define(eq=False, kw_only=True)
class Study:
    """Three pictures of one size.

    *colour* is what to paint; *flow* holds the direction of the strokes (cosine and sine of
    twice the angle) and, in its third band, how fine they may get; *subject* is white where
    something stands that a transparent picture keeps.
    """

    colour: Image.Image
    flow: Image.Image
    subject: Image.Image

    @classmethod
    def blank(cls, width: int, height: int, colour: Colour = (128, 128, 128)) -> "Study":
        """Return a study of *width* by *height* pixels, to be stroked sideways."""
        size = (width, height)
        return cls(
            colour=Image.new("RGB", size, colour),
            flow=Image.new("RGB", size, flow_of(0.0, 0.3)),
            subject=Image.new("L", size),
        )

    @property
    def width(self) -> int:
        return self.colour.width

    @property
    def height(self) -> int:
        return self.colour.height

    def reduced(self, factor: int) -> "Study":
        """Return the study *factor* times smaller."""
        return Study(
            colour=self.colour.reduce(factor),
            flow=self.flow.reduce(factor),
            subject=self.subject.reduce(factor),
        )

    def shape(
        self,
        points: Sequence[Point],
        colour: Colour,
        *,
        light: Point = (0.0, -1.0),
        volume: float = 0.35,
        angle: float | None = None,
        detail: float = 0.6,
        opacity: float = 1.0,
        subject: bool = False,
    ) -> None:
        """Fill the outline *points*, rounded by *volume* (0 flat, 1 a ball) towards *light*."""
        box = _box_of(points, self.colour.size)
        if box is None:
            return
        mask = _mask_of(points, box)
        if subject:
            self.subject.paste(255, box, mask)
        if opacity < 1:
            mask = mask.point([round(level * opacity) for level in range(256)])
        along = axis_of(points) if angle is None else angle
        self.colour.paste(_modelled(mask, colour, light, volume), box, mask)
        self.flow.paste(flow_of(along, detail), box, mask)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
        """Let *colour* shine around a point; *strength* (0 to 1) is that of the middle."""
        side = max(2, round(2 * radius))
        corner = (round(x - radius), round(y - radius))
        fall = [round(strength * 255 * (1 - level / 255) ** 2) for level in range(256)]
        mask = Image.radial_gradient("L").point(fall).resize((side, side))
        box = (*corner, corner[0] + side, corner[1] + side)
        around = self.colour.crop(box)
        shine = Image.composite(
            Image.new("RGB", mask.size, colour), Image.new("RGB", mask.size), mask
        )
        self.colour.paste(ImageChops.screen(around, shine), corner)

    def place(self, patch: "Study", x: float, y: float, *, haze: Colour, depth: float) -> None:
        """Put *patch* down with its top left corner at *x*, *y*, *depth* (0 to 1) deep in *haze*."""
        corner = (round(x), round(y))
        paint = Image.blend(patch.colour, Image.new("RGB", patch.colour.size, haze), depth)
        self.colour.paste(paint, corner, patch.subject)
        self.flow.paste(patch.flow, corner, patch.subject)
        self.subject.paste(255, corner, patch.subject)

    def mirror(
        self, patch: "Study", x: float, y: float, *, above: float, water: Colour, opacity: float
    ) -> None:
        """Let the upper *above* pixels of *patch* be reflected in *water*, from *y* downwards."""
        part = (0, 0, patch.width, max(1, round(above)))
        size = (patch.width, max(1, round(above * 0.8)))
        mask = ImageOps.flip(patch.subject.crop(part)).resize(size)
        mask = mask.filter(ImageFilter.BoxBlur((patch.width / 60, patch.height / 160)))
        fade = Image.linear_gradient("L").resize(size)
        fade = fade.point([round((255 - level * 0.8) * opacity) for level in range(256)])
        paint = ImageOps.flip(patch.colour.crop(part)).resize(size)
        paint = Image.blend(paint, Image.new("RGB", size, water), 0.35)
        self.colour.paste(paint, (round(x), round(y)), ImageChops.multiply(mask, fade))


def flow_of(angle: float, detail: float) -> Colour:
    """Return the bytes in a study's flow for strokes along *angle* as fine as *detail* (0 to 1)."""
    return (
        round(127.5 + 127.5 * math.cos(2 * angle)),
        round(127.5 + 127.5 * math.sin(2 * angle)),
        round(255 * detail),
    )


def axis_of(points: Sequence[Point]) -> float:
    """Return the angle of the long axis of *points*, in radians."""
    count = len(points)
    x = sum(point[0] for point in points) / count
    y = sum(point[1] for point in points) / count
    wide = sum((point[0] - x) ** 2 for point in points)
    high = sum((point[1] - y) ** 2 for point in points)
    slant = sum((point[0] - x) * (point[1] - y) for point in points)
    return 0.5 * math.atan2(2 * slant, wide - high)


def rounded(points: Sequence[Point], steps: int = 6) -> list[Point]:
    """Return a closed Catmull-Rom curve through *points*."""
    count = len(points)
    curve = []
    for index in range(count):
        around = [points[(index + offset) % count] for offset in (-1, 0, 1, 2)]
        curve += [_between(around, step / steps) for step in range(steps)]
    return curve


def ellipse(x: float, y: float, wide: float, high: float, turn: float = 0.0) -> list[Point]:
    """Return the outline of an ellipse with radii *wide* and *high*, turned by *turn* radians."""
    outline = []
    for step in range(20):
        angle = step * math.tau / 20
        across, down = wide * math.cos(angle), high * math.sin(angle)
        outline.append(
            (
                x + across * math.cos(turn) - down * math.sin(turn),
                y + across * math.sin(turn) + down * math.cos(turn),
            )
        )
    return outline


def _between(around: Sequence[Point], t: float) -> Point:
    weights = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    return (
        sum(weight * point[0] for weight, point in zip(weights, around, strict=True)),
        sum(weight * point[1] for weight, point in zip(weights, around, strict=True)),
    )


def _box_of(points: Sequence[Point], size: tuple[int, int]) -> Box | None:
    left = max(0, math.floor(min(point[0] for point in points)) - 1)
    top = max(0, math.floor(min(point[1] for point in points)) - 1)
    right = min(size[0], math.ceil(max(point[0] for point in points)) + 2)
    bottom = min(size[1], math.ceil(max(point[1] for point in points)) + 2)
    if left >= right or top >= bottom:
        return None
    return left, top, right, bottom


def _mask_of(points: Sequence[Point], box: Box) -> Image.Image:
    mask = Image.new("L", (box[2] - box[0], box[3] - box[1]))
    outline = [(point[0] - box[0], point[1] - box[1]) for point in points]
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    return mask


def _modelled(
    mask: Image.Image, colour: Colour, light: Point, volume: float
) -> Image.Image | Colour:
    """Return *colour* lit from *light*, as if the silhouette *mask* were swollen."""
    small = min(mask.size)
    if volume <= 0 or small < 6:
        return colour
    radius = small * 0.16
    soft = mask.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))
    dx, dy = round(light[0] * radius), round(light[1] * radius)
    lit = ImageChops.subtract(_moved(soft, -dx, -dy), _moved(soft, dx, dy), 2.0, 128)
    dark = mix(shift(colour, saturation=1.1, value=0.45), (40, 40, 90), 0.2)
    bright = mix(colour, mix(WHITE, (255, 236, 190), 0.6), 0.75)
    return ImageOps.colorize(
        lit,
        black=mix(colour, dark, min(1.0, volume * 2)),
        white=mix(colour, bright, min(1.0, volume * 2)),
        mid=colour,
    )


def _moved(picture: Image.Image, dx: int, dy: int) -> Image.Image:
    return picture.crop((dx, dy, dx + picture.width, dy + picture.height))
