"""Judges what came from a picture's URL."""

from __future__ import annotations

from impasto._http import Response
from impasto._pixels import measure
from impasto._redact import shown
from impasto.errors import APIError, APIResponseValidationError, NotFoundError, class_of_status

_SHORTEST = 16  # bytes: fewer than the header of any format
# What stands at the end of every whole file: the last chunk of a PNG, EOI in a JPEG.
_ENDINGS = {"image/png": b"IEND\xaeB`\x82", "image/jpeg": b"\xff\xd9"}
MAX_PIXELS = 2**28  # a guess: 16384x16384, four times the largest size any provider lists


def checked_picture(answer: Response, url: str) -> bytes:
    """Return the picture's bytes.

    Raises:
        APIResponseValidationError: it is none, or one that would fill the memory.
    """
    measured = measure(answer.body)
    if not answer.body:
        raise APIResponseValidationError(f"{url} sent nothing at all instead of a picture")
    if measured is None and not answer.content_type.startswith("image/"):
        begins = shown(answer.body[:200].decode("utf-8", "replace"))
        raise APIResponseValidationError(
            f"{url} sent no picture, but {answer.content_type or 'something'} "
            f"that begins with {begins!r}",
            body=begins,
        )
    if measured and (measured.width or 0) * (measured.height or 0) > MAX_PIXELS:
        raise APIResponseValidationError(
            f"{url} sent a picture of {measured.width}x{measured.height} pixels; "
            f"at most {MAX_PIXELS:,} in all are taken"
        )
    return answer.body


def ends_early(body: bytes) -> bool:
    """Return whether *body* is surely only the beginning of a picture.

    For answers that do not say how long they are: there the connection's end is taken for theirs.
    """
    if len(body) < _SHORTEST:
        return True
    measured = measure(body)
    if measured is not None and measured.mime == "image/webp":
        return len(body) < int.from_bytes(body[4:8], "little") + 8
    ending = _ENDINGS.get(measured.mime) if measured is not None else None
    return ending is not None and body.rfind(ending) < 0


def status_error(answer: Response, url: str) -> APIError:
    """Return the error for a picture's URL that answered with 400 and above."""
    gone = answer.status in (403, 404, 410)
    kind = NotFoundError if gone else class_of_status(answer.status)
    why = "; providers delete pictures after a while, often an hour" if gone else ""
    return kind(
        f"{url} answered {answer.status} instead of the picture{why}",
        status_code=answer.status,
        body=shown(answer.text),
    )
