"""`stream=True`: what happens to a call is told while it happens, the same for all providers."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import json
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from attrs import evolve

import impasto
from impasto import (
    APIConnectionError,
    APIResponseValidationError,
    AsyncImageStream,
    BadRequestError,
    ContentPolicyViolationError,
    ImageEvent,
    ImageStream,
    ImpastoError,
    InternalServerError,
    PluginError,
    RateLimitError,
    Timeout,
    UnsupportedParamsError,
    aimage_generation,
    hookimpl,
    image_generation,
)
from impasto._arguments import sort
from impasto._audience import ROOM, Audience
from impasto._portal import run
from impasto._stream import _under_way
from impasto.testing import PNG, Reply, Script, png, reply
from impasto.types import Call, Image, ImageResponse, Params, Partial, Request, Usage

SMALL = png(2, 2)
BLURRED, ENCODED = (base64.b64encode(one).decode() for one in (SMALL, PNG))
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    b"X-Request-Id: req_7\r\n\r\n"
)
STREAMS = '{"models": [{"name": "oil-2", "max_images": 4, "streams": true}]}'


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    body = {**params.values, **({"stream": True} if call.stream else {})}
    return Request(url=f"{call.settings['api_base']}/pictures", json=body)


@hookimpl
def parse_event(event: Mapping[str, Any]) -> Partial | ImageResponse | None:
    data = event["data"]
    match event["event"]:
        case "progress":
            return Partial(progress=data)
        case "partial":
            return Partial(image=Image(b64_json=data))
        case "picture":
            return ImageResponse(
                data=[Image(b64_json=data["b64"])], usage=Usage(total_tokens=data["tokens"])
            )
        case "refused":
            raise ContentPolicyViolationError("no foxes", stage="output")
        case "busy":
            raise RateLimitError("too many foxes")
        case "broken":
            raise InternalServerError("the brush broke")
        case "bug":
            raise RuntimeError("a bug")
    return None


PROGRESS, PARTIAL = ("progress", 0.5), ("partial", BLURRED)
PICTURE = ("picture", {"b64": ENCODED, "tokens": 9})


def written(*events: tuple[str, Any]) -> bytes:
    lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events]
    return "".join(lines).encode()


def streamed(*events: tuple[str, Any], **more: Any) -> Reply:
    headers = {"Content-Type": "text/event-stream; charset=utf-8"}
    return reply(body=written(*events), headers=headers, **more)


def told(events: list[ImageEvent]) -> list[tuple[Any, ...]]:
    return [(one.type, one.native, one.index) for one in events]


def played(
    acme, *answers: Reply, models: Any = None, script: Any = None, **call: Any
) -> list[ImageEvent]:
    """Return the events of a call that succeeds."""
    script = script or Script(
        *answers, plugin=acme.plugin(parse_event, build_request), models=models
    )
    return list(script.stream({**acme.call, **call}))


def failing(stream: ImageStream) -> tuple[list[ImageEvent], ImpastoError]:
    """Return the events of a call that fails, and the error behind them."""
    events: list[ImageEvent] = []
    with pytest.raises(ImpastoError) as caught:
        _take(stream, events)
    return events, caught.value


def _take(stream: ImageStream, events: list[ImageEvent]) -> None:
    for event in stream:
        events.append(event)  # noqa: PERF402 - those before an error stay


def failed(acme, *answers: Reply, **call: Any) -> tuple[Script, list[ImageEvent], ImpastoError]:
    script = Script(*answers, plugin=acme.plugin(parse_event, build_request))
    return script, *failing(script.stream({**acme.call, **call}))


class TestEvents:
    """Queued, progress, partial pictures, pictures, done."""

    def test_a_provider_that_streams(self, acme):
        """
        Each event is told as the provider's own, with what can be seen; the response comes last.
        """
        events = played(acme, streamed(PROGRESS, PARTIAL, PARTIAL, PICTURE))

        assert [
            ("queued", False, 0),
            ("progress", True, 0),
            ("partial", True, 0),
            ("partial", True, 0),
            ("picture", True, 0),
            ("done", False, 0),
        ] == told(events)
        assert [0.5, None, None, 1.0] == [one.progress for one in events[1:-1]]
        assert [None, 0, 1, None] == [one.partial_image_index for one in events[1:-1]]
        assert [SMALL, SMALL, PNG] == [one.image.read() for one in events[2:-1]]
        assert BLURRED == events[2].b64_json
        assert 9 == events[-1].usage.total_tokens
        assert events[-2].image == events[-1].response.data[0]

    def test_a_provider_that_answers_at_once(self, acme):
        """
        The call was on its way, the pictures are there, and it is done.
        """
        events = played(acme, acme.pictures(2), n=2)

        assert [
            ("queued", False, 0),
            ("picture", False, 0),
            ("picture", False, 1),
            ("done", False, 0),
        ] == told(events)
        assert "n" in events[-1].response.params

    def test_a_provider_that_is_polled(self, acme):
        """
        What a poll says is progress; what it says again is no news.
        """

        @hookimpl
        def parse_response(request: Request, response) -> ImageResponse | Request:
            body = response.json()
            if "state" in body:
                return request.follow(f"{acme.base}/jobs/7", progress=body["state"])
            return ImageResponse(data=[Image(content=PNG)])

        states = [reply({"state": one}) for one in ("starting", "starting", 0.5)]
        script = Script(*states, reply({}), plugin=acme.plugin(parse_response))
        events = played(acme, script=script)

        assert ["queued", "progress", "progress", "picture", "done"] == [one.type for one in events]
        assert ["starting", 0.5] == [one.progress for one in events[1:3]]
        assert not any(one.native for one in events)

    def test_a_renderer(self, acme):
        """
        What it reports from its own thread is its own; its pictures come with its answer.
        """

        def render(report) -> ImageResponse:
            report(0.5)
            report(Partial(image=Image(content=SMALL), progress=0.75))
            return ImageResponse(data=[Image(content=PNG)])

        module = acme.plugin(hookimpl(render), auth=None)
        del module.build_request, module.parse_response
        events = played(acme, script=Script(plugin=module))

        assert [
            ("queued", False, 0),
            ("progress", True, 0),
            ("partial", True, 0),
            ("picture", False, 0),
            ("done", False, 0),
        ] == told(events)

    def test_pictures_of_one_call_are_streamed_each_alone(self, acme, tmp_path):
        """
        The model makes four in one request, and streams one: three requests, numbered 0 to 2.
        """
        models = tmp_path / "models.json"
        models.write_text(STREAMS)
        script = Script(
            *[streamed(PARTIAL, PICTURE)] * 3,
            plugin=acme.plugin(parse_event, build_request),
            models=models,
        )
        events = played(acme, script=script, n=3)

        assert [1, 1, 1] == [json.loads(sent.body)["n"] for sent in script.sent]
        for kind in ("partial", "picture"):
            assert [0, 1, 2] == sorted(one.index for one in events if one.type == kind)
        assert 3 == len(events[-1].response.data)
        assert 27 == events[-1].usage.total_tokens
        assert "split into 3 requests" == events[-1].response.params["n"].note

    def test_without_a_stream_the_model_makes_as_many_as_it_can(self, acme, tmp_path):
        """
        One request, as ever.
        """
        models = tmp_path / "models.json"
        models.write_text(STREAMS)
        script = Script(acme.pictures(3), plugin=acme.plugin(build_request), models=models)
        response = script.play({**acme.call, "n": 3, "stream": False})

        assert 3 == len(response.data)
        assert [{"prompt": "a fox", "n": 3}] == [json.loads(one.body) for one in script.sent]

    def test_a_part_that_fails_leaves_the_others(self, acme, tmp_path):
        """
        The pictures that came are told under their own numbers; the error has what was seen.
        """
        models = tmp_path / "models.json"
        models.write_text(STREAMS)
        answers = [streamed(PICTURE), streamed(PARTIAL, ("broken", None)), streamed(PICTURE)]
        with pytest.warns(impasto.PartialResultWarning):
            events = played(acme, *answers, models=models, n=3)

        assert [0, 2] == [one.index for one in events if one.type == "picture"]
        (error,) = events[-1].response.errors
        assert [1] == [one.index for one in error.partials]

    def test_pictures_have_their_bytes_where_these_were_asked_for(self, acme):
        """
        With b64_json the event has them as well, fetched once.
        """
        script = Script(acme.urls("https://acme.test/1.png"), plugin=acme.plugin())
        *_, picture, done = played(acme, script=script, response_format="b64_json")

        assert (ENCODED, ENCODED) == (picture.b64_json, done.response.data[0].b64_json)
        assert ["https://acme.test/1.png"] == script.fetched

    def test_a_gateway_that_ignores_the_wish(self, acme):
        """
        A JSON answer to a request for a stream is an answer.
        """
        events = played(acme, acme.pictures())

        assert ["queued", "picture", "done"] == [one.type for one in events]

    def test_a_stand_in(self, acme):
        """
        A mock is told with its pictures, and sends nothing.
        """
        script = Script(plugin=acme.plugin())
        events = played(acme, script=script, mock_response=[PNG, PNG])

        assert ["queued", "picture", "picture", "done"] == [one.type for one in events]
        assert [] == script.sent

    def test_an_extra_that_answers_itself(self, acme):
        """
        A cache is round streams as it is round other calls.
        """

        async def kept(call, proceed):
            return ImageResponse(data=[Image(content=PNG)], provider="cache")

        script = Script(plugin=acme.plugin())
        script.client.extras["cache"] = kept
        events = played(acme, script=script)

        assert ["queued", "picture", "done"] == [one.type for one in events]
        assert "cache" == events[-1].response.provider

    def test_on_progress_hears_it_too(self, acme):
        """
        Partial pictures among it.
        """
        heard: list[Partial] = []
        played(acme, streamed(PROGRESS, PARTIAL, PICTURE), on_progress=heard.append)

        assert [0.5, None, 1.0] == [one.progress for one in heard]
        assert [None, SMALL, PNG] == [one.image and one.image.read() for one in heard]

    def test_extras_and_hooks_know_that_it_is_a_stream(self, acme):
        """
        `call.stream` says so.
        """
        calls: list[Call] = []

        async def look(call, proceed):
            calls.append(call)
            return await proceed(call)

        script = Script(acme.pictures(), plugin=acme.plugin())
        script.client.extras["look"] = look
        played(acme, script=script)

        assert [True] == [one.stream for one in calls]

    def test_what_the_stream_knows(self, acme):
        """
        The response once it is done, what could be seen, and how it stands.
        """
        script = Script(streamed(PARTIAL, PICTURE), plugin=acme.plugin(parse_event))
        stream = script.stream(acme.call)
        before = (stream.response, repr(stream))
        last = [*stream][-1]

        assert (None, "<ImageStream: not begun>") == before
        assert (last.response, "<ImageStream: done>") == (stream.response, repr(stream))
        assert [SMALL] == [one.image.read() for one in stream.partials]
        assert [] == [*stream]

    def test_running_to_the_end(self, acme):
        """
        Who has seen enough still gets the response.
        """
        script = Script(streamed(PARTIAL, PICTURE), plugin=acme.plugin(parse_event))
        with script.stream(acme.call) as stream:
            next(stream)
            response = stream.run()

        assert PNG == response.data[0].read()

    def test_events_are_plain_data_too(self, acme):
        """
        Brackets read as dots do, and JSON can hold it.
        """
        event = played(acme, streamed(PARTIAL, PICTURE))[1]

        assert ("partial", True) == (event["type"], event["native"])
        assert BLURRED == json.loads(event.model_dump_json())["image"]["b64_json"]
        assert "<ImageEvent partial, native, index=0, <Image image/png, 2x2>>" == repr(event)


class TestErrors:
    """A stream that fails raises, with what was to be seen."""

    def test_a_refusal_before_anything(self, acme):
        """
        It is the same error as without a stream, and nothing was accepted.
        """
        _, events, error = failed(acme, streamed(("refused", None)))

        assert ["queued"] == [one.type for one in events]
        assert (ContentPolicyViolationError, "output", False) == (
            type(error),
            error.stage,
            error.maybe_accepted,
        )
        assert () == error.partials

    @pytest.mark.parametrize(
        ("event", "kind"),
        [("refused", ContentPolicyViolationError), ("busy", RateLimitError)],
    )
    def test_an_error_after_a_partial_picture(self, acme, event, kind):
        """
        The order was taken, so it is not repeated by itself; the partial picture is kept.
        """
        script, events, error = failed(acme, streamed(PARTIAL, (event, None)))

        assert ["queued", "partial"] == [one.type for one in events]
        assert (kind, True, 1) == (type(error), error.maybe_accepted, len(script.sent))
        assert [SMALL] == [one.image.read() for one in error.partials]

    def test_too_many_at_once_before_a_partial_picture(self, acme):
        """
        Nothing was made: it is repeated as it is without a stream.
        """
        events = played(acme, streamed(("busy", None)), streamed(PARTIAL, PICTURE))

        assert ["queued", "partial", "picture", "done"] == [one.type for one in events]

    @pytest.mark.parametrize("cut", [0, 1, 200, None], ids=["begun", "early", "late", "ended"])
    def test_a_stream_that_is_cut(self, acme, cut):
        """
        Whether the connection breaks or the stream just ends: it may be paid for, and raises.
        """
        answer = streamed(PARTIAL, cut=cut)
        script, _, error = failed(acme, answer)
        seen = [SMALL] if cut is None or cut >= len(answer.body) else []

        assert (APIConnectionError, True, True) == (
            type(error),
            error.maybe_accepted,
            error.retryable,
        )
        assert 1 == len(script.sent)
        assert seen == [one.image.read() for one in error.partials]

    def test_it_is_asked_for_again_where_the_caller_says_so(self, acme):
        """
        With max_retries the same order goes out once more.
        """
        script, _, error = failed(acme, streamed(PARTIAL), streamed(PARTIAL), max_retries=1)

        assert (2, True) == (len(script.sent), error.maybe_accepted)

    def test_an_event_that_makes_no_sense(self, acme):
        """
        What the plugin cannot read is the provider's fault, and quoted.
        """
        _, _, error = failed(acme, streamed(("picture", {"b64": None})))

        assert (APIResponseValidationError, True) == (type(error), error.maybe_accepted)
        assert '{"b64": null}' == error.body

    def test_a_stream_without_end(self, acme, monkeypatch):
        """
        No event is larger than an answer may be.
        """
        monkeypatch.setattr("impasto._hearing.MAX_BYTES", 5_000)
        _, _, error = failed(acme, streamed(("partial", "A" * 9_000)))

        assert APIResponseValidationError is type(error)
        assert "more than 5,000 bytes" in error.message

    def test_a_bug_in_the_plugin(self, acme):
        """
        The hook is named.
        """
        _, _, error = failed(acme, streamed(("bug", None)))

        assert PluginError is type(error)
        assert "parse_event() raised RuntimeError: a bug" in error.message

    def test_a_hook_that_returns_something_else(self, acme):
        """
        The hook is named there as well.
        """

        @hookimpl
        def parse_event():
            return "a fox"

        script = Script(streamed(PARTIAL), plugin=acme.plugin(parse_event))
        _, error = failing(script.stream(acme.call))

        assert "parse_event() returned 'a fox'" in error.message

    def test_after_the_error_there_is_nothing(self, acme):
        """
        The iterator has ended, and has no response.
        """
        script = Script(streamed(("refused", None)), plugin=acme.plugin(parse_event))
        stream = script.stream(acme.call)
        failing(stream)

        assert ([], None) == ([*stream], stream.response)
        with pytest.raises(ImpastoError, match="closed before its end"):
            stream.run()

    def test_what_an_extra_raises(self, acme):
        """
        Whatever it is, it is raised to whoever iterates.
        """

        async def broken(call, proceed):
            raise KeyError("mine")

        script = Script(plugin=acme.plugin())
        script.client.extras["broken"] = broken
        with pytest.raises(KeyError, match="mine"):
            list(script.stream(acme.call))

    def test_a_witness_is_told_of_the_end(self, acme):
        """
        The last event, once, without the partial pictures, which may be large; of a stream that is
        cut nothing, as where a connection breaks.
        """
        moments: list[tuple[str, bytes]] = []

        class Journal:
            async def ordering(self, conversation, request):
                moments.append(("ordering", request.url.encode()))

            async def answered(self, conversation, request, response):
                moments.append(("answered", response.body))

            async def taken(self, conversation):
                raise AssertionError("there is no job")

        for ending in ([], [("broken", None)], [PICTURE]):
            script = Script(streamed(PARTIAL, *ending), plugin=acme.plugin(parse_event))
            asked = evolve(sort("generate", {**acme.call, "stream": True}), witness=Journal())
            with suppress(APIConnectionError, InternalServerError):
                run(script.client.perform(asked, (__file__, 1, globals())))

            assert [written(one) for one in ending] == [body for _, body in moments[1:]]
            moments.clear()

    @pytest.mark.parametrize("ends", ["well", "cut"])
    def test_a_journal(self, acme, tmp_path, ends):
        """
        What came is not ordered again, whether it is streamed or not; what was cut is ambiguous.
        """
        answers = [streamed(PARTIAL, PICTURE) if ends == "well" else streamed(PARTIAL)]
        script = Script(*answers, plugin=acme.plugin(parse_event, build_request))
        booked = {**acme.call, "journal": tmp_path / "j.sqlite", "idempotency_key": "fox"}
        with suppress(APIConnectionError):
            script.stream(booked).run()
        if ends == "well":
            types = [one.type for one in script.stream(booked)]

            assert ["queued", "picture", "done"] == types
            assert PNG == script.play(booked).data[0].read()
        else:
            _, error = failing(script.stream(booked))

            assert error.maybe_accepted
            assert "again='ambiguous'" in error.message
        assert 1 == len(script.sent)

    def test_a_journal_knows_how_several_were_ordered(self, acme, tmp_path):
        """
        Each alone, for a stream: without one they would be another order, and paid for twice.
        """
        models = tmp_path / "models.json"
        models.write_text(STREAMS)
        plugin = acme.plugin(parse_event, build_request)
        script = Script(*[streamed(PICTURE)] * 2, plugin=plugin, models=models)
        booked = {**acme.call, "n": 2, "journal": tmp_path / "j", "idempotency_key": "two"}
        first = script.stream(booked).run()
        again = script.stream(booked).run()
        with pytest.raises(BadRequestError, match="stream"):
            script.play(booked)

        assert [one.read() for one in first.data] == [one.read() for one in again.data]
        assert 2 == len(script.sent)


class TestFallbacks:
    """Another model goes on only where nothing was to be seen."""

    def test_before_a_partial_picture(self, acme):
        """
        The first one is busy for good, and the other one streams.
        """
        busy = streamed(("busy", None))
        events = played(
            acme, busy, busy, busy, streamed(PARTIAL, PICTURE), fallbacks=["acme/oil-3"]
        )

        assert ["queued", "partial", "picture", "done"] == [one.type for one in events]
        assert ["acme/oil-2"] == [one.model for one in events[-1].response.attempts]

    def test_after_a_partial_picture(self, acme):
        """
        The order was taken: nobody else is asked.
        """
        script, _, error = failed(acme, streamed(PARTIAL, ("busy", None)), fallbacks=["acme/oil-3"])

        assert 1 == len(script.sent)
        assert "fallback_after='ambiguous' allows it" in error.message

    def test_where_the_caller_allows_it(self, acme):
        """
        The events of the other one follow.
        """
        answers = streamed(PARTIAL, ("busy", None)), streamed(PARTIAL, PICTURE)
        events = played(acme, *answers, fallbacks=["acme/oil-3"], fallback_after="ambiguous")

        assert ["queued", "partial", "partial", "picture", "done"] == [one.type for one in events]

    def test_it_is_the_same_for_every_model(self, acme):
        """
        A stream is of the whole call.
        """
        with pytest.raises(BadRequestError, match="stream is the same for every model"):
            played(acme, fallbacks=[{"model": "acme/oil-3", "stream": True}])


class TestArguments:
    """What cannot be streamed says so, before anything is sent."""

    def test_it_is_true_or_false(self):
        """
        Anything else is an error of the call itself, not of its first event.
        """
        with pytest.raises(BadRequestError, match="stream='yes'; it takes True or False"):
            image_generation("a fox", model="sketch/oil-1", stream="yes")  # type: ignore[call-overload]

    def test_a_wrong_call_is_refused_where_it_is_made(self):
        """
        Nobody has to iterate to learn that the prompt is empty.
        """
        with pytest.raises(BadRequestError, match="prompt is empty"):
            image_generation("", model="sketch/oil-1", stream=True)

    def test_a_job(self, acme):
        """
        It is asked for, not watched.
        """
        script = Script(plugin=acme.plugin())
        with pytest.raises(UnsupportedParamsError, match=r"stream: .* job\.progress") as caught:
            script.submit({**acme.call, "stream": True})

        assert "stream" == caught.value.param

    def test_a_batch(self):
        """
        At once where it is for all, and as the outcome of a call where it is for that one.
        """
        with pytest.raises(UnsupportedParamsError, match="stream: a batch"):
            impasto.batch(["a fox"], model="sketch/oil-1", stream=True)
        prompts = [{"prompt": "a fox", "stream": True}, "a hen"]
        done = {
            one.index: one for one in impasto.batch(prompts, model="sketch/oil-1", size="64x64")
        }

        assert ("failed", "done") == (done[0].status, done[1].status)
        assert "stream: a batch" in str(done[0].error)

    def test_a_variation(self, acme):
        """
        All three kinds of work can be streamed.
        """

        @hookimpl
        def translate_params(call: Call) -> Params:
            return call.translate(image=lambda _: {})

        script = Script(acme.pictures(), plugin=acme.plugin(translate_params))
        call = {"kind": "vary", "model": "acme/oil-2", "api_key": acme.key, "image": PNG}
        events = list(script.stream(call))

        assert ["queued", "picture", "done"] == [one.type for one in events]

    def test_explained(self, acme, registered):
        """
        The request is the one for a stream.
        """
        registered(acme.plugin(parse_event, build_request))
        plan = impasto.explain(**acme.call, stream=True)

        assert {"prompt": "a fox", "stream": True} == plan.requests[0].body

    def test_one_that_is_never_begun(self):
        """
        Nothing was asked for, which nobody would know.
        """
        with pytest.warns(RuntimeWarning, match="a stream was never begun"):
            repr(image_generation("a fox", model="sketch/oil-1", stream=True))

    def test_one_that_is_closed_unbegun(self):
        """
        Whoever closes it knows.
        """
        image_generation("a fox", model="sketch/oil-1", stream=True).close()
        with image_generation("a fox", model="sketch/oil-1", stream=True) as stream:
            pass

        assert [] == [*stream]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Steps:
    """An answer of which each part is sent when the test says so.

    Attributes:
        gone: Set when the other side has closed the connection.
        sent: How many bytes were.
    """

    def __init__(self, *parts: bytes, head: bytes = HEAD, ends: bytes = b"0\r\n\r\n") -> None:
        self.parts = parts
        self.gone = threading.Event()
        self.sent = 0
        self._go = threading.Semaphore(0)
        self._head = head
        self._ends = ends

    def go(self, count: int = 1) -> None:
        """Let so many parts go."""
        self._go.release(count)

    def __call__(self, peer) -> None:
        peer.connection.settimeout(20)
        with suppress(OSError):
            peer.say(self._head)
            for part in self.parts:
                self._wait(peer)
                peer.say(chunk(part))
                self.sent += len(part)
            self._wait(peer)
            peer.say(self._ends)

    def _wait(self, peer) -> None:
        """Wait for leave, or until nobody listens any more."""
        peer.connection.settimeout(0.02)
        while not self._go.acquire(timeout=0.01):
            with suppress(TimeoutError):
                if not peer.connection.recv(1):
                    self.gone.set()
                    raise OSError("nobody is there")
            if peer.over.is_set():
                raise OSError("the test is over")
        peer.connection.settimeout(20)


@pytest.fixture
def serve(acme, registered, wire):
    """Return a function that starts a server and makes it Acme's; it returns arguments of a call."""
    registered(acme.plugin(parse_event, build_request))
    return lambda answer: {**acme.call, "api_base": wire(answer).url}


class TestOnTheWire:
    """A real connection, whose bytes come when they come."""

    def test_each_event_is_handed_over_when_it_is_there(self, serve):
        """
        The server sends the next one only after the one before was taken.
        """
        steps = Steps(*(written(one) for one in (PROGRESS, PARTIAL, PICTURE)))
        types = []
        with image_generation(**serve(steps), stream=True) as stream:
            for event in stream:
                types.append(event.type)
                steps.go()

        assert ["queued", "progress", "partial", "picture", "done"] == types
        assert "req_7" == stream.response.request_id

    def test_awaited(self, serve):
        """
        The same in an event loop.
        """
        steps = Steps(*(written(one) for one in (PARTIAL, PICTURE)))

        async def main() -> list[str]:
            types = []
            async with await aimage_generation(**serve(steps), stream=True) as stream:
                async for event in stream:
                    types.append(event.type)
                    steps.go()
            return types

        assert ["queued", "partial", "picture", "done"] == asyncio.run(main())

    def test_awaiting_the_stream_itself(self, serve):
        """
        It goes on to the end.
        """
        steps = Steps(written(PARTIAL, PICTURE))
        steps.go(2)

        async def main() -> ImageResponse:
            return await (await aimage_generation(**serve(steps), stream=True))

        assert PNG == asyncio.run(main()).data[0].read()

    @pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
    @pytest.mark.parametrize("size", [1, 3, 100_000])
    def test_however_it_is_cut_into_pieces(self, serve, end, size):
        """
        Half characters, half line ends and comments in between make no difference.
        """
        text = b": ping \xf0\x9f\xa6\x8a\n\n" + written(("progress", "fox \U0001f98a"), PICTURE)
        text = text.replace(b"\\ud83e\\udd8a", "\U0001f98a".encode()).replace(b"\n", end)
        steps = Steps(*(text[at : at + size] for at in range(0, len(text), size)))
        steps.go(len(steps.parts) + 1)
        events = list(image_generation(**serve(steps), stream=True))

        assert ["queued", "progress", "picture", "done"] == [one.type for one in events]
        assert "fox \U0001f98a" == events[1].progress

    def test_a_large_event(self, acme, serve, registered):
        """
        It is read on another thread than that of the event loop.
        """
        threads: list[str] = []
        large = PNG + b"\0" * 600_000

        @hookimpl
        def parse_event(event):
            threads.append(threading.current_thread().name.rpartition("_")[0])
            return ImageResponse(data=[Image(b64_json=event["data"])])

        steps = Steps(written(("picture", base64.b64encode(large).decode())))
        steps.go(2)
        call = serve(steps)
        registered(acme.plugin(parse_event))

        assert large == image_generation(**call, stream=True).run().data[0].read()
        assert ["impasto-reading"] == threads

    def test_a_packed_stream(self, serve, http):
        """
        It is unpacked on the way.
        """
        body = gzip.compress(written(PARTIAL, PICTURE))
        headers = ("Content-Type: text/event-stream", "Content-Encoding: gzip")
        call = serve(lambda peer: peer.say(http(body, *headers)))

        assert "done" == [*image_generation(**call, stream=True)][-1].type

    def test_a_connection_that_breaks(self, serve):
        """
        It may be paid for; the partial picture is kept, and the order is not sent again.
        """
        steps = Steps(written(PARTIAL), written(PARTIAL)[:50], ends=b"")
        steps.go(3)
        events, error = failing(image_generation(**serve(steps), stream=True))

        assert ["queued", "partial"] == [one.type for one in events]
        assert (APIConnectionError, True, 1) == (
            type(error),
            error.maybe_accepted,
            len(error.partials),
        )

    def test_a_stream_that_hangs(self, serve):
        """
        The deadline of the call counts.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()
        events, error = failing(image_generation(**serve(steps), stream=True, timeout=0.3))

        assert ["queued", "partial"] == [one.type for one in events]
        assert (Timeout, True, 1) == (type(error), error.maybe_accepted, len(error.partials))
        assert steps.gone.wait(5)

    def test_an_error_status(self, serve, http):
        """
        It is an error before any event of the provider.
        """
        call = serve(lambda peer: peer.say(http(b"{}", status="401 Unauthorized")))
        events, error = failing(image_generation(**call, stream=True))

        assert (["queued"], 401) == ([one.type for one in events], error.status_code)

    def test_a_client_of_ones_own(self, serve):
        """
        Its own connections are used, and its pictures are fetched by it.
        """
        steps = Steps(written(PARTIAL, PICTURE))
        steps.go(2)
        with impasto.Client() as client:
            stream: Any = client.image_generation(**serve(steps), stream=True)
            types = [one.type for one in stream]

        assert ["queued", "partial", "picture", "done"] == types
        with pytest.raises(ImpastoError, match="closed"):
            list(client.image_generation(**serve(steps), stream=True))  # type: ignore[call-overload]

    def test_who_does_not_take_them_gets_no_more(self, serve):
        """
        The provider may send what it wants: a few events wait, the rest is not even received.
        """
        large = ("partial", base64.b64encode(SMALL + b"\0" * 100_000).decode())
        steps = Steps(*[written(large)] * 400)
        steps.go(500)
        with image_generation(**serve(steps), stream=True) as stream:
            next(stream)
            before = -1
            while before != steps.sent or before == 0:
                before = steps.sent
                time.sleep(0.3)
            most = steps.sent
            rest = sum(1 for one in _until(stream, 300) if one.type == "partial")

        assert most < 200 * 133_000
        assert rest >= 300 - 1

    def test_the_deadline_counts_while_nobody_takes_them(self, serve):
        """
        What was received by then is handed over, and then the error.
        """
        steps = Steps(*[written(PARTIAL)] * 40)
        steps.go(50)
        stream = image_generation(**serve(steps), stream=True, timeout=0.3)
        first = next(stream)
        time.sleep(0.6)
        events, error = failing(stream)

        assert "queued" == first.type
        assert Timeout is type(error)
        assert ROOM >= len(events)


def _until(stream: ImageStream, count: int) -> Iterator[ImageEvent]:
    for _ in range(count):
        yield next(stream)


class TestLeaving:
    """Who leaves stops the request; nothing is left of it."""

    def test_closing(self, serve):
        """
        The connection is closed, and the iterator has ended.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()
        stream = image_generation(**serve(steps), stream=True)
        while next(stream).type != "partial":
            pass
        stream.close()

        assert steps.gone.wait(5)
        assert [] == [*stream]
        assert not _under_way

    def test_closing_while_somebody_waits(self, serve):
        """
        Whoever waits for the next event, in another thread, learns that there is none.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()
        stream = image_generation(**serve(steps), stream=True)
        seen: list[str] = []
        waits = threading.Event()

        def take() -> None:
            for event in stream:
                seen.append(event.type)
                if event.type == "partial":
                    waits.set()

        thread = threading.Thread(target=take)
        thread.start()
        assert waits.wait(10)
        time.sleep(0.05)  # most likely it waits by then; it ends in any case
        stream.close()
        thread.join(10)

        assert not thread.is_alive()
        assert ["queued", "partial"] == seen

    def test_leaving_a_with(self, serve):
        """
        Break is enough.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()
        with image_generation(**serve(steps), stream=True) as stream:
            for event in stream:
                if event.type == "partial":
                    break

        assert steps.gone.wait(5)
        assert not _under_way

    def test_forgetting_it(self, serve):
        """
        Nobody holds it any more, so nobody can take what comes.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for event in image_generation(**serve(steps), stream=True):
                if event.type == "partial":
                    break
            gc.collect()

        assert steps.gone.wait(5)

    def test_cancelling_who_waits(self, serve):
        """
        As the deadline of `asyncio.timeout` does.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()

        async def main() -> tuple[list[str], int]:
            types: list[str] = []
            stream = await aimage_generation(**serve(steps), stream=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    async for event in stream:
                        types.append(event.type)  # noqa: PERF401 - those before the deadline
            return types, len(asyncio.all_tasks())

        types, tasks = asyncio.run(main())

        assert ["queued", "partial"] == types
        assert steps.gone.wait(5)
        assert 1 == tasks

    def test_the_end_of_the_loop(self, serve):
        """
        A stream that is left open when its event loop ends does not outlive it.
        """
        steps = Steps(written(PARTIAL), written(PICTURE))
        steps.go()

        async def main() -> AsyncImageStream:
            stream = await aimage_generation(**serve(steps), stream=True)
            async for event in stream:
                if event.type == "partial":
                    break
            return stream

        stream = asyncio.run(main())

        assert steps.gone.wait(5)
        assert "<AsyncImageStream: under way>" == repr(stream)
        assert not _under_way

    def test_a_job_is_stopped_at_the_provider(self, acme, serve, wire, http, registered):
        """
        The provider is told to cancel what it was asked for.
        """

        def answer(peer) -> bool:
            job = json.dumps({"job": f"{server.url}/jobs/7", "after": 0.2}).encode()
            peer.say(http(job, "Content-Type: application/json"))
            return True

        @hookimpl
        def parse_response(request: Request, response) -> Request:
            return request.follow(response.json()["job"], after=0.2, progress="waiting")

        server = wire(answer)
        registered(acme.plugin(parse_response, *acme.jobs))
        with image_generation(**{**acme.call, "api_base": server.url}, stream=True) as stream:
            while next(stream).type != "progress":
                pass

        assert b"POST /jobs/7/cancel" == server.requests[-1][:19]

    def test_two_side_by_side(self, serve):
        """
        They do not disturb each other.
        """
        steps = [Steps(written(PARTIAL, PICTURE)) for _ in range(2)]
        calls = [serve(one) for one in steps]
        streams = [image_generation(**call, stream=True) for call in calls]
        firsts = [next(one).type for one in streams]
        for one in steps:
            one.go(2)

        assert ["queued", "queued"] == firsts
        assert [PNG, PNG] == [one.run().data[0].read() for one in streams]


class TestAudience:
    """Events wait for whoever takes them, a few of them."""

    def test_progress_gives_way(self):
        """
        Where nobody can be made to wait, the oldest that is not finished is forgotten.
        """

        async def main() -> list[ImageEvent]:
            audience = Audience()
            audience.begins()
            audience.gets(Image(content=PNG), 0, native=False)
            for step in range(100):
                audience.sees(Partial(progress=step / 100, index=1), native=True)
            audience.ends(ImageResponse(data=[Image(content=PNG)]))
            return [await audience.next() for _ in range(ROOM)]

        events = asyncio.run(main())

        assert ["queued", "picture", *["progress"] * 5, "done"] == [one.type for one in events]
        assert 0.99 == events[-2].progress

    def test_pictures_never_do(self):
        """
        They are paid for.
        """

        async def main() -> list[int]:
            audience = Audience()
            for index in range(3 * ROOM):
                audience.gets(Image(content=PNG), index, native=False)
            return [(await audience.next()).index for _ in range(3 * ROOM)]

        assert [*range(3 * ROOM)] == asyncio.run(main())
