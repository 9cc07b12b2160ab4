"""What is written in a journal, as statements; all of it is done on the thread of its store."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from impasto._http import Request, Response
from impasto._parts import AMBIGUOUS, ANSWERED, FAILED, ORDERING, TAKEN, Part, parts
from impasto._redact import HIDDEN, without
from impasto.errors import BadRequestError, ConflictError

if TYPE_CHECKING:
    import sqlite3

    from impasto._booking import Booking
    from impasto._store import Store

Connection: TypeAlias = "sqlite3.Connection"

_OF_A_REQUEST = ("url", "method", "headers", "step", "state", "after", "buys", "progress")
_SHORTEST_SECRET = 16  # characters, a guess: real keys have 20 and more
_LARGEST_JSON = 64 * 1024  # bytes of a request's JSON; larger ones hold pictures


@frozen(kw_only=True)
class About:
    """What a call is about, for those who look into the journal.

    Attributes:
        kind: "generate", "edit" or "vary".
        provider: Who is asked first.
        model: Likewise.
        prompt: The prompt.
        fields: A digest of each argument, as JSON.
    """

    kind: str
    provider: str | None
    model: str
    prompt: str | None
    fields: str


# --- claiming ---------------------------------------------------------------------------------


def claim(db: Connection, store: Store, booking: Booking, about: About) -> list[Part]:
    """Make the call that of this process; return what is known of its orders.

    Raises:
        ConflictError: somebody is at it.
        BadRequestError: it was another call.
    """
    found = db.execute("SELECT owner, fields FROM calls WHERE key = ?", (booking.key,)).fetchone()
    if found is None:
        _insert(db, store, booking, about)
        return []
    owner, fields = found
    refuse_if_running(store, booking.key, owner)
    if booking.checked:
        _refuse_another(booking, json.loads(fields), json.loads(about.fields))
    known = parts(db, booking.key)
    if not any(part.may_be_paid() for part in known):
        _forget_orders(db, booking.key)
        known = []
    db.execute(
        "UPDATE calls SET owner = ?, changed = ?, outcome = NULL, error = NULL WHERE key = ?",
        (store.token, time.time(), booking.key),
    )
    store.running.add(booking.key)
    return known


def _insert(db: Connection, store: Store, booking: Booking, about: About) -> None:
    now = time.time()
    db.execute(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (
            *(booking.key, booking.named, about.kind, about.provider, about.model),
            *(_writable(about.prompt), about.fields, now, now, store.token),
        ),
    )
    store.running.add(booking.key)


def _writable(text: str | None) -> str | None:
    """Return *text* as UTF-8 can hold it, which half a character it cannot."""
    return None if text is None else text.encode(errors="backslashreplace").decode()


def refuse_if_running(store: Store, key: str, owner: str | None) -> None:
    """Raise where somebody is at the call.

    Raises:
        ConflictError: somebody is.
    """
    if store.lives(owner, key):
        who = "this process" if owner == store.token else "another process"
        raise ConflictError(
            f"{who} is making the call {key!r} right now, says the journal {str(store.path)!r}; "
            "wait for that one, or give this one another idempotency_key",
            code="running",
            param="idempotency_key",
        )


def _refuse_another(booking: Booking, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    from impasto._booking import difference

    differing = difference(before, now) if before else []
    if differing:
        raise BadRequestError(
            f"idempotency_key={booking.key!r} was given to another call, with another "
            f"{', '.join(differing)}; give each call a key of its own, or forget that one: "
            f"impasto jobs forget {booking.key}",
            param="idempotency_key",
        )


# --- the moments of an order ------------------------------------------------------------------


def note_order(db: Connection, key: str, part: Part, frame: str) -> None:
    """Write that *part* is about to be sent; what was known of it before no longer counts."""
    _forget_answer(db, key, part.number)
    db.execute(
        "INSERT OR REPLACE INTO parts(key, part, turn, provider, model, n, seed, state, frame, "
        "token) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key, part.number, part.turn, part.provider, part.model, part.n, part.seed),
            *(ORDERING, frame, part.token),
        ),
    )
    touch(db, key)


def note_taken(db: Connection, key: str, number: int, handle: str, frame: str) -> None:
    """Write what asks for the job."""
    db.execute(
        "UPDATE parts SET state = ?, handle = ?, frame = ? WHERE key = ? AND part = ?",
        (TAKEN, handle, frame, key, number),
    )
    touch(db, key)


def note_answer(
    db: Connection,
    key: str,
    number: int,
    request: str,
    response: Response,
    secrets: Sequence[str],
) -> None:
    """Write an answer, before it is read; without what is secret."""
    from impasto._line import NAMES_OF_SECRETS

    headers = {
        name: hidden(value, secrets)
        for name, value in response.headers.items()
        if not NAMES_OF_SECRETS.search(name)
    }
    body = response.body
    for secret in _real(secrets):
        body = body.replace(secret.encode(), HIDDEN.encode())
    db.execute(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(key, number, hidden(request, secrets), response.status, json.dumps(headers)),
            *(hidden(response.url, secrets), body),
        ),
    )
    db.execute(
        "UPDATE parts SET state = CASE state WHEN ? THEN ? ELSE state END, "
        "request_id = coalesce(?, request_id) WHERE key = ? AND part = ?",
        (ORDERING, ANSWERED, _writable(response.request_id), key, number),
    )
    touch(db, key)


def hidden(text: str, secrets: Sequence[str]) -> str:
    """Return *text*, which is to be read again, without *secrets*."""
    return without(text, _real(secrets))


def _real(secrets: Sequence[str]) -> list[str]:
    """Leave out words that people give to servers which want no key: "localhost", "none".

    Hiding these would spoil what is to be read again.
    """
    return [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]


def answered_as_text(request: Request) -> str:
    """Return *request*, as far as reading its answer may need it."""
    told = {name: getattr(request, name) for name in _OF_A_REQUEST}
    if request.json is not None:
        whole = json.dumps(request.json)
        if len(whole) <= _LARGEST_JSON:
            told["json"] = request.json
    return json.dumps({**told, "headers": dict(request.headers), "state": dict(request.state)})


def note_result(db: Connection, key: str, part: Part, result: str, frame: str) -> None:
    """Write the pictures of *part*, for which nothing is sent."""
    note_order(db, key, part, frame)
    db.execute(
        "UPDATE parts SET state = ?, result = ? WHERE key = ? AND part = ?",
        (ANSWERED, result, key, part.number),
    )


def note_end(db: Connection, key: str, part: Part, error: str | None) -> None:
    """Write in what state *part* has ended, or was left."""
    db.execute(
        "INSERT OR IGNORE INTO parts(key, part, turn, provider, model, n, seed, state) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key, part.number, part.turn, part.provider, part.model, part.n, part.seed),
            part.state,
        ),
    )
    db.execute(
        "UPDATE parts SET state = ?, stopped = ?, error = ? WHERE key = ? AND part = ?",
        (part.state, part.stopped, error, key, part.number),
    )
    if part.state in (AMBIGUOUS, FAILED):
        _forget_answer(db, key, part.number)
    touch(db, key)


# --- the end ----------------------------------------------------------------------------------


def note_done(db: Connection, key: str, provider: str | None, model: str) -> None:
    """Write that the call has pictures."""
    db.execute(
        "UPDATE calls SET outcome = 'done', provider = ?, model = ?, error = NULL WHERE key = ?",
        (provider, model, key),
    )
    touch(db, key)


def note_failed(db: Connection, key: str, error: str) -> None:
    """Write that the call has none."""
    db.execute("UPDATE calls SET outcome = 'failed', error = ? WHERE key = ?", (error, key))
    touch(db, key)


def created(db: Connection, key: str) -> int:
    """Return when the call was begun, as Unix time."""
    (when,) = db.execute("SELECT created FROM calls WHERE key = ?", (key,)).fetchone()
    return int(when)


def release(db: Connection, store: Store, key: str) -> None:
    """Let others have the call."""
    db.execute(
        "UPDATE calls SET owner = NULL, changed = ? WHERE key = ? AND owner = ?",
        (time.time(), key, store.token),
    )
    store.running.discard(key)


def touch(db: Connection, key: str) -> None:
    """Write that something was written of the call."""
    db.execute("UPDATE calls SET changed = ? WHERE key = ?", (time.time(), key))


# --- forgetting -------------------------------------------------------------------------------


def forget(db: Connection, key: str) -> None:
    """Remove all that is known of the call."""
    _forget_orders(db, key)
    db.execute("DELETE FROM calls WHERE key = ?", (key,))


def forget_bytes(db: Connection, key: str) -> None:
    """Remove answers and pictures of a call whose pictures are in files."""
    db.execute("DELETE FROM answers WHERE key = ?", (key,))
    db.execute("UPDATE parts SET result = NULL WHERE key = ?", (key,))
    db.execute("UPDATE pictures SET content = NULL WHERE key = ?", (key,))


def _forget_orders(db: Connection, key: str) -> None:
    db.execute("DELETE FROM parts WHERE key = ?", (key,))
    db.execute("DELETE FROM answers WHERE key = ?", (key,))
    db.execute("DELETE FROM pictures WHERE key = ?", (key,))


def _forget_answer(db: Connection, key: str, number: int) -> None:
    db.execute("DELETE FROM answers WHERE key = ? AND part = ?", (key, number))
    db.execute("DELETE FROM pictures WHERE key = ? AND part = ?", (key, number))
