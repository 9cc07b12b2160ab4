"""Words that steer the call itself: what they are, and what they become."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from reprlib import repr as brief
from typing import TYPE_CHECKING, Any

from impasto import _checks
from impasto._call import NEVER_DROPPED, check_json
from impasto._freeze import NOTHING, Additions, checked_headers
from impasto.errors import BadRequestError, UnsupportedParamsError

if TYPE_CHECKING:
    from impasto._booking import Booking
    from impasto._budgets import Budget
    from impasto._fallbacks import Fallback

DEFAULT_TIMEOUT = 600.0  # seconds; LiteLLM's
_LONGEST_TIMEOUT = 366 * 86_400.0  # seconds, a guess: nobody waits for a year, and clocks have ends

# Words that steer the call itself and that no provider ever sees.
STEERING = frozenset(
    {
        "timeout",
        "drop_params",
        "additional_drop_params",
        "extra_headers",
        "headers",
        "extra_query",
        "extra_body",
        "max_retries",
        "num_retries",
        "mock_response",
        "metadata",
        "base_model",
        "model_info",
        "caching",
        "cache",
        "on_progress",
        "tags",
        "fallbacks",
        "fallback_after",
        "download",
        "budget",
        "journal",
        "idempotency_key",
        "again",
        "stream",
    }
)

# What `caching=False` means, in LiteLLM's words for a single call.
NOT_CACHED = {"no-cache": True, "no-store": True}

# What `fallback_after` takes: failures after which nobody else is asked by itself.
_FAILURES = frozenset({"refusal", "ambiguous"})


def steered(steering: Mapping[str, Any]) -> dict[str, Any]:
    """Return *steering*, checked, as fields of `Asked`."""
    timeout = checked_timeout(steering.get("timeout", DEFAULT_TIMEOUT))
    if len(steering) == 1 and "timeout" in steering:  # nearly every call
        return {"timeout": timeout}
    return {
        "timeout": timeout,
        "drop_params": _checks.flag("drop_params", steering.get("drop_params")),
        "dropped": _dropped(steering.get("additional_drop_params", ())),
        "additions": _additions(steering),
        "max_retries": _retries(steering),
        "mock_response": steering.get("mock_response"),
        "base_model": _checks.text("base_model", steering.get("base_model")),
        "metadata": _checks.mapping("metadata", steering.get("metadata", {})),
        "cache": _cache(steering),
        "on_progress": _checks.function("on_progress", steering.get("on_progress")),
        "fallbacks": _fallbacks(steering.get("fallbacks")),
        "fallback_after": _after(steering.get("fallback_after", ())),
        "download": bool(_checks.flag("download", steering.get("download"))),
        "budget": _budget(steering.get("budget")),
        "booking": _booking(steering),
        "stream": bool(_checks.flag("stream", steering.get("stream"))),
    }


def _cache(steering: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what *caching* and *cache* ask of an extra that keeps answers, as one dict."""
    caching, words = steering.get("caching"), steering.get("cache")
    if _checks.flag("caching", caching) is False or words is False:
        return NOT_CACHED
    if words:
        return _checks.mapping("cache", words)
    return {} if caching else None


def _additions(steering: Mapping[str, Any]) -> Additions:
    # "headers" is LiteLLM's other word for "extra_headers"
    headers = {**_headers("headers", steering), **_headers("extra_headers", steering)}
    query = _checks.mapping("extra_query", steering.get("extra_query", {}))
    body = _checks.mapping("extra_body", steering.get("extra_body", {}))
    if not (headers or query or body):
        return NOTHING
    check_json(body, "extra_body")
    return Additions(headers=headers, query=_query(query), body=body)


def _headers(name: str, steering: Mapping[str, Any]) -> dict[str, str]:
    headers = _checks.mapping(name, steering.get(name, {}))
    for header, value in headers.items():
        if not isinstance(value, (str, bytes, int, float)):
            raise BadRequestError(
                f"{name}[{header!r}] is {type(value).__name__}; a header takes text", param=name
            )
        _checks.unicode(name, f"{header}: {value!s}")
    return checked_headers(headers, name)


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return *query* as it goes into a URL, where true and false are words in lower case."""
    check_json(query, "extra_query")
    words: dict[str, Any] = {}
    for name, value in query.items():
        many = value if isinstance(value, (list, tuple)) else [value]
        if any(one is None or isinstance(one, (Mapping, list, tuple)) for one in many):
            raise BadRequestError(
                f"extra_query[{name!r}] is {type(value).__name__}; it takes text, a number, "
                "or a list of those",
                param="extra_query",
            )
        words[name] = [str(one).lower() if isinstance(one, bool) else one for one in many]
    return words


def _dropped(value: Any) -> frozenset[str]:
    name = "additional_drop_params"
    listed = isinstance(value, (list, tuple, set, frozenset))
    if not listed or not all(isinstance(one, str) for one in value):
        raise BadRequestError(f"{name}={brief(value)}; it takes a list of names", param=name)
    needed = sorted(NEVER_DROPPED.intersection(value))
    if needed:
        raise BadRequestError(
            f"{name} cannot leave out {needed[0]}: it would be a picture of something else",
            param=name,
        )
    return frozenset(value)


def _fallbacks(value: Any) -> tuple[Fallback, ...]:
    if not value:
        return ()
    from impasto._fallbacks import listed  # which sorts words that steer, too

    return listed(value)


def _budget(value: Any) -> Budget | None:
    if value is None:
        return None
    from impasto._budgets import given  # which few calls need

    return given(value)


def _booking(steering: Mapping[str, Any]) -> Booking | None:
    if steering.keys().isdisjoint(("journal", "idempotency_key", "again")):
        return None
    from impasto._booking import booked  # which few calls need

    return booked(**{name: steering.get(name) for name in ("journal", "idempotency_key", "again")})


def _after(value: Any) -> frozenset[str]:
    name = "fallback_after"
    many = [value] if isinstance(value, str) else value
    listed = isinstance(many, (list, tuple, set, frozenset))
    if not listed or not all(isinstance(one, str) and one in _FAILURES for one in many):
        raise BadRequestError(
            f"{name}={brief(value)}; it takes 'refusal', 'ambiguous' or a list of both", param=name
        )
    return frozenset(many)


def checked_timeout(value: Any) -> float:
    """Return *value* as seconds.

    Raises:
        BadRequestError: it is no number of them, or too many.
    """
    # type() first: asking numbers.Real takes as long as the rest of the call's checks
    good = type(value) in (int, float) or (
        isinstance(value, numbers.Real) and not isinstance(value, bool)
    )
    if not good or not 0 < value <= _LONGEST_TIMEOUT:
        raise BadRequestError(
            f"timeout={brief(value)}; it takes seconds for the whole call, more than 0 and "
            "at most a year",
            param="timeout",
        )
    return float(value)


def no_stream(instead: str) -> UnsupportedParamsError:
    """Return the error for a stream where none can be had; *instead* says what can."""
    return UnsupportedParamsError(
        f"stream: {instead}; image_generation(..., stream=True) shows pictures on their way",
        param="stream",
    )


def _retries(steering: Mapping[str, Any]) -> int | None:
    # LiteLLM has both words, and both mean how often a request is sent again.
    given = {name: steering[name] for name in ("max_retries", "num_retries") if name in steering}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 0:
            raise BadRequestError(
                f"{name}={brief(value)}; it takes a whole number of at least 0", param=name
            )
    if len(set(given.values())) > 1:
        raise BadRequestError(
            "max_retries and num_retries differ, and mean the same; give one of the two",
            param="num_retries",
        )
    return int(next(iter(given.values()))) if given else None
