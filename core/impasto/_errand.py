"""A task that many wait for, in whatever threads and event loops they are."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from contextlib import suppress
from copy import copy
from typing import Any

from impasto.errors import ImpastoError

# asyncio itself holds its tasks only weakly.
_under_way: set[asyncio.Task[None]] = set()


class Errand:
    """Runs in the event loop in which it was begun, until it is done or nobody waits any more.

    Attributes:
        loop: That event loop.
        lasts: Whether it goes on where nobody waits.
    """

    def __init__(self, work: Coroutine[Any, Any, None], *, lasts: bool) -> None:
        self.loop = asyncio.get_running_loop()
        self.lasts = lasts
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._waiters: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}
        self._task = self.loop.create_task(work)
        _under_way.add(self._task)
        self._task.add_done_callback(self._over)

    def is_under_way(self) -> bool:
        """Return whether its end can be waited for: not where its loop is closed, or a parent's."""
        alive = self._process == os.getpid() and not self.loop.is_closed()
        return alive and not self._task.done()

    def is_here(self) -> bool:
        """Return whether it runs in the event loop of this thread, which must not be blocked."""
        return self.is_under_way() and asyncio._get_running_loop() is self.loop

    def stop(self) -> None:
        """Cancel it; it ends a moment later."""
        if asyncio._get_running_loop() is self.loop:
            self._task.cancel()
            return
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._task.cancel)

    async def wait(self) -> None:
        """Wait for its end, which may be that it was stopped; raise what it raised."""
        loop = asyncio.get_running_loop()
        end: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if not self._task.done():
                self._waiters[end] = loop
            else:
                end.set_result(None)
        try:
            await end
        finally:
            await self._left(end)
        error = None if self._task.cancelled() else self._task.exception()
        if error is not None:
            # A copy, since several may raise it at once.
            raise copy(error) if isinstance(error, ImpastoError) else error from error.__cause__

    async def _left(self, end: asyncio.Future[None]) -> None:
        with self._lock:
            self._waiters.pop(end, None)
            idle = not (self._waiters or self.lasts or self._task.done())
        if idle:
            self.stop()
            if asyncio.get_running_loop() is self.loop:
                await asyncio.wait([self._task])

    def _over(self, task: asyncio.Task[None]) -> None:
        _under_way.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, or asyncio complains where nobody waits
        with self._lock:
            waiters = dict(self._waiters)
        for end, loop in waiters.items():
            with suppress(RuntimeError):  # that loop is closed, and its waiter with it
                loop.call_soon_threadsafe(_set, end)


def _set(end: asyncio.Future[None]) -> None:
    if not end.done():
        end.set_result(None)
