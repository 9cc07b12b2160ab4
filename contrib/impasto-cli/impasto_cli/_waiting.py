"""A line that counts the seconds, for a person who waits at a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_WIDTH = len("waiting 1234 s")  # more than the hour that no provider's deadline reaches


@contextmanager
def waiting() -> Iterator[None]:
    """While entered, show on standard error how long it takes; nothing where that is a file."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    counting = threading.Thread(target=_count, args=(over,), daemon=True)
    counting.start()
    try:
        yield
    finally:
        over.set()
        counting.join()


def _count(over: threading.Event) -> None:
    begun = time.monotonic()
    while not over.wait(1.0):
        _rewrite(f"waiting {time.monotonic() - begun:.0f} s")
    _rewrite("")


def _rewrite(text: str) -> None:
    """Write *text* over the line and go back to its beginning, where the next line may start."""
    sys.stderr.write(f"\r{text.ljust(_WIDTH)}\r")
    sys.stderr.flush()
