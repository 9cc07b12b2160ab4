"""The GPT Image family, for whoever serves it: which of its parameters go together.

Limits of single models are for a catalogue.  All of this is from openai-python 3.54.0,
types/image_generate_params.py and image_edit_params.py (read 2026-11-22), and holds for models of
this family that nobody knows yet.
"""

from __future__ import annotations

from collections.abc import Iterator

from impasto.rules import Rule, always, refuse
from impasto.types import Call, Parameter, Params

_BY_ITS_NAME = (
    "prompt",
    "image",
    "mask",
    "n",
    "size",
    "quality",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "user",
)
_RULES: dict[str, Rule] = {
    **dict(zip(_BY_ITS_NAME, _BY_ITS_NAME, strict=True)),
    "response_format": always("b64_json"),  # sending it is an error 400
}
_UNCOMPRESSED = 100  # the default, and all that a PNG can be


def is_name(model: str) -> bool:
    """Return whether *model* is the name of a GPT Image, known or not."""
    return model.startswith(("gpt-image-", "chatgpt-image-"))


def translate(call: Call, **own: Rule) -> Params:
    """Return the parameters in the family's words; rules in *own* go before the family's.

    Raises:
        UnsupportedParamsError: the model does not take a parameter, or not beside another one.
    """
    misfits = {name: refuse(why) for name, why in _misfits(call)}
    return call.translate(**{**_RULES, **own, **misfits} if own or misfits else _RULES)


def _misfits(call: Call) -> Iterator[tuple[str, str]]:
    """Yield each parameter that does not go with what else is asked for, and why."""
    said = (call.output_format, call.background, call.output_compression)
    if not call.extra and said == (None, None, None):
        return  # nearly every call
    made = output_format(call)
    if made == "svg" and call.n != 1:
        yield "n", "an SVG is made alone, one in each call"
    if call.output_format == "gif" and call.mask is not None:
        yield "output_format", "a GIF is not made with a mask"
    if call.background == "transparent" and made not in ("png", "webp"):
        yield "background", f"it takes output_format 'png' or 'webp', not {made!r}"
    if made not in ("webp", "jpeg") and (made, call.output_compression) != ("png", _UNCOMPRESSED):
        yield "output_compression", f"it takes output_format 'webp' or 'jpeg', not {made!r}"
    for name, needed in (("frame_count", "gif"), ("frame_duration_ms", "gif"), ("svg", "svg")):
        if made != needed:
            yield name, f"it takes output_format {needed!r}, not {made!r}"
    if not streams(call):
        yield "partial_images", "they come with stream=True only, of one picture in each request"
    if _listed(call, "markup") is None:  # and core reads the pictures that are listed only
        yield "markup", "this model is not known to take it"
    elif call.mask is not None:
        yield "markup", "it does not go with a mask"


def output_format(call: Call) -> str:
    """Return the format that the pictures will have; png is what is made where none is said."""
    given, listed = call.output_format, _listed(call, "output_format")
    if given is None:
        return "png"
    refused = listed is not None and listed.objection(given) is not None
    return "png" if refused or (given == "gif" and call.mask is not None) else given


def _listed(call: Call, name: str) -> Parameter | None:
    return (call.card.parameters or {}).get(name) if call.card is not None else None


def streams(call: Call) -> bool:
    """Return whether the answer is to come as events; the last of them holds one picture only."""
    alone = call.n in (None, 1)
    able = call.card is None or call.card.streams
    return call.stream and able and alone and output_format(call) not in ("gif", "svg")
