"""Looks at every line of a file of prompts before anything is spent."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from typing import Any

import impasto
from impasto import ImpastoError, PluginError
from impasto_cli._exits import Failure
from impasto_cli._failures import in_options
from impasto_cli._lines import one_line
from impasto_cli._listed import Line, Listing

_KEYS = ("key", "idempotency_key")  # of the batch, not of the call
_CHECKED = 10_000  # kinds of calls, a guess: more are checked again when they come


class Checked:
    """The prompts of a listing that has no bad line, as `impasto.batch()` takes them."""

    def __init__(self, listing: Listing, numbers: array[int]) -> None:
        self._listing = listing
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        return (line.prompt for line in self._listing.lines())

    def number(self, index: int) -> int:
        """Return the number of the line that prompt *index* is in."""
        return self._numbers[index]


def checked(listing: Listing, common: Mapping[str, Any]) -> tuple[Checked, list[Failure]]:
    """Return the prompts of *listing*, and a failure for each line that cannot be right.

    Each kind of call is translated, as `impasto explain` does it, and nothing is sent.

    Raises:
        Failure: the file cannot be read.
        PluginError: a plugin is broken.
    """
    numbers = array("L")
    failures: list[Failure] = []
    seen: set[str] = set()
    for line in listing.lines():
        wrong = line.wrong or _wrong(line, common, seen)
        if wrong is not None:
            failures.append(Failure(f"line {line.number}: {one_line(in_options(wrong))}", 2))
        numbers.append(line.number)
    return Checked(listing, numbers), failures


def _wrong(line: Line, common: Mapping[str, Any], seen: set[str]) -> str | None:
    """Return what is wrong with the call of *line*, or None."""
    call = {**common, **line.arguments}
    key = next((call.pop(name) for name in _KEYS if name in call), None)
    if key is not None and not (isinstance(key, str) and key):
        return f"key={key!r}; it takes text"
    kind_of_call = json.dumps({**call, "prompt": None}, sort_keys=True, default=repr)
    prompt = call.get("prompt")
    if kind_of_call in seen and isinstance(prompt, str) and prompt.strip():
        return None
    if str(call.get("image", "")).startswith(("http:", "https:")):
        return None  # to look at it, it would have to be fetched
    try:
        impasto.explain(**call)
    except PluginError:
        raise
    except (ImpastoError, TypeError) as error:
        return str(error)
    if len(seen) < _CHECKED:
        seen.add(kind_of_call)
    return None
