"""Budgets: laid aside before anything is sent, settled after, and never a cent over."""

from __future__ import annotations

import asyncio
import base64
import decimal
import gc
import json
import pickle
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

import impasto
from impasto import (
    BadRequestError,
    Budget,
    BudgetExceededError,
    Cost,
    ImpastoError,
    RateLimitError,
    Timeout,
    hookimpl,
)
from impasto.testing import PNG, FakeServer, Reply, reply
from impasto.types import Image, ImageResponse, Request, Response

WHEN = {"source": "the list", "date": "2026-11-01"}
PICTURE = base64.b64encode(PNG).decode()
MODELS = [
    {"name": "oil-2", "max_images": 2, "prices": [{"unit": "image", "amount": "0.04", **WHEN}]},
    {"name": "oil-cheap", "prices": [{"unit": "image", "amount": "0.01", **WHEN}]},
    {"name": "oil-dark", "unpriced": "its maker keeps it to himself"},
    {"name": "oil-euro", "prices": [{"unit": "image", "amount": "1", "currency": "EUR", **WHEN}]},
]


@hookimpl
def parse_response(request: Request, response: Response) -> ImageResponse | Request:
    body = response.json()
    if "job" in body:
        return request.follow(body["job"], step="poll", after=0.1)
    if "failed" in body:
        raise ImpastoError(body["failed"])
    told = body.get("charged")
    return ImageResponse(
        data=[Image(b64_json=one) for one in body["pictures"]],
        charged=None if told is None else Cost.reported(told, source="charged"),
    )


def drawn(count: int = 1, **more: Any) -> Reply:
    return reply({"pictures": [PICTURE] * count, **more})


@pytest.fixture
def server(acme, registered, tmp_path) -> Iterator[FakeServer]:
    """Return a server of Acme, which is the process's, with prices."""
    models = tmp_path / "models.json"
    models.write_text(json.dumps({"models": MODELS}))
    registered(acme.plugin(parse_response, *acme.jobs, jobs=True), models)
    with FakeServer(lambda received: drawn(received.json().get("n", 1))) as server:
        yield server


@pytest.fixture
def draw(server) -> Callable[..., ImageResponse]:
    """Return a function that makes a call at the server."""
    return lambda **call: impasto.image_generation(**arguments(server, **call))


def arguments(server: FakeServer, **call: Any) -> dict[str, Any]:
    at = {"api_base": server.url, "api_key": "acme-0123456789abcdef"}
    return {"prompt": "a fox", "model": "acme/oil-2", **at, **call}


def stands(budget: Budget) -> tuple[str, str, str]:
    """Return what is spent, reserved and left."""
    return f"{budget.spent:.2f}", f"{budget.reserved:.2f}", f"{budget.left:.2f}"


class TestWhatIsCounted:
    """A call's cost, or the most that it may have been."""

    def test_what_it_cost(self, draw):
        """
        By the list where the provider does not say it, else what that says.
        """
        with impasto.budget("1 USD") as budget:
            draw(n=2)

        assert ("0.08", "0.00", "0.92") == stands(budget)

    def test_what_was_charged(self, server, draw):
        """
        Less than was laid aside: the rest is there again.
        """
        server.will(drawn(charged=0.01))
        with impasto.budget("1 USD") as budget:
            draw()

        assert ("0.01", "0.00", "0.99") == stands(budget)

    @pytest.mark.parametrize("status", [400, 429], ids=str)
    def test_a_refusal_costs_nothing(self, server, draw, status):
        """
        The provider has said no, so it took no order.
        """
        server.will(reply({}, status=status))
        with impasto.budget("1 USD") as budget, pytest.raises(ImpastoError):
            draw(max_retries=0)

        assert ("0.00", "0.00", "1.00") == stands(budget)

    def test_an_ambiguous_failure_counts_as_spent(self, server, draw):
        """
        The connection broke after the order went out: it may have been taken.
        """
        server.will(reply({}, fault="drop"))
        with impasto.budget("1 USD") as budget, pytest.raises(ImpastoError) as caught:
            draw()

        assert caught.value.maybe_accepted
        assert ("0.04", "0.00", "0.96") == stands(budget)

    def test_a_repeat_is_laid_aside_again(self, server, draw):
        """
        The first order may have been paid for, and the second was.
        """
        server.will(reply({}, fault="drop"))
        with impasto.budget("1 USD") as budget:
            draw(max_retries=1)

        assert ("0.08", "0.00", "0.92") == stands(budget)

    def test_no_repeat_that_is_not_affordable(self, server, draw):
        """
        What went wrong is raised, and says why it was not tried again.
        """
        server.will(reply({}, fault="drop"))
        with pytest.raises(impasto.APIConnectionError, match=r"not repeated: .*\$0\.02 is left"):
            draw(max_retries=3, budget="0.06 USD")

        assert 1 == len(server.received)

    def test_a_refusal_after_a_doubt(self, server, draw):
        """
        The first order may have been taken, the second was refused.
        """
        server.will(reply({}, fault="drop"), reply({}, status=400))
        with impasto.budget("1 USD") as budget, pytest.raises(BadRequestError):
            draw(max_retries=1)

        assert ("0.04", "0.00", "0.96") == stands(budget)

    def test_parts_are_settled_one_by_one(self, server, draw):
        """
        Of three requests one is refused.
        """
        server.will(reply({}, status=400))
        with impasto.budget("1 USD") as budget, pytest.warns(impasto.PartialResultWarning):
            response = draw(n=6)

        assert 4 == len(response.data)
        assert ("0.16", "0.00", "0.84") == stands(budget)

    def test_a_call_that_is_wrong(self, draw):
        """
        Nothing was sent, and nothing is laid aside.
        """
        with impasto.budget("1 USD") as budget, pytest.raises(BadRequestError):
            draw(style="cubist")

        assert ("0.00", "0.00", "1.00") == stands(budget)

    def test_who_leaves(self, server):
        """
        A call that is cancelled may have been paid for.
        """
        server.will(reply({}, fault="hang"))

        async def leave() -> Budget:
            with impasto.budget("1 USD") as budget:
                call = asyncio.create_task(impasto.aimage_generation(**arguments(server)))
                while not server.received:
                    await asyncio.sleep(0.01)
                assert Decimal("0.04") == budget.reserved
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)
            return budget

        assert ("0.04", "0.00", "0.96") == stands(asyncio.run(leave()))

    def test_who_leaves_before_it_is_sent(self, server):
        """
        Parts that wait for their turn have cost nothing.
        """
        server.will(*[reply({}, fault="hang")] * 3)

        async def leave() -> Budget:
            with impasto.budget("1 USD") as budget:
                call = asyncio.create_task(impasto.aimage_generation(**arguments(server, n=6)))
                await asyncio.sleep(0)
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)
            return budget

        budget = asyncio.run(leave())
        assert (0, Decimal("0.08") * len(server.received)) == (budget.reserved, budget.spent)

    def test_a_stream_that_is_closed(self, server, draw):
        """
        Nothing is left laid aside, whoever leaves when.
        """
        with impasto.budget("1 USD") as budget:
            [*draw(n=2, stream=True)]
            events = draw(n=2, stream=True)
            next(events)
            events.close()

        assert (0, True) == (budget.reserved, Decimal("0.08") <= budget.spent <= Decimal("0.16"))

    def test_what_a_journal_has(self, draw, tmp_path):
        """
        It was paid for by the call that ordered it.
        """
        known = {"journal": tmp_path / "journal.db", "idempotency_key": "a-fox"}
        first, second = impasto.budget("1 USD"), impasto.budget("1 USD")
        draw(**known, budget=first)
        draw(**known, budget=second)

        assert ("0.04", "0.00") == (f"{first.spent:.2f}", f"{second.spent:.2f}")
        assert 0 == second.reserved

    @pytest.mark.parametrize(
        "usage",
        [
            {"input_tokens": 10, "output_tokens": -1_000_000},
            {"input_tokens": 10, "output_tokens": float("nan")},
            {"input_tokens": 10, "output_tokens": 10, "input_tokens_details": [1]},
            {"input_tokens": 10, "output_tokens": 10, "input_tokens_details": {"text_tokens": "x"}},
        ],
        ids=["less than none", "no number", "no mapping", "a word"],
    )
    def test_an_odd_count(self, usage):
        """
        Nothing that a provider counts fills a budget up, breaks it, or takes a picture with it.
        """
        answer = reply({"data": [{"b64_json": PICTURE}], "usage": usage})
        budget = impasto.budget("1 USD")
        with FakeServer(lambda _: answer) as server:
            response = impasto.image_generation(
                "a fox",
                model="openai/gpt-image-2",
                size="1024x1024",
                quality="low",
                api_key="sk-0123456789abcdef",
                api_base=server.url,
                budget=budget,
            )

        assert 1 == len(response.data)
        assert 0 < budget.spent < 1
        assert 0 == budget.reserved

    @pytest.mark.parametrize(
        "context",
        [decimal.Context(prec=2), decimal.Context(traps=[decimal.Inexact, decimal.Rounded])],
        ids=["few digits", "no rounding"],
    )
    def test_in_a_program_that_reckons_otherwise(self, server, draw, context):
        """
        Its way of reckoning is not ours: the sums are exact, and told.
        """
        server.will(*[drawn(charged=f"0.0{number}4567") for number in (1, 2, 3)])
        with decimal.localcontext(context), impasto.budget("1.23456 USD") as budget:
            told = [str(draw().cost) for _ in range(3)]

        assert Decimal("0.073701") == budget.spent
        assert Decimal("1.160859") == budget.left
        assert "$0.014567" == told[0]
        assert "$1.160859 left" in repr(budget)

    def test_a_broken_extra(self, draw, monkeypatch):
        """
        Whatever it raises, the call has ended; what it cost is counted.
        """

        async def broken(call: Any, proceed: Any) -> ImageResponse:
            await proceed(call)
            raise SystemError("broken")

        monkeypatch.setitem(impasto._api.dispatch().extras, "broken", broken)
        with impasto.budget("1 USD") as budget, pytest.raises(SystemError):
            draw()

        assert ("0.04", "0.00", "0.96") == stands(budget)


class TestOver:
    """Where it does not fit."""

    def test_nothing_is_sent(self, server, draw):
        """
        The error says what there is and what it would take.
        """
        with impasto.budget("0.10 USD") as budget:
            draw()
            with pytest.raises(BudgetExceededError) as caught:
                draw(n=2)

        error = pickle.loads(pickle.dumps(caught.value))
        assert 1 == len(server.received)
        assert ["0.10", "0.04", "0.00", "0.08", "USD"] == [
            str(one)
            for one in (error.total, error.spent, error.reserved, error.cost, error.currency)
        ]
        assert "may cost $0.08, and $0.06 is left of a budget of $0.10" in str(error)
        assert "0.06" == str(budget.left)

    def test_what_is_left_open(self):
        """
        Where the provider chooses, the dearest counts; the message says how it is less.
        """
        call = {"prompt": "a fox", "model": "openai/gpt-image-2", "api_key": "k"}
        with impasto.budget("0.10 USD"):
            with pytest.raises(BudgetExceededError, match="say it, and it is less"):
                impasto.image_generation(**call)
            with pytest.raises(BudgetExceededError) as caught:
                impasto.image_generation(**call, size="1024x1024", quality="high")

        assert "say it" not in str(caught.value)

    def test_all_parts_or_none(self, server, draw):
        """
        Two of three requests would fit; none is sent.
        """
        with pytest.raises(BudgetExceededError):
            draw(n=6, budget="0.20 USD")

        assert [] == server.received

    def test_what_is_under_way_counts(self, server):
        """
        A second call does not fit while the first may still cost as much.
        """
        server.will(drawn(charged=0.01, delay=0.0), drawn(charged=0.01))

        async def both() -> list[Any]:
            with impasto.budget("0.05 USD"):
                calls = [impasto.aimage_generation(**arguments(server)) for _ in range(2)]
                return await asyncio.gather(*calls, return_exceptions=True)

        assert [ImageResponse, BudgetExceededError] == sorted(
            map(type, asyncio.run(both())), key=lambda kind: kind is BudgetExceededError
        )

    def test_the_next_model_that_fits(self, draw):
        """
        With fallbacks, each at its own price; the response says why.
        """
        with impasto.budget("0.03 USD") as budget:
            response = draw(fallbacks=["acme/oil-cheap"])

        assert ("oil-cheap", "acme/oil-2") == (response.model, response.attempts[0].model)
        assert isinstance(response.attempts[0].error, BudgetExceededError)
        assert ("0.01", "0.00", "0.02") == stands(budget)


class TestUnknown:
    """Calls of which nobody can say what they cost."""

    @pytest.mark.parametrize(
        ("call", "why"),
        [
            ({"model": "acme/oil-dark"}, "its maker keeps it to himself"),
            ({"model": "acme/oil-new"}, "no catalogue lists it"),
            ({"model": "acme/oil-euro"}, "its price is in EUR, and nothing is converted"),
            ({"extra_body": {"n": 9}}, "extra_body goes into the request unread"),
        ],
        ids=["no price", "not listed", "another currency", "unread"],
    )
    def test_refused(self, server, draw, call, why):
        """
        Before anything is sent; the message names the model, the reason and the ways out.
        """
        with impasto.budget("1 USD"), pytest.raises(BudgetExceededError) as caught:
            draw(**call)

        error = caught.value
        assert [] == server.received
        assert ("unknown_price", None) == (error.code, error.cost)
        assert why in str(error)
        assert "impasto.prices(...)" in str(error)
        assert "unknown='allow'" in str(error)

    def test_allowed(self, server, draw):
        """
        They are told apart; what is known afterwards is counted.
        """
        server.will(drawn(), drawn(charged="0.30"))
        with impasto.budget("1 USD", unknown="allow") as budget:
            draw(model="acme/oil-dark")
            draw(model="acme/oil-dark")
            draw()

        assert (2, "0.34", "0.66") == (budget.unpriced, str(budget.spent), str(budget.left))
        assert "2 calls of unknown price" in repr(budget)

    def test_a_price_of_ones_own(self, draw):
        """
        What `prices()` says is known.
        """
        impasto.prices({"acme/oil-dark": [{"unit": "image", "amount": "0.5", **WHEN}]})
        try:
            with impasto.budget("1 USD") as budget:
                draw(model="acme/oil-dark")
        finally:
            impasto.prices()

        assert ("0.50", "0.00", "0.50") == stands(budget)


class TestWhereItCounts:
    """Blocks, tasks, threads, arguments."""

    def test_blocks_within_each_other(self, server, draw):
        """
        Both have to have enough, and both count.
        """
        with impasto.budget("0.10 USD") as outer:
            with impasto.budget("1 USD") as inner:
                draw(n=2)
                with pytest.raises(BudgetExceededError, match=r"budget of \$0\.10"):
                    draw()
            draw(model="acme/oil-cheap")

        assert ("0.09", "0.08") == (str(outer.spent), str(inner.spent))
        assert 2 == len(server.received)

    def test_a_block_within_itself(self, draw):
        """
        It counts once, and goes on counting when the inner one has ended.
        """
        with impasto.budget("1 USD") as budget:
            with budget:
                draw()
            draw()

        assert ("0.08", "0.00", "0.92") == stands(budget)

    def test_an_argument_counts_besides(self, draw):
        """
        A call's own budget is one more.
        """
        mine = impasto.budget("1 USD")
        with impasto.budget("0.05 USD") as around:
            draw(budget=mine)
            with pytest.raises(BudgetExceededError):
                draw(budget=mine)

        assert ("0.04", "0.04") == (str(mine.spent), str(around.spent))

    @pytest.mark.parametrize("amount", ["0.05 USD", "$0.05", 0.05, Decimal("0.05")], ids=repr)
    def test_an_amount_as_argument(self, draw, amount):
        """
        Text, or a number of dollars.
        """
        draw(budget=amount)
        with pytest.raises(BudgetExceededError):
            draw(n=2, budget=amount)

    @pytest.mark.parametrize(
        "amount", ["much", "$1 EUR", -1, True, float("nan"), "1,50 USD", [1]], ids=repr
    )
    def test_no_amount(self, server, draw, amount):
        """
        An error that names the argument, before anything is sent.
        """
        with pytest.raises(BadRequestError, match="is no amount of money") as caught:
            draw(budget=amount)

        assert "budget" == caught.value.param
        assert [] == server.received

    def test_tasks_and_threads_of_asyncio(self, server):
        """
        They take the block along.
        """

        async def both() -> Budget:
            with impasto.budget("1 USD") as budget:
                task = asyncio.create_task(impasto.aimage_generation(**arguments(server)))
                call = arguments(server)
                await asyncio.gather(task, asyncio.to_thread(impasto.image_generation, **call))
            return budget

        assert Decimal("0.08") == asyncio.run(both()).spent

    def test_threads_begun_within(self, draw):
        """
        They count; those that were there before, and those of a block that says so, do not.
        """
        with ThreadPoolExecutor(1) as older, impasto.budget("1 USD") as budget:
            older.submit(int).result()  # its thread begins here, so within
            older.submit(draw).result()
            inside = budget.spent
        with ThreadPoolExecutor(1) as older:
            older.submit(int).result()
            with impasto.budget("1 USD") as budget:
                older.submit(draw).result()
                outside = budget.spent
        with impasto.budget("1 USD", threads=False) as budget, ThreadPoolExecutor(1) as pool:
            pool.submit(draw).result()

        assert ["0.04", "0", "0"] == [str(one) for one in (inside, outside, budget.spent)]

    def test_threads_with_an_event_loop_of_their_own(self, server):
        """
        Also where they await.
        """

        def run() -> None:
            asyncio.run(impasto.aimage_generation(**arguments(server)))

        with impasto.budget("1 USD") as budget:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()

        assert Decimal("0.04") == budget.spent

    def test_a_block_in_a_thread_begun_within(self, draw):
        """
        Its own budget stands in the one round it.
        """

        def run() -> Budget:
            with impasto.budget("1 USD") as own:
                draw()
            return own

        with impasto.budget("1 USD") as budget, ThreadPoolExecutor(1) as pool:
            own = pool.submit(run).result()

        assert ("0.04", "0.04") == (str(own.spent), str(budget.spent))

    def test_after_the_block(self, draw):
        """
        Nothing counts any more.
        """
        with impasto.budget("1 USD") as budget:
            pass
        draw()

        assert ("0.00", "0.00", "1.00") == stands(budget)

    def test_batch(self, server):
        """
        One for all of its calls.
        """
        batch = impasto.batch(
            ["a fox", "a hare", "an owl"],
            **{**arguments(server), "prompt": None},
            budget="0.10 USD",
            concurrency=1,
        )

        done = list(batch)

        assert ["done", "done", "failed"] == [one.status for one in done]
        assert isinstance(done[2].error, BudgetExceededError)

    def test_a_batch_is_known_again(self, server, tmp_path):
        """
        A budget makes no other call of it.
        """
        common = {**arguments(server), "prompt": None, "out": tmp_path}
        impasto.batch(["a fox"], **common, budget="1 USD").run()

        (done,) = impasto.batch(["a fox"], **common)

        assert "skipped" == done.status


class TestJobs:
    """What is not waited for."""

    def test_settled_when_the_result_comes(self, server):
        """
        Laid aside until then.
        """
        server.will(reply({"job": f"{server.url}/7"}), drawn(charged=0.02))
        with impasto.budget("1 USD") as budget:
            job = impasto.submit(**arguments(server))
        before = stands(budget)
        job.result()

        assert ("0.00", "0.04", "0.96") == before
        assert ("0.02", "0.00", "0.98") == stands(budget)

    def test_a_job_that_fails_costs_nothing(self, server):
        """
        The provider has said no.
        """
        server.will(reply({"job": f"{server.url}/7"}), reply({"failed": "no paint"}))
        with impasto.budget("1 USD") as budget:
            job = impasto.submit(**arguments(server))
        with pytest.raises(ImpastoError, match="no paint"):
            job.result()

        assert ("0.00", "0.00", "1.00") == stands(budget)

    def test_a_job_that_nobody_asks_for(self, server):
        """
        It may have been paid for.
        """
        server.will(reply({"job": f"{server.url}/7"}))
        with impasto.budget("1 USD") as budget:
            job = impasto.submit(**arguments(server))
        del job
        gc.collect()

        assert ("0.04", "0.00", "0.96") == stands(budget)

    def test_the_job_of_an_error(self, server, draw):
        """
        At the deadline it counts as spent; when it comes after all, as what it cost.
        """
        ready = threading.Event()

        def answer(received: Any) -> Reply:
            if received.method == "POST" and received.path == "/pictures":
                return reply({"job": f"{server.url}/7"})
            return drawn(charged=0.01) if ready.is_set() else reply({"job": f"{server.url}/7"})

        server._handler = answer
        with impasto.budget("1 USD") as budget, pytest.raises(Timeout) as caught:
            draw(timeout=0.5)
        late = stands(budget)
        ready.set()
        caught.value.job.result()

        assert ("0.04", "0.00", "0.96") == late
        assert ("0.01", "0.00", "0.99") == stands(budget)


class TestManyAtOnce:
    """A thousand calls, over threads and tasks, with failures of all kinds."""

    @pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning")
    def test_never_a_cent_over(self, server):
        """
        By the provider's own count, which takes every order that it does not refuse; and nothing
        is left laid aside.
        """
        luck, price, taken = random.Random(20261122), Decimal("0.04"), [Decimal(0)]
        kinds = ["fine"] * 12 + ["cheap", "drop", "error", "limit", "refuse", "garbage"]

        def answer(received: Any) -> Reply:
            kind, count = luck.choice(kinds), received.json().get("n", 1)
            if kind == "limit":
                return reply({}, status=429)
            if kind == "refuse":
                return reply({}, status=400)
            cost = price * count * (luck.randrange(1, 100) if kind == "cheap" else 100) / 100
            taken[0] += cost
            if kind == "drop":
                return reply({}, fault="drop")
            if kind == "error":
                return reply({}, status=500)
            return reply({}) if kind == "garbage" else drawn(count, charged=str(cost))

        server._handler = answer
        calls = [
            arguments(server, n=luck.randrange(1, 5), max_retries=luck.randrange(2))
            for _ in range(1000)
        ]
        outcomes: list[Any] = []

        def blocking(some: list[dict[str, Any]]) -> None:
            for call in some:
                try:
                    outcomes.append(impasto.image_generation(**call))
                except ImpastoError as error:
                    outcomes.append(error)

        async def awaited(some: list[dict[str, Any]]) -> None:
            tasks = [asyncio.create_task(impasto.aimage_generation(**call)) for call in some]
            for number, task in enumerate(tasks[::10]):  # who leaves, in between
                asyncio.get_running_loop().call_later(number / 50, task.cancel)
            outcomes.extend(await asyncio.gather(*tasks, return_exceptions=True))

        with impasto.budget("40 USD") as budget:
            threads = [
                threading.Thread(target=blocking, args=(calls[at:500:20],)) for at in range(20)
            ]
            for thread in threads:
                thread.start()
            asyncio.run(awaited(calls[500:]))
            for thread in threads:
                thread.join()

        assert 1000 == len(outcomes)
        assert {ImageResponse, BudgetExceededError, RateLimitError} <= set(map(type, outcomes))
        assert 0 == budget.reserved
        assert taken[0] <= budget.spent <= budget.total
