"""Calls to try a plugin with: its own on other models, and values for parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from impasto._call import COMMON, Call, Kind
from impasto._models import Model, Parameter
from impasto._sizes import Sizes
from impasto.testing._stage import Stage

ODD_SIZE = "1000x730"  # near none of the ratios that a provider has
UNKNOWN = "zz_own_word"


def on_other_models(stage: Stage, calls: Sequence[Call], samples: Mapping[str, Any]) -> list[Call]:
    """Return the plainest call for each model and kind of work in the catalogue."""
    cards = [
        stage.informed(_on(model, kind, calls))
        for model in stage.loaded.catalogue.models
        for kind in model.kinds
        if kind in ("generate", "edit")  # nothing asks for variations so far
    ]
    return [plain(call, samples) for call in cards]


def _on(model: Model, kind: Kind, calls: Sequence[Call]) -> Call:
    """Return a call to *model*, made of the one in *calls* that is most like it."""
    like = next((call for call in calls if call.kind == kind), calls[0])
    images = () if kind == "generate" else like.images or (Stage.picture(),)
    names: dict[str, Any] = {"model": model.name, "catalogue_name": model.name}
    # What was learned is about the model of the call that the author gave.
    return evolve(like, **names, card=model, kind=kind, images=images, learned=None)


def plain(call: Call, samples: Mapping[str, Any]) -> Call:
    """Return *call* with nothing but what its model cannot do without."""
    nothing: dict[str, Any] = dict.fromkeys(name for name in COMMON if name != "image")
    bare = evolve(call, **{**nothing, "prompt": _prompt(call)}, extra={})
    for name, parameter in listed(call):
        if parameter.required:
            bare = having(bare, name, values(name, parameter, samples)[0])
    return bare


def _prompt(call: Call) -> str | None:
    """Return a prompt, but None for an edit by a model that lists none, such as an upscaler."""
    parameters = call.card.parameters if call.card is not None else None
    idle = call.kind != "generate" and parameters is not None and "prompt" not in parameters
    return None if idle else call.prompt or "a fox"


def listed(call: Call) -> Iterator[tuple[str, Parameter]]:
    """Yield the parameters that the call's card lists for this kind of work."""
    parameters = (call.card.parameters if call.card is not None else None) or {}
    for name, parameter in parameters.items():
        fits = parameter.kinds is None or call.kind in parameter.kinds
        if fits and name not in ("prompt", "image"):
            yield name, parameter


def having(call: Call, name: str, value: Any) -> Call:
    """Return *call* with one parameter set; None takes it out."""
    if name == "image":
        return evolve(call, images=value or ())
    if name in COMMON:
        return evolve(call, **{name: value})
    return evolve(call, extra={**call.extra, name: value})


def given(call: Call, name: str) -> Any:
    """Return the value that *call* has for a parameter, None where it has none."""
    if name == "image":
        return call.images or None
    return getattr(call, name) if name in COMMON else call.extra.get(name)


def promised(call: Call, samples: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield what the card lists, with values of which one at least is to be taken."""
    for name, parameter in listed(call):
        yield name, values(name, parameter, samples)
    sizes = call.card.sizes if call.card is not None and _takes_sizes(call) else None
    for size in _some_of(sizes) if sizes is not None else ():
        yield "size", [size]


def _takes_sizes(call: Call) -> bool:
    """Return whether the card's sizes are for this kind of work: some edits keep the picture's."""
    parameters = (call.card.parameters if call.card is not None else None) or {}
    listed = parameters.get("size")
    return listed is None or listed.kinds is None or call.kind in listed.kinds


def to_try(call: Call, samples: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield names and values of parameters: what the card lists, and some of everything else."""
    for name, some in promised(call, samples):
        for value in some:
            yield name, value
    yield from _SOME_OF_EACH
    if call.kind == "edit":
        yield "image", (Stage.picture(), Stage.picture())
        yield "mask", Stage.mask()


# Words that no provider has show a plugin that sends something else for what it does not know;
# the zero shows one that takes a false value for none.
_SOME_OF_EACH = (
    ("n", 1),
    ("n", 2),
    ("size", "1024x1024"),
    ("size", "1000x1000"),
    ("size", ODD_SIZE),
    ("quality", "zz-quality"),
    ("style", "zz-style"),
    ("response_format", "url"),
    ("response_format", "b64_json"),
    ("user", "zz-user"),
    ("seed", 0),
    ("seed", 7),
    ("negative_prompt", "zz-rain"),
    ("background", "zz-background"),
    ("output_format", "zz-format"),
    ("output_compression", 50),
    ("moderation", "zz-moderation"),
    (UNKNOWN, "zz-own-value"),
    (UNKNOWN, 0),
)


def values(name: str, parameter: Parameter, samples: Mapping[str, Any]) -> list[Any]:
    """Return values that *parameter* takes, as far as the catalogue tells."""
    if name == "mask":
        return [Stage.mask()]
    if name in samples:
        return [samples[name]]
    if parameter.always is not None:
        return [parameter.always]
    if parameter.values:
        return list(parameter.values)
    return _of_type(parameter)


def _of_type(parameter: Parameter) -> list[Any]:
    ends = [end for end in (parameter.minimum, parameter.maximum) if end is not None] or [1]
    match parameter.type:
        case "integer":
            return [int(end) for end in ends]
        case "number":
            return [float(end) for end in ends]
        case "boolean":
            return [True, False]
        case "array":
            return [["zz-sample"]]
        case "object":
            return [{"zz": "sample"}]
        case "image":
            return [Stage.picture()]
    return ["zz-sample"[: parameter.max_length]]


def _some_of(sizes: Sizes) -> list[str]:
    table = [true for tiers in sizes.ratios.values() for true in tiers.values() if true]
    return [*sizes.values, *table]
