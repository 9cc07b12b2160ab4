"""Answers an equal call from disk, for nothing; `impasto.use("cache")`."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable

from impasto import ImageResponse, hookimpl
from impasto.types import Call
from impasto_cache._cache import Cache, Proceed
from impasto_cache._entry import FIELD
from impasto_cache._limits import Limits
from impasto_cache._settings import settings
from impasto_cache._store import Contents, Store

__all__ = [
    "Contents",
    "Limits",
    "clear",
    "configure",
    "contents",
    "is_hit",
    "prune",
    "wrap_generation",
]

_cache: Cache | None = None


def configure(
    *,
    folder: str | os.PathLike[str] | None = None,
    size: int | str | None = None,
    age: float | str | None = None,
) -> None:
    """Say where answers are kept, and for how long, from the next call on.

    Args:
        folder: Where; made where it is missing.  None: the variable IMPASTO_CACHE_DIR, else the
            folder for caches of this platform.
        size: Most bytes on disk, or a text such as "500 MB"; what was not used for the longest
            time goes first.  None: the variable IMPASTO_CACHE_SIZE, else 2 GB.
        age: Seconds after which an answer is too old, or a text such as "30 d".  None: the
            variable IMPASTO_CACHE_AGE, else 30 days.

    Raises:
        ValueError: a size or an age cannot be understood.
    """
    global _cache
    place, limits = settings(folder, size, age)
    _cache = Cache(store=Store(folder=place, limits=limits))


def contents() -> Contents:
    """Return what is on disk: the folder, how many answers and pictures, how many bytes."""
    return _current().store.contents()


def clear() -> Contents:
    """Remove everything that is kept, and return what it was."""
    return _current().store.clear()


def prune() -> None:
    """Remove what is beyond the limits, as happens by itself when much was added."""
    _current().store.prune()


def is_hit(response: ImageResponse) -> bool:
    """Return whether *response* came from the cache, and nobody was paid for it."""
    told = response.provider_specific_fields.get(FIELD)
    return isinstance(told, dict) and told.get("hit") is True


class _Layer:
    """What is round a call; it acts upon the call's *cache*."""

    takes = frozenset({"cache"})

    async def __call__(self, call: Call, proceed: Proceed) -> ImageResponse:
        return await _current().around(call, proceed)


@hookimpl
def wrap_generation() -> Callable[[Call, Proceed], Awaitable[ImageResponse]]:
    """Return what looks on disk before a call goes on."""
    _current()  # what is wrong with the variables is said now, not at the first call
    return _Layer()


def _current() -> Cache:
    if _cache is None:
        configure()
    assert _cache is not None
    return _cache
