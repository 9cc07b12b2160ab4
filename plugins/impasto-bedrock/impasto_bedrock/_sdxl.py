"""Stable Diffusion XL, gone since 2025: prompts with weights, width and height.

The service's own documents could not be read any more; fields are from LiteLLM and boto3's
recordings (secondary), those of edits recalled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.rules import Rule, one_picture, refuse, width_and_height
from impasto.types import Call, Mask
from impasto_bedrock import _sides
from impasto_bedrock._pictures import encoded


def rules(call: Call) -> dict[str, Rule]:
    """Return what the caller's parameters become."""
    return {
        "prompt": "prompt",
        "negative_prompt": "negative_prompt",
        "text_prompts": refuse(
            "prompt and negative_prompt become it; for other weights pass it in extra_body"
        ),
        "size": width_and_height,
        **_sides.rules(call),
        "style": "style_preset",
        "seed": "seed",
        "image": one_picture("init_image", encoded),
        "mask": _mask,
    }


def _mask(mask: Mask) -> dict[str, str]:
    return {"mask_source": "MASK_IMAGE_WHITE", "mask_image": mask.as_white().base64}


def body(call: Call, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body: what is not to be seen is a prompt with a negative weight."""
    rest = dict(fields)
    prompts = [{"text": rest.pop("prompt"), "weight": 1.0}] if "prompt" in rest else []
    if "negative_prompt" in rest:
        prompts.append({"text": rest.pop("negative_prompt"), "weight": -1.0})
    return {"text_prompts": prompts, **rest}
