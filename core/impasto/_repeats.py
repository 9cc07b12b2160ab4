"""Rule 2: what is repeated, and after how long."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from attrs import frozen

from impasto.errors import APIConnectionError, ImpastoError, RateLimitError

DEFAULT_REPEATS = 2  # rule 2
LONGEST_WAIT = 60.0  # seconds; a provider that asks for more is better left to the caller
_LONGEST_PAUSE = 8.0  # as the official openai SDK
_NUMBER = re.compile(r"\s*\d{1,12}(\.\d{0,12})?\s*", re.ASCII)
_SHORTEST_PAUSE = 0.1  # "retry-after: 0" is no leave to hammer


@frozen
class Policy:
    """How often a request is sent again.

    Attributes:
        max_retries: None: twice at most, and only what cannot be billed twice.  A number: that
            often, and then also after failures that leave open whether the order was taken.
    """

    max_retries: int | None = None

    def pause(
        self, error: ImpastoError, *, buys: bool, repeats: int, remaining: float
    ) -> float | None:
        """Return the seconds to wait before sending again, or None to raise *error*.

        Args:
            error: What happened.
            buys: Whether the request may cost money.
            repeats: How often it was repeated already.
            remaining: Seconds until the deadline.
        """
        if buys and not (error.retryable and self._may_buy_again(error, repeats)):
            return None
        if not buys and not (error.retryable or _failed_there(error)):
            return None
        pause = error.retry_after if error.retry_after is not None else backoff(repeats)
        pause = max(pause, _SHORTEST_PAUSE)
        if not buys:  # a job is waited for until the deadline, whatever comes in between
            return pause if pause <= LONGEST_WAIT else None
        return pause if pause <= LONGEST_WAIT and pause < remaining else None

    def _most(self) -> int:
        return DEFAULT_REPEATS if self.max_retries is None else self.max_retries

    def _may_buy_again(self, error: ImpastoError, repeats: int) -> bool:
        allowed = self.max_retries is not None or _surely_unbilled(error)
        return allowed and repeats < self._most()


def _failed_there(error: ImpastoError) -> bool:
    return error.status_code is not None and error.status_code >= 500


def _surely_unbilled(error: ImpastoError) -> bool:
    if error.maybe_accepted:
        return False
    if isinstance(error, RateLimitError):
        return True
    if error.status_code == 503:
        return error.retry_after is not None
    return isinstance(error, APIConnectionError)


def backoff(repeats: int) -> float:
    """Return half a second, doubled with each repeat, less up to a quarter so that many spread."""
    return min(_LONGEST_PAUSE, 0.5 * 2.0**repeats) * random.uniform(0.75, 1.0)  # noqa: S311


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that an answer asks to wait: "retry-after-ms", then "retry-after"."""
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _seconds(value)
    return seconds if seconds is not None else _until(value, now)


def _seconds(value: str) -> float | None:
    return float(value) if _NUMBER.fullmatch(value) else None


def _until(value: str, now: datetime) -> float | None:
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None
