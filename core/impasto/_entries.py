"""What is written in a journal, as statements; all of it is done on the thread of its store."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import define, frozen

from impasto._http import Request, Response
from impasto._redact import HIDDEN, without
from impasto.errors import BadRequestError, ConflictError

if TYPE_CHECKING:
    import sqlite3

    from impasto._booking import Booking
    from impasto._store import Store

Connection: TypeAlias = "sqlite3.Connection"

# States of a part.  In all but the last it may have been paid for.
ORDERING = "ordering"  # it is about to be sent, or was
TAKEN = "taken"  # there is a job that can be asked for
ANSWERED = "answered"  # the answer is here
UNREADABLE = "unreadable"  # the answer is here, and made no sense
AMBIGUOUS = "ambiguous"  # it may have been taken, and nothing came
FAILED = "failed"  # it cannot have been paid for, or the provider has said no
_OF_A_REQUEST = ("url", "method", "headers", "step", "state", "after", "buys", "progress")
_SHORTEST_SECRET = 16  # characters, a guess: real keys have 20 and more
_LARGEST_JSON = 64 * 1024  # bytes of a request's JSON; larger ones hold pictures


@define
class Part:
    """One order of a call, as it was left.

    Attributes:
        number: Which of the call's.
        turn: Which of the models that were asked, from 0.
        provider: Who was asked,
        model: and which model.
        n: How many pictures.
        seed: Their seed.
        state: One of the words above.
        handle: The request that asks for the job.
        is_answered: Whether an answer was written down.
        answer: The last request that was answered, and its answer.
        stopped: Whether the provider said that it stops the job.
        error: Why it failed, as JSON.
        result: What came of it where nothing is sent.
        frame: What another process needs to go on, but for the handle.
        request_id: What the provider's support asks for.
    """

    number: int
    turn: int
    provider: str
    model: str
    n: int | None
    seed: int | None
    state: str
    handle: Request | None = None
    is_answered: bool = False
    answer: tuple[Request, Response] | None = None
    stopped: bool = False
    error: Mapping[str, Any] | None = None
    result: Mapping[str, Any] | None = None
    frame: Mapping[str, Any] | None = None
    request_id: str | None = None

    def who(self) -> tuple[str, str, int | None, int | None]:
        """Return by what an order is known again."""
        return self.provider, self.model, self.n, self.seed

    def may_be_paid(self) -> bool:
        """Return whether it must not be ordered again just so."""
        return self.state != FAILED


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


# --- reading ----------------------------------------------------------------------------------


def parts(db: Connection, key: str) -> list[Part]:
    """Return the orders of a call, with their answers."""
    rows = db.execute(
        "SELECT part, turn, parts.provider, parts.model, n, seed, state, handle, stopped, error, "
        "result, frame, request_id, request, status, headers, url, body "
        "FROM parts LEFT JOIN answers USING (key, part) WHERE key = ? ORDER BY part",
        (key,),
    )
    return [_part(row) for row in rows]


def _part(row: Sequence[Any]) -> Part:
    number, turn, provider, model, n, seed, state, handle, stopped, error, result = row[:11]
    frame, request_id, request, status, headers, url, body = row[11:]
    answer = None
    if request is not None:
        response = Response(status=status, headers=json.loads(headers), body=body, url=url)
        answer = _request(request), response
    return Part(
        *(number, turn, provider, model, n, seed, state),
        handle=_request(handle) if handle else None,
        is_answered=answer is not None,
        answer=answer,
        stopped=bool(stopped),
        error=json.loads(error) if error else None,
        result=json.loads(result) if result else None,
        frame=json.loads(frame) if frame else None,
        request_id=request_id,
    )


def _request(text: str) -> Request:
    return Request(**json.loads(text))


# --- the moments of an order ------------------------------------------------------------------


def note_order(db: Connection, key: str, part: Part, frame: str) -> None:
    """Write that *part* is about to be sent; what was known of it before no longer counts."""
    _forget_answer(db, key, part.number)
    db.execute(
        "INSERT OR REPLACE INTO parts(key, part, turn, provider, model, n, seed, state, frame) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key, part.number, part.turn, part.provider, part.model, part.n, part.seed),
            *(ORDERING, frame),
        ),
    )
    _touch(db, key)


def note_taken(db: Connection, key: str, number: int, handle: str, frame: str) -> None:
    """Write what asks for the job."""
    db.execute(
        "UPDATE parts SET state = ?, handle = ?, frame = ? WHERE key = ? AND part = ?",
        (TAKEN, handle, frame, key, number),
    )
    _touch(db, key)


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
        (ORDERING, ANSWERED, response.request_id, key, number),
    )
    _touch(db, key)


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
    if part.state == FAILED:
        _forget_answer(db, key, part.number)
    _touch(db, key)


# --- the end ----------------------------------------------------------------------------------


def note_done(db: Connection, key: str, provider: str | None, model: str) -> None:
    """Write that the call has pictures."""
    db.execute(
        "UPDATE calls SET outcome = 'done', provider = ?, model = ?, error = NULL WHERE key = ?",
        (provider, model, key),
    )
    _touch(db, key)


def note_failed(db: Connection, key: str, error: str) -> None:
    """Write that the call has none."""
    db.execute("UPDATE calls SET outcome = 'failed', error = ? WHERE key = ?", (error, key))
    _touch(db, key)


def release(db: Connection, store: Store, key: str) -> None:
    """Let others have the call."""
    db.execute(
        "UPDATE calls SET owner = NULL, changed = ? WHERE key = ? AND owner = ?",
        (time.time(), key, store.token),
    )
    store.running.discard(key)


def _touch(db: Connection, key: str) -> None:
    db.execute("UPDATE calls SET changed = ? WHERE key = ?", (time.time(), key))


# --- pictures ---------------------------------------------------------------------------------


def note_content(db: Connection, key: str, part: int, number: int, content: bytes) -> None:
    """Write the bytes of a picture that was behind a URL."""
    db.execute(
        "INSERT INTO pictures(key, part, number, sha256, content) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, content = excluded.content",
        (key, part, number, hashlib.sha256(content).hexdigest(), content),
    )


def note_path(db: Connection, key: str, part: int, number: int, path: Path) -> None:
    """Write where a picture was saved."""
    db.execute(
        "INSERT INTO pictures(key, part, number, path) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET path = excluded.path",
        (key, part, number, os.fsencode(path.absolute())),  # a name need not be text
    )
    _touch(db, key)


def content(db: Connection, key: str, part: int, number: int) -> bytes | None:
    """Return the bytes of a picture that was behind a URL, where they are here."""
    found = db.execute(
        "SELECT content FROM pictures WHERE key = ? AND part = ? AND number = ?",
        (key, part, number),
    ).fetchone()
    return None if found is None else found[0]


def paths(db: Connection, key: str, part: int | None = None) -> list[Path]:
    """Return where pictures of the call were saved, in their order; or those of one *part*."""
    rows = db.execute(
        "SELECT path FROM pictures WHERE key = ? AND path IS NOT NULL AND part = coalesce(?, part) "
        "ORDER BY part, number",
        (key, part),
    )
    return [Path(os.fsdecode(path)) for (path,) in rows]


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
