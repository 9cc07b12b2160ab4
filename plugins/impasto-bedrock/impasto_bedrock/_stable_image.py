"""Stable Image Core and Ultra, Stable Diffusion 3 and 3.5: one flat object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.rules import Rule, as_ratio, one_picture
from impasto.types import Call
from impasto_bedrock._pictures import encoded


def rules(call: Call) -> dict[str, Rule]:
    """Return what the caller's parameters become."""
    return {
        "prompt": "prompt",
        "negative_prompt": "negative_prompt",
        "seed": "seed",
        "output_format": "output_format",
        "style": "style_preset",
        "size": as_ratio(call, "aspect_ratio"),
        "image": one_picture("image", encoded),
    }


def body(call: Call, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that holds *fields*, with the mode that some models need for an edit."""
    mode = call.card.facts.get("mode of edits") if call.card is not None else None
    return {"mode": mode, **fields} if mode and call.kind == "edit" else dict(fields)
