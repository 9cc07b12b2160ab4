"""Many calls at once to all six services, each with a fault of its own, some of them cancelled."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from attrs import field, frozen
from faults import ORDERS, PICTURES, POLLS
from leftovers import Left, alive, open_files, overheard, settled
from market import Asked, Fate, Market
from vendors import VENDORS

import impasto
from impasto import ImpastoError
from impasto.types import ImageResponse

Form = Literal["awaited", "blocking"]
SECONDS = 3.0  # the deadline of a call, so that what hangs ends in a test's time
_CANCELLED = 0.2  # so many of all calls
_REFUSED = 0.05  # so many of all calls find nobody at their provider's port
_NEVER_DONE = 0.1  # so many of all jobs
_WELL = {"replicate": 0.5}  # where one order leads to polls and pictures, which go wrong as well
_ASKED = {0.15: 2, 0.05: 0}  # so many allow that many repeats
_BROKEN_AT_ONCE = 0.02  # so many of all requests, whatever they ask for


@frozen(kw_only=True)
class Ended:
    """How a call ended.

    Attributes:
        ticket: Which.
        outcome: "picture", "cancelled", or the name of the error's class; "unread" where there is a
            response whose picture could not be fetched.
        error: What was raised, unless it was cancelled.
        allowed: How many repeats of what may be billed the caller allowed.
        orders: How many orders arrived whole.
        billed: How many of them may be paid for.
    """

    ticket: str
    outcome: str
    error: BaseException | None = field(default=None, eq=False)
    allowed: int = 0
    orders: int = 0
    billed: int = 0

    @property
    def is_documented(self) -> bool:
        """Whether it is a picture, a cancellation, or an error that callers catch."""
        return self.error is None or isinstance(self.error, ImpastoError)

    @property
    def is_billed_unasked(self) -> bool:
        """Whether it may be paid for more often than the caller allowed."""
        return self.billed > 1 + self.allowed

    @property
    def is_silent(self) -> bool:
        """Whether it may be paid for, and its error does not say so."""
        error = self.error
        if self.outcome == "unread" or not isinstance(error, ImpastoError):
            return False
        return self.billed > 0 and not error.maybe_accepted


class Unread(Exception):
    """A call has returned, and its picture cannot be read; the error is the cause."""


class Storm:
    """A market in which everything goes wrong, by dice with a known seed.

    Attributes:
        market: The server.
        met: How often each fault was met.
    """

    def __init__(self, seed: int, calls: int) -> None:
        self.market = Market(self._decides)
        self.market.breaks = self._breaks
        self.met: Counter[str] = Counter()
        self._seed = seed
        self._calls = calls
        self._unpaid: Counter[str] = Counter()

    def _dice(self, *what: object) -> random.Random:
        return random.Random(f"{self._seed} {what}")

    def _breaks(self, number: int) -> int | None:
        dice = self._dice("break", number)
        return dice.choice([0, 1, 50, 200]) if dice.random() < _BROKEN_AT_ONCE else None

    def _decides(self, asked: Asked) -> Fate:
        what, fates = "order", ORDERS
        if not asked.orders:
            is_picture = asked.path.startswith("/pictures/")
            what, fates = ("picture", PICTURES) if is_picture else ("poll", POLLS)
        dice = self._dice(asked.ticket, asked.nth)
        met = "well" if dice.random() < _WELL.get(asked.name, 0.2) else dice.choice([*fates])
        if asked.path.endswith("/cancel"):
            met = "well"
        elif what == "poll" and self._dice("job", asked.ticket).random() < _NEVER_DONE:
            met = "never done"
        self.met[f"{what}: {met}"] += 1
        if met in ("failed", "cancelled there"):  # the service has said that there is no picture
            self._unpaid[asked.ticket] += 1
        return fates[met]

    # --- calls ---

    def calls(self) -> Iterator[tuple[str, dict[str, Any], random.Random]]:
        """Yield each call's ticket, its arguments, and dice for what else becomes of it."""
        names = [*VENDORS, "replicate"]
        for number in range(self._calls):
            name = names[number % len(names)]
            dice = self._dice("call", number)
            call = {**self.market.call(name, number), "timeout": SECONDS}
            if name == "replicate":
                call["wait"] = dice.random() < 0.3
                call["poll_interval"] = 0.05
                call["response_format"] = dice.choice(["b64_json", "url"])
            if dice.random() < _REFUSED:
                self.met["refused"] += 1
                call["api_base"] = f"http://127.0.0.1:{self.closed_port}"
            chance = dice.random()
            for part, allowed in _ASKED.items():
                if chance < part:
                    call["max_retries"] = allowed
            yield f"{name}.{number}", call, dice

    @contextmanager
    def raging(self) -> Iterator[None]:
        """Serve, and hold a port at which nobody does."""
        with self.market, socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.closed_port = closed.getsockname()[1]
            yield

    def ended(self, ticket: str, call: Mapping[str, Any], outcome: object) -> Ended:
        """Return how a call ended that returned or raised *outcome*."""
        error = outcome if isinstance(outcome, BaseException) else None
        cancelled = isinstance(error, asyncio.CancelledError)
        name = "cancelled" if cancelled else type(error).__name__ if error else "picture"
        if isinstance(error, Unread):
            name, error = "unread", error.__cause__
        return Ended(
            ticket=ticket,
            outcome=name,
            error=None if cancelled else error,
            allowed=call.get("max_retries", 0),
            orders=self.market.orders[ticket],
            billed=self.market.billed[ticket] - self._unpaid[ticket],
        )

    def told(self, ended: Sequence[Ended]) -> dict[str, int]:
        """Return what is to be counted of calls that have *ended*."""
        return {
            "calls": len(ended),
            "kinds of faults met": len(self.met),
            "pictures": sum(one.outcome in ("picture", "unread") for one in ended),
            "cancelled": sum(one.outcome == "cancelled" for one in ended),
            "documented errors": sum(isinstance(one.error, ImpastoError) for one in ended),
            "anything else": sum(not one.is_documented for one in ended),
            "billed": sum(one.billed > 0 for one in ended),
            "billed twice without being asked": sum(one.is_billed_unasked for one in ended),
            "billed, and not reported": sum(one.is_silent for one in ended),
        }

    # --- to be awaited ---

    async def awaited(self) -> list[Ended]:
        """Make all calls at once in one event loop; a part of their tasks is cancelled."""
        asked = list(self.calls())
        tasks = [asyncio.create_task(self._drawn(call)) for _, call, _ in asked]
        loop = asyncio.get_running_loop()
        for task, (_, _, dice) in zip(tasks, asked, strict=True):
            if dice.random() < _CANCELLED:
                loop.call_later(dice.uniform(0, SECONDS), task.cancel)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        return [
            self.ended(ticket, call, outcome)
            for (ticket, call, _), outcome in zip(asked, outcomes, strict=True)
        ]

    async def _drawn(self, call: Mapping[str, Any]) -> bytes:
        response = await impasto.aimage_generation(**call)
        try:
            return await response.data[0].aread(timeout=SECONDS)
        except ImpastoError as error:
            raise Unread from error

    # --- blocking ---

    def blocking(self) -> list[Ended]:
        """Make all calls at once, each in a thread of its own; a part of them are jobs, cancelled."""
        asked = list(self.calls())
        outcomes: list[Any] = [None] * len(asked)

        def draw(number: int) -> None:
            _, call, dice = asked[number]
            try:
                outcomes[number] = _drawn(call, dice)
            except BaseException as error:
                outcomes[number] = error

        threads = [threading.Thread(target=draw, args=(number,)) for number in range(len(asked))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [
            self.ended(ticket, call, outcome)
            for (ticket, call, _), outcome in zip(asked, outcomes, strict=True)
        ]


def _drawn(call: Mapping[str, Any], dice: random.Random) -> bytes:
    if dice.random() >= _CANCELLED:
        return _read(impasto.image_generation(**call))
    job = impasto.submit(**call)
    time.sleep(dice.uniform(0, SECONDS / 2))
    job.cancel()
    return _read(job.result(SECONDS))


def _read(response: ImageResponse) -> bytes:
    try:
        return response.data[0].read(timeout=SECONDS)
    except ImpastoError as error:
        raise Unread from error


def raged(form: Form, calls: int, seed: int = 7) -> tuple[Storm, list[Ended], Left]:
    """Return a storm that is over, how its calls ended, and what it left behind."""
    with overheard() as (warned, logged):
        _through(Storm(seed, 60), form)  # what is made once, and kept for good
        time.sleep(0.2)  # for what is closed a moment later
        before = alive(), open_files()
        storm = Storm(seed, calls)
        ended, tasks = _through(storm, form)
        files = settled(before[1])
    return (
        storm,
        ended,
        Left(
            tasks=tasks,
            threads=sorted((alive() - before[0]).elements()),
            files=files - before[1],
            warned=[str(one.message) for one in warned],
            logged=[record.getMessage() for record in logged],
        ),
    )


def _through(storm: Storm, form: Form) -> tuple[list[Ended], list[str]]:
    """Return how the calls ended, and the tasks that are left."""

    async def awaited() -> tuple[list[Ended], list[str]]:
        ended = await storm.awaited()
        return ended, [str(one) for one in asyncio.all_tasks() - {asyncio.current_task()}]

    with storm.raging():
        return asyncio.run(awaited()) if form == "awaited" else (storm.blocking(), [])
