"""The manifest of a batch: a line of JSON for each step of each call, only ever added to."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import IO, Any

from impasto._ledger import UNKNOWN, Standing
from impasto.errors import BadRequestError, ImpastoError

_INTERRUPTED = "a run ended while the order was on its way, and nobody knows whether it was taken"
_LOST = "its picture came, and the run ended before it was saved"


class Manifest:
    """A file that says what became of each call of a batch, and the `Ledger` that it is.

    A line is a JSON object with a "key" and a "status": "begun", "saving", "done", "failed" or
    "ambiguous"; of one key, the last line counts.  Those that end a call also have the prompt,
    the pictures (path from the manifest's folder, true size, seed), provider, model, cost and
    error.  A run that finds the file goes on from there; two at a time do not.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Prepare for the file at *path*, which need not exist."""
        self.path = Path(path)
        self._file: FileIO | None = None
        self._lines: dict[str, int] = {}
        self._lock = threading.Lock()

    # --- as a ledger ---

    async def open(self) -> None:
        """Open the file, and read where earlier runs left off.

        Raises:
            ImpastoError: another run has it open.
            BadRequestError: it is no manifest.
            OSError: it cannot be written.
        """
        await asyncio.to_thread(self._open)

    async def state(self, key: str) -> Standing:
        """Return how it stands with the order *key*, by the lines of earlier runs."""
        if key not in self._lines:
            return UNKNOWN
        return await asyncio.to_thread(self._standing, key)

    async def begins(self, key: str, record: Mapping[str, Any]) -> bool:
        """Write that the order goes out, and wait until the disk has it."""
        await asyncio.to_thread(self._write, key, "begun", record, durable=True)
        return True

    async def saves(self, key: str, record: Mapping[str, Any]) -> None:
        """Write which files the pictures are about to be in."""
        self._write(key, "saving", record)

    async def done(self, key: str, record: Mapping[str, Any]) -> None:
        """Write that the pictures are in their files."""
        self._write(key, "done", record)

    async def failed(self, key: str, record: Mapping[str, Any]) -> None:
        """Write that the order failed, and whether it may have been taken."""
        self._write(key, "ambiguous" if record["maybe_accepted"] else "failed", record)

    async def close(self) -> None:
        """Close the file; another run may have it then."""
        if self._file is not None:
            self._file.close()
            self._file = None

    # --- as a file ---

    def last_lines(self) -> Iterator[dict[str, Any]]:
        """Yield the last line of each key, in the order of the prompts.

        Raises:
            OSError: the file cannot be read.
        """
        last: dict[str, tuple[int, int]] = {}
        with self.path.open("rb") as file:
            for offset, line in _objects(file):
                last[line["key"]] = (line.get("index", 0), offset)
            for _, offset in sorted(last.values()):
                file.seek(offset)
                yield json.loads(file.readline())

    def _open(self) -> None:
        file = self.path.open("a+b", buffering=0)
        try:
            _lock(file, self.path)
            with self.path.open("rb") as buffered:
                self._lines = {line["key"]: offset for offset, line in _objects(buffered)}
            self._refuse_strangers(file)
            _end_last_line(file)
        except BaseException:
            file.close()
            raise
        self._file = file

    def _refuse_strangers(self, file: FileIO) -> None:
        if not self._lines and file.seek(0, os.SEEK_END):
            raise BadRequestError(
                f"{str(self.path)!r} is there, and is no manifest; name another file",
                param="manifest",
            )

    def _standing(self, key: str) -> Standing:
        line = self._line(key)
        if line["status"] in ("begun", "saving"):
            line = self._ended(line)
            self._append(line)
        if line["status"] == "failed":
            return UNKNOWN
        told = str((line.get("error") or {}).get("message", ""))
        return Standing(line["status"], self._files(line), told)

    def _ended(self, line: dict[str, Any]) -> dict[str, Any]:
        """Return the line which a run that was killed behind *line* had no time to write."""
        pictures = line.get("pictures", ())
        saved = [path.is_file() for path in self._files(line)]
        if line["status"] == "saving" and all(saved) and len(saved) == len(pictures):
            return {**line, "status": "done"}
        told = _INTERRUPTED if line["status"] == "begun" else _LOST
        more = {"error": {"message": told}, "maybe_accepted": True}
        return {**line, "status": "ambiguous", **more, "pictures": []}

    def _files(self, line: Mapping[str, Any]) -> tuple[Path, ...]:
        named = [one.get("path") for one in line.get("pictures", ())]
        return tuple(self.path.parent / path for path in named if path is not None)

    def _relative(self, line: dict[str, Any]) -> dict[str, Any]:
        """Return *line* with the paths as seen from the manifest, so that both can be moved."""
        folder = self.path.parent.absolute()
        pictures = [{**one, "path": _from(folder, one["path"])} for one in line.get("pictures", ())]
        return {**line, "pictures": pictures} if pictures else line

    def _line(self, key: str) -> dict[str, Any]:
        with self.path.open("rb") as file:
            file.seek(self._lines[key])
            found: dict[str, Any] = json.loads(file.readline())
        return found

    def _write(
        self, key: str, status: str, record: Mapping[str, Any], *, durable: bool = False
    ) -> None:
        self._append(self._relative({"key": key, "status": status, **record}), durable=durable)

    def _append(self, line: Mapping[str, Any], *, durable: bool = False) -> None:
        text = json.dumps(line, ensure_ascii=False)
        data = text.encode(errors="backslashreplace") + b"\n"  # half a character, as JSON has it
        with self._lock:
            if self._file is None:
                raise ImpastoError(f"the manifest {str(self.path)!r} is closed")
            # In one piece: a run that is killed leaves whole lines.
            if self._file.write(data) != len(data):
                raise OSError(f"{str(self.path)!r} cannot be written: is the disk full?")
            descriptor = self._file.fileno()
        if durable:  # others may write meanwhile
            os.fsync(descriptor)


def _from(folder: Path, path: str | None) -> str | None:
    if path is None:
        return None
    whole = Path(path).absolute()
    return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


def _objects(file: IO[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines of *file* that are a manifest's, and where they begin.

    One that a crash cut short says nothing: what it was to say had not been acted upon.
    """
    offset = 0
    for data in file:
        try:
            line = json.loads(data)
        except ValueError:
            line = None
        if isinstance(line, dict) and isinstance(line.get("key"), str) and "status" in line:
            yield offset, line
        offset += len(data)


def _end_last_line(file: FileIO) -> None:
    length = file.seek(0, os.SEEK_END)
    if length:
        file.seek(length - 1)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _lock(file: FileIO, path: Path) -> None:
    """Keep other runs out until the file is closed, or this process ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ImpastoError(
            f"another run is at work with the manifest {str(path)!r}; wait for it, or name another"
        ) from None
