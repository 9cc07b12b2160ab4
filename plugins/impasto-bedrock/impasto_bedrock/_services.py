"""Stability AI Image Services: edits, each with a model id of its own; one flat object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.rules import Rule, as_ratio, one_picture, refuse
from impasto.types import Call
from impasto_bedrock._pictures import encoded, picture, white_mask


def rules(call: Call) -> dict[str, Rule]:
    """Return what the caller's parameters become."""
    return {
        "prompt": "prompt" if _takes_prompt(call) else refuse("this service takes no prompt"),
        "negative_prompt": "negative_prompt",
        "seed": "seed",
        "output_format": "output_format",
        "style": "style_preset",
        "size": as_ratio(call, "aspect_ratio"),
        "image": one_picture(_name_of_the_picture(call), encoded),
        "mask": white_mask,
        "style_image": picture("style_image"),
    }


def _takes_prompt(call: Call) -> bool:
    listed = call.card.parameters if call.card is not None else None
    return listed is None or "prompt" in listed


def _name_of_the_picture(call: Call) -> str:
    return str(call.card.facts.get("picture", "image")) if call.card is not None else "image"


def body(call: Call, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body, which is *fields*."""
    return dict(fields)
