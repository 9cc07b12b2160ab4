"""Reads type, width and height off the first bytes of a picture, without decoding it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/avif": (".avif",),
    "image/heic": (".heic", ".heif"),
    "image/bmp": (".bmp",),
    "image/tiff": (".tif", ".tiff"),
    "image/svg+xml": (".svg",),
}

Size = tuple[int, int]

# Length of the second header in little-endian order: of OS/2, of Windows and its versions 2 to 5
_BMP_HEADERS = tuple(length.to_bytes(4, "little") for length in (12, 40, 52, 56, 64, 108, 124))


class Measured(NamedTuple):
    """A picture's MIME type, and its width and height in pixels where they could be read."""

    mime: str
    width: int | None
    height: int | None


def measure(data: bytes) -> Measured | None:
    """Return what *data*, the whole or the beginning of a file, is a picture of; None if none."""
    mime = _sniff(data)
    if mime is None:
        return None
    size = _READERS[mime](data) if mime in _READERS else None
    return Measured(mime, *(size or (None, None)))


def _sniff(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[4:8] == b"ftyp":
        brands = data[8:64]
        if b"avif" in brands or b"avis" in brands:
            return "image/avif"
        return "image/heic" if b"hei" in brands or b"mif1" in brands else None
    if data.startswith(b"BM") and data[14:18] in _BMP_HEADERS:  # "BM" begins many a text as well
        return "image/bmp"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    if re.match(rb"(\xef\xbb\xbf)?\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", data) and b"<svg" in data:
        return "image/svg+xml"
    return None


def _png(data: bytes) -> Size | None:
    # https://www.w3.org/TR/png/#11IHDR: the first chunk, always
    return _big(data, 16, 20, 4) if data[12:16] == b"IHDR" else None


def _gif(data: bytes) -> Size | None:
    return _little(data, 6, 8, 2)


def _bmp(data: bytes) -> Size | None:
    # https://learn.microsoft.com/windows/win32/gdi/bitmap-header-types; OS/2's has 16 bits
    if data[14:18] == _BMP_HEADERS[0]:
        return _little(data, 18, 20, 2)
    size = _little(data, 18, 22, 4)
    if size is None or size[1] < 2**31:
        return size
    return size[0], 2**32 - size[1]  # a negative height: the first row is the topmost


def _tiff(data: bytes) -> Size | None:
    # TIFF 6.0, section 2: a directory of entries with tag, type, count and value
    order: Literal["big", "little"] = "little" if data.startswith(b"II") else "big"

    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at : at + length], order)

    at = number(4, 4)
    found: dict[int, int] = {}
    for entry in range(at + 2, min(at + 2 + 12 * number(at, 2), len(data) - 11), 12):
        short = number(entry + 2, 2) == 3
        found[number(entry, 2)] = number(entry + 8, 2 if short else 4)
    width, height = found.get(256), found.get(257)
    return (width, height) if width is not None and height is not None else None


def _webp(data: bytes) -> Size | None:
    # https://developers.google.com/speed/webp/docs/riff_container
    if data[12:16] == b"VP8X" and len(data) >= 30:
        return (
            int.from_bytes(data[24:27], "little") + 1,
            int.from_bytes(data[27:30], "little") + 1,
        )
    if data[12:16] == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 " and len(data) >= 30:
        size = _little(data, 26, 28, 2)
        return (size[0] & 0x3FFF, size[1] & 0x3FFF) if size else None
    return None


def _jpeg(data: bytes) -> Size | None:
    # ITU T.81: skip segments up to the first start of frame, which is not DHT, JPG or DAC
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _big(data, at + 5, at + 7, 2) or (0, 0)
            return width, height
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _boxes(data: bytes) -> Size | None:
    # ISO 14496-12 "ispe"; the largest one is the picture, the others are tiles or thumbnails
    found = [
        size
        for match in re.finditer(rb"ispe\0\0\0\0", data[:65536])
        if (size := _big(data, match.end(), match.end() + 4, 4))
    ]
    return max(found, default=None)


def _big(data: bytes, first: int, second: int, length: int) -> Size | None:
    return _two(data, first, second, length, "big")


def _little(data: bytes, first: int, second: int, length: int) -> Size | None:
    return _two(data, first, second, length, "little")


def _two(
    data: bytes, first: int, second: int, length: int, order: Literal["big", "little"]
) -> Size | None:
    if len(data) < second + length:
        return None
    return (
        int.from_bytes(data[first : first + length], order),
        int.from_bytes(data[second : second + length], order),
    )


_READERS: Mapping[str, Callable[[bytes], Size | None]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/tiff": _tiff,
    "image/avif": _boxes,
    "image/heic": _boxes,
}
