"""Judges what came from a picture's URL."""

from __future__ import annotations

from impasto._http import Response
from impasto._pixels import measure
from impasto._redact import shown
from impasto.errors import APIError, APIResponseValidationError, NotFoundError, class_of_status

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
