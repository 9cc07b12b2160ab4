"""Where the pictures of a journal come from: their bytes are kept as they come."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from impasto import _kept
from impasto._entries import Connection
from impasto._image import Source
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto._image import Image
    from impasto._wires import Wires

T = TypeVar("T")
log = logging.getLogger("impasto")


class KeptSource(Source):
    """Fetches a picture once, and notes where it is saved; another process has everybody's."""

    def __init__(self, wires: Wires | None, journal: Path, place: _kept.Place) -> None:
        """Prepare for a picture.

        Args:
            wires: What it is fetched with; None: everybody's.
            journal: Of the file.
            place: Where it is in there.
        """
        super().__init__(wires)
        self._journal = journal
        self._place = place

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        """Return the picture: from the journal, where it was fetched before."""
        kept = await self._tried(lambda db: _kept.content(db, self._place))
        if kept is not None:
            return kept
        data = await super().fetch(url, trusted, timeout)
        await self._tried(lambda db: _kept.note_content(db, self._place, data), durable=True)
        return data

    def saved(self, image: Image, path: Path) -> None:
        """Note where the picture is; that it cannot be noted takes nothing from it."""
        from impasto._store import done_now

        try:
            sha256 = digest(path)
            done_now(self._journal, lambda db: _kept.note_path(db, self._place, path, sha256))
        except (ImpastoError, OSError) as error:
            log.warning("%s", error)

    async def _tried(self, work: Callable[[Connection], T], *, durable: bool = False) -> T | None:
        """Return what *work* returns; None where the journal cannot be used."""
        from impasto._store import done_at

        try:
            return await done_at(self._journal, work, durable=durable)
        except ImpastoError as error:
            log.warning("%s", error)
            return None


def digest(path: Path) -> str:
    """Return what tells whether the file is still the same.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()
