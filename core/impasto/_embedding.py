"""What a picture was made from, put into its file and read from it; never a pixel is touched.

PNG: the chunks "parameters", as AUTOMATIC1111's web interface writes them, and "impasto", JSON.
JPEG and WebP: the same text as the comment in EXIF, and the JSON as the maker's note.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from impasto import _exif, _marks
from impasto._containers import Piece, Pieces, jpeg_segment, pieces, png_chunk, riff_chunk
from impasto._version import __version__

PARAMETERS = "parameters"
OURS = "impasto"
MOST = 1_000_000  # bytes of a text that is read; a guess: ten times the longest prompt of any model
_CHUNKS = 200  # texts of a file that are read; a guess
_NOTE = b"impasto\0"
_EXIF = b"Exif\0\0"
_SOFTWARE = f"impasto {__version__}"


class Texts(NamedTuple):
    """What is said in a picture's file.

    Attributes:
        ours: JSON, as we wrote it.
        parameters: As AUTOMATIC1111's web interface writes them.
        others: Further texts, by their keys.
    """

    ours: str | None = None
    parameters: str | None = None
    others: Mapping[str, str] = MappingProxyType({})


def embedded(data: bytes, mime: str, ours: str, parameters: str) -> bytes | None:
    """Return the file *data* with both texts in it; None where that would break something.

    That is: where it is signed, where it is not whole, where it would be too much for the format,
    and for formats other than PNG, JPEG and WebP.
    """
    found = pieces(data, mime)
    if (
        not (found.whole and found.found)
        or mime not in _WRITERS
        or _marks.is_signed(data, mime, found)
    ):
        return None
    try:
        return _WRITERS[mime](data, found, ours, parameters)
    except ValueError:
        return None


def texts(data: bytes, mime: str) -> Texts:
    """Return what is said in the file *data*, as far as it can be read."""
    found = pieces(data, mime)
    if mime == "image/png":
        return _png_texts(data, found)
    for piece in found.found:
        tiff = _tiff(data, mime, piece)
        if tiff is not None:
            return _exif_texts(tiff)
    return Texts()


# --- PNG --------------------------------------------------------------------------------------


def _into_png(data: bytes, found: Pieces, ours: str, parameters: str) -> bytes:
    kept = [one for one in found.found if _keyword(data, one) != OURS]
    new = [png_chunk(b"iTXt", _international(OURS, ours))]
    if not any(_keyword(data, one) == PARAMETERS for one in kept):
        new.insert(0, _text_chunk(PARAMETERS, parameters))
    parts = [data[: found.found[0].start]]
    for piece in kept:
        if piece.name == b"IDAT" and new:
            parts += new
            new = []
        parts.append(data[piece.start : piece.after])
    if new:
        raise ValueError("it has no pixels")
    return b"".join([*parts, data[found.found[-1].after :]])


def _text_chunk(keyword: str, text: str) -> bytes:
    try:
        return png_chunk(b"tEXt", keyword.encode() + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return png_chunk(b"iTXt", _international(keyword, text))


def _international(keyword: str, text: str) -> bytes:
    # https://www.w3.org/TR/png-3/#11iTXt: not compressed, no language, no translated keyword
    return keyword.encode() + bytes(5) + text.encode()


def _keyword(data: bytes, piece: Piece) -> str | None:
    if piece.name not in (b"tEXt", b"zTXt", b"iTXt"):
        return None
    return (
        data[piece.begin : min(piece.end, piece.begin + 80)].partition(b"\0")[0].decode("latin-1")
    )


def _png_texts(data: bytes, found: Pieces) -> Texts:
    said: dict[str, str] = {}
    for keyword, text in _all_texts(data, found):
        said.setdefault(keyword, text)
    return Texts(said.pop(OURS, None), said.pop(PARAMETERS, None), said)


def _all_texts(data: bytes, found: Pieces) -> Iterator[tuple[str, str]]:
    chunks = [one for one in found.found if _keyword(data, one) is not None]
    for piece in chunks[:_CHUNKS]:
        keyword, _, rest = data[piece.begin : piece.end].partition(b"\0")
        with suppress(ValueError, zlib.error):
            yield keyword.decode("latin-1"), _READERS[piece.name](rest)


def _plain(rest: bytes) -> str:
    return rest[:MOST].decode("latin-1")


def _compressed(rest: bytes) -> str:
    return _inflated(rest[1:]).decode("latin-1")


def _of_itxt(rest: bytes) -> str:
    packed = rest[:1] == b"\1"
    _, _, translated = rest[2:].partition(b"\0")
    text = translated.partition(b"\0")[2]
    return (_inflated(text) if packed else text[:MOST]).decode("utf-8", "replace")


def _inflated(data: bytes) -> bytes:
    """Inflate *data*, but no more of it than is read: a few bytes can stand for gigabytes."""
    return zlib.decompressobj().decompress(data, MOST)


_READERS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _of_itxt}


# --- JPEG and WebP ----------------------------------------------------------------------------


def _tiff(data: bytes, mime: str, piece: Piece) -> bytes | None:
    """Return the EXIF in *piece*, from its TIFF header on; None where there is none."""
    if piece.name not in (b"\xe1", b"EXIF"):
        return None
    held = data[piece.begin : piece.end]
    if held.startswith(_EXIF):
        return held[len(_EXIF) :]
    return held if mime == "image/webp" else None


def _with_texts(tiff: bytes | None, ours: str, parameters: str) -> bytes:
    return _exif.with_comment(tiff, parameters, _NOTE + ours.encode(), _SOFTWARE)


def _exif_texts(tiff: bytes) -> Texts:
    with suppress(ValueError):
        note, comment = _exif.note_of(tiff), _exif.comment_of(tiff)
        ours = note[len(_NOTE) :] if note and note.startswith(_NOTE) else None
        return Texts(None if ours is None else ours[:MOST].decode("utf-8", "replace"), comment)
    return Texts()


def _into_jpeg(data: bytes, found: Pieces, ours: str, parameters: str) -> bytes:
    old = next((one for one in found.found if _tiff(data, "image/jpeg", one) is not None), None)
    before = None if old is None else _tiff(data, "image/jpeg", old)
    new = _EXIF + _with_texts(before, ours, parameters)
    if len(new) > 65_533:
        raise ValueError("it is too much for a segment")
    segment = jpeg_segment(0xE1, new)
    if old is not None:
        return data[: old.start] + segment + data[old.after :]
    first = found.found[0]
    # JFIF wants to be the first, EXIF as well; readers are used to JFIF before EXIF.
    at = first.after if first.name == b"\xe0" else first.start
    return data[:at] + segment + data[at:]


def _into_webp(data: bytes, found: Pieces, ours: str, parameters: str) -> bytes:
    old = next((one for one in found.found if one.name == b"EXIF"), None)
    before = None if old is None else _tiff(data, "image/webp", old)
    chunk = riff_chunk(b"EXIF", _with_texts(before, ours, parameters))
    rest = [one for one in found.found if one.name not in (b"EXIF", b"VP8X")]
    # The specification has EXIF behind the pixels and before XMP.
    late = [one for one in rest if one.name == b"XMP "]
    early = [one for one in rest if one.name != b"XMP "]
    body = b"".join(
        [
            riff_chunk(b"VP8X", _extended(data, found)),
            *(data[one.start : one.after] for one in early),
            chunk,
            *(data[one.start : one.after] for one in late),
        ]
    )
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body


def _extended(data: bytes, found: Pieces) -> bytes:
    """Return the header of the extended format, which says that there is EXIF."""
    first = found.found[0]
    if first.name == b"VP8X":
        held = bytearray(data[first.begin : first.end])
        held[0] |= 0x08
        return bytes(held)
    from impasto._pixels import measure

    measured = measure(data)
    if measured is None or not measured.width or not measured.height:
        raise ValueError("it does not say how large it is")
    # https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification, 3.4
    bits = int.from_bytes(data[first.begin + 1 : first.begin + 5], "little")
    alpha = 0x10 if first.name == b"VP8L" and bits >> 28 & 1 else 0
    edges = [(edge - 1).to_bytes(3, "little") for edge in (measured.width, measured.height)]
    return bytes([0x08 | alpha, 0, 0, 0]) + b"".join(edges)


_WRITERS = {"image/png": _into_png, "image/jpeg": _into_jpeg, "image/webp": _into_webp}
