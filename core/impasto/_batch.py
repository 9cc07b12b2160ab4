"""Many calls: a few at a time, each paid for once, and what came is kept whatever happens."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any

from impasto import _portal
from impasto._closing import AsyncClosing, Closing
from impasto._plan import Plan
from impasto._prompts import count_of
from impasto._tally import BatchProgress, Done
from impasto._work import Work


class AsyncBatch(AsyncClosing):
    """Many calls, as `abatch()` returns them: an async iterator of what came, in that order.

    ``await`` it to have them all made, without looking at each; it returns the summary.  Who
    leaves the loop early calls `aclose()`, or writes ``async with``.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._work: Work | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False
        self._stopped = False

    @property
    def progress(self) -> BatchProgress:
        """How far it is; behind the last of them, the summary."""
        if self._work is None:
            return BatchProgress(total=count_of(self._plan.prompts))
        return self._work.tally.progress()

    def stop(self) -> None:
        """Begin no further call, and let those end that may cost money by now.

        Iterating goes on until they have.  May be called from any thread, and from a signal's
        handler.
        """
        self._stopped = True
        self._soon(Work.stop)

    def _soon(self, do: Callable[[Work], None]) -> None:
        if self._work is not None and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and all with it
                self._loop.call_soon_threadsafe(do, self._work)

    def __aiter__(self) -> AsyncBatch:
        return self

    async def __anext__(self) -> Done:
        """Return what came next.

        Raises:
            ImpastoError: nothing can begin: the manifest is another run's, among others.
            Exception: what the prompts raised instead of a prompt, when all others have ended.
        """
        if self._ended or (self._stopped and self._work is None):
            raise StopAsyncIteration
        try:
            if self._work is None:
                self._loop = asyncio.get_running_loop()
                self._work = await Work.begun(self._plan)
            done = await self._work.results.get()
        except BaseException:
            await self.aclose()
            raise
        if done is not None:
            return done
        self._ended = True
        if self._work.failure is not None:
            raise self._work.failure
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End: what is under way is cancelled, what came is kept."""
        self._ended = True
        if self._work is not None:
            await self._work.end()

    async def run(self) -> BatchProgress:
        """Make all calls, and return the summary."""
        async for _ in self:
            pass
        return self.progress

    def __await__(self) -> Generator[Any, None, BatchProgress]:
        return self.run().__await__()

    def __del__(self) -> None:
        if self._work is not None and not self._ended:
            self._soon(Work.cancel)
        elif self._work is None and not self._ended and not self._stopped:
            # As for a coroutine that was never awaited: nothing was asked, and nobody would know.
            warnings.warn("a batch was never begun: iterate it, or run() it", RuntimeWarning, 2)


class Batch(Closing):
    """Many calls, as `batch()` returns them: an iterator of what came, in that order.

    `run()` makes them all, without looking at each.  Who leaves the loop early calls `close()`,
    or writes ``with``.
    """

    def __init__(self, plan: Plan) -> None:
        self._batch = AsyncBatch(plan)

    @property
    def progress(self) -> BatchProgress:
        """How far it is; behind the last of them, the summary."""
        return self._batch.progress

    def stop(self) -> None:
        """Begin no further call, and let those end that may cost money by now.

        Iterating goes on until they have.  May be called from any thread, and from a signal's
        handler.
        """
        self._batch.stop()

    def __iter__(self) -> Iterator[Done]:
        return self

    def __next__(self) -> Done:
        """Return what came next.

        Raises:
            ImpastoError: nothing can begin: the manifest is another run's, among others.
            Exception: what the prompts raised instead of a prompt, when all others have ended.
        """
        done = _portal.run(self._next())
        if done is None:
            raise StopIteration
        return done

    async def _next(self) -> Done | None:
        return await anext(self._batch, None)

    def close(self) -> None:
        """End: what is under way is cancelled, what came is kept."""
        _portal.run(self._batch.aclose())

    def run(self) -> BatchProgress:
        """Make all calls, and return the summary."""
        return _portal.run(self._batch.run())
