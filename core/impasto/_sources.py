"""Where the pictures of a journal come from: their bytes are kept as they come."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from impasto import _entries
from impasto._image import EVERYBODYS, Source
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto._image import Image
    from impasto._wires import Wires

T = TypeVar("T")
Place: TypeAlias = "tuple[str, int, int]"
log = logging.getLogger("impasto")


class KeptSource(Source):
    """Fetches a picture once, and notes where it is saved; another process has everybody's."""

    def __init__(self, wires: Wires | None, journal: Path, place: Place) -> None:
        """Prepare for a picture.

        Args:
            wires: What it is fetched with; None: everybody's.
            journal: Of the file.
            place: Key, part, and which of the part's pictures.
        """
        super().__init__(wires)
        self._journal = journal
        self._place = place

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        """Return the picture: from the journal, where it was fetched before."""
        kept = await self._tried(lambda db: _entries.content(db, *self._place))
        if kept is not None:
            return kept
        data = await super().fetch(url, trusted, timeout)
        await self._tried(lambda db: _entries.note_content(db, *self._place, data), durable=True)
        return data

    def saved(self, image: Image, path: Path) -> None:
        """Note where the picture is; that it cannot be noted takes nothing from it."""
        from impasto._store import done_now

        try:
            done_now(self._journal, lambda db: _entries.note_path(db, *self._place, path))
        except ImpastoError as error:
            log.warning("%s", error)

    async def _tried(
        self, work: Callable[[_entries.Connection], T], *, durable: bool = False
    ) -> T | None:
        """Return what *work* returns; None where the journal cannot be used."""
        from impasto._store import done_at

        try:
            return await done_at(self._journal, work, durable=durable)
        except ImpastoError as error:
            log.warning("%s", error)
            return None

    def __reduce__(self) -> Any:
        return _everybodys, ()


def _everybodys() -> Source:
    return EVERYBODYS
