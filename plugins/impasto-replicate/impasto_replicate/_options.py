"""How to look up, to wait and to send pictures: the settings for it, checked."""

from __future__ import annotations

import math

from impasto.errors import BadRequestError
from impasto.types import Call

LONGEST_WAIT = 60  # seconds; the pattern of "Prefer" in Replicate's OpenAPI document of 2026-08-22
# A guess: in so many seconds the answer to an order is here, so that at the caller's deadline the
# prediction has a name and can be canceled.
_MARGIN = 5


def looks_up(call: Call) -> bool:
    """Return whether the schema of a model that nobody listed is looked up.

    Raises:
        BadRequestError: *check_schema* is neither True nor False.
    """
    given = call.settings["check_schema"]
    if not isinstance(given, bool):
        raise BadRequestError(
            f"check_schema={given!r}; it takes True or False", param="check_schema"
        )
    return given


def prefer(call: Call) -> dict[str, str]:
    """Return the header that asks Replicate to hold its answer back until there are pictures.

    Raises:
        BadRequestError: *wait* is neither True, False nor 1 to 60.
    """
    wait = call.settings.get("wait", True)
    if not isinstance(wait, int) or not (isinstance(wait, bool) or 1 <= wait <= LONGEST_WAIT):
        raise BadRequestError(
            f"wait={wait!r}; it takes True, False, or seconds from 1 to {LONGEST_WAIT}",
            param="wait",
        )
    if wait is False or call.detached:
        return {}
    asked = LONGEST_WAIT if wait is True else wait
    seconds = asked if call.timeout is None else min(asked, int(call.timeout) - _MARGIN)
    if seconds < 1:
        return {}
    whole = wait is True and seconds == LONGEST_WAIT  # a minute is what it waits by itself
    return {"Prefer": "wait" if whole else f"wait={seconds}"}


def first_pause(call: Call) -> float:
    """Return the seconds before the first poll.

    Raises:
        BadRequestError: *poll_interval* is no number of seconds.
    """
    given = call.settings["poll_interval"]
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds > 0):
        raise BadRequestError(
            f"poll_interval={given!r}; it takes seconds, more than 0", param="poll_interval"
        )
    return seconds


def encoding(call: Call) -> str | None:
    """Return "base64" or "url", None to leave it to each picture's size.

    Raises:
        BadRequestError: *file_encoding_strategy* is something else.
    """
    given = call.settings.get("file_encoding_strategy")
    if given not in (None, "base64", "url"):
        raise BadRequestError(
            f"file_encoding_strategy={given!r}; it takes 'base64' or 'url'",
            param="file_encoding_strategy",
        )
    return str(given) if given is not None else None
