"""Keeps what is on disk within its bounds: what was not used for the longest time goes first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from attrs import Factory, define
from filelock import FileLock, Timeout

from impasto_cache import _entry, _files
from impasto_cache._found import File, Found
from impasto_cache._limits import Limits

# Of the limit: how much one process writes before it looks what there is.  Several processes may
# so be above the limit by as much each, for a while.
LATITUDE = 0.02
# Of the limit: where pruning stops, so that not every call prunes.
_ENOUGH = 0.9
# Seconds after which nobody can still be writing the entry of a picture, or a part of a file.
_ABANDONED = 3_600.0
# Seconds after which nobody can still be waiting for a lock: longer than calls take, but for those
# whose timeout is longer than a day.
_UNLOCKED = 86_400.0


def prune(root: Path, limits: Limits) -> None:
    """Remove from *root* what is beyond *limits*, unless another process is about it."""
    lock = FileLock(root / "pruning.lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return
    except (OSError, NotImplementedError):
        pass  # a file system without locks: twice at once is work for nothing, and no harm
    try:
        Pruning(Found.of(root), limits).run()
    finally:
        lock.release()


def clear(root: Path) -> None:
    """Remove all answers in *root*, and what belongs to them."""
    found = Found.of(root)
    for file in (*found.entries, *found.pictures.values(), *found.others):
        _files.remove(file.path)


@define
class Pruning:
    """What is on disk, and how often each of its pictures is named by an entry."""

    found: Found
    limits: Limits
    _uses: Counter[str] = Factory(Counter)
    _size: int = 0

    def run(self) -> None:
        """Remove what nobody needs, then what is too old, then what is too much."""
        self._size = self.found.size
        self._remove_leavings(time.time())
        named = {file.path: _pictures_of(file, self.limits.age) for file in self.found.entries}
        self._uses.update(name for names in named.values() for name in names or ())
        self._remove_orphans(time.time())
        for file in self.found.entries:
            if named[file.path] is None:
                self._remove(file, ())
        if self._size <= self.limits.size:
            return
        kept = [file for file in self.found.entries if named[file.path] is not None]
        for file in sorted(kept, key=lambda one: one.used):
            self._remove(file, named[file.path] or ())
            if self._size <= self.limits.size * _ENOUGH:
                return

    def _remove_leavings(self, now: float) -> None:
        for file in self.found.others:
            is_part = file.path.suffix == _files.PART
            if now - file.used > (_ABANDONED if is_part else _UNLOCKED):
                self._remove(file, ())

    def _remove_orphans(self, now: float) -> None:
        for name, picture in self.found.pictures.items():
            if not self._uses[name] and now - picture.used > _ABANDONED:
                self._remove(picture, ())

    def _remove(self, file: File, pictures: Iterable[str]) -> None:
        """Remove *file*, and those of its *pictures* that no other entry names."""
        _files.remove(file.path)
        self._size -= file.size
        for name in pictures:
            self._uses[name] -= 1
            if not self._uses[name] and name in self.found.pictures:
                self._remove(self.found.pictures[name], ())


def _pictures_of(file: File, age: float) -> frozenset[str] | None:
    """Return the digests of the pictures that *file*, an entry, names.

    None where it is broken or older than *age* seconds; its pictures are those of nobody then.
    """
    try:
        entry = _entry.read(file.path.read_bytes())
        if _entry.is_too_old(entry, datetime.now(UTC), age):
            return None
        return frozenset(str(one["sha256"]) for one in entry["data"])
    except (OSError, LookupError, TypeError, ValueError):
        return None
