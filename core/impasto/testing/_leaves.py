"""Looks for values in requests, wherever the provider wants them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from impasto._http import Request


def holds(where: Any, value: Any) -> bool:
    """Return whether *where*, a request or JSON, holds every text and number in *value*."""
    texts = list(_texts(where))
    return all(any(_is_in(leaf, text) for text in texts) for leaf in _leaves(value))


def nulls(json: Any, path: str = "") -> list[str]:
    """Return the paths of the fields in *json* that are null."""
    if isinstance(json, Mapping):
        inner = [nulls(value, f"{path}.{name}" if path else name) for name, value in json.items()]
        return [one for found in inner for one in found]
    if isinstance(json, (list, tuple)):
        return [one for value in json for one in nulls(value, path)]
    return [path] if json is None and path else []


def _texts(where: Any) -> Iterator[str]:
    if not isinstance(where, Request):
        yield from map(str, _leaves(where))
        return
    yield unquote_plus(where.url)
    yield from where.headers.values()
    yield from map(str, _leaves(where.json))
    yield from map(str, _leaves(where.state))  # sent later, after a picture was uploaded
    yield from (str(value) for _, value in where.form or ())
    yield (where.body or b"").decode("utf-8", "replace")


def _leaves(value: Any) -> Iterator[str | float]:
    """Yield texts and numbers in *value*; truth and pictures have too many forms to be found."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield value


def _is_in(leaf: str | float, text: str) -> bool:
    if isinstance(leaf, str):
        return leaf in text
    forms = {str(leaf), f"{leaf:g}"}  # 7.0 goes out as 7 here and as 7.0 there
    return any(re.search(rf"(?<![\d.]){re.escape(form)}(?![\d.])", text) for form in forms)
