"""What one call combines: each pair of features, in every form, and the threes that were suspected."""

from __future__ import annotations

import asyncio
import base64
import copy
import itertools
import json
import pickle
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen
from vendors import VENDORS, serving

import impasto
import impasto_cache
from impasto import (
    Budget,
    BudgetExceededError,
    Done,
    ImageEvent,
    ImageResponse,
    ImpastoError,
    Journal,
)
from impasto.testing import PNG, FakeServer, Received, Reply, reply

ENCODED = base64.b64encode(PNG).decode()
POOR = "0.0001 USD"  # less than any picture costs
OPENAI = {"model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef", "size": "1024x1024"}


# --- the forms of a call ------------------------------------------------------------------------


def blocking(there: Any, **call: Any) -> ImageResponse:
    return there.image_generation("a fox", **call)


def awaited(there: Any, **call: Any) -> ImageResponse:
    return asyncio.run(there.aimage_generation("a fox", **call))


def streamed(there: Any, **call: Any) -> ImageResponse:
    return there.image_generation("a fox", stream=True, **call).run()


def streamed_awaited(there: Any, **call: Any) -> ImageResponse:
    async def run() -> ImageResponse:
        return await (await there.aimage_generation("a fox", stream=True, **call))

    return asyncio.run(run())


def submitted(there: Any, **call: Any) -> ImageResponse:
    return there.submit("a fox", **call).result()


def submitted_awaited(there: Any, **call: Any) -> ImageResponse:
    async def run() -> ImageResponse:
        return await (await there.asubmit("a fox", **call)).aresult()

    return asyncio.run(run())


def in_a_batch(there: Any, **call: Any) -> ImageResponse:
    return of(there.batch([prompt(call)], **call).__next__())


def in_a_batch_awaited(there: Any, **call: Any) -> ImageResponse:
    async def run() -> list[Done]:
        return [done async for done in there.abatch([prompt(call)], **call)]

    return of(asyncio.run(run())[0])


def prompt(call: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": "a fox", "key": call.pop("idempotency_key", "fox")}


def of(done: Done) -> ImageResponse:
    assert done.response is not None, done.error
    return done.response


FORMS = {
    form.__name__: form
    for form in (
        *(blocking, awaited, streamed, streamed_awaited),
        *(submitted, submitted_awaited, in_a_batch, in_a_batch_awaited),
    )
}


# --- what is combined ---------------------------------------------------------------------------

FEATURES: dict[str, dict[str, Any]] = {
    "journal": {"idempotency_key": "fox"},
    "budget": {},
    "fallback": {},
    "cache": {},
    "client": {},
    "download": {"download": True},
    "base64": {"response_format": "b64_json"},
    "split": {"n": 3},
    "progress": {"on_progress": lambda told: None},
    "dropped": {"style": "odd", "drop_params": True},
}
PAIRS = [*itertools.combinations(FEATURES, 2), ("journal", "budget", "fallback")]
# Each pair in two of the forms, others for each service: all of them take a minute.
CASES = [
    pytest.param(service, form, pair, id=f"{service}-{form}-{'+'.join(pair)}")
    for first, service in enumerate(["openai", "replicate"])
    for number, pair in enumerate(PAIRS)
    for form in [*FORMS, *FORMS][(number + 2 * first) % 8 :: 4][:2]
]


@frozen(kw_only=True)
class Stage:
    """A service, and what is round a call to it.

    Attributes:
        name: Of the service.
        server: It.
        refusing: Another one, which knows no key.
        folder: For files.
    """

    name: str
    server: FakeServer
    refusing: FakeServer
    folder: Path
    budgets: list[Budget] = field(factory=list)

    def call(self, features: tuple[str, ...], limit: str) -> dict[str, Any]:
        """Return the keywords of a call with *features*, which may cost *limit*."""
        call: dict[str, Any] = {**VENDORS[self.name].settings, "api_base": self.server.url}
        for feature in features:
            call |= FEATURES[feature]
        if "journal" in features and "client" not in features:
            call["journal"] = self.folder / "journal.db"
        if "budget" in features:
            self.budgets.append(impasto.budget(limit))
            call["budget"] = self.budgets[-1]
        if "fallback" in features:
            own = {"model": call["model"], "api_key": call["api_key"], "api_base": self.server.url}
            wrong = {"api_key": "sk-wrong", "api_base": self.refusing.url}
            call |= {"model": "openai/gpt-image-2", **wrong, "fallbacks": [own]}
        return call

    def orders(self) -> int:
        """Return how many orders came to the service."""
        buys = VENDORS[self.name].buys
        return sum(one.method == "POST" and buys in one.path for one in self.server.received)

    def make(self, form: str, features: tuple[str, ...], limit: str = "50 USD") -> ImageResponse:
        """Make the call."""
        call = self.call(features, limit)
        if "client" not in features:
            return FORMS[form](impasto, **call)
        journal = self.folder / "journal.db" if "journal" in features else None
        with impasto.Client(journal=journal) as client:
            return FORMS[form](client, **call)


def refuse(received: Received) -> Reply:
    return reply({"error": {"message": "no", "code": "invalid_api_key"}}, status=401)


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, FakeServer]]:
    with serving("openai") as one, serving("replicate") as other, FakeServer(refuse) as refusing:
        yield {"openai": one, "replicate": other, "refusing": refusing}


@pytest.fixture
def stage(services, service, tmp_path, extras) -> Stage:
    return Stage(
        name=service, server=services[service], refusing=services["refusing"], folder=tmp_path
    )


@pytest.fixture
def extras(monkeypatch, tmp_path) -> dict[str, Any]:
    """Return the process's extras, which are as before when the test is over."""
    mine: dict[str, Any] = {}
    monkeypatch.setattr(impasto._api.dispatch(), "extras", mine)
    monkeypatch.setattr("impasto_cache._cache", None)
    impasto_cache.configure(folder=tmp_path / "cache")
    return mine


@pytest.mark.parametrize(("service", "form", "features"), CASES)
class TestPairs:
    """Two features at once, in every form of a call."""

    def test_it_does_what_both_say(self, stage, extras, form, features):
        """
        All pictures come, ordered once; nothing stays laid aside; they can be pickled and copied.
        Made again, a call that a journal or a cache knows is free, also where nothing is left of a
        budget, and the pictures are the same.
        """
        if "cache" in features:
            impasto.use("cache")
        first = stage.make(form, features)
        pictures = [image.read() for image in first.data]
        ordered = stage.orders()
        if {"journal", "cache"} & {*features} and features != ("fallback", "cache"):
            second = stage.make(form, features, POOR)

            assert pictures == [image.read() for image in second.data]
            assert {name: str(fate) for name, fate in first.params.items()} == {
                name: str(fate) for name, fate in second.params.items()
            }
            assert first.request_id == second.request_id
            assert second.created <= first.created  # not when it was recalled
        assert ordered == stage.orders()
        assert (3 if "split" in features else 1) == len(pictures)
        assert pictures == [image.read() for image in pickle.loads(pickle.dumps(first)).data]
        assert first.cost == copy.deepcopy(first).cost
        assert [0] * len(stage.budgets) == [budget.reserved for budget in stage.budgets]
        assert [0] * len(stage.budgets[1:]) == [budget.spent for budget in stage.budgets[1:]]
        assert all(budget.spent for budget in stage.budgets[:1])
        if {"download", "base64"} & {*features}:
            assert all(image.b64_json for image in first.data)
        if "fallback" in features:
            assert ["openai/gpt-image-2"] == [one.model for one in first.attempts]
        if "journal" in features:
            journal = Journal(stage.folder / "journal.db")
            assert [("fox", "done")] == [(one.key, one.state) for one in journal.jobs()]


# --- streams ------------------------------------------------------------------------------------


def event(name: str, **data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


PARTIAL = event("image_generation.partial_image", b64_json=ENCODED, partial_image_index=0)
PICTURE = event("image_generation.completed", b64_json=ENCODED)
BROKEN = event("error", error={"message": "the brush broke", "type": "server_error"})


def playing(*events: bytes) -> FakeServer:
    """Return a server that answers every order with a stream of *events*."""
    headers = {"content-type": "text/event-stream"}
    return FakeServer(lambda received: reply(body=b"".join(events), headers=headers))


class TestStreams:
    """With a journal and a budget round it."""

    def test_a_client_with_a_journal(self, tmp_path):
        """
        A stream is written in it as every other call is.
        """
        with playing(PICTURE) as server, impasto.Client(journal=tmp_path / "j") as client:
            for _ in range(2):
                call = {**OPENAI, "api_base": server.url, "idempotency_key": "fox"}
                client.image_generation("a fox", stream=True, **call).run()

            assert 1 == len(server.received)

    def test_an_error_after_a_partial_picture(self, tmp_path):
        """
        It may have been paid for: the budget counts it as spent, and the journal orders nothing
        again, however often it is asked.
        """
        first, later = impasto.budget("9 USD"), impasto.budget("9 USD")
        with playing(PARTIAL, BROKEN) as server:
            call = {**OPENAI, "api_base": server.url, "journal": tmp_path / "j", "stream": True}
            for budget in (first, later, later):
                stream = impasto.image_generation(
                    "a fox", idempotency_key="fox", budget=budget, **call
                )
                with pytest.raises(ImpastoError) as caught:
                    stream.run()

                assert caught.value.maybe_accepted
            assert 1 == len(server.received)
        (entry,) = Journal(tmp_path / "j").jobs()
        assert ("ambiguous", "the brush broke") == (entry.state, entry.error)
        assert (True, 0) == (first.spent > 0, later.spent)

    def test_partial_pictures_are_not_kept(self, tmp_path):
        """
        They were worth something on their way; the journal has the picture.
        """
        large = event("image_generation.partial_image", b64_json="A" * 400_000)
        with playing(large, large, large, PICTURE) as server:
            call = {**OPENAI, "api_base": server.url, "journal": tmp_path / "j"}
            impasto.image_generation("a fox", stream=True, idempotency_key="fox", **call).run()
            again = impasto.image_generation("a fox", idempotency_key="fox", **call)

        assert PNG == again.data[0].read()
        written = (tmp_path / "j").read_bytes() + (tmp_path / "j-wal").read_bytes()
        assert b"A" * 4_000 not in written

    @pytest.mark.parametrize("taken", [1, 2])
    def test_closing_it_early(self, tmp_path, taken):
        """
        Before the order went out it costs nothing; after it, the most that it may.
        """
        budget = impasto.budget("9 USD")
        with playing(PARTIAL, PICTURE) as server:
            call = {**OPENAI, "api_base": server.url, "journal": tmp_path / "j"}
            stream = impasto.image_generation("a fox", stream=True, budget=budget, **call)
            events = [next(stream) for _ in range(taken)]
            stream.close()
            ordered = len(server.received)

        assert ["queued", "partial"][:taken] == [one.type for one in events]
        assert (0, bool(ordered)) == (budget.reserved, budget.spent > 0)

    def test_several_that_a_journal_knows(self, tmp_path):
        """
        Each picture is told again, without a request, and without a budget for it.
        """
        with playing(PICTURE) as server:
            call = {**OPENAI, "api_base": server.url, "journal": tmp_path / "j", "n": 3}
            call |= {"stream": True, "idempotency_key": "foxes"}
            impasto.image_generation("a fox", **call).run()
            again: list[ImageEvent] = list(impasto.image_generation("a fox", budget=POOR, **call))

            assert 3 == len(server.received)
        assert ["queued", *["picture"] * 3, "done"] == [one.type for one in again]


# --- money --------------------------------------------------------------------------------------


class TestMoney:
    """What is known costs nothing; what is ordered again costs what it costs."""

    def test_ordered_again_and_not_affordable(self, tmp_path):
        """
        Nothing is sent, and the journal still knows why the order is unsure.
        """
        with FakeServer(reply(status=500)) as server:
            call = {**OPENAI, "api_base": server.url, "journal": tmp_path / "j"}
            call |= {"idempotency_key": "fox", "max_retries": 0}
            with pytest.raises(ImpastoError) as caught:
                impasto.image_generation("a fox", **call)
            sent = len(server.received)
            with pytest.raises(BudgetExceededError):
                impasto.image_generation("a fox", again="ambiguous", budget=POOR, **call)

            assert sent == len(server.received)
        (entry,) = Journal(tmp_path / "j").jobs()
        assert ("ambiguous", True) == (entry.state, caught.value.maybe_accepted)
        assert "budget" not in str(entry.error)

    def test_unsure_goes_before_a_budget(self, tmp_path):
        """
        That it may have been paid for is what matters, not that it cannot be paid again.
        """
        with FakeServer(reply(status=500)) as server:
            call = {**OPENAI, "api_base": server.url, "journal": tmp_path / "j"}
            call |= {"idempotency_key": "fox", "max_retries": 0}
            for more in ({}, {"budget": POOR}):
                with pytest.raises(ImpastoError) as caught:
                    impasto.image_generation("a fox", **call, **more)

                assert caught.value.maybe_accepted

    def test_a_job_that_is_gone_is_ordered_again(self, tmp_path):
        """
        What it costs is laid aside just before; where that is too much, nothing is sent.
        """
        gone: list[bool] = []
        vendor = VENDORS["replicate"]

        def answer(received: Received) -> Reply:
            polls = received.method == "GET" and "/predictions/" in received.path
            if polls:
                return reply({"detail": "gone"}, status=404 if gone else 500)
            return vendor.answer(received, PNG)

        with FakeServer(answer) as server:
            call = {**vendor.settings, "api_base": server.url, "journal": tmp_path / "j"}
            call |= {"idempotency_key": "fox", "max_retries": 0}
            with pytest.raises(ImpastoError):
                impasto.submit("a fox", **call).result(timeout=0.2)
            gone.append(True)
            orders = sum(one.method == "POST" for one in server.received)
            with pytest.raises(BudgetExceededError):
                impasto.image_generation("a fox", again="ambiguous", budget=POOR, **call)

            assert orders == sum(one.method == "POST" for one in server.received)
        assert "failed" != Journal(tmp_path / "j").entry("fox").state


# --- batches ------------------------------------------------------------------------------------


class TestBatches:
    """With what is round their calls."""

    def test_a_warning_that_is_an_error(self, tmp_path):
        """
        The order was taken: another run does not place it again by itself.
        """

        def answer(received: Received) -> Reply:
            return reply({"data": [{"b64_json": ENCODED}]})

        with FakeServer(answer) as server:
            call = {**OPENAI, "api_base": server.url, "n": 2}  # one comes, and that is warned of
            statuses = [
                done.status
                for _ in range(2)
                for done in impasto.batch(["a fox"], out=tmp_path / "out", **call)
            ]

            assert 1 == len(server.received)
        assert ["ambiguous"] * 2 == statuses

    def test_pictures_of_a_cache(self, extras, tmp_path):
        """
        They cost nothing, and the journal knows where they are; there is nothing to resume.
        """
        impasto.use("cache")
        with serving("openai") as server:
            call = {**OPENAI, "api_base": server.url}
            impasto.image_generation("a fox", **call)
            asked = {"prompt": "a fox", "key": "fox"}
            call |= {"journal": tmp_path / "j", "out": tmp_path / "out", "budget": POOR}
            (first,) = impasto.batch([asked], **call)
            (second,) = impasto.batch([asked], **call)

            assert 1 == len(server.received)
        assert ("done", "skipped", first.paths) == (first.status, second.status, second.paths)
        assert first.paths == Journal(tmp_path / "j").entry("fox").paths

    def test_all_of_it(self, tmp_path):
        """
        One budget for all; saved with metadata; a second run asks for nothing and spends nothing.
        """
        budget = impasto.budget("1 USD")
        with serving("replicate") as server:
            call = {**VENDORS["replicate"].settings, "api_base": server.url, "download": True}
            call |= {"journal": tmp_path / "j", "out": tmp_path / "out", "save_metadata": True}
            prompts = ["a fox", "a cat", "a hen"]
            first = list(impasto.batch(prompts, budget=budget, **call))
            asked = len(server.received)
            second = list(impasto.batch(prompts, budget=POOR, **call))

            assert asked == len(server.received)
        assert (["done"] * 3, ["skipped"] * 3) == (
            [done.status for done in first],
            [done.status for done in second],
        )
        assert (Decimal("0.009"), 0) == (budget.spent, budget.reserved)


# --- pictures -----------------------------------------------------------------------------------


class TestPictures:
    """However they came, they are what they are."""

    def test_read_when_the_client_is_closed(self):
        """
        A picture behind a URL is fetched all the same, and no connection stays open for it.
        """
        with serving("replicate") as server:
            call = {**VENDORS["replicate"].settings, "api_base": server.url}
            with impasto.Client() as client:
                image = client.image_generation("a fox", **call).data[0]

            assert PNG == image.read()
            assert 0 == len(client._wires.pool._open)

    def test_of_a_client_elsewhere(self):
        """
        Everybody's connections fetch it there.
        """
        with serving("replicate") as server, impasto.Client() as client:
            call = {**VENDORS["replicate"].settings, "api_base": server.url}
            response = client.image_generation("a fox", **call)

            assert PNG == pickle.loads(pickle.dumps(response)).data[0].read()
            assert PNG == copy.deepcopy(response).data[0].read()

    @pytest.mark.parametrize("name", ["sketch", "openai"])
    def test_of_files_that_a_journal_knows(self, tmp_path, name):
        """
        What they were made from is known as of any other.
        """
        with serving("openai") as server:
            call: Mapping[str, Any] = {**OPENAI, "api_base": server.url}
            if name == "sketch":
                call = {"model": "sketch/oil-1", "size": "64x64"}
            call = {**call, "journal": tmp_path / "j"}
            asked = {"prompt": "a fox", "key": "fox"}
            (done,) = impasto.batch([asked], out=tmp_path / "out", **call)
            again = impasto.image_generation("a fox", idempotency_key="fox", **call)
            path = again.data[0].save(tmp_path / "again.png", metadata=True)

        assert done.paths[0].read_bytes() == again.data[0].read()
        assert {"prompt", "size"} <= again.params.keys()
        assert b"a fox" in path.read_bytes()
        assert again.created is not None

    def test_made_here_and_kept(self, tmp_path):
        """
        What the renderer said of its pictures is in the journal, too.
        """
        call = {"model": "sketch/oil-1", "size": "64x64", "journal": tmp_path / "j"}
        first, second = (
            impasto.image_generation("a fox", idempotency_key="fox", **call) for _ in range(2)
        )

        assert first.output_format == second.output_format
        assert (first.cost, first.created) == (second.cost, second.created)

    def test_what_was_dropped_is_not_written(self, tmp_path):
        """
        The picture was made without it, and so the file says: the call can be made again.
        """
        with serving("openai") as server:
            call = {**OPENAI, "api_base": server.url, "style": "vivid", "drop_params": True}
            path = (
                impasto.image_generation("a fox", **call)
                .data[0]
                .save(tmp_path / "fox.png", metadata=True)
            )

        assert {"size": "1024x1024"} == impasto.read_metadata(path).call["params"]

    def test_what_would_be_free_is_said(self, tmp_path):
        """
        A stand-in sends nothing, and a journal may have the call already.
        """
        known = {"journal": tmp_path / "j", "idempotency_key": "fox"}
        notes = impasto.explain("a fox", **OPENAI, mock_response=PNG, **known).notes

        assert ["mock_response stands", "what its journal has"] == [
            note[:20].strip() for note in notes
        ]
        assert not (tmp_path / "j").exists()

    def test_when_they_were_made(self, tmp_path, monkeypatch):
        """
        Not when they were recalled, also where the provider does not say it.
        """
        with serving("replicate") as server:
            call = {**VENDORS["replicate"].settings, "api_base": server.url}
            call |= {"journal": tmp_path / "j", "idempotency_key": "fox"}
            first = impasto.image_generation("a fox", **call)
            later = datetime.now(UTC) + timedelta(days=1)
            monkeypatch.setattr("impasto._transport.Aiohttp.now", lambda wires: later)
            again = impasto.image_generation("a fox", **call)

        assert 60 > abs(first.created - again.created)
