"""How many orders a provider gets at once, and that all wait when it asks for a pause."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from attrs import Factory, define

from impasto.errors import RateLimitError

# Seconds; as long as a call waits by default.  A provider that asks for more, such as one whose
# limit is for the day, is better left alone: nothing was paid, and a later run goes on.
LONGEST_HOLD = 600.0

log = logging.getLogger("impasto")


class Limiter(Protocol):
    """Decides when an order may go to a provider; `LocalLimiter` does it for one process."""

    def turn(
        self, provider: str, most: int | None = None
    ) -> AbstractAsyncContextManager[object, bool | None]:
        """Return a context that is entered when *provider* may get an order, and left at its end.

        Args:
            provider: Canonical name.
            most: As many at once as the provider takes at all; None where nobody says.

        Raises:
            RateLimitError: when entered, where the provider is held for longer than is waited.
        """
        ...

    def hold(self, provider: str, seconds: float) -> None:
        """Let no order go to *provider* for *seconds*: it said that there were too many."""
        ...


@define(eq=False)
class _Gate:
    """The way to one provider.

    Attributes:
        most: As many at once as it takes at all.
        room: How many it is given at once: less after each hold, slowly more while all goes well.
        inside: How many have their turn.
        held_until: On the event loop's clock.
        waiting: Those before the gate, in their order.
    """

    most: float = math.inf
    room: float = math.inf
    inside: int = 0
    held_until: float = -math.inf
    waiting: deque[asyncio.Future[None]] = Factory(deque)
    _went_well: int = 0
    _timer: asyncio.TimerHandle | None = None

    async def enter(self) -> None:
        mine = asyncio.get_running_loop().create_future()
        self.waiting.append(mine)
        self.admit()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled() and mine.exception() is None:
                self._leave()  # it was just let in
            raise

    def admit(self) -> None:
        """Let in as many as there is room for."""
        while self.waiting and self._is_open():
            first = self.waiting.popleft()
            if not first.done():  # else it gave up
                self.inside += 1
                first.set_result(None)

    def _is_open(self) -> bool:
        return not self.is_held() and self.inside < min(self.room, self.most)

    def is_held(self) -> bool:
        return asyncio.get_running_loop().time() < self.held_until

    def leave(self) -> None:
        """Count one out that was not held, and give room for one more once all have gone so.

        As TCP does (RFC 5681, section 3.1): one more a round is how the provider's limit is found
        without running into it; only what is used grows.
        """
        if not self.is_held() and self.inside >= self.room:
            self._went_well += 1
            if self._went_well >= self.room:
                self.room, self._went_well = self.room + 1, 0
        self._leave()

    def _leave(self) -> None:
        self.inside -= 1
        self.admit()

    def hold(self, seconds: float) -> bool:
        """Close the gate; return whether that is news.

        Half as many go on afterwards (RFC 5681 again): whatever the limit is, a few halvings come
        below it.  All that were under way may be refused at the same time, and count once.
        """
        is_news = not self.is_held()
        if is_news:
            self.room, self._went_well = max(1, min(self.room, self.inside) // 2), 0
        loop = asyncio.get_running_loop()
        self.held_until = max(self.held_until, loop.time() + seconds)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self.held_until, self.admit)
        return is_news

    def turn_away(self, error: RateLimitError) -> None:
        """Raise *error* for all that wait."""
        while self.waiting:
            first = self.waiting.popleft()
            if not first.done():
                first.set_exception(_another(error))


class LocalLimiter:
    """A `Limiter` for the calls of one event loop; the blocking functions share one.

    A provider gets as many orders at once as it takes at all and the caller makes.  When it says
    that there were too many, nobody orders from it for as long as it asks; then half as many go
    on, and one more with each round that goes well.
    """

    def __init__(self, *, longest: float = LONGEST_HOLD) -> None:
        """Make a limiter.

        Args:
            longest: Seconds; where a provider asks to wait for more, orders fail instead.
        """
        self._longest = longest
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def turn(self, provider: str, most: int | None = None) -> AsyncIterator[None]:
        """Return a context that is entered when *provider* may get an order; as `Limiter` says."""
        gate = self._gate(provider)
        gate.most = most or math.inf
        remaining = gate.held_until - asyncio.get_running_loop().time()
        if remaining > self._longest:
            raise _held(provider, remaining)
        await gate.enter()
        try:
            yield
        finally:
            gate.leave()

    def hold(self, provider: str, seconds: float) -> None:
        """Let no order go to *provider* for *seconds*, and then half as many at once as before."""
        gate = self._gate(provider)
        if gate.hold(seconds):
            log.info("%s: all wait for %.1f s, then %d at once go on", provider, seconds, gate.room)
        if seconds > self._longest:
            gate.turn_away(_held(provider, seconds))

    def _gate(self, provider: str) -> _Gate:
        return self._gates.setdefault(provider, _Gate())


def _held(provider: str, seconds: float) -> RateLimitError:
    return RateLimitError(
        f"not asked: the provider wants to be left alone for {seconds:.0f} s",
        provider=provider,
        retry_after=seconds,
    )


def _another(error: RateLimitError) -> RateLimitError:
    """Return the same error once more: each of those who wait raises its own."""
    return RateLimitError(error.message, provider=error.provider, retry_after=error.retry_after)
