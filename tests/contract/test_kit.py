"""The rest of the kit: replies, samples, pictures, the script, and the server that fails."""

import asyncio
import base64
import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import types

import oil
import PIL.Image
import pytest
from oil_contract import DONE, PAINTING, OilContract

import impasto
from impasto.errors import (
    APIConnectionError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    ContentPolicyViolationError,
    InternalServerError,
    QuotaExceededError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from impasto.testing import FAULTS, PNG, FakeServer, FormPart, Script, html, png, reply, sample

CALL = OilContract.call
PATIENCE = 1.0  # seconds; long enough to connect on a slow machine, short enough to wait for


class TestReplies:
    """Answers to play."""

    def test_json_is_the_body(self):
        """
        A value becomes JSON, with the content type that goes with it.
        """
        answer = reply({"a": [1]}, status=201)

        assert (201, b'{"a": [1]}') == (answer.status, answer.body)
        assert {"Content-Type": "application/json"} == answer.headers

    def test_bytes_are_the_body_as_they_are(self):
        """
        A body in bytes has no content type but the one that is given.
        """
        assert {} == reply(body=b"\x00").headers
        assert {"Content-Type": "image/png"} == reply(
            body=PNG, headers={"Content-Type": "image/png"}
        ).headers

    def test_a_proxy_answers_with_a_page(self):
        """
        `html()` is what stands where JSON was expected.
        """
        page = html(503)

        assert 503 == page.status
        assert {"Content-Type": "text/html"} == page.headers
        assert b"<html>" in page.body


class TestSamples:
    """Recorded answers."""

    @pytest.mark.parametrize(
        ("recorded", "body"),
        [
            pytest.param({"json": {"a": 1}}, b'{"a": 1}', id="json"),
            pytest.param({"text": "never mind"}, b"never mind", id="text"),
            pytest.param({"base64": base64.b64encode(PNG).decode()}, PNG, id="base64"),
        ],
    )
    def test_a_body_in_each_form(self, tmp_path, recorded, body):
        """
        The body is JSON, text or bytes in base64.
        """
        path = tmp_path / "sample.json"
        path.write_text(json.dumps({"source": "the vendor's page", **recorded}))

        assert body == sample(path).body

    def test_status_and_headers(self, tmp_path):
        """
        They are recorded along; 200 goes without saying.
        """
        path = tmp_path / "sample.json"
        recorded = {"source": "measured", "status": 429, "headers": {"Retry-After": "3"}}
        path.write_text(json.dumps({**recorded, "json": {}}))

        assert (429, "3") == (sample(path).status, sample(path).headers["Retry-After"])

    def test_a_sample_without_a_source_is_refused(self, tmp_path):
        """
        Nobody can judge a sample that does not say where it is from.
        """
        path = tmp_path / "sample.json"
        path.write_text('{"json": {}}')

        with pytest.raises(ValueError, match="it has no 'source'"):
            sample(path)


class TestPictures:
    """Pictures without Pillow."""

    @pytest.mark.parametrize(
        ("colour", "mode"), [((200, 80, 40), "RGB"), ((1, 2, 3, 128), "RGBA")], ids=["rgb", "rgba"]
    )
    def test_a_png_is_one(self, colour, mode):
        """
        Pillow reads it, with the size and the colour that were asked for.
        """
        picture = PIL.Image.open(io.BytesIO(png(5, 3, colour)))

        assert ((5, 3), mode, colour) == (picture.size, picture.mode, picture.getpixel((4, 2)))


class TestScripts:
    """Recorded answers, played through the real engine."""

    def test_it_plays_to_a_plugin_that_is_not_installed(self):
        """
        What was sent is kept with its credentials, and nobody really waits.
        """
        script = Script(PAINTING, PAINTING, DONE, plugin=oil)
        response = script.play(CALL)

        assert "https://cdn.oil.example/7.png" == response.data[0].url
        assert ["POST", "GET", "GET"] == [request.method for request in script.sent]
        assert f"Bearer {CALL['api_key']}" == script.sent[0].headers["Authorization"]
        assert [2.0, 2.0] == script.slept

    def test_it_keeps_what_hooks_were_asked(self):
        """
        In order, with what they returned.
        """
        script = Script(DONE, plugin=oil)
        response = script.play(CALL)
        hooks = [hook for hook, _ in script.watch.asked]

        assert ["translate_params", "build_request", "parse_response"] == hooks
        assert response.data == script.watch.asked[-1][1].data
        assert [] == script.watch.objections

    def test_it_fetches_pictures_from_nowhere(self):
        """
        What is behind a URL is given, or a small PNG.
        """
        painted = png(3, 3)
        url = "https://cdn.oil.example/7.png"
        script = Script(DONE, plugin=oil, pictures={url: painted})
        response = script.play({**CALL, "response_format": "b64_json"})

        assert [url] == script.fetched
        assert painted == response.data[0].read()

    def test_a_request_too_many_is_shown(self):
        """
        A script that is too short says which request it has no answer to.
        """
        with pytest.raises(AssertionError, match=r"request 2: GET https://api\.oil\.example"):
            Script(PAINTING, plugin=oil).play(CALL)

    def test_the_last_answer_may_be_given_for_ever(self):
        """
        With *repeat* a job is never done, and the deadline comes without waiting for it.
        """
        script = Script(PAINTING, plugin=oil, repeat=True)
        with pytest.raises(Timeout) as caught:
            script.play({**CALL, "timeout": 600})

        assert 600 == pytest.approx(sum(script.slept))
        assert '"step": "poll"' in caught.value.job.to_json()

    @pytest.mark.parametrize(
        ("answer", "kind", "accepted"),
        [
            pytest.param(reply(fault="refuse"), APIConnectionError, False, id="refused"),
            pytest.param(reply(fault="drop"), APIConnectionError, True, id="dropped"),
            pytest.param(reply({}, cut=1), APIConnectionError, True, id="cut"),
            pytest.param(reply(fault="hang"), Timeout, True, id="hanging"),
        ],
    )
    def test_connections_break(self, answer, kind, accepted):
        """
        The engine meets what it would meet on the network, and knows what it may cost.
        """
        with pytest.raises(kind) as caught:
            Script(answer, plugin=oil).play({**CALL, "max_retries": 0})

        assert kind is type(caught.value)
        assert accepted == caught.value.maybe_accepted

    def test_it_plays_inside_a_running_loop(self):
        """
        An async test may use it as it is.
        """

        async def test():
            return Script(DONE, plugin=oil).play(CALL)

        assert 1 == len(asyncio.run(test()).data)


def _ask(server, **more):
    """Make a call at *server*, over the real network, with no repeats."""
    return impasto.image_generation(
        "a fox",
        **{"model": "openai/gpt-image-2", "api_base": server.url, "api_key": "sk-0123456789abcdef"}
        | {"timeout": 60, "max_retries": 0, **more},
    )


async def _both(server):
    """Make two calls at once, and return what they raise."""
    call = {"model": "openai/gpt-image-2", "api_base": server.url, "api_key": "none"}
    calls = [impasto.aimage_generation("a fox", **call, timeout=PATIENCE) for _ in range(2)]
    return await asyncio.gather(*calls, return_exceptions=True)


class TestFakeServer:
    """A real server on loopback."""

    def test_a_form_that_arrived_can_be_taken_apart(self):
        """
        Its parts come in their order, files with names and types; what is no form is an error.
        """
        with FakeServer() as server:
            call = {
                "api_base": server.url,
                "api_key": "sk-0123456789",
                "model": "openai/gpt-image-2",
            }
            impasto.image_edit(PNG, "blue walls", **call)
            impasto.image_generation("a fox", **call)
        edit, order = server.received
        parts = {part.name: part for part in edit.parts()}

        assert FormPart("prompt", b"blue walls") == parts["prompt"]
        assert FormPart("image", PNG, "image.png", "image/png") == parts["image"]
        with pytest.raises(ValueError, match="application/json is no form"):
            order.parts()

    def test_it_speaks_openais_dialect(self):
        """
        As many small real pictures as were asked for, and what arrived is kept.
        """
        with FakeServer() as server:
            response = _ask(server, n=3)

        assert [PNG] * 3 == [image.read() for image in response.data]
        assert [("POST", "/v1/images/generations")] == [
            (received.method, received.path) for received in server.received
        ]
        assert ("a fox", 3) == (server.received[0].json()["prompt"], server.received[0].json()["n"])
        assert "Bearer sk-0123456789abcdef" == server.received[0].headers["authorization"]

    def test_it_sends_urls_that_lead_back(self):
        """
        Where the body asks for URLs, the pictures are behind them.
        """
        with FakeServer() as server:
            response = _ask(server, model="openai/any-model", n=2, response_format="url")
            pictures = [image.read() for image in response.data]

        assert [PNG, PNG] == pictures
        assert 2 == len({image.url for image in response.data})
        assert "a fox" == response.data[0].revised_prompt

    def test_it_answers_what_a_function_says(self):
        """
        A handler of one's own sees what arrived.
        """

        def handler(received):
            return reply({"error": {"message": received.path}}, status=404)

        with FakeServer(handler) as server, pytest.raises(impasto.NotFoundError) as caught:
            _ask(server)

        assert "/v1/images/generations" == caught.value.message

    def test_it_fails_as_often_as_it_is_told(self):
        """
        Faults come in order; then it answers as before, to the call that is repeated.
        """
        with FakeServer().will(FAULTS["error"].reply, FAULTS["gateway"].reply) as server:
            with pytest.raises(InternalServerError):
                _ask(server)
            with pytest.raises(BadGatewayError):
                _ask(server)
            response = _ask(server)

        assert 1 == len(response.data)
        assert 3 == len(server.received)

    @pytest.mark.parametrize(
        ("fault", "kind", "accepted"),
        [
            pytest.param("drop", APIConnectionError, True, id="drop"),
            pytest.param("hang", Timeout, True, id="hang"),
            pytest.param("late", Timeout, True, id="late"),
            pytest.param("slow", Timeout, True, id="slow"),
            pytest.param("cut", APIConnectionError, True, id="cut"),
            pytest.param("page", APIResponseValidationError, True, id="page"),
            pytest.param("empty", APIResponseValidationError, True, id="empty"),
            pytest.param("refusal", ContentPolicyViolationError, False, id="refusal"),
            pytest.param("refusal-in-200", ContentPolicyViolationError, False, id="refusal-in-200"),
            pytest.param("key", AuthenticationError, False, id="key"),
            pytest.param("rate-limit", RateLimitError, False, id="rate-limit"),
            pytest.param("quota", QuotaExceededError, False, id="quota"),
            pytest.param("error", InternalServerError, True, id="error"),
            pytest.param("gateway", BadGatewayError, True, id="gateway"),
            pytest.param("overloaded", ServiceUnavailableError, False, id="overloaded"),
        ],
    )
    def test_every_fault_is_the_right_error(self, fault, kind, accepted):
        """
        Over the real network each fault is the error that people catch, and says what it may cost.
        """
        with FakeServer().will(FAULTS[fault].reply) as server, pytest.raises(kind) as caught:
            _ask(server, timeout=PATIENCE if kind is Timeout else 60)

        assert kind is type(caught.value)
        assert accepted == caught.value.maybe_accepted
        assert "openai" == caught.value.provider

    def test_a_mislabelled_picture_is_one(self):
        """
        A wrong content type alone makes no picture unreadable.
        """
        with FakeServer().will(FAULTS["mislabelled"].reply) as server:
            response = _ask(server)

        assert PNG == response.data[0].read()

    def test_a_slow_answer_is_whole_in_the_end(self):
        """
        Byte by byte, but all of them, for who has the patience.
        """
        slowly = reply(json.loads(FAULTS["slow"].reply.body), drip=0.0001)
        with FakeServer().will(slowly) as server:
            response = _ask(server)

        assert PNG == response.data[0].read()

    def test_a_delay_is_waited_for(self):
        """
        An answer before the deadline is an answer.
        """
        with FakeServer().will(
            reply({"data": [{"url": "https://a.test/1.png"}]}, delay=0.05)
        ) as server:
            assert "https://a.test/1.png" == _ask(server).data[0].url

    def test_nothing_is_left_of_it(self):
        """
        No thread, task or unfinished answer survives the end of the block.
        """
        with FakeServer().will(reply(fault="hang"), reply({}, drip=60)) as server:
            failures = asyncio.run(_both(server))
            thread, loop = server._thread, server._loop

        assert [Timeout, Timeout] == [type(failure) for failure in failures]
        assert not thread.is_alive()
        assert loop.is_closed()
        assert set() == asyncio.all_tasks(loop)

    def test_a_server_that_never_served_leaves_nothing(self):
        """
        Preparing one costs nothing that would have to be closed.
        """
        before = threading.active_count()
        FakeServer()

        assert before == threading.active_count()

    def test_a_port_that_is_taken_is_an_error(self):
        """
        Two cannot have one port; the second leaves nothing behind.
        """
        with FakeServer() as first:
            threads = threading.active_count()
            with pytest.raises(OSError, match="address already in use"):
                FakeServer(port=int(first.url.rpartition(":")[2])).__enter__()

            assert threads == threading.active_count()


class TestCommand:
    """``python -m impasto.testing``, for a person."""

    @pytest.fixture
    def command(self):
        """Return a function that starts the command; it returns it, its head and its URL."""
        started = []

        def start(*arguments):
            # Every warning is an error, those about what was left open included.
            line = [sys.executable, "-X", "dev", "-W", "error", "-m", "impasto.testing", *arguments]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
            started.append(subprocess.Popen(line, **pipes))
            head = [started[-1].stdout.readline() for _ in range(2)]
            return started[-1], head, re.search(r"http://[\d.:]+", head[0])[0]

        yield start
        for process in started:
            process.kill()
            process.communicate()

    def test_it_serves_until_it_is_interrupted(self, command):
        """
        It says where it is, how to try it and what arrives, and ends without a complaint.
        """
        process, head, url = command()
        response = impasto.image_generation(
            "a fox", model="openai/gpt-image-2", api_base=url, api_key="none"
        )
        arrived = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, complaints = process.communicate(timeout=30)
        said = arrived + rest

        assert PNG == response.data[0].read()
        assert (
            f'  impasto "a fox" -m openai/gpt-image-2 -p api_key=none --api-base {url}\n' == head[1]
        )
        assert re.fullmatch(r"POST /v1/images/generations, \d+ bytes\n\n1 requests arrived\n", said)
        assert (0, "") == (process.returncode, complaints)

    def test_it_fails_as_it_is_told(self, command):
        """
        Always, so that a program can be watched in its misery.
        """
        _, _, url = command("--fault", "refusal-in-200")
        for _ in range(2):
            with pytest.raises(ContentPolicyViolationError):
                impasto.image_generation(
                    "a fox", model="openai/gpt-image-2", api_base=url, api_key="none"
                )

    def test_its_help_lists_what_can_go_wrong(self):
        """
        Every fault is there, with what happens.
        """
        line = [sys.executable, "-m", "impasto.testing", "--help"]
        shown = subprocess.run(
            line, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "100"}
        ).stdout

        for name, fault in FAULTS.items():
            assert re.search(rf"  {name} +{re.escape(fault.happens)}\n", shown)

    def test_a_fault_that_nobody_knows_is_refused(self):
        """
        With the names of those that there are.
        """
        line = [sys.executable, "-m", "impasto.testing", "--fault", "earthquake"]
        refused = subprocess.run(line, capture_output=True, text=True, check=False)

        assert 2 == refused.returncode
        assert "refusal-in-200" in refused.stderr


@pytest.mark.parametrize("refuses", [True, False])
def test_an_answer_of_nothing_may_be_a_refusal(monkeypatch, refuses):
    """
    Where a contract says so, ``{}`` must be one, and only then may it be.
    """
    good = oil.parse_response

    @oil.hookimpl
    def parse_response(call, request, response):
        if refuses and response.json() == {}:
            raise ContentPolicyViolationError("every picture was filtered")
        return good(call=call, request=request, response=response)

    monkeypatch.setattr(oil, "parse_response", parse_response)
    contract = type("Contract", (OilContract,), {"plugin": oil})()
    odd = "an empty object"
    contract.nothing_is_a_refusal = refuses
    contract.test_odd_bodies_are_errors(contract._stage, odd)

    contract.nothing_is_a_refusal = not refuses
    with pytest.raises(AssertionError):
        contract.test_odd_bodies_are_errors(contract._stage, odd)


def test_the_garbage_of_others_is_not_held_against_a_hook():
    """
    What runs in `gc.callbacks` reads clocks; a collection in mid-hook is no deed of the hook's.
    """
    asked = []
    gc.callbacks.append(lambda phase, info: asked.append(time.perf_counter()))
    plugin = types.ModuleType("plugin_with_garbage")
    exec(
        "from impasto import hookimpl\n"
        "from impasto.types import Image, ImageResponse, Provider\n"
        "CONTRACT = (1, 0)\n"
        "@hookimpl\n"
        "def describe(): return Provider(name='litter', auth=None)\n"
        "@hookimpl\n"
        "def translate_params(call):\n"
        "    litter = [[] for _ in range(20_000)]\n"
        "    return call.translate('prompt')\n"
        "@hookimpl\n"
        "def render(): return ImageResponse(data=[Image(content=b'GIF89a')])\n",
        plugin.__dict__,
    )
    try:
        script = Script(plugin=plugin)
        script.play({"prompt": "a fox", "model": "litter/one"})
    finally:
        gc.callbacks.pop()

    assert [] == script.watch.objections
