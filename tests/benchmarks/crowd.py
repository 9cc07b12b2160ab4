"""Many calls at once of each of the first six services, each answered after half a second.

Beside raw aiohttp, and beside a service that does not answer, which must delay nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp

import impasto

SERVERS = Path(__file__).parents[1] / "servers"
sys.path.insert(0, str(SERVERS))

from vendors import VENDORS  # noqa: E402 - it lies beside, not on the path

CALLS = 48
LATENCY = 0.5  # seconds until the service answers
ROUNDS = 3


@contextlib.contextmanager
def service(name: str, seconds: float = 0.0, size: int = 0) -> Iterator[str]:
    """Run the service *name* in a process of its own, and give its URL."""
    command = [sys.executable, str(SERVERS / "vendors.py"), name, str(seconds), str(size)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def seconds_of(call: Callable[[], Awaitable[object]], calls: int) -> float:
    """Return how long *calls* at once take."""
    begun = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(calls)))
    return time.perf_counter() - begun


async def crowd(name: str, url: str, calls: int) -> float:
    """Return the seconds of the last round of *calls* at once, the first being a warm-up."""
    settings = {"prompt": "a fox", **VENDORS[name].settings, "api_base": url}
    for _ in range(ROUNDS):
        last = await seconds_of(lambda: impasto.aimage_generation(**settings), calls)
    return last


async def raw_crowd(url: str, calls: int) -> float:
    """Return the same for raw aiohttp, asking the service that speaks OpenAI's dialect."""
    body = {"model": "gpt-image-2", "prompt": "a fox"}
    headers = {"Authorization": f"Bearer {VENDORS['openai'].key}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def ask() -> None:
            async with session.post(f"{url}/v1/images/generations", json=body) as response:
                await response.json()

        for _ in range(ROUNDS):
            last = await seconds_of(ask, calls)
    return last


async def beside_a_hanging_one(url: str, hanging: str) -> float:
    """Return the seconds of a crowd while as many calls of another service get no answer."""
    settings = {"prompt": "a fox", **VENDORS["together_ai"].settings, "api_base": hanging}
    waiting = [asyncio.ensure_future(impasto.aimage_generation(**settings)) for _ in range(CALLS)]
    try:
        return await crowd("openai", url, CALLS)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def run(calls: int = CALLS) -> dict[str, float]:
    """Return, for each service, the seconds of *calls* at once in parts of the latency."""
    taken = {}
    with service("openai", LATENCY) as url:
        taken["raw aiohttp"] = asyncio.run(raw_crowd(url, calls))
    for name in VENDORS:
        with service(name, LATENCY) as url:
            taken[name] = asyncio.run(crowd(name, url, calls))
    with service("openai", LATENCY) as url, service("together_ai", 600) as hanging:
        taken["openai, while another one hangs"] = asyncio.run(beside_a_hanging_one(url, hanging))
    return {name: seconds / LATENCY for name, seconds in taken.items()}


if __name__ == "__main__":
    for name, ratio in run(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS).items():
        print(f"{name:34} {ratio:.2f} times the latency")
