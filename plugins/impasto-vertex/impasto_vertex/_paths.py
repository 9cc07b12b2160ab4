"""Fields by their paths in a body, "a.b.c", and the nested object that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any


def placed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object in which each of *fields* is where its path says."""
    body: dict[str, Any] = {}
    for path, value in fields.items():
        *outer, name = path.split(".")
        inner = body
        for step in outer:
            inner = inner.setdefault(step, {})
        if isinstance(value, Mapping):  # a copy: others may be put into it
            inner.setdefault(name, {}).update(deepcopy(dict(value)))
        else:
            inner[name] = value
    return body


def by_path(path: str, value: Any) -> dict[str, Any]:
    """Return what is in *value*, JSON, by the paths below *path*: the opposite of `placed()`."""
    return dict(_leaves(path, value))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}", inner)
    else:
        yield path, value
