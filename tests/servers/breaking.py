"""Breaks the connection at every byte of a call's requests and answers, and tells what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Literal

from attrs import frozen
from market import WELL, Asked, Fate, Market

from impasto import ImpastoError, aimage_generation
from impasto.testing import PNG
from impasto.types import ImageResponse

_AT_ONCE = 100  # a guess: enough that nobody waits for the pauses before a repeat

# Where a provider has jobs, the call is both waited for in one request and asked for again.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("openai", {}),
    "azure": ("azure", {}),
    "bedrock": ("bedrock", {}),
    "vertex_ai": ("vertex_ai", {}),
    "replicate": ("replicate", {}),
    "replicate, asked for again": ("replicate", {"wait": False, "poll_interval": 0.01}),
    "together_ai": ("together_ai", {}),
}


@frozen(kw_only=True)
class Break:
    """Where the connection breaks.

    Attributes:
        number: In which of the call's requests, from 0, which is the order.
        part: Of the request or of its answer.
        at: After so many bytes.
        ends: How; "unsaid" is a farewell after an answer that does not say how long it is.
    """

    number: int
    part: Literal["request", "answer"]
    at: int
    ends: Literal["reset", "close", "unsaid"] = "reset"


@frozen(kw_only=True)
class Came:
    """What came of a call.

    Attributes:
        broke: Where its connection broke.
        orders: How many orders arrived whole.
        error: What was raised; None: nothing.
        lost: Whether there is no picture, also where the error's job is asked once more.
    """

    broke: Break
    orders: int
    error: ImpastoError | None
    lost: bool


def breaks(lengths: list[tuple[int, int]], step: int) -> Iterator[Break]:
    """Yield every *step*th place where a call can break whose requests and answers are so long."""
    for number, (request, answer) in enumerate(lengths):
        for at in {*range(0, request, step), request}:
            yield Break(number=number, part="request", at=at)
        for at in {*range(0, answer, step), answer - 1}:
            yield Break(number=number, part="answer", at=at)
            yield Break(number=number, part="answer", at=at, ends="close")
            yield Break(number=number, part="answer", at=at, ends="unsaid")


async def broken(way: str, step: int = 1) -> list[Came]:
    """Return what came of calls of that *way*, one for each *step*th place where one can break."""
    async with Market() as market:
        assert await _asked(market, way) == (None, False)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(place: Break) -> Came:
        async with gate:
            return await _broken_at(place, way)

    return await asyncio.gather(*map(one, breaks(market.lengths, step)))


async def _broken_at(place: Break, way: str) -> Came:
    """Make a call that breaks at *place*; whatever comes after it goes well."""

    def decides(asked: Asked) -> Fate:
        if place.part == "request" or asked.nth != place.number:
            return WELL
        ends = "reset" if place.ends == "reset" else "close"
        return Fate(said=place.at, ends=ends, length=place.ends != "unsaid")

    async with Market(decides) as market:
        if place.part == "request":
            market.breaks = lambda number: place.at if number == place.number else None
        error, lost = await _asked(market, way)
    return Came(broke=place, orders=market.orders.total(), error=error, lost=lost)


async def _asked(market: Market, way: str) -> tuple[ImpastoError | None, bool]:
    """Return what was raised, and whether no picture came in the end."""
    name, more = WAYS[way]
    try:
        return None, await _is_lost(await aimage_generation(**market.call(name, 0), **more))
    except ImpastoError as error:
        if error.job is None:
            return error, True
        return error, await _is_lost(await error.job.aresult())


async def _is_lost(response: ImageResponse) -> bool:
    return await response.data[0].aread() != PNG
