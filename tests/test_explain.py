"""`explain`: what a call would do, without doing it, and without showing a key."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle
import shlex
import socket
import subprocess
from typing import Any

import pytest
from vendors import VENDORS

import impasto
from impasto import BadRequestError, Explanation, UnsupportedParamsError
from impasto.testing import PNG, FakeServer, Script, png, reply

CANARY = "sk-canary-0123456789abcdef"
CALL = {"prompt": "a fox", "model": "openai/gpt-image-2", "api_key": CANARY}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Let any attempt to connect fail the test."""

    def connect(*_: Any) -> None:
        raise AssertionError("explain() reaches for the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)


class TestWhatItSays:
    """Fates, requests and remarks."""

    def test_the_fate_of_each_parameter(self):
        """
        As the response would tell them.
        """
        told = impasto.explain(**CALL, size="1536x864", seed=5, drop_params=True)

        assert {"prompt": "sent", "size": "sent", "seed": "dropped"} == {
            name: fate.outcome for name, fate in told.params.items()
        }
        assert ("openai", "gpt-image-2", True) == (told.provider, told.model, told.listed)

    def test_the_request(self):
        """
        Method, URL, headers and body, the key hidden.
        """
        (planned,) = impasto.explain(**CALL, n=2).requests

        assert ("POST", "https://api.openai.com/v1/images/generations") == (
            planned.method,
            planned.url,
        )
        assert "Bearer [hidden]" == planned.headers["Authorization"]
        assert {"model": "gpt-image-2", "prompt": "a fox", "n": 2} == planned.body

    def test_it_is_what_is_sent(self, monkeypatch):
        """
        The call itself sends just that.
        """
        call = {**CALL, "size": "1024x1024", "extra_body": {"x": 1}, "extra_headers": {"A": "b"}}
        (planned,) = impasto.explain(**call).requests
        monkeypatch.undo()
        script = Script(reply({"data": [{"b64_json": base64.b64encode(PNG).decode()}]}))
        script.play(call)
        sent = script.sent[0]

        assert (sent.method, sent.url) == (planned.method, planned.url)
        assert planned.body == json.loads(sent.body)
        assert {name: value for name, value in sent.headers.items() if name != "Authorization"} == {
            name: value for name, value in planned.headers.items() if name != "Authorization"
        }

    def test_each_part_of_a_split_call(self):
        """
        Twelve pictures of a model that makes ten at once are two requests.
        """
        told = impasto.explain(**CALL, n=12)

        assert [10, 2] == [planned.body["n"] for planned in told.requests]
        assert "split into 2 requests" == told.params["n"].note

    def test_a_form(self):
        """
        Pictures are there by their looks only.
        """
        told = impasto.explain("a hat", "openai/gpt-image-2", image=PNG, mask=png(8, 8))

        assert ["image", "<image/png, 74 bytes>"] in told.requests[0].body

    def test_a_provider_that_paints_here(self):
        """
        It has no request.
        """
        told = impasto.explain("a fox", "sketch/oil-1", seed=1)

        assert ((), "sent") == (told.requests, told.params["seed"].outcome)

    def test_a_schema_is_not_looked_up(self):
        """
        What would be asked first is said, and what is not known by then is unverified.
        """
        told = impasto.explain("a fox", "replicate/a/b", api_key="r8_0123456789abcdef0123", steps=4)

        assert "unverified" == told.params["steps"].outcome
        assert (
            "https://api.replicate.com/v1/models/a/b would be asked first, for free" in told.notes
        )

    def test_fallbacks_are_said_to_be_left_out(self):
        """
        What is shown is the first model's alone.
        """
        told = impasto.explain(**CALL, fallbacks=["sketch/oil-1"])

        assert any("fallbacks are not explained" in note for note in told.notes)

    def test_a_missing_key_is_a_remark(self, monkeypatch):
        """
        Everything else can be said without one.
        """
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        told = impasto.explain("a fox", "openai/gpt-image-2")

        assert ("api_key is missing: pass it or set OPENAI_API_KEY",) == told.notes

    def test_what_the_call_would_raise(self):
        """
        Bad input and what the model does not take are errors here as well.
        """
        with pytest.raises(UnsupportedParamsError):
            impasto.explain(**CALL, seed=5)
        with pytest.raises(BadRequestError):
            impasto.explain("", "openai/gpt-image-2")

    def test_awaited(self):
        """
        The same in a loop.
        """
        assert impasto.explain(**CALL) == asyncio.run(impasto.aexplain(**CALL))

    def test_it_can_be_stored(self):
        """
        As JSON, and pickled.
        """
        told = impasto.explain(**CALL, size="1024x1024")

        assert told == pickle.loads(pickle.dumps(told))
        assert "sent" == json.loads(told.model_dump_json())["params"]["size"]["outcome"]

    def test_in_words(self):
        """
        Printed, it is one line for each parameter and request.
        """
        text = str(impasto.explain(**CALL, seed=5, drop_params=True))

        assert "  seed=5: dropped (gpt-image-2 does not take seed)" in text.splitlines()


@pytest.mark.parametrize("name", VENDORS)
def test_no_key_is_shown(name):
    """
    Of none of the six, in any form, also where it stands in a header or a query of the caller's.
    """
    told = impasto.explain(
        "a fox",
        **VENDORS[name].settings,
        extra_headers={"X-Api-Key": CANARY, "X-Team": "art"},
        extra_query={"key": CANARY},
    )
    shown = f"{told!r} {told} {told.model_dump_json()} {pickle.dumps(told)!r}"

    assert [] == [key for key in (CANARY, VENDORS[name].key) if key in shown]
    assert "X-Team" in shown
    assert isinstance(told, Explanation)


class TestCurl:
    """A line for a shell, which does the same."""

    @pytest.mark.parametrize("edit", [False, True], ids=["JSON", "a form"])
    def test_it_runs(self, tmp_path, monkeypatch, edit):
        """
        With the key in its variable, curl sends what impasto would.
        """
        if subprocess.run(["sh", "-c", "command -v curl"], capture_output=True).returncode:
            pytest.skip("there is no curl here")
        monkeypatch.undo()
        with FakeServer() as server:
            more = {"image": PNG} if edit else {"size": "1024x1024"}
            call = {**CALL, "prompt": "it's $HOME", "api_base": server.url}
            told = impasto.explain(**call, **more)
            (tmp_path / "image.png").write_bytes(PNG)
            subprocess.run(
                ["sh", "-c", f"{told.requests[0].curl} --silent --noproxy '*'"],
                cwd=tmp_path,
                env={"OPENAI_API_KEY": CANARY, "PATH": "/usr/bin:/bin"},
                check=True,
                capture_output=True,
                timeout=30,
            )
            received = server.received[0]

        assert f"Bearer {CANARY}" == received.headers["authorization"]
        assert b"it's $HOME" in received.body
        assert (PNG in received.body) == edit

    def test_a_prompt_is_never_the_name_of_a_file(self, tmp_path, monkeypatch):
        """
        One that begins with "@" is sent as it is, and not what lies under that name.
        """
        if subprocess.run(["sh", "-c", "command -v curl"], capture_output=True).returncode:
            pytest.skip("there is no curl here")
        monkeypatch.undo()
        (tmp_path / "image.png").write_bytes(PNG)
        (tmp_path / "diary.txt").write_text("nobody's business")
        with FakeServer() as server:
            call = {**CALL, "prompt": "@diary.txt", "image": PNG, "api_base": server.url}
            told = impasto.explain(**call)
            subprocess.run(
                ["sh", "-c", f"{told.requests[0].curl} --silent --noproxy '*'"],
                cwd=tmp_path,
                env={"OPENAI_API_KEY": CANARY, "PATH": "/usr/bin:/bin"},
                check=True,
                capture_output=True,
                timeout=30,
            )

        assert b"@diary.txt" in server.received[0].body
        assert b"nobody's business" not in server.received[0].body

    def test_a_picture_in_json_is_cut(self):
        """
        Nobody wants a megabyte in a terminal.
        """
        told = impasto.explain(
            "a hat", "together_ai/black-forest-labs/FLUX.1-kontext-pro", image=png(400, 400) * 9
        )

        assert len(told.requests[0].curl) < 3_000
        assert "curl" == shlex.split(told.requests[0].curl)[0]
