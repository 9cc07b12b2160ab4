"""What a model's card says, in a few words for each column of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from impasto.types import AnySize, Parameter, Price, Sizes
from impasto_cli._catalogues import Listed

_SHOWN = 3  # sizes of a list; `impasto params` shows all


def abilities(one: Listed) -> str:
    """Return what it does, beyond what every model does."""
    more = ["mask"] if one.takes("mask") else []
    return ", ".join([*one.model.kinds, *more, *(["seed"] if one.takes("seed") else [])])


def most(one: Listed) -> str:
    """Return how many pictures it makes in one request."""
    return str(one.model.max_images or _maximum(one.parameter("n")))


def _maximum(parameter: Parameter | None) -> str:
    return f"{parameter.maximum:g}" if parameter and parameter.maximum is not None else ""


def formats(one: Listed) -> str:
    """Return the formats that a caller may choose among."""
    parameter = one.parameter("output_format")
    return ", ".join(map(str, (parameter.values if parameter else None) or ()))


def sizes(known: Sizes | None) -> str:
    """Return *known* in short."""
    if known is None:
        return ""
    some = [word for word in known.values if word != "auto"]
    ratios = list(known.ratios)
    parts = [_range(known.any)] if known.any else []
    parts += _some(some) + _some(ratios)
    return ", ".join([*parts, *(["auto"] if "auto" in known.values else [])])


def _some(words: Sequence[str]) -> list[str]:
    more = len(words) - _SHOWN
    return [*words] if more <= 1 else [*words[:_SHOWN], f"{more} more"]


def _range(limits: AnySize) -> str:
    least = f" {limits.min_edge} to" if limits.min_edge > 1 else " up to"
    most = f"{least} {limits.max_edge}" if limits.max_edge else ""
    return f"any{most}" + (f" by {limits.multiple_of}" if limits.multiple_of > 1 else "")


def price(prices: Sequence[Price]) -> str:
    """Return *prices* in short: those of a picture if there are any, else the first unit's."""
    if not prices:
        return ""
    units = [one.unit for one in prices]
    unit = "image" if "image" in units else "megapixel" if "megapixel" in units else _output(units)
    return _span([one for one in prices if one.unit == unit])


def _output(units: Sequence[str]) -> str:
    return next((unit for unit in units if "output image" in unit), units[0])


def _span(prices: Sequence[Price]) -> str:
    low = min(prices, key=lambda one: one.amount)
    high = max(prices, key=lambda one: one.amount)
    if high.amount == Decimal(0):
        return "free"
    upper = f" to {high.money}" if high.amount != low.amount else ""
    return f"{low.money}{upper}/{low.unit.replace('million ', 'M ')}"


def each_price(prices: Iterable[Price], *, sources: bool) -> list[str]:
    """Return a line for each of *prices*."""
    return [_priced(one, sources=sources) for one in prices]


def _priced(one: Price, *, sources: bool) -> str:
    when = ", ".join(f"{name} {value}" for name, value in one.when.items())
    sure = f", {one.certainty}" if one.certainty else ""
    where = f"  [{one.source}, {one.date}{sure}]" if sources else ""
    return f"{one.money}/{one.unit}{f' with {when}' if when else ''}{where}"


def retirement(one: Listed, today: date) -> str:
    """Return when it goes, or that it has gone."""
    lifecycle = one.model.lifecycle
    if lifecycle is None or lifecycle.retires is None:
        return ""
    return f"retired {lifecycle.retires}" if one.is_retired(today) else f"{lifecycle.retires}"
