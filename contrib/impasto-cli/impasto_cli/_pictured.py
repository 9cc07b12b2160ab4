"""What a picture's file says of itself, in rows for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import impasto
from impasto import Metadata
from impasto_cli._exits import Failure
from impasto_cli._lines import one_line

_SHOWN = 2_000  # characters of a text; a guess: the longest prompts that people write
_FIRST = ("model", "prompt", "revised_prompt", "seed")
_LAST = ("created", "request_id")


def read(picture: Path) -> Metadata:
    """Return what the file *picture* says.

    Raises:
        Failure: it cannot be read.
        BadRequestError: it is no picture.
    """
    try:
        return impasto.read_metadata(picture)
    except OSError as error:
        raise Failure(f"{picture} cannot be read ({error.strerror or error})", 2) from error


def rows(found: Metadata) -> Iterator[tuple[str, str]]:
    """Yield name and value of what is known; nothing of it can move the cursor."""
    size = f"{found.width}x{found.height}" if found.width else "of unknown size"
    yield "picture", f"{found.mime} {size}, {found.bytes:,} bytes"
    yield "marks", ", ".join(map(_mark, found.marks)) or "none found"
    if found.call:
        yield from _called(found)
    elif found.parameters is None:
        yield "made from", "the file does not say"
    if found.parameters is not None and not found.call:
        yield "parameters", _short(found.parameters)
    for name, text in found.texts.items():
        yield _short(name)[:16], _short(text)


def _mark(mark: str) -> str:
    return "C2PA manifest (not verified)" if mark == "C2PA" else mark


def _called(found: Metadata) -> Iterator[tuple[str, str]]:
    call = found.call
    yield "written", f"{found.found} the file, by impasto {_short(call['impasto'])}"
    for name in _FIRST:
        if call.get(name) is not None:
            yield name.replace("_", " "), _short(call[name])
    for name, value in call.get("params", {}).items():
        if name != "seed":
            yield _short(name)[:16], _short(value)
    for one in found.missing():
        yield "not in it", _short(one)
    for name in _LAST:
        if call.get(name) is not None:
            yield name.replace("_", " "), _short(call[name])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    line = one_line(text)
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}... ({len(line):,} characters)"
