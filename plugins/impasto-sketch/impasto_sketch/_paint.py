"""The painting: strokes laid over a study from broad to fine, and light raking over the paint."""

import math
from collections.abc import Callable
from random import Random

from attrs import frozen
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from impasto_sketch._brushes import VARIANTS, Brush
from impasto_sketch._chance import noise
from impasto_sketch._colours import Colour, vary
from impasto_sketch._study import Study

Report = Callable[[float], None]


@frozen(kw_only=True)
class Coat:
    """One coat of strokes.

    *width* is a share of the picture's side; the coat goes where the study asks for at least
    *detail*, or the canvas is off by more than *error* (a sum over three bands, 0 to 765).
    *jitter* is how far colours stray, in bytes, *care* how exactly strokes are set (0 to 1),
    *body* how thick the paint is.
    """

    width: float
    length: float
    detail: float
    error: float
    jitter: float
    care: float
    body: float


# All numbers found by looking at pictures.
COATS = (
    Coat(width=1 / 15, length=3.4, detail=0.0, error=0, jitter=10, care=0.0, body=1.0),
    Coat(width=1 / 27, length=3.4, detail=0.0, error=14, jitter=12, care=0.1, body=1.0),
    Coat(width=1 / 46, length=3.4, detail=0.2, error=34, jitter=11, care=0.3, body=1.0),
    Coat(width=1 / 84, length=3.2, detail=0.45, error=42, jitter=9, care=0.6, body=0.9),
    Coat(width=1 / 150, length=3.2, detail=0.6, error=56, jitter=7, care=0.8, body=0.75),
    Coat(width=1 / 240, length=3.0, detail=0.8, error=80, jitter=4, care=1.0, body=0.6),
)
_GAP = 0.78  # distance of strokes in widths; wider lets the ground show through
_REPAIR = 120  # an error above this is painted over even where no detail was asked for


@frozen(kw_only=True)
class Canvas:
    """What has been painted: colour, height of the paint, and where there is any."""

    colour: Image.Image
    height: Image.Image
    covered: Image.Image | None


def paint_study(
    study: Study, rng: Random, *, coats: tuple[Coat, ...], alone: bool, report: Report
) -> Canvas:
    """Paint *study* in *coats*; *alone* paints nothing but its subject."""
    size = study.colour.size
    ground = study.colour.filter(ImageFilter.BoxBlur(max(size) / 60))
    canvas = Canvas(
        colour=ground,
        height=Image.new("L", size, 90),
        covered=Image.new("L", size) if alone else None,
    )
    side = min(math.sqrt(size[0] * size[1]), 1.5 * min(size))
    for index, coat in enumerate(coats):
        brush = Brush(max(2.0, side * coat.width), coat.length, coat.body, rng)
        plan = _plan(canvas, study, coat, brush, alone)
        rng.shuffle(plan)
        for number, stroke in enumerate(plan):
            if number % 512 == 0:
                report((index + number / len(plan)) / len(coats))
            _lay(canvas, stroke, brush, rng, coat)
    report(1.0)
    return canvas


@frozen
class Stroke:
    """One stroke to be laid: its middle in pixels, its direction, its colour."""

    x: float
    y: float
    angle: float
    colour: Colour


def _plan(canvas: Canvas, study: Study, coat: Coat, brush: Brush, alone: bool) -> list[Stroke]:
    """Return the strokes of one coat, row by row."""
    width, height = study.colour.size
    columns = max(2, math.ceil(width / (brush.width * _GAP)))
    rows = max(2, math.ceil(height / (brush.width * _GAP)))
    grid = (columns, rows)
    flows = study.flow.resize(grid, Image.Resampling.BOX).tobytes()
    colours = study.colour.resize(grid, Image.Resampling.BOX).tobytes()
    off = ImageChops.difference(canvas.colour, study.colour)
    errors = off.resize(grid, Image.Resampling.BOX).tobytes()
    # Broad strokes keep away from the edge, which they would fray; finer coats come for it.
    inside = (
        study.subject.filter(ImageFilter.BoxBlur(brush.width * 0.9)) if alone else study.subject
    )
    kept = inside.resize(grid, Image.Resampling.BOX).tobytes()
    enough = 252 - 110 * coat.care
    wanted = 255 * coat.detail
    bare = _bare(canvas, grid)
    strokes = []
    for cell in range(columns * rows):
        first = 3 * cell
        error = errors[first] + errors[first + 1] + errors[first + 2]
        coarse = flows[first + 2] < wanted and error < _REPAIR
        if (error < coat.error or coarse) and not bare[cell]:
            continue
        if alone and kept[cell] < enough:
            continue
        strokes.append(
            Stroke(
                (cell % columns + 0.5) * width / columns,
                (cell // columns + 0.5) * height / rows,
                0.5 * math.atan2(flows[first + 1] - 127.5, flows[first] - 127.5),
                (colours[first], colours[first + 1], colours[first + 2]),
            )
        )
    return strokes


def _bare(canvas: Canvas, grid: tuple[int, int]) -> bytes:
    """Return, for each cell of *grid*, whether paint is still missing where there must be some."""
    if canvas.covered is None:
        return bytes(grid[0] * grid[1])
    covered = canvas.covered.resize(grid, Image.Resampling.BOX)
    return covered.point([level < 220 for level in range(256)]).tobytes()


def _lay(canvas: Canvas, stroke: Stroke, brush: Brush, rng: Random, coat: Coat) -> None:
    loose = 1 - 0.75 * coat.care
    mark = brush.mark(stroke.angle + rng.gauss(0, 0.17 * loose), rng.randrange(VARIANTS))
    spread = brush.width * 0.4 * loose
    x = round(stroke.x + rng.uniform(-spread, spread) - mark.paint.width / 2)
    y = round(stroke.y + rng.uniform(-spread, spread) - mark.paint.height / 2)
    tone = vary(stroke.colour, rng, coat.jitter)
    canvas.colour.paste(tone, (x, y), mark.paint)
    if brush.width > 9:
        canvas.colour.paste(vary(tone, rng, coat.jitter * 1.6), (x, y), mark.streak)
    canvas.height.paste(mark.height, (x, y), mark.paint)
    if canvas.covered:
        canvas.covered.paste(255, (x, y), mark.paint)


def glaze(canvas: Canvas, study: Study, share: float) -> None:
    """Lay a thin *share* of the study over the paint where it asks for the finest detail."""
    fine = study.flow.getchannel("B").point([0 if level < 220 else 255 for level in range(256)])
    crisp = Image.blend(canvas.colour, study.colour, share)
    canvas.colour.paste(crisp, (0, 0), fine.filter(ImageFilter.BoxBlur(1)))


def light_paint(canvas: Canvas, rng: Random, *, strength: float) -> Image.Image:
    """Return the canvas under light from the upper left, *strength* 1 for thick paint."""
    relief = _slope(_with_weave(canvas.height, rng), strength)
    bands = Image.merge("RGB", (relief, relief, relief))
    shaded = ImageChops.soft_light(canvas.colour, bands)
    glossy = ImageChops.add(shaded, bands, 1.0, -128)
    lit = Image.blend(shaded, glossy, 0.4)
    return ImageEnhance.Contrast(ImageEnhance.Color(lit).enhance(1.16)).enhance(1.06)


def _with_weave(height: Image.Image, rng: Random) -> Image.Image:
    """Return *height* with a little of the canvas's weave."""
    tile = noise(rng, (256, 256), (128, 128))
    weave = Image.new("L", height.size)
    for x in range(0, height.width, 256):
        for y in range(0, height.height, 256):
            weave.paste(tile, (x, y))
    return Image.blend(height, weave, 0.06)


def _slope(height: Image.Image, strength: float) -> Image.Image:
    """Return how steeply the paint rises towards the lower right, so faces the light; 128: level."""
    # Pillow reads the rows of a kernel from the bottom.
    kernel = (0, 1, 2, -1, 0, 1, -2, -1, 0)
    # It copies the outermost pixels unchanged, so the edge is doubled before and cut after.
    wide = ImageOps.expand(height, 1, fill=128)
    relief = wide.filter(ImageFilter.Kernel((3, 3), kernel, scale=4 / strength, offset=128))
    return ImageOps.crop(relief, 1)
