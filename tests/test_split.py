"""More pictures than a model makes at once: several requests, side by side."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto import hookimpl
from impasto._arguments import sort
from impasto.errors import (
    BadRequestError,
    PartialResultWarning,
    RateLimitError,
    Timeout,
)
from impasto.testing import FakeServer, Received, Reply, Script, reply
from impasto.types import Image, ImageResponse, Usage

FAILED = reply({"message": "too orange"}, status=400)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return the catalogue of a model that makes two pictures at once."""
    path = tmp_path / "models.json"
    path.write_text('{"models": [{"name": "oil-2", "max_images": 2}]}')
    return path


@hookimpl
def parse_response(response) -> ImageResponse:
    """Tell the parts apart by what they return."""
    body = response.json()
    images = [Image(b64_json="AAAA", seed=seed) for seed in body["seeds"]]
    usage = Usage(output_tokens=body["tokens"]) if "tokens" in body else None
    return ImageResponse(data=images, usage=usage, notes=tuple(body.get("notes", ())))


def part(*seeds: int, **more: Any) -> Reply:
    return reply({"seeds": seeds, **more})


def bodies(script: Script) -> list[dict[str, Any]]:
    return [json.loads(request.body or b"{}") for request in script.sent if request.buys]


class TestParts:
    """What is asked for."""

    @pytest.mark.parametrize(
        ("n", "counts"),
        [(1, [1]), (2, [2]), (3, [2, 1]), (4, [2, 2]), (7, [2, 2, 2, 1])],
    )
    def test_each_as_much_as_the_model_makes(self, acme, models, n: int, counts: list[int]):
        """
        As few requests as there can be.
        """
        script = Script(acme.pictures(2), plugin=acme.plugin(), models=models, repeat=True)
        script.play({**acme.call, "n": n})

        assert counts == [body["n"] for body in bodies(script)]

    @pytest.mark.parametrize("base_model", ["oil-2", "acme/oil-2"])
    def test_base_model_says_how_many(self, acme, models, base_model: str):
        """
        What stands behind another name; with the provider in front, as LiteLLM's users write it.
        """
        script = Script(acme.pictures(2), plugin=acme.plugin(), models=models, repeat=True)
        script.play({**acme.call, "model": "acme/ours", "base_model": base_model, "n": 3})

        assert [2, 1] == [body["n"] for body in bodies(script)]

    def test_each_with_a_seed_of_its_own(self, acme, models):
        """
        The same seed would bring the same picture; fates speak of what the caller gave.
        """
        answers = [part(7, 7), part(8, 8), part(9)]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)
        response = script.play({**acme.call, "n": 5, "seed": 7})

        assert [7, 9, 11] == [body["seed"] for body in bodies(script)]
        assert [7, 7, 8, 8, 9] == [image.seed for image in response.data]
        assert (7, "each request has a seed of its own") == (
            response.params["seed"].given,
            response.params["seed"].note,
        )
        assert (5, "split into 3 requests") == (
            response.params["n"].given,
            response.params["n"].note,
        )

    def test_a_model_that_nobody_listed(self, acme):
        """
        Of what is not known, nothing is assumed: one request.
        """
        script = Script(acme.pictures(5), plugin=acme.plugin())
        script.play({**acme.call, "n": 5})

        assert [5] == [body["n"] for body in bodies(script)]

    def test_they_are_joined_in_order(self, acme, models):
        """
        Pictures in the order of the requests, tokens together, each note once.
        """
        answers = [
            part(1, 2, tokens=10, notes=["slow today"]),
            part(3, 4, tokens=20, notes=["slow today", "and tomorrow"]),
            part(5),
        ]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)
        response = script.play({**acme.call, "n": 5})

        assert [1, 2, 3, 4, 5] == [image.seed for image in response.data]
        assert response.usage is not None
        assert 30 == response.usage.output_tokens
        assert ("slow today", "and tomorrow") == response.notes


class TestPartialResults:
    """Some come, some do not."""

    def test_what_came_is_returned(self, acme, models):
        """
        With the errors of the others, and a warning.
        """
        answers = [part(1, 2), FAILED, part(5)]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)
        with pytest.warns(PartialResultWarning, match="3 of 5 pictures came: BadRequestError"):
            response = script.play({**acme.call, "n": 5})

        assert [1, 2, 5] == [image.seed for image in response.data]
        assert [BadRequestError] == [type(error) for error in response.errors]
        assert ("acme", "oil-2") == (response.errors[0].provider, response.errors[0].model)

    def test_the_seed_is_the_callers_also_where_the_first_failed(self, acme, models):
        """
        What is said of the parameters is not that of the part which happened to come.
        """
        answers = [FAILED, part(8, 8)]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)
        with pytest.warns(PartialResultWarning):
            response = script.play({**acme.call, "n": 4, "seed": 7})

        assert 7 == response.params["seed"].given

    @pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "async"])
    def test_the_warning_is_at_the_users_line(self, acme, models, registered, blocking: bool):
        """
        There, where the call is written.
        """

        def answer(received: Received) -> Reply:
            return FAILED if received.json()["seed"] == 2 else acme.pictures(2)

        registered(acme.plugin(), models)
        with FakeServer(answer) as server, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call = {**acme.call, "api_base": server.url, "n": 4, "seed": 0}

            async def ask() -> int:
                await impasto.aimage_generation(**call)
                return inspect.currentframe().f_lineno - 1

            if blocking:
                impasto.image_generation(**call)
                line = inspect.currentframe().f_lineno - 1
            else:
                line = asyncio.run(ask())

        assert [(PartialResultWarning, __file__, line)] == [
            (warning.category, warning.filename, warning.lineno) for warning in caught
        ]

    def test_nothing_came(self, acme, models):
        """
        Then the first error is raised; it says whether any of the orders may have been taken.
        """
        answers = [FAILED, Reply(fault="drop"), reply({}, status=402)]
        script = Script(*answers, plugin=acme.plugin(), models=models)
        with pytest.raises(BadRequestError, match="too orange") as caught:
            script.play({**acme.call, "n": 5})

        assert caught.value.maybe_accepted
        assert 3 == len(script.sent)

    def test_fewer_came_than_were_asked_for(self, acme):
        """
        A provider that makes fewer and says nothing is found out.
        """
        script = Script(acme.pictures(1), plugin=acme.plugin())
        with pytest.warns(PartialResultWarning, match="1 of 4 pictures came"):
            response = script.play({**acme.call, "n": 4})

        assert (1, ()) == (len(response.data), response.errors)

    def test_repeats_are_each_parts_own(self, acme, models):
        """
        A part that is told to wait is sent again; the others are not.
        """
        slow_down = reply({}, status=429, headers={"Retry-After": "1"})
        answers = [slow_down, acme.pictures(2), acme.pictures(2)]
        script = Script(*answers, plugin=acme.plugin(), models=models)
        response = script.play({**acme.call, "n": 4})

        assert (4, ()) == (len(response.data), response.errors)
        assert 3 == len(script.sent)


class TestSideBySide:
    """They run at once, and none disturbs another."""

    def test_at_once(self, acme, models, wire, http):
        """
        Each request is on its way before the others are answered.
        """
        all_here = threading.Barrier(3)

        def answer(peer) -> None:
            all_here.wait(30)
            peer.say(http(acme.pictures(2).body))

        client = acme.client(models=models)
        response = acme.ask(client, wire(answer).url, n=6)

        assert 6 == len(response.data)

    def test_as_many_as_the_provider_takes(self, acme, models, wire, http):
        """
        `Provider.concurrency` bounds them.
        """
        pair, lock = threading.Barrier(2), threading.Lock()
        now, most = 0, 0

        def answer(peer) -> bool:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            pair.wait(30)  # breaks unless two are there
            with lock:
                now -= 1
            peer.say(http(acme.pictures(2).body))
            return True

        client = acme.client(acme.plugin(concurrency=2), models)
        response = acme.ask(client, wire(answer).url, n=12)

        assert (12, 2) == (len(response.data), most)

    def test_a_failure_cancels_no_other(self, acme, models):
        """
        Jobs that take longer than a failure of their neighbour are waited for.
        """
        answers = [FAILED, acme.job(), acme.job(), acme.pictures(2), acme.pictures(1)]
        plugin = acme.plugin(*acme.jobs)
        script = Script(*answers, plugin=plugin, models=models)
        with pytest.warns(PartialResultWarning):
            response = script.play({**acme.call, "n": 5})

        assert (3, 1) == (len(response.data), len(response.errors))
        assert all("/cancel" not in request.url for request in script.sent)

    def test_the_deadline_is_shared(self, acme, models, wire, http):
        """
        What came before it is kept, what did not is an error, and all ends with it.
        """

        def answer(peer) -> None:
            if peer.request.endswith(b'"seed":2}'):
                peer.over.wait(60)
            peer.say(http(acme.pictures(2).body))

        client = acme.client(models=models)
        began = time.monotonic()
        with pytest.warns(PartialResultWarning, match="Timeout"):
            response = acme.ask(client, wire(answer).url, n=6, seed=0, timeout=0.5)

        assert 4 == len(response.data)
        assert [(Timeout, True)] == [(type(e), e.maybe_accepted) for e in response.errors]
        assert time.monotonic() - began < 5

    def test_whose_turn_comes_too_late_is_not_sent(self, acme, models, wire):
        """
        A part that waited for its turn until the deadline orders nothing.
        """
        server = wire(lambda peer: peer.over.wait(60))
        client = acme.client(acme.plugin(concurrency=1), models)
        with pytest.raises(Timeout):
            acme.ask(client, server.url, n=6, timeout=0.3)

        assert 1 == len(server.requests)

    def test_a_caller_who_leaves_stops_them_all(self, acme, models):
        """
        Every job that was begun is stopped.
        """
        urls = [f"{acme.base}/jobs/{number}" for number in range(3)]
        stops = [reply({})] * 3
        script = Script(*map(acme.job, urls), *stops, plugin=acme.plugin(*acme.jobs), models=models)

        async def main() -> None:
            asked = sort("generate", {**acme.call, "n": 5})
            call = script.client.perform(asked, (__file__, 1, globals()))
            task = asyncio.ensure_future(call)
            while len(script.slept) < 3:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())

        assert {f"{url}/cancel" for url in urls} == {
            request.url for request in script.sent if "/cancel" in request.url
        }


def test_a_part_may_be_refused_for_its_rate(acme, models):
    """
    Where the account's limit is reached in the middle, what was made before is not lost.
    """
    answers: list[Reply] = [acme.pictures(2), reply({}, status=429)]
    script = Script(*answers, plugin=acme.plugin(), models=models)
    with pytest.warns(PartialResultWarning):
        response = script.play({**acme.call, "n": 4, "max_retries": 0})

    assert (2, [RateLimitError]) == (len(response.data), [type(e) for e in response.errors])
