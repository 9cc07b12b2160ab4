"""One client in a process of its own: it makes calls when it is told to, and says what they took.

``python client.py NAME`` with NAME raw, impasto, openai or litellm; on standard input a line of
JSON that says what to ask for, then one for each turn, each answered with a line of JSON.  Only
the standard library is imported here, and the one client that is measured.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self, cast
from urllib.parse import urlsplit

Told = Mapping[str, Any]  # JSON from whoever measures


class Client(Protocol):
    """What is measured; both forms return the picture, as bytes or in base64."""

    async def ask(self, base: str, as_bytes: bool) -> bytes | str: ...

    def ask_and_wait(self, base: str, as_bytes: bool) -> bytes | str: ...

    async def ask_and_save(self, base: str, file: Path) -> None:
        """Write the picture to *file*."""
        found = await self.ask(base, True)
        assert isinstance(found, bytes)
        await asyncio.to_thread(file.write_bytes, found)


class Streaming(Protocol):
    """A client that can stream: it returns the first partial picture, and when it was there."""

    async def first_partial(self, base: str, as_bytes: bool) -> tuple[bytes | str, float]: ...


_PARTIALS = {"stream": True, "partial_images": 1}


class Raw(Client):
    """aiohttp, and http.client for the blocking form, as a careful program would use them.

    Sends prepared requests, whose JSON it encodes each time as everybody does: one in OpenAI's
    dialect, or what impasto sent to another service.
    """

    def __init__(self, told: Told) -> None:
        import aiohttp
        from yarl import URL

        self._aiohttp, self._url = aiohttp, URL
        self._requests = told["requests"]
        self._session: Any = None
        self._of_thread = threading.local()

    async def first_partial(self, base: str, as_bytes: bool) -> tuple[bytes | str, float]:
        (request,) = self._requests
        held: list[bytes] = []
        async with self._begun().post(
            base + request["path"],
            headers=request["headers"],
            json={**request["json"], **_PARTIALS},
        ) as response:
            assert response.status < 300, response.status
            async for piece in response.content.iter_any():
                held.append(piece)
                if b"\n\n" in piece:
                    break
            event = b"".join(held).partition(b"\n\n")[0]
            found = json.loads(event.partition(b"\ndata: ")[2])
            seen = _picture(found, ["b64_json"], as_bytes), time.perf_counter()
            async for _ in response.content.iter_any():
                pass
        return seen

    def _begun(self) -> Any:
        if self._session is None:
            connector = self._aiohttp.TCPConnector(limit=0)
            self._session = self._aiohttp.ClientSession(connector=connector)
        return self._session

    async def ask(self, base: str, as_bytes: bool) -> bytes | str:
        session = self._begun()
        for request in self._requests:
            url = self._url(base + request["path"], encoded=True)
            async with session.request(
                request["method"], url, headers=request["headers"], json=request["json"]
            ) as response:
                assert response.status < 300, response.status
                path = request["picture"]
                read = response.read() if path is None else response.json()
                found = await read
        return _picture(found, path, as_bytes)

    def ask_and_wait(self, base: str, as_bytes: bool) -> bytes | str:
        connection = self._connection(base)
        for request in self._requests:
            body = None if request["json"] is None else json.dumps(request["json"])
            headers = {**request["headers"], "Content-Type": "application/json"}
            connection.request(request["method"], request["path"], body, headers)
            response = connection.getresponse()
            assert response.status < 300, response.status
            path, found = request["picture"], response.read()
        return _picture(found if path is None else json.loads(found), path, as_bytes)

    def _connection(self, base: str) -> Any:
        import http.client

        kept = self._of_thread.__dict__
        if base not in kept:
            kept[base] = http.client.HTTPConnection(urlsplit(base).netloc)
        return kept[base]


def _picture(found: Any, path: list[str | int] | None, as_bytes: bool) -> bytes | str:
    """Return the picture at *path* in an answer's JSON; without a path, the answer is one."""
    if path is None:
        return bytes(found)
    for key in path:
        found = found[key]
    return base64.b64decode(found) if as_bytes else str(found)


class Impasto(Client):
    """`aimage_generation` and `image_generation`, with a key and a base."""

    def __init__(self, told: Told) -> None:
        import impasto

        self._impasto = impasto
        self._settings = told["settings"]

    async def ask(self, base: str, as_bytes: bool) -> bytes | str:
        response = await self._impasto.aimage_generation(**{**self._settings, "api_base": base})
        image = response.data[0]
        return await image.aread() if as_bytes else image.b64_json

    async def first_partial(self, base: str, as_bytes: bool) -> tuple[bytes | str, float]:
        settings = {**self._settings, "api_base": base, **_PARTIALS}
        seen: list[tuple[bytes | str, float]] = []
        async for event in await self._impasto.aimage_generation(**settings):
            if event.type == "partial" and not seen:
                image = event.image
                found = await image.aread() if as_bytes else image.b64_json
                seen.append((found, time.perf_counter()))
        return seen[0]

    async def ask_and_save(self, base: str, file: Path) -> None:
        response = await self._impasto.aimage_generation(**{**self._settings, "api_base": base})
        await asyncio.to_thread(response.data[0].save, file, overwrite=True)

    def ask_and_wait(self, base: str, as_bytes: bool) -> bytes | str:
        response = self._impasto.image_generation(**{**self._settings, "api_base": base})
        image = response.data[0]
        return image.read() if as_bytes else image.b64_json


class LiteLLM(Client):
    """The same functions of LiteLLM, without what it fetches from the network at its import."""

    def __init__(self, told: Told) -> None:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm

        litellm.suppress_debug_info = True
        self._litellm = litellm
        self._settings = told["settings"]

    async def ask(self, base: str, as_bytes: bool) -> bytes | str:
        response = await self._litellm.aimage_generation(**self._settings, api_base=f"{base}/v1")
        return _picture(response.data[0].b64_json, [], as_bytes)

    def ask_and_wait(self, base: str, as_bytes: bool) -> bytes | str:
        response = self._litellm.image_generation(**self._settings, api_base=f"{base}/v1")
        return _picture(response.data[0].b64_json, [], as_bytes)


class OpenAI(Client):
    """The official SDK, one client for all calls."""

    def __init__(self, told: Told) -> None:
        import openai

        settings = dict(told["settings"])
        key, settings["model"] = settings.pop("api_key"), settings["model"].partition("/")[2]
        self._settings = settings
        self._awaited = cache(lambda base: openai.AsyncOpenAI(api_key=key, base_url=f"{base}/v1"))
        self._blocking = cache(lambda base: openai.OpenAI(api_key=key, base_url=f"{base}/v1"))

    async def ask(self, base: str, as_bytes: bool) -> bytes | str:
        response = await self._awaited(base).images.generate(**self._settings)
        return _picture(response.data[0].b64_json, [], as_bytes)

    async def first_partial(self, base: str, as_bytes: bool) -> tuple[bytes | str, float]:
        seen: list[tuple[bytes | str, float]] = []
        images = self._awaited(base).images
        async for event in await images.generate(**self._settings, **_PARTIALS):
            if event.type.endswith("partial_image") and not seen:
                seen.append((_picture(event.b64_json, [], as_bytes), time.perf_counter()))
        return seen[0]

    def ask_and_wait(self, base: str, as_bytes: bool) -> bytes | str:
        response = self._blocking(base).images.generate(**self._settings)
        return _picture(response.data[0].b64_json, [], as_bytes)


CLIENTS: dict[str, Callable[[Told], Client]] = {
    "raw": Raw,
    "impasto": Impasto,
    "openai": OpenAI,
    "litellm": LiteLLM,
}


# --- one turn ---


class Stopwatch:
    """Counts the seconds of each call, and those and the CPU of all of them.

    Attributes:
        each: Seconds of each call.
        seconds: From the first to the last.
        cpu: Seconds of all threads meanwhile.
    """

    def __init__(self) -> None:
        self.each: list[float] = []

    def __enter__(self) -> Self:
        self._begun, self._spent = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._begun
        self.cpu = time.process_time() - self._spent


async def _awaited(ask: Callable[[], Awaitable[None]], calls: int, at_once: int) -> Stopwatch:
    """Make *calls*, keeping *at_once* under way."""
    watch = Stopwatch()
    numbers = iter(range(calls))

    async def lane() -> None:
        for _ in numbers:
            begun = time.perf_counter()
            await ask()
            watch.each.append(time.perf_counter() - begun)

    with watch:
        if at_once == 1:
            await lane()
        else:
            await asyncio.gather(*(lane() for _ in range(at_once)))
    return watch


def _blocking(ask: Callable[[], None], calls: int, pool: ThreadPoolExecutor | None) -> Stopwatch:
    """Make *calls* one after another, or from the threads of *pool*."""
    watch = Stopwatch()

    def timed(_: int) -> None:
        begun = time.perf_counter()
        ask()
        watch.each.append(time.perf_counter() - begun)

    with watch:
        list(map(timed, range(calls)) if pool is None else pool.map(timed, range(calls)))
    return watch


class Watch:
    """Sees how long the event loop stands still.

    Attributes:
        longest: Seconds in which nothing else had a turn.
    """

    longest = 0.0

    async def __aenter__(self) -> Watch:
        self._task = asyncio.ensure_future(self._look())
        await asyncio.sleep(0.01)
        self.longest = 0.0
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _look(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - before - 0.001)


class Turns:
    """Performs turns with one client, in one event loop."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._runner = asyncio.Runner()
        self._pool = cache(ThreadPoolExecutor)
        self._waiting: list[asyncio.Future[bytes | str]] = []

    def turn(self, told: Told) -> dict[str, Any]:
        """Do what *told* says and return seconds, CPU, memory and the longest stall."""
        perform = self._of_blocking if told.get("blocking") else self._of_awaited
        perform = self._of_streams if told.get("stream") else perform
        sampling = _sampling() if told.get("profile") else nullcontext()
        before = _forgotten_peak()
        with sampling as samples:
            watch, stall = perform(told)
        assert len(watch.each) == told["calls"]
        return {
            "seconds": watch.seconds,
            "cpu": watch.cpu,
            "middle": sorted(watch.each)[len(watch.each) // 2],
            "stall": stall,
            "before": before,
            "peak": memory_in_mb("VmHWM"),
            **({"profile": samples.told()} if samples else {}),
        }

    def _of_awaited(self, told: Told) -> tuple[Stopwatch, float]:
        self._hang(told.get("hanging"), told["at_once"])

        folder = told.get("folder")
        numbers = itertools.cycle(range(told["at_once"]))

        async def ask() -> None:
            found = await self._client.ask(told["base"], told["as_bytes"])
            assert len(found) == told["length"], found[:80]

        async def save() -> None:
            file = Path(folder, f"{os.getpid()}-{next(numbers)}.png")
            await self._client.ask_and_save(told["base"], file)
            assert file.stat().st_size == told["length"], file

        make = save if folder else ask

        async def watched() -> tuple[Stopwatch, float]:
            if not told.get("watch"):
                return await _awaited(make, told["calls"], told["at_once"]), 0.0
            async with Watch() as watch:
                taken = await _awaited(make, told["calls"], told["at_once"])
                await asyncio.sleep(0.002)  # so that it sees what has just ended
            return taken, watch.longest

        return self._runner.run(watched())

    def _of_streams(self, told: Told) -> tuple[Stopwatch, float]:
        """Time each call until its first partial picture is there, as bytes."""
        client = cast("Streaming", self._client)

        async def watched() -> Stopwatch:
            watch = Stopwatch()
            with watch:
                for _ in range(told["calls"]):
                    begun = time.perf_counter()
                    found, seen = await client.first_partial(told["base"], told["as_bytes"])
                    assert len(found) == told["length"], found[:80]
                    watch.each.append(seen - begun)
            return watch

        return self._runner.run(watched()), 0.0

    def _hang(self, base: str | None, calls: int) -> None:
        """Begin so many calls that get no answer, once, and leave them alone."""
        if base is None or self._waiting:
            return

        async def begin() -> None:
            asks = (self._client.ask(base, True) for _ in range(calls))
            self._waiting.extend(map(asyncio.ensure_future, asks))
            await asyncio.sleep(0.5)  # until all of them wait for their answers

        self._runner.run(begin())

    def _of_blocking(self, told: Told) -> tuple[Stopwatch, float]:
        def ask() -> None:
            found = self._client.ask_and_wait(told["base"], told["as_bytes"])
            assert len(found) == told["length"], found[:80]

        pool = None if told["at_once"] == 1 else self._pool(told["at_once"])
        return _blocking(ask, told["calls"], pool), 0.0


def _sampling() -> AbstractContextManager[Any]:
    from sampling import Samples

    return Samples()


# --- memory ---


def memory_in_mb(what: str) -> float:
    """Return this process's memory: "VmRSS" now, "VmHWM" at its peak.

    Where there is no /proc, the peak alone is known, and that since the process began.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith(what))
        return int(line.split()[1]) / 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def _forgotten_peak() -> float:
    """Begin a new peak, where the system can, and return the memory in use now."""
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")  # proc(5): resets the peak resident set size
    return memory_in_mb("VmRSS")


def main() -> None:
    """Answer one line with one line, until there are no more."""
    name, _, extras = sys.argv[1].partition("+")  # "impasto+otel"
    os.environ["IMPASTO_EXTRAS"] = extras
    turns = Turns(CLIENTS[name](json.loads(sys.stdin.readline())))
    replies, sys.stdout = sys.stdout, sys.stderr  # what clients print is not an answer
    for line in sys.stdin:
        replies.write(json.dumps(turns.turn(json.loads(line))) + "\n")
        replies.flush()
    os._exit(0)  # what a library does at its end is not measured, and not waited for


if __name__ == "__main__":
    main()
