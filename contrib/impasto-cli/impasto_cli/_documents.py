"""What became of orders, as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impasto import ImageResponse, ImpastoError
from impasto_cli._exits import Failure
from impasto_cli._results import Result
from impasto_cli._saving import Picture

_OF_AN_ERROR = ("status_code", "code", "param", "request_id", "retry_after", "retryable")


def document(results: Sequence[Result], sheet: Path | None) -> dict[str, Any]:
    """Return one object: that of the only call, or "calls" with one for each."""
    about_sheet = {"sheet": str(sheet)} if sheet is not None else {}
    if len(results) == 1:
        return {**_call(results[0]), **about_sheet}
    calls = [_call(result) for result in results]
    return {"paths": [path for call in calls for path in call["paths"]], "calls": calls} | (
        about_sheet
    )


def _call(result: Result) -> dict[str, Any]:
    outcome = result.outcome
    return {
        "asked": outcome.order.model,
        "paths": [str(picture.path) for picture in result.pictures],
        "pictures": [_picture(picture) for picture in result.pictures],
        "seconds": round(outcome.seconds, 3),
        **(_response(outcome.response) if outcome.response is not None else _NO_RESPONSE),
        "errors": [_error(failure) for failure in result.failures],
    }


def _picture(picture: Picture) -> dict[str, Any]:
    image = picture.image
    return {
        "path": str(picture.path),
        "width": image.width,
        "height": image.height,
        "mime": image.mime,
        "seed": image.seed,
        "revised_prompt": image.revised_prompt,
    }


def _response(response: ImageResponse) -> dict[str, Any]:
    cost = response.cost
    return {
        "provider": response.provider,
        "model": response.model,
        # Text: a float would round what is to be added up.
        "cost": {"amount": str(cost.amount), "currency": cost.currency} if cost else None,
        "params": {name: fate.model_dump() for name, fate in response.params.items()},
        "attempts": [one.model_dump() for one in response.attempts],
        "notes": list(response.notes),
        "usage": response.usage.model_dump() if response.usage is not None else None,
        "request_id": response.request_id,
    }


_NO_RESPONSE: dict[str, Any] = {
    **dict.fromkeys(("provider", "model", "cost")),
    "params": {},
    "attempts": [],
    "notes": [],
    **dict.fromkeys(("usage", "request_id")),
}


def _error(failure: Failure) -> dict[str, Any]:
    cause = failure.__cause__
    more = {name: getattr(cause, name) for name in _OF_AN_ERROR} if _is_ours(cause) else {}
    return {
        "type": type(cause or failure).__name__,
        "message": failure.message,
        "exit_code": failure.exit_code,
        **more,
    }


def _is_ours(cause: BaseException | None) -> bool:
    return isinstance(cause, ImpastoError)
