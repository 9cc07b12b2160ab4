"""The pieces that picture files consist of, found without decoding a pixel."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator
from typing import NamedTuple

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST = 100_000  # pieces of a file; a guess: a large PNG has a few thousand


class Piece(NamedTuple):
    """A chunk of a PNG or of a WebP, or a segment of a JPEG.

    Attributes:
        name: Of four letters; of a segment its marker, a single byte.
        start: Where it begins in the file.
        begin: Where its data begin.
        end: Where those end.
        after: Where the next begins.
    """

    name: bytes
    start: int
    begin: int
    end: int
    after: int


class Pieces(NamedTuple):
    """The pieces of a file, of a JPEG those before its pixels.

    Attributes:
        found: In their order.
        whole: Whether the file is sound as far as its pieces tell; else it was cut, or is odd.
    """

    found: list[Piece]
    whole: bool


def pieces(data: bytes, mime: str) -> Pieces:
    """Return the pieces of *data*, as far as they can be read; none for other formats."""
    if mime not in _WALKS:
        return Pieces([], False)
    found: list[Piece] = []
    walk = _WALKS[mime](data)
    while len(found) < _MOST:
        try:
            found.append(next(walk))
        except StopIteration as ended:
            return Pieces(found, bool(ended.value))
    return Pieces(found, False)


def _png(data: bytes) -> Generator[Piece, None, bool]:
    # https://www.w3.org/TR/png-3/#5Chunk-layout: length, type, data, CRC
    at = len(_PNG)
    while at + 12 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        piece = Piece(name, at, at + 8, at + 8 + length, at + 12 + length)
        if piece.after > len(data) or not name.isalpha() or (at == len(_PNG)) != (name == b"IHDR"):
            return False
        yield piece
        if name == b"IEND":
            return True
        at = piece.after
    return False


def _jpeg(data: bytes) -> Generator[Piece, None, bool]:
    # ITU T.81, B.1.1: a marker, a length that counts itself, data; behind SOS come pixels
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # filled up
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        piece = Piece(bytes([marker]), at, at + 4, at + 2 + length, at + 2 + length)
        if not 0xC0 <= marker <= 0xFE or 0xD0 <= marker <= 0xD9 or length < 2:
            return False
        if piece.end > len(data):
            return False
        yield piece
        if marker == 0xDA:
            return b"\xff\xd9" in data[-4096:]
        at = piece.after
    return False


def _webp(data: bytes) -> Generator[Piece, None, bool]:
    # https://developers.google.com/speed/webp/docs/riff_container: each chunk of an even length
    ends = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    while at + 8 <= min(ends, len(data)):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        piece = Piece(data[at : at + 4], at, at + 8, at + 8 + length, at + 8 + length + length % 2)
        if piece.after > min(ends, len(data)):
            return False
        yield piece
        at = piece.after
    return at == ends == len(data)


_WALKS: dict[str, Callable[[bytes], Generator[Piece, None, bool]]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
}


# --- Making them ------------------------------------------------------------------------------


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def jpeg_segment(marker: int, data: bytes) -> bytes:
    """Return a segment of a JPEG; *data* has at most 65,533 bytes."""
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2, "big") + data


def riff_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a WebP."""
    return name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
