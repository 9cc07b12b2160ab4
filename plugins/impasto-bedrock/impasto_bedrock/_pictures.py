"""Pictures in JSON: base64 without a "data:" in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from impasto.types import ImageFile, Mask


def encoded(picture: Any) -> Any:
    """Return *picture* in base64; what core has not read, since no card lists it, stays."""
    return picture.base64 if isinstance(picture, ImageFile) else picture


def picture(name: str) -> Callable[[Any], dict[str, Any]]:
    """Return the rule that sends a picture as the field *name*."""
    return lambda given: {name: encoded(given)}


def white_mask(mask: Mask) -> dict[str, str]:
    """Return the mask as Stability takes it: white where the picture is painted anew."""
    return {"mask": mask.as_white().base64}
