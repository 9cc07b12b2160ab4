"""Masks as Titan and Nova take them: black and white and nothing between."""

from __future__ import annotations

import io
from typing import Any

from impasto.rules import Rule, refuse
from impasto.types import Mask


def rule(task: str) -> Rule:
    """Return what a mask becomes: black is painted anew, but with OUTPAINTING it is kept."""
    if task == "INPAINTING":
        return lambda mask: {"maskImage": _pure(mask.as_black())}
    if task == "OUTPAINTING":
        return lambda mask: {"maskImage": _pure(mask.as_white())}
    return refuse(f"it does not go with taskType={task!r}")


def _pure(mask: Mask) -> str:
    """Return *mask* in base64, its greys made black or white: AWS refuses them."""
    import PIL.Image  # the mask has needed it already

    with PIL.Image.open(io.BytesIO(mask.data)) as picture:
        file = io.BytesIO()
        picture.point(_nearest).save(file, "PNG")
    return Mask(data=file.getvalue(), mime="image/png", name=mask.name).base64


def _nearest(grey: Any) -> int:
    return 255 if grey > 127 else 0
