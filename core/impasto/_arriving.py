"""Reads large JSON while it arrives: long base64 in it is decoded at once, and held as bytes.

Neither the whole answer nor the text of a picture is in memory then.  Nothing is lost: what is no
base64 in its canonical form, padded and on one line, stays the text that it is, and of the other
the text can be made again to the letter.
"""

from __future__ import annotations

import binascii
import json
import secrets
from collections.abc import Callable, Collection, Iterable
from io import BytesIO
from typing import Any

from impasto._held import Held

# Characters from which on a string may be a picture; a guess: what is shorter is no burden
LONG = 64 * 1024
_QUOTE, _BACKSLASH = b'"', ord("\\")


class Parts:
    """A body in which bytes stand for long base64.

    Attributes:
        size: Bytes of the whole.
    """

    def __init__(self, parts: list[bytes | Held]) -> None:
        self._parts = parts
        self.size = sum(map(len, parts))

    def whole(self) -> bytes:
        """Return the body as it came."""
        whole = BytesIO()  # which gives away what it has, other than a join: that has it twice
        for part in self._parts:
            whole.writelines([part] if isinstance(part, bytes) else part.encoded())
        return whole.getvalue()

    def json(self, keys: Collection[str]) -> Any:
        """Return it read as JSON, where `Held` stands for what is under one of *keys*.

        Raises:
            ValueError: it is no JSON.
            RecursionError: it is nested too deeply.
        """
        mark = secrets.token_hex(16)  # nobody who answers can guess it
        held = [part for part in self._parts if isinstance(part, Held)]
        numbers = iter(range(len(held)))
        text = b"".join(
            part if isinstance(part, bytes) else f"{mark}{next(numbers)}".encode()
            for part in self._parts
        )
        return _with_held(json.loads(text), mark, held, keys)


def _with_held(found: Any, mark: str, held: list[Held], keys: Collection[str]) -> Any:
    """Return *found* with what the marks stand for; in a loop, for JSON may be nested deeply."""
    whole = [found]
    unread: list[tuple[Any, Any]] = [(whole, False)]

    def meant(value: Any, wanted: bool) -> Any:
        if isinstance(value, str) and value.startswith(mark):
            one = held[int(value[len(mark) :])]
            return one if wanted else one.text
        if isinstance(value, (dict, list)):
            unread.append((value, wanted))
        return value

    while unread:
        box, wanted = unread.pop()
        if isinstance(box, list):
            box[:] = [meant(one, wanted) for one in box]
        else:
            pairs = [(meant(key, False), meant(one, key in keys)) for key, one in box.items()]
            box.clear()
            box.update(pairs)
    return whole[0]


class Arriving:
    """A body on its way, which `feed()` gets in pieces of any length."""

    def __init__(self) -> None:
        self._parts: list[bytes | Held] = []
        self._text = bytearray()  # what is not decoded, behind the last of the parts
        self._begin = 0  # of the string that is being read, in that text
        self._held: Held | None = None
        self._padded = False
        # Of the class, not of this object: a circle would keep the pictures for a while.
        self._state: Callable[[Arriving, bytes, int], int] = Arriving._before

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Read *chunks*."""
        for chunk in chunks:
            for start in range(0, len(chunk), LONG):
                piece, at = chunk[start : start + LONG], 0
                while at < len(piece):
                    at = self._state(self, piece, at)

    def end(self) -> bytes | Parts:
        """Return the body; in parts where there was long base64 in it."""
        if self._held is not None:  # it was cut off
            self._give_up()
        last, self._text = bytes(self._text), bytearray()
        return Parts([*self._parts, last]) if self._parts else last

    # --- states: each takes of a piece what it can, and returns where it stopped ---

    def _before(self, piece: bytes, at: int) -> int:
        begins = piece.lstrip()[:1]
        if begins:
            self._state = Arriving._outside if begins in (b"{", b"[") else Arriving._anything
            return at
        return self._anything(piece, at)

    def _anything(self, piece: bytes, at: int) -> int:
        self._text += piece[at:]
        return len(piece)

    def _outside(self, piece: bytes, at: int) -> int:
        end = piece.find(_QUOTE, at) + 1 or len(piece)
        self._text += piece[at:end]
        if self._text.endswith(_QUOTE):
            self._begin, self._state = len(self._text), Arriving._inside
        return end

    def _inside(self, piece: bytes, at: int) -> int:
        """Read a string of which is not known yet what it is."""
        end = self._some_text(piece, at)
        if self._state is Arriving._inside and len(self._text) - self._begin >= LONG:
            self._held, self._padded = Held(), False
            self._state = Arriving._picture
            self._decode()
        return end

    def _some_text(self, piece: bytes, at: int) -> int:
        """Read a string that stays one."""
        end = piece.find(_QUOTE, at) + 1 or len(piece)
        self._text += piece[at:end]
        if self._text.endswith(_QUOTE) and not self._is_escaped():
            self._state = Arriving._outside
        return end

    def _picture(self, piece: bytes, at: int) -> int:
        """Read a long string that has been base64 so far."""
        found = piece.find(_QUOTE, at)
        end = found if found >= 0 else len(piece)
        self._text += piece[at:end]
        self._decode()
        if found >= 0 and self._held is not None:
            self._close()
        return end

    # --- steps ---

    def _is_escaped(self) -> bool:
        at = len(self._text) - 2
        while at >= self._begin and self._text[at] == _BACKSLASH:
            at -= 1
        return bool((len(self._text) - at) % 2)

    def _decode(self) -> None:
        """Decode what is complete of the string; where it is no base64, it is all text again."""
        assert self._held is not None
        end = self._begin + (len(self._text) - self._begin) // 4 * 4
        encoded = self._text[self._begin : end]
        try:
            data = binascii.a2b_base64(encoded, strict_mode=True)
        except ValueError:
            self._give_up()
            return
        if (self._padded and len(self._text) > self._begin) or not _is_canonical(encoded, data):
            self._give_up()
            return
        self._padded = self._padded or encoded.endswith(b"=")
        self._held.write(data)
        del self._text[self._begin : end]

    def _close(self) -> None:
        """End a picture before its closing quote, which is text."""
        assert self._held is not None
        if len(self._text) > self._begin:  # it is not padded
            self._give_up()
            return
        self._parts += [bytes(self._text), self._held]
        self._text, self._begin, self._held = bytearray(), 0, None
        self._state = Arriving._some_text

    def _give_up(self) -> None:
        """Make text again of what was decoded."""
        assert self._held is not None
        self._text[self._begin : self._begin] = self._held.text.encode()
        self._held = None
        self._state = Arriving._some_text


def _is_canonical(encoded: bytearray, data: bytes) -> bool:
    """Tell whether *data* is encoded as *encoded* again; only the last group may differ."""
    last = binascii.b2a_base64(data[-(len(data) % 3 or 3) :], newline=False)
    return len(encoded) == 4 * -(-len(data) // 3) and encoded.endswith(last if data else b"")
