"""A small provider to test the core with: it takes orders, knows jobs, and can be told apart."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

import impasto
from impasto import hookimpl
from impasto._arguments import sort
from impasto._dispatch import Dispatch
from impasto._portal import run
from impasto._registry import Registry
from impasto._transport import AIOHTTP
from impasto.testing import PNG, Reply, reply
from impasto.types import (
    Call,
    Image,
    ImageResponse,
    Params,
    Provider,
    Request,
    Response,
    Setting,
)

# The same examples each time, and however slow the machine is.
hypothesis.settings.register_profile("impasto", deadline=None, derandomize=True)
hypothesis.settings.load_profile("impasto")

BASE = "https://api.acme.test"
KEY = "acme-0123456789abcdef"


@hookimpl
def describe() -> Provider:
    return Provider(
        name="acme",
        settings={
            "api_key": Setting(env=("ACME_API_KEY",), secret=True, required=True),
            "api_base": Setting(env=("ACME_BASE_URL",), default=BASE, url=True),
        },
        default_model="oil-2",
    )


@hookimpl
def translate_params(call: Call) -> Params:
    return call.translate("prompt", "n", "size", "seed", response_format=lambda _: {})


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    return Request(url=f"{call.settings['api_base']}/pictures", json=dict(params.values))


@hookimpl
def parse_response(request: Request, response: Response) -> ImageResponse | Request:
    body = response.json()
    if "job" in body:
        return request.follow(body["job"], step="poll", after=body.get("after", 1.0))
    return ImageResponse(data=[_image(one) for one in body["pictures"]])


def _image(text: str) -> Image:
    return Image(url=text) if text.startswith("http") else Image(b64_json=text)


@hookimpl
def build_cancel(request: Request) -> Request:
    return Request(url=f"{request.url}/cancel", method="POST")


class Acme:
    """The provider Acme, and what it says."""

    base = BASE
    key = KEY
    call: Mapping[str, Any] = {"prompt": "a fox", "model": "acme/oil-2", "api_key": KEY}
    jobs = (build_cancel,)

    @staticmethod
    def plugin(*own: Callable[..., Any], **provider: Any) -> ModuleType:
        """Return a plugin in which *own* hooks take the place of the usual ones.

        With *provider*, its description is changed.
        """
        hooks = [describe, translate_params, build_request, parse_response, *own]
        module = ModuleType("acme")
        vars(module).update({hook.__name__: hook for hook in hooks}, CONTRACT=(1, 0))
        if provider:
            module.describe = _described(provider)  # type: ignore[attr-defined]
        return module

    @staticmethod
    def pictures(count: int = 1, **reply_: Any) -> Reply:
        """Return the answer with so many pictures."""
        return reply({"pictures": [base64.b64encode(PNG).decode()] * count}, **reply_)

    @staticmethod
    def urls(*urls: str) -> Reply:
        """Return the answer with pictures behind *urls*."""
        return reply({"pictures": list(urls)})

    @staticmethod
    def job(url: str = f"{BASE}/jobs/7", after: float = 1.0) -> Reply:
        """Return the answer that says where the job is."""
        return reply({"job": url, "after": after})

    @staticmethod
    def where(job: impasto.Job) -> str:
        """Return the URL at which *job* is asked for."""
        return str(json.loads(job.to_json())["orders"][0]["request"]["url"])

    def client(self, plugin: ModuleType | None = None, models: Path | None = None) -> Dispatch:
        """Return a client with Acme alone, on the real network."""
        registry = Registry()
        registry.register("acme", plugin or self.plugin(), models=models)
        return Dispatch(registry=registry, wires=AIOHTTP)

    def ask(self, client: Dispatch, url: str, **call: Any) -> ImageResponse:
        """Make a call at the server *url*, blocking."""
        return run(self.aask(client, url, **call))

    def aask(self, client: Dispatch, url: str, **call: Any) -> Coroutine[Any, Any, ImageResponse]:
        """Return the coroutine of a call at the server *url*."""
        asked = sort("generate", {**self.call, "api_base": url, **call})
        return client.perform(asked, (__file__, 1, globals()))


def _described(changes: Mapping[str, Any]) -> Callable[[], Provider]:
    from attrs import evolve

    provider = evolve(describe(), **changes)

    @hookimpl
    def describe_() -> Provider:
        return provider

    describe_.__name__ = "describe"
    return describe_


@pytest.fixture
def acme() -> Acme:
    """Return the provider Acme."""
    return Acme()


@pytest.fixture
def registered() -> Iterator[Callable[..., None]]:
    """Return a function that makes a plugin the process's provider "acme", for one test."""

    def register(plugin: ModuleType, models: Path | None = None) -> None:
        impasto.register("acme", plugin, models=models, replace=True)

    yield register
    impasto.registry._plugins.pop("acme", None)


# --- a server that says exactly these bytes -----------------------------------------------------


class Peer:
    """One connection to a `Wire`, as its answer sees it.

    Attributes:
        number: Which of the server's requests this one is, from 0.
        request: The request, headers and body; empty before it was read.
        over: Set when the test is over, for answers that never come.
    """

    def __init__(self, connection: socket.socket, number: int, over: threading.Event) -> None:
        self.connection = connection
        self.number = number
        self.request = b""
        self.over = over

    def say(self, data: bytes) -> None:
        """Send *data*."""
        self.connection.sendall(data)

    def reset(self) -> None:
        """Break the connection, without the goodbye that closing it is."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class Wire:
    """A server on loopback that answers each request with what a function does to its peer.

    Where that returns something true, the connection is kept for a further request.

    Attributes:
        url: "http://127.0.0.1:port".
        requests: Every request that arrived whole.
        connections: How many were made.
        closed: How many of these the server has closed.
    """

    def __init__(self, answer: Callable[[Peer], object], *, unread: bool = False) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self._answer = answer
        self._unread = unread
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Wire:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # the test is over
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        with connection, suppress(OSError):
            again: object = True
            while again and not self._over.is_set():
                peer = Peer(connection, len(self.requests), self._over)
                if not self._unread:
                    peer.request = self._read(connection)
                    if not peer.request:
                        break
                    self.requests.append(peer.request)
                again = self._answer(peer)
        self.closed += 1

    def _read(self, connection: socket.socket) -> bytes:
        """Return one whole request, or nothing where the other side goes away."""
        data = b""
        while not self._over.is_set():
            head, end, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
            if end and len(body) >= int(length[1] if length else 0):
                return data
            with suppress(TimeoutError):
                more = connection.recv(65536)
                if not more:
                    return b""
                data += more
        return b""


def _http(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """Return an HTTP answer; its length is stated unless *headers* say how it ends."""
    ends = any(
        header.lower().startswith(("content-l", "transfer-e", "x-end")) for header in headers
    )
    length = () if ends else (f"Content-Length: {len(body)}",)
    head = "\r\n".join([f"HTTP/1.1 {status}", *length, *headers])
    return head.encode() + b"\r\n\r\n" + body


@pytest.fixture
def http() -> Callable[..., bytes]:
    """Return a function that writes an HTTP answer as bytes."""
    return _http


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    """Return a function that starts a `Wire`; it ends with the test."""
    with ExitStack() as stack:
        yield lambda answer, **how: stack.enter_context(Wire(answer, **how))


# --- an event loop on which waiting takes no time -----------------------------------------------


class _Timeless(selectors.DefaultSelector):
    """Where nothing else happens, it is as late as the next thing that is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        found = super().select(0)
        if not found and timeout:
            self.now += timeout
        return found


@pytest.fixture
def timeless() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Return a function that runs a coroutine which needs neither threads nor the network."""

    def run_timeless(coroutine: Coroutine[Any, Any, Any]) -> Any:
        selector = _Timeless()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now  # type: ignore[method-assign]
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.close()

    return run_timeless
