"""Places in a written page that are filled with something made: <!-- generated: NAME WORDS -->."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

Maker: TypeAlias = Callable[..., str]

_MARKER = re.compile(r"^<!-- generated: (\w+)(.*?)-->$", re.DOTALL | re.MULTILINE)


def filled(page: str, makers: Mapping[str, Maker]) -> str:
    """Return *page* with what *makers* make in the places that name them.

    Raises:
        KeyError: nobody makes what a place asks for.
    """
    return _MARKER.sub(lambda found: makers[found[1]](*found[2].split()), page)
