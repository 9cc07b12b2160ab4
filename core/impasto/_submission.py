"""Submits a call: what comes of it is a `Job`, at once or as soon as the order is taken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from attrs import evolve

from impasto._arguments import Asked
from impasto._dispatch import Dispatch
from impasto._engine import Conversation
from impasto._jobs import Job
from impasto._notices import Origin, warn_if_retired
from impasto._orders import Order, Orders
from impasto._steering import no_stream
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto._client import Client
    from impasto._http import Request, Response


async def submitted(
    dispatch: Dispatch, asked: Asked, where: Origin, owner: Client | None = None
) -> Job:
    """Return the job that *asked* becomes.

    Args:
        dispatch: What it is asked with.
        asked: The caller's arguments.
        where: The user's line of code.
        owner: Whose connections these are.

    Raises:
        ImpastoError: the call is wrong, or the order was not taken, as far as is known at once.
    """
    if asked.stream:
        raise no_stream("a job is not watched; job.progress says how far it is")
    asked = evolve(asked, detached=True)
    if asked.fallbacks or dispatch.extras or asked.mock_response is not None:
        return _whole(dispatch, asked, where, owner)
    if asked.booking is not None:
        from impasto._journaled import submitted_once

        return await submitted_once(dispatch, asked, where, owner)
    begun = dispatch.wires.monotonic()
    plugin, name = dispatch.route(asked)
    loaded = await asyncio.to_thread(plugin.loaded)
    try:
        performance = dispatch.performance(plugin, loaded, asked, where, begun)
        call = await performance.call(name)
        warn_if_retired(call, dispatch.wires, where)
        job = Job._of_orders(await Orders.prepared(performance, call))
        job._owner = owner
    except ImpastoError as error:
        error.provider = error.provider or loaded.provider.name
        error.model = error.model or name
        raise
    if loaded.provider.jobs or "build_cancel" in loaded.own:
        await _placed(job)
    else:
        job._begun(lambda: _in_background(job), lasts=True)
    return job


async def _placed(job: Job) -> None:
    """Place the orders of *job*; raise where none of them was taken."""
    orders = await job._opened()
    try:
        await orders.place()
    except asyncio.CancelledError:  # nobody gets the job: those of its orders that are known end
        await asyncio.shield(orders.stop())
        from impasto._stakes import close

        close([order.conversation for order in orders.orders])
        raise
    await job._settle(orders)
    if job._error is not None:
        raise job._error from job._error.__cause__


async def _in_background(job: Job) -> None:
    orders = await job._opened()
    try:
        await orders.place()
        await job._settle(orders)
    finally:
        record = orders.performance.asked.record
        if record is not None:
            await record.released()


# --- with extras or fallbacks -----------------------------------------------------------------


class Watch:
    """Learns of the orders of a call that runs as a whole, in the background.

    Attributes:
        in_flight: Conversations whose order is under way, without an answer so far.
    """

    def __init__(self, job: Job, asked: Asked) -> None:
        self.in_flight: set[int] = set()
        self._job = job
        self._then = asked.witness
        self._wanted = asked.common.get("n") or 1
        self._orders: dict[int, Order] = {}

    def is_incomplete(self) -> bool:
        """Return whether there are orders of which no handle is known."""
        counts = [order.conversation.call.n or 1 for order in self._orders.values()]
        return sum(counts) < self._wanted

    async def ordering(self, conversation: Conversation, request: Request) -> None:
        if self._then is not None:
            await self._then.ordering(conversation, request)
        self.in_flight.add(id(conversation))

    async def answered(
        self, conversation: Conversation, request: Request, response: Response
    ) -> None:
        self.in_flight.discard(id(conversation))
        if self._then is not None:
            await self._then.answered(conversation, request, response)

    async def taken(self, conversation: Conversation) -> None:
        if self._then is not None:
            await self._then.taken(conversation)
        order = self._orders.get(id(conversation))
        if order is None:
            order = self._orders[id(conversation)] = Order(conversation)
        order.handle = conversation.pending
        self._job._adopt(Orders.of(self._orders.values()))


def _whole(dispatch: Dispatch, asked: Asked, where: Origin, owner: Client | None) -> Job:
    """Return a job that makes the whole call in the background, whoever it is that draws."""
    job = Job(asked.provider, asked.model, dispatch.wires)
    job._owner = owner
    job._watch = Watch(job, asked)
    watched = evolve(asked, witness=job._watch)

    async def perform() -> None:
        try:
            response = await dispatch.perform(watched, where)
        except ImpastoError as error:
            if isinstance(error.job, Job) and error.job._orders is not None:
                job._adopt(error.job._orders)  # whoever waits goes on from there
            else:
                job._error = error
        except Exception as error:  # noqa: BLE001 - an extra's, or a warning that is one: for whoever waits
            job._error = error
        else:
            job.provider, job.model = response.provider, response.model
            job._response = job._owned(response)

    job._begun(perform, lasts=True)
    return job
