"""Rule 7: any thread, any loop, after a fork, at Ctrl-C, and not a word at the end."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto import _engine, hookimpl
from impasto._portal import run
from impasto.errors import ImpastoError, RateLimitError
from impasto.testing import FakeServer, Received, Reply, reply
from impasto.types import Call, ImageResponse, Params, Request

where: contextvars.ContextVar[str] = contextvars.ContextVar("where", default="nowhere")


@pytest.fixture
def server(acme) -> Iterator[FakeServer]:
    """Return a server that makes a picture of anything."""
    with FakeServer(lambda received: acme.pictures()) as server:
        yield server


@pytest.fixture
def call(acme, server, registered) -> dict[str, Any]:
    """Return the arguments of a call that works, through the public functions."""
    registered(acme.plugin())
    return {**acme.call, "api_base": server.url}


class TestBlocking:
    """`image_generation` works wherever it is called."""

    def test_in_a_plain_program(self, call):
        """
        As one would think.
        """
        assert 1 == len(impasto.image_generation(**call).data)

    def test_inside_a_running_loop(self, call):
        """
        In a notebook there is always one.
        """

        async def notebook() -> ImageResponse:
            return impasto.image_generation(**call)

        assert 1 == len(asyncio.run(notebook()).data)

    def test_from_forty_threads(self, call, server):
        """
        All at once, each with its own answer.
        """
        begin = threading.Barrier(40)
        outcomes: list[Any] = []

        def ask(number: int) -> None:
            begin.wait(30)
            response = impasto.image_generation(**{**call, "prompt": f"fox {number}"})
            outcomes.append(len(response.data))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert [1] * 40 == outcomes
        assert {f"fox {number}" for number in range(40)} == {
            received.json()["prompt"] for received in server.received
        }

    def test_context_variables_travel(self, acme, server, registered):
        """
        What the caller has set is there for the hooks; what they set does not come back.
        """
        seen: list[str] = []

        @hookimpl
        def build_request(call: Call, params: Params) -> Request:
            seen.append(where.get())
            where.set("elsewhere")
            return Request(url=f"{call.settings['api_base']}/", json=dict(params.values))

        registered(acme.plugin(build_request))
        where.set("the-atelier")
        impasto.image_generation(**acme.call, api_base=server.url)

        assert (["the-atelier"], "the-atelier") == (seen, where.get())

    def test_on_its_own_loop(self, call):
        """
        There it would wait for itself for ever: an error says what to do instead.
        """

        async def inside() -> None:
            impasto.image_generation(**call)

        with pytest.raises(RuntimeError, match="await the form that begins with 'a'"):
            run(inside())

    @pytest.mark.parametrize("raised", [KeyboardInterrupt(), SystemExit(3)], ids=repr)
    def test_what_would_end_the_thread(self, call, raised: BaseException):
        """
        An exit within one call is that caller's; the others go on.
        """
        with pytest.raises(type(raised)):
            impasto.image_generation(**call, mock_response=raised)

        assert 1 == len(impasto.image_generation(**call).data)

    def test_errors_are_the_same_as_with_await(self, acme, registered):
        """
        The same class with the same fields.
        """
        headers = {"Retry-After": "90", "X-Request-Id": "req_1"}
        answer = reply({"message": "slowly"}, status=429, headers=headers)
        registered(acme.plugin())
        with FakeServer(lambda received: answer) as server:
            call = {**acme.call, "api_base": server.url}
            with pytest.raises(RateLimitError) as blocking:
                impasto.image_generation(**call)
            with pytest.raises(RateLimitError) as awaited:
                asyncio.run(impasto.aimage_generation(**call))

        fields = [dict(vars(caught.value)) for caught in (blocking, awaited)]
        for one in fields:
            one["headers"].pop("date")

        assert fields[0] == fields[1]
        assert ("req_1", 90.0) == (fields[0]["request_id"], fields[0]["retry_after"])


class TestLoops:
    """Every event loop has its own connections, and takes them with it."""

    def test_one_after_the_other(self, call):
        """
        What belongs to a loop that has ended is not used in the next.
        """
        for _ in range(3):
            assert 1 == len(asyncio.run(impasto.aimage_generation(**call)).data)

    def test_at_the_same_time(self, call):
        """
        Loops in several threads come and go.
        """
        counts: list[int] = []

        def live() -> None:
            responses = [asyncio.run(impasto.aimage_generation(**call)) for _ in range(5)]
            counts.extend(len(response.data) for response in responses)

        threads = [threading.Thread(target=live) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert [1] * 20 == counts

    def test_closed_without_ceremony(self, call, recwarn):
        """
        A loop that is closed, and no more, leaves nothing open.
        """
        for _ in range(3):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(impasto.aimage_generation(**call))
            loop.close()
        asyncio.run(impasto.aimage_generation(**call))
        gc.collect()

        assert [] == list(recwarn)

    def test_used_with_pauses(self, call):
        """
        A loop may stand still between two calls.
        """
        loop = asyncio.new_event_loop()
        for _ in range(3):
            assert 1 == len(loop.run_until_complete(impasto.aimage_generation(**call)).data)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    def test_a_picture_from_another_loop(self, call, server, acme):
        """
        A response may be read wherever it is taken.
        """
        server.will(acme.urls(f"{server.url}/1.png"))
        image = asyncio.run(impasto.aimage_generation(**call)).data[0]
        server.will(reply(body=b"\x89PNG\r\n\x1a\n", headers={"Content-Type": "image/png"}))
        server.will(reply(body=b"\x89PNG\r\n\x1a\n", headers={"Content-Type": "image/png"}))

        assert b"\x89PNG\r\n\x1a\n" == asyncio.run(image.aread()) == image.read()


class Waiter:
    """A server on the caller's own loop: one job, then a picture."""

    def __init__(self, acme) -> None:
        self.asked: list[str] = []
        self.url = ""
        self._pictures = acme.pictures().body
        self._peers: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> Waiter:
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._peers.values():
            writer.close()
        await asyncio.gather(*self._peers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers[asyncio.current_task()] = writer
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                _, _, length = head.lower().partition("content-length: ")
                await reader.readexactly(int(length.partition("\r\n")[0] or 0))
                self.asked.append(head.partition(" HTTP")[0])
                body = self._answer(head)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, head: str) -> bytes:
        if self.asked.count("GET /jobs/7") >= 2:
            return self._pictures
        return json.dumps({"job": f"{self.url}/jobs/7", "after": 0}).encode()


class TestCancelling:
    """A task may be cancelled at any time."""

    def test_at_every_await(self, acme, monkeypatch):
        """
        Wherever it is caught: one order at most, its job stopped, nothing left behind.
        """
        monkeypatch.setattr(_engine, "_SHORTEST_POLL", 0)
        complaints: list[dict[str, Any]] = []
        outcomes: list[tuple[bool, list[str]]] = []

        async def token() -> str:
            await asyncio.sleep(0)
            return acme.key

        async def cancelled_after(steps: int, waiter: Waiter, client: Any) -> bool:
            task = asyncio.ensure_future(acme.aask(client, waiter.url, api_key=token))
            for _ in range(steps):
                await asyncio.sleep(0)
            finished = not task.cancel()
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            assert isinstance(outcome, ImageResponse if finished else asyncio.CancelledError)
            return finished

        async def main() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: complaints.append(context))
            client = acme.client(acme.plugin(*acme.jobs))
            finished, steps = False, 0
            while not finished:
                async with Waiter(acme) as waiter:
                    finished = await cancelled_after(steps, waiter, client)
                outcomes.append((finished, waiter.asked))
                steps += 1
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(main())
        gc.collect()

        assert [] == complaints
        assert len(outcomes) > 20
        for finished, asked in outcomes:
            orders, polls = asked.count("POST /pictures"), asked.count("GET /jobs/7")
            stops = asked.count("POST /jobs/7/cancel")
            assert orders <= 1
            assert stops <= (0 if finished else orders)
            assert stops == 1 or finished or polls == 0
        assert 1 == sum(finished for finished, _ in outcomes)

    def test_by_a_timeout_of_ones_own(self, acme, registered):
        """
        `asyncio.timeout()` round a call stops its job as well.
        """
        polled = threading.Event()

        def answer(received: Received) -> Reply:
            if received.method == "GET":
                polled.set()
            return acme.job(f"{server.url}/jobs/7", after=0.01)

        async def main() -> None:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(None) as mine:
                call = acme.aask(client, server.url)
                task = asyncio.ensure_future(call)
                await asyncio.to_thread(polled.wait, 30)
                mine.reschedule(loop.time())
                await task

        client = acme.client(acme.plugin(*acme.jobs))
        with FakeServer(answer) as server, pytest.raises(TimeoutError):
            asyncio.run(main())

        assert 1 == sum(received.path == "/jobs/7/cancel" for received in server.received)

    def test_the_deadline_stops_a_job_once(self, acme):
        """
        With a real clock as well: one stop, and `Timeout`.
        """

        def answer(received: Received) -> Reply:
            return acme.job(f"{server.url}/jobs/7", after=0.1)

        client = acme.client(acme.plugin(*acme.jobs))
        with FakeServer(answer) as server, pytest.raises(impasto.Timeout) as caught:
            acme.ask(client, server.url, timeout=0.35)

        assert 1 == sum(received.path == "/jobs/7/cancel" for received in server.received)
        assert acme.where(caught.value.job) == f"{server.url}/jobs/7"


PROGRAM = """
import asyncio, gc, logging, multiprocessing, os, signal, sys, threading, time, types
import impasto
from impasto.types import Image, ImageResponse, Provider, Request, Setting

logging.getLogger("asyncio").setLevel("ERROR")  # how slow this machine is, is not the question
signal.signal(signal.SIGINT, signal.default_int_handler)
CONTRACT = (1, 0)

@impasto.hookimpl
def describe():
    settings = {"api_base": Setting(env=("ACME_BASE_URL",), url=True)}
    return Provider(name="acme", settings=settings, auth=None)

@impasto.hookimpl
def translate_params(call):
    return call.translate("prompt")

@impasto.hookimpl
def build_request(call, params):
    return Request(url=call.settings["api_base"] + "/pictures", json=dict(params.values))

@impasto.hookimpl
def parse_response(request, response):
    body = response.json()
    if "job" in body:
        return request.follow(body["job"], after=0.01)
    return ImageResponse(data=[Image(b64_json=one) for one in body["pictures"]])

@impasto.hookimpl
def build_cancel(request):
    return Request(url=request.url + "/cancel")

impasto.register("acme", sys.modules[__name__])

@impasto.hookimpl
def describe_painter():
    return Provider(name="painter", auth=None)

@impasto.hookimpl
def render():
    return ImageResponse(data=[Image(content=b"")])

painter = types.ModuleType("painter")
painter.__dict__.update(
    CONTRACT=CONTRACT, describe=describe_painter, translate_params=translate_params, render=render
)
impasto.register("painter", painter)

def painted():
    return len(impasto.image_generation("a fox", model="painter/oil-2").data)

def now(**more):
    return len(impasto.image_generation("a fox", model="acme/oil-2", **more).data)

async def later(**more):
    return len((await impasto.aimage_generation("a fox", model="acme/oil-2", **more)).data)

def fails(**more):
    try:
        now(api_base="http://127.0.0.1:9", max_retries=0)
    except impasto.APIConnectionError:
        return 1

"""


def started(program: str, base: str, folder: Path) -> subprocess.Popen[str]:
    """Start *program* in a Python that complains of everything."""
    file = folder / "program.py"
    main = textwrap.indent(textwrap.dedent(program), "    ")
    file.write_text(f"{PROGRAM}\nif __name__ == '__main__':\n{main}")
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", str(file)],
        env={"ACME_BASE_URL": base, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[str, str, int]:
    """Return what a program said, what it complained of, and how it ended."""
    try:
        said, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    return said, complained, process.returncode


class TestPrograms:
    """Whole programs, from their first line to their silent end."""

    @pytest.mark.parametrize(
        ("program", "said"),
        [
            pytest.param(
                "print(now(), now(), fails(), now())", "1 1 1 1\n", id="blocking, with errors"
            ),
            pytest.param(
                "print(asyncio.run(later()), now(), asyncio.run(later()), now())",
                "1 1 1 1\n",
                id="both ways in turn",
            ),
            pytest.param(
                """
                for _ in range(2):
                    loop = asyncio.new_event_loop()
                    print(loop.run_until_complete(later()))
                    loop.close()
                print(now())
                """,
                "1\n1\n1\n",
                id="loops closed without ceremony",
            ),
            pytest.param(
                """
                threading.Thread(target=lambda: now(timeout=30), daemon=True).start()
                print(now())
                """,
                "1\n",
                id="a daemon thread at work",
            ),
            pytest.param(
                """
                print(now(), flush=True)
                child = os.fork()
                print(now(), asyncio.run(later()), now(), flush=True)
                if child == 0:
                    sys.exit(0)
                print(os.waitpid(child, 0)[1])
                print(now(), now())
                """,
                "1\n1 1 1\n1 1 1\n0\n1 1\n",
                id="a fork",
            ),
            pytest.param(
                """
                print(painted(), flush=True)
                child = os.fork()
                print(painted(), flush=True)
                if child == 0:
                    sys.exit(0)
                print(os.waitpid(child, 0)[1], painted())
                """,
                "1\n1\n1\n0 1\n",
                id="a renderer and a fork",
            ),
            pytest.param(
                """
                print(now())
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.apply(now))
                    pool.close()
                    pool.join()
                print(now())
                """,
                "1\n1\n1\n",
                id="a spawned process",
            ),
            pytest.param(
                """
                print(now(), flush=True)
                workers = []
                for _ in range(3):
                    worker = os.fork()
                    if worker == 0:
                        threads = [threading.Thread(target=now) for _ in range(8)]
                        [thread.start() for thread in threads]
                        [thread.join() for thread in threads]
                        print(now(), asyncio.run(later()), flush=True)
                        sys.exit(0)
                    workers.append(worker)
                print([os.waitpid(worker, 0)[1] for worker in workers], now())
                """,
                "1\n1 1\n1 1\n1 1\n[0, 0, 0] 1\n",
                id="workers forked after a call, with threads, as gunicorn has them",
            ),
            pytest.param(
                """
                print(now(), flush=True)
                with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=2) as pool:
                    print(sum(pool.apply(now) for _ in range(6)))
                    pool.close()
                    pool.join()
                print(now())
                """,
                "1\n6\n1\n",
                id="a pool of forked processes that are replaced, as Celery has it",
            ),
            pytest.param(
                """
                client = impasto.Client()
                def own():
                    return len(client.image_generation("a fox", model="acme/oil-2").data)
                print(own(), flush=True)
                child = os.fork()
                print(own(), flush=True)
                if child == 0:
                    client.close()
                    sys.exit(0)
                print(os.waitpid(child, 0)[1], own())
                client.close()
                """,
                "1\n1\n1\n0 1\n",
                id="a client of one's own and a fork",
            ),
            pytest.param(
                """
                def come_and_go():
                    for _ in range(3):
                        asyncio.run(later())
                threads = [threading.Thread(target=come_and_go) for _ in range(10)]
                [thread.start() for thread in threads]
                print(now(), now())
                [thread.join() for thread in threads]
                print(now())
                """,
                "1 1\n1\n",
                id="loops that come and go in many threads",
            ),
            pytest.param(
                """
                async def leave_one_behind():
                    task = asyncio.ensure_future(later())
                    await asyncio.sleep(0.001)
                threads = [
                    threading.Thread(target=asyncio.run, args=(leave_one_behind(),))
                    for _ in range(10)
                ]
                [thread.start() for thread in threads]
                [thread.join() for thread in threads]
                print(now())
                """,
                "1\n",
                id="calls in loops that are closing",
            ),
        ],
    )
    def test_they_end_without_a_word(self, server, tmp_path, program: str, said: str):
        """
        Every session is closed, no thread holds the end up, no warning is given.
        """
        words, complaints, code = finished(started(program, server.url, tmp_path))

        assert (sorted(said.split("\n")), "", 0) == (sorted(words.split("\n")), complaints, code)


class TestCtrlC:
    """A person who has waited long enough."""

    @pytest.mark.parametrize(
        "program",
        [
            pytest.param("now()", id="blocking"),
            pytest.param("asyncio.run(later())", id="async"),
        ],
    )
    @pytest.mark.parametrize("job", [True, False], ids=["a job", "no answer"])
    def test_it_ends_the_call(self, acme, tmp_path, program: str, job: bool):
        """
        At once, with `KeyboardInterrupt`; a job is stopped at the provider.
        """
        arrived = threading.Event()

        def answer(received: Received) -> Reply:
            if received.method == "GET" or not job:
                arrived.set()
            hang = Reply(fault="hang")
            return acme.job(f"{server.url}/jobs/7", after=0.01) if job else hang

        interrupted = f"""
        try:
            {program}
        except KeyboardInterrupt:
            print("interrupted")
        """
        with FakeServer(answer) as server:
            process = started(interrupted, server.url, tmp_path)
            while not arrived.wait(0.05):
                assert process.poll() is None, process.communicate()
            process.send_signal(signal.SIGINT)
            outcome = finished(process)

        assert ("interrupted\n", "", 0) == outcome
        assert job == ("/jobs/7/cancel" in [received.path for received in server.received])

    def test_the_next_call_works(self, acme, tmp_path):
        """
        The program may go on.
        """
        arrived = threading.Event()

        def answer(received: Received) -> Reply:
            first = not arrived.is_set()
            arrived.set()
            return Reply(fault="hang") if first else acme.pictures()

        program = """
        try:
            now()
        except KeyboardInterrupt:
            print(now(), asyncio.run(later()))
        """
        with FakeServer(answer) as server:
            process = started(program, server.url, tmp_path)
            while not arrived.wait(0.05):
                assert process.poll() is None, process.communicate()
            process.send_signal(signal.SIGINT)
            outcome = finished(process)

        assert ("1 1\n", "", 0) == outcome


def test_an_error_leaves_the_sessions_whole(call):
    """
    After a failure, the same connections serve.
    """
    for _ in range(2):
        with pytest.raises(ImpastoError):
            impasto.image_generation(**{**call, "api_base": "http://127.0.0.1:9"}, max_retries=0)

        assert 1 == len(impasto.image_generation(**call).data)
