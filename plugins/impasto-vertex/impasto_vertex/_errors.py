"""Google's errors, `google.rpc.Status` as JSON: what they mean here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from impasto.errors import (
    APIError,
    AuthenticationError,
    ContentPolicyViolationError,
    class_of_status,
)
from impasto.types import Json, Response

# Google has no code for these refusals: they are INVALID_ARGUMENT like everything else.  The
# sentence is whole, so that a prompt which a message quotes is not taken for one (recorded
# 2026-11-22 and seen in answers of 2026-02).
_REFUSED = re.compile(r"violates? Google's Responsible AI practices\b")
_SUPPORT_CODES = re.compile(r"Support codes?: ([\d, ]*\d)")
_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")  # a protobuf Duration: "37s"


def error(response: Response) -> APIError | None:
    """Return the error that *response* means, or None where it is not in Google's form."""
    found = said(response.json(), response.status)
    if found is not None and "retry-after" in response.headers:
        found.retry_after = None  # core reads the header, which is nearer to the server
    return found


def said(body: Json, status: int) -> APIError | None:
    """Return the error in *body*, which came with *status*, perhaps that of a success."""
    if isinstance(body, list) and body:  # streaming endpoints put it into a list
        body = body[0]
    told = body.get("error") if isinstance(body, dict) else None
    if not isinstance(told, dict) or not told.get("message"):
        return None
    details = _details(told)
    message, code = str(told["message"]), told.get("status") or told.get("code")
    status = status if status >= 400 else _http_status(told)
    fields: dict[str, Any] = {
        "status_code": status,
        "code": None if code is None else str(code),
        "retry_after": _retry_after(details),
    }
    if status == 400 and _REFUSED.search(message):
        codes = support_codes(message)
        return ContentPolicyViolationError(message, stage="input", categories=codes, **fields)
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):  # with 400
        return AuthenticationError(message, **fields)
    return class_of_status(status)(message, **fields)


def support_codes(message: str) -> tuple[str, ...]:
    """Return the numbers by which Google's support knows what was objected to."""
    found = _SUPPORT_CODES.search(message)
    return tuple(re.findall(r"\d+", found[1])) if found else ()


def _details(told: Mapping[str, Json]) -> list[Mapping[str, Any]]:
    listed = told.get("details")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _http_status(told: Mapping[str, Json]) -> int:
    code = told.get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else 500


def _retry_after(details: list[Mapping[str, Any]]) -> float | None:
    for detail in details:
        found = _SECONDS.fullmatch(str(detail.get("retryDelay")))
        if found:
            return float(found[1])
    return None
