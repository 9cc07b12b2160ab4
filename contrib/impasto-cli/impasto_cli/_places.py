"""Where pictures go: the names of their files, and what must hold before money is spent."""

from __future__ import annotations

import itertools
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from impasto_cli._exits import Failure

_LONGEST_NAME = 50  # characters: in UTF-8 at most 200 bytes of the 255 that file systems take


class Place(Protocol):
    """Where the pictures of one call go."""

    @property
    def overwrite(self) -> bool:
        """Whether files that exist are replaced."""

    def check(self) -> None:
        """Raise `Failure` if pictures could not be saved here."""

    def path(self, index: int, extension: str) -> Path:
        """Return the file for the picture *index*, from 0, whose bytes call for *extension*."""


@dataclass(frozen=True)
class Named:
    """The file that the caller named; with *count* above 1 it gets numbers.

    *mark* goes behind its name: it tells the files of several models apart.
    """

    out: Path
    count: int
    overwrite: bool
    mark: str = ""

    def check(self) -> None:
        try:
            self._check()
        except OSError as error:  # a name that is too long, among others
            raise Failure(f"'{self.out}' will not do: {error.strerror}", 2) from error

    def _check(self) -> None:
        if self.out.is_dir():
            raise Failure(f"'{self.out}' is a folder; name a file in it", 2)
        check_folder(self.out.parent)
        for path in map(self._path, range(self.count)):
            if path.is_dir():
                raise Failure(f"'{path}' is a folder; name another file", 2)
            if path.exists() and not self.overwrite:
                raise Failure(f"'{path}' exists; --overwrite replaces it", 2)

    def path(self, index: int, extension: str) -> Path:
        return self._path(index)

    def _path(self, index: int) -> Path:
        out = self.out.with_name(f"{self.out.stem}{self.mark}{self.out.suffix}")
        alone = self.count == 1 and index == 0
        return out if alone else next(numbered(out, index + 1))


@dataclass(frozen=True)
class Suggested:
    """A file of the *name* that we suggest, in the current folder; what is there is kept."""

    name: str
    count: int
    overwrite: bool

    def check(self) -> None:
        check_folder(Path())

    def path(self, index: int, extension: str) -> Path:
        plain = Path(self.name + extension)
        alone = self.count == 1 and index == 0
        numbers = numbered(plain, index + 1)
        candidates = itertools.chain([plain], numbered(plain, 2)) if alone else numbers
        return next(candidates) if self.overwrite else first_free(candidates)


def slug(text: str) -> str:
    """Return *text*, a prompt or a model, as the name of a file: letters and digits of any script, and dashes."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())
    name = "-".join(words)
    if len(name) > _LONGEST_NAME:
        whole_words = name[: _LONGEST_NAME + 1].rpartition("-")[0]
        name = whole_words or name[:_LONGEST_NAME]
    return name or "picture"


def numbered(path: Path, first: int) -> Iterator[Path]:
    """Yield *path* with the numbers from *first* on: "fox-1.png", "fox-2.png", ..."""
    for number in itertools.count(first):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def first_free(candidates: Iterator[Path]) -> Path:
    """Return the first of *candidates* where nothing is yet."""
    return next(path for path in candidates if not path.exists())


def check_folder(folder: Path) -> None:
    """Raise `Failure` where no file can be written to *folder*."""
    if not folder.is_dir():
        raise Failure(f"folder '{folder}' does not exist; create it first", 2)
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise Failure(f"folder '{folder}' cannot be written to: {error.strerror}", 2) from error
