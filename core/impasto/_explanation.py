"""The values that `explain` returns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from attrs import field, frozen

from impasto._answer import Fate
from impasto._estimates import Estimate
from impasto._keys import Keyed


@frozen(kw_only=True)
class Planned(Keyed):
    """A request as it would be sent; keys are hidden.

    Attributes:
        method: "POST".
        url: With its query.
        headers: Those that the provider's plugin, the caller and the key make.
        body: JSON; or name and value of each part of a form; pictures only by their looks.
        curl: The same as a line for a shell; the key is taken from its variable.
    """

    _keys: ClassVar[tuple[str, ...]] = ("method", "url", "headers", "body", "curl")

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any
    curl: str = field(repr=False)


@frozen(kw_only=True)
class Explanation(Keyed):
    """What a call would do.

    Attributes:
        provider: Canonical name of the provider.
        model: As it would be sent.
        listed: Whether a catalogue lists the model, so that its parameters are checked.
        params: For each parameter that is set, by its name, what becomes of it.
        requests: One for each part of the call; none for a provider that paints in this process.
        notes: What else to know, in sentences.
        estimate: What it may cost; None where nobody can say.
        unpriced: Why nobody can.
    """

    _keys: ClassVar[tuple[str, ...]] = (
        "provider",
        "model",
        "listed",
        "params",
        "requests",
        "notes",
        "estimate",
        "unpriced",
    )

    provider: str
    model: str
    listed: bool
    params: Mapping[str, Fate]
    requests: tuple[Planned, ...]
    notes: tuple[str, ...]
    estimate: Estimate | None = None
    unpriced: str = ""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _lines(told: Explanation) -> Iterator[str]:
    yield f"{told.provider}/{told.model}"
    for fate in told.params.values():
        became = f" as {json.dumps(fate.sent, default=str)}" if fate.sent else ""
        note = f" ({fate.note})" if fate.note else ""
        yield f"  {fate.name}={fate.given!r}: {fate.outcome}{became}{note}"
    for planned in told.requests:
        yield planned.curl
    unknown = f"unknown; {told.unpriced}" if told.unpriced else "unknown"
    yield f"costs: {unknown if told.estimate is None else told.estimate}"
    yield from (f"note: {note}" for note in told.notes)
