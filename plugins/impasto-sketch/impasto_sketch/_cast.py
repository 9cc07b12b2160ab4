"""The cast: puts the subjects of a scene on its stage."""

from collections.abc import Sequence
from random import Random

from attrs import evolve, frozen

from impasto_sketch._chance import chance
from impasto_sketch._colours import mix
from impasto_sketch._motifs import MOTIFS, Drawing, Motif, Realm, draw_motif
from impasto_sketch._stage import Spot, Stage
from impasto_sketch._study import Study, ellipse
from impasto_sketch._view import View
from impasto_sketch._words import Subject

# What a place is not itself without, when the prompt names nothing to stand in it.
_EXTRAS = {
    "village": (Subject(name="church"), Subject(name="house", count=4)),
    "garden": (Subject(name="tree"), Subject(name="flower", count=5)),
    "beach": (Subject(name="palm"),),
    "underwater": (Subject(name="fish", count=4),),
    "interior": (Subject(name="vase"), Subject(name="apple", count=3)),
    "desert": (Subject(name="cactus", count=2),),
    "space": (Subject(name="planet"),),
    "lake": (Subject(name="boat"),),
    "sea": (Subject(name="sailboat", count=2),),
    "field": (Subject(name="flower", count=5),),
}
_MOST_OF_ONE = 7
_SEVERAL = 3
_LIKENESSES = 4


@frozen(kw_only=True)
class Role:
    """One figure of the cast: what it is, where it stands, its number among its kind."""

    subject: Subject
    motif: Motif
    spot: Spot
    number: int


def place_cast(study: Study, view: View, stage: Stage) -> None:
    """Draw the subjects of *view*, the far ones first."""
    roles: list[Role] = []
    taken = dict.fromkeys(Realm, 0)
    leads = _leads(view)
    grounded = any(motif.realm is Realm.GROUND and not motif.crowd for _, motif in leads)
    for subject, motif in leads:
        places = _places(view, stage, motif.realm, grounded)
        if not places:
            continue
        many = subject.count >= _SEVERAL or view.scene.place in ("field", "garden")
        if motif.crowd and many:
            spots = _crowd(view, stage, motif, chance(view.seed, subject.name, "crowd"))
        else:
            spots = _some(places, taken[motif.realm], min(_MOST_OF_ONE, subject.count), view)
            taken[motif.realm] += len(spots)
        for index, spot in enumerate(spots):
            roles.append(Role(subject=subject, motif=motif, spot=spot, number=index))
    drawn: dict[tuple[str, float, int], Drawing] = {}
    for role in sorted(roles, key=lambda role: role.spot.y):
        _stand(study, view, role, drawn)


def _leads(view: View) -> list[tuple[Subject, Motif]]:
    """Return what to draw: what the prompt names, else what the place calls for."""
    named = [subject for subject in view.scene.subjects if subject.name in MOTIFS]
    if "village" in view.scene.features:
        named += _EXTRAS["village"]
    elif not named and not view.scene.subjects:
        named += _EXTRAS.get(view.scene.place, ())
    if view.scene.place == "underwater":
        named = [evolve(s, count=max(_SEVERAL, s.count)) if s.name == "fish" else s for s in named]
    return [(subject, MOTIFS[subject.name]) for subject in named]


def _places(view: View, stage: Stage, realm: Realm, grounded: bool) -> Sequence[Spot]:
    if realm is Realm.GROUND:
        return stage.ground or stage.water
    if realm is Realm.SKY:
        return _aloft(view, grounded)
    if not stage.water:
        return stage.ground
    return stage.water[1:] if grounded and len(stage.water) > 1 else stage.water


def _aloft(view: View, grounded: bool) -> tuple[Spot, ...]:
    """Return spots in the air; beside what stands on the ground, if anything does."""
    sky = view.horizon or view.height
    other = view.width - view.focus
    places = [
        (view.focus, 0.44, 1.0),
        (other, 0.26, 0.48),
        (view.width * 0.5, 0.6, 0.34),
        (view.width * 0.1, 0.5, 0.4),
        (view.width * 0.9, 0.3, 0.3),
    ]
    if view.scene.place == "space":
        places[0], places[1] = (view.focus, 0.4, 1.0), (other, 0.3, 0.75)
    elif grounded:
        places[0] = (other, 0.36, 0.72)
    return tuple(Spot(x, sky * share, scale) for x, share, scale in places)


def _some(places: Sequence[Spot], first: int, count: int, view: View) -> list[Spot]:
    """Return *count* spots after the *first*, inventing some between when they run out."""
    rng = chance(view.seed, "spots", first)
    spots = []
    for index in range(first, first + count):
        spot = places[index % len(places)]
        if index >= len(places):
            aside = rng.choice((-1, 1)) * rng.uniform(0.14, 0.26) * view.unit
            spot = Spot(
                spot.x + aside, spot.y + rng.uniform(-0.02, 0.03) * view.unit, spot.scale * 0.8
            )
        spots.append(
            Spot(
                spot.x + rng.uniform(-0.02, 0.02) * view.unit,
                spot.y,
                spot.scale * rng.uniform(0.93, 1.06),
            )
        )
    return spots


def _crowd(view: View, stage: Stage, motif: Motif, rng: Random) -> list[Spot]:
    """Return spots for a whole field, or flock, of one kind."""
    if motif.realm is Realm.SKY:
        x, y = rng.uniform(0.3, 0.7) * view.width, view.horizon * 0.3
        return [
            Spot(
                x + rng.gauss(0, 0.16) * view.unit,
                y + rng.gauss(0, 0.08) * view.unit,
                rng.uniform(0.4, 1),
            )
            for _ in range(motif.crowd)
        ]
    top = min(spot.y for spot in stage.ground or stage.water) + 0.02 * view.unit
    count = min(3 * motif.crowd, round(motif.crowd * view.width / view.unit))
    spots = []
    start = rng.random()
    for index in range(count):
        share = (index + rng.random()) / count
        # Steps of the golden section scatter without clumps.
        x = (start + index * 0.618034 + rng.uniform(-0.06, 0.06)) % 1
        y = top + (view.height * 1.06 - top) * share
        scale = round(8 * (0.2 + 0.75 * share**1.2)) / 8
        spots.append(Spot((1.06 * x - 0.03) * view.width, y, max(0.2, scale)))
    return spots


def _stand(
    study: Study, view: View, role: Role, drawn: dict[tuple[str, float, int], Drawing]
) -> None:
    motif = role.motif
    spot = role.spot if motif.crowd else _kept_inside(role.spot, view, motif)
    height = view.unit * motif.size * spot.scale
    foot = spot.y + height / 2 if motif.realm is Realm.SKY else spot.y
    if motif.crowd:
        # In a crowd nobody is looked at for long: a few drawings do for all.
        key = role.subject.name, spot.scale, role.number % _LIKENESSES
        drawing = drawn.get(key) or _draw(view, role, (view.width / 2, foot), height)
        drawn[key] = drawing
    else:
        drawing = _draw(view, role, (spot.x, foot - height / 2), height)
    corner = (spot.x - drawing.foot[0], foot - drawing.foot[1])
    if motif.realm is Realm.GROUND and not motif.crowd:
        _shadow(study, view, spot, height * motif.span)
    if motif.realm is Realm.WATER and view.scene.place != "underwater":
        study.mirror(
            drawing.patch,
            corner[0],
            foot,
            above=drawing.foot[1],
            water=view.palette.water,
            opacity=0.75,
        )
    depth = max(0.0, 0.4 - 0.55 * spot.scale)
    study.place(drawing.patch, *corner, haze=view.palette.sky[-1], depth=depth)
    _shine(study, drawing, (spot.x, foot))


def _draw(view: View, role: Role, middle: tuple[float, float], height: float) -> Drawing:
    number = role.number % _LIKENESSES if role.motif.crowd else role.number
    return draw_motif(
        role.motif,
        height=height,
        palette=view.palette,
        towards_light=view.towards_light(*middle),
        colour=role.subject.colour,
        season=view.scene.season,
        rng=chance(view.seed, role.subject.name, number),
    )


def _kept_inside(spot: Spot, view: View, motif: Motif) -> Spot:
    """Return *spot*, moved so that the picture's edge cuts nothing off."""
    half = min(view.width / 2, view.unit * motif.size * spot.scale * motif.span * 0.92)
    return Spot(max(half, min(view.width - half, spot.x)), spot.y, spot.scale)


def _shadow(study: Study, view: View, spot: Spot, wide: float) -> None:
    """Anchor a figure with the shadow it casts away from the light."""
    away = -1 if view.light.x > spot.x else 1
    shade = mix(view.palette.dark, view.palette.near, 0.25)
    outline = ellipse(spot.x + away * wide * 0.45, spot.y, wide * 0.95, wide * 0.13 + 2)
    study.shape(outline, shade, volume=0, angle=0.0, detail=0.6, opacity=0.5, subject=True)


def _shine(study: Study, drawing: Drawing, foot: tuple[float, float]) -> None:
    for glow in drawing.glows:
        study.glow(
            foot[0] + glow.x * drawing.scale,
            foot[1] - glow.y * drawing.scale,
            glow.radius * drawing.scale,
            glow.colour,
            glow.strength,
        )
