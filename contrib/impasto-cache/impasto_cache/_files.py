"""Files that are whole or not there, and for nobody else's eyes."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_FOLDER, _FILE = 0o700, 0o600
PART = ".part"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)  # which Windows needs


def write(path: Path, data: bytes) -> None:
    """Write *data* to *path*: other processes see what was there before, or all of it."""
    make_private(path.parent)
    part = path.with_name(f".{secrets.token_hex(8)}{PART}")
    try:
        descriptor = os.open(part, _NEW, _FILE)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            file.write(data)
        part.replace(path)
    finally:
        remove(part)


def remove(path: Path) -> None:
    """Remove *path*, if it is there and if that can be done."""
    with suppress(OSError):  # on Windows, somebody may have it open
        path.unlink(missing_ok=True)


def touch(path: Path) -> None:
    """Take note that *path* is used."""
    with suppress(OSError):
        os.utime(path)


def make_private(folder: Path) -> None:
    """Make *folder* and those above it, where they are missing, for this user alone."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=_FOLDER, exist_ok=True)
