"""A call whose events are told as they happen: `ImageStream`, `AsyncImageStream`."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import suppress
from contextvars import copy_context
from typing import Any, Self, TypeAlias

from impasto import _portal
from impasto._answer import ImageResponse, Partial
from impasto._audience import Audience, Closed
from impasto._closing import AsyncClosing, Closing
from impasto._happening import ImageEvent
from impasto.errors import ImpastoError

Perform: TypeAlias = Callable[[Audience], Coroutine[Any, Any, ImageResponse]]

# asyncio itself holds its tasks only weakly, and a stream may be forgotten before its task ends.
_under_way: set[asyncio.Task[None]] = set()


class AsyncImageStream(AsyncClosing):
    """The events of a call, as ``await aimage_generation(..., stream=True)`` returns them.

    An async iterator of `ImageEvent`.  The call begins when the first event is asked for, and it
    belongs to the event loop in which that was.  Who leaves the loop early calls `aclose()`, or
    writes ``async with``: the request is stopped, and so is the job at a provider that has jobs.
    ``await`` the stream to go on to its end without looking at each event.
    """

    def __init__(self, perform: Perform) -> None:
        """Make the stream of the call that *perform* makes."""
        self._perform = perform
        self._context = copy_context()  # of the line that called, which may be left by then
        self._audience = Audience()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = False
        self._response: ImageResponse | None = None

    @property
    def response(self) -> ImageResponse | None:
        """The whole response, once the last event was taken."""
        return self._response

    @property
    def partials(self) -> tuple[Partial, ...]:
        """What was to be seen of each picture on its way, the latest of each."""
        return self._audience.partials()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ImageEvent:
        """Return the next event.

        Raises:
            ImpastoError: as the call would without a stream, when all events before were taken;
                `partials` has what was to be seen.
        """
        if self._ended:
            raise StopAsyncIteration
        if self._task is None:
            self._begin()
        try:
            event = await self._audience.next()
        except Closed:  # by somebody else, while this waited
            self._ended = True
            raise StopAsyncIteration from None
        except BaseException:
            await self.aclose()
            raise
        if event.type == "done":
            self._ended, self._response = True, event.response
        return event

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        performed = _performed(self._perform, self._audience)
        self._task = self._loop.create_task(performed, context=self._context)
        _under_way.add(self._task)
        self._task.add_done_callback(_under_way.discard)

    async def run(self) -> ImageResponse:
        """Go on to the end, and return the response.

        Raises:
            ImpastoError: as the call would without a stream.
        """
        async for _ in self:
            pass
        if self._response is None:
            raise ImpastoError("this stream was closed before its end; there is no response")
        return self._response

    def __await__(self) -> Generator[Any, None, ImageResponse]:
        return self.run().__await__()

    async def aclose(self) -> None:
        """Stop the call, if it has not ended; nothing is left of it when this returns."""
        self._ended = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def __repr__(self) -> str:
        state = "done" if self._ended else "not begun" if self._task is None else "under way"
        return f"<{type(self).__name__}: {state}>"

    def __del__(self) -> None:
        if self._task is None and not self._ended:
            # As for a coroutine that was never awaited: nothing was asked, and nobody would know.
            warnings.warn("a stream was never begun: iterate it, or run() it", RuntimeWarning, 2)
        elif self._task is not None and not self._task.done() and self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and all with it
                self._loop.call_soon_threadsafe(self._task.cancel)


async def _performed(perform: Perform, audience: Audience) -> None:
    """Make the call; what comes of it is for the *audience*."""
    audience.begins()
    try:
        response = await perform(audience)
    except ImpastoError as error:
        error.partials = audience.partials()
        audience.fails(error)
    except asyncio.CancelledError:
        audience.fails(Closed())
        raise
    except Exception as error:  # noqa: BLE001 - an extra's, or a warning that is one
        audience.fails(error)
    else:
        audience.ends(response)


class ImageStream(Closing):
    """The events of a call, as ``image_generation(..., stream=True)`` returns them.

    An iterator of `ImageEvent`.  The call begins when the first event is asked for.  Who leaves the
    loop early calls `close()`, or writes ``with``: the request is stopped, and so is the job at a
    provider that has jobs.
    """

    def __init__(self, perform: Perform) -> None:
        """Make the stream of the call that *perform* makes."""
        self._stream = AsyncImageStream(perform)

    @property
    def response(self) -> ImageResponse | None:
        """The whole response, once the last event was taken."""
        return self._stream.response

    @property
    def partials(self) -> tuple[Partial, ...]:
        """What was to be seen of each picture on its way, the latest of each."""
        return self._stream.partials

    def __iter__(self) -> Iterator[ImageEvent]:
        return self

    def __next__(self) -> ImageEvent:
        """Return the next event.

        Raises:
            ImpastoError: as the call would without a stream, when all events before were taken;
                `partials` has what was to be seen.
        """
        event = None if self._stream._ended else _portal.run(self._next())
        if event is None:
            raise StopIteration
        return event

    async def _next(self) -> ImageEvent | None:
        return await anext(self._stream, None)

    def run(self) -> ImageResponse:
        """Go on to the end, and return the response.

        Raises:
            ImpastoError: as the call would without a stream.
        """
        return _portal.run(self._stream.run())

    def close(self) -> None:
        """Stop the call, if it has not ended; nothing is left of it when this returns."""
        if self._stream._task is None or self._stream._ended:
            self._stream._ended = True
        else:
            _portal.run(self._stream.aclose())

    def __repr__(self) -> str:
        return repr(self._stream).replace("Async", "", 1)

    def _ipython_display_(self) -> None:
        """Show the pictures in a notebook while they come, in one place."""
        from impasto._notebook import play

        play(self)
