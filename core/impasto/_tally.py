"""How far a batch is, and what came of each of its calls."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attrs import Factory, define, field, frozen

from impasto._answer import ImageResponse
from impasto._costs import Cost
from impasto._money import money

Status: TypeAlias = Literal["done", "skipped", "running", "ambiguous", "failed"]

_RECENT = 64  # calls, a guess: enough to be steady, and soon right again after a pause
log = logging.getLogger("impasto")


@frozen(kw_only=True)
class Done:
    """What came of one of many calls.

    Attributes:
        index: Which of the prompts, from 0.
        key: What the call is known by in another run.
        arguments: Those of the call, without settings and keys; pictures are only described.
        status: "done"; "skipped", because an earlier run had done it; "running": another process
            is at it; "failed", and cannot have cost anything; "ambiguous": it failed, and may
            have, so that it is not asked for again unless you say so.
        response: The pictures, where they came now.
        error: Why it failed, or why not all is well.
        paths: The files of the pictures that are saved.
        seconds: How long it took, waiting for its turn included.
    """

    index: int
    key: str
    arguments: Mapping[str, Any]
    status: Status
    response: ImageResponse | None = None
    error: Exception | None = None
    paths: tuple[Path, ...] = ()
    seconds: float = 0.0

    @property
    def cost(self) -> Cost | None:
        """What it cost by the catalogue's prices; None where those do not say."""
        return self.response.cost if self.response is not None else None

    def __repr__(self) -> str:
        what = self.error if self.error is not None else [str(path) for path in self.paths]
        return f"<Done {self.index} {self.status}: {what}>"


@frozen(kw_only=True)
class BatchProgress:
    """How far a batch is; the last one is its summary.

    Attributes:
        done: Calls whose pictures came now.
        skipped: Calls that an earlier run had done, or that another process is at.
        failed: Calls that failed, and cannot have cost anything.
        ambiguous: Calls that failed, and may have cost something.
        total: How many there are; None where that is not known.
        seconds: Since the batch began.
        per_minute: Calls, at the present speed; None as long as there is none.
        seconds_left: At this speed; None where that is not known.
        cost: Of what came now, by currency, as far as it is known.
        unpriced: How many came whose price nobody knows.
    """

    done: int = 0
    skipped: int = 0
    failed: int = 0
    ambiguous: int = 0
    total: int | None = None
    seconds: float = 0.0
    per_minute: float | None = None
    seconds_left: float | None = None
    cost: Mapping[str, Decimal] = field(factory=dict)
    unpriced: int = 0

    @property
    def finished(self) -> int:
        """How many calls have ended, in whatever way."""
        return self.done + self.skipped + self.failed + self.ambiguous

    @property
    def price(self) -> str:
        """The cost as text, such as "$1.20"; empty where nothing is known to have cost anything."""
        return " + ".join(money(amount, currency) for currency, amount in self.cost.items())


Listener: TypeAlias = Callable[[BatchProgress], object]


@define(eq=False)
class Tally:
    """Counts what came."""

    total: int | None = None
    listener: Listener | None = None
    _clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _counts: dict[str, int] = Factory(dict)
    _cost: dict[str, Decimal] = Factory(dict)
    _unpriced: int = 0
    _recent: deque[float] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._begun = self._clock()
        self._recent = deque([self._begun], maxlen=_RECENT)

    def count(self, done: Done) -> None:
        """Count *done*, and tell the listener."""
        self._counts[done.status] = self._counts.get(done.status, 0) + 1
        if done.status not in ("skipped", "running"):
            self._recent.append(self._clock())
        if done.cost is not None:
            spent = self._cost.get(done.cost.currency, Decimal(0))
            self._cost[done.cost.currency] = spent + done.cost.amount
        elif done.response is not None:
            self._unpriced += 1
        if self.listener is not None:
            self._tell(self.listener)

    def _tell(self, listener: Listener) -> None:
        try:
            listener(self.progress())
        except Exception as error:  # noqa: BLE001 - what is under way is paid for
            log.warning("on_progress raised %s: %s", type(error).__name__, error)

    def progress(self) -> BatchProgress:
        """Return how far it is."""
        rate = self._rate()
        found = BatchProgress(
            done=self._counts.get("done", 0),
            skipped=self._counts.get("skipped", 0) + self._counts.get("running", 0),
            failed=self._counts.get("failed", 0),
            ambiguous=self._counts.get("ambiguous", 0),
            total=self.total,
            seconds=self._clock() - self._begun,
            per_minute=None if rate is None else rate * 60,
            cost=dict(self._cost),
            unpriced=self._unpriced,
        )
        if self.total is None or not rate:
            return found
        from attrs import evolve

        return evolve(found, seconds_left=max(0, self.total - found.finished) / rate)

    def _rate(self) -> float | None:
        """Return the calls a second, over the latest of them."""
        passed = self._recent[-1] - self._recent[0]
        return (len(self._recent) - 1) / passed if passed > 0 else None
