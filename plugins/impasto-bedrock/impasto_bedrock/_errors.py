"""What AWS's errors mean, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.errors import (
    AuthenticationError,
    ContentPolicyViolationError,
    ImpastoError,
    ModelRetiredError,
    QuotaExceededError,
    class_of_status,
)
from impasto.types import Call, Response
from impasto_bedrock._answers import stage

_ABOUT_KEYS = frozenset(
    {"ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException"}
)
# These three have no name of their own; recorded with boto3 1.44.5 and from AWS's users.
_BLOCKED = "This request has been blocked by our content filters."
_OUTLIVED = "This model version has reached the end of its life."
_NO_SUCH_KEY = "Authentication failed:"
_OF_NAMES = ("code", "Code", "__type")


def error(call: Call, response: Response) -> ImpastoError:
    """Return the error that *response*, of status 400 and above, means."""
    message, code = response.message, _code(response)
    told: dict[str, Any] = {"code": code, "retry_after": _later(response)}
    if code == "ValidationException" and message.startswith(_BLOCKED):
        return ContentPolicyViolationError(message, **told, stage=stage(message))
    if response.status == 404 and message.startswith(_OUTLIVED):
        return _retired(call, message, **told)
    if code == "ServiceQuotaExceededException":
        return QuotaExceededError(message, **told)
    if code in _ABOUT_KEYS or (response.status == 403 and message.startswith(_NO_SUCH_KEY)):
        return AuthenticationError(message, **told)
    if code == "ModelErrorException":  # status 424
        return class_of_status(response.status)(message, **told, retryable=True)
    return class_of_status(response.status)(message, **told)


def _code(response: Response) -> str | None:
    """Return the error's name, from where botocore reads it: a header, else the body."""
    told = [response.headers.get("x-amzn-errortype"), *map(_fields(response).get, _OF_NAMES)]
    name = next((one for one in told if isinstance(one, str) and one), "")
    return name.partition(":")[0].rpartition("#")[2] or None


def _fields(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _later(response: Response) -> float | None:
    """Return the seconds that AWS's own header says, in milliseconds."""
    milliseconds = response.headers.get("x-amz-retry-after")
    return int(milliseconds) / 1000 if milliseconds else None


def _retired(call: Call, message: str, **told: Any) -> ModelRetiredError:
    dates = call.card.lifecycle if call.card is not None else None
    successor = dates.successor if dates is not None else None
    gone = dates.retires if dates is not None else None
    instead = f"; use {successor}" if successor else ""
    return ModelRetiredError(
        f"this model is gone{instead}.  AWS said: {message}",
        date=gone.isoformat() if gone else None,
        successor=successor,
        **told,
    )
