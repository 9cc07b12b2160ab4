"""Tells a caller how far a call is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeAlias

from attrs import evolve, frozen

from impasto._answer import Partial
from impasto._image import Image

Listener: TypeAlias = Callable[[Partial], object]

log = logging.getLogger("impasto")


@frozen
class Report:
    """Tells *listener*, the caller's `on_progress`, how far one part of the call is.

    Attributes:
        listener: What the caller gave.
        first: Which of the call's pictures is the first of this part, from 0.
    """

    listener: Listener
    first: int = 0

    def __call__(self, progress: float | str | Partial) -> None:
        """Tell *progress*; a listener that raises does not lose anybody a picture."""
        known = progress if isinstance(progress, Partial) else Partial(progress=progress)
        try:
            self.listener(evolve(known, index=self.first + known.index))
        except Exception as error:  # noqa: BLE001 - it is paid for by now, perhaps
            log.warning("on_progress raised %s: %s", type(error).__name__, error)

    def finished(self, images: Iterable[Image]) -> None:
        """Tell that *images*, all of this part, are there."""
        for index, image in enumerate(images):
            self(Partial(image=image, index=index, progress=1.0))
