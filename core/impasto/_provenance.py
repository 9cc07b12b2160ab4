"""A picture to be saved with what it was made from: in its file, or in another beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from impasto._embedding import embedded
from impasto._made import as_parameters, document
from impasto._pixels import measure

if TYPE_CHECKING:
    from impasto._image import Image


def described(image: Image, data: bytes) -> tuple[list[bytes], bytes | None]:
    """Return the file with metadata in it; or the file as it is, and the one beside it.

    Args:
        image: The picture.
        data: Its bytes.
    """
    told = document(image if image._is_here() else image.with_content(data))
    parameters, measured = _writable(as_parameters(told)), measure(data)
    text = _writable(json.dumps(told, ensure_ascii=False))
    file = embedded(data, measured.mime, text, parameters) if measured else None
    if file is not None:
        return [file], None
    whole = {**told, "parameters": parameters}
    return [data], (_writable(json.dumps(whole, ensure_ascii=False, indent=2)) + "\n").encode()


def _writable(text: str) -> str:
    """Return *text* as UTF-8 can hold it: half a character, which it cannot, as JSON writes it."""
    return text.encode(errors="backslashreplace").decode()
