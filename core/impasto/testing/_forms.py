"""Takes a multipart form apart, as the server reads it that it was sent to."""

from __future__ import annotations

import re

from attrs import field, frozen


@frozen
class FormPart:
    """One part of a form: a file, or the text of a field.

    Attributes:
        name: Of the field.
        data: The bytes.
        filename: None: it is no file.
        mime: Its MIME type, where it is a file that states one.
    """

    name: str
    data: bytes = field(repr=lambda data: repr(data[:32]))
    filename: str | None = None
    mime: str | None = None


def form_parts(body: bytes, content_type: str) -> tuple[FormPart, ...]:
    """Return the parts of *body*, in their order.

    Raises:
        ValueError: *content_type* names no boundary, so this is no form.
    """
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise ValueError(f"{content_type or 'no content type'} is no form")
    pieces = body.split(b"--" + boundary[1].encode())[1:-1]
    return tuple(_part(piece.removeprefix(b"\r\n")) for piece in pieces)


def _part(piece: bytes) -> FormPart:
    head, _, data = piece.partition(b"\r\n\r\n")
    filename = _found(rb'filename="([^"]*)"', head)
    return FormPart(
        name=_found(rb'[ ;]name="([^"]*)"', head) or "",
        data=data.removesuffix(b"\r\n"),
        filename=filename,
        mime=_found(rb"(?i)content-type: *(\S+)", head) if filename is not None else None,
    )


def _found(pattern: bytes, head: bytes) -> str | None:
    found = re.search(pattern, head)
    return None if found is None else found[1].decode()
