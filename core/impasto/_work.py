"""A batch on its way: a few workers, each of which makes one call after another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from attrs import Factory, define

from impasto._dispatch import Dispatch
from impasto._items import Items, told
from impasto._ledger import Ledger
from impasto._plan import Plan
from impasto._prompts import count_of, opened
from impasto._purchase import Purchase
from impasto._tally import Done, Tally


@define(eq=False)
class Work:
    """A batch on its way, on one event loop.

    Attributes:
        plan: What is to be done.
        tally: What was done.
        results: What was done and not yet taken; None behind the last.  While nobody takes them,
            no further call is made.
        failure: What the prompts raised instead of a prompt.
    """

    plan: Plan
    tally: Tally
    results: asyncio.Queue[Done | None]
    failure: BaseException | None = None
    _source: AsyncGenerator[Any, None] | None = None
    _open: list[Ledger] = Factory(list)
    _turn: asyncio.Lock = Factory(asyncio.Lock)  # to take the next prompt
    _taken: int = 0
    _exhausted: bool = False  # there is nothing more to take
    _ending: bool = False  # nobody takes results any more
    _workers: list[asyncio.Task[None]] = Factory(list)
    _committed: set[asyncio.Task[Any]] = Factory(set)  # workers whose calls may cost by now
    _overseer: asyncio.Task[None] | None = None

    @classmethod
    async def begun(cls, plan: Plan) -> Work:
        """Return *plan* at work.

        Raises:
            ImpastoError: it cannot be: the manifest is another run's, among others.
            OSError: the folder or the manifest cannot be written.
        """
        tally = Tally(count_of(plan.prompts), plan.listener)
        work = cls(plan, tally, asyncio.Queue(plan.concurrency))
        try:
            await work._begin()
        except BaseException:
            await work._close()
            raise
        return work

    async def _begin(self) -> None:
        plan = self.plan
        self._source = opened(plan.prompts)
        dispatch = await asyncio.to_thread(plan.dispatch)  # it imports aiohttp
        if plan.folder is not None:
            await asyncio.to_thread(plan.folder.mkdir, parents=True, exist_ok=True)
        for ledger in plan.ledgers():
            self._open.append(ledger)
            await ledger.open()
        items = Items(dispatch, plan.common, recognised=bool(self._open))
        self._workers = [
            asyncio.create_task(self._work(dispatch, items)) for _ in range(plan.concurrency)
        ]
        self._overseer = asyncio.create_task(self._oversee())

    # --- one after another ---

    async def _work(self, dispatch: Dispatch, items: Items) -> None:
        """Make calls until there are no more prompts."""
        worker = asyncio.current_task()
        assert worker is not None
        while (taken := await self._take()) is not None:
            done = await self._done(dispatch, items, *taken)
            self._committed.add(worker)  # it is counted, and so it is handed over
            self.tally.count(done)
            await self.results.put(done)
            self._committed.discard(worker)
            del taken, done  # pictures are large, and the next prompt may take its time

    async def _take(self) -> tuple[int, Any] | None:
        """Return the next prompt and its number, or None behind the last."""
        async with self._turn:
            if self._exhausted or self._source is None:
                return None
            try:
                prompt = await anext(self._source)
            except StopAsyncIteration:
                self._exhausted = True
                return None
            except Exception as error:  # noqa: BLE001 - raised when all that came is handed over
                self._exhausted, self.failure = True, error
                return None
            self._taken += 1
            return self._taken - 1, prompt

    async def _done(self, dispatch: Dispatch, items: Items, index: int, prompt: Any) -> Done:
        """Return what came of *prompt*: nothing that happens to it ends the others."""
        try:
            item = await items.item(index, prompt)
        except Exception as error:  # noqa: BLE001
            arguments = {**told(self.plan.common), **told(prompt)}
            return Done(index=index, key="", arguments=arguments, status="failed", error=error)
        purchase = Purchase(
            plan=self.plan, dispatch=dispatch, item=item, commits=self._committed.add
        )
        return await purchase.outcome()

    # --- the end ---

    def stop(self) -> None:
        """Begin nothing more; what was ordered is waited for."""
        self._exhausted = True
        for worker in self._workers:
            if worker not in self._committed:
                worker.cancel()

    def cancel(self) -> None:
        """End at once; what was ordered is cancelled, too."""
        self._exhausted = self._ending = True
        for worker in self._workers:
            worker.cancel()
        self._forget_results()

    async def end(self) -> None:
        """Cancel everything, and wait until nothing is left of it."""
        self.cancel()
        if self._overseer is not None:
            await asyncio.wait([self._overseer])

    async def _oversee(self) -> None:
        """Wait until there is nothing more to do, and say so."""
        try:
            await asyncio.wait(self._workers)
        except asyncio.CancelledError:  # the event loop ends, and nobody has closed the batch
            self.cancel()
            await asyncio.wait(self._workers)
        for worker in self._workers:
            if not worker.cancelled() and worker.exception() is not None:
                self.failure = self.failure or worker.exception()
        await self._close()
        if self._ending:
            self._forget_results()
        await self.results.put(None)

    def _forget_results(self) -> None:
        """Make room for the last one."""
        while not self.results.empty():
            self.results.get_nowait()

    async def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            await source.aclose()
        while self._open:
            await self._open.pop().close()
