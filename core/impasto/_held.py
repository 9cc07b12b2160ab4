"""Bytes that came in base64: the first of them in memory, what is more in temporary files."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

# Bytes that are held in memory, by all pictures together; a guess: a large one, so that who asks for
# one at a time has nothing to do with the disk.
IN_MEMORY = 4 * 1024 * 1024
# Open at once, by which the memory is spared; a guess: a quarter of what macOS gives a process
FILES = 64
_STEP = 258_048  # bytes read at once: a multiple of 3, so that base64 can be joined

_sizes: dict[int, int] = {}  # of those in memory, by identity
_files: set[int] = set()


class Held:
    """What base64 stood for; the text is made again for whoever asks for it.

    Equal to whatever stands for the same bytes, the text included.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self.size = 0
        self._memory: bytes | bytearray = b""
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def write(self, piece: bytes) -> None:
        """Add *piece* at the end."""
        if self._file is None and sum(_sizes.copy().values()) + len(piece) > IN_MEMORY:
            self._leave_memory()
        if self._file is None or not self._written(piece):
            # One large piece of memory can be given back, many small ones hardly.
            if not isinstance(self._memory, bytearray):
                self._memory = bytearray(self._memory)
            self._memory += piece
            _sizes[id(self)] = len(self._memory)
        self.size += len(piece)

    def chunks(self, size: int = _STEP) -> Iterator[bytes]:
        """Yield all of it, *size* bytes at once where it is in a file."""
        if self._file is None:
            yield self.read()
            return
        for start in range(0, self.size, size):
            yield self._read_at(start, min(size, self.size - start))

    def read(self) -> bytes:
        """Return all of it."""
        if self._file is not None:
            return b"".join(self.chunks())
        if not isinstance(self._memory, bytes):
            self._memory = bytes(self._memory)
        return self._memory

    def head(self, length: int) -> bytes:
        """Return the first *length* bytes."""
        if self._file is not None:
            return next(self.chunks(length), b"")
        return bytes(memoryview(self._memory)[:length])

    def encoded(self) -> Iterator[bytes]:
        """Yield the base64 that it came in, exactly, in pieces."""
        return map(base64.b64encode, self.chunks())

    @property
    def text(self) -> str:
        """The base64 that it came in, exactly."""
        return base64.b64encode(self.read()).decode("ascii")

    def __len__(self) -> int:
        return 4 * -(-self.size // 3)  # of the text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.size:,} bytes>"

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, Held):
            return self is other or (self.size == other.size and self.read() == other.read())
        return self.text == other if isinstance(other, str) else NotImplemented

    def __reduce__(self) -> tuple[Any, ...]:
        return held, (self.read(),)

    def __del__(self) -> None:
        # No lock here: the garbage collector may come while somebody has it.
        _sizes.pop(id(self), None)
        _files.discard(id(self))
        file = getattr(self, "_file", None)
        if file is not None:
            with suppress(OSError):
                file.close()

    # --- the file ---

    def _leave_memory(self) -> None:
        """Go on in a file, where there may be one more and the system gives one."""
        if len(_files) >= FILES:
            return
        import tempfile  # and much else that `import impasto` does without

        try:
            # Without a name where the system can do that: nobody else ever sees it.
            self._file = tempfile.TemporaryFile(prefix="impasto-", buffering=0)  # noqa: SIM115
        except OSError:  # the memory has to do
            return
        _files.add(id(self))
        memory, self._memory, self.size = self._memory, b"", 0
        if self._written(memory):
            _sizes.pop(id(self), None)
        else:
            self._memory = memory
        self.size = len(memory)

    def _written(self, piece: bytes | bytearray) -> bool:
        """Write *piece* to the file; where that fails, all of it is in memory again."""
        assert self._file is not None
        view = memoryview(piece)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError:  # the disk is full
            self._memory = bytearray().join(self.chunks())
            self._file.close()
            self._file = None
            _files.discard(id(self))
            return False
        return True

    def _read_at(self, start: int, length: int) -> bytes:
        assert self._file is not None
        pieces: list[bytes] = []
        while length:
            piece = self._piece_at(start, length)
            if not piece:
                raise OSError("a temporary file of impasto's is shorter than what was written")
            pieces.append(piece)
            start, length = start + len(piece), length - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _piece_at(self, start: int, length: int) -> bytes:
        assert self._file is not None
        if hasattr(os, "pread"):  # which a forked child can use beside its parent
            return os.pread(self._file.fileno(), length, start)
        with self._lock:
            self._file.seek(start)
            return self._file.read(length)


def held(data: bytes) -> Held:
    """Return *data*, held."""
    made = Held()
    made.write(data)
    return made
