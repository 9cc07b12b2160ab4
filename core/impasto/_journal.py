"""A journal for whoever looks into it: `Journal`, and its entries."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar

from attrs import frozen

from impasto import _entries, _kept
from impasto._closing import Closing
from impasto._entries import Connection
from impasto._jobs import Job
from impasto._keys import Keyed
from impasto._parts import ANSWERED, FAILED, TAKEN, Part, parts
from impasto._store import Store, close_idle, opened, released
from impasto.errors import BadRequestError

T = TypeVar("T")
EntryState: TypeAlias = Literal["running", "done", "resumable", "ambiguous", "failed"]

_CALLS = (
    "SELECT key, named, kind, provider, model, prompt, created, changed, owner, outcome, error "
    "FROM calls"
)


@frozen(kw_only=True)
class JournalEntry(Keyed):
    """A call in a journal.

    Attributes:
        key: Its `idempotency_key`, or one at random.
        state: "running": a process that lives is at it; "done"; "resumable": the provider can be
            asked for it, or its answer is here; "ambiguous": it may have been taken, and its
            price, but nothing came; "failed": it cost nothing, as far as is known, and the key
            can be used again.
        kind: "generate", "edit" or "vary".
        provider: Who drew, or was asked.
        model: Likewise.
        prompt: The prompt.
        created: When it was begun, in UTC.
        changed: When something was last written of it.
        request_ids: What the provider's support asks for.
        paths: Where its pictures were saved.
        error: Why it has none, in a sentence.
        named: Whether the caller chose the key.
    """

    _keys: ClassVar[tuple[str, ...]] = (
        *("key", "state", "kind", "provider", "model", "prompt", "created", "changed"),
        *("request_ids", "paths", "error", "named"),
    )

    key: str
    state: EntryState
    kind: str
    provider: str | None
    model: str
    prompt: str | None
    created: datetime
    changed: datetime
    request_ids: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    error: str | None = None
    named: bool = False


class Journal(Closing):
    """The journal in a file: what calls ordered, and what came of it.

    Its path, or itself, is what the argument `journal` of a call takes; see "The journal" in the
    documentation.  Usable from any thread; its methods block for some milliseconds.

    Attributes:
        path: Of the file, which need not exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Prepare for the file at *path*; nothing is opened yet."""
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Journal({str(self.path)!r})"

    def jobs(self) -> list[JournalEntry]:
        """Return all entries, the latest first.

        Raises:
            BadRequestError: the file is no journal, or cannot be used.
        """
        if not self.path.exists():
            return []
        return self._do(_entries_of)

    def entry(self, key: str) -> JournalEntry:
        """Return the entry *key*.

        Raises:
            BadRequestError: there is none; or as `jobs()` does.
        """
        found = self._do(lambda db, store: _entries_of(db, store, key)) if self._is_there() else []
        if not found:
            raise _no_entry(self.path, key)
        return found[0]

    def resume(self, key: str, **settings: Any) -> Job:
        """Return the call *key* as a job, with what is known of it; nothing is asked yet.

        Its `result()` reads the answer that is here, or asks the provider for the job.  Nothing
        is ordered, whatever comes of it.

        Args:
            key: The entry's.
            **settings: As for `Job.from_json()`.

        Raises:
            BadRequestError: there is nothing to go on with; the message says what to do.
            ConflictError: a process that lives is at it.
        """
        from impasto import _api
        from impasto._resumed import resumed

        where = _api.caller()
        entry = self.entry(key)
        parts = self._do(lambda db, store: _parts_to_resume(db, store, key))
        return resumed(self.path, entry, parts, settings, _api.dispatch(), where)

    def forget(self, key: str) -> None:
        """Remove the entry *key*, with its answer and pictures; files stay.

        The key can then be used again, also where it may have been paid for.

        Raises:
            BadRequestError: there is none.
            ConflictError: a process that lives is at it.
        """
        self.entry(key)
        self._do(lambda db, store: _forget(db, store, [key]))

    def forget_done(self, older_than: timedelta = timedelta(days=30)) -> int:
        """Remove the entries that are done, or cost nothing, and return how many these were.

        Args:
            older_than: Since when nothing was written of them.
        """
        if not self._is_there():
            return 0
        before = datetime.fromtimestamp(time.time(), UTC) - older_than
        return self._do(lambda db, store: _forget_done(db, store, before))

    def close(self) -> None:
        """Let go of the file, unless a call needs it; used again, it is opened again."""
        close_idle(self.path)

    def _is_there(self) -> bool:
        return self.path.exists()

    def _do(self, work: Callable[[Connection, Store], T]) -> T:
        store = opened(self.path)
        try:
            return store.do_now(lambda db: work(db, store))
        finally:
            released(store)


def _no_entry(path: Path, key: str) -> BadRequestError:
    return BadRequestError(
        f"the journal {str(path)!r} has no entry {key!r}; impasto jobs lists those that it has",
        param="key",
    )


# --- on the journal's thread ------------------------------------------------------------------


def _entries_of(db: Connection, store: Store, key: str | None = None) -> list[JournalEntry]:
    where, values = ("", ()) if key is None else (" WHERE key = ?", (key,))
    rows = db.execute(f"{_CALLS}{where} ORDER BY created DESC", values).fetchall()
    return [_entry(db, store, row) for row in rows]


def _entry(db: Connection, store: Store, row: Sequence[Any]) -> JournalEntry:
    key, named, kind, provider, model, prompt, created, changed, owner, outcome, error = row
    rows = db.execute(
        "SELECT state, request_id, provider, model, error FROM parts WHERE key = ? ORDER BY part",
        (key,),
    ).fetchall()
    running = store.lives(owner, key)
    state = state_of(outcome, [one[0] for one in rows], running=running)
    latest = next((one for one in reversed(rows) if one[0] != FAILED), None)
    if latest is not None and outcome is None:
        provider, model = latest[2], latest[3]
    return JournalEntry(
        key=key,
        state=state,
        kind=kind,
        provider=provider,
        model=model,
        prompt=prompt,
        created=datetime.fromtimestamp(created, UTC),
        changed=datetime.fromtimestamp(changed, UTC),
        request_ids=tuple(one[1] for one in rows if one[1]),
        paths=tuple(_kept.paths(db, key)),
        error=_told(state, error, rows),
        named=bool(named),
    )


def state_of(outcome: str | None, states: Iterable[str], *, running: bool) -> EntryState:
    """Return in what state a call is.

    Args:
        outcome: How it ended, if it did.
        states: Of its orders.
        running: Whether a process that lives is at it.
    """
    if running:
        return "running"
    if outcome in ("done", "saved"):
        return "done"
    left = {state for state in states if state != FAILED}
    if left - {TAKEN, ANSWERED}:
        return "ambiguous"
    return "resumable" if left else "failed"


def _told(state: str, error: str | None, rows: Iterable[Sequence[Any]]) -> str | None:
    if state in ("done", "running"):
        return None
    errors = [error, *(one[4] for one in rows)]
    if state == "ambiguous":  # what a later call was told is not why
        errors = [*(one[4] for one in rows if one[0] != FAILED), *errors]
    found = next((text for text in errors if text is not None), None)
    if found is not None:
        return str(json.loads(found)["message"])
    return None if state == "resumable" else "its process ended before an answer came"


def _parts_to_resume(db: Connection, store: Store, key: str) -> list[Part]:
    """Return the orders of the model that was asked last."""
    (owner,) = db.execute("SELECT owner FROM calls WHERE key = ?", (key,)).fetchone()
    _entries.refuse_if_running(store, key, owner)
    found = [part for part in parts(db, key) if part.may_be_paid() and part.frame]
    latest = max((part.turn for part in found), default=0)
    return [part for part in found if part.turn == latest]


def _forget_done(db: Connection, store: Store, before: datetime) -> int:
    """Do it while nobody else can change what was looked at, or begin with one of them."""
    keys = [
        entry.key
        for entry in _entries_of(db, store)
        if entry.state in ("done", "failed") and entry.changed <= before
    ]
    _forget(db, store, keys)
    return len(keys)


def _forget(db: Connection, store: Store, keys: Iterable[str]) -> None:
    for key in keys:
        row = db.execute("SELECT owner FROM calls WHERE key = ?", (key,)).fetchone()
        if row is not None:
            _entries.refuse_if_running(store, key, row[0])
            _entries.forget(db, key)
    db.execute("PRAGMA incremental_vacuum").fetchall()
