"""Warnings, at the user's own line of code."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeAlias

from impasto._answer import ImageResponse
from impasto._call import Call
from impasto._wires import Wires
from impasto.errors import ModelRetiredWarning, PartialResultWarning

_SOON = timedelta(days=90)  # OpenAI's notice for image models is three months

# Where the user's line of code is: file, line, the module's globals.
Origin: TypeAlias = tuple[str, int, Mapping[str, Any]]


def _warn(message: str, category: type[Warning], where: Origin) -> None:
    file, line, module = where
    registry = module.get("__warningregistry__") if isinstance(module, dict) else None
    warnings.warn_explicit(
        message, category, file, line, module=module.get("__name__"), registry=registry
    )


def warn_if_retired(call: Call, wires: Wires, where: Origin) -> None:
    lifecycle = call.card.lifecycle if call.card is not None else None
    if lifecycle is None or lifecycle.retires is None:
        return
    today = wires.now().date()
    if lifecycle.retires > today + _SOON:
        return
    when = "was retired on" if lifecycle.retires <= today else "will be retired on"
    instead = f"; use {lifecycle.successor}" if lifecycle.successor else ""
    message = f"{call.provider}/{call.model} {when} {lifecycle.retires.isoformat()}{instead}"
    _warn(message, ModelRetiredWarning, where)


def warn_if_partial(response: ImageResponse, asked: int, where: Origin) -> None:
    came = len(response.data)
    if response.errors:
        first = response.errors[0]
        why = f"{type(first).__name__}: {first.message}; see response.errors"
    elif came < asked:
        why = "; ".join(response.notes) or "the provider does not say why"
    else:
        return
    _warn(f"{came} of {asked} pictures came: {why}", PartialResultWarning, where)
