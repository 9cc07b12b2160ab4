"""A journal as the `Ledger` of a batch: what each call wrote in it decides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto import _entries, _kept
from impasto._entries import Connection
from impasto._journal import state_of
from impasto._ledger import UNKNOWN, Standing
from impasto._parts import ANSWERED, TAKEN
from impasto._store import Store, done_at, opened, released


class JournalLedger:
    """Decides by a journal, in which the calls themselves write.

    One that can be resumed, or whose answer is there, is "unknown": made again, it orders nothing.
    """

    def __init__(self, path: Path) -> None:
        """Prepare for the journal at *path*."""
        self.path = path
        self._store: Store | None = None

    async def open(self) -> None:
        """Open the journal, for as long as the batch lasts.

        Raises:
            BadRequestError: it is none, or cannot be used.
        """
        import asyncio

        self._store = await asyncio.to_thread(opened, self.path)

    async def state(self, key: str) -> Standing:
        """Return how it stands with the call *key*."""
        store = self._store
        assert store is not None
        return await store.do(lambda db: _standing(db, store, key))

    async def begins(self, key: str, record: Mapping[str, Any]) -> bool:
        """Leave it to the call, which writes what it orders."""
        return True

    async def saves(self, key: str, record: Mapping[str, Any]) -> None:
        """Leave it to the pictures, which write where they are saved."""

    async def done(self, key: str, record: Mapping[str, Any]) -> None:
        """Let go of the bytes of pictures that are in files now."""
        pictures = record.get("pictures", ())
        if pictures and all(one.get("path") for one in pictures):
            paths = [Path(one["path"]) for one in pictures]
            await done_at(self.path, lambda db: _saved(db, key, paths), durable=True)

    async def failed(self, key: str, record: Mapping[str, Any]) -> None:
        """Leave it to the call, too."""

    async def close(self) -> None:
        """Let go of the journal."""
        store, self._store = self._store, None
        if store is not None:
            released(store)


def _saved(db: Connection, key: str, paths: Sequence[Path]) -> None:
    db.execute("UPDATE calls SET outcome = 'saved' WHERE key = ?", (key,))
    _entries.forget_bytes(db, key)
    if not _kept.paths(db, key):  # of pictures that nobody ordered: an extra had them
        for number, path in enumerate(paths):
            _kept.note_found(db, key, number, path)


def _standing(db: Connection, store: Store, key: str) -> Standing:
    row = db.execute("SELECT owner, outcome, error FROM calls WHERE key = ?", (key,)).fetchone()
    if row is None:
        return UNKNOWN
    owner, outcome, error = row
    if store.lives(owner, key):
        return Standing("running")
    if outcome == "saved":
        return Standing("done", tuple(_kept.paths(db, key)))
    rows = db.execute("SELECT state FROM parts WHERE key = ?", (key,)).fetchall()
    states = [state for (state,) in rows]
    if state_of(outcome, states, running=False) != "ambiguous" or _has_something(states):
        return UNKNOWN
    told = json.loads(error)["message"] if error else "a run ended while the order was on its way"
    return Standing("ambiguous", told=told)


def _has_something(states: list[str]) -> bool:
    return TAKEN in states or ANSWERED in states
