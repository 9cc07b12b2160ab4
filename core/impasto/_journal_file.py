"""The file of a journal: an sqlite database of a form of ours, made, opened and checked."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import BadRequestError, ImpastoError

if TYPE_CHECKING:
    import sqlite3

VERSION = 1
_OURS = 0x696D706A  # "impj", which says whose file it is: https://www.sqlite.org/pragma.html
_BUSY_SECONDS = 30.0  # how long another process may be at it; a guess, a change takes milliseconds

# A part is an order of its own: a call has several where it is split, and where models follow.
_TABLES = """
CREATE TABLE calls(
    key TEXT PRIMARY KEY, named INTEGER NOT NULL, kind TEXT NOT NULL, provider TEXT, model TEXT,
    prompt TEXT, fields TEXT NOT NULL, created REAL NOT NULL, changed REAL NOT NULL, owner TEXT,
    outcome TEXT, error TEXT
) WITHOUT ROWID;
CREATE TABLE parts(
    key TEXT NOT NULL, part INTEGER NOT NULL, turn INTEGER NOT NULL, provider TEXT NOT NULL,
    model TEXT NOT NULL, n INTEGER, seed INTEGER, state TEXT NOT NULL, frame TEXT, handle TEXT,
    stopped INTEGER NOT NULL DEFAULT 0, token TEXT, request_id TEXT, error TEXT, result TEXT,
    PRIMARY KEY (key, part)
);
CREATE TABLE answers(
    key TEXT NOT NULL, part INTEGER NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL,
    headers TEXT NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (key, part)
);
CREATE TABLE pictures(
    key TEXT NOT NULL, part INTEGER NOT NULL, number INTEGER NOT NULL, path BLOB, sha256 TEXT,
    content BLOB, PRIMARY KEY (key, part, number)
);
"""


def connected(path: Path) -> sqlite3.Connection:
    """Return a connection to the journal at *path*, made where it is missing.

    Raises:
        BadRequestError: it is no journal, or cannot be made or written.
    """
    try:
        import sqlite3  # its library takes milliseconds to load
    except ImportError as error:
        raise unusable(path, "this Python was built without sqlite3") from error

    _make(path)
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise unusable(path, str(error)) from error
        raise unusable(path, "it is no journal of impasto; name another file") from error
    return connection


def _make(path: Path) -> None:
    """Make the file where it is missing, for nobody but its owner: prompts are in it."""
    if path.is_dir():
        raise unusable(path, "it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise unusable(path, f"there is no folder {str(path.parent)!r}; make it first")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:  # opening and closing it again would take sqlite's locks away
        pass
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables where there are none; refuse what is somebody else's."""
    _refuse_strangers(connection, path)
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        _go_ahead_logging(connection)
    connection.execute("PRAGMA wal_autocheckpoint=4000")  # pages of 4 KiB; pictures are large
    connection.execute("BEGIN IMMEDIATE")
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    if not ours:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={_OURS}")
        connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")


def _refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # else another process may make the tables between the two
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute("COMMIT")
    if ours != _OURS and (ours or tables):
        raise unusable(path, "it is another program's database; name another file")
    if version > VERSION:
        raise unusable(
            path,
            f"it was written by a newer version of impasto (form {version}, this one reads "
            f"{VERSION}).  Try: pip install --upgrade impasto",
        )


def _go_ahead_logging(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on, for which nobody else may have the file in hand."""
    import sqlite3

    for _ in range(100):
        with suppress(sqlite3.OperationalError):
            if connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",):
                return
        time.sleep(0.05)
    connection.execute("PRAGMA journal_mode=WAL")


def unusable(path: Path, why: str) -> BadRequestError:
    """Return the error for a file that is no journal, or cannot be used."""
    return BadRequestError(f"the journal {str(path)!r} cannot be used: {why}", param="journal")


def unwritten(path: Path, error: Exception) -> Exception:
    """Return *error* as one of ours, where the database raised it, or has no room for a value."""
    import sqlite3

    # Half a character is a ValueError, a number of more than 64 bits an OverflowError.
    if not isinstance(error, (sqlite3.Error, ValueError, OverflowError)):
        return error
    return ImpastoError(f"the journal {str(path)!r} cannot be written: {error}")
