"""How long the event loop stands still while pictures of 4 MB (base64) come, beside raw aiohttp."""

from __future__ import annotations

import asyncio
import base64
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
from crowd import VENDORS, service

import impasto

SIZE = 3_000_000  # bytes; as base64 it is 4 MB
AT_ONCE = (1, 16)
ROUNDS = 7

Call = Callable[[], Awaitable[object]]


async def longest_stall(call: Call, at_once: int) -> float:
    """Return the longest time, in ms, in which the loop did nothing else: a middling round's."""
    await asyncio.gather(*(call() for _ in range(at_once)))
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    watching = asyncio.ensure_future(watch())
    await asyncio.sleep(0.01)
    rounds = []
    for _ in range(ROUNDS):
        longest = 0.0
        await asyncio.gather(*(call() for _ in range(at_once)))
        rounds.append(longest)
    watching.cancel()
    return statistics.median(rounds) * 1e3


async def stalls(call: Call) -> dict[int, float]:
    return {at_once: await longest_stall(call, at_once) for at_once in AT_ONCE}


async def ours(name: str, url: str) -> dict[int, float]:
    settings = {"prompt": "a fox", **VENDORS[name].settings, "api_base": url}

    async def ask() -> bytes:
        response = await impasto.aimage_generation(**settings)
        return await response.data[0].aread()

    return await stalls(ask)


async def raw(url: str) -> dict[int, float]:
    body = {"model": "gpt-image-2", "prompt": "a fox"}
    headers = {"Authorization": f"Bearer {VENDORS['openai'].key}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def ask() -> object:
            async with session.post(f"{url}/v1/images/generations", json=body) as response:
                answer = await response.json()
            return base64.b64decode(answer["data"][0]["b64_json"])

        return await stalls(ask)


def run() -> dict[str, dict[int, float]]:
    """Return the longest stall, in ms, of each service, by how many pictures came at once."""
    with service("openai", 0.05, SIZE) as url:
        found = {"raw aiohttp": asyncio.run(raw(url))}
    for name in VENDORS:
        with service(name, 0.05, SIZE) as url:
            found[name] = asyncio.run(ours(name, url))
    return found


if __name__ == "__main__":
    for name, by_count in run().items():
        told = ", ".join(f"{ms:6.1f} ms with {count} at once" for count, ms in by_count.items())
        sys.stdout.write(f"{name:16} {told}\n")
