"""In a notebook, a call that takes long says so under its cell, and how far it is."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from impasto._answer import Partial

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
