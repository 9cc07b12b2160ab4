"""Answers that many callers wait for together, fetched once and kept."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Keeps values by key; a value under way is waited for, not fetched a second time."""

    def __init__(self) -> None:
        self._kept: dict[str, T] = {}
        # A table for each event loop: a task belongs to its loop.
        self._under_way: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[str, asyncio.Task[T]]
        ] = weakref.WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._kept)

    def kept(self, key: str) -> T | None:
        """Return what is kept for *key*."""
        return self._kept.get(key)

    def keep(self, key: str, value: T) -> None:
        """Keep *value* for *key*."""
        self._kept[key] = value

    def forget(self, key: str) -> None:
        """Forget what is kept for *key*."""
        self._kept.pop(key, None)

    def drop(self, unwanted: Callable[[T], bool]) -> None:
        """Forget every value that is *unwanted*."""
        self._kept = {key: value for key, value in self._kept.items() if not unwanted(value)}

    async def fetch(self, key: str, how: Callable[[], Awaitable[T]]) -> T:
        """Join the fetch for *key* that is under way, or begin one with *how*.

        A caller who leaves does not stop it: others may be waiting.
        """
        under_way = self._under_way.setdefault(asyncio.get_running_loop(), {})
        task = under_way.get(key)
        if task is None:
            task = under_way[key] = asyncio.create_task(_awaited(how))
            task.add_done_callback(lambda done: under_way.pop(key, None))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)


async def _awaited(how: Callable[[], Awaitable[T]]) -> T:
    return await how()


def _look_at(task: asyncio.Task[T]) -> None:
    """Take notice of the outcome, or asyncio complains about one that nobody waited for."""
    if not task.cancelled():
        task.exception()
