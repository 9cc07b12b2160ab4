"""What a single call wants of the cache: `caching` and `cache`, as LiteLLM's users write them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from reprlib import repr as brief
from typing import Any

from attrs import frozen

from impasto import BadRequestError

_FLAGS = ("no-cache", "no-store")
_SECONDS = ("s-maxage", "ttl")


@frozen(kw_only=True)
class Wishes:
    """What a call wants.

    Attributes:
        reads: Whether it may be answered from the cache.
        writes: Whether its answer may be kept.
        age: Most seconds since the answer was made; None leaves it to the cache.
        lasts: Seconds for which its answer is kept; None leaves it to the cache.
    """

    reads: bool = True
    writes: bool = True
    age: float | None = None
    lasts: float | None = None

    def expiry(self) -> datetime | None:
        """Return when an answer that comes now is to be forgotten."""
        return None if self.lasts is None else datetime.now(UTC) + timedelta(seconds=self.lasts)


NONE = Wishes()


def wishes(cache: Mapping[str, Any] | None) -> Wishes:
    """Return what *cache*, of a call, says.

    Raises:
        BadRequestError: it is something that this cache does not do.
    """
    if not cache:
        return NONE
    for name, value in cache.items():
        _check(name, value)
    return Wishes(
        reads=not cache.get("no-cache"),
        writes=not cache.get("no-store"),
        age=cache.get("s-maxage"),
        lasts=cache.get("ttl"),
    )


def _check(name: str, value: Any) -> None:
    if name not in (*_FLAGS, *_SECONDS):
        known = ", ".join((*_FLAGS, *_SECONDS))
        raise BadRequestError(f"cache[{name!r}]; it takes {known}", param="cache")
    is_flag = isinstance(value, bool)
    if name in _FLAGS and not is_flag:
        raise BadRequestError(
            f"cache[{name!r}]={brief(value)}; it takes True or False", param="cache"
        )
    is_number = isinstance(value, (int, float)) and not is_flag and 0 <= value < 1e9
    if name in _SECONDS and not is_number:
        raise BadRequestError(f"cache[{name!r}]={brief(value)}; it takes seconds", param="cache")
