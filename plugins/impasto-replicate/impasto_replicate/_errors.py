"""What went wrong: the problem documents of the interface, and predictions that end badly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from impasto.errors import (
    APIError,
    ContentPolicyViolationError,
    ImpastoError,
    class_of_status,
)
from impasto.types import Json, Request, Response

# A prediction has no code of its own, so these are the models' words.  "NSFW" is in the sources of
# cog-flux and cog-sdxl (read 2026-11-22), where the finished pictures are looked at; the other two
# are recalled, of models that others run.
_SEEN_IN_OUTPUT = re.compile(r"(?i)\bnsfw\b")
_FLAGGED = re.compile(r"(?i)flagged as sensitive|\(E005\)")
_CODE = re.compile(r"\((E\d{3,})\)")
# "Request was throttled. Expected available in 1 second."
_SECONDS = re.compile(r"\bin ~?(\d{1,6}(?:\.\d+)?) ?s(?:econds?)?\b")


def of_prediction(prediction: Json) -> ImpastoError:
    """Return the error that *prediction*, which ended without a picture, means."""
    status = prediction["status"]
    said = _text(prediction.get("error")) or f"the prediction is {status}"
    known = _CODE.search(said)
    told: dict[str, Any] = {
        "code": known[1] if known else str(status),
        # Community models bill the seconds that they ran, whatever came of it.
        "maybe_accepted": bool((prediction.get("metrics") or {}).get("predict_time")),
    }
    if _SEEN_IN_OUTPUT.search(said):
        return ContentPolicyViolationError(said, stage="output", categories=("nsfw",), **told)
    if _FLAGGED.search(said):
        return ContentPolicyViolationError(said, categories=("sensitive",), **told)
    # "aborted" is a prediction that ended before it began: nothing of the call was at fault.
    return APIError(said, retryable=status == "aborted", **told)


def _text(error: Json) -> str:
    return error if isinstance(error, str) else json.dumps(error) if error else ""


def of_response(request: Request, response: Response) -> ImpastoError | None:
    """Return the error that *response* means, or None where it is no problem document."""
    problem = response.json()
    if not isinstance(problem, dict) or not (problem.get("detail") or problem.get("title")):
        return None
    kind, field = _invalid(problem)
    return class_of_status(response.status)(
        response.message + _way_out(request, response),
        code=kind or _type(problem) or problem.get("title"),
        param=field,
        retry_after=None if "retry-after" in response.headers else _seconds(problem),
    )


def _way_out(request: Request, response: Response) -> str:
    by_name = request.step == "order" and "/v1/models/" in request.url
    if response.status != 404 or not by_name:
        return ""
    return (
        "  (Only official models run by name alone; any other takes a version, "
        "'owner/name:version', where Replicate does not say which is its latest.)"
    )


def _invalid(problem: Mapping[str, Json]) -> tuple[str | None, str | None]:
    """Return what is wrong with the first invalid field, and its name."""
    listed = problem.get("invalid_fields")
    if not listed:
        return None, None
    name = str(listed[0].get("field")).removeprefix("input").removeprefix(".")
    return listed[0].get("type"), name or None


def _type(problem: Mapping[str, Json]) -> str | None:
    kind = problem.get("type")
    return None if kind == "about:blank" else kind  # RFC 7807: the status says it all


def _seconds(problem: Mapping[str, Json]) -> float | None:
    """Return after how many seconds to come again, where only the body says it."""
    given = problem.get("retry_after")
    if isinstance(given, (int, float)):
        return float(given)
    told = _SECONDS.search(str(problem.get("detail")))
    return float(told[1]) if told else None
