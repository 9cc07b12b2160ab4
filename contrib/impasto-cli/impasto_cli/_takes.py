"""What a model takes for each parameter, and a provider for each setting, in words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from impasto.types import Parameter, Setting, Sizes
from impasto_cli._catalogues import Listed

_NAMES = {
    "string": "text",
    "array": "list",
    "object": "JSON object",
    "image": "picture",
    "any": "anything",
}
_PICTURES = {"mask": "picture"}


def parameters(one: Listed, verbose: bool) -> list[Sequence[str]]:
    """Return name, default and what it takes for each parameter; the sizes are the second."""
    listing = dict(one.model.parameters or {})
    size = listing.pop("size", Parameter())
    rows: list[Sequence[str]] = [
        (name, _default(parameter), _takes(name, parameter, verbose))
        for name, parameter in listing.items()
    ]
    if one.model.sizes is not None:
        rows.insert(1, ("size", _default(size), _sizes(one.model.sizes, verbose)))
    elif one.takes("size"):
        rows.insert(1, ("size", _default(size), _takes("size", size, verbose)))
    if one.model.parameters is None:
        rows.append(("...", "", "not listed: parameters pass in your words, unverified"))
    return rows


def _sizes(sizes: Sizes, verbose: bool) -> str:
    listing = ", ".join(dict.fromkeys(sizes.examples()))
    note = f"; {sizes.note}" if sizes.note else ""
    return f"{listing}{note}{source_of(sizes.source, verbose)}"


def _default(parameter: Parameter) -> str:
    value = parameter.default
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _takes(name: str, parameter: Parameter, verbose: bool) -> str:
    """Return type, values, limits and note of *parameter*, as a sentence has it."""
    parts = [
        "required" if parameter.required else "",
        f"{' and '.join(parameter.kinds)} only" if parameter.kinds else "",
        _values(name, parameter),
        parameter.note,
    ]
    return "; ".join(filter(None, parts)) + source_of(parameter.source, verbose)


def _values(name: str, parameter: Parameter) -> str:
    if parameter.always is not None:
        return f"always {parameter.always}"
    if parameter.values is not None:
        return ", ".join(map(str, parameter.values))
    if name == "image":
        return _pictures(parameter.max_length)
    kind = _PICTURES.get(name) or _NAMES.get(parameter.type, parameter.type)
    return kind + _between(parameter.minimum, parameter.maximum) + _longest(parameter)


def _pictures(most: int | None) -> str:
    """Return how many pictures to work on a model takes."""
    if most is None:
        return "pictures"
    return "one picture" if most == 1 else f"at most {most:,} pictures"


def _between(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {_number(least)} to {_number(most)}"
    if least is not None:
        return f" of at least {_number(least)}"
    return "" if most is None else f" of at most {_number(most)}"


def _number(value: float) -> str:
    return str(int(value) if value == int(value) else value)


def _longest(parameter: Parameter) -> str:
    if parameter.max_length is None:
        return ""
    characters = parameter.type == "string"
    unit = "characters" if characters else "items"
    return f" of at most {parameter.max_length:,} {unit}"


def setting_row(name: str, setting: Setting) -> Sequence[str]:
    """Return name, default and variables of *setting*, and what else there is to say of it."""
    default = "" if setting.default is None or setting.secret else str(setting.default)
    required = "required" if setting.required else ""
    unless = f", unless {setting.unless} is given" if setting.required and setting.unless else ""
    variables = ", ".join(setting.env) or f"none; -p {name}=..."
    return name, default, "; ".join(filter(None, [variables, required + unless, setting.note]))


def source_of(source: str, verbose: bool) -> str:
    """Return where a fact is from, in brackets, for whoever asks."""
    return f"  [{source}]" if verbose and source else ""
