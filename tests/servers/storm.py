"""Many calls at once to all six services, each with a fault of its own, some of them cancelled."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import socket
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, field, frozen
from market import WELL, Asked, Fate, Market
from vendors import VENDORS

import impasto
from impasto import ImpastoError, PartialResultWarning
from impasto.testing import Reply, html, reply
from impasto.types import ImageResponse

Form = Literal["awaited", "blocking"]
SECONDS = 3.0  # the deadline of a call, so that what hangs ends in a test's time
_CANCELLED = 0.2  # so many of all calls
_REFUSED = 0.05  # so many of all calls find nobody at their provider's port
_NEVER_DONE = 0.1  # so many of all jobs
_WELL = {"replicate": 0.5}  # where one order leads to polls and pictures, which go wrong as well
_ASKED = {0.15: 2, 0.05: 0}  # so many allow that many repeats
_BROKEN_AT_ONCE = 0.02  # so many of all requests, whatever they ask for


def instead(answer: Reply, *, bills: bool) -> Fate:
    """Return the fate of a request that gets *answer* instead of the service's."""
    return Fate(answer=lambda _: answer, bills=bills)


def _error(status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply({"error": {"message": "the easel is on fire"}}, status=status, headers=named)


def _to(location: str, status: int) -> Fate:
    return instead(_error(status, location=location), bills=False)


def _mislabelled(answer: Reply) -> Reply:
    return evolve(answer, headers={**answer.headers, "Content-Type": "text/html"})


def _half(answer: Reply) -> Reply:
    return evolve(answer, body=answer.body[: len(answer.body) // 2])


# What may become of an order.  What is billed was passed on, or may have been.
ORDERS: Mapping[str, Fate] = {
    "well": WELL,
    "reset before the answer": Fate(said=0),
    "closed before the answer": Fate(said=0, ends="close"),
    "reset in the head": Fate(said=30),
    "reset in the body": Fate(said=200),
    "closed in the body": Fate(said=200, ends="close"),
    "half, and no length": Fate(answer=_half, length=False, ends="close"),
    "silence": Fate(said=0, ends="hang"),
    "silence in the body": Fate(said=200, ends="hang"),
    "a drip": Fate(pause=0.05),
    "a page": instead(html(200), bills=True),
    "mislabelled": Fate(answer=_mislabelled),
    "nothing": instead(Reply(), bills=True),
    "no content": instead(Reply(status=204), bills=True),
    "an empty object": instead(reply({}), bills=True),
    "garbage": instead(reply(body=b"\x00\xff{"), bills=True),
    "a list": instead(reply([1, 2]), bills=True),
    "400": instead(_error(400), bills=False),
    "401": instead(_error(401), bills=False),
    "402": instead(_error(402), bills=False),
    "404": instead(_error(404), bills=False),
    "408": instead(_error(408), bills=True),
    "429": instead(_error(429), bills=False),
    "429, soon": instead(_error(429, retry_after_ms="20"), bills=False),
    "429, much later": instead(_error(429, retry_after="3600"), bills=False),
    "500": instead(_error(500), bills=True),
    "502, a page": instead(html(502), bills=True),
    "503": instead(_error(503), bills=False),
    "503, soon": instead(_error(503, retry_after_ms="20"), bills=False),
    "504": instead(_error(504), bills=True),
    "302 elsewhere": _to("http://127.0.0.1:9/x", 302),
    "307 elsewhere": _to("http://127.0.0.1:9/x", 307),
    "307 in circles": _to("?again", 307),
    "308 nowhere": _to("http://[", 308),
    "303": instead(_error(303, location="/x"), bills=True),
}


def _status(status: str) -> Callable[[Reply], Reply]:
    def changed(answer: Reply) -> Reply:
        job = json.loads(answer.body)
        return reply({**job, "status": status, "output": None, "error": "the easel is on fire"})

    return changed


# What may become of asking for a job.
POLLS: Mapping[str, Fate] = {
    "well": WELL,
    "never done": Fate(answer=_status("processing")),
    "failed": Fate(answer=_status("failed")),
    "cancelled there": Fate(answer=_status("canceled")),
    "vanished": instead(_error(404), bills=False),
    "reset": Fate(said=0),
    "cut": Fate(said=150, ends="close"),
    "429": instead(_error(429, retry_after_ms="20"), bills=False),
    "500": instead(_error(500), bills=False),
    "a page": instead(html(200), bills=False),
    "silence": Fate(said=0, ends="hang"),
}
# And of fetching a picture.
PICTURES: Mapping[str, Fate] = {
    "well": WELL,
    "gone": instead(_error(404), bills=False),
    "reset": Fate(said=0),
    "cut": Fate(said=100),
    "500": instead(_error(500), bills=False),
    "a page": instead(html(200), bills=False),
    "into the network": _to("http://169.254.169.254/latest", 302),
    "silence": Fate(said=0, ends="hang"),
}


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


# --- what is left ---------------------------------------------------------------------------------


def raged(form: Form, calls: int, seed: int = 7) -> tuple[Storm, list[Ended], Left]:
    """Return a storm that is over, how its calls ended, and what it left behind."""
    with _overheard() as (warned, logged):
        _through(Storm(seed, 60), form)  # what is made once, and kept for good
        time.sleep(0.2)  # for what is closed a moment later
        before = _alive(), _open_files()
        storm = Storm(seed, calls)
        ended, tasks = _through(storm, form)
        files = _settled(before[1])
    return (
        storm,
        ended,
        Left(
            tasks=tasks,
            threads=sorted((_alive() - before[0]).elements()),
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


@contextmanager
def _overheard() -> Iterator[tuple[list[warnings.WarningMessage], list[logging.LogRecord]]]:
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


def _alive() -> Counter[str]:
    """Return the threads, but for those in which an event loop keeps what it lets others do."""
    names = (thread.name for thread in threading.enumerate())
    return Counter(name for name in names if not name.startswith("asyncio_"))


def _settled(wanted: Counter[str]) -> Counter[str]:
    """Return what is open, as soon as that is no more than *wanted*, or after a while."""
    gc.collect()
    for _ in range(50):
        found = _open_files()
        if found <= wanted:
            break
        time.sleep(0.05)
    return found


def _open_files() -> Counter[str]:
    found: Counter[str] = Counter()
    for one in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own is closed by now
            found[str(one.readlink()).partition(":")[0]] += 1
    return found
