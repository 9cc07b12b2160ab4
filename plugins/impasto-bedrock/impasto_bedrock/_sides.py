"""Width and height as two words of the caller, for models that take sizes in pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from impasto.errors import UnsupportedParamsError
from impasto.rules import Rule
from impasto.types import Call


def rules(call: Call) -> dict[str, Rule]:
    """Return the rules for `width` and `height`, which are one size together."""
    return {side: _side(call, side) for side in ("width", "height")}


def _side(call: Call, side: str) -> Callable[[Any], dict[str, Any]]:
    def checked(pixels: Any) -> dict[str, Any]:
        width, height = call.extra.get("width"), call.extra.get("height")
        sizes = call.card.sizes if call.card is not None else None
        if width is None or height is None:
            raise UnsupportedParamsError("width and height go together")
        if sizes is not None and not sizes.takes_exactly(f"{width}x{height}"):
            would_do = "; ".join(sizes.examples())
            raise UnsupportedParamsError(f"{width}x{height} is no size of it; it makes {would_do}")
        return {side: pixels}

    return checked
