"""What a job consists of: an order for each part of its call, to be asked for by anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

from attrs import define, evolve

from impasto._answer import ImageResponse, Partial
from impasto._call import Call
from impasto._engine import Conversation
from impasto._http import Request
from impasto._kinds import refuse_if_not_done
from impasto._performance import Performance
from impasto._reports import Report
from impasto._scopes import budgets_for
from impasto._split import split
from impasto.errors import ImpastoError

T = TypeVar("T")
_GONE = frozenset({404, 410})
_LOOK_SECONDS = 10.0  # a guess: for one question, repeats included


@define(eq=False)
class Order:
    """One part of a job's call.

    Attributes:
        conversation: With the provider.
        outcome: What came of it; None while that is not known.
        handle: The request that asks for it; None before the order was taken, and where the
            answer to it was the pictures.
        progress: The last that is known.
    """

    conversation: Conversation
    outcome: ImageResponse | ImpastoError | None = None
    handle: Request | None = None
    progress: float | str | None = None
    _asked_at: float | None = None
    _told: Any = None  # whoever else wants to hear of the progress

    def __attrs_post_init__(self) -> None:
        self._told, self.conversation.report = self.conversation.report, self._heard

    def _heard(self, progress: float | str | Partial) -> None:
        known = progress.progress if isinstance(progress, Partial) else progress
        self.progress = self.progress if known is None else known
        if self._told is not None:
            self._told(progress)

    async def place(self) -> None:
        """Order it; return with a handle, or with the outcome."""
        try:
            record = self.conversation.performance.asked.record
            if record is None:
                self._came(await self._ordered(self.conversation))
            else:
                self._came(await record.drawn(self.conversation, self._ordered))
        except ImpastoError as error:
            self._ended(error)

    def _ended(self, outcome: ImageResponse | ImpastoError) -> None:
        self.outcome, stake = outcome, self.conversation.stake
        if stake is None:
            return
        if isinstance(outcome, ImageResponse):
            stake.settle(outcome)
        else:
            stake.end()

    async def _ordered(self, conversation: Conversation) -> ImageResponse | Request:
        if "render" in conversation.line.loaded.own:
            from impasto._render import rendered

            return await rendered(conversation)
        return await conversation.order()

    async def ask(self) -> ImpastoError | None:
        """Ask for it until it has ended or the deadline has passed.

        Return what kept us from asking on, although the job may go on.
        """
        if self.handle is None:
            self.give_up("the event loop ended in which its answer was waited for")
            return None
        return await self._asked(self.conversation.resumed(self._pause()))

    async def look(self) -> ImpastoError | None:
        """Ask for it once, if the provider wants to be asked again by now."""
        if self.handle is None or self._pause() > 0:
            return None
        wires = self.conversation.line.wires
        self.conversation.deadline = wires.monotonic() + _LOOK_SECONDS
        return await self._asked(_within(_LOOK_SECONDS, self.conversation.asked_once()))

    async def _asked(self, asking: Awaitable[ImageResponse | Request]) -> ImpastoError | None:
        """Take what *asking* comes to; return what kept us from asking on."""
        self.conversation.pending = self.handle
        try:
            self._came(await asking)
        except TimeoutError:
            pass
        except ImpastoError as error:
            return self._failed(error)
        finally:
            self._note()
        return None

    async def stop(self) -> bool:
        """Tell the provider to stop it; return whether it says that it does."""
        return await self.conversation.stop(self.handle)

    def give_up(self, why: str) -> None:
        """End it here, where nothing is known that could be asked for."""
        call, ordered = self.conversation.call, self.conversation.ordered
        may = "; the provider may have taken the order, and its price" if ordered else ""
        self._ended(
            ImpastoError(
                why + may, provider=call.provider, model=call.model, maybe_accepted=ordered
            )
        )

    def _pause(self) -> float:
        """Return the seconds until the provider wants to be asked."""
        if self._asked_at is None or self.handle is None:
            return 0.0
        return self.handle.after - (self.conversation.line.wires.monotonic() - self._asked_at)

    def _came(self, outcome: ImageResponse | Request) -> None:
        if isinstance(outcome, Request):
            self._note()
            return
        self._ended(outcome)
        self.progress = 1.0
        if isinstance(self._told, Report):
            self._told.finished(outcome.data)

    def _note(self) -> None:
        self._asked_at = self.conversation.line.wires.monotonic()
        self.handle = self.conversation.pending or self.handle

    def _failed(self, error: ImpastoError) -> ImpastoError | None:
        gone = self.conversation.pending is not None and error.status_code in _GONE
        if gone:
            error.message = (
                "the result is gone: the provider no longer knows this job, or it is another "
                f"account's.  It says: {error.message}"
            )
            error.args = (error.message,)
        if gone or self.conversation.pending is None:
            self._ended(error)
            return None
        return error


async def _within(seconds: float, asking: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await asking


@define(eq=False)
class Orders:
    """All parts of a job's call.

    Attributes:
        call: The whole of it.
        orders: One for each part.
        notes: What there is to say of it already.
    """

    call: Call
    orders: list[Order]
    notes: tuple[str, ...] = ()

    @classmethod
    async def prepared(cls, performance: Performance, call: Call) -> Orders:
        """Return the orders for *call*, translated but not placed.

        Raises:
            ImpastoError: the call is wrong; nothing was sent.
        """
        notes: tuple[str, ...] = ()
        if not performance.loaded.own.isdisjoint(("learn", "read_card")):
            call, notes = await performance.informed(call)
        refuse_if_not_done(call, performance.loaded.catalogue)
        first, orders = 0, list[Order]()
        for part in split(call):
            conversation = performance.conversation(part)
            if performance.asked.on_progress is not None:
                conversation.report = Report(performance.asked.on_progress, first)
            if "render" not in performance.loaded.own:
                try:
                    await conversation.prepare()
                except ImpastoError as error:
                    raise conversation.told(error) from error.__cause__
            orders.append(Order(conversation))
            first += part.n or 1
        budgets = budgets_for(performance.asked.budget)
        if budgets:
            from impasto._stakes import lay_aside

            await lay_aside([order.conversation for order in orders], budgets)
        return cls(call, orders, notes)

    @classmethod
    def of(cls, orders: Iterable[Order]) -> Orders:
        """Return *orders*, which somebody else began, as those of one call."""
        listed = list(orders)
        first = listed[0].conversation
        counts = [order.conversation.call.n for order in listed]
        count = sum(one or 1 for one in counts) if any(counts) else None
        return cls(evolve(first.call, n=count), listed, first.performance.notes)

    @property
    def performance(self) -> Performance:
        """The call that they are parts of."""
        return self.orders[0].conversation.performance

    def open(self) -> list[Order]:
        """Return those of which the outcome is not known."""
        return [order for order in self.orders if order.outcome is None]

    def handles(self) -> list[Request]:
        """Return the handles that are known."""
        return [order.handle for order in self.orders if order.handle is not None]

    def in_flight(self) -> bool:
        """Return whether an order may have been taken of which there is no handle."""
        return any(one.conversation.ordered for one in self.open() if one.handle is None)

    def call_off(self) -> None:
        """Give up those orders that have no handle."""
        for order in self.open():
            if order.handle is None:
                order.conversation.called_off = True
                order.give_up("this job was cancelled here")

    def ask_until(self, deadline: float) -> None:
        """Make *deadline* that of all that is asked from now on."""
        self.performance.deadline = deadline
        for order in self.orders:
            order.conversation.deadline = deadline

    async def place(self) -> None:
        """Place all of them, so many at once as the provider allows."""
        gate = asyncio.Semaphore(self.performance.loaded.provider.concurrency or len(self.orders))

        async def place(order: Order) -> None:
            async with gate:
                await order.place()

        await asyncio.gather(*map(place, self.orders))

    async def ask(self) -> ImpastoError | None:
        """Ask for all that are open, as `Order.ask` does."""
        errors = await asyncio.gather(*(order.ask() for order in self.open()))
        return next(filter(None, errors), None)

    async def look(self) -> ImpastoError | None:
        """Ask for all that are open once, as `Order.look` does."""
        errors = await asyncio.gather(*(order.look() for order in self.open()))
        return next(filter(None, errors), None)

    async def stop(self) -> bool:
        """Tell the provider to stop those that are open; return whether it stops all of them."""
        answers = await asyncio.gather(*(one.stop() for one in self.open() if one.handle))
        return bool(answers) and all(answers)

    async def response(self) -> ImageResponse:
        """Return the response, once all have ended.

        Raises:
            ImpastoError: nothing came.
        """
        outcomes = [order.outcome for order in self.orders if order.outcome is not None]
        if len(outcomes) > 1:
            response = self.performance.joined(self.call, outcomes)
        elif isinstance(outcomes[0], ImpastoError):
            raise outcomes[0]
        else:
            response = outcomes[0]
        return await self.performance.finished(self.call, response, self.notes)
