"""Makes a call with a journal: what it knows is not ordered again, what happens is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from attrs import evolve

from impasto import _entries
from impasto._answer import ImageResponse
from impasto._arguments import Asked
from impasto._booking import as_text, identified, readable_again
from impasto._dispatch import Dispatch
from impasto._entries import About
from impasto._notices import Origin
from impasto._record import Record
from impasto._store import opened, released

if TYPE_CHECKING:
    from impasto._client import Client
    from impasto._jobs import Job


async def journaled(dispatch: Dispatch, asked: Asked, where: Origin) -> ImageResponse:
    """Return the pictures for *asked*, which has a journal.

    Raises:
        ConflictError: somebody is making the same call.
        BadRequestError: the key is that of another call; the journal cannot be used.
        ImpastoError: as the call does; where `maybe_accepted` is true, it may have been paid for,
            now or before.
    """
    if asked.mock_response is not None and not asked.fallbacks:
        return await dispatch.perform(evolve(asked, booking=None), where)
    asked, record = await _claimed(dispatch, asked)
    async with _failures_of(record):
        response = await dispatch.perform(asked, where)
    return await record.done(response)


async def submitted_once(
    dispatch: Dispatch, asked: Asked, where: Origin, owner: Client | None
) -> Job:
    """Return the job that *asked*, which has a journal, becomes or became.

    Raises:
        ImpastoError: as `journaled()` does.
    """
    from impasto._submission import submitted

    asked, record = await _claimed(dispatch, asked)
    async with _failures_of(record):
        job = await submitted(dispatch, asked, where, owner)
    if job._errand is None or not job._errand.lasts or not job._errand.is_under_way():
        await record.released()  # whoever has the job, or the key, may ask for it
    return job


@asynccontextmanager
async def _failures_of(record: Record) -> AsyncIterator[None]:
    """Write down in *record* how what is done meanwhile fails."""
    try:
        yield
    except (Exception, asyncio.CancelledError) as error:
        await record.failed(error)
        raise
    except BaseException:  # the end of the program, or of the loop
        record.abandon()
        raise


async def _claimed(dispatch: Dispatch, asked: Asked) -> tuple[Asked, Record]:
    """Return *asked* as the call of this process alone, and its record."""
    booking = asked.booking
    assert booking is not None
    asked = await readable_again(asked)
    provider, model, digests = await identified(dispatch, asked)
    about = About(
        kind=asked.kind,
        provider=provider,
        model=model,
        prompt=asked.common.get("prompt"),
        fields=as_text(digests),
    )
    store = await asyncio.to_thread(opened, booking.path)
    record = Record(store.path, booking.key, store, again=booking.again, then=asked.witness)
    claiming = asyncio.ensure_future(store.do(lambda db: _entries.claim(db, store, booking, about)))
    try:
        record.remember(await asyncio.shield(claiming))
    except asyncio.CancelledError:
        await asyncio.wait([claiming])
        if claiming.exception() is None:
            await record.released()
        raise
    except BaseException:
        released(store)
        raise
    return evolve(asked, booking=None, witness=record, record=record), record
