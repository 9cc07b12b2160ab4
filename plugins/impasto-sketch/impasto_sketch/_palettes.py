"""Palettes: the colours of each hour, changed by season, weather, mood and the seed."""

from collections.abc import Callable
from random import Random

from attrs import evolve, frozen

from impasto_sketch._colours import Colour, from_hex, lean, mix, shift
from impasto_sketch._words import Scene


@frozen(kw_only=True)
class Palette:
    """The colours of one picture; *sky* runs from the zenith to the horizon."""

    sky: tuple[Colour, ...]
    light: Colour
    cloud: Colour
    cloud_shade: Colour
    far: Colour
    middle: Colour
    near: Colour
    foliage: Colour
    water: Colour
    dark: Colour
    dim: float
    """How much of the day's light is missing, 0 to 1: things are painted darker by it."""

    def seen(self, colour: Colour) -> Colour:
        """Return the local *colour* of a thing as it looks in this light."""
        shaded = mix(shift(colour, value=1 - 0.3 * self.dim), self.dark, 0.26 * self.dim)
        return mix(shaded, self.light, 0.04 + (0.1 * self.dim if self.dim < 0.7 else 0.0))

    def mapped(self, change: Callable[[Colour], Colour]) -> "Palette":
        """Return the palette with *change* done to each colour."""
        singles = {name: change(getattr(self, name)) for name in _SINGLE}
        return Palette(sky=tuple(change(colour) for colour in self.sky), dim=self.dim, **singles)


_SINGLE = ("light", "cloud", "cloud_shade", "far", "middle", "near", "foliage", "water", "dark")


def _palette(sky: str, rest: str, dim: float) -> Palette:
    stops = tuple(from_hex(digits) for digits in sky.split())
    colours = dict(zip(_SINGLE, (from_hex(digits) for digits in rest.split()), strict=True))
    return Palette(sky=stops, dim=dim, **colours)


_HOURS = {
    "dawn": _palette(
        "6a86bd a9a6cc e9b7b5 fbcf9f ffe9b8",
        "fff3c4 ffdcc4 a38fb8 9a94c0 6f7fa0 5f7f68 6d8a58 8aa3c8 3a3d63",
        0.2,
    ),
    "noon": _palette(
        "1d68c0 3f92dc 7fc0ea bfe2ee eef3dc",
        "fff0bc fffdf4 9fb6d6 6688b8 6a9c8c 86b04a 4c8a3c 2f86bd 27424f",
        0.0,
    ),
    "sunset": _palette(
        "34387c 7c4a90 d75a6a f98b4e ffc458 ffe48f",
        "fff0b0 ffa272 6f4280 7a4f8e 5f3f6c 4d3a52 57503f b0607a 2b2144",
        0.45,
    ),
    "dusk": _palette(
        "1c2858 3f4688 83609e d8848f f6b48a",
        "ffe2b0 d692a0 43407a 514d88 3c4070 2f3f52 35503f 5a5c98 1a1c3c",
        0.6,
    ),
    "night": _palette(
        "070d2e 0e2257 1c4280 2f66a0 5c90b4",
        "fff0b4 6f92c4 1d356e 24407a 1b3260 162c48 1c4038 1c4480 070c22",
        0.8,
    ),
}

_WINTER = from_hex("e8eef8")
_AUTUMN = from_hex("cf6a22")
_BLOOM = from_hex("8fc05a")


def palette_for(scene: Scene, rng: Random) -> Palette:
    """Return the palette of *scene*; *rng* turns it a little."""
    palette = _HOURS[scene.time or _hour_of(scene, rng)]
    palette = _jittered(palette, rng)
    if scene.place == "space":
        # No air dims the sun there, however black the sky.
        palette = evolve(palette, dim=0.25)
    for change in (_seasonal, _weathered, _moody, _tinted):
        palette = change(palette, scene)
    return palette


def _hour_of(scene: Scene, rng: Random) -> str:
    names = {subject.name for subject in scene.subjects}
    if scene.place == "interior":
        return "dusk" if names & {"lantern", "candle"} else "noon"
    if "aurora" in scene.weathers or names & {"moon", "star", "owl", "fire"}:
        return "night"
    if scene.place == "space":
        return "night"
    if names & {"lantern", "candle"}:
        return "dusk"
    if scene.weathers & {"rain", "storm"}:
        return rng.choice(("noon", "dusk"))
    if scene.mood in ("dramatic", "dreamy"):
        return rng.choice(("sunset", "dusk"))
    if scene.place in ("waterfall", "underwater"):
        return "noon"
    if scene.season == "spring" or scene.mood == "joyful":
        return rng.choice(("noon", "noon", "dawn"))
    return rng.choice(("noon", "noon", "dawn", "sunset"))


def _jittered(palette: Palette, rng: Random) -> Palette:
    hue = rng.uniform(-0.018, 0.018)
    saturation = rng.uniform(0.92, 1.1)
    return palette.mapped(lambda colour: shift(colour, hue=hue, saturation=saturation))


def _seasonal(palette: Palette, scene: Scene) -> Palette:
    if scene.season == "winter":
        snow = palette.seen(_WINTER)
        return evolve(
            palette,
            near=mix(palette.near, snow, 0.88),
            middle=mix(palette.middle, snow, 0.6),
            far=mix(palette.far, snow, 0.35),
            foliage=mix(shift(palette.foliage, saturation=0.6), snow, 0.15),
        )
    if scene.season == "autumn":
        leaf = palette.seen(_AUTUMN)
        return evolve(
            palette,
            foliage=mix(palette.foliage, leaf, 0.85),
            near=mix(palette.near, palette.seen(from_hex("c99a3a")), 0.7),
            middle=mix(palette.middle, leaf, 0.45),
        )
    if scene.season == "spring":
        fresh = palette.seen(_BLOOM)
        return evolve(
            palette, near=mix(palette.near, fresh, 0.5), foliage=mix(palette.foliage, fresh, 0.4)
        )
    return palette


def _weathered(palette: Palette, scene: Scene) -> Palette:
    if "storm" in scene.weathers:
        slate = from_hex("34506a")
        stormy = palette.mapped(
            lambda colour: mix(shift(colour, saturation=0.75, value=0.85), slate, 0.3)
        )
        break_of_light = mix(palette.sky[-1], from_hex("f0dca0"), 0.6)
        return evolve(
            stormy,
            sky=(from_hex("1c2836"), from_hex("2c3e50"), stormy.sky[-2], break_of_light),
            light=mix(palette.light, from_hex("f3e6b8"), 0.5),
            cloud=from_hex("8496a8"),
            cloud_shade=from_hex("24364c"),
            water=mix(stormy.water, from_hex("1f4a58"), 0.5),
            dim=max(palette.dim, 0.4),
        )
    if "rain" in scene.weathers:
        return palette.mapped(
            lambda colour: mix(shift(colour, saturation=0.8), from_hex("6f8299"), 0.3)
        )
    if "fog" in scene.weathers:
        veil = mix(palette.sky[-1], from_hex("d9d6d0"), 0.5 - 0.4 * palette.dim)
        return palette.mapped(lambda colour: mix(shift(colour, saturation=0.7), veil, 0.35))
    return palette


def _moody(palette: Palette, scene: Scene) -> Palette:
    if scene.mood == "joyful":
        return palette.mapped(lambda colour: shift(colour, saturation=1.2, value=1.05))
    if scene.mood == "lonely":
        return palette.mapped(lambda colour: lean(colour, from_hex("5f7590"), 0.35))
    if scene.mood == "dreamy":
        return palette.mapped(lambda colour: lean(colour, from_hex("b48ad0"), 0.3))
    if scene.mood == "dramatic":
        return palette.mapped(lambda colour: shift(colour, saturation=1.15, value=0.88))
    return palette


def _tinted(palette: Palette, scene: Scene) -> Palette:
    """Let a colour of no thing tune everything, and a colour of the place the place."""
    if scene.tint:
        palette = _tuned(palette, scene.tint, 0.45)
    if scene.ground_tint is None:
        return palette
    toned = _tuned(palette, scene.ground_tint, 0.12)
    named = palette.seen(scene.ground_tint)
    return evolve(
        toned,
        water=mix(toned.water, named, 0.85),
        near=mix(toned.near, named, 0.6),
        middle=mix(toned.middle, named, 0.3),
    )


def _tuned(palette: Palette, tint: Colour, share: float) -> Palette:
    # Grey, black and white have no tint to lean to, only a level.
    if max(tint) - min(tint) < 40:
        return palette.mapped(lambda colour: mix(colour, tint, 0.8 * share))
    return palette.mapped(lambda colour: lean(colour, tint, share))
