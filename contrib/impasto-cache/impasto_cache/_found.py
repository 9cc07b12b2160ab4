"""What is on disk, and when it was last used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from attrs import frozen

from impasto_cache._files import PART


@frozen
class File:
    """A file.

    Attributes:
        path: Where it is.
        size: In bytes.
        used: When it was last used, in Unix time.
    """

    path: Path
    size: int
    used: float


@frozen(kw_only=True)
class Found:
    """What is on disk.

    Attributes:
        entries: Answers.
        pictures: Their pictures, by digest.
        others: Locks, and what processes left that were killed.
    """

    entries: list[File]
    pictures: dict[str, File]
    others: list[File]

    @classmethod
    def of(cls, root: Path) -> Self:
        """Return what is in *root*."""
        entries, pictures = [*_files_in(root / "entries")], [*_files_in(root / "pictures")]
        parts = [one for one in (*entries, *pictures) if one.path.suffix == PART]
        return cls(
            entries=[one for one in entries if one.path.suffix == ".json"],
            pictures={one.path.name: one for one in pictures if one.path.suffix != PART},
            others=[*parts, *_files_in(root / "locks")],
        )

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return sum(one.size for one in (*self.entries, *self.pictures.values(), *self.others))


def _files_in(folder: Path) -> Iterator[File]:
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                yield from _files_in(Path(one.path))
                continue
            with suppress(FileNotFoundError):  # another process was faster
                state = one.stat(follow_symlinks=False)
                yield File(Path(one.path), state.st_size, state.st_mtime)
