"""Marks of pictures that were generated: found, neither verified nor touched."""

from __future__ import annotations

import re

from impasto._containers import Piece, Pieces, pieces

C2PA = "C2PA"
# https://cv.iptc.org/newscodes/digitalsourcetype/: "trainedAlgorithmicMedia" and its compositions
_SOURCES = re.compile(rb"\b(?:compositeWithT|t)rainedAlgorithmicMedia\b")
# Of a manifest that is elsewhere, XMP says where; its signature is of this file all the same.
_ELSEWHERE = re.compile(rb"dcterms:provenance|\bprovenance=[\"']https?:")
# https://c2pa.org/specifications/specifications/2.1/specs/C2PA_Specification.html, appendix A
_CHUNKS = {"image/png": b"caBX", "image/webp": b"C2PA", "image/jpeg": b"\xeb"}
# ISO 19566-5, D.2: "JP", instance, number of the packet, then length and type of the box
_JUMBF = b"jumb"
_IN_BOXES = b"c2pa"
# UUID of the box in files of the ISO base media format, such as AVIF; the same appendix
_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_PIXELS = frozenset({b"IDAT", b"fdAT", b"VP8 ", b"VP8L", b"ALPH", b"ANMF"})
_LOOKED_AT = 4 * 1024 * 1024  # bytes; a guess: manifests with pictures in them have one or two


def marks(data: bytes, mime: str) -> tuple[str, ...]:
    """Return the marks in the file *data*.

    "C2PA" for a manifest, and the IPTC's digital source type where it is one of generated media.
    """
    found = pieces(data, mime)
    signed = (C2PA,) if is_signed(data, mime, found) else ()
    sources = {
        match[0].decode() for part in _said(data, mime, found) for match in _SOURCES.finditer(part)
    }
    return (*signed, *sorted(sources))


def is_signed(data: bytes, mime: str, found: Pieces) -> bool:
    """Tell whether a signature covers the file *data*, so that any change would break it."""
    if mime in _CHUNKS:
        return any(_is_manifest(data, mime, one) for one in found.found) or any(
            _ELSEWHERE.search(part) for part in _said(data, mime, found)
        )
    head = data[:_LOOKED_AT]
    return _BOX in head or (mime == "image/svg+xml" and b"c2pa:manifest" in head)


def _is_manifest(data: bytes, mime: str, piece: Piece) -> bool:
    if piece.name != _CHUNKS[mime]:
        return False
    held = data[piece.begin : piece.end]
    # In a JPEG, these boxes may hold other things, too; those that go on are those of the first.
    return mime != "image/jpeg" or (held[12:16] == _JUMBF and _IN_BOXES in held)


def _said(data: bytes, mime: str, found: Pieces) -> list[bytes]:
    """Return all that is no pixel, as far as it is looked at."""
    if mime not in _CHUNKS:
        return [data[:_LOOKED_AT]]
    return [
        data[one.begin : min(one.end, one.begin + _LOOKED_AT)]
        for one in found.found
        if one.name not in _PIXELS
    ]
