"""What is on disk: entries by the digests of their calls, pictures by the digests of their bytes.

Processes need no lock to read and write: each file is whole or not there, an entry is written
after its pictures, and what does not hold what it should is removed and counts as not there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from attrs import Factory, define, frozen

from impasto import ImageResponse
from impasto.types import Call
from impasto_cache import _entry, _files, _pruning
from impasto_cache._found import Found
from impasto_cache._limits import Limits

log = logging.getLogger("impasto_cache")

# https://bford.info/cachedir/: backups leave folders out that hold this file
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by impasto-cache; it may be removed.\n"


@frozen(kw_only=True)
class Contents:
    """What is on disk.

    Attributes:
        folder: Where.
        answers: How many calls can be answered.
        pictures: How many pictures they have, each counted once.
        size: Bytes of all of it.
        limits: What it may have.
    """

    folder: Path
    answers: int
    pictures: int
    size: int
    limits: Limits


@define(kw_only=True)
class Store:
    """A folder of answers.

    Attributes:
        folder: Where it is.
        limits: How much is kept, and for how long.
    """

    folder: Path
    limits: Limits
    _unpruned: float = Factory(lambda: float("inf"))  # bytes since it was last looked at

    @property
    def _root(self) -> Path:
        return self.folder / f"v{_entry.FORM}"

    def _entry_path(self, key: str) -> Path:
        return self._root / "entries" / key[:2] / f"{key}.json"

    def _picture_path(self, name: str) -> Path:
        return self._root / "pictures" / name[:2] / name

    def lock_path(self, key: str) -> Path:
        """Return the file with which processes agree on who makes the call *key*."""
        folder = self._root / "locks"
        _files.make_private(folder)
        return folder / key

    def mark(self, key: str) -> int | None:
        """Return what is another number once another answer is kept under *key*."""
        try:
            return self._entry_path(key).stat().st_ino
        except OSError:
            return None

    # --- one answer ---

    def get(self, key: str, call: Call, age: float | None = None) -> ImageResponse | None:
        """Return the answer to *call*, whose key is *key*; None where there is no good one.

        Args:
            key: What it is kept under.
            call: Whom it is for.
            age: Most seconds since it was made, where the caller wants it younger.
        """
        path = self._entry_path(key)
        try:
            entry = _entry.read(path.read_bytes())
            now = datetime.now(UTC)
            if _entry.is_too_old(entry, now, self.limits.age):
                _files.remove(path)
                return None
            if age is not None and _entry.is_too_old(entry, now, age):
                return None
            pictures = [self._picture(one["sha256"]) for one in entry["data"]]
            response = _entry.response_of(entry, pictures, call)
        except FileNotFoundError:  # also where a picture goes while another process prunes
            _files.remove(path)
            return None
        except OSError as error:
            log.warning("an answer cannot be read: %s", error)
            return None
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            log.warning("%s is broken and goes: %s", path, error)
            _files.remove(path)
            return None
        _files.touch(path)
        return response

    def _picture(self, name: str) -> bytes:
        """Return the picture *name*.

        Raises:
            FileNotFoundError: it is gone.
            ValueError: it is broken, and is removed.
        """
        path = self._picture_path(name)
        data = path.read_bytes()
        if _entry.digest(data) != name:
            _files.remove(path)
            raise ValueError(f"the picture {name} is not what was written")
        return data

    def put(
        self,
        key: str,
        response: ImageResponse,
        pictures: Sequence[bytes],
        expires: datetime | None = None,
    ) -> None:
        """Keep *response* under *key* until *expires*; where that cannot be done, say so in the log."""
        try:
            self._put(key, response, pictures, expires)
        except OSError as error:
            log.warning("an answer cannot be kept: %s", error)

    def _put(
        self, key: str, response: ImageResponse, pictures: Sequence[bytes], expires: datetime | None
    ) -> None:
        document = _entry.written(response, pictures, datetime.now(UTC), expires)
        size = len(document) + sum(map(len, pictures))
        if size > self.limits.size:
            return
        self._begin()
        for data in pictures:
            self._put_picture(data)
        _files.write(self._entry_path(key), document)
        self._unpruned += size
        if self._unpruned > self.limits.size * _pruning.LATITUDE:
            self.prune()

    def _put_picture(self, data: bytes) -> None:
        path = self._picture_path(_entry.digest(data))
        if path.is_file() and path.stat().st_size == len(data):
            _files.touch(path)  # it is young again, for who looks for what nobody refers to
        else:
            _files.write(path, data)

    def _begin(self) -> None:
        _files.make_private(self._root)
        tag = self.folder / "CACHEDIR.TAG"
        if not tag.is_file():
            _files.write(tag, _TAG)

    # --- all of it ---

    def prune(self) -> None:
        """Remove what is too much or too old."""
        self._unpruned = 0.0
        _pruning.prune(self._root, self.limits)

    def contents(self) -> Contents:
        """Return what is on disk."""
        found = Found.of(self._root)
        return Contents(
            folder=self.folder,
            answers=len(found.entries),
            pictures=len(found.pictures),
            size=found.size,
            limits=self.limits,
        )

    def clear(self) -> Contents:
        """Remove everything, and return what it was."""
        contents = self.contents()
        _pruning.clear(self._root)
        return contents
