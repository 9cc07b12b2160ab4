"""The caller's words in Together's: one endpoint for all, though few models take all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.rules import Mapped, choose, refuse, width_and_height
from impasto.types import Call, ImageFile, Params

# Together's own words.  Only some models take each, and models.json says which.
_OWN = (
    "width",
    "height",
    "aspect_ratio",
    "steps",
    "guidance",
    "guidance_scale",
    "prompt_upsampling",
    "image_url",
    "reference_images",
    "image_loras",
    "disable_safety_checker",
)
_RESPONSE_FORMATS = {"url": "url", "b64_json": "base64"}  # but the answer says b64_json
_OUTPUT_FORMATS = {"jpeg": "jpeg", "jpg": "jpeg", "png": "png"}


def translate(call: Call) -> Params:
    """Return the parameters in Together's words.

    Raises:
        BadRequestError: no model of Together's does such a thing.
    """
    _refuse_what_no_model_does(call)
    return call.translate(
        "prompt",
        "n",
        "seed",
        "negative_prompt",
        size=_edges(call),
        response_format=choose("response_format", _RESPONSE_FORMATS),
        output_format=choose("output_format", _OUTPUT_FORMATS),
        image=_pictures(call),
        **{name: refuse(why) for name, why in _misfits(call)},
    )


def _refuse_what_no_model_does(call: Call) -> None:
    if call.mask is not None:
        raise UnsupportedParamsError(
            "Together AI has no masks; say in the prompt what is to change and what is to stay",
            param="mask",
        )
    if call.prompt is None:
        raise BadRequestError(
            "Together AI makes nothing without a prompt; give image_edit() one", param="prompt"
        )


def _edges(call: Call) -> Callable[[str], Mapped]:
    """Return the rule for *size*: pixels as they are, or those of the card's table."""

    def edges(size: str) -> Mapped:
        sizes = call.card.sizes if call.card is not None else None
        found = sizes.find(size) if sizes is not None else None
        true = found.pixels if found is not None and found.pixels is not None else size
        return Mapped(width_and_height(true), "" if true == size else f"the picture has {true}")

    return edges


def _pictures(call: Call) -> Callable[[Sequence[ImageFile]], dict[str, Any]]:
    """Return the rule for *image*: one as the picture to change, several as references."""

    def pictures(images: Sequence[ImageFile]) -> dict[str, Any]:
        # What the caller has on the web need not be sent along: Together fetches it as well.
        urls = [image.url or image.data_url for image in images]
        if len(urls) == 1 and _takes(call, "image_url"):
            return {"image_url": urls[0]}
        return {"reference_images": urls}

    return pictures


def _misfits(call: Call) -> Iterator[tuple[str, str]]:
    """Yield each of Together's own words that does not fit the model or the call, and why."""
    for name in _OWN:
        if call.extra.get(name) is not None and not _takes(call, name):
            yield name, f"{call.model} does not take {name}"
    if call.size is not None and _makes(call, call.size):
        yield "aspect_ratio", "the size says it already; give one of the two"


def _takes(call: Call, name: str) -> bool:
    """Return whether the model takes *name*, as far as anybody knows."""
    listed = call.card.parameters if call.card is not None else None
    return listed is None or name in listed


def _makes(call: Call, size: str) -> bool:
    """Return whether the model makes *size*, as far as anybody knows; else it may be dropped."""
    sizes = call.card.sizes if call.card is not None else None
    return sizes is None or sizes.takes(size)
