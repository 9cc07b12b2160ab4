"""Every common parameter of every model in every catalogue: on the wire, reported, or refused."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

import impasto
from impasto import registry
from impasto.errors import BadRequestError, ImpastoError
from impasto.testing import PNG, png
from impasto.types import COMMON, Model

PICTURES = ("image", "mask")
MASK = png(8, 8, (0, 0, 0, 0))
# Where a card says nothing of a parameter, a value that some model takes.
USUAL: dict[str, Any] = {
    "prompt": "a fox",
    "n": 2,
    "size": "1024x1024",
    "quality": "high",
    "style": "vivid",
    "response_format": "b64_json",
    "user": "hash-1",
    "seed": 7,
    "negative_prompt": "no dogs",
    "background": "opaque",
    "output_format": "png",
    "output_compression": 80,
    "moderation": "low",
}
PLACES = {
    "azure": {"api_base": "https://r.openai.azure.com"},
    "vertex_ai": {"vertex_project": "my-project"},
}
PROVIDERS = sorted({registry.plugin(name).loaded().provider.name for name in registry.names()})


def values(model: Model, name: str) -> list[Any]:
    """Return values to try: all that the card lists, else a usual one and a strange one."""
    listed = (model.parameters or {}).get(name)
    if listed is not None and listed.values:
        return list(listed.values)
    if listed is not None and listed.type in ("integer", "number") and listed.minimum is not None:
        return [listed.minimum, *([listed.maximum] if listed.maximum is not None else [])]
    strange = {"size": "12345x7", "n": 3}.get(
        name, "strange" if isinstance(USUAL[name], str) else 99
    )
    return [USUAL[name], strange]


def calls(model: Model, provider: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each parameter with a call that sets it, for each kind of work that the model does."""
    name = model.name if provider != "azure" else "mine"
    own = {"base_model": model.name} if provider == "azure" else {}
    for kind in model.kinds:
        plain = {"model": f"{provider}/{name}", "kind": kind, **own, **PLACES.get(provider, {})}
        plain |= {} if kind == "generate" else {"image": PNG}
        needed = (model.parameters or {}).get("prompt")
        if kind == "generate" or needed is None or needed.required:
            plain["prompt"] = "a fox"
        for parameter in USUAL:
            for value in values(model, parameter):
                yield parameter, {**plain, parameter: value}
        if kind != "generate":
            yield "mask", {**plain, "mask": MASK}
            yield "image", plain


def leaves(fields: Any) -> Iterator[Any]:
    if isinstance(fields, dict):
        for one in fields.values():
            yield from leaves(one)
    elif isinstance(fields, list):
        for one in fields:
            yield from leaves(one)
    else:
        yield fields


async def outcome(parameter: str, call: dict[str, Any], *, drop: bool) -> str:
    """Return what becomes of *parameter*: its fate, or "refused"; "silent" should never be.

    Of a fate that is sent or mapped, everything that it became must be in the request.
    """
    try:
        told = await impasto.aexplain(**{"max_retries": 0, **call}, drop_params=drop)
    except BadRequestError:  # UnsupportedParamsError among them
        return "refused"
    fate = told.params.get(parameter)
    if fate is None:
        return "silent"
    wire = " ".join(
        json.dumps(planned.body, default=str)
        + " "
        + planned.url
        + json.dumps(dict(planned.headers))
        for planned in told.requests
    )
    lost = [
        one
        for one in leaves(fate.sent)
        if told.requests and json.dumps(one) not in wire and str(one) not in wire
    ]
    if lost and parameter not in PICTURES:  # which are converted, encoded and only described
        return f"silent: {parameter} became {fate.sent}, and {lost} is not in the request"
    return fate.outcome


@pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
@pytest.mark.parametrize("drop", [False, True], ids=["as they are", "with drop_params"])
@pytest.mark.parametrize("provider", PROVIDERS)
def test_none_is_silent(provider, drop, monkeypatch, record_property, tmp_path):
    """
    Each has a fate that is true, or the call is refused before anything is sent.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    catalogue = registry.plugin(provider).loaded().catalogue
    tried = [one for model in catalogue.models for one in calls(model, provider)]

    async def all_of_them() -> list[str]:
        return [await outcome(parameter, call, drop=drop) for parameter, call in tried]

    found = asyncio.run(all_of_them())

    silent = [
        (call, told) for (_, call), told in zip(tried, found, strict=True) if "silent" in told
    ]
    assert [] == silent[:5]
    record_property("tried", len(tried))
    counted = Counter(found)
    assert {"sent", "refused"} <= {*counted} or provider == "sketch", counted
    assert len(tried) > 10


def test_all_of_the_vocabulary_is_tried():
    """
    A common parameter that is added is tried as well.
    """
    assert {*COMMON} == {*USUAL, *PICTURES}


def test_errors_are_never_ours(monkeypatch):
    """
    Nothing that was tried above ends in a broken plugin: a plain call of each model works.
    """
    broken = []
    for provider in PROVIDERS:
        for model in registry.plugin(provider).loaded().catalogue.models:
            name = "mine" if provider == "azure" else model.name
            kind = model.kinds[0]
            call = {"model": f"{provider}/{name}", "kind": kind, **PLACES.get(provider, {})}
            call |= {} if kind == "generate" else {"image": PNG}
            try:
                impasto.explain(prompt="a fox", **call)
            except BadRequestError:
                pass  # it takes no prompt, or needs something more
            except ImpastoError as error:
                broken.append((call["model"], error))

    assert [] == broken
