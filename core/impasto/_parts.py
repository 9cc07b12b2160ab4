"""The orders of a call as a journal has them: one for each part of it, and for each model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define

from impasto._http import Request, Response

if TYPE_CHECKING:
    import sqlite3

# States of a part.  In all but the last it may have been paid for.
ORDERING = "ordering"  # it is about to be sent, or was
TAKEN = "taken"  # there is a job that can be asked for
ANSWERED = "answered"  # the answer is here
UNREADABLE = "unreadable"  # the answer is here, and made no sense
AMBIGUOUS = "ambiguous"  # it may have been taken, and nothing came
FAILED = "failed"  # it cannot have been paid for, or the provider has said no


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
        stopped: Whether the provider said that it stops the job.
        error: Why it failed, as JSON.
        is_made: Whether pictures were written down that were made without sending anything.
        frame: What another process needs to go on, but for the handle.
        request_id: What the provider's support asks for.
        token: Of this order; the pictures of another one are not taken for its own.
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
    stopped: bool = False
    error: Mapping[str, Any] | None = None
    is_made: bool = False
    frame: Mapping[str, Any] | None = None
    request_id: str | None = None
    token: str = ""

    def who(self) -> tuple[str, str, int | None, int | None]:
        """Return by what an order is known again."""
        return self.provider, self.model, self.n, self.seed

    def may_be_paid(self) -> bool:
        """Return whether it must not be ordered again just so."""
        return self.state != FAILED


def parts(db: sqlite3.Connection, key: str) -> list[Part]:
    """Return the orders of a call, without their answers, which may be large."""
    rows = db.execute(
        "SELECT part, turn, parts.provider, parts.model, n, seed, state, handle, stopped, error, "
        "result IS NOT NULL, frame, request_id, token, answers.part IS NOT NULL "
        "FROM parts LEFT JOIN answers USING (key, part) WHERE key = ? ORDER BY part",
        (key,),
    )
    return [_part(row) for row in rows]


def _part(row: Sequence[Any]) -> Part:
    number, turn, provider, model, n, seed, state, handle, stopped, error, made = row[:11]
    frame, request_id, token, answered = row[11:]
    return Part(
        *(number, turn, provider, model, n, seed, state),
        handle=_request(handle) if handle else None,
        is_answered=bool(answered),
        stopped=bool(stopped),
        error=json.loads(error) if error else None,
        is_made=bool(made),
        frame=json.loads(frame) if frame else None,
        request_id=request_id,
        token=token or "",
    )


def answer(db: sqlite3.Connection, key: str, number: int) -> tuple[Request, Response] | None:
    """Return the last request of an order that was answered, and its answer."""
    row = db.execute(
        "SELECT request, status, headers, url, body FROM answers WHERE key = ? AND part = ?",
        (key, number),
    ).fetchone()
    if row is None:
        return None
    request, status, headers, url, body = row
    response = Response(status=status, headers=json.loads(headers), body=body, url=url)
    return _request(request), response


def result(db: sqlite3.Connection, key: str, number: int) -> str:
    """Return the pictures of an order for which nothing was sent, as they were written."""
    (found,) = db.execute(
        "SELECT result FROM parts WHERE key = ? AND part = ?", (key, number)
    ).fetchone()
    return str(found)


def _request(text: str) -> Request:
    return Request(**json.loads(text))
