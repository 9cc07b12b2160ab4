"""Extras: layers round every call, opted for by name, never active because they are installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto._api import dispatch
from impasto._extras import wrapper
from impasto.errors import BadRequestError, ImpastoError, PluginError, UnsupportedParamsError
from impasto.testing import FakeServer, Script, reply
from impasto.types import ImageResponse

GOOD = """
    import impasto

    said = []

    @impasto.hookimpl
    def wrap_generation():
        async def wrapper(call, proceed):
            said.append(f"{call.prompt}?")
            response = await proceed(call)
            said.append(f"{len(response.data)}!")
            return response

        return wrapper
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that installs an extra, as pip does: a module and its metadata."""

    def installed(name: str, code: str, distribution: str = "") -> Path:
        distribution = distribution or f"impasto-{name}"
        module = distribution.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(code))
        metadata = tmp_path / f"{module}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        (metadata / "entry_points.txt").write_text(f"[impasto.extras]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(tmp_path)
        return tmp_path

    return installed


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the process back its extras after the test."""
    monkeypatch.setattr(dispatch(), "extras", {})


@pytest.mark.usefixtures("no_extras")
class TestUse:
    """`impasto.use(name)`."""

    def test_it_wraps_every_call(self, acme, install, registered):
        """
        It sees the call before it is translated, and the response after it is complete.
        """
        install("echo-a", GOOD)
        registered(acme.plugin())
        impasto.use("echo-a")
        with FakeServer(lambda received: acme.pictures(2)) as server:
            impasto.image_generation(**acme.call, api_base=server.url, n=2)

        assert ["a fox?", "2!"] == sys.modules["impasto_echo_a"].said

    def test_twice_is_once(self, acme, install, registered):
        """
        Two parts of a program that both want it do not get it twice.
        """
        install("echo-d", GOOD)
        registered(acme.plugin())
        impasto.use("echo-d")
        impasto.use("echo-d")
        with FakeServer(lambda received: acme.pictures(2)) as server:
            impasto.image_generation(**acme.call, api_base=server.url, n=2)

        assert ["a fox?", "2!"] == sys.modules["impasto_echo_d"].said

    def test_installed_is_not_active(self, acme, install, registered):
        """
        Without being asked for, nothing of it is even imported.
        """
        install("echo-b", GOOD)
        registered(acme.plugin())
        with FakeServer(lambda received: acme.pictures()) as server:
            impasto.image_generation(**acme.call, api_base=server.url)

        assert "impasto_echo_b" not in sys.modules

    def test_not_installed(self):
        """
        The error says what could be done.
        """
        with pytest.raises(PluginError, match="pip install impasto-echo-c"):
            impasto.use("echo-c")

        assert {} == dispatch().extras


class TestBroken:
    """Extras that cannot be used say so, and by whom they are."""

    @pytest.mark.parametrize(
        ("code", "says"),
        [
            ("import there_is_no_such_module", "there_is_no_such_module"),
            ("1 / 0", "division by zero"),
            (GOOD.replace("def wrap_generation", "def warp_generation"), "warp_generation"),
            (GOOD.replace("    @impasto.hookimpl\n", ""), "no wrap_generation"),
            ("", "no wrap_generation"),
            (GOOD.replace("return wrapper", "return None"), "no wrap_generation"),
            (GOOD.replace("return wrapper", "return 'wrapper'"), "no wrap_generation"),
            (GOOD.replace("said = []", "raise SystemError('oh')"), "oh"),
        ],
        ids=[
            *("a missing module", "a bug", "a misspelt hook", "an unmarked hook", "nothing"),
            *("no layer", "a text", "an error"),
        ],
    )
    def test_it_is_named(self, install, request, code: str, says: str):
        """
        The message holds the distribution and what is wrong with it.
        """
        name = "broken-" + request.node.callspec.id.replace(" ", "-")
        install(name, code)
        with pytest.raises(PluginError, match=says) as caught:
            wrapper(name)

        assert f"impasto-{name}" in caught.value.message
        assert (f"impasto-{name}", "1.0") == (caught.value.distribution, caught.value.version)

    def test_claimed_twice(self, install):
        """
        Which of two is meant cannot be guessed.
        """
        install("echo-d", GOOD)
        install("echo-d", GOOD, "other-echo")
        with pytest.raises(PluginError, match="claimed by impasto-echo-d and other-echo"):
            wrapper("echo-d")


class TestLayers:
    """What a layer may do."""

    def test_each_wraps_those_before_it(self, acme):
        """
        The one that came last is the outermost.
        """
        order: list[str] = []

        def layer(name: str):
            async def wrap(call, proceed) -> ImageResponse:
                order.append(f"{name} in")
                response = await proceed(call)
                order.append(f"{name} out")
                return response

            return wrap

        script = Script(acme.pictures(), plugin=acme.plugin())
        script.client.extras.update(first=layer("first"), second=layer("second"))
        script.play(acme.call)

        assert ["second in", "first in", "first out", "second out"] == order

    def test_it_may_change_the_call(self, acme):
        """
        What it passes on is what is asked for.
        """
        from attrs import evolve

        async def louder(call, proceed) -> ImageResponse:
            return await proceed(evolve(call, prompt=call.prompt.upper()))

        script = Script(acme.pictures(), plugin=acme.plugin())
        script.client.extras["it"] = louder
        script.play(acme.call)

        assert b'{"prompt":"A FOX"}' == script.sent[0].body

    def test_it_may_answer_itself(self, acme):
        """
        A cache asks nobody.
        """
        kept: dict[str, ImageResponse] = {}

        async def cache(call, proceed) -> ImageResponse:
            if call.prompt not in kept:
                kept[call.prompt] = await proceed(call)
            return kept[call.prompt]

        script = Script(acme.pictures(), plugin=acme.plugin())
        script.client.extras["it"] = cache
        first, second = script.play(acme.call), script.play(acme.call)

        assert first is second
        assert 1 == len(script.sent)

    def test_it_may_ask_again(self, acme):
        """
        And it sees errors as the caller would.
        """
        seen: list[ImpastoError] = []

        async def stubborn(call, proceed) -> ImageResponse:
            try:
                return await proceed(call)
            except ImpastoError as error:
                seen.append(error)
                return await proceed(call)

        answers = [reply({"message": "no"}, status=400), acme.pictures()]
        script = Script(*answers, plugin=acme.plugin())
        script.client.extras["it"] = stubborn
        script.play(acme.call)

        assert [("acme", "oil-2", 400)] == [
            (error.provider, error.model, error.status_code) for error in seen
        ]

    def test_it_sees_what_is_for_extras(self, acme):
        """
        Metadata, and what the caller adds to the request; headers, which may be keys, it does not.
        """
        seen: list[Any] = []

        async def looks(call, proceed) -> ImageResponse:
            seen.append((call.metadata, call.extra_body, call.extra_query, "k-1" in repr(call)))
            return await proceed(call)

        script = Script(acme.pictures(), acme.pictures(), plugin=acme.plugin())
        script.client.extras["it"] = looks
        added = {"extra_body": {"a": 1}, "extra_query": {"b": 2}, "extra_headers": {"X-K": "k-1"}}
        script.play({**acme.call, **added, "metadata": {"team": "art"}})
        script.play(acme.call)

        assert [({"team": "art"}, {"a": 1}, {"b": [2]}, False), (None, None, None, False)] == seen


class TestCaching:
    """*caching* and *cache*, LiteLLM's words for what an extra may do."""

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ({}, None),
            ({"caching": True}, {}),
            ({"caching": False}, {"no-cache": True, "no-store": True}),
            ({"cache": {"no-cache": True}}, {"no-cache": True}),
            ({"cache": {"no-cache": True}, "caching": True}, {"no-cache": True}),
            ({"cache": {"ttl": 5}, "caching": False}, {"no-cache": True, "no-store": True}),
            ({"cache": {}}, None),
        ],
        ids=str,
    )
    def test_an_extra_that_takes_them_gets_them(self, acme, words, expected):
        """
        As one dict.
        """
        seen: list[Any] = []

        async def keeps(call, proceed) -> ImageResponse:
            seen.append(call.cache)
            return await proceed(call)

        keeps.takes = {"cache"}
        script = Script(acme.pictures(), plugin=acme.plugin())
        script.client.extras["it"] = keeps
        script.play({**acme.call, **words})

        assert [expected] == seen

    @pytest.mark.parametrize("words", [{"caching": True}, {"cache": {"ttl": 5}}], ids=str)
    @pytest.mark.parametrize("how", ["play", "submit"])
    def test_without_one_they_are_refused(self, acme, words, how):
        """
        Nothing is ignored in silence; what is active does not act upon them.
        """

        async def deaf(call, proceed) -> ImageResponse:
            return await proceed(call)

        script = Script(acme.pictures(), plugin=acme.plugin())
        if how == "play":
            script.client.extras["it"] = deaf
        with pytest.raises(UnsupportedParamsError, match="no cache is active") as caught:
            getattr(script, how)({**acme.call, **words})

        assert ([*words], []) == ([caught.value.param], script.sent)

    def test_to_want_none_is_fine_without(self, acme):
        """
        There is none.
        """
        script = Script(acme.pictures(), plugin=acme.plugin())
        script.play({**acme.call, "caching": False})

        assert 1 == len(script.sent)

    @pytest.mark.parametrize("words", [{"caching": "yes"}, {"cache": ["no-cache"]}], ids=str)
    def test_what_is_none_of_them(self, acme, words):
        """
        A flag and a dict.
        """
        with pytest.raises(BadRequestError) as caught:
            Script(plugin=acme.plugin()).play({**acme.call, **words})

        assert [*words] == [caught.value.param]


class TestEnvironment:
    """`IMPASTO_EXTRAS`."""

    PROGRAM = """
import sys
import impasto

@impasto.hookimpl
def describe():
    return impasto.types.Provider(name="acme", auth=None)

@impasto.hookimpl
def translate_params(call):
    return call.translate("prompt")

@impasto.hookimpl
def render():
    return impasto.types.ImageResponse(data=[impasto.types.Image(content=b"")])

CONTRACT = (1, 0)
impasto.register("acme", sys.modules["__main__"])
try:
    impasto.image_generation("a fox", model="acme/oil-2")
except impasto.PluginError as error:
    print(error.message)
print(*[line for name in sorted(sys.modules) if "_echo_" in name
        for line in [name, *sys.modules[name].said]])
"""

    @pytest.mark.parametrize(
        ("extras", "says"),
        [
            ("", ""),
            ("echo-e", "impasto_echo_e a fox? 1!"),
            (" echo-e , ,echo-f", "impasto_echo_e a fox? 1! impasto_echo_f a fox? 1!"),
            ("echo-g", "no extra is called 'echo-g'; installed: ...echo-e, echo-f"),
        ],
        ids=["none", "one", "two", "one that is not there"],
    )
    def test_it_activates_them(self, install, extras: str, says: str):
        """
        Those it names, for the whole process; one that is not there is an error of each call.
        """
        install("echo-e", GOOD)
        folder = install("echo-f", GOOD)
        done = subprocess.run(
            [sys.executable, "-c", self.PROGRAM],
            env={**os.environ, "PYTHONPATH": str(folder), "IMPASTO_EXTRAS": extras},
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert ("", 0) == (done.stderr, done.returncode)
        assert [] == [part for part in says.split("...") if part not in done.stdout]
        assert bool(says) == bool(done.stdout.strip())


class TestPage:
    """docs/pages/extras.md tells how to make one."""

    PAGE = (Path(__file__).parent.parent / "docs" / "pages" / "extras.md").read_text("utf-8")

    @pytest.mark.usefixtures("no_extras")
    def test_it_works_as_it_says(self, install, monkeypatch, capsys):
        """
        Its module, under its entry point, does what stands below.
        """
        files = dict(
            re.findall(
                r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", self.PAGE, re.DOTALL | re.MULTILINE
            )
        )
        project = tomllib.loads(files["pyproject.toml"])["project"]
        ((name, module),) = project["entry-points"]["impasto.extras"].items()
        install(name, files["impasto_house.py"], project["name"])
        codes = re.findall(r"(?<!-->\n)^```python\n(.*?)^```$", self.PAGE, re.DOTALL | re.MULTILINE)
        names: dict[str, Any] = {}
        exec(codes[0].replace('impasto.use("cache")', ""), names)
        exec(codes[1], names)
        promised = codes[1].splitlines()[-1].removeprefix("# ")

        assert ("impasto-house", "impasto_house.py") == (project["name"], f"{module}.py")
        assert f"{promised}\n" == capsys.readouterr().out
        with pytest.raises(BadRequestError, match="who pays"):
            impasto.image_generation("a fox", model="sketch/oil-1")
