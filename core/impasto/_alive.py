"""Marks of living processes: a locked file each, whose lock the kernel releases at the end."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_SUFFIX = ".alive"


class Mark:
    """The mark of this process beside a file, for as long as it lives or until it is removed.

    Not its number: the kernel gives that to another process later.

    Attributes:
        token: What others know it by.
    """

    def __init__(self, beside: Path) -> None:
        """Set it.

        Raises:
            OSError: no file can be written there.
        """
        self._descriptor = -1
        while self._descriptor < 0:
            self.token = secrets.token_hex(8)
            self._path = _path(beside, self.token)
            self._descriptor = _locked(self._path)

    def remove(self) -> None:
        """Remove it, as the end of the process would."""
        with suppress(OSError):
            self._path.unlink()  # before the lock goes: who comes then finds nothing
        self.leave()
        with suppress(OSError):  # Windows removes no open file
            self._path.unlink()

    def leave(self) -> None:
        """Let go of it in a forked child: it is the parent's."""
        os.close(self._descriptor)


def is_alive(beside: Path, token: str) -> bool:
    """Return whether the process that set the mark *token* beside the file lives."""
    return _is_held(_path(beside, token))


def sweep(beside: Path) -> None:
    """Remove marks of processes that ended without doing so."""
    name = f".{beside.name}."
    with suppress(OSError):
        for entry in os.scandir(beside.parent):
            if entry.name.startswith(name) and entry.name.endswith(_SUFFIX):
                _remove_if_free(Path(entry.path))


def _path(beside: Path, token: str) -> Path:
    return beside.with_name(f".{beside.name}.{token}{_SUFFIX}")


def _locked(path: Path) -> int:
    """Return the descriptor of *path*, made and locked, or -1 where a sweep was faster."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if _lock(descriptor, shared=False) and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except FileNotFoundError:
        pass
    os.close(descriptor)
    return -1


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(descriptor, shared=True)  # two who look must not take each other for it
    finally:
        os.close(descriptor)


def _remove_if_free(path: Path) -> None:
    """Remove the mark *path* unless a process has it, or is just about to."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR)
        try:
            if not _lock(descriptor, shared=False):
                return
            with suppress(PermissionError):  # Windows removes no open file
                path.unlink()  # with the lock: whoever made it just now sees that it is gone
        finally:
            os.close(descriptor)
        if os.name == "nt":
            path.unlink()  # which fails there where somebody has it open


def _lock(descriptor: int, *, shared: bool) -> bool:
    """Lock *descriptor* until it is closed; return whether nobody else has it locked."""
    try:
        import fcntl
    except ImportError:  # Windows
        return _lock_on_windows(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_on_windows(descriptor: int) -> bool:
    import msvcrt

    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True
