"""Places: what lies under the sky, and where in it the subjects may stand."""

from collections.abc import Callable, Mapping
from random import Random

from impasto_sketch import _coasts, _countryside, _spectacles
from impasto_sketch._chance import chance
from impasto_sketch._city import city
from impasto_sketch._forest import forest
from impasto_sketch._interior import interior
from impasto_sketch._space import space
from impasto_sketch._stage import Stage
from impasto_sketch._study import Study
from impasto_sketch._underwater import underwater
from impasto_sketch._view import View


def build_stage(study: Study, view: View) -> Stage:
    """Paint the place of *view* below its sky and return its spots."""
    build = _PLACES.get(view.scene.place, _countryside.countryside)
    return build(study, view, chance(view.seed, "place"))


_PLACES: Mapping[str, Callable[[Study, View, Random], Stage]] = {
    "sea": _coasts.sea,
    "beach": _coasts.beach,
    "island": _coasts.island,
    "cliff": _coasts.cliff,
    "lake": _countryside.lake,
    "river": _countryside.river,
    "mountain": _countryside.mountain,
    "field": _countryside.field,
    "garden": _countryside.field,
    "desert": _countryside.desert,
    "forest": forest,
    "city": city,
    "interior": interior,
    "space": space,
    "underwater": underwater,
    "volcano": _spectacles.volcano,
    "waterfall": _spectacles.waterfall,
}
