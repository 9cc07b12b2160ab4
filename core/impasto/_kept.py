"""Pictures in a journal: their bytes, where these were fetched, and their files; done on its thread."""

from __future__ import annotations

import os
from pathlib import Path

from attrs import frozen

from impasto._entries import Connection, touch


@frozen
class Place:
    """Where a picture is in a journal.

    Attributes:
        key: The call's.
        part: Which order of the call.
        token: The order's own, without which it may be another one that took its place.
        number: Which of its pictures.
    """

    key: str
    part: int
    token: str
    number: int


_OF_NO_ORDER = -1
_IS_THERE = "SELECT 1 FROM parts WHERE key = ? AND part = ? AND token = ?"


def note_content(db: Connection, place: Place, content: bytes) -> None:
    """Write the bytes of a picture that was behind a URL."""
    _note(db, place, "content", content)


def note_path(db: Connection, place: Place, path: Path, sha256: str) -> None:
    """Write where a picture was saved, and what is in that file."""
    _note(db, place, "path", os.fsencode(path.absolute()))  # a name need not be text
    _note(db, place, "sha256", sha256)
    touch(db, place.key)


def note_found(db: Connection, key: str, number: int, path: Path) -> None:
    """Write where a picture was saved that belongs to no order of the call."""
    db.execute(
        "INSERT OR REPLACE INTO pictures(key, part, number, path) VALUES (?, ?, ?, ?)",
        (key, _OF_NO_ORDER, number, os.fsencode(path.absolute())),
    )


def _note(db: Connection, place: Place, column: str, value: bytes | str) -> None:
    where = (place.key, place.part, place.token)
    if db.execute(_IS_THERE, where).fetchone() is None:
        return
    db.execute(  # before SQLite 3.35, which Debian 11 has not, "ON CONFLICT" has to say of what
        f"INSERT INTO pictures(key, part, number, {column}) VALUES (?, ?, ?, ?) "  # noqa: S608 - ours
        f"ON CONFLICT(key, part, number) DO UPDATE SET {column} = excluded.{column}",
        (place.key, place.part, place.number, value),
    )


def content(db: Connection, place: Place) -> bytes | None:
    """Return the bytes of a picture that was behind a URL, where they are here."""
    found = db.execute(
        "SELECT content FROM pictures JOIN parts USING (key, part) "
        "WHERE key = ? AND part = ? AND token = ? AND number = ?",
        (place.key, place.part, place.token, place.number),
    ).fetchone()
    return None if found is None else found[0]


def files(db: Connection, key: str, part: int) -> list[tuple[Path, str]]:
    """Return where the pictures of an order were saved, and what was in those files."""
    rows = db.execute(
        "SELECT path, sha256 FROM pictures WHERE key = ? AND part = ? AND path IS NOT NULL "
        "ORDER BY number",
        (key, part),
    )
    return [(Path(os.fsdecode(path)), sha256) for path, sha256 in rows]


def paths(db: Connection, key: str) -> list[Path]:
    """Return where pictures of the call were saved, in their order."""
    rows = db.execute(
        "SELECT path FROM pictures WHERE key = ? AND path IS NOT NULL ORDER BY part, number", (key,)
    )
    return [Path(os.fsdecode(path)) for (path,) in rows]
