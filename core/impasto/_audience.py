"""Between a call that makes events and whoever takes them, in one event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from impasto._answer import ImageResponse, Partial
from impasto._happening import ImageEvent
from impasto._image import Image

ROOM = 8  # events that wait unread; a guess: with 4 MB in each it is as much as a few answers


class Closed(Exception):
    """The call was stopped; there are no more events."""


class Audience:
    """Holds events until they are taken; a few, so that nobody's memory fills.

    Who streams waits for `room()` before it receives more.  Who cannot wait, such as a renderer on
    its own thread, makes a waiting event of progress give way.  Finished pictures always stay.

    Attributes:
        owned: Makes a picture one that the caller's own client fetches, where there is one.
    """

    def __init__(self) -> None:
        self.owned: Callable[[Image], Image] | None = None
        self._waiting: deque[ImageEvent] = deque()
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._failure: BaseException | None = None
        self._partials: dict[int, Partial] = {}
        self._counts: dict[int, int] = {}
        self._progress: dict[int, float | str] = {}
        self._pictures = 0

    # --- for the call ---

    def begins(self) -> None:
        """Tell that the call is on its way."""
        self._tell(ImageEvent(type="queued"))

    def sees(self, known: Partial, *, native: bool) -> None:
        """Tell what is *known* of a picture that is not finished; what is no news is not told."""
        if known.image is None:
            if known.progress is None or self._progress.get(known.index) == known.progress:
                return
            self._progress[known.index] = known.progress
            event = ImageEvent(
                type="progress", native=native, index=known.index, progress=known.progress
            )
        else:
            count = self._counts.get(known.index, 0)
            self._partials[known.index], self._counts[known.index] = known, count + 1
            event = ImageEvent(
                type="partial",
                native=native,
                index=known.index,
                image=known.image,
                progress=known.progress,
                partial_image_index=count,
            )
        self._tell(event)

    def gets(self, image: Image, index: int, *, native: bool) -> None:
        """Tell that *image* is finished."""
        self._pictures += 1
        image = image if self.owned is None else self.owned(image)
        self._tell(
            ImageEvent(type="picture", native=native, index=index, image=image, progress=1.0)
        )

    def ends(self, response: ImageResponse) -> None:
        """Tell the whole *response*, its pictures first where nobody has: a cache, or a mock."""
        if not self._pictures:
            for index, image in enumerate(response.data):
                self.gets(image, index, native=False)
        self._tell(ImageEvent(type="done", response=response))

    def fails(self, error: BaseException) -> None:
        """Raise *error* when all events are taken."""
        self._failure = error
        self._arrived.set()

    async def room(self) -> None:
        """Wait until another event may be told."""
        while len(self._waiting) >= ROOM:
            self._taken.clear()
            await self._taken.wait()

    def _tell(self, event: ImageEvent) -> None:
        if len(self._waiting) >= ROOM:
            older = next(
                (one for one in self._waiting if one.type in ("progress", "partial")), None
            )
            if older is not None:
                self._waiting.remove(older)
        self._waiting.append(event)
        self._arrived.set()

    # --- for whoever listens ---

    async def next(self) -> ImageEvent:
        """Return the next event.

        Raises:
            Closed: the call was stopped.
            BaseException: the call failed, and all that came before is taken.
        """
        while not self._waiting:
            if self._failure is not None:
                raise self._failure
            self._arrived.clear()
            await self._arrived.wait()
        event = self._waiting.popleft()
        self._taken.set()
        return event

    def partials(self, first: int = 0, count: int | None = None) -> tuple[Partial, ...]:
        """Return the latest partial picture of each of *count* pictures from *first* on."""
        last = float("inf") if count is None else first + count
        return tuple(
            self._partials[index] for index in sorted(self._partials) if first <= index < last
        )
