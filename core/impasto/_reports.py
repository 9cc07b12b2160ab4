"""Tells a caller how far a call is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, frozen

from impasto._answer import Partial
from impasto._image import Image

if TYPE_CHECKING:
    from impasto._audience import Audience

Listener: TypeAlias = Callable[[Partial], object]

log = logging.getLogger("impasto")


@frozen
class Report:
    """Tells *listener* and *audience* how far one part of the call is.

    Attributes:
        listener: What the caller gave as `on_progress`.
        first: Which of the call's pictures is the first of this part, from 0.
        audience: Who takes the events of the call, where it is streamed.
    """

    listener: Listener | None
    first: int = 0
    audience: Audience | None = None

    def __call__(self, progress: float | str | Partial) -> None:
        """Tell *progress*, which was asked for."""
        self._told(progress, native=False)

    def native(self, progress: float | str | Partial) -> None:
        """Tell *progress*, which the provider told by itself."""
        self._told(progress, native=True)

    async def shown(self, progress: float | str | Partial) -> None:
        """Tell *progress*, which the provider told by itself, when there is room for it."""
        if self.audience is not None:
            await self.audience.room()
        self.native(progress)

    def finished(self, images: Iterable[Image], *, native: bool = False) -> None:
        """Tell that *images*, all of this part, are there."""
        for index, image in enumerate(images, self.first):
            self._hear(Partial(image=image, index=index, progress=1.0))
            if self.audience is not None:
                self.audience.gets(image, index, native=native)

    def _told(self, progress: float | str | Partial, *, native: bool) -> None:
        known = progress if isinstance(progress, Partial) else Partial(progress=progress)
        known = evolve(known, index=self.first + known.index)
        self._hear(known)
        if self.audience is not None:
            self.audience.sees(known, native=native)

    def _hear(self, known: Partial) -> None:
        """Tell the listener; one that raises does not lose anybody a picture."""
        if self.listener is None:
            return
        try:
            self.listener(known)
        except Exception as error:  # noqa: BLE001 - it is paid for by now, perhaps
            log.warning("on_progress raised %s: %s", type(error).__name__, error)
