"""Large answers are read and decoded off the event loop, one after another.

Reading JSON holds the interpreter's lock, so two threads would not be faster than one; but the loop
takes up what is finished before the next begins, and the memory of each is free again.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TypeVar

T = TypeVar("T")

# Bytes from which on; measured: JSON of that size takes 0.3 ms to read and 0.6 ms to decode,
# several times what a thread costs.
LARGE = 256 * 1024
_CROWD = 2  # answers; so many that are there whole are enough to keep a thread busy


class Queue:
    """Who waits for the thread, in one event loop; *crowd* of them are one."""

    def __init__(self, crowd: int = _CROWD) -> None:
        self._crowd = crowd
        self._turn = asyncio.Lock()
        self._calm = asyncio.Event()
        self._calm.set()
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Return what *work* returns, on a thread, when it is its turn."""
        self._waiting += 1
        if self._waiting >= self._crowd:
            self._calm.clear()
        loop, context = asyncio.get_running_loop(), copy_context()
        try:
            async with self._turn:
                return await loop.run_in_executor(_thread(), context.run, work)
        finally:
            self._waiting -= 1
            if self._waiting < self._crowd:
                self._calm.set()

    async def calm(self) -> None:
        """Wait while there is a crowd: whoever goes on to receive would only need memory."""
        await self._calm.wait()


@cache
def _thread() -> ThreadPoolExecutor:
    """Return the one thread: each would keep memory of its own for what it once had in hand."""
    return ThreadPoolExecutor(1, thread_name_prefix="impasto-reading")


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_thread.cache_clear)  # the thread stayed in the parent


class _Queues:
    """A queue for each event loop."""

    def __init__(self, crowd: int = _CROWD) -> None:
        self._crowd = crowd
        self._of: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Queue] = (
            weakref.WeakKeyDictionary()
        )

    def here(self) -> Queue:
        """Return that of the running event loop."""
        loop = asyncio.get_running_loop()
        found = self._of.get(loop)
        if found is None:
            found = self._of[loop] = Queue(self._crowd)
        return found


READING = _Queues()
"""Of answers that are read."""
DECODING = _Queues(1)
"""Of pictures that are decoded; else those would wait for all answers.

Whoever hears a stream goes on when none is: the picture that somebody wants to see goes before.
"""
