"""The view: where the painter stands, where the light and the horizon are."""

import math

from attrs import frozen

from impasto_sketch._chance import chance
from impasto_sketch._palettes import Palette
from impasto_sketch._study import Light, Point
from impasto_sketch._words import Scene


@frozen(kw_only=True)
class View:
    """A scene framed for one picture; lengths are pixels of the study.

    *unit* is the length by which things are measured: the shorter side, or nearly.
    *focus* is where the first subject stands, *seed* the text that all chance starts from.
    """

    scene: Scene
    palette: Palette
    light: Light
    width: int
    height: int
    horizon: float
    unit: float
    focus: float
    seed: str

    def towards_light(self, x: float, y: float) -> Point:
        """Return the direction from a point to the light, of length 1."""
        angle = math.atan2(self.light.y - y, self.light.x - x)
        return math.cos(angle), math.sin(angle)

    def nearness(self, y: float) -> float:
        """Return 0 at the horizon and 1 at the lower edge."""
        return max(0.0, min(1.0, (y - self.horizon) / max(1.0, self.height - self.horizon)))


# Where the horizon lies, as a share of the height: low where the sky is the subject.
_HORIZONS = {
    "space": 1.0,
    "underwater": 0.0,
    "interior": 0.62,
    "city": 0.6,
    "forest": 0.66,
    "field": 0.5,
    "garden": 0.5,
    "mountain": 0.66,
    "desert": 0.62,
    "cliff": 0.66,
    "volcano": 0.7,
}


def frame(scene: Scene, palette: Palette, size: tuple[int, int], seed: str) -> View:
    """Choose a view of *scene* for a study of *size*."""
    rng = chance(seed, "view")
    width, height = size
    side = rng.choice((-1, 1))
    share = _HORIZONS.get(scene.place, 0.6) + rng.uniform(-0.03, 0.03)
    unit = min(math.sqrt(width * height), 1.12 * min(width, height))
    horizon = height * min(1.0, max(0.0, share))
    low = palette.dim > 0.1 and palette.dim < 0.7
    rise = rng.uniform(0.12, 0.26) if low else rng.uniform(0.5, 0.72)
    light = Light(
        x=width * (0.5 - side * rng.uniform(0.1, 0.27)),
        y=(horizon or height * 0.1) - min(horizon, unit) * rise,
        colour=palette.light,
        dark=palette.dim > 0.7,
    )
    focus = width * (0.5 + side * rng.uniform(0.13, 0.21))
    return View(
        scene=scene,
        palette=palette,
        light=light,
        width=width,
        height=height,
        horizon=horizon,
        unit=unit,
        focus=focus,
        seed=seed,
    )
