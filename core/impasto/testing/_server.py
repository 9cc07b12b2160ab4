"""A real server on loopback that answers as it is told, and fails as it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections.abc import Callable, Coroutine
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from attrs import field, frozen

from impasto._http import Json
from impasto.testing._forms import FormPart, form_parts
from impasto.testing._pictures import PNG
from impasto.testing._reply import Reply, event_stream, reply

_LONGEST_HANG = 600.0  # seconds; longer than any test, so that a forgotten server ends


@frozen(kw_only=True)
class Received:
    """One request that arrived.

    Attributes:
        method: "POST", "GET".
        path: With the query.
        headers: Names in lower case.
        body: The bytes.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Json:
        """Return the body read as JSON."""
        import json

        return json.loads(self.body)

    def parts(self) -> tuple[FormPart, ...]:
        """Return the parts of the body, a multipart form, in their order.

        Raises:
            ValueError: it is none.
        """
        return form_parts(self.body, self.headers.get("content-type", ""))


Handler = Callable[[Received], Reply]


class FakeServer:
    """A server for a test or a person; a context manager, in a thread of its own.

    Without further ado it speaks OpenAI's dialect and sends small real pictures.  `will()` makes
    it fail: with a `Reply` of your own, or with one of `FAULTS`.  To try it by hand, there is
    ``python -m impasto.testing --fault NAME``; in a test::

        with FakeServer().will(FAULTS["drop"].reply) as server:
            image_generation("a fox", model="openai/gpt-image-2", api_base=server.url, api_key="-")

    Attributes:
        received: Every request that arrived whole.
        url: ``http://127.0.0.1:port``, once it serves.
    """

    def __init__(
        self, handler: Handler | None = None, *, port: int = 0, tls: SSLContext | None = None
    ) -> None:
        """Prepare a server that answers with what *handler* returns.

        Args:
            handler: Takes a `Received` and returns a `Reply`; by default it speaks as OpenAI.
            port: 0 is any free one.
            tls: What it shows and trusts, for "https".
        """
        self.received: list[Received] = []
        self.url = ""
        self._handler = handler or as_openai
        self._queue: list[Reply] = []
        self._port = port
        self._tls = tls

    def will(self, *replies: Reply) -> Self:
        """Answer the next requests with *replies*, then as before."""
        self._queue.extend(replies)
        return self

    def __enter__(self) -> Self:
        """Serve.

        Raises:
            OSError: the port is taken.
        """
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="impasto-fake-server", daemon=True
        )
        self._thread.start()
        try:
            self._in_its_thread(self._start())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _in_its_thread(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _start(self) -> None:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls).start()
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._runner.addresses[0][1]}"

    def _end(self) -> None:
        self._in_its_thread(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _stop(self) -> None:
        """Leave nothing behind: no connection, no task that waits for a hanging answer to end."""
        for connection in self._runner.server.connections if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()  # else TLS waits for the other side's farewell
        await self._runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._loop.shutdown_asyncgens()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        received = Received(
            method=request.method,
            path=request.raw_path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        self.received.append(received)
        answer = self._queue.pop(0) if self._queue else self._handler(received)
        await asyncio.sleep(_LONGEST_HANG if answer.fault == "hang" else answer.delay)
        if answer.fault in ("drop", "refuse"):
            return _broken(request, web.Response())
        if answer.drip or answer.cut is not None:
            return await _piecemeal(request, answer)
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)


def as_openai(received: Received) -> Reply:
    """Answer as OpenAI would, by URL or as a stream where the body asks for that."""
    if received.path.startswith("/pictures/"):
        return reply(body=PNG, headers={"Content-Type": "image/png"})
    asked = _fields(received)
    if asked.get("response_format") == "url":
        place, prompt = f"http://{received.headers['host']}/pictures", asked.get("prompt")
        images = [{"url": f"{place}/{index}.png", "revised_prompt": prompt} for index in range(10)]
    else:
        images = [{"b64_json": base64.b64encode(PNG).decode()}] * 10  # the most that OpenAI makes
    if asked.get("stream") is True:
        return _streamed(int(asked.get("partial_images", 0)))
    headers = {"x-request-id": f"req_{hashlib.sha256(received.body).hexdigest()[:12]}"}
    answer = {"created": 1_780_000_000, "data": images[: int(asked.get("n", 1))]}
    return reply(answer, headers=headers)


def _streamed(partials: int) -> Reply:
    """Return a stream of so many partial pictures and a finished one."""
    picture = {"b64_json": base64.b64encode(PNG).decode(), "created_at": 1_780_000_000}
    kind = "image_generation.partial_image"
    shown = [{"type": kind, "partial_image_index": at, **picture} for at in range(partials)]
    return event_stream(*shown, {"type": "image_generation.completed", **picture})


def _fields(received: Received) -> dict[str, Any]:
    try:
        fields = received.json()
    except ValueError:  # a form
        return {}
    return fields if isinstance(fields, dict) else {}


def _broken(request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return answer


async def _piecemeal(request: web.Request, answer: Reply) -> web.StreamResponse:
    """Send the body byte by byte, or only its beginning."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    stream = web.StreamResponse(status=answer.status, headers=headers)
    await stream.prepare(request)
    body = answer.body if answer.cut is None else answer.body[: answer.cut]
    pieces = [body[at : at + 1] for at in range(len(body))] if answer.drip else [body]
    for piece in pieces:
        await stream.write(piece)
        await asyncio.sleep(answer.drip)
    if answer.cut is not None:
        await asyncio.sleep(0.05)  # so that the beginning is on its way before the end comes
        return _broken(request, stream)
    await stream.write_eof()
    return stream
