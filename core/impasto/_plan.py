"""What a batch is to do, from the arguments of `batch()`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from impasto import _checks
from impasto._budgets import given as given_budget
from impasto._dispatch import Dispatch
from impasto._ledger import Ledger
from impasto._limits import Limiter, LocalLimiter
from impasto._manifest import Manifest
from impasto._notices import Origin
from impasto._prompts import Prompts
from impasto._steering import no_stream
from impasto._tally import Listener
from impasto.errors import BadRequestError

_MANIFEST = "manifest.jsonl"


@frozen(kw_only=True)
class Plan:
    """What a batch is to do.

    Attributes:
        prompts: Texts, or dicts of arguments.
        common: Arguments of all calls.
        dispatch: Returns who performs them.
        where: The user's line of code.
        folder: Where pictures go; None where they are not saved.
        concurrency: Most calls at once.
        ledger: What decides whether a call is made; None: the manifest, if there is one.
        journal: Path of the journal, in which each call writes, and which decides then.
        manifest: Where it is written what became of each call.
        limiter: Whose turn it is.
        again: Whether calls are made again that may have been paid for.
        listener: What to tell how far it is.
        metadata: Whether the pictures' files say what they were made from.
    """

    prompts: Prompts
    common: Mapping[str, Any] = field(repr=False)  # keys are among them
    dispatch: Callable[[], Dispatch]
    where: Origin = field(repr=False)
    folder: Path | None
    concurrency: int
    ledger: Ledger | None
    journal: Path | None
    manifest: Manifest | None
    limiter: Limiter
    again: bool
    listener: Listener | None
    metadata: bool = False

    def ledgers(self) -> list[Ledger]:
        """Return what writes things down; the first one decides."""
        both: tuple[Ledger | None, ...] = (self.ledger, self.manifest)
        return [ledger for ledger in both if ledger is not None]


def planned(
    prompts: Prompts,
    *,
    out: str | os.PathLike[str] | None,
    concurrency: int,
    ledger: Ledger | None,
    journal: Any = None,
    manifest: str | os.PathLike[str] | None,
    limiter: Limiter | None,
    again: str | None,
    on_progress: Listener | None,
    save_metadata: bool = False,
    **given: Any,
) -> Plan:
    """Return the plan that the arguments of `batch()` are.

    Raises:
        BadRequestError: one of them cannot be right.
    """
    if again not in (None, "ambiguous"):
        raise BadRequestError(f"again={again!r}; it takes 'ambiguous'", param="again")
    if given["common"].get("stream"):
        raise no_stream("a batch tells of each call when it has ended")
    common = dict(given.pop("common"))
    if common.get("budget") is not None:  # one for all of them, not one for each
        common["budget"] = given_budget(common["budget"])
    kept = None if journal is None else _path_of(journal, ledger)
    folder = None if out is None else Path(out)
    path = folder / _MANIFEST if manifest is None and folder is not None else manifest
    return Plan(
        prompts=prompts,
        common=common,
        folder=folder,
        concurrency=_checks.count("concurrency", concurrency),
        ledger=ledger if kept is None else _ledger_of(kept),
        journal=kept,
        manifest=None if path is None else Manifest(path),
        limiter=LocalLimiter() if limiter is None else limiter,
        again=again is not None,
        listener=_checks.function("on_progress", on_progress),
        metadata=bool(_checks.flag("save_metadata", save_metadata)),
        **given,
    )


def _path_of(journal: Any, ledger: Ledger | None) -> Path:
    from impasto._booking import path_of

    if ledger is not None:
        raise BadRequestError(
            "journal and ledger both decide what is ordered; give one of the two", param="ledger"
        )
    return path_of(journal)


def _ledger_of(journal: Path) -> Ledger:
    from impasto._journal_ledger import JournalLedger

    return JournalLedger(journal)
