"""The calls of a journal: told, asked for, saved and forgotten."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

import impasto
from impasto import Journal, JournalEntry
from impasto_cli._exits import Failure
from impasto_cli._finishing import finish
from impasto_cli._lines import one_line, say
from impasto_cli._options import arguments
from impasto_cli._orders import Order, Outcome
from impasto_cli._output import Output
from impasto_cli._places import Named, Place, Suggested, slug
from impasto_cli._results import Result, saved

_HEADINGS = ("KEY", "STATE", "MODEL", "CHANGED", "PROMPT")
_LONGEST = 60  # characters of a prompt in the list; a guess: enough to know it again
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_NEXT = {
    "resumable": "impasto jobs resume {key} asks for it; nothing is ordered",
    "ambiguous": "made again with --again ambiguous, it is ordered again; look at your account first",
    "failed": "it cost nothing; the key can be used again",
}


def opened(path: Path) -> Journal:
    """Return the journal at *path*.

    Raises:
        Failure: there is none.
    """
    if not path.exists():
        raise Failure(f"there is no journal {str(path)!r}; a call with --journal makes one", 2)
    return Journal(path)


# --- telling ----------------------------------------------------------------------------------


def document(entry: JournalEntry) -> dict[str, Any]:
    """Return *entry* as JSON."""
    times = {"created": entry.created.isoformat(), "changed": entry.changed.isoformat()}
    return {**entry.model_dump(), **times}


def tell_all(entries: Sequence[JournalEntry]) -> None:
    """Print *entries* as a table; what went wrong stands below."""
    from impasto_cli._tables import Row, show  # rich; not for --json

    if not entries:
        say("note: the journal is empty")
        return
    dim = {"done", "failed"}
    show(_HEADINGS, [Row(_cells(one), one.state in dim, _below(one)) for one in entries])


def _cells(entry: JournalEntry) -> tuple[str, ...]:
    prompt = one_line(entry.prompt or "")
    short = prompt if len(prompt) <= _LONGEST else f"{prompt[: _LONGEST - 3]}..."
    return entry.key, entry.state, _model(entry), _when(entry), short


def _model(entry: JournalEntry) -> str:
    return one_line("/".join(part for part in (entry.provider, entry.model) if part) or "-")


def _when(entry: JournalEntry) -> str:
    return f"{entry.changed.astimezone():%Y-%m-%d %H:%M}"


def _below(entry: JournalEntry) -> str | None:
    return one_line(entry.error) if entry.error else None


def tell(entry: JournalEntry) -> None:
    """Print all that is known of *entry*."""
    facts = {
        "key": entry.key,
        "state": entry.state,
        "kind": entry.kind,
        "model": _model(entry),
        "prompt": one_line(entry.prompt or ""),
        "created": f"{entry.created.astimezone():%Y-%m-%d %H:%M:%S}",
        "changed": f"{entry.changed.astimezone():%Y-%m-%d %H:%M:%S}",
        "requests": one_line(", ".join(entry.request_ids)),
        "files": one_line(", ".join(map(str, entry.paths))),
        "error": one_line(entry.error or ""),
        "next": _NEXT.get(entry.state, "").format(key=entry.key),
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{name:<8}  {value}")


# --- asking -----------------------------------------------------------------------------------


def save(
    journal: Journal,
    keys: Sequence[str],
    *,
    timeout: float | None,
    words: list[tuple[str, Any]],
    **options: Any,
) -> None:
    """Ask for the calls *keys*, save their pictures, and tell of them.

    Raises:
        Failure: something went wrong; what came is saved.
    """
    output = Output(**options)
    settings = arguments({}, words)
    entries = [journal.entry(key) for key in keys]  # one that is none is said before all else
    results = [_result(journal, one, timeout, settings, output, len(keys)) for one in entries]
    finish(results, output.sheet_file("jobs", len(keys)), output)


def _result(
    journal: Journal,
    entry: JournalEntry,
    timeout: float | None,
    settings: dict[str, Any],
    output: Output,
    count: int,
) -> Result:
    begun, key = time.monotonic(), entry.key
    call = {"prompt": entry.prompt, "model": _model(entry)}
    try:
        response = journal.resume(key, **settings).result(timeout)
    except impasto.ImpastoError as error:
        order = Order("generate", call, Suggested(key, 1, overwrite=False))
        return saved(
            Outcome(order, time.monotonic() - begun, error=error), metadata=output.metadata
        )
    place = _place(entry, len(response.data), count, output)
    order = Order("generate", call, place)
    return saved(Outcome(order, time.monotonic() - begun, response), metadata=output.metadata)


def _place(entry: JournalEntry, pictures: int, calls: int, output: Output) -> Place:
    if output.out is None:
        return Suggested(slug(entry.prompt or entry.key), pictures, output.overwrite)
    mark = f"-{slug(entry.key)}" if calls > 1 else ""
    return Named(output.out, pictures, output.overwrite, mark)


# --- forgetting -------------------------------------------------------------------------------


def age(text: str) -> timedelta:
    """Return what *text*, such as "30d", says.

    Raises:
        Failure: it says nothing.
    """
    found = re.fullmatch(r"(\d{1,6})([dhm])", text)
    if found is None:
        raise Failure(f"--older-than {text}; it takes a number and d, h or m, such as 30d", 2)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def forget_all(journal: Journal, keys: Sequence[str], *, force: bool) -> None:
    """Remove the calls *keys*.

    Raises:
        Failure: one of them may have been paid for.
    """
    for key in keys:
        state = journal.entry(key).state
        if state in ("resumable", "ambiguous") and not force:
            raise Failure(
                f"{key} is {state}: it may have been paid for, and nobody could ask for it any "
                "more; --force forgets it all the same",
                2,
            )
    for key in keys:
        journal.forget(key)
        say(f"note: {key} is forgotten")
