"""What a parameter may be that decides a price, and which sizes a picture may have."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from impasto._call import Call, Params
from impasto._costs import sent_as
from impasto._models import Parameter, Price, Tokens
from impasto._sizes import AnySize, pixels

_AUTO = "auto"  # the provider chooses


class NotKnown(Exception):
    """That there is no bound; the message says why."""


def possible(name: str, call: Call, params: Params) -> tuple[Any, ...]:
    """Return all that *name* may be: what is sent, what was asked for, else what there is.

    Nothing where that is not known.
    """
    if name == "size":
        return _sizes(call, params)
    said = said_of(name, call, params)
    if said not in (None, _AUTO):
        return (said,)
    listed = _listed(name, call)
    if said is None and listed.default not in (None, _AUTO):
        return (listed.default,)
    return tuple(one for one in listed.values or () if one != _AUTO)


def cases(
    rows: Sequence[Price | Tokens], call: Call, params: Params
) -> Iterator[Mapping[str, Any]]:
    """Yield each combination of values that decides which of *rows* holds.

    A value is None where nobody can say what it is, and it may be one that no row is for.
    """
    names = sorted({name for row in rows for name in row.when})
    listed = [
        [*dict.fromkeys(row.when[name] for row in rows if name in row.when)] for name in names
    ]
    choices = [
        possible(name, call, params) or (*values, None)
        for name, values in zip(names, listed, strict=True)
    ]
    for values in itertools.product(*choices):
        yield dict(zip(names, values, strict=True))


def fits(row: Price | Tokens, case: Mapping[str, Any]) -> bool:
    """Return whether *row* holds in *case*."""
    return all(case.get(name) == value for name, value in row.when.items())


def said_of(name: str, call: Call, params: Params) -> Any:
    """Return what *name* is sent as, else what was asked for, or None."""
    asked = getattr(call, name, None) if name in ("size", "quality") else call.extra.get(name)
    return next(sent_as(name, params.fates), asked)


def _listed(name: str, call: Call) -> Parameter:
    return ((call.card.parameters if call.card is not None else None) or {}).get(name, Parameter())


# --- sizes ------------------------------------------------------------------------------------


def _sizes(call: Call, params: Params) -> tuple[str, ...]:
    """Return the sizes that a picture may have; nothing where there may be others."""
    edges = edges_of(call, params)
    if edges is not None:
        return (f"{edges[0]}x{edges[1]}",)
    known = call.card.sizes if call.card is not None else None
    if known is None or known.any is not None:
        return ()
    table = [true for tiers in known.ratios.values() for true in (*tiers.values(), *_none(tiers))]
    if "" in table:
        return ()
    return (*(one for one in known.values if one != _AUTO), *table)


def _none(tiers: Any) -> Iterator[str]:
    if not tiers:
        yield ""  # a ratio whose pixels are not published


def edges_of(call: Call, params: Params) -> tuple[int, int] | None:
    """Return width and height of the pictures, in pixels, or None where the provider chooses."""
    width, height = (said_of(name, call, params) for name in ("width", "height"))
    if type(width) is int and type(height) is int:
        return width, height
    size = said_of("size", call, params)
    known = call.card.sizes if call.card is not None else None
    if isinstance(size, str) and size != _AUTO:
        match = known.find(size) if known is not None and not known.takes_exactly(size) else None
        return pixels(match.pixels if match is not None and match.pixels else size)
    if size is None and call.kind == "generate" and said_of("aspect_ratio", call, params) is None:
        usual = [_listed(name, call).default for name in ("width", "height")]
        if type(usual[0]) is int and type(usual[1]) is int:
            return usual[0], usual[1]
        return pixels(str(_listed("size", call).default))
    return None


def limits_of(call: Call) -> AnySize | None:
    """Return the limits within which every size is made, where nothing else is."""
    known = call.card.sizes if call.card is not None else None
    return known.any if known is not None and not known.ratios else None


def areas(call: Call, params: Params) -> tuple[int, int | None]:
    """Return the fewest and the most pixels that a picture may have; None: there is no bound."""
    edges = edges_of(call, params)
    listed = [edges] if edges is not None else [pixels(one) for one in _sizes(call, params)]
    known = [one[0] * one[1] for one in listed if one is not None]
    if known and len(known) == len(listed):
        return min(known), max(known)
    limits = limits_of(call)
    return (0, None) if limits is None else (fewest(limits), most(limits))


def fewest(limits: AnySize) -> int:
    """Return the fewest pixels within *limits*."""
    return max(limits.min_pixels or 0, limits.min_edge * limits.min_edge)


def most(limits: AnySize) -> int | None:
    """Return the most pixels within *limits*."""
    square = limits.max_edge * limits.max_edge if limits.max_edge else None
    return min((one for one in (limits.max_pixels, square) if one is not None), default=None)
