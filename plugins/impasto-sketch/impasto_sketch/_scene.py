"""The picture: reads the prompt, composes a study, paints it and lights the paint."""

import math
from collections.abc import Callable

from PIL import Image

from impasto_sketch._abstract import paint_abstract
from impasto_sketch._cast import place_cast
from impasto_sketch._chance import chance
from impasto_sketch._grounds import build_stage
from impasto_sketch._paint import COATS, glaze, light_paint, paint_study
from impasto_sketch._palettes import palette_for
from impasto_sketch._skies import paint_rain, paint_sky
from impasto_sketch._study import Study, ellipse
from impasto_sketch._view import frame
from impasto_sketch._words import Scene, normalised, read

# Below, strokes are too few to make a picture; above, they gain nothing to the eye.
_SMALLEST_AREA = 448 * 448
_LARGEST_AREA = 2048 * 2048
# Enclosed places bring their own backdrop.
_SKYLESS = ("space", "underwater", "interior")


def paint(
    prompt: str,
    *,
    width: int,
    height: int,
    seed: int,
    transparent: bool = False,
    report: Callable[[float], None] | None = None,
) -> Image.Image:
    """Return a painting of *prompt*, *width* by *height* pixels; the same arguments, the same pixels.

    *report* is called with the share that is done, 0 to 1, and may raise to abort. With
    *transparent* the subject stands alone, in mode RGBA; otherwise the mode is RGB.
    """
    tell = report or _keep_silent
    tell(0.0)
    words = normalised(prompt)
    key = f"{seed}/{words}"
    scene = read(prompt)
    study = compose(scene, words, key, _working_size(width, height))
    tell(0.1)
    canvas = paint_study(
        study,
        chance(key, "strokes"),
        # A composition of nothing needs no fine brush.
        coats=COATS[:4] if scene.abstract else COATS,
        alone=transparent,
        report=lambda share: tell(0.1 + 0.8 * share),
    )
    glaze(canvas, study, 0.5)
    picture = light_paint(canvas, chance(key, "weave"), strength=1.0)
    tell(0.95)
    if canvas.covered:
        picture.putalpha(canvas.covered)
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    tell(1.0)
    return picture


def compose(scene: Scene, words: str, key: str, size: tuple[int, int]) -> Study:
    """Return the study of *scene* at *size*: *words* choose, *key* varies."""
    study = Study.blank(*size)
    if scene.abstract:
        paint_abstract(study, scene, words, key)
        _keep_middle(study)
        return study
    view = frame(scene, palette_for(scene, chance(key, "palette")), size, key)
    if scene.place not in _SKYLESS:
        paint_sky(study, view)
    stage = build_stage(study, view)
    place_cast(study, view, stage)
    if study.subject.getbbox() is None:
        _keep_land(study, view.horizon)
    paint_rain(study, view)
    return study


def _working_size(width: int, height: int) -> tuple[int, int]:
    """Return the size to paint at, of the same shape."""
    area = width * height
    scale = math.sqrt(min(max(area, _SMALLEST_AREA), _LARGEST_AREA) / area)
    return max(16, round(width * scale)), max(16, round(height * scale))


def _keep_land(study: Study, horizon: float) -> None:
    """Let the land be the subject where nothing stands on it."""
    top = min(round(horizon), study.height - 1)
    study.subject.paste(255, (0, top, study.width, study.height))


def _keep_middle(study: Study) -> None:
    """Let a round of the canvas be the subject where there is no thing."""
    x, y = study.width / 2, study.height / 2
    outline = ellipse(x, y, x * 0.86, y * 0.86)
    study.shape(outline, (0, 0, 0), volume=0, opacity=0, subject=True)


def _keep_silent(share: float) -> None:
    """Take a report that nobody asked for."""
