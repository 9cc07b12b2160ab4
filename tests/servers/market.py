"""The first six services behind one address, which break off at any byte and count what was bought.

A call goes to a path of its own, ``/NAME.NUMBER``, and by that its orders are counted.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Literal, Self

from attrs import frozen
from vendors import VENDORS

from impasto.testing import PNG, Received, Reply

# What it takes to send a call to a path below the host, where that is not the path alone.
_BELOW = {"together_ai": "/v1"}
_TICKET = re.compile(r"/(?P<ticket>(?P<name>[a-z_]+)\.\w+)(?:/v1(?=/v1/))?(?P<path>/.*)")


def _as_it_is(reply: Reply) -> Reply:
    return reply


@frozen(kw_only=True)
class Asked:
    """One request, as far as it was read.

    Attributes:
        ticket: "openai.17", the call that it belongs to.
        name: The service.
        nth: Which request of its call it is, from 0.
        orders: Whether it orders a picture.
        path: As the service knows it.
    """

    ticket: str
    name: str
    nth: int
    orders: bool
    path: str


@frozen(kw_only=True)
class Fate:
    """What becomes of a request that arrived whole.

    Attributes:
        answer: What becomes of the service's answer.
        said: So many bytes of the answer are sent before the connection breaks; None: all.
        ends: How it breaks: "reset", "close" (with a farewell), or "hang" (never).
        length: Whether the answer says how long it is; else the connection's end is its end.
        pause: Seconds between two bytes of the answer.
        bills: Whether the service takes the order, and its price.
    """

    answer: Callable[[Reply], Reply] = _as_it_is
    said: int | None = None
    ends: Literal["reset", "close", "hang"] = "reset"
    length: bool = True
    pause: float = 0.0
    bills: bool = True


WELL = Fate()
Decides = Callable[[Asked], Fate]


class Market:
    """A server on loopback; a context manager, in a thread of its own, or `listening()` in a task.

    Attributes:
        url: "http://127.0.0.1:port", once it serves.
        orders: How many orders arrived whole, by call.
        billed: How many of these are paid for.
        lengths: Those of each request and its answer, in bytes.
        breaks: After how many of its bytes a request is reset, by its number; None: not at all.
    """

    def __init__(self, decides: Decides = lambda asked: WELL) -> None:
        self.url = ""
        self.orders: Counter[str] = Counter()
        self.billed: Counter[str] = Counter()
        self.lengths: list[tuple[int, int]] = []
        self.breaks: Callable[[int], int | None] = lambda number: None
        self._decides = decides
        self._seen: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def call(self, name: str, number: object) -> dict[str, Any]:
        """Return the arguments of the call *number* of the service *name*."""
        base = f"{self.url}/{name}.{number}{_BELOW.get(name, '')}"
        return {"prompt": "a fox", **VENDORS[name].settings, "api_base": base}

    # --- serving ---

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="market", daemon=True)
        self._thread.start()
        self._there(self.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._there(self.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def _there(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            with suppress(OSError, EOFError):
                while await self._one(reader, writer):
                    pass
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            writer.close()
            self._open.discard(writer)
            self._tasks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection is kept."""
        at_most = self.breaks(next(self._numbers))
        received = asked = None
        with suppress(asyncio.IncompleteReadError):
            source = reader if at_most is None else _only(await reader.readexactly(at_most))
            asked, received = await self._read(source)
        if asked is None or received is None:
            _reset(writer)
            return False
        fate = self._decides(asked)
        self.orders[asked.ticket] += asked.orders
        made = VENDORS[asked.name].answer(received, PNG)
        self.billed[asked.ticket] += asked.orders and fate.bills and made.status < 400
        said = _http(fate.answer(made), length=fate.length)
        self.lengths[-1] = (self.lengths[-1][0], len(said))
        if at_most is not None:
            _reset(writer)
            return False
        return await _say(reader, writer, said, fate)

    async def _read(self, source: asyncio.StreamReader) -> tuple[Asked, Received]:
        head = await source.readuntil(b"\r\n\r\n")
        asked, headers = self._understood(head)
        body = await source.readexactly(int(headers.get("content-length", 0)))
        method = head.partition(b" ")[0].decode()
        self.lengths.append((len(head) + len(body), 0))
        return asked, Received(method=method, path=asked.path, headers=headers, body=body)

    def _understood(self, head: bytes) -> tuple[Asked, dict[str, str]]:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        found = _TICKET.fullmatch(path)
        assert found is not None, path
        ticket, name = found["ticket"], found["name"]
        headers = {
            key.lower(): value for key, _, value in (line.partition(": ") for line in lines if line)
        }
        headers["host"] += f"/{ticket}"  # the URLs in its answers lead back to this call's path
        nth, self._seen[ticket] = self._seen[ticket], self._seen[ticket] + 1
        path = _BELOW.get(name, "") + found["path"].removeprefix(_BELOW.get(name, ""))
        orders = method == "POST" and VENDORS[name].buys in path and "/cancel" not in path
        return Asked(ticket=ticket, name=name, nth=nth, orders=orders, path=path), headers


def _only(data: bytes) -> asyncio.StreamReader:
    """Return a stream that ends after *data*."""
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    return stream


async def _say(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes, fate: Fate
) -> bool:
    """Send *said* as *fate* will have it; return whether the connection is kept."""
    part = said if fate.said is None else said[: fate.said]
    for piece in [part] if not fate.pause else [part[at : at + 1] for at in range(len(part))]:
        writer.write(piece)
        await writer.drain()
        if fate.pause:
            await asyncio.sleep(fate.pause)
    if fate.said is None and fate.length:
        return True
    if fate.ends == "hang":
        await reader.read()
    elif fate.ends == "reset" and fate.said is not None:
        await asyncio.sleep(0.005)  # so that what was said is there before the end comes
        _reset(writer)
    return False


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection, without the goodbye that closing it is."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _http(reply: Reply, *, length: bool) -> bytes:
    headers = dict(reply.headers)
    if length:
        headers["Content-Length"] = str(len(reply.body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} Told\r\n{lines}\r\n".encode() + reply.body
