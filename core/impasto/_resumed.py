"""A call out of a journal as a job, for whoever has not made it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from impasto import _stored
from impasto._http import Request
from impasto._jobs import Job
from impasto._notices import Origin
from impasto._orders import Orders
from impasto._parts import Part
from impasto._record import Record
from impasto.errors import BadRequestError

if TYPE_CHECKING:
    from impasto._dispatch import Dispatch
    from impasto._journal import JournalEntry


@frozen
class Recorded(_stored.Stored):
    """What a journal has of a call.

    Attributes:
        path: Of the journal.
        key: The call's.
        parts: Its orders.
    """

    path: Path
    key: str
    parts: Sequence[Part]

    def handles(self) -> list[Request]:
        """Return the requests that ask for it."""
        return [part.handle for part in self.parts if part.handle is not None]

    async def opened(self) -> Orders:
        """Return the orders, with what is known of each."""
        orders = await super().opened()
        record = Record(self.path, self.key, may_order=False)
        record.remember(self.parts)
        performance = orders.performance
        performance.asked = evolve(performance.asked, record=record, witness=record)
        for order in orders.orders:
            order.conversation.witness = record
        await orders.place()
        return orders


def resumed(
    path: Path,
    entry: JournalEntry,
    parts: Sequence[Part],
    settings: Mapping[str, Any],
    dispatch: Dispatch,
    where: Origin,
) -> Job:
    """Return *entry*, which has *parts*, as a job.

    Raises:
        BadRequestError: there is nothing to go on with.
    """
    if not any(part.is_answered or part.handle or part.is_made for part in parts):
        raise BadRequestError(_why_nothing(entry), param="key", provider=entry.provider)
    document = _document(entry, parts)
    text = json.dumps(document)
    stored = Recorded(text, document, dict(settings), dispatch, where, path, entry.key, parts)
    job = Job(stored.provider, stored.model, dispatch.wires)
    job.submitted = entry.created
    job._stored = stored
    return job


def _document(entry: JournalEntry, parts: Sequence[Part]) -> dict[str, Any]:
    """Return the job as `Job.to_json()` writes it."""
    frame = dict(parts[0].frame or {})
    counts = [part.n for part in parts]
    if any(counts):
        frame["call"] = {**frame["call"], "n": sum(one or 1 for one in counts)}
    fates = frame.pop("part_fates")
    orders = [
        {
            "n": part.n,
            "seed": part.seed,
            "fates": (part.frame or {}).get("part_fates", fates),
            **_known(part),
        }
        for part in parts
    ]
    return {**frame, "submitted": entry.created.isoformat(), "notes": [], "orders": orders}


def _known(part: Part) -> dict[str, Any]:
    if part.handle is None:
        return {"nothing": True}
    return {"request": _stored.request_told(part.handle)}


def _why_nothing(entry: JournalEntry) -> str:
    if entry.paths:
        return f"the pictures of {entry.key!r} are in {', '.join(map(str, entry.paths))}"
    if entry.state == "done":
        return (
            f"nothing was ordered for {entry.key!r}: an extra, such as a cache, had its pictures.  "
            "Make the call again"
        )
    if entry.state == "ambiguous":
        return (
            f"there is nothing to go on with: {entry.key!r} was ordered, and nobody knows whether "
            f"it was taken, and its price ({entry.error}).  The same call with "
            "again='ambiguous' orders it again"
        )
    return f"{entry.key!r} has failed, and nothing is left of it: {entry.error}"
