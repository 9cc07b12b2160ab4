"""Jobs: calls that need not be waited for, here or in another process."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from vendors import VENDORS, serving

import impasto
from impasto import hookimpl
from impasto.errors import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    MissingCredentialsError,
    NotFoundError,
    PartialResultWarning,
    RateLimitError,
    Timeout,
    UnsupportedParamsError,
)
from impasto.testing import PNG, FakeServer, Received, Reply, Script, png, reply
from impasto.testing._script import NOON
from impasto.types import Call, ImageResponse, Job, Model, Request

TWO_AT_ONCE = {"models": [{"name": "oil-2", "max_images": 2}]}


@pytest.fixture
def jobs(acme):
    """Acme as a provider with jobs, which can be stopped."""
    return acme.plugin(*acme.jobs)


@pytest.fixture
def two_at_once(tmp_path: Path) -> Path:
    """A catalogue with a model that makes two pictures in one request."""
    path = tmp_path / "models.json"
    path.write_text(json.dumps(TWO_AT_ONCE))
    return path


def shown(script: Script) -> list[str]:
    return [f"{one.method} {one.url.partition('.test')[2]}" for one in script.sent]


class TestSubmit:
    """What `submit()` waits for, and what it does not."""

    def test_it_returns_when_the_order_is_taken(self, acme, jobs):
        """
        The handle is there, and nothing is polled.
        """
        script = Script(acme.job(), plugin=jobs)
        job = script.submit(acme.call)

        assert ["POST /pictures"] == shown(script)
        assert ("acme", "oil-2", "running", None) == (
            job.provider,
            job.model,
            job.state,
            job.progress,
        )
        assert "<Job acme/oil-2: running>" == repr(job)
        assert [] == script.slept

    def test_the_pictures_are_those_of_the_call(self, acme, jobs):
        """
        `result()` returns what `image_generation()` would have.
        """
        answers = [acme.job(after=2), acme.job(after=3), acme.pictures(2)]
        script = Script(*answers, plugin=jobs)
        job = script.submit({**acme.call, "n": 2})
        response = job.result()

        assert Script(*answers, plugin=jobs).play({**acme.call, "n": 2}) == response
        assert [2.0, 3.0] == script.slept
        assert response is job.result()
        assert ("done", 1.0) == (job.state, job.progress)

    def test_hooks_know_that_a_handle_is_wanted(self, acme):
        """
        So that a provider is not asked to hold its answer back.
        """
        seen: list[bool] = []

        @hookimpl
        def build_request(call: Call) -> Request:
            seen.append(call.detached)
            return Request(url=f"{acme.base}/pictures")

        Script(acme.job(), plugin=acme.plugin(*acme.jobs, build_request)).submit(acme.call)
        Script(acme.pictures(), plugin=acme.plugin(build_request)).play(acme.call)

        assert [True, False] == seen

    def test_without_jobs_it_runs_in_the_background(self, acme, registered, wire, http):
        """
        `submit()` returns before the answer; `result()` waits for it.
        """
        may_answer = threading.Event()

        def answer(peer) -> None:
            may_answer.wait(60)
            peer.say(http(acme.pictures().body))

        registered(acme.plugin())
        job = impasto.submit(**acme.call, api_base=wire(answer).url)
        before = job.state, job.done()
        may_answer.set()

        assert PNG == job.result().data[0].read()
        assert (("running", False), "done", True) == (before, job.state, job.done())

    def test_a_provider_may_say_that_it_has_jobs(self, acme):
        """
        Without a way to stop them, it says so in its description.
        """
        script = Script(acme.job(), acme.pictures(), plugin=acme.plugin(jobs=True))
        job = script.submit(acme.call)

        assert acme.where(job) == f"{acme.base}/jobs/7"
        assert 1 == len(job.result().data)

    def test_a_provider_that_does_not_say_so(self, acme):
        """
        Its handle is known a moment later, and is as good.
        """
        job = Script(acme.job(), acme.pictures(), plugin=acme.plugin()).submit(acme.call)

        assert 1 == len(job.result().data)

    def test_pictures_that_come_at_once(self, acme, jobs):
        """
        There is nothing to wait for, and nothing that another process could ask for.
        """
        job = Script(acme.pictures(), plugin=jobs).submit(acme.call)

        assert ("done", 1) == (job.state, len(job.result().data))
        with pytest.raises(ImpastoError, match="the pictures came with the answer to the order"):
            job.to_json()

    @pytest.mark.parametrize("own", [True, False], ids=["with jobs", "without"])
    def test_a_call_that_is_wrong(self, acme, jobs, own: bool):
        """
        It is refused by `submit()` itself, and nothing is sent.
        """
        script = Script(plugin=jobs if own else acme.plugin())
        with pytest.raises(UnsupportedParamsError):
            script.submit({**acme.call, "quality": "high"})

        assert [] == script.sent

    @pytest.mark.parametrize(
        ("answer", "kind", "accepted"),
        [
            pytest.param(Reply(fault="drop"), APIConnectionError, True, id="dropped"),
            pytest.param(reply({}, status=504), Timeout, True, id="504"),
            pytest.param(Reply(fault="hang"), Timeout, True, id="no answer"),
            pytest.param(reply({}, status=400), BadRequestError, False, id="refused"),
        ],
    )
    def test_an_order_that_fails(self, acme, jobs, answer: Reply, kind: type, accepted: bool):
        """
        There is no job; the error says whether it may cost all the same.
        """
        script = Script(answer, plugin=jobs)
        with pytest.raises(kind) as caught:
            script.submit(acme.call)

        assert (accepted, None) == (caught.value.maybe_accepted, caught.value.job)
        assert 1 == len(script.sent)

    def test_its_timeout_is_for_the_order(self, acme, jobs):
        """
        For the pictures there is another one.
        """
        answers = [acme.job(after=30), acme.job(after=30), acme.pictures()]
        job = Script(*answers, plugin=jobs).submit({**acme.call, "timeout": 5})

        assert 1 == len(job.result().data)

    def test_with_a_picture_it_is_an_edit(self, acme):
        """
        As everywhere, the picture says which.
        """
        kinds: list[str] = []

        @hookimpl
        def translate_params(call: Call):
            kinds.append(call.kind)
            return call.translate("prompt", image=lambda images: {"picture": images[0].base64})

        plugin = acme.plugin(*acme.jobs, translate_params)
        job = Script(acme.job(), acme.pictures(), plugin=plugin).submit({**acme.call, "image": PNG})

        assert (["edit"], 1) == (kinds, len(job.result().data))
        assert ["image"] == json.loads(job.to_json())["left_out"]

    def test_a_picture_made_here(self):
        """
        A provider that needs no network paints in the background.
        """
        job = impasto.submit("a lighthouse", model="sketch/oil-1", size="64x64", seed=7)
        response = impasto.image_generation(
            "a lighthouse", model="sketch/oil-1", size="64x64", seed=7
        )

        assert response.data[0].read() == job.result(60).data[0].read()
        with pytest.raises(ImpastoError, match="the pictures came with the answer"):
            job.to_json()

    def test_mocks(self):
        """
        A mock is a job that is done, or that failed.
        """
        job = impasto.submit("a fox", model="acme/oil-2", mock_response="https://a.test/1.png")
        failed = impasto.submit("a fox", model="acme/oil-2", mock_response=RateLimitError("slow"))

        assert "https://a.test/1.png" == job.result().data[0].url
        with pytest.raises(RateLimitError):
            failed.result()


class TestResult:
    """Waiting for it."""

    def test_nobody_asks_where_nobody_waits(self, acme, jobs):
        """
        What is not waited for is not polled.
        """
        script = Script(acme.job(), plugin=jobs, repeat=True)
        job = script.submit(acme.call)
        with pytest.raises(Timeout):
            job.result(10)
        polls = len(script.sent)
        gc.collect()

        assert polls == len(script.sent)

    def test_who_stops_waiting_does_not_stop_it(self, acme, jobs):
        """
        `Timeout` has the job, nothing was cancelled, and the next one goes on where it was.
        """
        answers = [acme.job(after=4)] * 4 + [acme.pictures()]
        script = Script(*answers, plugin=jobs)
        job = script.submit(acme.call)
        with pytest.raises(Timeout, match="not done after 10 s of waiting") as caught:
            job.result(10)

        assert caught.value.job is job
        assert caught.value.maybe_accepted
        assert 1 == len(job.result(10).data)
        assert ["POST /pictures", *["GET /jobs/7"] * 4] == shown(script)

    def test_awaiting_may_be_cancelled(self, acme, jobs):
        """
        A timeout of one's own round `aresult()` leaves the job alone.
        """

        def answer(received: Received) -> Reply:
            where = acme.job(f"{server.url}/jobs/7", after=0.01)
            return acme.pictures() if may_end.is_set() and received.method == "GET" else where

        async def main() -> ImageResponse:
            asked = impasto._api.submission({**acme.call, "api_base": server.url})
            job = await submitted(client, asked)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await job.aresult()
            may_end.set()
            return await job.aresult()

        may_end = threading.Event()
        client = acme.client(jobs)
        with FakeServer(answer) as server:
            response = asyncio.run(main())
            assert all("/cancel" not in received.path for received in server.received)

        assert 1 == len(response.data)

    def test_several_wait_for_one_conversation(self, acme, jobs):
        """
        However many wait, in threads and in event loops, it is asked for once at a time.
        """

        def answer(received: Received) -> Reply:
            if received.method == "POST":
                return acme.job(f"{server.url}/jobs/7", after=0.05)
            polls.append(received.path)
            many = len(polls) < 6
            return acme.job(f"{server.url}/jobs/7", after=0.05) if many else acme.pictures()

        def wait(number: int) -> None:
            if number % 2:
                responses.append(job.result(60))
            else:
                responses.append(asyncio.run(job.aresult(60)))

        polls: list[str] = []
        responses: list[ImageResponse] = []
        client = acme.client(jobs)
        with FakeServer(answer) as server:
            asked = impasto._api.submission({**acme.call, "api_base": server.url})
            job = blocking(submitted(client, asked))
            threads = [threading.Thread(target=wait, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)

        assert 8 == len(responses)
        assert 1 == len(set(map(id, responses)))
        # An event loop whose waiter led the questions may end first; the next one asks once more.
        assert 6 <= len(polls) <= 6 + 4

    def test_who_waits_longer_is_not_sent_away_with_the_first(self, acme, jobs):
        """
        The one who leads the questions gives up; the other one goes on with them.
        """

        def answer(received: Received) -> Reply:
            where = acme.job(f"{server.url}/jobs/7", after=0.3)
            return acme.pictures() if may_end.is_set() and received.method == "GET" else where

        async def main() -> ImageResponse:
            asked = impasto._api.submission({**acme.call, "api_base": server.url})
            job = await submitted(client, asked)
            first = asyncio.ensure_future(job.aresult(0.2))
            await asyncio.sleep(0.1)
            second = asyncio.ensure_future(job.aresult(60))
            with pytest.raises(Timeout):
                await first
            may_end.set()
            return await second

        may_end = threading.Event()
        client = acme.client(jobs)
        with FakeServer(answer) as server:
            response = asyncio.run(main())

        assert 1 == len(response.data)

    def test_blocking_the_loop_that_asks(self, acme, wire, http):
        """
        It would wait for ever: an error says what to do instead.
        """

        def answer(peer) -> None:
            may_answer.wait(60)
            peer.say(http(acme.pictures().body))

        async def main() -> ImageResponse:
            asked = impasto._api.submission({**acme.call, "api_base": server.url})
            job = await submitted(client, asked)
            with pytest.raises(RuntimeError, match=r"await job\.aresult\(\)"):
                job.result()
            may_answer.set()
            return await job.aresult(60)

        may_answer = threading.Event()
        server, client = wire(answer), acme.client()

        assert 1 == len(asyncio.run(main()).data)

    def test_a_poll_that_is_never_answered(self, acme, jobs):
        """
        The waiting ends with its own time, not the job.
        """
        script = Script(acme.job(), Reply(fault="hang"), acme.pictures(), plugin=jobs)
        job = script.submit(acme.call)
        with pytest.raises(Timeout):
            job.result(10)

        assert 1 == len(job.result(10).data)

    @pytest.mark.parametrize(
        "answer",
        [Reply(fault="drop"), Reply(fault="refuse"), reply({}, status=502)],
        ids=["dropped", "no connection", "502"],
    )
    def test_polls_are_patient(self, acme, jobs, answer: Reply):
        """
        Rule 2 holds for jobs as well: a poll buys nothing.
        """
        script = Script(acme.job(), *[answer] * 4, acme.pictures(), plugin=jobs)

        assert 1 == len(script.submit(acme.call).result().data)
        assert 1 == sum(request.buys for request in script.sent)

    def test_what_the_provider_says_is_raised(self, acme):
        """
        By everyone who waits, each time.
        """

        @hookimpl
        def parse_response(request, response):
            if request.step == "poll":
                raise ContentPolicyViolationError("no foxes")
            return request.follow(f"{acme.base}/jobs/7", step="poll")

        plugin = acme.plugin(*acme.jobs, parse_response)
        script = Script(reply({}), reply({}), plugin=plugin)
        job = script.submit(acme.call)
        for _ in range(2):
            with pytest.raises(ContentPolicyViolationError, match="no foxes"):
                job.result()

        assert ("failed", True, 2) == (job.state, job.done(), len(script.sent))

    def test_a_key_that_is_refused_is_not_the_end(self, acme, jobs):
        """
        What says nothing of the job is raised, and it can be asked for again.
        """
        answers = [acme.job(), reply({}, status=401), acme.pictures()]
        job = Script(*answers, plugin=jobs).submit(acme.call)
        with pytest.raises(AuthenticationError) as caught:
            job.result()

        assert (True, "running") == (caught.value.job is job, job.state)
        assert 1 == len(job.result().data)

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_result_that_is_gone(self, acme, jobs, status: int):
        """
        The error says so in words.
        """
        job = Script(acme.job(), reply({"message": "who?"}, status=status), plugin=jobs).submit(
            acme.call
        )
        with pytest.raises(APIError, match=r"the result is gone: .* It says: who\?") as caught:
            job.result()

        assert ("failed", status) == (job.state, caught.value.status_code)

    def test_bytes_are_fetched_where_they_are_asked_for(self, acme, jobs):
        """
        As a call does it.
        """
        url = "https://cdn.acme.test/1.png"
        picture = png(3, 2)
        script = Script(acme.job(), acme.urls(url), plugin=jobs, pictures={url: picture})
        job = script.submit({**acme.call, "response_format": "b64_json"})

        assert picture == job.result().data[0].read()
        assert [url] == script.fetched

    def test_progress(self, acme):
        """
        The last that the provider told, for the job and for the caller's listener.
        """

        @hookimpl
        def parse_response(request, response):
            far = response.json().get("far")
            if far is None:
                return acme_parse(request=request, response=response)
            return request.follow(f"{acme.base}/jobs/7", after=1, progress=far)

        heard: list[Any] = []
        acme_parse = acme.plugin().parse_response
        answers = [reply({"far": far}) for far in ("queued", 0.25, 0.5)]
        script = Script(*answers, acme.pictures(), plugin=acme.plugin(*acme.jobs, parse_response))
        job = script.submit({**acme.call, "on_progress": lambda one: heard.append(one.progress)})
        at_first = job.progress
        with pytest.raises(Timeout):
            job.result(1.5)

        assert ("queued", 0.25) == (at_first, job.progress)
        assert "<Job acme/oil-2: running, 0.25>" == repr(job)
        job.result()
        assert ["queued", 0.25, 0.5, 1.0] == heard


class TestDone:
    """`done()`."""

    def test_it_asks(self, acme, jobs):
        """
        So that a loop round it ends; but no sooner than the provider says.
        """
        answers = [acme.job(after=5), acme.job(after=5), acme.pictures()]
        script = Script(*answers, plugin=jobs)
        job = script.submit(acme.call)
        seen = []
        for _ in range(9):
            seen.append((job.done(), len(script.sent)))
            script._clock += 2

        assert [(False, 1)] * 3 + [(False, 2)] * 3 + [(True, 3)] * 3 == seen
        assert [] == script.slept
        assert 1 == len(job.result().data)

    def test_what_a_further_question_may_cure(self, acme, jobs):
        """
        A failing poll says nothing of the job.
        """
        script = Script(acme.job(after=0), reply({}, status=502), plugin=jobs, repeat=True)
        job = script.submit(acme.call)

        assert (False, "running") == (job.done(), job.state)

    def test_pictures_are_not_fetched_for_it(self, acme, jobs):
        """
        Whether it is done is known before; `result()` has the time to fetch them.
        """
        url = "https://cdn.acme.test/1.png"
        script = Script(acme.job(after=0), acme.urls(url), plugin=jobs)
        job = script.submit({**acme.call, "response_format": "b64_json"})

        assert (True, "done", 1.0, []) == (job.done(), job.state, job.progress, script.fetched)
        assert PNG == job.result().data[0].read()
        assert ([url], 2) == (script.fetched, len(script.sent))

    def test_what_it_would_not(self, acme, jobs):
        """
        A loop round it would not end.
        """
        job = Script(acme.job(after=0), reply({}, status=401), plugin=jobs).submit(acme.call)
        with pytest.raises(AuthenticationError):
            job.done()

    def test_an_error_is_an_end(self, acme, jobs):
        """
        It is over, and `result()` says how.
        """
        job = Script(acme.job(after=0), reply({}, status=404), plugin=jobs).submit(acme.call)

        assert (True, "failed") == (job.done(), job.state)
        with pytest.raises(NotFoundError):
            job.result()


class TestCancel:
    """`cancel()` says what the provider says."""

    def test_the_provider_stops_it(self, acme, jobs):
        """
        It answers the request to stop with success.
        """
        script = Script(acme.job(), reply({}), plugin=jobs)
        job = script.submit(acme.call)

        assert job.cancel()
        assert ("cancelled", True) == (job.state, job.done())
        assert ["POST /pictures", "POST /jobs/7/cancel"] == shown(script)

    @pytest.mark.parametrize(
        "answer",
        [reply({}, status=409), reply({}, status=500), Reply(fault="drop")],
        ids=["409", "500", "dropped"],
    )
    def test_it_does_not(self, acme, jobs, answer: Reply):
        """
        The job goes on, and its pictures are still to be had.
        """
        job = Script(acme.job(), answer, acme.pictures(), plugin=jobs).submit(acme.call)

        assert not job.cancel()
        assert "running" == job.state
        assert 1 == len(job.result().data)

    def test_it_came_too_late(self, acme, jobs):
        """
        A provider that says yes may have finished before; what was paid for is not lost.
        """
        job = Script(acme.job(), reply({}), acme.pictures(), plugin=jobs).submit(acme.call)

        assert job.cancel()
        assert 1 == len(job.result().data)
        assert "done" == job.state

    def test_there_is_no_way(self, acme):
        """
        Without `build_cancel` nothing stops at the provider.
        """
        script = Script(acme.job(), acme.pictures(), plugin=acme.plugin(jobs=True))
        job = script.submit(acme.call)

        assert (False, "running", 1) == (job.cancel(), job.state, len(script.sent))

    def test_what_is_over_cannot_be_stopped(self, acme, jobs):
        """
        Nothing is sent for it.
        """
        script = Script(acme.job(), acme.pictures(), plugin=jobs)
        job = script.submit(acme.call)
        job.result()

        assert (False, "done", 2) == (job.cancel(), job.state, len(script.sent))

    @pytest.mark.parametrize("blocking_form", [True, False], ids=["cancel", "acancel"])
    def test_before_the_order_went_out(self, acme, blocking_form: bool):
        """
        In the background, nothing has happened yet: True.
        """

        async def main() -> tuple[Any, ...]:
            job = await submitted(script.client, impasto._api.submission(acme.call))
            stopped = job.cancel() if blocking_form else await job.acancel()
            with pytest.raises(ImpastoError, match="cancelled here") as caught:
                await job.aresult()
            return stopped, job.state, caught.value.maybe_accepted

        script = Script(plugin=acme.plugin())

        assert (True, "cancelled", False) == asyncio.run(main())
        assert [] == script.sent

    @pytest.mark.parametrize("blocking_form", [True, False], ids=["cancel", "acancel"])
    def test_after_the_order_went_out(self, acme, wire, blocking_form: bool):
        """
        Nobody waits any more, but it may cost: False.
        """

        async def main() -> tuple[Any, ...]:
            asked = impasto._api.submission({**acme.call, "api_base": server.url})
            job = await submitted(client, asked)
            await asyncio.to_thread(arrived.wait, 60)
            stopped = job.cancel() if blocking_form else await job.acancel()
            with pytest.raises(ImpastoError, match="may have taken the order") as caught:
                await job.aresult()
            return stopped, job.state, caught.value.maybe_accepted

        def answer(peer) -> None:
            arrived.set()
            peer.over.wait(60)

        arrived = threading.Event()
        server, client = wire(answer), acme.client()

        assert (False, "cancelled", True) == asyncio.run(main())

    @pytest.mark.parametrize("steps", range(40))
    def test_at_every_step_of_the_loop(self, acme, wire, steps: int):
        """
        What it says is true: where it says that nothing was ordered, nothing is, a moment later.
        """

        async def main() -> bool:
            asked = impasto._api.submission({**acme.call, "api_base": server.url})
            job = await submitted(client, asked)
            for _ in range(steps):
                await asyncio.sleep(0)
            job.cancel()
            with pytest.raises(ImpastoError) as caught:
                await job.aresult()
            return caught.value.maybe_accepted

        server, client = wire(lambda peer: None), acme.client()
        says = asyncio.run(main())
        while server.closed < server.connections:  # it may still be reading
            time.sleep(0.001)

        assert not server.requests or says

    def test_from_another_thread(self, acme, registered, wire):
        """
        Whoever holds the job may end the waiting of others.
        """

        def answer(peer) -> None:
            arrived.set()
            peer.over.wait(60)

        arrived = threading.Event()
        errors: list[ImpastoError] = []

        def wait() -> None:
            try:
                job.result(60)
            except ImpastoError as error:
                errors.append(error)

        registered(acme.plugin())
        job = impasto.submit(**acme.call, api_base=wire(answer).url)
        waiter = threading.Thread(target=wait)
        waiter.start()
        arrived.wait(60)
        stopped = job.cancel()
        waiter.join(60)

        assert (False, [True]) == (stopped, [error.maybe_accepted for error in errors])

    def test_a_caller_who_leaves_submit(self, acme, jobs, two_at_once):
        """
        Nobody will ever get the job: what was ordered by then is stopped.
        """
        blocked = asyncio.Event()

        async def main() -> None:
            asked = impasto._api.submission({**acme.call, "n": 3})
            task = asyncio.ensure_future(submitted(script.client, asked))
            while len(script.sent) < 2:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        script = Script(acme.job(), reply({}), plugin=jobs, models=two_at_once)
        send = script.send

        async def second_hangs(request, begun, **how):
            if len(script.sent) == 1:
                script.sent.append(request)
                begun()
                await blocked.wait()
            return await send(request, begun, **how)

        script.send = second_hangs
        asyncio.run(main())

        assert ["POST /pictures", "POST /pictures", "POST /jobs/7/cancel"] == shown(script)


class TestDeadline:
    """The job in the error of a call that was waited for."""

    def test_it_can_still_be_asked(self, acme, jobs):
        """
        The provider was told to stop; a job that was done by then is not lost.
        """
        answers = [*[acme.job(after=4)] * 3, reply({}), acme.pictures()]
        script = Script(*answers, plugin=jobs)
        with pytest.raises(Timeout) as caught:
            script.play({**acme.call, "timeout": 10})
        job = caught.value.job

        assert (Job, "cancelled", "acme", "oil-2") == (
            type(job),
            job.state,
            job.provider,
            job.model,
        )
        assert 1 == len(job.result().data)
        assert 1 == sum(request.buys for request in script.sent)

    def test_one_that_could_not_be_stopped_runs(self, acme):
        """
        Its state says so.
        """
        script = Script(*[acme.job(after=4)] * 3, plugin=acme.plugin())
        with pytest.raises(Timeout) as caught:
            script.play({**acme.call, "timeout": 10})

        assert "running" == caught.value.job.state

    def test_of_several_orders(self, acme, jobs, two_at_once):
        """
        One job has the handles of all of them, and joins what comes.
        """
        urls = [f"{acme.base}/jobs/{number}" for number in range(2)]
        script = Script(
            *(acme.job(urls[0], after=30), acme.job(urls[1], after=70)),
            *[reply({})] * 2,
            *(acme.pictures(2), acme.pictures(1)),
            plugin=jobs,
            models=two_at_once,
        )
        with pytest.raises(Timeout) as caught:
            script.play({**acme.call, "n": 3, "timeout": 90})

        assert 3 == len(caught.value.job.result().data)
        assert "cancelled" != caught.value.job.state

    def test_where_some_failed_otherwise(self, acme, jobs, two_at_once):
        """
        What failed is not ordered again.
        """
        script = Script(
            *(acme.job(after=30), reply({}, status=400), acme.job(after=70)),
            *(reply({}), acme.pictures(2)),
            plugin=jobs,
            models=two_at_once,
        )
        with pytest.raises(ImpastoError) as caught:
            script.play({**acme.call, "n": 3, "timeout": 90})
        with pytest.warns(PartialResultWarning):
            response = caught.value.job.result()

        assert (2, [BadRequestError]) == (len(response.data), [*map(type, response.errors)])
        assert 2 == sum(request.buys for request in script.sent)


class TestSplit:
    """More pictures than one order makes."""

    def test_the_parts_are_joined(self, acme, jobs, two_at_once):
        """
        Each has a handle; the result is that of the whole call.
        """
        urls = [f"{acme.base}/jobs/{number}" for number in range(3)]
        answers = [*map(acme.job, urls), acme.pictures(2), acme.pictures(2), acme.pictures(1)]
        script = Script(*answers, plugin=jobs, models=two_at_once)
        job = script.submit({**acme.call, "n": 5, "seed": 10})
        response = job.result()

        assert [10, 12, 14] == [json.loads(sent.body)["seed"] for sent in script.sent[:3]]
        assert (5, 5) == (len(response.data), response.params["n"].given)

    def test_some_fail(self, acme, jobs, two_at_once):
        """
        What came is returned with the errors of the others, here and elsewhere.
        """
        answers = [acme.job(), reply({}, status=400)]
        script = Script(*answers, plugin=jobs, models=two_at_once)
        text = script.submit({**acme.call, "n": 3}).to_json()
        again = Script(acme.pictures(2), plugin=jobs, models=two_at_once)
        with pytest.warns(PartialResultWarning, match="2 of 3"):
            response = again.resume(text, api_key=acme.key).result()

        assert (2, [BadRequestError]) == (len(response.data), [*map(type, response.errors)])

    def test_some_come_at_once(self, acme, jobs, two_at_once):
        """
        Pictures that are there already go along.
        """
        script = Script(acme.job(), acme.pictures(1), plugin=jobs, models=two_at_once)
        text = script.submit({**acme.call, "n": 3}).to_json()
        again = Script(acme.pictures(2), plugin=jobs, models=two_at_once)
        response = again.resume(text, api_key=acme.key).result()

        assert [PNG] * 3 == [image.read() for image in response.data]

    def test_none_is_taken(self, acme, jobs, two_at_once):
        """
        The first one's error, as from a call.
        """
        script = Script(*[reply({}, status=400)] * 2, plugin=jobs, models=two_at_once)
        with pytest.raises(BadRequestError) as caught:
            script.submit({**acme.call, "n": 3})

        assert caught.value.job is None


SECRETS = {
    "api_key": "acme-canary-000000000000",
    "extra_headers": {"X-Gateway": "gateway-canary-0000", "Authorization-2": "Bearer canary-0001"},
    "extra_query": {"token": "query-canary-00000"},
}


class TestJson:
    """From one process to another."""

    def test_another_one_goes_on(self, acme, jobs):
        """
        With the response that the first one would have got.
        """
        call = {**acme.call, "n": 2, "seed": 5, "size": "64x64", "extra_body": {"own": 1}}
        answers = [acme.job(after=2), acme.job(after=2), acme.pictures(2)]
        expected = Script(*answers, plugin=jobs).play(call)
        text = Script(acme.job(after=2), plugin=jobs).submit(call).to_json()
        script = Script(acme.job(after=2), acme.pictures(2), plugin=jobs)
        job = script.resume(text, api_key=acme.key)

        assert ("acme", "oil-2", "running") == (job.provider, job.model, job.state)
        assert evolve(expected, created=0) == evolve(job.result(), created=0)
        assert ["GET /jobs/7"] * 2 == shown(script)
        assert f"Bearer {acme.key}" == script.sent[0].headers["Authorization"]

    def test_the_first_question_is_not_delayed(self, acme, jobs):
        """
        By the time it is taken up, the pause that the provider asked for is over.
        """
        text = Script(acme.job(after=50), plugin=jobs).submit(acme.call).to_json()
        script = Script(acme.pictures(), plugin=jobs)
        script.resume(text, api_key=acme.key).result()

        assert [] == script.slept

    def test_again_and_again(self, acme, jobs):
        """
        What was taken up can be stored, before and after it was asked, and when it is over.
        """
        text = Script(acme.job(), plugin=jobs).submit(acme.call).to_json()
        script = Script(acme.job(), acme.pictures(), acme.pictures(), plugin=jobs)
        job = script.resume(text, api_key=acme.key)
        before = job.to_json()
        job.result()
        after = script.resume(job.to_json(), api_key=acme.key)

        assert text == before
        assert job.submitted == after.submitted
        assert 1 == len(after.result().data)

    def test_done_and_cancel(self, acme, jobs):
        """
        A job that was taken up can do what others can.
        """
        text = Script(acme.job(), plugin=jobs).submit(acme.call).to_json()
        script = Script(acme.job(), reply({}), plugin=jobs)
        job = script.resume(text, api_key=acme.key)

        assert (False, True) == (job.done(), job.cancel())
        assert ["GET /jobs/7", "POST /jobs/7/cancel"] == shown(script)

    def test_no_secret_is_in_it(self, acme, jobs):
        """
        Neither keys nor what the caller adds, in any form of the job.
        """
        text = Script(acme.job(), plugin=jobs).submit({**acme.call, **SECRETS}).to_json()
        script = Script(*[acme.job()] * 3, plugin=jobs, repeat=True)
        job = script.resume(text, **SECRETS)
        with pytest.raises(Timeout) as caught:
            job.result(3)
        forms = [
            *(text, repr(job), str(job), job.to_json(), repr(caught.value), str(caught.value)),
            *map(repr, (pickle.dumps(job), pickle.dumps(caught.value), vars(caught.value))),
        ]

        assert [] == [form for form in forms if "canary" in form]
        assert ["extra_headers", "extra_query"] == json.loads(text)["left_out"]
        assert "gateway-canary-0000" == script.sent[0].headers["X-Gateway"]
        assert script.sent[0].url.endswith("?token=query-canary-00000")

    def test_a_key_in_a_handle_is_hidden(self, acme):
        """
        A plugin that should not have put it there does not give it away.
        """

        @hookimpl
        def parse_response(request):
            return request.follow(f"{acme.base}/jobs/7?key={acme.key}", state={"k": acme.key})

        plugin = acme.plugin(*acme.jobs, parse_response)

        assert acme.key not in Script(reply({}), plugin=plugin).submit(acme.call).to_json()

    def test_pictures_stay_behind(self, acme):
        """
        The JSON says which; they are not needed to ask.
        """

        @hookimpl
        def translate_params(call: Call):
            return call.translate(
                "prompt", image=lambda images: {"a": images[0].base64}, mask=lambda _: {"b": 1}
            )

        plugin = acme.plugin(*acme.jobs, translate_params)
        call = {**acme.call, "image": png(4, 4), "mask": png(4, 4)}
        text = Script(acme.job(), plugin=plugin).submit(call).to_json()
        response = Script(acme.pictures(), plugin=plugin).resume(text, api_key=acme.key).result()

        assert ["image", "mask"] == json.loads(text)["left_out"]
        assert {"prompt", "image", "mask"} == {*response.params}

    def test_it_needs_a_key(self, acme, jobs, monkeypatch):
        """
        From the environment or as an argument; the error names both.
        """
        monkeypatch.delenv("ACME_API_KEY", raising=False)
        text = Script(acme.job(), plugin=jobs).submit(acme.call).to_json()
        script = Script(acme.pictures(), plugin=jobs)
        job = script.resume(text)
        with pytest.raises(MissingCredentialsError, match="ACME_API_KEY"):
            job.result()
        monkeypatch.setenv("ACME_API_KEY", acme.key)

        assert 1 == len(job.result().data)

    def test_its_place_is_not_believed(self, acme, jobs):
        """
        Who changes the JSON does not get the key; who means another place says so.
        """
        elsewhere = {**acme.call, "api_base": "https://gateway.test"}
        text = Script(acme.job("https://gateway.test/1"), plugin=jobs).submit(elsewhere).to_json()
        script = Script(acme.pictures(), plugin=jobs)
        with pytest.raises(BadRequestError, match=r"pass api_base='https://gateway\.test'"):
            script.resume(text, api_key=acme.key).result()
        assert [] == script.sent

        job = script.resume(text, api_key=acme.key, api_base="https://gateway.test")
        assert 1 == len(job.result().data)

    def test_nor_is_its_home(self, acme, jobs):
        """
        A home of the key that nothing here names is refused.
        """
        text = Script(acme.job(), plugin=jobs).submit(acme.call).to_json()
        document = json.loads(text)
        document["home"].append("https://evil.test:443")
        script = Script(plugin=jobs)
        with pytest.raises(BadRequestError, match=r"keys go to https://evil\.test:443"):
            script.resume(json.dumps(document), api_key=acme.key).result()

        assert [] == script.sent

    def test_a_poll_that_leads_away_bears_no_key(self, acme, jobs):
        """
        Before as after.
        """
        text = Script(acme.job("https://cdn.test/1"), plugin=jobs).submit(acme.call).to_json()
        script = Script(acme.pictures(), plugin=jobs)
        script.resume(text, api_key=acme.key).result()

        assert {} == dict(script.sent[0].headers)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "no job"),
            ("[]", "no job"),
            ("{}", "no job"),
            ('{"impasto_job": 1}', "no job"),
            ('{"impasto_job": 1, "submitted": "2026-01-01T12:00:00Z", "orders": []}', "no job"),
            ("[" * 100_000, "no job"),
            ('{"impasto_job": 2}', "pip install --upgrade impasto"),
        ],
        ids=["nothing", "a list", "an object", "half", "wrong", "deep", "newer"],
    )
    def test_what_is_none(self, text: str, says: str):
        """
        The error says what is wrong.
        """
        with pytest.raises(BadRequestError, match=says):
            Job.from_json(text)

    @pytest.mark.parametrize("name", ["plugin", "call", "home", "fates", "notes"])
    def test_what_was_cut(self, acme, jobs, name: str):
        """
        It is found out before anything is sent.
        """
        text = Script(acme.job(), plugin=jobs).submit(acme.call).to_json()
        document = {key: value for key, value in json.loads(text).items() if key != name}
        script = Script(plugin=jobs)
        with pytest.raises(BadRequestError, match=f"no job .* KeyError: '{name}'"):
            script.resume(json.dumps(document), api_key=acme.key).result()

        assert [] == script.sent

    def test_settings_that_there_are_none(self, acme, jobs):
        """
        A misspelt one is an error that lists them.
        """
        text = Script(acme.job(), plugin=jobs).submit(acme.call).to_json()
        with pytest.raises(BadRequestError, match=r"from_json\(\) takes api_key, api_base"):
            Script(plugin=jobs).resume(text, api_kye="x").result()

    def test_what_json_has_no_word_for(self, acme):
        """
        A plugin's request that cannot be written is an error, not half a job.
        """

        @hookimpl
        def parse_response(request):
            return Request(url=f"{acme.base}/jobs/7", body=b"...", buys=False)

        job = Script(reply({}), plugin=acme.plugin(*acme.jobs, parse_response)).submit(acme.call)
        with pytest.raises(ImpastoError, match="JSON has no word for"):
            job.to_json()

    def test_when_it_was_submitted(self, acme, jobs):
        """
        By the clock of the process that did it, also where it waited in vain.
        """
        script = Script(*[acme.job(after=4)] * 3, reply({}), plugin=jobs)
        with pytest.raises(Timeout) as caught:
            script.play({**acme.call, "timeout": 10})
        submitted = Script(acme.job(), plugin=jobs).submit(acme.call).submitted

        assert NOON == submitted == caught.value.job.submitted

    def test_what_it_holds(self, acme, jobs):
        """
        Version numbers, the call, the pending request.
        """
        document = json.loads(Script(acme.job(), plugin=jobs).submit(acme.call).to_json())

        assert impasto.__version__ == document["versions"]["impasto"]
        assert [*impasto.CONTRACT] == document["versions"]["contract"]
        assert ("a fox", 600.0) == (document["call"]["prompt"], document["call"]["timeout"])
        assert ("GET", "poll") == tuple(
            document["orders"][0]["request"][name] for name in ("method", "step")
        )

    def test_cards_that_a_plugin_reads(self, acme):
        """
        A plugin's own knowledge of its models is there again.
        """
        seen: list[Any] = []

        @hookimpl
        def read_card(call: Call) -> Model:
            return Model(name=call.model, facts={"own": 1})

        @hookimpl
        def parse_response(call: Call, request, response):
            seen.append(call.card and call.card.facts)
            return plain(request=request, response=response)

        plain = acme.plugin().parse_response
        plugin = acme.plugin(*acme.jobs, read_card, parse_response)
        text = Script(acme.job(), plugin=plugin).submit(acme.call).to_json()
        Script(acme.pictures(), plugin=plugin).resume(text, api_key=acme.key).result()

        assert [{"own": 1}] * 2 == seen


class TestExtras:
    """Layers round a call, and further models, are round a job as well."""

    def test_a_layer_sees_the_whole_call(self, acme, jobs):
        """
        Order and waiting; the handle is known meanwhile.
        """
        told: list[str] = []

        async def layer(call, proceed):
            told.append("before")
            response = await proceed(call)
            told.append(f"{len(response.data)} after")
            return response

        script = Script(acme.job(), acme.pictures(), plugin=jobs)
        script.client.extras["it"] = layer
        job = script.submit(acme.call)
        response = job.result()

        assert (["before", "1 after"], 1) == (told, len(response.data))
        assert f"{acme.base}/jobs/7" == acme.where(job)

    def test_another_model_draws(self, acme, jobs):
        """
        The job says whose it became.
        """
        answers = [reply({}, status=400), acme.job(), acme.pictures()]
        job = Script(*answers, plugin=jobs).submit({**acme.call, "fallbacks": ["acme/oil-3"]})

        assert 1 == len(job.result().data)
        assert ("acme", "oil-3") == (job.provider, job.model)

    def test_the_order_outlives_its_timeout(self, acme, jobs):
        """
        In the background, the call's own deadline stops nothing.
        """
        answers = [*[acme.job(after=4)] * 5, acme.pictures()]
        script = Script(*answers, plugin=jobs)
        job = script.submit({**acme.call, "fallbacks": ["acme/oil-3"], "timeout": 10})

        assert 1 == len(job.result(600).data)
        assert all("/cancel" not in request.url for request in script.sent)

    def test_an_extra_that_breaks(self, acme, jobs):
        """
        Whoever waits hears of it.
        """

        async def layer(call, proceed):
            raise ZeroDivisionError("oh")

        script = Script(plugin=jobs)
        script.client.extras["it"] = layer
        job = script.submit(acme.call)
        with pytest.raises(ZeroDivisionError):
            job.result()


class TestWitness:
    """The moments that a journal wants to know of."""

    class Notes:
        def __init__(self) -> None:
            self.told: list[str] = []

        async def ordering(self, conversation, request) -> None:
            self.told.append(f"ordering {request.method}")

        async def taken(self, conversation) -> None:
            self.told.append(f"taken {conversation.pending.url[-7:]}")

        async def answered(self, conversation, request, response) -> None:
            self.told.append(f"answered {request.step or 'order'} {len(response.body) > 99}")

    @pytest.mark.parametrize("detached", [True, False], ids=["a job", "a call"])
    def test_each_is_told_in_time(self, acme, jobs, detached: bool):
        """
        The intent before it is sent, the handle after it, each answer before it is read.
        """
        notes = self.Notes()
        script = Script(acme.job(), acme.job(), acme.pictures(), plugin=jobs)
        asked = evolve(impasto._api.submission(acme.call), witness=notes)
        send = script.send

        async def seen(request, begun, **how):
            notes.told.append(f"sent {request.method}")
            return await send(request, begun, **how)

        script.send = seen
        if detached:
            blocking(submitted(script.client, asked)).result()
        else:
            blocking(script.client.perform(asked, (__file__, 1, globals())))

        poll = ["sent GET", "answered poll False"]
        assert [
            *("ordering POST", "sent POST", "answered order False", "taken /jobs/7"),
            *(*poll, "sent GET", "answered poll True"),
        ] == notes.told

    def test_a_picture_that_was_saved(self, acme, jobs, tmp_path):
        """
        Its source is told, once it is written.
        """

        class Noting(impasto._image.Source):
            def saved(self, image, path) -> None:
                told.append((image.width, path.read_bytes()))

        told: list[Any] = []
        image = Script(acme.pictures(), plugin=jobs).play(acme.call).data[0]
        evolve(image, source=Noting(None)).save(tmp_path / "fox.png")

        assert [(8, PNG)] == told

    def test_what_it_raises_keeps_the_order_here(self, acme, jobs):
        """
        Where the intent cannot be written, nothing is bought.
        """

        class Full(self.Notes):
            async def ordering(self, conversation, request) -> None:
                raise ImpastoError("the disk is full")

        script = Script(plugin=jobs)
        asked = evolve(impasto._api.submission(acme.call), witness=Full())
        with pytest.raises(ImpastoError, match="the disk is full") as caught:
            blocking(script.client.perform(asked, (__file__, 1, globals())))

        assert ([], False) == (script.sent, caught.value.maybe_accepted)


@pytest.fixture
def vendor(name) -> Iterator[FakeServer]:
    with serving(name) as server:
        yield server


@pytest.mark.parametrize("name", VENDORS)
class TestVendors:
    """The first six services over a real socket."""

    def test_blocking_and_awaited(self, name, vendor):
        """
        Both forms make the picture; whether there is a handle depends on the service.
        """

        async def awaited() -> ImageResponse:
            return await (await impasto.asubmit(**call)).aresult(60)

        call = {"prompt": "a fox", **VENDORS[name].settings, "api_base": vendor.url}
        responses = [impasto.submit(**call).result(60), asyncio.run(awaited())]

        assert [PNG, PNG] == [response.data[0].read() for response in responses]
        assert [name, name] == [response.provider for response in responses]
        assert 2 == sum(
            one.method == "POST" and VENDORS[name].buys in one.path for one in vendor.received
        )

    def test_stored(self, name, vendor):
        """
        A service with jobs can be asked by another process, one without says why not.
        """
        settings = VENDORS[name].settings
        job = impasto.submit("a fox", **{**settings, "api_base": vendor.url})
        if name == "replicate":
            text = job.to_json()
            again = Job.from_json(text, api_key=settings["api_key"], api_base=vendor.url)
            assert (job.id, PNG) == (again.id, again.result(60).data[0].read())
            assert settings["api_key"] not in text
        else:
            with pytest.raises(ImpastoError, match="nothing that another process"):
                job.to_json()
            job.result(60)


class TestClient:
    """Jobs of a client of one's own."""

    def test_they_go_its_way(self, acme, registered, jobs):
        """
        Until it is closed.
        """

        def answer(received: Received) -> Reply:
            if received.path.startswith("/pictures/"):
                return reply(body=PNG)
            url = f"{server.url}/jobs/7"
            return acme.job(url) if received.method == "POST" else acme.urls(f"{server.url}/1.png")

        registered(jobs)
        with FakeServer(answer) as server, impasto.Client() as client:
            job = client.submit(**acme.call, api_base=server.url)
            late = client.submit(**acme.call, api_base=server.url)
            image = job.result(60).data[0]

        assert image._source is not impasto._image.EVERYBODYS
        with pytest.raises(ImpastoError, match="this client is closed"):
            late.result()


# --- processes of their own -------------------------------------------------------------------

PROGRAM = """
import asyncio, gc, logging, sys, types, warnings
import impasto
from impasto.types import Image, ImageResponse, Provider, Request, Setting

warnings.simplefilter("error")
logging.getLogger("asyncio").setLevel("ERROR")  # not that this machine is slow

@impasto.hookimpl
def describe():
    return Provider(name="acme", settings={
        "api_key": Setting(env=("ACME_API_KEY",), secret=True, required=True),
        "api_base": Setting(env=("ACME_BASE_URL",), url=True),
    })

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
        return request.follow(body["job"], step="poll", after=body["after"])
    return ImageResponse(data=[Image(b64_json=one) for one in body["pictures"]])

@impasto.hookimpl
def build_cancel(request):
    return request.follow(request.url + "/cancel", method="POST") if JOBS else None

CONTRACT = (1, 0)
module = types.ModuleType("acme")
names = ["describe", "translate_params", "build_request", "parse_response", "CONTRACT"]
vars(module).update({name: globals()[name] for name in names + ["build_cancel"] * JOBS})
impasto.register("acme", module)
CALL = {"prompt": "a fox", "model": "acme/oil-2"}
"""


def program(code: str, *, jobs: bool = True) -> str:
    return PROGRAM.replace("JOBS", str(jobs)) + textwrap.dedent(code)


def started(code: str, url: str, tmp_path: Path) -> subprocess.Popen[str]:
    path = tmp_path / f"program{len(list(tmp_path.iterdir()))}.py"
    path.write_text(code)
    environment = {"ACME_API_KEY": "acme-0123456789abcdef", "ACME_BASE_URL": url}
    return subprocess.Popen(
        [sys.executable, "-X", "dev", str(path)],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestProcesses:
    """What holds when the one that submitted is gone."""

    def test_killed_in_between(self, acme, tmp_path):
        """
        The first is killed once it has stored the job; the second gets the picture, bought once.
        """

        def answer(received: Received) -> Reply:
            where = acme.job(f"{server.url}/jobs/7", after=0.01)
            return acme.pictures() if received.method == "GET" and may_end.is_set() else where

        submits = """
        job = impasto.submit(**CALL)
        print(job.to_json(), flush=True)
        job.result()
        """
        resumes = """
        job = impasto.Job.from_json(sys.stdin.read())
        print(job.state, len(job.result(60).data), job.state)
        """
        may_end = threading.Event()
        with FakeServer(answer) as server:
            first = started(program(submits), server.url, tmp_path)
            assert first.stdout is not None
            text = first.stdout.readline()
            first.kill()
            first.communicate()
            may_end.set()
            second = started(program(resumes), server.url, tmp_path)
            outcome = second.communicate(text, timeout=60)
            orders = [one for one in server.received if one.method == "POST"]

        assert ("running 1 done\n", "") == outcome
        assert ["/pictures"] == [order.path for order in orders]
        assert acme.key not in text

    @pytest.mark.parametrize("jobs", [True, False], ids=["with jobs", "without"])
    @pytest.mark.parametrize(
        "code",
        [
            pytest.param("job = impasto.submit(**CALL)", id="submit"),
            pytest.param("job = asyncio.run(impasto.asubmit(**CALL))", id="asubmit"),
            pytest.param("impasto.submit(**CALL); gc.collect()", id="forgotten"),
            pytest.param(
                "job = impasto.submit(**CALL)\ntry: job.result(0.2)\nexcept impasto.Timeout: pass",
                id="not waited for long enough",
            ),
        ],
    )
    def test_jobs_that_nobody_waits_for(self, acme, tmp_path, wire, http, jobs: bool, code: str):
        """
        The program ends at once, without a word, and nothing is stopped at the provider.
        """

        def answer(peer) -> object:
            if not jobs:
                peer.over.wait(60)
            where = {"job": f"{server.url}/jobs/7", "after": 0.05}
            peer.say(http(json.dumps(where).encode()))
            return True

        server = wire(answer)
        process = started(program(code, jobs=jobs), server.url, tmp_path)
        outcome = process.communicate(timeout=60)

        assert ("", "", 0) == (*outcome, process.returncode)
        assert all(b"/cancel" not in request for request in server.requests)

    def test_a_loop_that_ended(self, acme, tmp_path):
        """
        A job that was submitted in one event loop is waited for in another, or in none.
        """

        def answer(received: Received) -> Reply:
            where = acme.job(f"{server.url}/jobs/7", after=0.01)
            return where if received.method == "POST" else acme.pictures()

        code = """
        async def wait(job):
            return await job.aresult()

        first, second = [asyncio.run(impasto.asubmit(**CALL)) for _ in range(2)]
        print(len(first.result().data), len(asyncio.run(wait(second)).data))
        """
        with FakeServer(answer) as server:
            process = started(program(code), server.url, tmp_path)
            outcome = process.communicate(timeout=60)

        assert ("1 1\n", "") == outcome

    def test_a_loop_that_ended_with_the_order(self, acme, tmp_path, wire):
        """
        Where the provider has no jobs, the order is lost with the loop, and the job says so.
        """
        code = """
        async def main():
            job = await impasto.asubmit(**CALL)
            await asyncio.to_thread(sys.stdin.readline)
            return job

        try:
            asyncio.run(main()).result()
        except impasto.ImpastoError as error:
            print(type(error).__name__, error.maybe_accepted, error.message)
        """

        def answer(peer) -> None:
            arrived.set()
            peer.over.wait(60)

        arrived = threading.Event()
        process = started(program(code, jobs=False), wire(answer).url, tmp_path)
        while not arrived.wait(0.05):
            assert process.poll() is None, process.communicate()
        out, err = process.communicate("go\n", timeout=60)

        assert "" == err
        assert out.startswith("ImpastoError True the event loop ended")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
    def test_after_a_fork(self, acme, tmp_path):
        """
        A child waits for the job of its parent on its own.
        """

        def answer(received: Received) -> Reply:
            where = acme.job(f"{server.url}/jobs/7", after=0.01)
            return where if received.method == "POST" else acme.pictures()

        code = """
        import os
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        job = impasto.submit(**CALL)
        child = os.fork()
        if not child:
            print(len(job.result(60).data), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(len(job.result(60).data))
        """
        with FakeServer(answer) as server:
            process = started(program(code), server.url, tmp_path)
            outcome = process.communicate(timeout=60)

        assert ("1\n1\n", "") == outcome


def submitted(client: Any, asked: Any) -> Any:
    from impasto._submission import submitted

    return submitted(client, asked, (__file__, 1, globals()))


def blocking(coroutine: Any) -> Any:
    from impasto._portal import run

    return run(coroutine)


def test_a_signature_like_that_of_a_call() -> None:
    """
    What works waited for works submitted.
    """
    import inspect

    def plain(function: Callable[..., Any]) -> list[str]:
        return [str(one) for one in inspect.signature(function).parameters.values()]

    assert plain(impasto.image_generation) == plain(impasto.submit) == plain(impasto.asubmit)
    assert ["self", *plain(impasto.submit)] == plain(impasto.Client.submit)
