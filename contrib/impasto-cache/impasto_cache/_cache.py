"""What happens to one call: it is looked for, made where it is missing, and kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from attrs import evolve, frozen

from impasto import ImageResponse, ImpastoError
from impasto.types import Call
from impasto_cache._key import key as key_of
from impasto_cache._store import Store
from impasto_cache._turns import turn
from impasto_cache._wishes import Wishes, wishes

Proceed = Callable[[Call], Awaitable[ImageResponse]]
log = logging.getLogger("impasto_cache")

# A guess: by then, who waits for a picture wants what there is.
_SECONDS_TO_FETCH = 30.0


@frozen(kw_only=True)
class Cache:
    """Answers calls that were made before.

    Attributes:
        store: Where the answers are.
    """

    store: Store

    async def around(self, call: Call, proceed: Proceed) -> ImageResponse:
        """Return the answer that is kept, else what *proceed* returns for *call*.

        Raises:
            BadRequestError: *call.cache* is nothing that this cache does.
        """
        wanted = wishes(call.cache)
        key = await _key(call) if wanted.reads or wanted.writes else None
        if key is None:
            return await proceed(call)
        if not wanted.reads:
            return await self._made(key, call, proceed, wanted)
        before = self.store.mark(key)
        found = await self._found(key, call, wanted)
        if found is not None:
            return found
        try:
            path = self.store.lock_path(key)
        except OSError as error:
            log.warning("nothing can be kept: %s", error)
            return await proceed(call)
        async with turn(
            path, call.timeout or 0.0, lambda: self.store.mark(key) not in (before, None)
        ):
            found = await self._found(key, call, wanted)  # by whoever had the turn before
            return found or await self._made(key, call, proceed, wanted)

    async def _found(self, key: str, call: Call, wanted: Wishes) -> ImageResponse | None:
        return await asyncio.to_thread(self.store.get, key, call, wanted.age)

    async def _made(self, key: str, call: Call, proceed: Proceed, wanted: Wishes) -> ImageResponse:
        """Return what *proceed* returns for *call*, kept where it is all that was asked for."""
        response = await proceed(call)
        if not wanted.writes or not _is_complete(call, response):
            return response
        try:
            pictures = await asyncio.gather(
                *(one.aread(timeout=_SECONDS_TO_FETCH) for one in response.data)
            )
        except ImpastoError as error:
            log.warning("an answer is not kept, since a picture cannot be had: %s", error.message)
            return response
        await asyncio.to_thread(self.store.put, key, response, pictures, wanted.expiry())
        both = zip(response.data, pictures, strict=True)
        # who fetched them once need not do so again
        data = [one.with_content(content) if one.url else one for one, content in both]
        return evolve(response, data=data)


async def _key(call: Call) -> str | None:
    if call.images or call.mask is not None:  # a digest of all their bytes
        return await asyncio.to_thread(key_of, call)
    return key_of(call)


def _is_complete(call: Call, response: ImageResponse) -> bool:
    """Return whether *response* is all that *call* asked for, by the model that it asked."""
    fate = response.params.get("n")
    wanted = 1 if fate is not None and fate.outcome == "dropped" else call.n or 1
    return not response.errors and not response.attempts and len(response.data) >= wanted
