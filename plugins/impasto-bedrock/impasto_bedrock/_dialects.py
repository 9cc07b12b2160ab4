"""Which of the forms of body a model takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from impasto.errors import BadRequestError
from impasto.rules import Rule
from impasto.types import Call, Model
from impasto_bedrock import _sdxl, _services, _stable_image, _titan


class Dialect(Protocol):
    """A module for one form of body."""

    def rules(self, call: Call) -> Mapping[str, Rule]:
        """Return what the caller's parameters become."""

    def body(self, call: Call, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body that holds *fields*."""


_DIALECTS: Mapping[str, Dialect] = {
    "stable image": _stable_image,
    "service": _services,
    "stable diffusion": _sdxl,
    "titan": _titan,
}


def of(call: Call) -> Dialect:
    """Return the dialect of the call's model; `read_card` has seen to it that there is one."""
    card = call.card if call.card is not None else card_of_the_family(call)
    return _DIALECTS[card.facts["body"]]


def card_of_the_family(call: Call) -> Model:
    """Return the card of a model that nobody listed, made of what its name tells.

    Raises:
        BadRequestError: it tells nothing, such as the ARN of a provisioned model.
    """
    name, kinds = call.catalogue_name or call.model, (call.kind,)  # as far as anybody knows
    if name.startswith("amazon."):
        return Model(name=name, kinds=kinds, max_images=5, facts={"body": "titan"})
    if name.startswith("stability.stable-diffusion"):
        return Model(name=name, kinds=kinds, max_images=1, facts={"body": "stable diffusion"})
    if name.startswith("stability."):
        body = "stable image" if call.kind == "generate" else "service"
        return Model(name=name, kinds=kinds, max_images=1, facts={"body": body})
    raise BadRequestError(
        f"{call.model} does not tell which model stands behind it, and so which body it takes; "
        "pass base_model, such as base_model='stability.stable-image-core-v1:1'",
        param="base_model",
    )
