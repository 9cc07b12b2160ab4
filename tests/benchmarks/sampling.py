"""Where CPU goes: looks at the stack of the main thread at even steps of CPU time.

Unlike cProfile it adds nothing to small functions, so that the shares are true.
"""

from __future__ import annotations

import signal
from collections import Counter
from types import FrameType
from typing import Any, Self

# Seconds of CPU between two looks; Linux rounds it up to its own tick, 4 ms on most machines.
_STEP = 0.001
_TOLD = 0.005  # of all looks; less is chance


class Samples:
    """A context manager that looks, and what it saw."""

    def __init__(self) -> None:
        self._seen = 0
        self._itself: Counter[str] = Counter()
        self._within: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, _STEP, _STEP)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, self._before)

    def _look(self, number: int, frame: FrameType | None) -> None:
        if frame is None:
            return
        self._seen += 1
        self._itself[_module(frame)] += 1
        stack: set[str] = set()
        at: FrameType | None = frame
        while at is not None:
            stack.add(_name(at))
            at = at.f_back
        self._within.update(stack)

    def told(self) -> dict[str, Any]:
        """Return the number of looks, and shares of them.

        "itself" is by the module whose code ran, C functions that it called included; "within" is
        by function, all that it called included.
        """
        seen = self._seen or 1
        return {
            "looks": self._seen,
            "itself": _shares(self._itself, seen),
            "within": _shares(self._within, seen),
        }


def _shares(looks: Counter[str], of: int) -> dict[str, float]:
    return {name: n / of for name, n in looks.most_common() if n / of >= _TOLD}


def _module(frame: FrameType) -> str:
    generated = _generated(frame)
    return generated or str(frame.f_globals.get("__name__", "?"))


def _name(frame: FrameType) -> str:
    return _generated(frame) or f"{_module(frame)}.{frame.f_code.co_qualname}"


def _generated(frame: FrameType) -> str:
    """Return what attrs calls the code that it wrote, such as an `__init__`."""
    place = frame.f_code.co_filename
    return place.strip("<>") if place.startswith("<attrs generated") else ""
