"""What is answered from disk, what is not, and how the answer says so."""

import asyncio
from decimal import Decimal

import pytest

import impasto
import impasto_cache
from impasto._api import dispatch
from impasto.testing import PNG, FakeServer, png, reply


class TestHit:
    def test_nothing_is_sent_the_second_time(self, scripted, openai):
        """
        The pictures are the same, byte for byte.
        """
        script = scripted(openai.answer(png(8), png(9)))
        first = script.play({**openai.call, "n": 2})
        second = script.play({**openai.call, "n": 2})

        assert 1 == len(script.sent)
        assert [one.read() for one in first.data] == [one.read() for one in second.data]

    def test_it_costs_nothing_and_says_so(self, scripted, openai):
        """
        The price of then is told, besides; the tokens are those of then.
        """
        script = scripted(openai.answer())
        first, second = script.play(openai.call), script.play(openai.call)

        assert ("tokens", True) == (first.cost.basis, first.cost.amount > 0)
        assert ("cache", Decimal(0), 0.0) == (
            second.cost.basis,
            second.cost.amount,
            second._hidden_params["response_cost"],
        )
        assert [str(first.cost.amount), "USD"] == second.provider_specific_fields["impasto_cache"][
            "cost_then"
        ]
        assert second.notes[0].startswith("from the cache, made 20")
        assert second.notes[0].endswith("nothing was sent or paid; usage is that of then")

    def test_hits_and_misses_are_told_apart(self, scripted, openai):
        """
        By a function, whatever the price.
        """
        script = scripted(openai.answer())

        assert [False, True] == [impasto_cache.is_hit(script.play(openai.call)) for _ in range(2)]

    def test_all_else_is_as_it_was(self, scripted, openai):
        """
        But for headers, some of which are for one caller alone.
        """
        script = scripted(openai.answer())
        call = {**openai.call, "size": "1024x1024", "quality": "low"}
        first, second = script.play(call), script.play(call)
        differs = {"notes", "provider_specific_fields"}

        assert {k: v for k, v in first.model_dump().items() if k not in differs} == {
            k: v for k, v in second.model_dump().items() if k not in differs
        }
        assert "req_abc" == second.request_id
        assert "A red fox" == second.data[0].revised_prompt
        assert {} == second.headers

    def test_who_asks_is_nobodys_business(self, scripted, openai):
        """
        Who asked first is not told to whoever asks next.
        """
        script = scripted(openai.answer())
        script.play({**openai.call, "user": "u-1"})
        second = script.play({**openai.call, "user": "u-2"})

        assert ("not needed", "u-2") == (
            second.params["user"].outcome,
            second.params["user"].given,
        )
        assert "u-1" not in second.model_dump_json()

    def test_what_one_parameter_became_is_measured_anew(self, scripted, openai):
        """
        The size that came is another one than was asked for, both times.
        """
        script = scripted(openai.answer(png(8)))
        call = {**openai.call, "size": "1024x1024"}

        assert ["8x8", "8x8"] == [script.play(call).params["size"].came for _ in range(2)]

    def test_pictures_behind_urls(self, monkeypatch, openai):
        """
        They are fetched at once, and once; a hit has a URL that does not expire.
        """

        def serve(received):
            if received.path == "/fox.png":
                return reply(body=png(9), headers={"Content-Type": "image/png"})
            return reply({"created": 1, "data": [{"url": f"{server.url}/fox.png"}]})

        monkeypatch.setattr(dispatch(), "extras", {})
        impasto.use("cache")
        with FakeServer(serve) as server:
            call = {**openai.call, "model": "openai/my-flux", "api_base": server.url}
            first, second = impasto.image_generation(**call), impasto.image_generation(**call)

            assert png(9) == first.data[0].read() == second.data[0].read()
        assert ["POST", "GET"] == [one.method for one in server.received]
        assert f"{server.url}/fox.png" == first.data[0].url
        assert second.data[0].url.startswith("data:image/png;base64,")
        assert png(9) == impasto.Image(url=second.data[0].url).read()

    def test_edits(self, scripted, openai):
        """
        A picture is known by its bytes, whatever its name.
        """
        script = scripted(openai.answer(), openai.answer())
        script.play({**openai.call, "image": PNG, "mask": PNG})
        script.play({**openai.call, "image": ("other.png", PNG), "mask": PNG})
        script.play({**openai.call, "image": png(9), "mask": png(9)})

        assert 2 == len(script.sent)

    def test_another_process_finds_it(self, scripted, openai):
        """
        Nothing is kept in memory.
        """
        scripted(openai.answer()).play(openai.call)
        impasto_cache.configure()
        response = scripted().play(openai.call)

        assert impasto_cache.is_hit(response)

    def test_jobs(self, scripted, openai):
        """
        One is done at once, where the answer is there.
        """
        script = scripted(openai.answer())
        jobs = [script.submit(openai.call).result() for _ in range(2)]

        assert [False, True] == [impasto_cache.is_hit(one) for one in jobs]

    def test_batches(self, monkeypatch, tmp_path):
        """
        What is equal is asked for once, and saved twice.
        """
        monkeypatch.setattr(dispatch(), "extras", {})
        impasto.use("cache")
        prompts = ["a fox", "a hare", "a fox"]
        done = list(
            impasto.batch(prompts, model="sketch/oil-1", size="64x64", out=tmp_path / "out")
        )
        hits = [impasto_cache.is_hit(one.response) for one in done]

        assert (1, 3) == (sum(hits), len([*(tmp_path / "out").glob("*.png")]))


class TestNotKept:
    """What is asked for again."""

    @pytest.mark.parametrize(
        "bad",
        [
            reply({"error": {"message": "no", "code": "moderation_blocked"}}, status=400),
            reply({"error": {"message": "no"}}, status=401),
            reply({"error": {"message": "no"}}, status=500),
            reply({"data": []}),
            reply({}, fault="drop"),
        ],
        ids=["a refusal", "a wrong key", "a failure", "nothing", "a lost connection"],
    )
    def test_errors(self, scripted, openai, entries, bad):
        """
        The next call may well succeed.
        """
        script = scripted(bad, openai.answer())
        with pytest.raises(impasto.ImpastoError):
            script.play({**openai.call, "max_retries": 0})

        assert [] == entries()
        assert not impasto_cache.is_hit(script.play(openai.call))

    def test_a_part_of_what_was_asked_for(self, scripted, openai, entries):
        """
        Where some of the pictures failed.
        """
        bad = reply({"error": {"message": "no"}}, status=400)
        script = scripted(openai.answer(*[PNG] * 10), bad)
        with pytest.warns(impasto.PartialResultWarning):
            script.play({**openai.call, "n": 11})

        assert [] == entries()

    def test_fewer_than_were_asked_for(self, scripted, openai, entries):
        """
        Also where nobody says why.
        """
        script = scripted(openai.answer(PNG))
        with pytest.warns(impasto.PartialResultWarning):
            script.play({**openai.call, "n": 2})

        assert [] == entries()

    def test_what_another_model_drew(self, scripted, openai, entries):
        """
        Whoever asks for the first one again wants the first one.
        """
        busy = reply({"error": {"message": "busy"}}, status=429)
        script = scripted(busy, openai.answer())
        response = script.play(
            {**openai.call, "max_retries": 0, "fallbacks": ["openai/gpt-image-1-mini"]}
        )

        assert (1, []) == (len(response.attempts), entries())

    def test_a_picture_that_cannot_be_had(self, scripted, openai, entries, caplog):
        """
        The answer is the caller's all the same.
        """
        gone = "data:image/png;base64,!!!"
        script = scripted(reply({"created": 1, "data": [{"url": gone}]}))
        response = script.play({**openai.call, "model": "openai/dall-e-3"})

        assert (gone, []) == (response.data[0].url, entries())
        assert "is not kept" in caplog.text

    def test_a_whole_answer_of_one_where_n_was_dropped(self, scripted, openai):
        """
        One was asked for.
        """
        script = scripted(openai.answer())
        call = {**openai.call, "n": 2, "additional_drop_params": ["n"]}

        assert [False, True] == [impasto_cache.is_hit(script.play(call)) for _ in range(2)]


class TestWishes:
    """What a single call says, in LiteLLM's words."""

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ({"caching": True}, [True, True]),
            ({"caching": False}, [False, True]),
            ({"cache": {"no-cache": True}}, [False, True]),
            ({"cache": {"no-store": True}}, [True, True]),
            ({"cache": {"s-maxage": 0}}, [False, True]),
            ({"cache": {"s-maxage": 600}}, [True, True]),
        ],
        ids=str,
    )
    def test_where_there_is_an_answer(self, scripted, openai, words, expected):
        """
        Whether the second call is answered from disk, and then a third that says nothing.
        """
        script = scripted(*openai.different(3))
        script.play(openai.call)
        got = [script.play({**openai.call, **words}), script.play(openai.call)]

        assert expected == [impasto_cache.is_hit(one) for one in got]

    def test_a_refreshed_answer_takes_the_place_of_the_old_one(self, scripted, openai):
        """
        "no-cache" asks again, and keeps what comes.
        """
        script = scripted(*openai.different(2))
        script.play(openai.call)
        second = script.play({**openai.call, "cache": {"no-cache": True}})
        third = script.play(openai.call)

        assert second.data[0].read() == third.data[0].read()

    @pytest.mark.parametrize(
        "words", [{"caching": False}, {"cache": {"no-store": True}}, {"cache": {"ttl": 0}}], ids=str
    )
    def test_what_is_not_to_be_kept(self, scripted, openai, words):
        """
        Nor is it found later; "ttl" is how many seconds it lasts.
        """
        script = scripted(*openai.different(2))
        script.play({**openai.call, **words})

        assert not impasto_cache.is_hit(script.play(openai.call))

    @pytest.mark.parametrize(
        "cache",
        [{"namespace": "a"}, {"no-cache": 1}, {"ttl": "soon"}, {"s-maxage": -1}, {"ttl": True}],
        ids=str,
    )
    def test_what_is_none_of_them(self, scripted, openai, cache):
        """
        It is refused before anything is sent.
        """
        script = scripted()
        with pytest.raises(impasto.BadRequestError, match=next(iter(cache))) as caught:
            script.play({**openai.call, "cache": cache})

        assert ("cache", []) == (caught.value.param, script.sent)


class TestTogether:
    """Calls at once in one process."""

    def perform(self, script, *calls):
        async def all_of_them():
            asked = [script._perform("generate", call) for call in calls]
            return await asyncio.gather(*asked, return_exceptions=True)

        return asyncio.run(all_of_them())

    def test_the_same_is_asked_for_once(self, scripted, openai):
        """
        The others wait for it.
        """
        script = scripted(openai.answer())
        responses = self.perform(script, *[openai.call] * 20)

        assert (1, 19) == (len(script.sent), sum(map(impasto_cache.is_hit, responses)))

    def test_where_the_first_fails(self, scripted, openai):
        """
        The next one asks, and its answer is for the rest.
        """
        bad = reply({"error": {"message": "no"}}, status=400)
        script = scripted(bad, openai.answer())
        responses = self.perform(script, *[openai.call] * 5)

        assert (2, 1, 3) == (
            len(script.sent),
            sum(isinstance(one, impasto.BadRequestError) for one in responses),
            sum(impasto_cache.is_hit(one) for one in responses if not isinstance(one, Exception)),
        )

    def test_different_ones_do_not_wait(self, scripted, openai):
        """
        Each has its own answer.
        """
        script = scripted(*openai.different(5))
        calls = [{**openai.call, "prompt": f"fox {number}"} for number in range(5)]
        self.perform(script, *calls)
        self.perform(script, *calls)

        assert 5 == len(script.sent)

    def test_nobody_waits_longer_than_its_timeout(self, scripted, openai):
        """
        Who waited in vain asks for itself, which the deadline then ends.
        """
        script = scripted(openai.answer(), openai.answer())
        entered, go_on = [], asyncio.Event()

        async def slow(call, proceed):
            entered.append(call.timeout)
            await go_on.wait()
            return await proceed(call)

        outer = script.client.extras.pop("cache")
        script.client.extras.update(slow=slow, cache=outer)

        async def entered_by(count):
            while len(entered) < count:
                await asyncio.sleep(0.01)

        async def both():
            first = asyncio.create_task(script._perform("generate", openai.call))
            await entered_by(1)
            waiting = script._perform("generate", {**openai.call, "timeout": 0.1})
            second = asyncio.create_task(waiting)
            await entered_by(2)
            go_on.set()
            return await asyncio.gather(first, second)

        # the script's clock stands still, so that the deadline ends nothing
        responses = asyncio.run(both())

        assert [False, False] == [impasto_cache.is_hit(one) for one in responses]
        assert [600.0, 0.1] == entered

    def test_a_cancelled_call_gives_its_turn_away(self, scripted, openai):
        """
        Whoever waited asks instead.
        """
        script = scripted(openai.answer())
        begun = asyncio.Event()

        async def slow(call, proceed):
            if not begun.is_set():
                begun.set()
                await asyncio.Event().wait()
            return await proceed(call)

        outer = script.client.extras.pop("cache")
        script.client.extras.update(slow=slow, cache=outer)

        async def both():
            first = asyncio.create_task(script._perform("generate", openai.call))
            await begun.wait()
            second = asyncio.create_task(script._perform("generate", openai.call))
            await asyncio.sleep(0.05)
            first.cancel()
            return await second

        assert not impasto_cache.is_hit(asyncio.run(both()))
        assert 1 == len(script.sent)
