"""Server-sent events, as the HTML standard reads them, out of pieces however they are cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from attrs import frozen

_LONGEST_FIELD = 6  # of the names that are read, "event" is the longest
_MARK = b"\xef\xbb\xbf"  # of byte order, which may stand at the very beginning


@frozen
class Event:
    """One event, not read yet.

    Attributes:
        name: "message" where none is said.
        data: The bytes of its lines; of one line, which may be a picture, not another copy.
        id: The last one that was said, or None.
    """

    name: str
    data: bytes | memoryview
    id: str | None

    def read(self) -> dict[str, Any]:
        """Return its name, its data (JSON where it is some) and its id."""
        text = str(self.data, "utf-8", "replace")
        return {"event": self.name, "data": _read(text), "id": self.id}

    def written(self) -> bytes:
        """Return it as a stream that has nothing else in it."""
        head = f"event: {self.name}\n"
        if self.id is not None:
            head += f"id: {self.id}\n"
        data = self.data
        if isinstance(data, bytes):  # of several lines
            data = data.replace(b"\n", b"\ndata: ")
        return b"".join((head.encode(), b"data: ", data, b"\n\n"))


class Reader:
    """Reads the events of one stream.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    An event that the end of the stream cuts off is no event.

    Attributes:
        size: Bytes of the event that has not ended yet.
    """

    def __init__(self) -> None:
        self.size = 0
        self._line: list[bytes] = []  # pieces of the one that has not ended yet
        self._after_return = False
        self._begun = False
        self._name = ""
        self._data: list[memoryview] = []
        self._id: str | None = None

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that end in *piece*, the next of the stream."""
        if not piece:
            return
        if self._after_return:
            piece = piece.removeprefix(b"\n")
        self._after_return = piece.endswith(b"\r")
        for line in piece.splitlines(keepends=True):  # of bytes: at these three ends alone
            self.size += len(line)
            self._line.append(line)
            if line.endswith((b"\n", b"\r")):
                event = self._ended(b"".join(self._line))
                self._line.clear()
                if event is not None:
                    yield event

    def _ended(self, line: bytes) -> Event | None:
        if not self._begun:
            self._begun, line = True, line.removeprefix(_MARK)
        end = len(line) - (2 if line.endswith(b"\r\n") else 1)
        if not end:
            return self._event()
        colon = line.find(b":", 0, end)
        colon = end if colon < 0 else colon
        value = memoryview(line)[colon + 1 + line.startswith(b" ", colon + 1, end) : end]
        self._takes(line[:colon] if colon < _LONGEST_FIELD else b"", value)
        return None

    def _takes(self, field: bytes, value: memoryview) -> None:
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = str(value, "utf-8", "replace")
        elif field == b"id" and 0 not in value:
            self._id = str(value, "utf-8", "replace")

    def _event(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data, self.size = "", [], 0
        if not data:
            return None
        return Event(name, data[0] if len(data) == 1 else b"\n".join(data), self._id)


def events(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield each event in *body*, a whole stream, read."""
    return (event.read() for event in Reader().feed(body))


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
