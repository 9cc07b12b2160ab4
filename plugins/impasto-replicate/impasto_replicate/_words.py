"""What the common parameters are called by a model of Replicate's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.errors import UnsupportedParamsError
from impasto.rules import Mapped, Rule, always, as_ratio, choose, refuse, width_and_height
from impasto.types import COMMON, Call, ImageFile, Mask, Params
from impasto_replicate import _options
from impasto_replicate._references import facts

# What is larger is to be uploaded, says the description of "input" in Replicate's OpenAPI document.
INLINE = 256_000  # bytes
# What most models call them, for a model of which nothing is known.
_USUAL = {
    "prompt": "prompt",
    "mask": "mask",
    "n": "num_outputs",
    "seed": "seed",
    "negative_prompt": "negative_prompt",
    "output_format": "output_format",
    "output_compression": "output_quality",
}
# cog-sdxl does so without a mask, the fine-tunes of cog-flux always (predict.py, read 2026-11-22).
_MAY_STAY = "a model may keep the size of the picture that it works on"
_RULED = frozenset({"image", "size", "response_format"})  # by more than a name


def translate(call: Call) -> Params:
    """Return *call*'s parameters in the model's words; pictures to be uploaded are still files."""
    names = names_of(call)
    rules: dict[str, Rule] = {
        **names,
        "image": _pictures(call),
        "size": _size(call),
        "response_format": always("url"),
    }
    if call.mask is not None and "mask" in names:
        rules["mask"] = _mask(call, names["mask"])
    if call.output_format is not None and "output_format" in names:
        rules["output_format"] = _output_format(call, names["output_format"])
    if call.output_format == "png":
        rules["output_compression"] = refuse("a PNG has no quality; it is always exact")
    return call.translate(**rules)


def names_of(call: Call) -> Mapping[str, str]:
    """Return the model's names of common parameters, by the caller's."""
    parameters = call.card.parameters if call.card is not None else None
    listed = _USUAL if parameters is None else {name: name for name in parameters}
    common = {name: own for name, own in listed.items() if name in COMMON and name not in _RULED}
    return {**common, **facts(call).get("names", {})}


# --- Pictures ---------------------------------------------------------------------------------


def _pictures(call: Call) -> Rule:
    fields = facts(call).get("pictures", ["image"])

    def rule(images: tuple[ImageFile, ...]) -> dict[str, Any]:
        sent = [_sent(call, image) for image in images]
        if facts(call).get("as_list"):
            return {fields[0]: sent}
        if len(sent) > len(fields):
            raise UnsupportedParamsError(f"takes {len(fields)}, not {len(sent)} pictures")
        return dict(zip(fields, sent, strict=False))

    return rule


def _sent(call: Call, file: ImageFile) -> str | ImageFile:
    """Return *file* as a URL, or as it is where it is to be uploaded first."""
    strategy = _options.encoding(call)
    if file.url is not None and strategy is None:
        return file.url
    inline = strategy == "base64" or (strategy is None and len(file.data) <= INLINE)
    return file.data_url if inline else file


def _mask(call: Call, name: str) -> Rule:
    # cog-flux and cog-sdxl, predict.py (read 2026-11-22): white is painted anew, black is kept.
    def rule(mask: Mask) -> dict[str, Any]:
        return {name: _sent(call, mask.as_white())}

    return rule


# --- Sizes and formats ------------------------------------------------------------------------


def _size(call: Call) -> Rule:
    how = facts(call).get("size")
    if how is None:
        return refuse(
            "nothing is known of this model's sizes; give them in its own words, such as "
            "aspect_ratio='3:2', or width and height"
        )

    def rule(size: str) -> Mapping[str, Any] | Mapped:
        sizes = call.card.sizes if call.card is not None else None
        if "field" in how and (sizes is None or size in sizes.values):
            return {how["field"]: size}
        if "ratio" in how:
            return as_ratio(call, how["ratio"], how.get("tier"))(size)
        edges = {**width_and_height(size), **how.get("with", {})}
        return Mapped(edges, _MAY_STAY if call.kind == "edit" else "")

    return rule


def _output_format(call: Call, name: str) -> Rule:
    """Return the rule for a format: JPEG has two names, and a model knows one of them."""
    theirs = facts(call).get("jpeg", "jpg")
    given = str(call.output_format)
    if given not in ("jpg", "jpeg") or theirs in (given, None):
        return name
    return choose(name, {given: theirs})
