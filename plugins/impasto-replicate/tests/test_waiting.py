"""Between the order and the pictures: Prefer, polls, their pauses, and the cancelling."""

import asyncio
import json
from pathlib import Path

import pytest

import impasto
import impasto_replicate
from impasto.errors import APIError, BadRequestError, RateLimitError, Timeout
from impasto.testing import FakeServer, Script, html, reply, sample

SAMPLES = Path(__file__).parent / "samples"
API = "https://api.replicate.com/v1"
STARTING, PROCESSING, DONE, EARLY, LATE = (
    sample(SAMPLES / f"{name}.json")
    for name in ("starting", "processing", "polled", "processing-done", "processing-without-output")
)
KEY = "r8_0123456789"
CALL = {"prompt": "a fox", "model": "replicate/black-forest-labs/flux-schnell", "api_key": KEY}


def script(*answers, **stage):
    return Script(*answers, plugin=impasto_replicate, **stage)


def some(status, *urls):
    """Return a prediction that has brought some of its pictures."""
    said = json.loads(DONE.body)
    return reply({**said, "status": status, "output": list(urls)})


class TestPrefer:
    @pytest.mark.parametrize(
        ("said", "header"),
        [
            pytest.param({}, "wait", id="a minute by itself"),
            pytest.param({"timeout": 65}, "wait", id="still a minute"),
            pytest.param({"timeout": 64}, "wait=59", id="before the deadline"),
            pytest.param({"timeout": 10}, "wait=5", id="long before the deadline"),
            pytest.param({"timeout": 6}, "wait=1", id="just"),
            pytest.param({"timeout": 5.9}, None, id="not worth it"),
            pytest.param({"wait": True}, "wait", id="said"),
            pytest.param({"wait": 30}, "wait=30", id="seconds"),
            pytest.param({"wait": 60}, "wait=60", id="all seconds"),
            pytest.param({"wait": 30, "timeout": 20}, "wait=15", id="seconds before the deadline"),
            pytest.param({"wait": False}, None, id="not at all"),
        ],
    )
    def test_how_long(self, said, header):
        """
        Replicate holds its answer for a minute at most, and never past the caller's deadline:
        until the answer is here, nobody knows which prediction to cancel.
        """
        stage = script(DONE)
        stage.play({**CALL, **said})

        assert header == stage.sent[0].headers.get("Prefer")
        assert "wait" not in json.loads(stage.sent[0].body)["input"]

    @pytest.mark.parametrize("wait", [0, 61, -1, "30", 1.5, "yes"])
    def test_what_it_does_not_take(self, wait):
        """
        Replicate takes 1 to 60.
        """
        stage = script()
        with pytest.raises(BadRequestError, match="from 1 to 60") as caught:
            stage.play({**CALL, "wait": wait})

        assert ("wait", []) == (caught.value.param, stage.sent)


class TestPolls:
    def test_until_it_is_done(self):
        """
        With growing pauses, up to five seconds; the order goes out once.
        """
        stage = script(STARTING, *[PROCESSING] * 7, DONE)
        stage.play(CALL)

        assert [("GET", f"{API}/predictions/pred1", False)] * 8 == [
            (request.method, request.url, request.buys) for request in stage.sent[1:]
        ]
        assert [0.5, 0.75, 1.125, 1.6875, 2.53125, 3.796875, 5.0, 5.0] == stage.slept

    @pytest.mark.parametrize(
        ("interval", "slept"),
        [(0.2, [0.2, 0.3, 0.45]), ("2", [2.0, 3.0, 4.5]), (10, [10.0, 10.0, 10.0])],
    )
    def test_the_callers_pause(self, interval, slept):
        """
        poll_interval is the first one, and a longer one than ours stays.
        """
        stage = script(STARTING, PROCESSING, PROCESSING, DONE)
        stage.play({**CALL, "poll_interval": interval})

        assert slept == pytest.approx(stage.slept)

    def test_the_sdks_variable(self, monkeypatch):
        """
        REPLICATE_POLL_INTERVAL says it for all calls.
        """
        monkeypatch.setenv("REPLICATE_POLL_INTERVAL", "3")
        stage = script(STARTING, DONE)
        stage.play(CALL)

        assert [3.0] == stage.slept

    @pytest.mark.parametrize("interval", [0, -1, "soon", float("nan"), float("inf"), [1]])
    def test_what_is_no_pause(self, interval):
        """
        It is refused before anything is bought.
        """
        stage = script()
        with pytest.raises(BadRequestError) as caught:
            stage.play({**CALL, "poll_interval": interval})

        assert ("poll_interval", []) == (caught.value.param, stage.sent)

    def test_where_the_answer_lags_behind(self):
        """
        "processing" with an output is done, where Replicate was asked to wait; without one it is
        not, whatever the SDK makes of it.
        """
        early, late = script(EARLY), script(LATE, DONE)

        assert 1 == len(early.play(CALL).data) == len(late.play(CALL).data)
        assert (1, 2) == (len(early.sent), len(late.sent))

    def test_a_part_is_not_all(self):
        """
        Pictures come one by one; what is there before the end is not enough.
        """
        first, second = "https://replicate.delivery/a.webp", "https://replicate.delivery/b.webp"
        stage = script(
            some("processing", first), some("processing", first), some("succeeded", first, second)
        )
        response = stage.play({**CALL, "n": 2})

        assert [first, second] == [image.url for image in response.data]

    def test_bad_gateways_and_broken_lines(self):
        """
        A poll buys nothing, so it is repeated until the deadline.
        """
        stage = script(STARTING, html(502), reply(fault="drop"), html(500), html(503), DONE)
        response = stage.play(CALL)

        assert (6, 1) == (len(stage.sent), len(response.data))

    def test_a_prediction_that_is_gone(self):
        """
        The error carries the job, and no second order goes out.
        """
        stage = script(STARTING, sample(SAMPLES / "error-404.json"))
        with pytest.raises(APIError) as caught:
            stage.play({**CALL, "max_retries": 5})

        assert (404, 2) == (caught.value.status_code, len(stage.sent))
        assert "pred1" == caught.value.job.id
        assert "'owner/name:version'" not in caught.value.message

    def test_addresses_are_our_own(self):
        """
        What an answer says about where to poll is not followed, nor does an id lead elsewhere.
        """
        said = json.loads(STARTING.body)
        urls = {name: f"https://evil.example/{name}" for name in ("get", "cancel", "stream")}
        stage = script(reply({**said, "id": "../x?y=1#z", "urls": urls}), DONE)
        stage.play(CALL)

        assert f"{API}/predictions/..%2Fx%3Fy%3D1%23z" == stage.sent[1].url

    def test_behind_a_gateway(self):
        """
        Polls go where the order went.
        """
        stage = script(STARTING, DONE)
        stage.play({**CALL, "api_base": "https://gw.example/rep/v1"})

        assert [
            "https://gw.example/rep/v1/models/black-forest-labs/flux-schnell/predictions",
            "https://gw.example/rep/v1/predictions/pred1",
        ] == [request.url for request in stage.sent]

    def test_progress(self):
        """
        Models that count their steps write it into the logs; else the status says how far it is.
        """
        stage = script(STARTING, PROCESSING, DONE)
        stage.play(CALL)
        polls = [made for hook, made in stage.watch.asked if hook == "parse_response"]

        assert ["starting", 0.5] == [poll.progress for poll in polls[:2]]


class TestTheEnd:
    def test_at_the_deadline(self):
        """
        The prediction is canceled; the error carries what waits for it, without a key.
        """
        stage = script(STARTING, PROCESSING, repeat=True)
        with pytest.raises(Timeout) as caught:
            stage.play({**CALL, "timeout": 60})

        last = stage.sent[-1]
        assert ("POST", f"{API}/predictions/pred1/cancel", b"") == (
            last.method,
            last.url,
            last.body,
        )
        assert f"Bearer {KEY}" == last.headers["Authorization"]
        assert ("pred1", "cancelled") == (caught.value.job.id, caught.value.job.state)
        assert caught.value.maybe_accepted
        assert KEY not in repr(caught.value.job) + caught.value.job.to_json()
        assert 60 == pytest.approx(sum(stage.slept))

    def test_while_pictures_are_on_their_way(self):
        """
        What has ended is not canceled.
        """
        stage = script(sample(SAMPLES / "output-at-home.json"), reply(fault="hang"))
        with pytest.raises(Timeout):
            stage.play(CALL)

        assert ["order", "download"] == [request.step for request in stage.sent]

    def test_one_that_cannot_be_canceled(self):
        """
        The caller hears of the deadline.
        """
        stage = script(STARTING, *[PROCESSING] * 4, reply(fault="drop"), repeat=True)
        with pytest.raises(Timeout):
            stage.play({**CALL, "timeout": 4})

        assert "cancel" == stage.sent[-1].step

    def test_the_caller_goes_away(self):
        """
        On a real server: a task that is cancelled cancels its prediction.
        """
        paths = []

        async def leave(base):
            call = {**CALL, "api_base": base, "wait": False, "poll_interval": 0.01}
            task = asyncio.create_task(impasto.aimage_generation(**call))
            while "/v1/predictions/pred1" not in paths:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        def answer(received):
            paths.append(received.path)
            return STARTING

        with FakeServer(answer) as server:
            asyncio.run(leave(server.url))

        assert "/v1/predictions/pred1/cancel" == paths[-1]


class TestOrders:
    def test_a_throttled_one(self):
        """
        429 bought nothing: it goes out again when Replicate says, in a header or in words.
        """
        words = reply(
            {"detail": "Request was throttled. Expected available in 7 seconds."}, status=429
        )
        stage = script(sample(SAMPLES / "error-429.json"), words, DONE)
        stage.play(CALL)

        assert [1.0, 7.0] == stage.slept
        assert stage.sent[0] == stage.sent[1] == stage.sent[2]

    def test_one_that_is_throttled_for_long(self):
        """
        Above a minute the caller decides.
        """
        words = reply({"detail": "Expected available in 61 seconds."}, status=429)
        stage = script(words)
        with pytest.raises(RateLimitError) as caught:
            stage.play(CALL)

        assert (61, []) == (caught.value.retry_after, stage.slept)

    @pytest.mark.parametrize("answer", [reply(fault="drop"), html(502), html(504)], ids=str)
    def test_one_that_may_have_arrived(self, answer):
        """
        It is not repeated, and the error says that it may cost something.
        """
        stage = script(answer)
        with pytest.raises(APIError) as caught:
            stage.play(CALL)

        assert (1, True, None) == (
            len(stage.sent),
            caught.value.maybe_accepted,
            caught.value.job,
        )


class TestJobs:
    def test_elsewhere(self):
        """
        Replicate is not asked to wait; another process polls the prediction by its id.
        """
        stage = script(STARTING)
        job = stage.submit(CALL)
        other = script(PROCESSING, DONE)
        again = other.resume(job.to_json(), api_key=KEY)
        response = again.result()

        assert "Prefer" not in stage.sent[0].headers
        assert ("pred1", "starting", "pred1") == (job.id, job.progress, again.id)
        assert [f"{API}/predictions/pred1"] * 2 == [request.url for request in other.sent]
        assert script(DONE).play(CALL).data == response.data

    def test_cancelled_elsewhere(self):
        """
        Whoever has the job can stop the prediction.
        """
        text = script(STARTING).submit(CALL).to_json()
        other = script(STARTING)

        assert other.resume(text, api_key=KEY).cancel()
        assert [("POST", f"{API}/predictions/pred1/cancel")] == [
            (request.method, request.url) for request in other.sent
        ]
