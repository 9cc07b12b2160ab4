"""The stage: where in a place the subjects of a picture may stand."""

from attrs import frozen

from impasto_sketch._view import View


@frozen
class Spot:
    """A place to stand: a foot in pixels and how large things look there (1 is as usual)."""

    x: float
    y: float
    scale: float


@frozen(kw_only=True)
class Stage:
    """The spots that a place offers, the best first."""

    ground: tuple[Spot, ...]
    water: tuple[Spot, ...] = ()


def row(view: View, y: float, scale: float, *, spread: float = 0.3) -> tuple[Spot, ...]:
    """Return spots near one line: the focus first, then the other side, then between and beyond."""
    other = view.width - view.focus
    aside = other + (other - view.width / 2) * 0.7
    places = (view.focus, aside, view.width - aside, view.width / 2, view.width * 0.06)
    fall = (0.0, spread * 0.3, spread * 0.5, -spread * 0.3, -spread * 0.1)
    room = view.height - y
    return tuple(
        Spot(x, y + room * drop, scale * (1 if index == 0 else 0.8))
        for index, (x, drop) in enumerate(zip(places, fall, strict=True))
    )


def afloat(view: View, top: float) -> tuple[Spot, ...]:
    """Return spots on the water below *top*, nearer ones larger."""
    high = view.height - top
    other = view.width - view.focus
    places = (
        (view.focus, 0.34, 1.0),
        (other, 0.12, 0.5),
        (view.width * 0.5, 0.62, 1.15),
        (view.width * 0.12, 0.2, 0.62),
        (view.width * 0.88, 0.06, 0.36),
    )
    return tuple(Spot(x, top + high * share, scale) for x, share, scale in places)


def along(view: View, y: float, side: int) -> tuple[Spot, ...]:
    """Return spots on a headland that runs from the focus out of the picture at *side*."""
    steps = (0.0, 0.2, 0.36, 0.1, 0.5)
    return tuple(
        Spot(view.focus + side * view.unit * step, y, 0.75 if step else 1.0) for step in steps
    )
