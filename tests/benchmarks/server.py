"""A server on loopback that replays prepared answers, as fast as a Python server can.

It runs in a process of its own, so that no client pays for it.  Every answer is put together once,
before the first request: what is measured is the client.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_PLACE = "http://in.place.of.this.server"  # in answers that quote the server's own URL


class Replaying(asyncio.Protocol):
    """Reads requests with a Content-Length and answers each with what was prepared for it."""

    def __init__(self, answers: Mapping[bytes, tuple[float, bytes]]) -> None:
        self._answers = answers
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head = self._unread[:end]
            after = end + 4 + _length(head)
            if len(self._unread) < after:
                return
            self._unread = self._unread[after:]
            self._answer(head[: head.find(b" HTTP/1.")])

    def _answer(self, asked: bytes) -> None:
        seconds, answer = self._answers.get(asked, (0.0, _UNKNOWN))
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


_UNKNOWN = b"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nunknown"


def _length(head: bytes) -> int:
    head = head.lower()
    at = head.find(b"\r\ncontent-length:")
    return int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _on_the_wire(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    whole = {
        "Date": "Sun, 22 Nov 2026 08:00:00 GMT",
        **headers,
        "Content-Length": str(len(body)),
        "Connection": "keep-alive",
    }
    lines = [f"HTTP/1.1 {status} OK", *(f"{name}: {value}" for name, value in whole.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _serve(answers: Mapping[str, Mapping[str, object]]) -> None:
    prepared: dict[bytes, tuple[float, bytes]] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Replaying(prepared), "127.0.0.1", 0, backlog=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for asked, answer in answers.items():
        body = base64.b64decode(answer["body"]).replace(_PLACE.encode(), url.encode())
        wire = _on_the_wire(answer["status"], answer["headers"], body)
        prepared[asked.encode()] = (float(answer["seconds"]), wire)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)  # until the parent ends


# --- for whoever wants one ---


def answer(
    body: bytes, headers: Mapping[str, str], *, status: int = 200, seconds: float = 0.0
) -> dict[str, object]:
    """Return an answer as `serving` takes it, sent after *seconds*."""
    encoded = base64.b64encode(body).decode()
    return {"status": status, "headers": dict(headers), "body": encoded, "seconds": seconds}


def at_home(body: bytes, url: str) -> bytes:
    """Return *body* with *url* replaced by that of the server that will send it."""
    return body.replace(url.encode(), _PLACE.encode())


@contextlib.contextmanager
def serving(answers: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """Serve *answers*, by method and path ("POST /v1/images/generations"), and give the URL."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(Path(__file__))]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(answers) + "\n")
            process.stdin.flush()
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(sys.stdin.readline())))
