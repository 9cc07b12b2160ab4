"""Titan Image Generator and Nova Canvas: a task, its own parameters, and how to draw.

AWS's user guides, "Titan Image Generator G1 models" and "Request and response structure for image
generation" (read 2026-11-22), where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from impasto.errors import UnsupportedParamsError
from impasto.rules import Rule, choose, one_picture, refuse, width_and_height
from impasto.types import Call
from impasto_bedrock import _masks, _sides
from impasto_bedrock._pictures import encoded, picture

_TASKS: Mapping[str, str] = {
    "TEXT_IMAGE": "textToImageParams",
    "COLOR_GUIDED_GENERATION": "colorGuidedGenerationParams",
    "INPAINTING": "inPaintingParams",
    "OUTPAINTING": "outPaintingParams",
    "IMAGE_VARIATION": "imageVariationParams",
    "BACKGROUND_REMOVAL": "backgroundRemovalParams",
}
_TASKS_OF: Mapping[str, tuple[str, ...]] = {
    "generate": ("TEXT_IMAGE", "COLOR_GUIDED_GENERATION"),
    "edit": ("IMAGE_VARIATION", "INPAINTING", "OUTPAINTING", "BACKGROUND_REMOVAL"),
    "vary": ("IMAGE_VARIATION",),
}
_MASKED = ("maskPrompt", "maskImage", "returnMask")
# Fields of each task beside text, negativeText and the pictures to work on
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "TEXT_IMAGE": ("style", "conditionImage", "controlMode", "controlStrength"),
    "COLOR_GUIDED_GENERATION": ("colors", "referenceImage"),
    "INPAINTING": _MASKED,
    "OUTPAINTING": (*_MASKED, "outPaintingMode"),
    "IMAGE_VARIATION": ("similarityStrength",),
    "BACKGROUND_REMOVAL": (),
}
_IN_TASK = frozenset(
    {"text", "negativeText", "image", "images", *(one for few in _FIELDS.values() for one in few)}
)
_OF_DRAWING = ("n", "numberOfImages", "quality", "size", "width", "height", "cfgScale", "seed")
_DRAWING = "imageGenerationConfig"
# The word of OpenAI's DALL-E 3, and those of its successors, for AWS's two
_QUALITIES = {
    "standard": "standard",
    "premium": "premium",
    "hd": "premium",
    "low": "standard",
    "medium": "standard",
    "high": "premium",
}


def task(call: Call) -> str:
    """Return the task: the caller's own word, else what pictures and mask amount to."""
    given = call.extra.get("taskType")
    if given in _TASKS_OF[call.kind]:
        return str(given)
    masked = call.mask is not None or isinstance(call.extra.get("maskPrompt"), str)
    return "INPAINTING" if call.kind == "edit" and masked else _TASKS_OF[call.kind][0]


def rules(call: Call) -> dict[str, Rule]:
    """Return what the caller's parameters become, for the task that is to be done."""
    chosen = task(call)
    foreign = _IN_TASK - {"text", "negativeText", "image", "images", *_FIELDS[chosen]}
    return {
        "prompt": "text",
        "negative_prompt": "negativeText",
        "n": "numberOfImages",
        "size": width_and_height,
        **_sides.rules(call),
        "quality": choose("quality", _QUALITIES),
        "seed": "seed",
        "style": "style",
        "image": _images(chosen),
        "mask": _masks.rule(chosen),
        "taskType": _task(call.kind),
        "conditionImage": picture("conditionImage"),
        "referenceImage": picture("referenceImage"),
        **{name: _object(name, name == _TASKS[chosen]) for name in _TASKS.values()},
        _DRAWING: _object(_DRAWING, chosen != "BACKGROUND_REMOVAL"),
        **{name: refuse(f"it does not go with taskType={chosen!r}") for name in foreign},
        **_misfits(call, chosen),
    }


def _misfits(call: Call, chosen: str) -> dict[str, Rule]:
    """Return the refusals of what the task cannot do."""
    refused: dict[str, Rule] = {}
    if call.mask is not None:
        refused["maskPrompt"] = refuse("it does not go with a mask")
    if chosen == "BACKGROUND_REMOVAL":
        why = refuse("taskType='BACKGROUND_REMOVAL' takes the picture and nothing else")
        refused |= dict.fromkeys(("prompt", "negative_prompt", *_OF_DRAWING), why)
    elif chosen in _sizeless(call):
        why = refuse(f"taskType={chosen!r} makes pictures of the size of the given one")
        refused |= dict.fromkeys(("size", "width", "height"), why)
    return refused


def _sizeless(call: Call) -> tuple[str, ...]:
    return tuple(call.card.facts.get("tasks without a size", ())) if call.card is not None else ()


def _images(chosen: str) -> Rule:
    if chosen == "IMAGE_VARIATION":
        return lambda images: {"images": [encoded(image) for image in images]}
    return one_picture("image", encoded)


def _task(kind: str) -> Callable[[Any], dict[str, Any]]:
    def known(value: Any) -> dict[str, Any]:
        if value not in _TASKS_OF[kind]:
            would_do = ", ".join(map(repr, _TASKS_OF[kind]))
            raise UnsupportedParamsError(f"to {kind}, it takes {would_do}")
        return {"taskType": value}

    return known


def _object(name: str, fits: bool) -> Callable[[Any], dict[str, Any]]:
    """Return the rule for one of AWS's own objects, into which the other parameters go as well."""

    def whole(value: Any) -> dict[str, Any]:
        if not fits:
            raise UnsupportedParamsError("it does not go with this taskType")
        if not isinstance(value, Mapping):
            raise UnsupportedParamsError(f"takes object, not {type(value).__name__}")
        return {name: dict(value)}

    return whole


def body(call: Call, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body: what belongs to the task in its object, all else in the one for drawing."""
    chosen = fields.get("taskType", task(call))
    name = _TASKS[chosen]
    own, drawing = dict(fields.get(name, {})), dict(fields.get(_DRAWING, {}))
    for field, value in fields.items():
        if field not in ("taskType", name, _DRAWING):
            (own if field in _IN_TASK else drawing)[field] = value
    return {"taskType": chosen, name: own, **({_DRAWING: drawing} if drawing else {})}
