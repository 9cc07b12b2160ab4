"""Makes errors out of answers, and completes those that a plugin made."""

from __future__ import annotations

from datetime import datetime

from impasto._call import Call
from impasto._http import Response
from impasto._redact import shown
from impasto._repeats import retry_after
from impasto.errors import ImpastoError, ModelRetiredError, class_of_status

# Failures that say themselves that the order was not taken: a gateway did not reach, or did not
# trust, the server behind it (521, 523, 525, 526 are Cloudflare's), or there was no room (529 is
# Anthropic's and others').  After any other one it may have been passed on before.
_NOT_TAKEN = frozenset({501, 503, 505, 521, 523, 525, 526, 529})


def from_status(response: Response) -> ImpastoError:
    """Return the error that the HTTP status alone means."""
    return class_of_status(response.status)(response.message, status_code=response.status)


def completed(
    error: ImpastoError, call: Call, response: Response | None, *, buys: bool, now: datetime
) -> ImpastoError:
    """Fill in what *error* does not say yet: who, which request, what came back."""
    error.provider = error.provider or call.provider
    error.model = error.model or call.model
    if response is None:
        return error
    error.headers = error.headers or dict(response.headers)
    error.request_id = error.request_id or response.request_id
    error.body = shown(response.text) if error.body is None else error.body
    if response.status >= 400:
        error.status_code = response.status
        if error.retry_after is None:
            error.retry_after = retry_after(response.headers, now)
        if response.headers.get("x-should-retry") == "false":
            error.retryable = False
        error.maybe_accepted = error.maybe_accepted or (buys and _is_ambiguous(response.status))
    return error


def _is_ambiguous(status: int) -> bool:
    return status == 408 or (status >= 500 and status not in _NOT_TAKEN)


def retired(error: ImpastoError, call: Call, today: str) -> ImpastoError:
    """Return *error*, as `ModelRetiredError` where the catalogue knows that the model is gone."""
    lifecycle = call.card.lifecycle if call.card is not None else None
    if lifecycle is None or lifecycle.retires is None or error.status_code not in (400, 404):
        return error
    date = lifecycle.retires.isoformat()
    if date > today or type(error).__name__ not in ("BadRequestError", "NotFoundError"):
        return error
    instead = f"; use {lifecycle.successor}" if lifecycle.successor else ""
    return ModelRetiredError(
        f"this model was retired on {date}{instead}.  The provider said: {error.message}",
        date=date,
        successor=lifecycle.successor,
        provider=error.provider,
        model=error.model,
        status_code=error.status_code,
        code=error.code,
        param=error.param,
        headers=error.headers,
        body=error.body,
        request_id=error.request_id,
    )
