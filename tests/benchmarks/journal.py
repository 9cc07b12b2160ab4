"""What a journal costs a call: ``python tests/benchmarks/journal.py [--calls 500] [--bytes 1500000]``.

Calls of OpenAI's dialect on loopback, one after another and 32 at once, without a journal and with one,
by turns; the median of the rounds is printed, in milliseconds of the whole call, and what the file weighs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from impasto import Journal, aimage_generation
from impasto.testing import PNG, FakeServer, reply

AT_ONCE = 32


async def seconds(calls: int, at_once: int, call: dict[str, Any]) -> float:
    """Return how long each of so many calls took, on average."""
    gate = asyncio.Semaphore(at_once)

    async def one() -> None:
        async with gate:
            await aimage_generation("a fox", **call)

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(calls)))
    return (time.perf_counter() - begun) / calls


async def measure(calls: int, rounds: int, url: str, journal: Path) -> None:
    """Print the median of the rounds for each way."""
    call = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef", "api_base": url}
    await seconds(10, 1, call)
    for at_once in (1, AT_ONCE):
        without, with_one = [], []
        for _ in range(rounds):
            without.append(await seconds(calls, at_once, call))
            with_one.append(await seconds(calls, at_once, {**call, "journal": journal}))
        before, after = statistics.median(without), statistics.median(with_one)
        print(
            f"{at_once:>2} at once: {before * 1000:.2f} ms a call without a journal, "
            f"{after * 1000:.2f} ms with one: {(after - before) * 1000:.2f} ms more"
        )


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=0, help="of each picture, beyond the header")
    given = parser.parse_args()
    picture = base64.b64encode(PNG + bytes(given.bytes)).decode()
    answer = reply({"created": 1, "data": [{"b64_json": picture}]})
    with tempfile.TemporaryDirectory() as folder, FakeServer(lambda _: answer) as server:
        path = Path(folder, "jobs.db")
        asyncio.run(measure(given.calls, given.rounds, server.url, path))
        with Journal(path) as journal:
            begun = time.perf_counter()
            count = len(journal.jobs())
            listed = time.perf_counter() - begun
        weight = path.stat().st_size / count
        print(f"{count:,} entries listed in {listed * 1000:.0f} ms; {weight / 1000:.1f} kB each")


if __name__ == "__main__":
    main()
