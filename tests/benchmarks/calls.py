"""CPU of one small call after another: impasto against raw aiohttp, in turns, in one process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

import impasto

KEY = "sk-0123456789abcdef"
BODY = {"model": "dall-e-2", "prompt": "a fox", "n": 1, "size": "1024x1024"}
CALLS = 300
ROUNDS = 15

Calling = Callable[[], Awaitable[object]]


async def cpu_of(call: Calling) -> float:
    """Return milliseconds of CPU for one call, all threads together."""
    begun = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - begun) / CALLS * 1e3


async def measured(base: str) -> dict[str, float]:
    async with aiohttp.ClientSession() as session:

        async def raw() -> object:
            headers = {"Authorization": f"Bearer {KEY}"}
            async with session.post(f"{base}/images/generations", json=BODY, headers=headers) as it:
                return (await it.json())["data"][0]["b64_json"]

        async def ours() -> object:
            response = await impasto.aimage_generation(
                "a fox", "openai/gateway-1", 1, size="1024x1024", api_base=base, api_key=KEY
            )
            return response.data[0].b64_json

        async def ours_listed() -> object:
            response = await impasto.aimage_generation(
                "a fox", "openai/gpt-image-2", 1, size="1024x1024", api_base=base, api_key=KEY
            )
            return response.data[0].b64_json

        kinds: dict[str, Calling] = {"raw": raw, "impasto": ours, "impasto, listed": ours_listed}
        for call in kinds.values():
            await cpu_of(call)
        rounds = [{name: await cpu_of(call) for name, call in kinds.items()} for _ in range(ROUNDS)]
    # The shortest: whatever else the machine does only ever adds.
    least = {name: min(one[name] for one in rounds) for name in kinds}
    return {**least, "ratio": least["impasto, listed"] / least["raw"]}


def run() -> dict[str, float]:
    """Return milliseconds of CPU a call for each way, and the ratio of the two."""
    server = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        return asyncio.run(measured(f"http://127.0.0.1:{port}/v1"))
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:16} {value:.3f}")
