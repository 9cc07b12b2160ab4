"""`fallbacks`: who is asked after a failure, what goes along, and what the caller is told."""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import json
import logging
import pickle
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from vendors import VENDORS, serving

import impasto
from impasto import hookimpl
from impasto._arguments import sort
from impasto._dispatch import Dispatch
from impasto._plugin import Plugin
from impasto._portal import run
from impasto._registry import Registry
from impasto._transport import AIOHTTP
from impasto.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    MissingCredentialsError,
    ModelRetiredError,
    PartialResultWarning,
    PluginError,
    QuotaExceededError,
    RateLimitError,
    Timeout,
    UnknownProviderError,
    UnsupportedParamsError,
)
from impasto.testing import PNG, FakeServer, Received, Reply, Script, reply
from impasto.types import Attempt, Image, ImageResponse, Request, Setting

BIRCH, CEDAR = "birch-0123456789abcdef", "cedar-0123456789abcdef"
ENCODED = base64.b64encode(PNG).decode()
PICTURE = reply({"pictures": [ENCODED]})
BUSY = reply({"message": "too many"}, status=429)
DROPPED = Reply(fault="drop")
REFUSED = reply({"refused": "no foxes"}, status=400)
REFUSED_IN_200 = reply({"refused": "no foxes"})


def refusal(body: Any) -> ImpastoError | None:
    return ContentPolicyViolationError(body["refused"]) if "refused" in body else None


@hookimpl
def map_error(response) -> ImpastoError | None:
    """Know refusals, and quotas that are used up."""
    body = response.json()
    return QuotaExceededError("no credit") if "quota" in body else refusal(body)


@hookimpl
def parse_response(request, response) -> ImageResponse | Request:
    """Read pictures, jobs and refusals."""
    body = response.json()
    refused = refusal(body)
    if refused is not None:
        raise refused
    if "job" in body:
        return request.follow(body["job"], step="poll", after=1.0)
    return ImageResponse(data=[Image(b64_json=one) for one in body["pictures"]])


@hookimpl
def translate_params(call):
    """Take pictures, too, as base64."""
    return call.translate(
        *("prompt", "n", "size", "seed", "quality"),
        image=lambda images: {"images": [one.base64 for one in images]},
        mask=lambda mask: {"mask": mask.base64},
        response_format=lambda _: {},
    )


HOOKS = (map_error, parse_response, translate_params)


def settings(name: str) -> dict[str, Setting]:
    return {
        "api_key": Setting(env=(f"{name.upper()}_API_KEY",), secret=True, required=True),
        "api_base": Setting(default=f"https://api.{name}.test", url=True),
        "region": Setting(),
    }


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the keys of Birch and Cedar, as their users do."""
    monkeypatch.setenv("BIRCH_API_KEY", BIRCH)
    monkeypatch.setenv("CEDAR_API_KEY", CEDAR)


class Street:
    """Acme, Birch and Cedar, three providers that are alike."""

    def __init__(self, acme, tmp_path: Path) -> None:
        self.acme = acme
        self.tmp_path = tmp_path

    def plugin(self, name: str, *hooks: Callable[..., Any]) -> ModuleType:
        """Return the plugin of one of them, in which *hooks* take the place of the usual."""
        own = {hook.__name__: hook for hook in (*HOOKS, *hooks)}
        plugin: ModuleType = self.acme.plugin(*own.values(), name=name, settings=settings(name))
        return plugin

    def registry(self, cards: dict[str, Any], plugins: dict[str, ModuleType]) -> Registry:
        """Return all three; *cards* are those of each one's model "m"."""
        registry = Registry()
        for name in ("acme", "birch", "cedar"):
            path = self.tmp_path / f"{name}.json"
            rows = [{"name": "m", **cards[name]}] if name in cards else []
            path.write_text(json.dumps({"models": rows}))
            registry.register(name, plugins.get(name) or self.plugin(name), models=path)
        return registry

    def play(
        self,
        *replies: Reply,
        cards: dict[str, Any] | None = None,
        plugins: dict[str, ModuleType] | None = None,
        pictures: dict[str, bytes] | None = None,
        extras: tuple[Any, ...] = (),
        repeat: bool = False,
        **call: Any,
    ) -> Played:
        """Make a call for acme/m, with Birch and Cedar to go on to; keep what came of it."""
        script = Script(*replies, plugin=self.plugin("acme"), repeat=repeat, pictures=pictures)
        script.client = Dispatch(
            registry=self.registry(cards or {}, plugins or {}),
            wires=script,
            extras=dict(enumerate(extras)),  # type: ignore[arg-type]
        )
        common = {"prompt": "a fox", "model": "acme/m", "api_key": self.acme.key, "max_retries": 0}
        fallbacks = ["birch/m", "cedar/m"]
        played = Played(script)
        try:
            played.response = script.play({**common, "fallbacks": fallbacks, **call})
        except ImpastoError as error:
            played.error = error
        return played


class Played:
    """What came of a call."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.response: ImageResponse | None = None
        self.error: ImpastoError | None = None

    @property
    def asked(self) -> list[str]:
        """Who was sent an order, in order."""
        hosts = [urlsplit(one.url).hostname or "" for one in self.script.sent if one.buys]
        return [host.split(".")[1] for host in hosts]

    @property
    def bodies(self) -> list[Any]:
        """What the orders say."""
        return [json.loads(one.body or b"{}") for one in self.script.sent if one.buys]

    @property
    def drawn(self) -> ImageResponse:
        """The response; there must be one."""
        assert self.response is not None, self.error
        return self.response

    @property
    def failed(self) -> ImpastoError:
        """The error; there must be one."""
        assert self.error is not None
        return self.error


@pytest.fixture
def street(acme, tmp_path: Path) -> Street:
    """Return the three providers."""
    return Street(acme, tmp_path)


def failure(status: int, **body: Any) -> Reply:
    return reply({"message": "no", **body}, status=status)


# --- who is asked ---------------------------------------------------------------------------------

COSTS_NOTHING = {
    "no connection": (Reply(fault="refuse"), APIConnectionError),
    "quota": (failure(429, quota="used up"), QuotaExceededError),
    **{
        str(status): (failure(status), impasto.errors.class_of_status(status))
        for status in (400, 401, 402, 403, 404, 409, 422, 429, 501, 503, 529)
    },
}
MAY_HAVE_COST = {
    "dropped": DROPPED,
    "no picture": reply({"pictures": []}),
    "nonsense": reply({"what": 1}),
    "no answer in time": Reply(fault="hang"),
    **{str(status): failure(status) for status in (408, 500, 502, 504, 520)},
}
REFUSALS = {"with 400": REFUSED, "with 200": REFUSED_IN_200}


class TestGoingOn:
    """The next model is asked after what cannot have cost anything, and is no refusal."""

    @pytest.mark.parametrize("failure_", COSTS_NOTHING)
    def test_after_what_cannot_have_cost_anything(self, street, failure_):
        """
        One order to each, and the answer is the second one's.
        """
        answer, kind = COSTS_NOTHING[failure_]
        played = street.play(answer, PICTURE)

        assert ["acme", "birch"] == played.asked
        assert ("birch", [kind]) == (
            played.drawn.provider,
            [type(attempt.error) for attempt in played.drawn.attempts],
        )

    @pytest.mark.parametrize("failure_", MAY_HAVE_COST)
    def test_not_after_what_may_have_cost_something(self, street, failure_):
        """
        The error says so, and that nobody else was asked.
        """
        played = street.play(MAY_HAVE_COST[failure_])

        assert ["acme"] == played.asked
        assert played.failed.maybe_accepted
        assert "birch/m, cedar/m not asked: the order may have been taken" in str(played.failed)

    @pytest.mark.parametrize("refusal_", REFUSALS)
    def test_not_after_a_refusal(self, street, refusal_):
        """
        To shop around with what one provider refused is the caller's decision.
        """
        played = street.play(REFUSALS[refusal_])

        assert ["acme"] == played.asked
        assert isinstance(played.failed, ContentPolicyViolationError)
        assert "not asked: that was a refusal" in str(played.failed)

    @pytest.mark.parametrize("failure_", sorted({*MAY_HAVE_COST} - {"no answer in time"}))
    @pytest.mark.parametrize("after", ["ambiguous", ["ambiguous"], ("refusal", "ambiguous")])
    def test_after_what_may_have_cost_where_that_is_allowed(self, street, failure_, after):
        """
        `fallback_after` names it, and the answer still says that the first may cost something.
        """
        played = street.play(MAY_HAVE_COST[failure_], PICTURE, fallback_after=after)

        assert ["acme", "birch"] == played.asked
        assert played.drawn.attempts[0].error.maybe_accepted

    @pytest.mark.parametrize("refusal_", REFUSALS)
    def test_after_a_refusal_where_that_is_allowed(self, street, refusal_):
        """
        `fallback_after` names it.
        """
        played = street.play(REFUSALS[refusal_], PICTURE, fallback_after="refusal")

        assert ["acme", "birch"] == played.asked
        assert "acme/m refused: no foxes" in played.drawn.notes[0]

    @pytest.mark.parametrize(
        ("answer", "after"), [(DROPPED, "refusal"), (REFUSED, "ambiguous")], ids=["1", "2"]
    )
    def test_one_does_not_allow_the_other(self, street, answer, after):
        """
        They are two decisions.
        """
        assert ["acme"] == street.play(answer, fallback_after=after).asked

    def test_the_rule_holds_for_every_step(self, street):
        """
        A second model whose answer is lost is the last one.
        """
        played = street.play(BUSY, DROPPED)

        assert ["acme", "birch"] == played.asked
        assert isinstance(played.failed, RateLimitError)
        assert played.failed.maybe_accepted
        assert "cedar/m not asked" in str(played.failed)

    def test_each_ones_own_repeats_come_first(self, street):
        """
        Rule 2 holds for each of them; `max_retries=0` goes on at once.
        """
        played = street.play(BUSY, BUSY, BUSY, PICTURE, max_retries=None)

        assert ["acme", "acme", "acme", "birch"] == played.asked

    def test_a_first_one_that_draws(self, street):
        """
        Nobody else is asked, and nothing is said of it.
        """
        played = street.play(PICTURE)

        assert (["acme"], (), ()) == (played.asked, played.drawn.attempts, played.drawn.notes)


@hookimpl
def build_request(call, params):
    """Fail as a broken plugin does."""
    raise RuntimeError("out of paint")


class TestBeforeAnythingIsSent:
    """What the first one cannot do at all."""

    @pytest.mark.parametrize(
        ("call", "card", "kind"),
        [
            ({"style": "vivid"}, {}, UnsupportedParamsError),
            ({"size": "640x480"}, {"sizes": {"values": ["1024x1024"]}}, UnsupportedParamsError),
            ({"n": 500}, {"max_images": 1}, BadRequestError),
            ({"api_key": ""}, {}, MissingCredentialsError),
            ({"api_key": "with a blank"}, {}, AuthenticationError),
            ({"api_base": "nowhere"}, {}, BadRequestError),
            ({"my_token": "abc"}, {}, UnsupportedParamsError),
        ],
        ids=["a parameter", "a size", "so many", "no key", "no key at all", "a base", "a token"],
    )
    def test_goes_on_without_a_request(self, street, call, card, kind):
        """
        Catalogue and settings say so before anything is sent; the next one is asked instead.
        """

        @hookimpl
        def translate_params(call):
            return call.translate("prompt", "n", "size", "style")

        others = {"birch": street.plugin("birch", translate_params)}
        pictures = reply({"pictures": [ENCODED] * call.get("n", 1)})
        played = street.play(pictures, cards={"acme": card}, plugins=others, **call)

        assert ["birch"] == played.asked
        assert [kind] == [type(one.error) for one in played.drawn.attempts]

    def test_a_plugin_that_breaks(self, street):
        """
        Its own mistake costs nothing.
        """
        broken = {"acme": street.plugin("acme", build_request)}
        played = street.play(PICTURE, plugins=broken)

        assert ["birch"] == played.asked
        assert isinstance(played.drawn.attempts[0].error, PluginError)

    def test_a_plugin_that_cannot_be_loaded(self, street):
        """
        The same error for every call is told anew in each, and not written into.
        """

        def find() -> ModuleType:
            raise ImportError("no such library")

        script = Script(PICTURE, plugin=street.plugin("acme"), repeat=True)
        registry = street.registry({}, {})
        registry._plugins["acme"] = Plugin("acme", find, lambda: None)
        script.client = Dispatch(registry=registry, wires=script)
        call = {"prompt": "a fox", "model": "acme/m", "api_key": street.acme.key}
        drawn = script.play({**call, "fallbacks": ["birch/m"]})
        alone = []
        for fallbacks in ([{"model": "birch/m", "api_key": "with a blank"}], []):
            with pytest.raises(PluginError) as caught:
                script.play({**call, "fallbacks": fallbacks})
            alone.append(caught.value)

        assert "acme/m failed: plugin acme: cannot be loaded" in drawn.notes[0]
        assert ([1, 0], [True, False]) == (
            [len(error.attempts) for error in alone],
            ["then birch/m failed" in str(error) for error in alone],
        )

    @pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
    def test_a_model_that_is_gone(self, street):
        """
        It is asked, since dates may be wrong; its 404 leads to the next.
        """
        gone = {"lifecycle": {"retires": "2025-01-01", "source": "https://acme.test/retired"}}
        played = street.play(failure(404), PICTURE, cards={"acme": gone})

        assert ["acme", "birch"] == played.asked
        assert isinstance(played.drawn.attempts[0].error, ModelRetiredError)

    def test_one_in_the_middle(self, street):
        """
        A fallback that cannot do it is passed over, too.
        """
        cards = {"birch": {"sizes": {"values": ["512x512"]}}}
        played = street.play(BUSY, PICTURE, cards=cards, size="1024x1024")

        assert ["acme", "cedar"] == played.asked
        assert ["acme/m", "birch/m"] == [attempt.model for attempt in played.drawn.attempts]

    def test_the_parameters_are_translated_anew(self, street):
        """
        Each plugin has words of its own for the same call.
        """

        @hookimpl
        def translate_params(call):
            return call.translate(prompt="text", size="format", seed="dice")

        others = {"birch": street.plugin("birch", translate_params)}
        played = street.play(BUSY, PICTURE, plugins=others, size="1024x1024", seed=7)

        assert [
            {"prompt": "a fox", "size": "1024x1024", "seed": 7},
            {"text": "a fox", "format": "1024x1024", "dice": 7},
        ] == played.bodies
        assert {"format": "1024x1024"} == played.drawn.params["size"].sent

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            ({"prompt": " "}, "prompt is empty"),
            ({"n": 0}, "n=0"),
            ({"image": "nowhere.png"}, "nowhere.png"),
            ({"image": b"no picture"}, "is not a picture"),
            ({"image": PNG, "mask": io.StringIO("text")}, "opened as text"),
            ({"model": "acme/"}, "names a provider, but no model"),
            ({"model": "nope/m"}, "pip install impasto-nope"),
        ],
        ids=["prompt", "n", "path", "bytes", "mask", "model", "provider"],
    )
    def test_what_nobody_could_take_is_said_at_once(self, street, call, says):
        """
        To ask others would not help.
        """
        played = street.play(PICTURE, **call)

        assert [] == played.asked
        assert says in str(played.failed)
        assert "not asked" not in str(played.failed)


class TestParts:
    """A call of several requests."""

    def test_some_that_came_are_a_success(self, street):
        """
        They are paid for; nobody else is asked for the rest.
        """
        with pytest.warns(PartialResultWarning):
            played = street.play(PICTURE, BUSY, cards={"acme": {"max_images": 1}}, n=2)

        assert (["acme", "acme"], 1, ()) == (
            played.asked,
            len(played.drawn.data),
            played.drawn.attempts,
        )

    def test_each_splits_as_it_must(self, street):
        """
        Two in one request of the first, two requests of the second.
        """
        played = street.play(BUSY, PICTURE, PICTURE, cards={"birch": {"max_images": 1}}, n=2)

        assert ["acme", "birch", "birch"] == played.asked
        assert [2, 1, 1] == [body["n"] for body in played.bodies]
        assert "split into 2 requests" == played.drawn.params["n"].note

    @pytest.mark.parametrize(("other", "error"), [(DROPPED, True), (REFUSED, False)])
    def test_one_part_is_enough_to_stop(self, street, other, error):
        """
        Of two parts the first was too many, the second was lost, or refused.
        """
        played = street.play(BUSY, other, cards={"acme": {"max_images": 1}}, n=2)

        assert ["acme", "acme"] == played.asked
        assert error == played.failed.maybe_accepted


# --- what goes along ------------------------------------------------------------------------------


class TestWhatGoesAlong:
    """The first one's keys, places and words are not for another provider."""

    def test_what_was_meant_for_the_first_stays_there(self, street):
        """
        The answer says of each that it was left out, for whom it was meant, and shows no key.
        """
        played = street.play(
            *(BUSY, PICTURE),
            steps=20,
            region="north",
            extra_body={"varnish": "matt"},
            extra_headers={"Authorization": "Bearer canary-0001"},
            extra_query={"trace": "canary-0002"},
        )
        fates = played.drawn.params

        assert {"prompt": "a fox"} == played.bodies[1]
        assert {"api_key", "steps", "region", "extra_body.varnish"} < {*fates}
        assert {
            "api_key": ("dropped", "[hidden]"),
            "steps": ("dropped", 20),
            "region": ("dropped", "north"),
            "extra_body.varnish": ("dropped", "matt"),
            "extra_headers.Authorization": ("dropped", "[hidden]"),
            "extra_query.trace": ("dropped", "[hidden]"),
        } == {name: (one.outcome, one.given) for name, one in fates.items() if name != "prompt"}
        assert {"meant for acme/m"} == {one.note for name, one in fates.items() if name != "prompt"}

    def test_another_model_of_the_same_provider_gets_it_all(self, street):
        """
        Key, base, words and additions are that provider's.
        """
        own = {"api_base": "https://gateway.acme.test", "extra_body": {"varnish": "matt"}}
        headers = {"X-Trace": "7"}
        played = street.play(
            *(BUSY, PICTURE), fallbacks=["acme/other"], steps=20, extra_headers=headers, **own
        )
        first, second = played.script.sent

        assert first == second
        assert "dropped" not in {fate.outcome for fate in played.drawn.params.values()}

    def test_a_fallback_has_words_of_its_own(self, street):
        """
        Those of a dict are for that model alone, and go before the call's.
        """
        own = {
            "model": "birch/m",
            "api_key": "birch-of-ones-own",
            "api_base": "https://gateway.birch.test",
            "quality": "fine",
            "strokes": 9,
            "extra_body": {"gloss": 1},
            "extra_headers": {"X-Trace": "8"},
        }
        played = street.play(BUSY, PICTURE, fallbacks=[own], quality="hd", steps=20)
        sent = played.script.sent[1]

        assert "https://gateway.birch.test/pictures" == sent.url
        assert ("Bearer birch-of-ones-own", "8") == (
            sent.headers["Authorization"],
            sent.headers["X-Trace"],
        )
        assert {"prompt": "a fox", "quality": "fine", "strokes": 9, "gloss": 1} == played.bodies[1]

    def test_none_leaves_a_parameter_out(self, street):
        """
        What one model takes and the next does not need not stop it; the answer says so.
        """
        without = {"model": "birch/m", "quality": None}
        played = street.play(BUSY, PICTURE, fallbacks=[without], quality="hd")
        fate = played.drawn.params["quality"]

        assert {"prompt": "a fox"} == played.bodies[1]
        assert ("dropped", "hd", "as fallbacks asks") == (fate.outcome, fate.given, fate.note)

    @pytest.mark.parametrize(
        "own",
        [{"api_key": "acme-second-key-0001"}, {"api_base": "https://second.acme.test"}],
        ids=["key", "place"],
    )
    def test_another_account_of_the_same_provider(self, street, own, monkeypatch):
        """
        A key and a place come from one hand: neither goes along to the other's.
        """
        monkeypatch.setenv("ACME_API_KEY", "acme-of-the-environment")
        played = street.play(
            *(BUSY, PICTURE),
            fallbacks=[{"model": "acme/m", **own}],
            api_base="https://first.acme.test",
            region="north",
            steps=20,
            extra_headers={"X-Secret": "canary-0001"},
        )
        sent = played.script.sent[1]

        assert own.get("api_base", "https://api.acme.test") + "/pictures" == sent.url
        key = own.get("api_key", "acme-of-the-environment")
        assert f"Bearer {key}" == sent.headers["Authorization"]
        assert "X-Secret" not in sent.headers
        assert 20 == played.bodies[1]["steps"]
        left = {"api_key", "api_base", "region", "extra_headers.X-Secret"} - {*own}

        assert left | {"prompt", "steps"} == {*played.drawn.params}

    def test_another_region_of_the_same_account(self, street):
        """
        What is neither a key nor a place takes the place of the first one's.
        """
        elsewhere = {"model": "acme/m", "region": "south"}
        played = street.play(BUSY, PICTURE, fallbacks=[elsewhere], region="north")

        assert f"Bearer {street.acme.key}" == played.script.sent[1].headers["Authorization"]
        assert "region" not in played.drawn.params

    def test_base_model_is_for_the_first(self, street):
        """
        It says what stands behind a name of the caller's own.
        """
        cards = {"acme": {"max_images": 1}, "birch": {"max_images": 1}}
        mine = {"model": "birch/mine", "base_model": "m"}
        played = street.play(
            *(BUSY, BUSY, BUSY, PICTURE, PICTURE),
            cards=cards,
            model="acme/mine",
            base_model="m",
            n=2,
            fallbacks=["birch/mine", mine],
        )

        assert ["acme", "acme", "birch", "birch", "birch"] == played.asked

    def test_how_it_is_steered(self, street):
        """
        `drop_params` and `max_retries` are the call's, unless a fallback has its own.
        """
        own = {"model": "birch/m", "drop_params": True, "max_retries": 1}
        played = street.play(BUSY, BUSY, PICTURE, fallbacks=[own], style="vivid", drop_params=False)
        alike = street.play(
            BUSY, BUSY, BUSY, BUSY, PICTURE, style="vivid", drop_params=True, max_retries=1
        )

        assert ["birch", "birch"] == played.asked[-2:]
        assert ["acme", "acme", "birch", "birch", "cedar"] == alike.asked
        assert "dropped" == alike.drawn.params["style"].outcome

    def test_a_provider_named_apart(self, street):
        """
        As `custom_llm_provider` beside the model.
        """
        apart = {"model": "m", "custom_llm_provider": "birch"}
        played = street.play(BUSY, PICTURE, fallbacks=[apart])

        assert ["acme", "birch"] == played.asked
        assert played.drawn.notes[0].startswith("drawn by birch/m: acme/m answered 429: too many")

    def test_no_key_reaches_another_provider(self, street):
        """
        Of all the bytes that arrive, none are another provider's key, in whatever word it came.
        """
        secrets = {
            "api_key": street.acme.key,
            "extra_headers": {"X-Gateway": "canary-header-1"},
            "extra_query": {"sig": "canary-query-2"},
            "extra_body": {"pass": "canary-body-3"},
            "webhook": "https://hook.test/canary-word-4",
        }
        busy = FakeServer(lambda _: BUSY)
        with busy, FakeServer(lambda _: BUSY) as birch, FakeServer(lambda _: PICTURE) as cedar:
            registry = street.registry({}, {})
            asked = sort(
                "generate",
                {
                    "prompt": "a fox",
                    "model": "acme/m",
                    "api_base": busy.url,
                    **secrets,
                    "max_retries": 0,
                    "fallbacks": [
                        {"model": "birch/m", "api_base": birch.url, "api_key": "canary-birch-5"},
                        {"model": "cedar/m", "api_base": cedar.url},
                    ],
                },
            )
            dispatch = Dispatch(registry=registry, wires=AIOHTTP)
            response = run(dispatch.perform(asked, (__file__, 1, globals())))
        everything = [
            b"".join(f"{one.path} {one.headers}".encode() + one.body for one in server.received)
            for server in (busy, birch, cedar)
        ]
        canaries = [b"canary-header", b"canary-query", b"canary-body", b"canary-word"]

        assert [1, 1, 1] == [len(server.received) for server in (busy, birch, cedar)]
        assert all(one in everything[0] for one in [*canaries, street.acme.key.encode()])
        assert not [
            one
            for one in [*canaries, street.acme.key.encode(), busy.url.encode()]
            for seen in everything[1:]
            if one in seen
        ]
        assert [False, True, False] == [b"canary-birch" in seen for seen in everything]
        assert [False, False, True] == [CEDAR.encode() in seen for seen in everything]
        told = f"{response!r} {response.model_dump()} {response.notes}".encode()

        assert not any(one in told for one in (*canaries[:2], b"canary-birch", b"0123456789"))


# --- pictures -------------------------------------------------------------------------------------


class Stream(io.RawIOBase):
    """A file that can be read once: a pipe, an upload."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.reads = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        data, self._data = self._data, b""
        return data


class TestPictures:
    """The same ones for each, read once."""

    def test_streams(self, street):
        """
        After the first model there is nothing left to read, and the second gets the same bytes.
        """
        one, two, mask = Stream(PNG), Stream(PNG + b"2"), Stream(PNG)
        played = street.play(BUSY, BUSY, PICTURE, image=[one, two], mask=mask)

        assert [1, 1, 1] == [stream.reads for stream in (one, two, mask)]
        assert ["acme", "birch", "cedar"] == played.asked
        assert played.bodies[0] == played.bodies[1] == played.bodies[2]
        assert [ENCODED, base64.b64encode(PNG + b"2").decode()] == played.bodies[2]["images"]
        assert ENCODED == played.bodies[2]["mask"]

    def test_urls(self, street):
        """
        What is behind one is fetched once.
        """
        played = street.play(BUSY, PICTURE, image="https://pictures.test/fox.png")

        assert ["https://pictures.test/fox.png"] == played.script.fetched
        assert played.bodies[0] == played.bodies[1]

    def test_a_mask_that_one_model_does_not_take(self, street):
        """
        Without it, it would be another picture: that model is passed over.
        """

        @hookimpl
        def translate_params(call):
            return call.translate("prompt", image=lambda images: {"images": len(images)})

        without = {"acme": street.plugin("acme", translate_params)}
        played = street.play(PICTURE, plugins=without, image=PNG, mask=PNG, drop_params=True)

        assert ["birch"] == played.asked
        assert "mask" == played.drawn.attempts[0].error.param

    def test_variations(self, street):
        """
        They fall back as well.
        """
        played = street.play(BUSY, PICTURE, kind="vary", prompt=None, image=Stream(PNG))

        assert [{"images": [ENCODED]}] * 2 == played.bodies

    @pytest.mark.parametrize("named", [False, True])
    def test_pictures_in_a_providers_own_words(self, street, named):
        """
        A second model of the same provider gets the same bytes.
        """
        card = {"parameters": {"style_picture": {"type": "image"}}}

        @hookimpl
        def translate_params(call):
            file = call.extra["style_picture"]
            return impasto.types.Params({"style": file.base64, "name": file.name})

        own = {"acme": street.plugin("acme", translate_params)}
        stream = Stream(PNG)
        given = ("style.png", stream) if named else stream
        played = street.play(
            *(BUSY, PICTURE),
            cards={"acme": {"aliases": ["other"], **card}},
            plugins=own,
            fallbacks=["acme/other"],
            style_picture=given,
        )

        assert [ENCODED, ENCODED] == [body["style"] for body in played.bodies]
        assert 1 == stream.reads


# --- time -----------------------------------------------------------------------------------------


class TestTime:
    """One deadline."""

    def test_it_is_shared(self, street):
        """
        What the first took is not there for the second: its job is waited for no longer.
        """
        slow = reply({"message": "no"}, status=503, delay=7.0)
        job = street.acme.job("https://api.birch.test/jobs/7")
        played = street.play(slow, job, repeat=True, timeout=10)

        assert isinstance(played.failed, impasto.ServiceUnavailableError)
        assert (10.0, 3.0) == (played.script.monotonic(), sum(played.script.slept))
        assert isinstance(played.failed.attempts[0].error, Timeout)
        assert played.failed.maybe_accepted
        assert played.failed.job is played.failed.attempts[0].error.job is not None

    def test_nobody_is_asked_after_it(self, street):
        """
        The error says who was not.
        """
        played = street.play(reply({"message": "no"}, status=503, delay=10.0), timeout=10)

        assert ["acme"] == played.asked
        assert str(played.failed).endswith("no; birch/m, cedar/m not asked: no time is left")

    def test_a_caller_who_leaves(self, street):
        """
        Nobody else is asked.
        """
        with FakeServer().will(Reply(fault="hang")) as acme, FakeServer() as birch:
            dispatch = Dispatch(registry=street.registry({}, {}), wires=AIOHTTP)
            call = {"prompt": "a fox", "model": "acme/m", "api_base": acme.url, "api_key": "-"}
            others = [{"model": "birch/m", "api_base": birch.url}]
            asked = sort(
                "generate",
                {**call, "fallbacks": others, "fallback_after": ["refusal", "ambiguous"]},
            )

            async def leave() -> bool:
                task = asyncio.create_task(dispatch.perform(asked, (__file__, 1, globals())))
                while not acme.received:
                    await asyncio.sleep(0.001)
                task.cancel()
                await asyncio.wait([task])
                return task.cancelled()

            cancelled = asyncio.run(leave())

        assert (True, 1, 0) == (cancelled, len(acme.received), len(birch.received))


# --- what the caller is told ----------------------------------------------------------------------


class TestTheAnswer:
    """Who drew it, and why the others did not."""

    def test_attempts_and_a_note(self, street):
        """
        In the order in which they were asked; the provider's own notes come after.
        """

        @hookimpl
        def parse_response():
            return ImageResponse(data=[Image(b64_json=ENCODED)], notes=("still wet",))

        others = {"cedar": street.plugin("cedar", parse_response)}
        played = street.play(BUSY, Reply(fault="refuse"), PICTURE, plugins=others)
        response = played.drawn

        assert [("acme/m", RateLimitError), ("birch/m", APIConnectionError)] == [
            (one.model, type(one.error)) for one in response.attempts
        ]
        refused = "no connection to https://api.birch.test:443: the script refuses the connection"
        why = f"acme/m answered 429: too many; birch/m failed: {refused}"

        assert (f"drawn by cedar/m: {why}", "still wet") == response.notes
        assert ("cedar", "m") == (response.provider, response.model)

    def test_it_is_plain_data(self, street):
        """
        Pickled, dumped, read by keys.
        """
        response = street.play(BUSY, PICTURE).drawn
        again = pickle.loads(pickle.dumps(response))

        assert ["acme/m"] == [one.model for one in again.attempts]
        assert (429, "acme") == (
            again.attempts[0].error.status_code,
            again["attempts"][0].error.provider,
        )
        assert [{"model": "acme/m", "error": "RateLimitError: acme/m: too many"}] == json.loads(
            response.model_dump_json()
        )["attempts"]
        assert "acme/m" == response.attempts[0]["model"]

    def test_it_holds_nothing_of_the_attempts_but_their_errors(self, street):
        """
        Requests, with keys and pictures in them, do not live as long as the answer.
        """
        bodies: list[weakref.ref[Any]] = []

        @hookimpl
        def build_request(call, params):
            request = Request(url=f"{call.settings['api_base']}/pictures", json=dict(params.values))
            bodies.append(weakref.ref(call))
            return request

        watched = {"acme": street.plugin("acme", build_request)}
        played = street.play(Reply(fault="refuse"), PICTURE, plugins=watched)
        played.script.sent.clear()
        gc.collect()

        assert 1 == len(played.drawn.attempts)
        assert [None] == [one() for one in bodies]

    def test_it_is_logged(self, street, caplog):
        """
        One line for each step, which says nothing of what was wanted or of keys.
        """
        caplog.set_level(logging.INFO, "impasto")
        street.play(BUSY, Reply(fault="refuse"), PICTURE)

        assert [
            "acme/m failed (RateLimitError); going on to birch/m",
            "birch/m failed (APIConnectionError); going on to cedar/m",
        ] == [record.getMessage() for record in caplog.records if record.name == "impasto"]

    def test_progress_goes_on(self, street):
        """
        The listener hears of whoever draws.
        """
        heard = []
        street.play(BUSY, PICTURE, on_progress=heard.append)

        assert [(0, 1.0)] == [(one.index, one.progress) for one in heard]


class TestAllFail:
    """The first one's error, which says what came of the others."""

    def test_the_error(self, street):
        """
        Its kind and fields are the first one's; the message names everybody.
        """
        played = street.play(BUSY, failure(401), Reply(fault="refuse"))
        error = played.failed

        assert (RateLimitError, "acme", "m", 429) == (
            type(error),
            error.provider,
            error.model,
            error.status_code,
        )
        assert [("birch/m", AuthenticationError), ("cedar/m", APIConnectionError)] == [
            (one.model, type(one.error)) for one in error.attempts
        ]
        assert not error.maybe_accepted
        assert str(error).startswith(
            "acme/m: too many; then birch/m answered 401: no; then cedar/m failed: no connection"
        )

    def test_it_can_be_pickled(self, street):
        """
        With the attempts and what they say.
        """
        error = street.play(BUSY, failure(401), failure(500)).failed
        again = pickle.loads(pickle.dumps(error))

        assert (str(error), True) == (str(again), again.maybe_accepted)
        assert [401, 500] == [one.error.status_code for one in again.attempts]
        assert isinstance(again.attempts[1].error, InternalServerError)

    def test_where_it_was_raised_can_be_seen(self, street):
        """
        The cause of the first failure is the cause of the error.
        """
        broken = {"acme": street.plugin("acme", build_request)}
        error = street.play(BUSY, BUSY, plugins=broken).failed

        assert "RuntimeError('out of paint')" == repr(error.__cause__)

    def test_without_fallbacks_there_are_no_attempts(self, street):
        """
        Nothing changes for who does not ask for it.
        """
        error = street.play(BUSY, fallbacks=None).failed

        assert ((), "acme/m: too many") == (error.attempts, str(error))


# --- how it is written ----------------------------------------------------------------------------

WRONG = {
    "a text": ("birch/m", "fallbacks is str; it takes a list"),
    "a dict": ({"acme/m": ["birch/m"]}, "fallbacks is dict; it takes a list"),
    "LiteLLM's router": ([{"acme/m": ["birch/m"]}], 'fallbacks[0]: "model" is missing'),
    "a number": (["birch/m", 5], "fallbacks[1] is int; it takes"),
    "nothing": ([None], "fallbacks[0] is NoneType"),
    "an empty model": ([""], "fallbacks[0]: model=''"),
    "no text": ([{"model": 5}], "fallbacks[0]: model=5"),
    "names that are no text": ([{5: "x"}], "a name that is not text"),
    "a size": ([{"model": "birch/m", "size": "0x0"}], "fallbacks[0]: size='0x0'"),
    "a prompt": ([{"model": "birch/m", "prompt": "a hen"}], "prompt is the same for every model"),
    "a timeout": ([{"model": "birch/m", "timeout": 5}], "timeout is the same for every model"),
    "fallbacks again": ([{"model": "birch/m", "fallbacks": ["cedar/m"]}], "fallbacks is the same"),
    "what is not done": ([{"model": "birch/m", "client": True}], "fallbacks[0]: client: this"),
    "a cache": ([{"model": "birch/m", "caching": True}], "caching is the same for every model"),
    "headers": ([{"model": "birch/m", "extra_headers": 5}], "fallbacks[0]: extra_headers is int"),
    "too many": (["birch/m"] * 11, "has 11 models; at most 10"),
    "no provider": (["birch/m", "nope/m"], "fallbacks[1]: no plugin answers to 'nope'"),
    "a provider alone": (["birch/"], "fallbacks[0]: 'birch/' names a provider, but no model"),
    "a bare name": (["mystery"], "fallbacks[0]: no installed catalogue answers to 'mystery'"),
}


class TestArguments:
    """They are checked before anything is sent."""

    @pytest.mark.parametrize("wrong", WRONG)
    def test_what_is_wrong_is_said(self, street, wrong):
        """
        Which of them, and what would do.
        """
        fallbacks, says = WRONG[wrong]
        played = street.play(PICTURE, fallbacks=fallbacks)

        assert [] == played.asked
        assert isinstance(played.failed, BadRequestError)
        assert says in str(played.failed)
        assert "fallbacks" == played.failed.param

    def test_what_to_install(self, street):
        """
        A provider that is not there is said while the first one still works.
        """
        error = street.play(PICTURE, fallbacks=["vertex_ai/gemini-3.1-flash-image"]).failed

        assert isinstance(error, UnknownProviderError)
        assert "pip install impasto-vertex" in str(error)

    @pytest.mark.parametrize(
        "wrong", [True, 5, "refusals", ["ambiguous", "timeout"], [["refusal"]]]
    )
    def test_fallback_after(self, street, wrong):
        """
        One word of two, or both.
        """
        error = street.play(PICTURE, fallback_after=wrong).failed

        assert ("fallback_after", True) == (error.param, "'refusal', 'ambiguous'" in str(error))

    def test_no_key_is_shown(self):
        """
        Neither in what is said of a wrong one, nor in a right one's repr.
        """
        key = "canary-0123456789"
        with pytest.raises(BadRequestError) as caught:
            sort("generate", {"prompt": "a fox", "fallbacks": [{"api_key": key}]})
        right = {"model": "birch/m", "api_key": key, "extra_headers": {"X-Key": key}}
        asked = sort("generate", {"prompt": "a fox", "fallbacks": [right]})

        assert key not in str(caught.value)
        assert key not in repr(asked.fallbacks)

    def test_an_empty_list_is_none(self, street):
        """
        As `None` is.
        """
        assert ["acme"] == street.play(PICTURE, fallbacks=[]).asked


class TestMocks:
    """`mock_response` stands in for every model, or for one."""

    def test_programs_can_be_tested(self, street):
        """
        A first model that fails and a second that draws, without a network.
        """
        other = {"model": "birch/m", "mock_response": PNG}
        played = street.play(mock_response=RateLimitError("too many"), fallbacks=[other])

        assert ([], "birch") == (played.script.sent, played.drawn.provider)
        assert ("drawn by birch/m: acme/m failed: too many",) == played.drawn.notes

    def test_nothing_is_sent_where_the_call_is_mocked(self, street):
        """
        Also not for a fallback that has no mock of its own.
        """
        mock = RateLimitError("too many")
        played = street.play(mock_response=mock, fallbacks=["birch/m"])
        again = pickle.loads(pickle.dumps(played.failed))

        assert [] == played.script.sent
        assert ["birch/m"] == [one.model for one in again.attempts]
        assert () == mock.attempts

    def test_one_of_them(self, street):
        """
        A fallback with a mock after a first model that is really asked.
        """
        other = {"model": "birch/m", "mock_response": PNG}
        played = street.play(BUSY, fallbacks=[other])

        assert (["acme"], PNG) == (played.asked, played.drawn.data[0].read())


class TestExtras:
    """They are round the whole of it."""

    def test_they_see_one_call(self, street):
        """
        That for the first model; and the response of the one that drew.
        """
        seen = []

        async def layer(call, proceed):
            response = await proceed(call)
            seen.append((call.provider, response.provider, len(response.attempts)))
            return response

        street.play(BUSY, BUSY, PICTURE, extras=(layer,))

        assert [("acme", "cedar", 2)] == seen

    def test_they_see_the_first_that_can_be_asked(self, street):
        """
        Of one without a key or with a broken plugin there is no call to see.
        """
        seen = []

        async def layer(call, proceed):
            seen.append(call.provider)
            return await proceed(call)

        played = street.play(BUSY, PICTURE, extras=(layer,), api_key="")

        assert (["birch"], ["birch", "cedar"]) == (seen, played.asked)

    def test_what_they_change_is_changed_for_everybody(self, street):
        """
        Prompt, parameters and pictures; what a fallback has of its own stays.
        """
        from attrs import evolve

        async def layer(call, proceed):
            images = tuple(evolve(one, data=PNG + b"2") for one in call.images)
            return await proceed(
                evolve(call, prompt="a hen", seed=None, quality="hd", images=images)
            )

        fallbacks = ["birch/m", {"model": "cedar/m", "quality": "fine"}]
        played = street.play(
            *(BUSY, BUSY, PICTURE), extras=(layer,), image=PNG, seed=7, fallbacks=fallbacks
        )
        images = [base64.b64encode(PNG + b"2").decode()]

        assert [
            {"prompt": "a hen", "images": images, "quality": quality}
            for quality in ("hd", "hd", "fine")
        ] == played.bodies

    def test_one_that_goes_on_twice(self, street):
        """
        Each time from the beginning.
        """

        async def layer(call, proceed):
            with pytest.raises(RateLimitError):
                await proceed(call)
            return await proceed(call)

        played = street.play(*[BUSY] * 4, PICTURE, extras=(layer,), image=Stream(PNG))

        assert ["acme", "birch", "cedar", "acme", "birch"] == played.asked
        assert 1 == len(played.drawn.attempts)


# --- the first six --------------------------------------------------------------------------------


@pytest.fixture
def busy() -> Iterator[FakeServer]:
    """Return a service that speaks as OpenAI does, and has too many callers."""
    body = {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}
    with FakeServer(lambda _: reply(body, status=429)) as server:
        yield server


def orders(received: list[Received]) -> int:
    return sum(any(one.buys in got.path for one in VENDORS.values()) for got in received)


class TestSix:
    """From OpenAI to each of the others, over real sockets."""

    @pytest.fixture
    def first(self, busy: FakeServer) -> dict[str, Any]:
        """Return a call that OpenAI answers with 429."""
        own = {**VENDORS["openai"].settings, "api_base": busy.url, "organization": "org-canary"}
        return {"prompt": "a fox", **own, "max_retries": 0}

    @pytest.mark.parametrize("name", [name for name in VENDORS if name != "openai"])
    def test_each_draws(self, first, busy, name):
        """
        One order there, one order here, and nothing of OpenAI's account reaches anybody else.
        """
        with serving(name) as server:
            other = {**VENDORS[name].settings, "api_base": server.url}
            response = impasto.image_generation(**first, fallbacks=[other])
            picture = response.data[0].read()
        everything = "".join(f"{one.path} {one.headers} {one.body!r}" for one in server.received)

        assert (PNG, name) == (picture, response.provider)
        assert (1, 1) == (orders(busy.received), orders(server.received))
        assert response.notes[0].startswith(f"drawn by {other['model']}: openai/gpt-image-2")
        assert "answered 429: Rate limit reached" in response.notes[0]
        assert not [one for one in ("sk-0123", "org-canary", busy.url) if one in everything]

    def test_one_after_the_other(self, first, busy):
        """
        Five that are busy or mute, and a sixth that draws.
        """
        names = [name for name in VENDORS if name != "openai"]
        with ExitStack() as stack:
            servers = [stack.enter_context(serving(name)) for name in names]
            for server in servers[:-1]:
                server.will(*[reply({"message": "no"}, status=429)] * 2)
            others = [
                {**VENDORS[name].settings, "api_base": server.url}
                for name, server in zip(names, servers, strict=True)
            ]
            response = asyncio.run(impasto.aimage_generation(**first, fallbacks=others))

        assert (names[-1], ["openai", *names[:-1]]) == (
            response.provider,
            [one.model.partition("/")[0] for one in response.attempts],
        )
        assert [1] * 6 == [orders(server.received) for server in (busy, *servers)]

    @pytest.mark.parametrize(("after", "count"), [(None, 0), ("ambiguous", 1)])
    def test_a_connection_that_breaks(self, first, busy, after, count):
        """
        The order may be paid for by then: without leave, no second one goes anywhere.
        """
        busy.will(DROPPED)
        with serving("vertex_ai") as server:
            other = {**VENDORS["vertex_ai"].settings, "api_base": server.url}
            call = {**first, "fallbacks": [other], "fallback_after": after}
            if after is None:
                with pytest.raises(APIConnectionError, match="fallback_after='ambiguous'"):
                    impasto.image_generation(**call)
            else:
                assert impasto.image_generation(**call).attempts[0].error.maybe_accepted

        assert (1, count) == (orders(busy.received), orders(server.received))

    def test_those_that_cannot_do_it_are_passed_over(self, first):
        """
        By their catalogues two models take no picture, one takes no mask: none is sent anything.
        """
        names = ("together_ai", "replicate", "vertex_ai", "azure")
        with ExitStack() as stack:
            servers = {name: stack.enter_context(serving(name)) for name in names}
            others = [
                {**VENDORS[name].settings, "api_base": server.url}
                for name, server in servers.items()
            ]
            call = {**first, "image": PNG, "mask": PNG, "fallbacks": others}
            response = impasto.image_edit(**call)

        assert {"together_ai": 0, "replicate": 0, "vertex_ai": 0, "azure": 1} == {
            name: len(server.received) for name, server in servers.items()
        }
        assert ["image", "image", "mask"] == [one.error.param for one in response.attempts[1:]]
        assert "azure" == response.provider

    def test_a_client_of_ones_own(self, first):
        """
        An edit, with a stream for a picture, from OpenAI to Azure.
        """
        with serving("azure") as server, impasto.Client() as client:
            other = {**VENDORS["azure"].settings, "api_base": server.url}
            image = Stream(PNG)
            response = client.image_edit(image, mask=PNG, **first, fallbacks=[other])

        assert ("azure", 1) == (response.provider, image.reads)
        assert 2 == server.received[0].body.count(PNG)


def test_an_attempt_is_public():
    """
    For annotations, and for `isinstance`.
    """
    error = RateLimitError("too many", provider="acme")

    assert impasto.Attempt is Attempt
    assert {"model": "acme/m", "error": "RateLimitError: acme: too many"} == Attempt(
        "acme/m", error
    ).model_dump()
