"""Keys and tokens: asked for once, kept while they are good, never shown."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import math
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from impasto import hookimpl
from impasto._provider import Settings
from impasto.errors import AuthenticationError, ImpastoError, RateLimitError
from impasto.testing import FakeServer, Received, Reply, Script, reply
from impasto.types import Call, Credentials, ImageResponse, Request

NOON = 1768478400.0  # the script's first moment
REFUSED = reply({"message": "who are you?"}, status=401)
where: contextvars.ContextVar[str] = contextvars.ContextVar("where", default="nowhere")


class Vault:
    """Hands out numbered tokens through `get_credentials`, and counts."""

    def __init__(self, expires_at: float | None = None) -> None:
        self.asked = 0
        self.expires_at = expires_at
        self.may_answer = threading.Event()
        self.may_answer.set()

    def hook(self) -> Callable[..., Any]:
        @hookimpl
        def get_credentials(settings: Settings) -> Credentials:
            assert self.may_answer.wait(30)
            self.asked += 1
            return Credentials({"api_key": f"token-number-{self.asked}"}, self.expires_at)

        return get_credentials


def played(script: Script, call: Any) -> ImageResponse | ImpastoError:
    try:
        return script.play(call)
    except ImpastoError as error:
        return error


def tokens(script: Script) -> list[str]:
    """Return the keys that went out, in order."""
    return [request.headers["Authorization"].removeprefix("Bearer ") for request in script.sent]


class TestKept:
    """How long credentials are used."""

    def test_until_they_expire(self, acme):
        """
        Calls share them until half a minute before their end.
        """
        vault = Vault(NOON + 100)
        answers = [acme.pictures(), acme.pictures(delay=60), acme.pictures(delay=20)]
        script = Script(*answers, acme.pictures(), plugin=acme.plugin(vault.hook()))
        for _ in range(4):
            script.play(acme.call)

        assert ["token-number-1"] * 3 + ["token-number-2"] == tokens(script)

    def test_for_one_call_where_no_end_is_known(self, acme):
        """
        Polls do not ask again, the next call does.
        """
        vault = Vault()
        answers = [acme.job(), acme.job(), acme.pictures()] * 2
        script = Script(*answers, plugin=acme.plugin(vault.hook()))
        for _ in range(2):
            script.play(acme.call)

        assert ["token-number-1"] * 3 + ["token-number-2"] * 3 == tokens(script)

    def test_renewed_within_a_call(self, acme):
        """
        A job that lasts longer than a token is polled with a fresh one.
        """
        vault = Vault(NOON + 100)
        answers = [acme.job(after=60), acme.job(after=60), acme.pictures()]
        script = Script(*answers, plugin=acme.plugin(vault.hook()))
        script.play(acme.call)

        assert ["token-number-1", "token-number-1", "token-number-2"] == tokens(script)

    def test_apart_for_each_setting(self, acme):
        """
        Another key is another customer.
        """

        @hookimpl
        def get_credentials(settings: Settings) -> Credentials:
            return Credentials({"api_key": f"token-of-{settings['api_key']}"}, NOON + 1000)

        plugin = acme.plugin(get_credentials)
        script = Script(acme.pictures(), plugin=plugin, repeat=True)
        for key in ("customer-1", "customer-2", "customer-1"):
            script.play({**acme.call, "api_key": key})

        assert ["token-of-customer-1", "token-of-customer-2", "token-of-customer-1"] == tokens(
            script
        )

    def test_apart_for_each_function(self, acme):
        """
        A token function that came to the address of an earlier one is not taken for it.
        """

        @hookimpl
        def get_credentials(settings: Settings) -> Credentials:
            return Credentials({"api_key": settings["api_key"]()}, NOON + 1000)

        script = Script(acme.pictures(), plugin=acme.plugin(get_credentials), repeat=True)
        for number in range(50):
            script.play({**acme.call, "api_key": lambda number=number: f"token-number-{number}"})

        assert [f"token-number-{number}" for number in range(50)] == tokens(script)

    def test_not_longer_than_that(self, acme):
        """
        What has expired is given up, and with it what it was asked with.
        """

        class Key:
            def __call__(self) -> str:
                return "token-number-0"

        vault = Vault(NOON + 100)
        answers = [acme.pictures(delay=1000), acme.pictures()]
        script = Script(*answers, plugin=acme.plugin(vault.hook()))
        key = Key()
        gone = weakref.ref(key)
        script.play({**acme.call, "api_key": key})
        del key
        vault.expires_at = NOON + 2000
        script.play({**acme.call, "api_key": "customer-2"})
        gc.collect()

        assert gone() is None

    def test_for_good(self, acme):
        """
        What follows from the settings alone is asked for once, however late it is.
        """
        vault = Vault(math.inf)
        answers = [acme.pictures(delay=1_000_000), acme.pictures()]
        script = Script(*answers, plugin=acme.plugin(vault.hook()))
        script.play({**acme.call, "timeout": 2_000_000})
        script.play(acme.call)

        assert ["token-number-1"] * 2 == tokens(script)

    def test_not_of_everybody_for_good(self, acme):
        """
        A server with many customers does not keep the keys of all of them.
        """
        vault = Vault(math.inf)
        script = Script(acme.pictures(), plugin=acme.plugin(vault.hook()), repeat=True)
        for number in (*range(65), 0, 64):
            script.play({**acme.call, "api_key": f"customer-{number}"})

        assert 66 == vault.asked


class TestRefused:
    """A 401, where other credentials may be had."""

    @pytest.mark.parametrize("expires_at", [None, NOON + 1000], ids=["for a call", "longer"])
    @pytest.mark.parametrize("max_retries", [None, 0])
    def test_asked_anew(self, acme, expires_at: float | None, max_retries: int | None):
        """
        They are asked for once more, whatever is said of repeats: nothing was bought.
        """
        vault = Vault(expires_at)
        plugin = acme.plugin(vault.hook())
        script = Script(REFUSED, acme.pictures(), plugin=plugin)
        script.play({**acme.call, "max_retries": max_retries})

        assert ["token-number-1", "token-number-2"] == tokens(script)

    def test_once_only(self, acme):
        """
        New ones that are refused as well are the caller's to mend.
        """
        vault = Vault(NOON + 1000)
        script = Script(REFUSED, plugin=acme.plugin(vault.hook()), repeat=True)
        error = played(script, acme.call)

        assert isinstance(error, AuthenticationError)
        assert (2, 2, False) == (vault.asked, len(script.sent), error.maybe_accepted)

    def test_for_a_poll_as_well(self, acme):
        """
        A token that ends while the picture is being made does not lose it.
        """
        vault = Vault(NOON + 1000)
        answers = [acme.job(), REFUSED, acme.job(), REFUSED, acme.pictures()]
        script = Script(*answers, plugin=acme.plugin(vault.hook()))
        script.play(acme.call)

        assert ["1", "1", "2", "2", "3"] == [token[-1] for token in tokens(script)]
        assert 1 == sum(request.buys for request in script.sent)

    def test_a_fixed_key_is_not_tried_twice(self, acme):
        """
        It would be the same key.
        """
        script = Script(REFUSED, plugin=acme.plugin(), repeat=True)
        error = played(script, acme.call)

        assert isinstance(error, AuthenticationError)
        assert 1 == len(script.sent)

    def test_the_same_again_are_not_tried_twice(self, acme):
        """
        A plugin that can only return the same key has asked in vain.
        """

        @hookimpl
        def get_credentials(settings: Settings) -> Credentials:
            return Credentials({"api_key": settings["api_key"]})

        script = Script(REFUSED, plugin=acme.plugin(get_credentials), repeat=True)
        error = played(script, acme.call)

        assert isinstance(error, AuthenticationError)
        assert 1 == len(script.sent)

    def test_the_fresh_ones_of_others_stay(self, acme):
        """
        Many calls that are refused together fetch one new token, not one each.
        """
        vault = Vault(NOON * 2)

        def answer(received: Received) -> Reply:
            fresh = received.headers["authorization"] == "Bearer token-number-2"
            return acme.pictures() if fresh else REFUSED

        async def many(server: FakeServer) -> None:
            client = acme.client(acme.plugin(vault.hook()))
            await asyncio.gather(*(acme.aask(client, server.url) for _ in range(8)))

        with FakeServer(answer) as server:
            asyncio.run(many(server))

        assert 2 == vault.asked


class TestTokens:
    """`Settings.token()`, for plugins whose keys may be functions."""

    @staticmethod
    def plugin(acme) -> Any:
        @hookimpl
        async def get_credentials(settings: Settings) -> Credentials:
            return Credentials({"api_key": await settings.token("api_key")})

        return acme.plugin(get_credentials)

    @pytest.mark.parametrize("kind", ["text", "function", "async function", "awaitable"])
    def test_whatever_it_is(self, acme, kind: str):
        """
        A text is itself; a function is asked, async or not.
        """

        async def awaited() -> str:
            return "token-number-1"

        given = {
            "text": "token-number-1",
            "function": lambda: "token-number-1",
            "async function": awaited,
            "awaitable": lambda: awaited(),
        }
        script = Script(acme.pictures(), plugin=self.plugin(acme))
        script.play({**acme.call, "api_key": given[kind]})

        assert ["token-number-1"] == tokens(script)

    @pytest.mark.parametrize("returned", [None, "", 7, b"bytes", "two\nlines"])
    def test_nothing_that_a_header_can_carry(self, acme, returned: Any):
        """
        The error names the setting, and nothing is sent.
        """
        script = Script(acme.pictures(), plugin=self.plugin(acme))
        error = played(script, {**acme.call, "api_key": lambda: returned})

        assert isinstance(error, AuthenticationError)
        assert ("api_key", []) == (error.param, script.sent)

    def test_a_function_that_raises(self, acme):
        """
        What it says is told.
        """

        def key() -> str:
            raise OSError("no metadata service")

        script = Script(acme.pictures(), plugin=self.plugin(acme))
        error = played(script, {**acme.call, "api_key": key})

        assert isinstance(error, AuthenticationError)
        assert "OSError: no metadata service" in error.message


class TestAskedOnce:
    """One question for many waiting calls."""

    def test_many_at_once(self, acme):
        """
        Twenty calls that begin together ask once, and all of them go out.
        """
        vault = Vault(NOON + 1000)
        vault.may_answer.clear()
        script = Script(acme.pictures(), plugin=acme.plugin(vault.hook()), repeat=True)

        async def many() -> list[ImageResponse]:
            calls = [asyncio.ensure_future(perform(script, acme)) for _ in range(20)]
            await asyncio.sleep(0.05)
            vault.may_answer.set()
            return await asyncio.gather(*calls)

        assert 20 == len(asyncio.run(many()))
        assert (1, {"token-number-1"}) == (vault.asked, set(tokens(script)))

    def test_the_first_one_leaves(self, acme):
        """
        Whoever asked may go away: the others still get their answer, and ask no second time.
        """
        vault = Vault(NOON + 1000)
        vault.may_answer.clear()
        script = Script(acme.pictures(), plugin=acme.plugin(vault.hook()), repeat=True)

        async def many() -> list[Any]:
            calls = [asyncio.ensure_future(perform(script, acme)) for _ in range(3)]
            await asyncio.sleep(0.05)
            calls[0].cancel()
            await asyncio.sleep(0)
            vault.may_answer.set()
            return await asyncio.gather(*calls, return_exceptions=True)

        first, *others = asyncio.run(many())

        assert isinstance(first, asyncio.CancelledError)
        assert all(isinstance(one, ImageResponse) for one in others)
        assert 1 == vault.asked

    def test_all_of_them_leave(self, acme, recwarn):
        """
        An error that nobody waits for any more bothers nobody.
        """
        vault = Vault()
        vault.may_answer.clear()

        @hookimpl
        def get_credentials() -> Credentials:
            vault.may_answer.wait(30)
            raise OSError("no metadata service")

        script = Script(plugin=acme.plugin(get_credentials))
        complaints: list[Any] = []

        async def leave() -> None:
            asyncio.get_running_loop().set_exception_handler(
                lambda _, said: complaints.append(said)
            )
            task = asyncio.ensure_future(perform(script, acme))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            vault.may_answer.set()
            await asyncio.sleep(0.05)

        asyncio.run(leave())
        gc.collect()

        assert ([], []) == (complaints, list(recwarn))

    def test_an_error_is_each_ones_own(self, acme):
        """
        Calls that wait together fail together, but each error names its own model.
        """

        @hookimpl
        def get_credentials() -> Credentials:
            raise AuthenticationError("no credentials in sight")

        script = Script(plugin=acme.plugin(get_credentials))

        async def both() -> list[Any]:
            calls = [perform(script, acme, model=f"acme/{name}") for name in ("a", "b")]
            return await asyncio.gather(*calls, return_exceptions=True)

        one, other = asyncio.run(both())

        assert ("a", "b") == (one.model, other.model)
        assert one.message == other.message == "no credentials in sight"


async def perform(script: Script, acme, **call: Any) -> ImageResponse:
    """Make a call on the running loop."""
    from impasto._arguments import sort

    asked = sort("generate", {**acme.call, **call})
    return await script.client.perform(asked, (__file__, 1, globals()))


class TestBlocking:
    """The one hook that may block."""

    def test_the_loop_goes_on(self, acme):
        """
        While it waits, the event loop does other things: here, what it waits for.
        """
        vault = Vault()
        vault.may_answer.clear()
        script = Script(acme.pictures(), plugin=acme.plugin(vault.hook()))

        async def main() -> ImageResponse:
            asyncio.get_running_loop().call_later(0.01, vault.may_answer.set)
            return await perform(script, acme)

        assert 1 == len(asyncio.run(main()).data)

    @pytest.mark.parametrize("way", ["hook", "function"])
    def test_nobody_elses_threads_are_taken(self, acme, way: str):
        """
        Where the loop's own threads are all busy, credentials are still had.
        """
        vault = Vault()
        release = threading.Event()
        plugin = acme.plugin(vault.hook()) if way == "hook" else acme.plugin()
        script = Script(acme.pictures(), plugin=plugin)

        async def main() -> ImageResponse:
            busy = [asyncio.ensure_future(asyncio.to_thread(release.wait, 30)) for _ in range(40)]
            response = await perform(script, acme, api_key=lambda: "token-number-1")
            release.set()
            await asyncio.gather(*busy)
            return response

        assert 1 == len(asyncio.run(main()).data)

    def test_context_variables_travel(self, acme):
        """
        What the caller has set, the hook sees.
        """

        @hookimpl
        def get_credentials() -> Credentials:
            return Credentials({"api_key": f"token-for-{where.get()}"})

        script = Script(acme.pictures(), plugin=acme.plugin(get_credentials))
        where.set("the-atelier")
        script.play(acme.call)

        assert ["token-for-the-atelier"] == tokens(script)


async def _token() -> str:
    await asyncio.sleep(0)
    return "token-number-1"


class _Awaitable:
    async def __call__(self) -> str:
        return "token-number-1"


class TestFunctions:
    """A token function instead of a key."""

    @pytest.mark.parametrize(
        "key",
        [
            pytest.param(lambda: "token-number-1", id="a function"),
            pytest.param(_token, id="an async one"),
            pytest.param(functools.partial(_token), id="a partial"),
            pytest.param(_Awaitable(), id="an object"),
            pytest.param(lambda: _token(), id="one that returns a coroutine"),
        ],
    )
    def test_any_kind(self, acme, key: Callable[[], Any]):
        """
        Whatever can be called, or awaited after that, gives the token.
        """
        script = Script(acme.pictures(), plugin=acme.plugin())
        script.play({**acme.call, "api_key": key})

        assert ["token-number-1"] == tokens(script)

    def test_asked_anew_after_a_refusal(self, acme):
        """
        It may have a fresh one.
        """
        numbers = iter(range(1, 9))
        script = Script(REFUSED, acme.pictures(), plugin=acme.plugin())
        script.play({**acme.call, "api_key": lambda: f"token-number-{next(numbers)}"})

        assert ["token-number-1", "token-number-2"] == tokens(script)

    def test_its_token_is_in_no_error(self, acme):
        """
        A provider that quotes it does not give it away, nor does the one before it.
        """
        numbers = iter(range(1, 9))
        answer = reply({"message": "bad: token-number-1 token-number-2"}, status=401)
        script = Script(answer, plugin=acme.plugin(), repeat=True)
        error = played(script, {**acme.call, "api_key": lambda: f"token-number-{next(numbers)}"})

        assert isinstance(error, AuthenticationError)
        assert "bad: [hidden] [hidden]" == error.message

    @pytest.mark.parametrize(
        ("returned", "says"),
        [
            (None, "NoneType"),
            (b"token-number-1", "bytes"),
            ("", "empty"),
            ("token-number-1\n", "line break"),
            ("token-number-1\r\nX-Evil: 1", "line break"),
        ],
        ids=["nothing", "bytes", "empty", "a line's end", "a header"],
    )
    def test_what_is_no_token(self, acme, returned: Any, says: str):
        """
        It is told what is wrong, without being shown, and nothing is sent.
        """
        script = Script(acme.pictures(), plugin=acme.plugin())
        error = played(script, {**acme.call, "api_key": lambda: returned})

        assert isinstance(error, AuthenticationError)
        assert [] == script.sent
        assert says in error.message
        assert "token-number-1" not in str(error)


MISHAPS = [
    OSError("no metadata service"),
    StopIteration("no more"),
    KeyError("AWS_PROFILE"),
    TimeoutError(),
]


def _kind(value: object) -> str:
    return type(value).__name__


class TestFailures:
    """Credentials that cannot be had."""

    @pytest.mark.parametrize("raised", [*MISHAPS, SystemExit(3), KeyboardInterrupt()], ids=_kind)
    @pytest.mark.parametrize("way", ["hook", "function"])
    def test_whatever_is_raised(self, acme, raised: BaseException, way: str):
        """
        It becomes an `AuthenticationError`; nothing hangs, nothing is sent, the process lives on.
        """

        @hookimpl
        def get_credentials() -> Credentials:
            raise raised

        plugin = acme.plugin(get_credentials) if way == "hook" else acme.plugin()
        key = acme.key if way == "hook" else get_credentials
        script = Script(plugin=plugin)
        error = played(script, {**acme.call, "api_key": key})

        assert isinstance(error, AuthenticationError)
        assert ("acme", "oil-2", False) == (error.provider, error.model, error.maybe_accepted)
        assert [] == script.sent

    @pytest.mark.parametrize("raised", MISHAPS, ids=_kind)
    def test_whatever_is_raised_later(self, acme, raised: Exception):
        """
        The same where the hook returns something to be awaited.
        """

        async def fails() -> Credentials:
            await asyncio.sleep(0)
            raise raised

        @hookimpl
        def get_credentials() -> Any:
            return fails()

        error = played(Script(plugin=acme.plugin(get_credentials)), acme.call)

        assert isinstance(error, AuthenticationError)

    def test_the_cause_is_kept(self, acme):
        """
        Whoever debugs it sees what the vendor's library said.
        """

        @hookimpl
        def get_credentials() -> Credentials:
            raise OSError("no metadata service")

        error = played(Script(plugin=acme.plugin(get_credentials)), acme.call)

        assert "no metadata service" in str(error)
        assert isinstance(error.__cause__, OSError)

    def test_its_own_errors_pass(self, acme):
        """
        A hook that raises one of our errors means it.
        """

        @hookimpl
        def get_credentials() -> Credentials:
            raise RateLimitError("too many tokens", retry_after=5.0)

        error = played(Script(plugin=acme.plugin(get_credentials)), acme.call)

        assert isinstance(error, RateLimitError)
        assert 5.0 == error.retry_after

    @pytest.mark.parametrize("returned", [None, {}, "token", ("token",)], ids=str)
    def test_something_else_is_returned(self, acme, returned: Any):
        """
        A dict is no `Credentials`: it would be shown.
        """

        @hookimpl
        def get_credentials() -> Any:
            return returned

        error = played(Script(plugin=acme.plugin(get_credentials)), acme.call)

        assert isinstance(error, AuthenticationError)
        assert "get_credentials() returned" in error.message

    def test_a_secret_that_it_quotes(self, acme):
        """
        A vendor's library that puts the key into its error does not get it into ours.
        """

        @hookimpl
        def get_credentials(settings: Settings) -> Credentials:
            raise ValueError(f"cannot parse {settings['api_key']}")

        error = played(Script(plugin=acme.plugin(get_credentials)), acme.call)

        assert isinstance(error, AuthenticationError)
        assert acme.key not in f"{error} {vars(error)} {error.__cause__!r} {error.__context__!r}"


class TestWithout:
    """Providers that need no key, or need it elsewhere."""

    def test_none_is_needed(self, acme):
        """
        Empty credentials add nothing.
        """

        @hookimpl
        def get_credentials() -> Credentials:
            return Credentials({})

        script = Script(acme.pictures(), plugin=acme.plugin(get_credentials))
        script.play(acme.call)

        assert "Authorization" not in script.sent[0].headers

    def test_the_callers_own_header_stays(self, acme):
        """
        Who sets the header by hand means it.
        """
        script = Script(acme.pictures(), plugin=acme.plugin())
        script.play({**acme.call, "extra_headers": {"authorization": "Basic abc"}})
        names = {name.lower(): value for name, value in script.sent[0].headers.items()}

        assert "Basic abc" == names["authorization"]
        assert acme.key not in str(script.sent[0].headers)


class TestShown:
    """Where credentials could be seen."""

    def test_repr(self):
        """
        Names only.
        """
        assert "<Credentials api_key, token>" == repr(Credentials({"api_key": "a", "token": "b"}))
        assert "<Credentials none>" == str(Credentials({}))
        assert "<Settings api_key>" == f"{Settings(api_key='secret')}"

    @pytest.mark.parametrize("secret", [Credentials({"api_key": "a"}), Settings(api_key="a")])
    def test_pickle(self, secret: Any):
        """
        Whoever pickles them learns why not.
        """
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(secret)

    def test_calls_and_requests_hold_none(self, acme):
        """
        What the pure hooks get could be printed by any of them.
        """
        seen: list[Any] = []

        @hookimpl
        def map_error(call: Call, request, response) -> None:
            seen.extend([call, request, response])

        script = Script(REFUSED, plugin=acme.plugin(map_error))
        played(script, acme.call)

        assert 3 == len(seen)
        assert acme.key not in repr(seen)
        assert all(acme.key.encode() not in pickle.dumps(one) for one in seen)


def test_facts_that_come_with_credentials_are_not_hidden(acme):
    """
    A project is no secret: `authorize` has it, and messages show it; the token they do not.
    """

    @hookimpl
    def get_credentials() -> Credentials:
        return Credentials({"token": "token-0123456789"}, facts={"project": "my-project"})

    @hookimpl
    def authorize(request: Request, credentials: Credentials) -> Request:
        return request.with_headers({"X-Project": credentials.facts["project"]})

    told = reply({"message": "my-project may not use token-0123456789"}, status=403)
    script = Script(told, plugin=acme.plugin(get_credentials, authorize))
    error = played(script, acme.call)

    assert "my-project" == script.sent[0].headers["X-Project"]
    assert "my-project may not use [hidden]" == error.message


def test_a_hook_that_hangs_does_not_keep_the_process(tmp_path):
    """
    A call that gave up on its credentials does not hold up the end of the program.
    """
    program = tmp_path / "program.py"
    program.write_text(
        """
import logging, sys, threading
import impasto
from impasto.types import Provider, Setting

@impasto.hookimpl
def describe():
    return Provider(name="acme", settings={"api_key": Setting(secret=True)})

@impasto.hookimpl
def translate_params(call):
    return call.translate("prompt")

@impasto.hookimpl
def build_request(call):
    return impasto.types.Request(url="http://127.0.0.1:9/", json={})

@impasto.hookimpl
def parse_response(response):
    raise ValueError

@impasto.hookimpl
def get_credentials():
    threading.Event().wait()

CONTRACT = (1, 0)
logging.getLogger("asyncio").setLevel("ERROR")  # not that this machine is slow
impasto.register("acme", sys.modules["__main__"])
try:
    impasto.image_generation("a fox", model="acme/oil-2", timeout=0.2)
except impasto.Timeout as error:
    print(error.message)
"""
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", str(program)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ("no picture within the 0.2 s of timeout\n", "", 0) == (
        done.stdout,
        done.stderr,
        done.returncode,
    )
