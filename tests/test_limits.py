"""How many orders a provider gets at once, and that all wait when it asks for a pause."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from impasto import Done, LocalLimiter, hookimpl
from impasto._batch import AsyncBatch
from impasto._dispatch import Dispatch
from impasto._plan import planned
from impasto._registry import Registry
from impasto._wires import Lost
from impasto.errors import ImpastoError, QuotaExceededError, RateLimitError
from impasto.testing import Reply, reply
from impasto.types import Request, Response


class Orders:
    """Orders that take a while, and what became of them.

    Attributes:
        began: Who had their turn, and when.
        inside: How many have it now.
        most: How many ever had it at once.
    """

    def __init__(self, limiter: LocalLimiter, most: int | None = None) -> None:
        self.limiter = limiter
        self.limit = most
        self.began: list[tuple[Any, float]] = []
        self.inside = 0
        self.most = 0

    async def order(self, name: Any, seconds: float = 10.0, provider: str = "acme") -> None:
        async with self.limiter.turn(provider, self.limit):
            self.began.append((name, asyncio.get_running_loop().time()))
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await asyncio.sleep(seconds)
            finally:
                self.inside -= 1

    def times(self) -> list[float]:
        return [time for _, time in self.began]


Play = Callable[[Coroutine[Any, Any, None]], None]


def tasks(orders: Orders, count: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(orders.order(number)) for number in range(count)]


class TestTurns:
    def test_without_a_limit_nobody_waits(self, timeless: Play):
        """
        Where the provider says nothing, the caller's own number counts.
        """
        orders = Orders(LocalLimiter())

        async def play() -> None:
            await asyncio.gather(*tasks(orders, 50))

        timeless(play())

        assert 50 == orders.most

    def test_as_many_at_once_as_the_provider_takes(self, timeless: Play):
        """
        The others come in the order in which they asked.
        """
        orders = Orders(LocalLimiter(), most=2)

        async def play() -> None:
            await asyncio.gather(*tasks(orders, 6))

        timeless(play())

        assert [(0, 0), (1, 0), (2, 10), (3, 10), (4, 20), (5, 20)] == orders.began

    def test_who_gives_up_is_passed_over(self, timeless: Play):
        """
        Also one that was let in the moment before.
        """
        orders = Orders(LocalLimiter(), most=1)

        async def play() -> None:
            first, second, third, fourth = tasks(orders, 4)
            await asyncio.sleep(5)
            second.cancel()
            await asyncio.sleep(5)  # the first ends now, and lets in the third
            third.cancel()
            await asyncio.wait([first, second, third, fourth])

        timeless(play())

        assert [(0, 0), (3, 10)] == orders.began


class TestHolds:
    def test_all_wait(self, timeless: Play):
        """
        Nobody's turn comes before the time has passed that the provider asks for.
        """
        orders = Orders(LocalLimiter())

        async def play() -> None:
            orders.limiter.hold("acme", 30)
            await asyncio.gather(*tasks(orders, 2))

        timeless(play())

        assert [30, 40] == orders.times()

    def test_half_as_many_go_on(self, timeless: Play):
        """
        Those that were under way are refused together, which counts once.
        """
        orders = Orders(LocalLimiter())

        async def play() -> None:
            first = tasks(orders, 8)
            await asyncio.sleep(1)
            for _ in first:
                orders.limiter.hold("acme", 30)
            await asyncio.gather(*first, *tasks(orders, 8))

        timeless(play())

        assert [0] * 8 + [31] * 4 + [41] * 4 == orders.times()

    def test_then_one_more_with_each_round(self, timeless: Play):
        """
        As long as the provider refuses none; and never more than it takes at all.
        """
        orders = Orders(LocalLimiter(), most=4)

        async def play() -> None:
            first = tasks(orders, 4)
            orders.limiter.hold("acme", 0)  # so far, none has its turn: one goes on
            await asyncio.gather(*first, *tasks(orders, 14))

        timeless(play())

        begun = orders.times()
        assert [1, 2, 3, 4, 4, 4] == [begun.count(time) for time in (0, 10, 20, 30, 40, 50)]

    def test_another_provider_goes_on(self, timeless: Play):
        """
        Each has a gate of its own.
        """
        orders = Orders(LocalLimiter())

        async def play() -> None:
            orders.limiter.hold("acme", 30)
            await orders.order("here", provider="other")

        timeless(play())

        assert [("here", 0)] == orders.began

    def test_a_longer_one_counts(self, timeless: Play):
        """
        A second provider's answer may ask for more than the first.
        """
        orders = Orders(LocalLimiter())

        async def play() -> None:
            for seconds in (20, 50, 30):
                orders.limiter.hold("acme", seconds)
            await orders.order("late")

        timeless(play())

        assert [("late", 50)] == orders.began

    def test_too_long_is_not_waited_for(self, timeless: Play):
        """
        Who waits and who comes then fails at once; when the time has passed, all is well again.
        """
        orders = Orders(LocalLimiter(longest=100), most=1)
        outcomes: list[Any] = []

        async def play() -> None:
            waiting = tasks(orders, 3)
            await asyncio.sleep(1)
            orders.limiter.hold("acme", 500)
            outcomes.extend(await asyncio.gather(*waiting, return_exceptions=True))
            with pytest.raises(RateLimitError, match="left alone for 491 s") as refused:
                await orders.order("early")
            outcomes.append(refused.value)
            await asyncio.sleep(491)
            await orders.order("late")

        timeless(play())

        assert [("late", 501)] == orders.began[1:]
        assert [None, 500, 500, 491] == [getattr(one, "retry_after", None) for one in outcomes]

    @pytest.mark.parametrize("seed", range(20))
    def test_whatever_happens_no_place_is_lost(self, timeless: Play, seed: int):
        """
        Orders end, are cancelled and held at random; afterwards all places are free.
        """
        chance = random.Random(seed)
        orders = Orders(LocalLimiter(), most=3)

        async def play() -> None:
            begun = tasks(orders, 40)
            for _ in range(60):
                await asyncio.sleep(chance.choice([0, 0, 3, 10]))
                chance.choice(begun).cancel()
                if chance.random() < 0.1:
                    orders.limiter.hold("acme", chance.choice([0, 5, 20]))
            await asyncio.gather(*begun, return_exceptions=True)
            await asyncio.gather(*tasks(orders, 30))

        timeless(play())

        assert (0, 3) == (orders.inside, orders.most)
        assert [*range(30)] == [name for name, _ in orders.began[-30:]]


class World:
    """The outside world on the clock of the event loop: a provider, and how long it takes.

    Attributes:
        sent: When which prompt was ordered, or which URL was asked.
        inside: How many orders are under way.
    """

    def __init__(self, answer: Callable[[World, str], Reply]) -> None:
        self.sent: list[tuple[float, str]] = []
        self.inside = 0
        self._answer = answer

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def send(
        self, request: Request, begun: Callable[[], None], *, guarded: bool = False
    ) -> Response:
        what = json.loads(request.body)["prompt"] if request.body else request.url
        begun()
        self.sent.append((self.monotonic(), what))
        self.inside += 1
        try:
            answer = self._answer(self, what)
            await asyncio.sleep(answer.delay)
        finally:
            self.inside -= 1
        if answer.fault is not None:
            raise Lost("it broke")
        return answer.response(request.url)

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        raise AssertionError("nothing is to be fetched")

    def times(self, what: str = "") -> list[float]:
        return [time for time, sent in self.sent if what in sent]

    def asked(self) -> Counter[str]:
        return Counter(what for _, what in self.sent)


def refused(seconds: float, **more: Any) -> Reply:
    return reply({"message": "slowly"}, status=429, headers={"Retry-After": str(seconds)}, **more)


@pytest.fixture
def many(acme, timeless) -> Callable[..., list[Done]]:
    """Return a function that makes so many calls in a world, and returns what came of them."""

    def many(world: World, count: int, plugin: ModuleType | None = None, **given: Any) -> Any:
        registry = Registry()
        registry.register("acme", plugin or acme.plugin())
        dispatch = Dispatch(registry=registry, wires=world)
        common = {name: one for name, one in acme.call.items() if name != "prompt"}
        more = {name: given.pop(name) for name in ("concurrency", "limiter") if name in given}
        plan = planned(
            [f"fox {number}" for number in range(count)],
            **{**dict.fromkeys(("out", "ledger", "manifest", "again", "on_progress")), **more}
            | {"concurrency": more.get("concurrency", 4), "limiter": more.get("limiter")},
            common={**common, **given},
            dispatch=lambda: dispatch,
            where=(__file__, 1, {}),
        )

        async def play() -> list[Done]:
            return sorted([done async for done in AsyncBatch(plan)], key=lambda done: done.index)

        return timeless(play())

    return many


class TestManyCalls:
    """What the engine tells the limiter, and what that does to the calls of a batch."""

    def test_retry_after_holds_all(self, acme, many):
        """
        One is refused; nobody orders until the time is over, and then half as many at once.
        """

        def answer(world: World, what: str) -> Reply:
            if what == "fox 0" and len(world.sent) == 1:
                return refused(30, delay=1)
            return acme.pictures(delay=10)

        world = World(answer)
        found = many(world, 10)

        assert {"done"} == {done.status for done in found}
        assert [0, 0, 0, 0, 31, 31, 41, 41, 41] == world.times()[:9]
        assert (
            Counter({f"fox {number}": 1 + (number == 0) for number in range(10)}) == world.asked()
        )

    def test_the_providers_own_limit_is_found(self, acme, many):
        """
        It takes two at once and says so by refusing: all come in the end, each is made once.
        """

        def answer(world: World, what: str) -> Reply:
            return refused(5) if world.inside > 2 else acme.pictures(delay=10)

        world = World(answer)
        found = many(world, 40, concurrency=16)
        refusals = len(world.sent) - 40

        assert {"done"} == {done.status for done in found}
        assert 16 < refusals < 40  # 14 at the beginning, then about one in two rounds

    def test_a_service_that_is_down_holds_all(self, acme, many):
        """
        503 with Retry-After says it for all, as well.
        """

        def answer(world: World, what: str) -> Reply:
            if len(world.sent) == 1:
                return reply({}, status=503, headers={"Retry-After": "20"}, delay=1)
            return acme.pictures(delay=10)

        world = World(answer)
        many(world, 4, concurrency=2)

        assert [0, 0, 21, 31, 31] == world.times()

    def test_a_poll_that_is_refused_holds_orders(self, acme, many):
        """
        The job itself goes on being asked for.
        """

        def answer(world: World, what: str) -> Reply:
            if "fox" in what:
                return acme.job() if what == "fox 0" else acme.pictures()
            return refused(20) if len(world.times("/jobs/")) == 1 else acme.pictures()

        world = World(answer)
        found = many(world, 2, concurrency=1)

        assert [0, 21] == world.times("fox")
        assert [1, 21] == world.times("/jobs/")
        assert ["done", "done"] == [done.status for done in found]

    def test_waiting_for_a_turn_takes_no_time_from_a_call(self, acme, many):
        """
        The provider takes one at once; each has its whole timeout for itself.
        """
        world = World(lambda world, what: acme.pictures(delay=10))
        found = many(world, 5, acme.plugin(concurrency=1), timeout=15)

        assert {"done"} == {done.status for done in found}
        assert [0, 10, 20, 30, 40] == world.times()

    @pytest.mark.parametrize(("retries", "asked"), [(0, 1), (2, 3)])
    def test_who_wants_few_repeats_gets_few(self, acme, many, retries: int, asked: int):
        """
        *max_retries* counts here as everywhere.
        """
        world = World(lambda world, what: refused(1))
        (done,) = many(world, 1, max_retries=retries)

        assert ("failed", asked) == (done.status, len(world.sent))
        assert isinstance(done.error, RateLimitError)

    def test_patience_has_an_end(self, acme, many):
        """
        A call that was told to wait for longer than its timeout, in all, has failed.
        """
        world = World(lambda world, what: refused(60))
        (done,) = many(world, 1, timeout=100)

        assert ("failed", [0, 60]) == (done.status, world.times())

    def test_a_limit_for_the_day(self, acme, many):
        """
        Nobody waits for it, and nobody hammers: the rest fails without being sent.
        """
        world = World(lambda world, what: refused(86_400, delay=1))
        found = many(world, 50, concurrency=4)

        assert {"failed"} == {done.status for done in found}
        assert 4 == len(world.sent)
        assert "not asked" in str(found[49].error)

    def test_an_exhausted_quota_holds_nobody(self, acme, many):
        """
        Waiting would not help; the others may be for another model.
        """

        @hookimpl
        def map_error(response: Response) -> ImpastoError:
            return QuotaExceededError("no credit")

        def answer(world: World, what: str) -> Reply:
            return refused(600) if what == "fox 0" else acme.pictures(delay=10)

        world = World(answer)
        found = many(world, 4, acme.plugin(map_error), concurrency=1)

        assert ["failed", "done", "done", "done"] == [done.status for done in found]
        assert [0, 0, 10, 20] == world.times()

    def test_what_may_have_been_taken_is_not_sent_again(self, acme, many):
        """
        Also where the first try was lost and the second refused.
        """

        def answer(world: World, what: str) -> Reply:
            return reply(fault="drop") if len(world.sent) == 1 else refused(1)

        world = World(answer)
        (done,) = many(world, 1, max_retries=5)

        assert ("ambiguous", 2) == (done.status, len(world.sent))

    def test_a_fallback_does_not_wait_as_long(self, acme, many):
        """
        Who may go on to another model does after the usual two repeats.
        """

        def answer(world: World, what: str) -> Reply:
            return refused(10) if len(world.sent) <= 3 else acme.pictures()

        world = World(answer)
        (done,) = many(world, 1, fallbacks=["acme/oil-3"])

        assert ("done", "oil-3") == (done.status, done.response.model)
        assert [0, 10, 20, 30] == world.times()
