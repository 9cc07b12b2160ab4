"""Makes a card of the input schema that a model publishes.

It is OpenAPI as Cog writes it: lists of values stand beside the input and are referred to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from typing import Any, Literal, TypeAlias

from impasto.types import COMMON, AnySize, Call, Json, Model, Parameter, Sizes
from impasto_replicate._references import facts

Kind: TypeAlias = Literal["integer", "number", "string", "boolean", "array", "object", "any"]

# What models call the common parameters, the commonest name first, and of which type they are.
_CANDIDATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "prompt": ("string", ("prompt", "text", "caption")),
    "mask": ("string", ("mask", "mask_image")),
    "n": ("integer", ("num_outputs", "num_images", "number_of_images", "n")),
    "quality": ("string", ("quality",)),
    "style": ("string", ("style", "style_type", "style_preset")),
    "user": ("string", ("user",)),
    "seed": ("integer", ("seed",)),
    "negative_prompt": ("string", ("negative_prompt",)),
    "background": ("string", ("background",)),
    "output_format": ("string", ("output_format",)),
    "output_compression": ("integer", ("output_quality", "output_compression", "quality")),
    "moderation": ("string", ("moderation",)),
}
_PICTURES = (
    "image",
    "input_image",
    "image_input",
    "images",
    "init_image",
    "control_image",
    "redux_image",
)
_SIZES = ("size", "image_size", "resolution")
_TYPES: Mapping[str, Kind] = {
    "integer": "integer",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}
_RATIO = re.compile("[1-9][0-9]*:[1-9][0-9]*")  # and not "custom", or "match_input_image"
_PIXELS = re.compile("[1-9][0-9]*x[1-9][0-9]*")

Fields: TypeAlias = Mapping[str, Mapping[str, Json]]


def card(call: Call, learned: Mapping[str, Json]) -> Model:
    """Return what *learned*, Replicate's description of a model or of one version, says.

    Raises:
        LookupError, TypeError, ValueError, AttributeError: it is no such description.
    """
    version = learned.get("latest_version") or learned
    # Of a community model the latest version is run; an official one runs by its name.
    official = learned.get("is_official", facts(call).get("official"))
    by_version = "latest_version" in learned and not official
    known = {"version": version["id"]} if by_version else {}
    schemas = (version.get("openapi_schema") or {}).get("components", {}).get("schemas", {})
    if "Input" not in schemas:  # a model need not publish one
        return Model(name=call.model, facts=known)
    fields = {
        name: _whole(field, schemas) for name, field in schemas["Input"]["properties"].items()
    }
    given = {name for name, value in call.extra.items() if value is not None}
    required = frozenset(schemas["Input"].get("required", ())) - given
    return _read(call.model, fields, required, known)


def _read(model: str, fields: Fields, required: frozenset[str], known: dict[str, Any]) -> Model:
    names, pictures = dict(_names(fields)), _pictures(fields)
    sizes, how = _sizes(fields)
    parameters = {name: _parameter(fields[name]) for name in fields if name not in COMMON}
    for common, name in names.items():
        parameters[common] = _parameter(fields[name], required=name in required)
    own = {**known, "names": names, "pictures": pictures}
    if pictures:
        first = fields[pictures[0]]
        own["as_list"] = first.get("type") == "array"
        most = first.get("maxItems") if own["as_list"] else len(pictures)
        needed = pictures[0] in required
        parameters["image"] = Parameter(type="array", max_length=most, required=needed)
    if "output_format" in names:
        parameters["output_format"], own["jpeg"] = _formats(parameters["output_format"])
    if how == {"field": "size"} and sizes is None:
        parameters["size"] = _parameter(fields["size"])
    most_images = parameters["n"].maximum if "n" in names else 1
    return Model(
        name=model,
        kinds=("generate", "edit") if pictures else ("generate",),
        parameters=parameters,
        sizes=sizes,
        max_images=int(most_images) if most_images else None,
        facts={**own, "size": how} if how else own,
    )


def _names(fields: Fields) -> Iterator[tuple[str, str]]:
    for common, (kind, candidates) in _CANDIDATES.items():
        fit = [one for one in candidates if fields.get(one, {}).get("type") == kind]
        if fit:
            yield common, fit[0]


def _pictures(fields: Fields) -> list[str]:
    """Return the fields for pictures to work on, in order."""
    name = next((one for one in _PICTURES if one in fields), None)
    if name is None:
        return []
    numbered = (f"{name}_{number}" for number in count(2))  # FLUX.2 has input_image_2 to _8
    return [name, *takewhile(fields.__contains__, numbered)]


# --- Fields -----------------------------------------------------------------------------------


def _whole(field: Mapping[str, Json], schemas: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return *field* with what it refers to; what may be one of several things has no type."""
    parts = [*field.get("allOf", ()), *field.get("anyOf", ()), *field.get("oneOf", ())]
    kinds = [part for part in parts if part.get("type") != "null"]
    if len(kinds) != 1:
        return field
    named = kinds[0].get("$ref")
    return {**(schemas[named.rpartition("/")[2]] if named else kinds[0]), **field}


def _parameter(field: Mapping[str, Json], *, required: bool = False) -> Parameter:
    kind = field.get("type")
    values = field.get("enum")
    return Parameter(
        type=_TYPES.get(str(kind), "any"),
        values=None if values is None else tuple(values),
        minimum=field.get("minimum"),
        maximum=field.get("maximum"),
        max_length=field.get("maxLength" if kind == "string" else "maxItems"),
        required=required,
        default=field.get("default"),
    )


def _formats(listed: Parameter) -> tuple[Parameter, str | None]:
    """Return *listed* with both names of JPEG, and the one that the model knows, None for both."""
    values = listed.values or ()
    known = [name for name in ("jpg", "jpeg") if name in values]
    if len(known) != 1:
        return listed, None if known else "jpg"
    other = "jpeg" if known == ["jpg"] else "jpg"
    return Parameter(values=(*values, other), default=listed.default), known[0]


# --- Sizes ------------------------------------------------------------------------------------


def _sizes(fields: Fields) -> tuple[Sizes | None, dict[str, Any]]:
    """Return what *size* may be, and which fields it becomes."""
    ratios = fields.get("aspect_ratio", {}).get("enum", ())
    if "width" in fields and "height" in fields:
        if "custom" in ratios:
            # cog-flux, predict.py (read 2026-11-22): it is rounded to multiples of 16
            return Sizes(any=_limits(fields, 16)), {"with": {"aspect_ratio": "custom"}}
        return _edges(fields), {"edges": True}
    found = next((name for name in _SIZES if _in_pixels(fields.get(name, {}))), None)
    table = {ratio: dict[str, str]() for ratio in ratios if _RATIO.fullmatch(ratio)}
    how = {
        **({"field": found} if found is not None else {}),
        **({"ratio": "aspect_ratio"} if table else {}),
    }
    if how:
        values = fields[found]["enum"] if found is not None else ()
        return Sizes(values=tuple(values), ratios=table), how
    return None, {"field": "size"} if fields.get("size", {}).get("type") == "string" else {}


def _in_pixels(field: Mapping[str, Json]) -> bool:
    """Return whether *field* is a list of sizes, of which one at least is "WxH"."""
    return any(_PIXELS.fullmatch(str(value)) for value in field.get("enum", ()))


def _edges(fields: Fields) -> Sizes:
    width, height = fields["width"], fields["height"]
    if "enum" in width and "enum" in height:
        return Sizes(values=tuple(f"{w}x{h}" for w in width["enum"] for h in height["enum"]))
    return Sizes(any=_limits(fields, int(width.get("multipleOf", 1))))


def _limits(fields: Fields, multiple_of: int) -> AnySize:
    edges = fields["width"], fields["height"]
    least = [edge["minimum"] for edge in edges if edge.get("minimum") is not None]
    most = [edge["maximum"] for edge in edges if edge.get("maximum") is not None]
    return AnySize(
        multiple_of=multiple_of,
        min_edge=int(max([1, *least])),
        max_edge=int(min(most)) if most else None,
    )
