"""Reads models.json, strictly: what is unsound is an error that says where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Any, get_args, get_origin

from impasto._models import Catalogue, Model, Price

if TYPE_CHECKING:
    import cattrs


def read_catalogue(path: Path | None) -> Catalogue:
    """Read a models.json; None gives an empty catalogue.

    Raises:
        ValueError: it is unsound; the message says where, as a path into the document.
    """
    if path is None:
        return Catalogue()
    return structure(_rows(json.loads(_text_of(path), object_pairs_hook=unique_keys)))


def structure(rows: Sequence[Mapping[str, Any]]) -> Catalogue:
    """Return *rows*, as they stand in a models.json, as a catalogue.

    Raises:
        ValueError: they are unsound.
    """
    import cattrs  # 40 ms, so not before the first call

    try:
        models = _converter().structure(list(rows), tuple[Model, ...])
    except Exception as error:
        told = cattrs.transform_error(error, path="models", format_exception=_told)
        raise ValueError("; ".join(told)) from error
    names = [name for model in models for name in (model.name, *model.aliases)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"named more than once: {', '.join(twice)}")
    return Catalogue(models)


def structure_prices(lists: Mapping[str, Any]) -> Mapping[str, tuple[Price, ...]]:
    """Return *lists* of prices, each as it stands in a models.json, by the same names.

    Raises:
        ValueError: one is unsound; the message says where.
    """
    import cattrs

    try:
        found: Mapping[str, tuple[Price, ...]] = _converter().structure(
            lists, dict[str, tuple[Price, ...]]
        )
    except Exception as error:
        told = cattrs.transform_error(error, path="prices", format_exception=_told)
        raise ValueError("; ".join(told)) from error
    return found


def bare_names(path: Path) -> list[str]:
    """Return the names in a models.json that answer without a provider in front.

    Reads plain JSON, because it is asked of every installed plugin at once.
    """
    rows = [row for row in _rows(json.loads(_text_of(path))) if row.get("bare")]
    return [name for row in rows for name in (row["name"], *row.get("aliases", ()))]


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _rows(document: Any) -> list[Any]:
    good = isinstance(document, dict) and list(document) == ["models"]
    if not good or not isinstance(document["models"], list):
        raise ValueError('it takes {"models": [...]} and nothing beside it')
    rows: list[Any] = document["models"]
    return rows


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* of a JSON object as a dict.

    Raises:
        ValueError: a key stands there twice.
    """
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):  # json would keep the last one and say nothing
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return dict(pairs)


@cache
def _converter() -> cattrs.Converter:
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True, prefer_attrib_converters=True)
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(_a(str)(value)))
    converter.register_structure_hook(Decimal, lambda value, _: _exact(value))
    # cattrs would make text, numbers and truth of anything.
    converter.register_structure_hook(str, lambda value, _: _a(str)(value))
    converter.register_structure_hook(bool, lambda value, _: _a(bool)(value))
    converter.register_structure_hook(int, lambda value, _: _a(int)(value))
    converter.register_structure_hook(float, lambda value, _: _a(int, float)(value))
    converter.register_structure_hook_func(
        _is_tuple, lambda value, kind: _listed(value, kind, converter)
    )
    return converter


def _a(*kinds: type) -> Callable[[Any], Any]:
    """Return the check for a value of one of *kinds* exactly, for True is an int as well."""

    def check(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError(f"{value!r} is not {_NAMES[kinds[-1]]}")
        return value

    return check


_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def _is_tuple(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is tuple


def _listed(value: Any, kind: Any, converter: cattrs.Converter) -> tuple[Any, ...]:
    if not isinstance(value, list):  # cattrs would take a text for a list of letters
        raise ValueError(f"{value!r} is not a list")
    listed: Any = GenericAlias(list, get_args(kind)[0])
    return tuple(converter.structure(value, listed))


def _exact(amount: Any) -> Decimal:
    if not isinstance(amount, str):  # a float would bring its rounding along
        raise ValueError(f'an amount is text, such as "0.04", not {amount!r}')
    try:
        price = Decimal(amount)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise ValueError(f"{amount!r} is no amount of money")
    return price


def _told(error: BaseException, kind: type | None) -> str:
    """Return what *error* says: our own words, else those of cattrs."""
    from cattrs.v import format_exception

    return str(error) if type(error) in (ValueError, Exception) else format_exception(error, kind)
