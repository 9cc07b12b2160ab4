"""One of many calls: from how it stands with it to its files, each step written down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import Factory, define, evolve

from impasto._answer import ImageResponse
from impasto._dispatch import Dispatch
from impasto._engine import CANCEL_SECONDS
from impasto._items import Item
from impasto._keeping import Kept, Place, keep, stem_of
from impasto._leave import Leave
from impasto._ledger import Standing
from impasto._plan import Plan
from impasto._records import begun_record, ended_record
from impasto._tally import Done, Status
from impasto.errors import ConflictError, ImpastoError

if TYPE_CHECKING:
    from impasto._booking import Booking

T = TypeVar("T")
log = logging.getLogger("impasto")


class _Elsewhere(Exception):
    """Another process has begun the same order."""


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


@define(eq=False, kw_only=True)
class Purchase:
    """One of the calls of a batch.

    Attributes:
        plan: What all of them have in common.
        dispatch: Who performs it.
        item: The call.
        commits: Told the task that makes it, when it may cost money from now on.
    """

    plan: Plan
    dispatch: Dispatch
    item: Item
    commits: Callable[[asyncio.Task[Any]], object]
    _worker: asyncio.Task[Any] = Factory(_this_task)
    _since: float = Factory(time.monotonic)
    _begun: asyncio.Task[None] | None = None

    async def outcome(self) -> Done:
        """Return what came of it; it raises nothing but that it was cancelled."""
        leave = Leave(limiter=self.plan.limiter, begins=self._begins)
        try:
            standing = await self._standing()
            if standing is not None:
                return self._as_it_stood(standing)
            asked = evolve(self.item.asked, leave=leave, booking=self._booking())
            response = await self.dispatch.perform(asked, self.plan.where)
        except asyncio.CancelledError:
            if self._begun is not None:  # else nothing is open
                error = _interrupted(ordered=leave.ordered)
                await self._failed(error, _status(error, ordered=leave.ordered))
            raise
        except _Elsewhere:
            return self._as_it_stood(Standing("running"))
        except Exception as error:  # noqa: BLE001 - one failure never ends the rest
            status = _status(error, ordered=leave.ordered)
            await self._failed(error, status)
            return self._ended(status, error=error)
        return await _to_its_end(self._kept(response))

    # --- before ---

    def _booking(self) -> Booking | None:
        """Return what the batch's journal knows the call by."""
        if self.plan.journal is None:
            return self.item.asked.booking
        from impasto._booking import Booking

        return Booking(path=self.plan.journal, key=self.item.key, again=self.plan.again, named=True)

    async def _standing(self) -> Standing | None:
        """Return how it stands with a call that is not to be made."""
        for ledger in self.plan.ledgers()[:1]:
            standing = await ledger.state(self.item.key)
            paid_again = standing.state == "ambiguous" and self.plan.again
            if standing.state != "unknown" and not paid_again:
                return standing
        return None

    def _as_it_stood(self, standing: Standing) -> Done:
        if standing.state == "done":
            return self._ended("skipped", paths=standing.paths)
        if standing.state == "running":
            return self._ended("running", error=ImpastoError("another process is at it"))
        error = ImpastoError(
            f"not asked for again, since it may have been paid for: {standing.told}; "
            "again='ambiguous' asks all the same",
            maybe_accepted=True,
        )
        return self._ended("ambiguous", error=error, paths=standing.paths)

    async def _begins(self) -> None:
        """Write down, once, that the order goes out; the parts of a call have it in common."""
        if self._begun is None:
            self.commits(self._worker)
            self._begun = asyncio.create_task(self._begin())
        await _to_its_end(self._begun)

    async def _begin(self) -> None:
        record = begun_record(self.item)
        for ledger in self.plan.ledgers():
            if not await ledger.begins(self.item.key, record):
                raise _Elsewhere

    # --- after ---

    async def _failed(self, error: Exception, status: Status) -> None:
        """Write down that it failed with *error*."""
        record = ended_record(self._ended(status, error=error))
        try:
            await _to_its_end(self._write("failed", record))
        except Exception as unwritten:  # noqa: BLE001 - it counts as ambiguous then
            log.warning("the ledger cannot be written: %s", unwritten)

    async def _kept(self, response: ImageResponse) -> Done:
        """Save the pictures of *response*, and write down where they are."""
        kept = Kept(response)
        try:
            if self.plan.folder is not None:
                stem = stem_of(self.item.index, self.item.asked.common.get("prompt"))
                place = Place(self.plan.folder, stem, self.plan.metadata)
                kept = await keep(response, place, self._announce)
        except asyncio.CancelledError:
            await self._written(Kept(response, error=_interrupted(ordered=True)))
            raise
        return await self._written(kept)

    async def _announce(self, response: ImageResponse, paths: Sequence[Path]) -> None:
        done = self._ended("done", response=response, paths=tuple(paths))
        await self._write("saves", ended_record(done))

    async def _written(self, kept: Kept) -> Done:
        """Write down what became of pictures that came: they are paid for, saved or not."""
        done = self._ended(
            "done" if kept.error is None else "ambiguous",
            response=kept.response,
            error=kept.error,
            paths=kept.paths,
        )
        step = "done" if kept.error is None else "failed"
        try:
            await self._write(step, ended_record(done))
        except Exception as error:  # noqa: BLE001 - the picture is there, whatever is said of it
            return evolve(done, error=done.error or error)
        return done

    async def _write(self, step: str, record: Mapping[str, Any]) -> None:
        """Write to every ledger that the call is at *step*; last to the one that decides.

        Else it might let go of what the others do not know yet.
        """
        for ledger in reversed(self.plan.ledgers()):
            await getattr(ledger, step)(self.item.key, record)

    def _ended(self, status: Status, **more: Any) -> Done:
        return Done(
            index=self.item.index,
            key=self.item.key,
            arguments=self.item.told,
            status=status,
            seconds=time.monotonic() - self._since,
            **more,
        )


def _status(error: Exception, *, ordered: bool) -> Status:
    if not isinstance(error, ImpastoError):  # an extra's, or a warning that is one
        return "ambiguous" if ordered else "failed"
    if isinstance(error, ConflictError) and error.code == "running":  # a journal says so
        return "running"
    return "ambiguous" if error.maybe_accepted else "failed"


def _interrupted(*, ordered: bool) -> ImpastoError:
    told = "; the order was on its way, and may have been taken" if ordered else ""
    return ImpastoError(f"interrupted{told}", maybe_accepted=ordered)


async def _to_its_end(coroutine: Coroutine[Any, Any, T] | asyncio.Task[T]) -> T:
    """Return what *coroutine* returns; who is cancelled meanwhile still lets it end.

    It is given the seconds that a job has which is cancelled at the provider.
    """
    task = asyncio.ensure_future(coroutine)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait([task], timeout=CANCEL_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
