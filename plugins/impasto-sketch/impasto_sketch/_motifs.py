"""The motifs: what each is drawn by, how large it is, and where it belongs."""

from collections.abc import Callable, Mapping
from enum import Enum
from random import Random

from attrs import frozen

from impasto_sketch import _buildings, _creatures, _plants, _things
from impasto_sketch._colours import Colour
from impasto_sketch._palettes import Palette
from impasto_sketch._pen import FINE, Glow, Pen
from impasto_sketch._study import Point, Study


class Realm(Enum):
    """Where a motif belongs."""

    GROUND = "ground"
    WATER = "water"
    SKY = "sky"


@frozen
class Motif:
    """*size* is its height as a share of the picture's side, *span* its half width in heights."""

    draw: Callable[[Pen], None]
    size: float
    span: float = 0.5
    realm: Realm = Realm.GROUND
    crowd: int = 0
    """How many stand together when the prompt says several; 0: as many as it says."""


MOTIFS: Mapping[str, Motif] = {
    "lighthouse": Motif(_buildings.lighthouse, 0.5),
    "house": Motif(_buildings.house, 0.2, 0.65),
    "church": Motif(_buildings.church, 0.34),
    "castle": Motif(_buildings.castle, 0.42, 0.82),
    "tower": Motif(_buildings.tower, 0.42, 0.25),
    "bridge": Motif(_buildings.bridge, 0.24, 1.6, Realm.WATER),
    "windmill": Motif(_buildings.windmill, 0.46),
    "lantern": Motif(_buildings.lantern, 0.36, 0.3),
    "tree": Motif(_plants.tree, 0.44, 0.52),
    "blossom": Motif(_plants.blossom, 0.46, 0.52),
    "pine": Motif(_plants.pine, 0.46, 0.3),
    "cypress": Motif(_plants.cypress, 0.46, 0.2),
    "palm": Motif(_plants.palm, 0.46, 0.6),
    "cactus": Motif(_plants.cactus, 0.36, 0.35),
    "mushroom": Motif(_plants.mushroom, 0.26, 0.55),
    "sunflower": Motif(_plants.sunflower, 0.36, 0.32, crowd=44),
    "poppy": Motif(_plants.poppy, 0.16, 0.42, crowd=90),
    "flower": Motif(_plants.flower, 0.15, 0.42, crowd=90),
    "tulip": Motif(_plants.tulip, 0.2, 0.25, crowd=60),
    "lavender": Motif(_plants.lavender, 0.17, 0.42, crowd=90),
    "fox": Motif(_creatures.fox, 0.34, 0.7),
    "cat": Motif(_creatures.cat, 0.34, 0.65),
    "owl": Motif(_creatures.owl, 0.34, 0.62),
    "rabbit": Motif(_creatures.rabbit, 0.26, 0.42),
    "horse": Motif(_creatures.horse, 0.34, 0.75),
    "deer": Motif(_creatures.deer, 0.38, 0.5),
    "dog": Motif(_creatures.dog, 0.3, 0.58),
    "sheep": Motif(_creatures.sheep, 0.2, 0.6),
    "person": Motif(_creatures.person, 0.24, 0.3),
    "umbrella": Motif(_creatures.umbrella, 0.27, 0.38),
    "robot": Motif(_creatures.robot, 0.38, 0.5),
    "astronaut": Motif(_creatures.astronaut, 0.4, 0.55, Realm.SKY),
    "whale": Motif(_creatures.whale, 0.28, 1.15, Realm.WATER),
    "dolphin": Motif(_creatures.dolphin, 0.24, 0.9, Realm.WATER),
    "fish": Motif(_creatures.fish, 0.15, 0.85, Realm.WATER),
    "bird": Motif(_creatures.bird, 0.07, 0.8, Realm.SKY, crowd=9),
    "sailboat": Motif(_things.sailboat, 0.32, 0.48, Realm.WATER),
    "boat": Motif(_things.boat, 0.1, 1.0, Realm.WATER),
    "ship": Motif(_things.ship, 0.4, 0.92, Realm.WATER),
    "balloon": Motif(_things.balloon, 0.36, 0.4, Realm.SKY),
    "kite": Motif(_things.kite, 0.3, 0.45, Realm.SKY),
    "rocket": Motif(_things.rocket, 0.42, 0.32, Realm.SKY),
    "planet": Motif(_things.planet, 0.42, 0.68, Realm.SKY),
    "train": Motif(_things.train, 0.21, 1.55),
    "teapot": Motif(_things.teapot, 0.36, 0.82),
    "cup": Motif(_things.cup, 0.2, 0.68),
    "vase": Motif(_things.vase, 0.43, 0.56),
    "lemon": Motif(_things.lemon, 0.11, 0.78),
    "apple": Motif(_things.apple, 0.14, 0.52),
    "bottle": Motif(_things.bottle, 0.44, 0.2),
    "candle": Motif(_things.candle, 0.34, 0.28),
    "fire": Motif(_things.fire, 0.22, 0.5),
}


@frozen(kw_only=True)
class Drawing:
    """A motif drawn on a patch of its own: where its foot is in it, and the lights it carries."""

    patch: Study
    foot: Point
    scale: float
    glows: tuple[Glow, ...]


def draw_motif(
    motif: Motif,
    *,
    height: float,
    palette: Palette,
    towards_light: Point,
    colour: Colour | None,
    season: str,
    rng: Random,
) -> Drawing:
    """Draw *motif* *height* pixels tall."""
    scale = max(8.0, height)
    foot = (scale * motif.span + 2, scale * 1.14)
    # A large motif has edges enough, and its patch would take much memory.
    fine = FINE if scale < 700 else 1
    size = (round(foot[0] * 2) * fine, round(scale * 1.2) * fine)
    pen = Pen(
        patch=Study.blank(*size),
        scale=scale * fine,
        origin=(foot[0] * fine, foot[1] * fine),
        palette=palette,
        towards_light=towards_light,
        colour=colour,
        season=season,
        rng=rng,
    )
    motif.draw(pen)
    return Drawing(patch=pen.patch.reduced(fine), foot=foot, scale=scale, glows=tuple(pen.glows))
