"""Calls a job off: here, where its orders are placed, and at the provider."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import TYPE_CHECKING

from impasto._engine import CANCEL_SECONDS
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto._jobs import Job


async def stopped(job: Job, called_off: bool | None) -> bool:
    """Stop *job*; return whether the provider stopped it, or nothing was ordered yet.

    Args:
        job: Which.
        called_off: What `call_off` returned, where it was done already.
    """
    if called_off is None:
        called_off = await _called_off(job)
    if job._has_ended():
        return bool(called_off)
    orders = await job._opened()
    if not orders.open():
        return bool(called_off)
    stopped = await orders.stop()
    job._cancelled = stopped or called_off is not None
    return stopped and called_off is not False


async def _called_off(job: Job) -> bool | None:
    """Do `call_off` in the event loop in which the order is placed."""
    errand = job._errand
    if errand is None or not errand.lasts or not errand.is_under_way() or errand.is_here():
        return call_off(job)
    answer: concurrent.futures.Future[bool | None] = concurrent.futures.Future()
    try:
        errand.loop.call_soon_threadsafe(lambda: answer.set_result(call_off(job)))
        async with asyncio.timeout(CANCEL_SECONDS):
            return await asyncio.wrap_future(answer)
    except (RuntimeError, TimeoutError):  # that loop is closed, or stands still
        return False


def call_off(job: Job) -> bool | None:
    """Stop the placing of orders; return whether none had gone out, None if all have ended."""
    errand = job._errand
    if errand is None or not errand.lasts or not errand.is_under_way():
        return None
    errand.stop()
    job._cancelled = True
    unsure = job._watch is not None and bool(job._watch.in_flight)
    if job._orders is not None:
        unsure = unsure or job._orders.in_flight()
        job._orders.call_off()
    else:
        job._error = ImpastoError("this job was cancelled here", maybe_accepted=unsure)
    return not unsure
