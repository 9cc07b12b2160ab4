"""What a run of many calls leaves behind: threads, files, warnings, complaints."""

from __future__ import annotations

import gc
import logging
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from impasto import PartialResultWarning


@frozen(kw_only=True)
class Left:
    """What a storm left behind.

    Attributes:
        tasks: Of its event loop.
        threads: By their names.
        files: Files and sockets that are open, by what they are.
        warned: Warnings.
        logged: What asyncio and aiohttp had to say.
    """

    tasks: Sequence[str]
    threads: Sequence[str]
    files: Mapping[str, int]
    warned: Sequence[str]
    logged: Sequence[str]


@contextmanager
def overheard() -> Iterator[tuple[list[warnings.WarningMessage], list[logging.LogRecord]]]:
    """Listen to warnings, but for those that are documented, and to asyncio's and aiohttp's logs."""
    logged: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = logged.append  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in ("asyncio", "aiohttp")]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", PartialResultWarning)
        for logger in loggers:
            logger.addHandler(handler)
        try:
            yield warned, logged
        finally:
            for logger in loggers:
                logger.removeHandler(handler)


def alive() -> Counter[str]:
    """Return the threads, but for those in which an event loop keeps what it lets others do."""
    names = (thread.name for thread in threading.enumerate())
    return Counter(name for name in names if not name.startswith("asyncio_"))


def settled(wanted: Counter[str]) -> Counter[str]:
    """Return what is open, as soon as that is no more than *wanted*, or after a while."""
    gc.collect()
    for _ in range(50):
        found = open_files()
        if found <= wanted:
            break
        time.sleep(0.05)
    return found


def open_files() -> Counter[str]:
    found: Counter[str] = Counter()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own is closed by now
            found[str(one.readlink()).partition(":")[0]] += 1
    return found
