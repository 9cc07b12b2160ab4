"""In a notebook, a call that takes long says so under its cell, and how far it is."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from impasto._answer import Partial

if TYPE_CHECKING:
    from impasto._happening import ImageEvent
    from impasto._image import Image
    from impasto._stream import ImageStream

T = TypeVar("T")

PATIENCE = 1.5  # seconds without a word; a guess: nobody wonders before that
_BETWEEN = 0.5  # seconds between two updates, a guess


def is_here() -> bool:
    """Return whether the program runs in a notebook, which has displays that change."""
    module = sys.modules.get("IPython")  # whoever has a notebook has imported it
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None) is not None


class Watch:
    """What is known of a call that is under way, shown until it ends."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begun = time.monotonic()
        self._known: dict[int, float | str | None] = {}

    def heard(self, partial: Partial) -> None:
        """Take *partial* down; the next update shows it."""
        self._known[partial.index] = partial.progress

    async def over(self, call: Awaitable[T]) -> T:
        """Return what *call* returns; while it lasts, say so."""
        telling = asyncio.ensure_future(self._tell())
        try:
            return await call
        finally:
            telling.cancel()

    async def _tell(self) -> None:
        from IPython import display

        await asyncio.sleep(PATIENCE)
        html: Any = display.HTML  # IPython is typed in part
        show: Any = display.display
        shown = show(html(self.html()), display_id=True)
        try:
            while True:
                await asyncio.sleep(_BETWEEN)
                shown.update(html(self.html()))
        finally:
            shown.update(html(""))

    def html(self) -> str:
        """Return one line: what is asked for, for how long, and how far it is."""
        seconds = f"{time.monotonic() - self._begun:.0f} s"
        known = [self._known[index] for index in sorted(self._known)]
        words = [f"{one:.0%}" if isinstance(one, float) else str(one) for one in known if one]
        text = " · ".join([self._what, seconds, *words])
        parts = [one for one in known if isinstance(one, float)]
        bar = f' <progress value="{sum(parts) / len(parts):.2f}"></progress>' if parts else ""
        return f'<span style="opacity:.7">{escape(text)}{bar}</span>'


def play(stream: ImageStream) -> None:
    """Show the pictures of *stream* while they come, all in one place under the cell.

    Raises:
        NotImplementedError: there is no such place; whoever shows things shows it otherwise.
        ImpastoError: as the stream does; what was to be seen stays.
    """
    if not is_here():
        raise NotImplementedError
    from IPython import display

    show: Any = display.display  # IPython is typed in part
    if stream.response is not None:
        show(stream.response)
        return
    html: Any = display.HTML
    seen, shown = Seen(), show(html(""), display_id=True)
    for event in stream:
        if event.response is not None:
            shown.update(event.response)
        elif seen.takes(event):
            shown.update(html(seen.html()))


class Seen:
    """What is to be seen of a stream so far."""

    def __init__(self) -> None:
        self._images: dict[int, Image] = {}
        self._watch = Watch("impasto")
        self._told = -_BETWEEN

    def takes(self, event: ImageEvent) -> bool:
        """Take *event* down; return whether it is worth an update."""
        self._watch.heard(Partial(index=event.index, progress=event.progress))
        if event.image is not None:
            self._images[event.index] = event.image
        now = time.monotonic()
        worth = event.image is not None or now - self._told >= _BETWEEN
        self._told = now if worth else self._told
        return worth

    def html(self) -> str:
        """Return the pictures in a row, and how far they are."""
        images = [self._images[index] for index in sorted(self._images)]
        width = "100%" if len(images) == 1 else "320px"
        row = "".join(image._figure(f"max-width:{width}") for image in images)
        return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{row}</div>{self._watch.html()}'
