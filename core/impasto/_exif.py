"""EXIF as far as it is needed: a comment and a note, read from it or added at its end.

Whatever is in it already keeps its place: only directories are written anew, behind all else.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

# https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E, tables 3 to 7
_SOFTWARE = 0x0131
_EXIF = 0x8769
_NOTE = 0x927C
_COMMENT = 0x9286
_ASCII, _LONG, _UNDEFINED = 2, 4, 7
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_EMPTY = b"MM\0*\0\0\0\x08" + bytes(6)
_UTF_16 = b"UNICODE\0"
_MOST = 1_000  # entries of a directory; a guess: cameras write less than a hundred

_Order = Literal["big", "little"]


class _Directory(NamedTuple):
    """A directory: its entries of 12 bytes by their tag, and where the next one is."""

    entries: dict[int, bytes]
    next: bytes


def with_comment(tiff: bytes | None, comment: str, note: bytes, software: str) -> bytes:
    """Return *tiff*, EXIF or None, with a comment for people, a note for us, and who wrote it.

    Raises:
        ValueError: *tiff* is broken.
    """
    out = bytearray(tiff or _EMPTY)
    order = _order(out)
    root = _directory(out, order, _number(out, 4, 4, order))
    inner = _directory_at(out, order, root.entries.get(_EXIF))
    encoded = _UTF_16 + comment.encode(f"utf-16-{order[0]}e")
    inner.entries[_COMMENT] = _entry(out, order, _COMMENT, _UNDEFINED, encoded)
    inner.entries[_NOTE] = _entry(out, order, _NOTE, _UNDEFINED, note)
    if _SOFTWARE not in root.entries:
        data = software.encode("ascii", "replace") + b"\0"
        root.entries[_SOFTWARE] = _entry(out, order, _SOFTWARE, _ASCII, data)
    at = _written(out, order, inner)
    root.entries[_EXIF] = b"".join(
        number.to_bytes(size, order) for number, size in ((_EXIF, 2), (_LONG, 2), (1, 4), (at, 4))
    )
    out[4:8] = _written(out, order, root).to_bytes(4, order)
    return bytes(out)


def comment_of(tiff: bytes) -> str | None:
    """Return the comment for people in *tiff*, EXIF; None where there is none.

    Raises:
        ValueError: *tiff* is broken.
    """
    order = _order(tiff)
    data = _value(tiff, order, _COMMENT)
    if data is None:
        return None
    code, text = data[:8], data[8:]
    if code == _UTF_16:
        # Which order it has is not said; programs write it big-endian whatever the rest has.
        odd = text[1::2].count(0) > text[::2].count(0)
        return text.decode("utf-16-le" if odd else "utf-16-be", "replace").rstrip("\0")
    return text.decode("utf-8", "replace").strip("\0 ")


def note_of(tiff: bytes) -> bytes | None:
    """Return the note of whoever made the picture, as bytes.

    Raises:
        ValueError: *tiff* is broken.
    """
    return _value(tiff, _order(tiff), _NOTE)


def _order(tiff: bytes | bytearray) -> _Order:
    if tiff[:4] == b"MM\0*":
        return "big"
    if tiff[:4] == b"II*\0":
        return "little"
    raise ValueError("it is no EXIF")


def _number(data: bytes | bytearray, at: int, size: int, order: _Order) -> int:
    if at + size > len(data):
        raise ValueError("its EXIF is cut off")
    return int.from_bytes(data[at : at + size], order)


def _directory(tiff: bytes | bytearray, order: _Order, at: int) -> _Directory:
    count = _number(tiff, at, 2, order)
    ends = at + 2 + 12 * count
    if count > _MOST or ends + 4 > len(tiff):
        raise ValueError("its EXIF is cut off")
    raw = [bytes(tiff[start : start + 12]) for start in range(at + 2, ends, 12)]
    found = {int.from_bytes(one[:2], order): one for one in raw}
    return _Directory(found, bytes(tiff[ends : ends + 4]))


def _directory_at(tiff: bytes | bytearray, order: _Order, pointer: bytes | None) -> _Directory:
    if pointer is None:
        return _Directory({}, bytes(4))
    return _directory(tiff, order, int.from_bytes(pointer[8:12], order))


def _value(tiff: bytes, order: _Order, tag: int) -> bytes | None:
    """Return the bytes of *tag* in the inner directory."""
    root = _directory(tiff, order, _number(tiff, 4, 4, order))
    entry = _directory_at(tiff, order, root.entries.get(_EXIF)).entries.get(tag)
    if entry is None:
        return None
    kind, count = int.from_bytes(entry[2:4], order), int.from_bytes(entry[4:8], order)
    length = _SIZES.get(kind, 1) * count
    if length <= 4:
        return entry[8 : 8 + length]
    at = int.from_bytes(entry[8:12], order)
    if at + length > len(tiff):
        raise ValueError("its EXIF is cut off")
    return tiff[at : at + length]


def _entry(out: bytearray, order: _Order, tag: int, kind: int, data: bytes) -> bytes:
    """Return the entry for *data*, which is put at the end of *out* where it is long."""
    place = data.ljust(4, b"\0")
    if len(data) > 4:
        place = _end(out).to_bytes(4, order)
        out += data
    head = b"".join((tag.to_bytes(2, order), kind.to_bytes(2, order)))
    return head + len(data).to_bytes(4, order) + place


def _written(out: bytearray, order: _Order, directory: _Directory) -> int:
    """Put *directory* at the end of *out*, and return where it begins."""
    at = _end(out)
    out += len(directory.entries).to_bytes(2, order)
    out += b"".join(entry for _, entry in sorted(directory.entries.items()))
    out += directory.next
    return at


def _end(out: bytearray) -> int:
    out += b"\0" * (len(out) % 2)  # values begin at even places
    return len(out)
