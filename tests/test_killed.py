"""Processes that are killed, and connections that break, at every moment of a call with a journal."""

import asyncio
import base64
import json
import os
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

import impasto
from impasto._portal import run
from impasto.testing import PNG, FakeServer, Received, Reply, reply

HERE = Path(__file__).parent
KEYS = {"openai": "sk-0123456789abcdef", "replicate": "r8_0123456789abcdef0123"}
MODELS = {"openai": "openai/gpt-image-2", "replicate": "replicate/black-forest-labs/flux-schnell"}

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")


@define
class Service:
    """A provider with jobs, or one without, that counts what it makes.

    Attributes:
        name: Whose dialect it speaks.
        doomed: The child that dies when a request arrives: which one, from 1; before its answer
            goes out.
        made: How many pictures were ordered.
        gone: Whether the pictures behind URLs have expired.
    """

    name: str
    doomed: int = 0
    made: int = 0
    gone: bool = False
    child: int = 0
    _seen: int = 0
    _polls: int = 0

    def __call__(self, received: Received) -> Reply:
        if received.path.startswith("/pictures/"):
            return reply({}, status=404) if self.gone else reply(body=PNG)
        answer = self._answer(received)
        self._seen += 1
        if self._seen == self.doomed:
            os.kill(self.child, signal.SIGKILL)
        return answer

    def _answer(self, received: Received) -> Reply:
        if received.method == "POST":
            self.made += 1
            if self.name == "openai":
                return reply({"created": 1, "data": [{"b64_json": base64.b64encode(PNG).decode()}]})
        return self._prediction(received)

    def _prediction(self, received: Received) -> Reply:
        home = f"http://{received.headers['host']}"
        self._polls += received.method == "GET"
        made = self._polls >= 2
        return reply(
            {
                "id": "p1",
                "status": "succeeded" if made else "starting",
                "output": [f"{home}/pictures/p1.png"] if made else None,
                "error": None,
                "urls": {"get": f"{home}/v1/predictions/p1"},
            },
            status=201 if received.method == "POST" else 200,
        )


@define
class Mortals:
    """Makes calls in processes that die."""

    process: subprocess.Popen[str]
    said: list[str] = field(factory=list)

    def live(self, service: Service, dies: list[Any] | None, **life: Any) -> list[str]:
        """Make a call in a process that dies, and return what it said."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"dies": dies, **life}) + "\n")
        self.process.stdin.flush()
        service.child = int(self.process.stdout.readline())
        said = []
        while (line := self.process.stdout.readline().strip()) != "ended":
            assert line, "it ended"
            said.append(line)
        return said


@pytest.fixture(scope="module")
def mortals():
    """Return what makes calls in processes that die."""
    command = [sys.executable, str(HERE / "servers" / "mortal.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Mortals(process)
        process.stdin.close()


def arguments(name: str, url: str, journal: Path, **more: Any) -> dict[str, Any]:
    return {
        "prompt": "a fox",
        "model": MODELS[name],
        "api_key": KEYS[name],
        "api_base": url,
        "journal": str(journal),
        "idempotency_key": "order-17",
        **({"poll_interval": 0.05} if name == "replicate" else {}),
        **more,
    }


JOURNAL = "from the journal; nothing was asked"
RESUMED = "ordered before, as the journal says; it was not ordered again"
AMBIGUOUS = "it may have been accepted"
ORDERED = "ordered"
# Who, the moment of its death, and what the next process makes of it.
DEATHS = {
    "before the intent": ("openai", ["open", "IMAGE"], ORDERED),
    "before the order is sent": ("openai", ["log", 1], AMBIGUOUS),
    "before it is answered": ("openai", ["request", 1], AMBIGUOUS),
    "before the answer is written": ("openai", ["log", 2], AMBIGUOUS),
    "with the answer": ("openai", ["stage", "returned"], JOURNAL),
    "with the bytes": ("openai", ["stage", "read"], JOURNAL),
    "with the file": ("openai", ["stage", "saved"], JOURNAL),
    "job, before the order is sent": ("replicate", ["log", 1], AMBIGUOUS),
    "job, before it is answered": ("replicate", ["request", 1], AMBIGUOUS),
    "job, before the answer is written": ("replicate", ["log", 2], AMBIGUOUS),
    "job, before it is asked for": ("replicate", ["log", 3], RESUMED),
    "job, before that is answered": ("replicate", ["request", 2], RESUMED),
    "job, before the answer to that is written": ("replicate", ["log", 4], RESUMED),
    "job, before it is asked for again": ("replicate", ["log", 5], RESUMED),
    "job, before its end is told": ("replicate", ["request", 3], RESUMED),
    "job, before its end is written": ("replicate", ["log", 6], RESUMED),
    "job, with the answer": ("replicate", ["stage", "returned"], JOURNAL),
    "job, with the bytes": ("replicate", ["stage", "read"], JOURNAL),
    "job, with the file": ("replicate", ["stage", "saved"], JOURNAL),
}


def outcome(call: dict[str, Any], name: str) -> tuple[str, bytes | None]:
    """Return what comes of *call*: a word, and the picture."""
    try:
        response = getattr(impasto, name)(**call)
    except impasto.ImpastoError as error:
        return (AMBIGUOUS if error.maybe_accepted else str(error)), None
    told = [note for note in response.notes if note in (JOURNAL, RESUMED)]
    return (told[0] if told else ORDERED), response.data[0].read()


@pytest.mark.parametrize("death", DEATHS)
class TestKilled:
    """A process is killed; another one makes the same call."""

    def test_nothing_is_paid_twice_and_nothing_is_lost(self, mortals, tmp_path, death: str):
        """
        What came is there, what is at the provider is resumed, and what nobody can know is asked.
        """
        name, dies, expected = DEATHS[death]
        image = tmp_path / "image.png"
        image.write_bytes(PNG)
        kind = "image_edit" if dies[0] == "open" else "image_generation"
        service = Service(name, doomed=dies[1] if dies[0] == "request" else 0)
        with FakeServer(service) as server:
            call = arguments(name, server.url, tmp_path / "journal.db")
            call |= {"image": str(image)} if dies[0] == "open" else {}
            moment = ["open", str(image)] if dies[0] == "open" else dies
            said = mortals.live(
                service, moment, call=kind, arguments=call, file=str(tmp_path / "fox.png")
            )
            service.gone = "read" in said
            ordered_before = service.made
            came, picture = outcome(call, kind)
            again, second = outcome({**call, "again": "ambiguous"}, kind)

        assert "saved" not in said or dies[1] == "saved"
        assert expected == came
        assert (expected == AMBIGUOUS) == (picture is None)
        assert {PNG} == {one for one in (picture, second) if one is not None}
        assert ordered_before + (expected in (ORDERED, AMBIGUOUS)) == service.made
        assert (ORDERED if expected == AMBIGUOUS else JOURNAL) == again


# --- connections that break ------------------------------------------------------------------


@define
class Breaking:
    """A provider whose connection breaks once: in the exchange *which*, behind so many bytes.

    Attributes:
        has_jobs: Whether it answers orders with a job.
        which: Number of the exchange, from 0.
        where: "request" or "reply".
        at: Bytes that come through.
        made: Orders that arrived whole.
    """

    has_jobs: bool
    which: int
    where: str
    at: int
    made: int = 0
    sizes: list[tuple[int, int]] = field(factory=list)
    url: str = ""
    _exchanges: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._exchange(reader, writer)
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        breaks = self._exchanges == self.which
        self._exchanges += 1
        if breaks and self.where == "request":
            await reader.readexactly(self.at)
            _reset(writer)
            return
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.split(b"\r\n") if b"ontent-Length" in line), b": 0")
        body = await reader.readexactly(int(length.partition(b":")[2]))
        answer = self._answer(head)
        self.sizes.append((len(head + body), len(answer)))
        writer.write(answer[: self.at] if breaks else answer)
        await writer.drain()
        if breaks and self.at < len(answer):
            _reset(writer)

    def _answer(self, head: bytes) -> bytes:
        ordered = head.startswith(b"POST")
        self.made += ordered
        if ordered and self.has_jobs:
            return _http({"job": f"{self.url}/j", "after": 0})
        return _http({"pictures": [base64.b64encode(PNG).decode()]})


def _http(body: dict[str, Any]) -> bytes:
    data = json.dumps(body).encode()
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(data)
    return head + data


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection, without the goodbye that closing it is."""
    option = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(1, 13, option)  # SOL_SOCKET, SO_LINGER
    writer.transport.abort()


class TestEveryByte:
    """The connection is dropped at every byte of request and reply, with the journal on."""

    @pytest.mark.parametrize(("has_jobs", "exchanges"), [(False, 1), (True, 2)])
    def test_dropped_at_every_byte(self, acme, tmp_path, has_jobs: bool, exchanges: int):
        """
        No generation is billed twice, no picture lost, and what is unsure is reported as such.
        """
        client = acme.client(acme.plugin())

        async def life(server: Breaking, key: str) -> tuple[Any, ...]:
            """Return what came of a call, of another one with its key, and of one that insists."""
            listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
            server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            how = {"journal": tmp_path / "journal.db", "idempotency_key": key}
            outcomes: list[Any] = []
            for again in (None, None, "ambiguous"):
                try:
                    asked = acme.aask(client, server.url, **how, again=again)
                    outcomes += [(await asked).data[0].read(), server.made]
                except impasto.ImpastoError as error:
                    outcomes += [error.maybe_accepted, server.made]
            listening.close()
            return tuple(outcomes)

        async def lives() -> list[tuple[Breaking, tuple[Any, ...]]]:
            whole = Breaking(has_jobs, -1, "", 0)
            await life(whole, "whole")
            servers = [
                Breaking(has_jobs, which, where, at)
                for which in range(exchanges)
                for where, size in zip(("request", "reply"), whole.sizes[which], strict=True)
                for at in range(size + (where == "reply"))
            ]
            gate = asyncio.Semaphore(64)

            async def gated(server: Breaking) -> tuple[Any, ...]:
                async with gate:
                    return await life(server, f"{server.which}-{server.where}-{server.at}")

            return list(zip(servers, await asyncio.gather(*map(gated, servers)), strict=True))

        found = run(lives())
        ambiguous = [one for one in found if one[1][0] is True]

        assert 400 < len(found)
        # Either the picture came, paid once and for good; or it was ambiguous twice, and nothing
        # was ordered until somebody insisted.
        assert {
            (PNG, 1, PNG, 1, PNG, 1),
            (True, 1, True, 1, PNG, 2),
            (True, 0, True, 0, PNG, 1),
        } == {outcomes for _, outcomes in found}
        assert {0} == {server.which for server, _ in ambiguous}
