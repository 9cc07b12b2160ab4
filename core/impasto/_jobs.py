"""A call that need not be waited for: `Job`."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Coroutine, Iterable
from copy import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from impasto._answer import ImageResponse
from impasto._call import Call
from impasto._calling_off import call_off, stopped
from impasto._engine import Conversation
from impasto._errand import Errand
from impasto._orders import Order, Orders
from impasto._split import split
from impasto._steering import DEFAULT_TIMEOUT, checked_timeout
from impasto._wires import Wires
from impasto.errors import ImpastoError, Timeout

if TYPE_CHECKING:
    from impasto._client import Client
    from impasto._http import Request
    from impasto._performance import Performance
    from impasto._stored import Stored
    from impasto._submission import Watch

State: TypeAlias = Literal["running", "done", "failed", "cancelled"]

# Names under which plugins keep a job's handle in the state of what waits for it.
_HANDLES = ("id", "job_id", "task_id", "request_id")
_SECONDS_TO_FETCH = 120.0  # as for Image.read()


class Job:
    """A call that need not be waited for, from `submit()` or as the `job` of an error.

    Usable from any thread and event loop.  Nothing is asked of the provider but by `result()` and
    `done()`, and only while somebody waits for them.  Who stops waiting does not stop the job;
    `cancel()` does.

    Attributes:
        provider: Canonical name of the provider.
        model: As it was sent.
        submitted: When it was, in UTC.
    """

    def __init__(self, provider: str | None, model: str | None, wires: Wires) -> None:
        """Make a job; for `submit()` and `from_json()`."""
        self.provider = provider
        self.model = model
        self.submitted: datetime = wires.now()
        self._wires = wires
        self._orders: Orders | None = None
        self._stored: Stored | None = None
        self._errand: Errand | None = None
        self._watch: Watch | None = None
        self._lock = threading.Lock()
        self._response: ImageResponse | None = None
        self._error: BaseException | None = None
        self._cancelled = False
        self._asked_until = -math.inf
        self._owner: Client | None = None

    # --- what is known ---

    @property
    def id(self) -> str | None:
        """What the provider calls it, as far as its plugin says; of several orders, the first."""
        for handle in self._handles():
            for name in _HANDLES:
                if isinstance(handle.state.get(name), str):
                    return str(handle.state[name])
        return None

    @property
    def state(self) -> State:
        """One of "running", "done", "failed" and "cancelled", as far as is known.

        A job that the provider cancelled may have been done before; `result()` asks.
        """
        ended = self._orders is not None and not self._orders.open()
        if self._response is not None or (ended and self._orders_came()):
            return "done"
        if self._cancelled:
            return "cancelled"
        return "failed" if ended or self._error is not None else "running"

    def _orders_came(self) -> bool:
        orders = self._orders.orders if self._orders is not None else []
        return any(isinstance(order.outcome, ImageResponse) for order in orders)

    @property
    def progress(self) -> float | str | None:
        """How far it was when last asked for, as 0 to 1, a word of the provider's, or None.

        Of several orders, the mean of their numbers, or the first's word.
        """
        if self.state == "done":
            return 1.0
        if self._orders is None:
            told = [handle.progress for handle in self._handles()]
        else:
            told = [order.progress for order in self._orders.orders]
        numbers = [one for one in told if isinstance(one, (int, float))]
        if numbers and not any(isinstance(one, str) for one in told):
            return sum(numbers) / len(told)
        return next((one for one in told if one is not None), None)

    def __repr__(self) -> str:
        who = "/".join(part for part in (self.provider, self.model) if part)
        called = f" {self.id}" if self.id else ""
        far = f", {self.progress}" if self.state == "running" and self.progress else ""
        return f"<Job {who}{called}: {self.state}{far}>"

    # --- waiting ---

    def result(self, timeout: float | None = None) -> ImageResponse:
        """Return the pictures; wait for them if need be.

        Args:
            timeout: Seconds to wait; None means 600, as for a call.

        Raises:
            Timeout: it is not done by then, and goes on: `job` is this one, to be asked again.
            NotFoundError: the provider no longer knows it.
            ImpastoError: what the call would have raised.
        """
        from impasto import _portal

        errand = self._errand
        if errand is not None and errand.is_here():
            raise RuntimeError(
                "this job is asked for in this very event loop, which result() would block; "
                "await job.aresult()"
            )
        return _portal.run(self.aresult(timeout))

    async def aresult(self, timeout: float | None = None) -> ImageResponse:
        """Return the pictures; the same as `result()`, to be awaited."""
        seconds = DEFAULT_TIMEOUT if timeout is None else checked_timeout(timeout)
        deadline = self._wires.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds):
                while not self._has_ended():
                    await self._join(deadline)
                    if self._asked_until >= deadline:
                        raise TimeoutError
        except TimeoutError:
            raise self._not_yet(seconds) from None
        return self._outcome()

    def done(self) -> bool:
        """Return whether it has ended, well or not, or was cancelled.

        Where nobody waits for it, the provider is asked, if it is time to ask it again; in an
        event loop, await `adone()`.

        Raises:
            ImpastoError: the provider does not let us ask: a wrong key.
        """
        from impasto import _portal

        if self.state != "running" or (self._errand is not None and self._errand.is_under_way()):
            return self.state != "running"
        return _portal.run(self.adone())

    async def adone(self) -> bool:
        """Return whether it has ended; the same as `done()`, to be awaited."""
        errand = self._errand
        if self.state == "running" and not (errand is not None and errand.is_under_way()):
            await self._begun(self._look, lasts=False).wait()
        return self.state != "running"

    async def _join(self, deadline: float) -> None:
        """Wait for whatever is under way for this job, or begin to ask."""
        with self._lock:
            errand = self._errand
            if errand is None or not errand.is_under_way():
                self._asked_until = -math.inf
                errand = self._errand = Errand(self._ask(deadline), lasts=False)
            elif self._orders is not None and not errand.lasts:
                self._orders.ask_until(max(deadline, self._orders.performance.deadline))
        await errand.wait()

    def _begun(self, work: Callable[[], Coroutine[Any, Any, None]], *, lasts: bool) -> Errand:
        with self._lock:
            if self._errand is None or not self._errand.is_under_way():
                self._errand = Errand(work(), lasts=lasts)
            return self._errand

    def _has_ended(self) -> bool:
        return self._response is not None or self._error is not None

    def _outcome(self) -> ImageResponse:
        if self._response is not None:
            return self._response
        assert self._error is not None
        # A copy, since each who raises it adds where that was.
        error = copy(self._error) if isinstance(self._error, ImpastoError) else self._error
        raise error from self._error.__cause__

    def _not_yet(self, seconds: float) -> Timeout:
        return Timeout(
            f"the job is not done after {seconds:g} s of waiting, and goes on; "
            "error.job.result() waits again",
            provider=self.provider,
            model=self.model,
            maybe_accepted=True,
            job=self,
        )

    # --- what is done for all who wait ---

    def _owned(self, response: ImageResponse) -> ImageResponse:
        return response if self._owner is None else self._owner.owned(response)

    async def _opened(self) -> Orders:
        if self._owner is not None:
            self._owner.refuse_if_closed()
        if self._orders is None:
            if self._stored is None:
                raise ImpastoError(
                    "the event loop has ended in which this job ran",
                    provider=self.provider,
                    model=self.model,
                    maybe_accepted=self._watch is not None and bool(self._watch.in_flight),
                )
            self._orders = await self._stored.opened()
        return self._orders

    async def _ask(self, deadline: float) -> None:
        orders = await self._opened()
        orders.ask_until(deadline)
        error = await orders.ask()
        if error is not None:
            raise self._with_job(error)
        if orders.open():
            self._asked_until = deadline  # whoever came later, and waits longer, asks again
        await self._settle(orders)

    async def _look(self) -> None:
        orders = await self._opened()
        error = await orders.look()
        if error is not None and not error.retryable:  # what asking again may cure says nothing
            raise self._with_job(error)

    def _with_job(self, error: ImpastoError) -> ImpastoError:
        error.job = self
        return error

    async def _settle(self, orders: Orders) -> None:
        """Take the outcome, where all orders have one."""
        if orders.open():
            return
        # Whoever waits has a deadline; where pictures are late for it, the next one has them.
        orders.performance.deadline = self._wires.monotonic() + _SECONDS_TO_FETCH
        record = orders.performance.asked.record
        try:
            response = self._owned(await orders.response())
            self._response = response if record is None else await record.done(response)
        except ImpastoError as error:
            error.job = self if orders.handles() else None
            self._error = error
            if record is not None:
                await record.failed(error)

    # --- cancelling ---

    def cancel(self) -> bool:
        """Stop it; return True only where the provider stopped it, or nothing was ordered yet.

        False says that it may go on, and cost; where the provider has no jobs nobody waits for
        the answer any more.
        """
        from impasto import _portal

        errand = self._errand
        here = errand is not None and errand.is_here()
        called_off = call_off(self) if here else None  # that loop cannot run while we wait
        return _portal.run(stopped(self, called_off))

    async def acancel(self) -> bool:
        """Stop it; the same as `cancel()`, to be awaited."""
        return await stopped(self, None)

    # --- elsewhere ---

    def to_json(self) -> str:
        """Return what another process needs to go on, as JSON; without keys, and without pictures.

        The prompt, the parameters and the address of the job are in it, which may be enough to
        see the picture; and whoever changes it decides what is asked of the provider with your
        key.  Keep it where you keep other things of your own.

        Raises:
            ImpastoError: there is nothing to go on with; the message says why.
        """
        from impasto._handing_on import written

        return written(self)

    @classmethod
    def from_json(cls, text: str, **settings: Any) -> Job:
        """Return the job that `to_json()` wrote, in whatever process; nothing is asked yet.

        It is never ordered again, whatever comes of it, and no extras are round it.

        Args:
            text: What `to_json()` returned.
            **settings: Keys and other settings of the provider, which are otherwise read from the
                environment; and *extra_headers* and *extra_query*, if the call had them.  A URL,
                such as *api_base*, is not taken from *text*: whoever changed it there would get
                the key.

        Raises:
            BadRequestError: *text* is none, or from a newer version of impasto.
        """
        from impasto import _api
        from impasto._handing_on import taken_up

        return taken_up(text, settings, _api.dispatch(), _api.caller())

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.to_json(),)

    def _handles(self) -> list[Request]:
        if self._orders is not None:
            return self._orders.handles()
        return self._stored.handles() if self._stored is not None else []

    # --- where jobs come from ---

    @classmethod
    def of(cls, conversation: Conversation) -> Job:
        """Return the job that *conversation* waits for and has given up."""
        orders = Orders.of([Order(conversation, handle=conversation.pending)])
        return cls._of_orders(orders, cancelled=conversation.stopped)

    @classmethod
    def of_parts(
        cls, performance: Performance, call: Call, outcomes: Iterable[ImageResponse | ImpastoError]
    ) -> Job:
        """Return the job of *call*, whose parts have had these *outcomes*."""
        orders = []
        for part, outcome in zip(split(call), outcomes, strict=True):
            job = outcome.job if isinstance(outcome, ImpastoError) else None
            if isinstance(job, Job) and job._orders is not None:
                orders += job._orders.orders
            else:
                orders.append(Order(performance.conversation(part), outcome=outcome))
        stopped = all(one.conversation.stopped for one in orders if one.handle is not None)
        return cls._of_orders(Orders(call, orders, performance.notes), cancelled=stopped)

    @classmethod
    def _of_orders(cls, orders: Orders, *, cancelled: bool = False) -> Job:
        job = cls(orders.call.provider, orders.call.model, orders.performance.wires)
        job._cancelled = cancelled
        job._adopt(orders)
        performance = orders.performance
        begun = performance.deadline - performance.asked.timeout
        job.submitted -= timedelta(seconds=performance.wires.monotonic() - begun)
        return job

    def _adopt(self, orders: Orders) -> None:
        self._orders = orders
        self.provider, self.model = orders.call.provider, orders.call.model


def _unpickled(text: str) -> Job:
    return Job.from_json(text)
