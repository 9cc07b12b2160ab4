"""Contract: keys go to the provider alone, where they belong, and nowhere else."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from impasto._http import Request, origin
from impasto._provider import Auth
from impasto.errors import ImpastoError
from impasto.testing._given import Given, requests
from impasto.testing._reply import reply
from impasto.testing._script import Script
from impasto.testing._stage import Stage

CANARY = "canary-4f7a2c9e8b1d6035"  # a key that nothing but a key can look like


class KeepsKeysAtHome(Given):
    """A key given to the plugin sings where it should not be."""

    @pytest.fixture
    def keyed(self, sender: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
        """Return the plugin, with the canary in every variable that could hold its keys."""
        secret = [one for one in sender.loaded.provider.settings.values() if one.secret]
        if not secret:
            pytest.skip("this provider has no keys")
        for setting in secret:
            for variable in setting.env:
                monkeypatch.setenv(variable, CANARY)
        return sender

    def test_no_key_leaves_home(self, keyed: Stage) -> None:
        """The key goes to the provider's own origins only, and in none of their URLs or bodies."""
        for script in self._played_with_canary(keyed):
            homes = keyed.loaded.provider.origins | {origin(requests(script)[0].url)}
            for request in script.sent:
                self._check_place(request, keyed.loaded.provider.auth, homes)

    def test_polls_stay_at_home(self, sender: Stage) -> None:
        """Requests go to the provider's origins, where the key may go along."""
        if self.polls_elsewhere:
            pytest.skip("polls_elsewhere: they are meant to leave")
        for script in self._played():
            homes = sender.loaded.provider.origins | {origin(requests(script)[0].url)}
            away = [one for one in requests(script) if origin(one.url) not in homes]
            assert not away, (
                f"{away[0].method} {_shown(away[0])} is not at {', '.join(sorted(homes))}: no key "
                "goes along; if it is the provider's, list it in Provider.origins"
            )

    def test_requests_hold_no_key(self, keyed: Stage) -> None:
        """What hooks return could be printed, stored and given to anybody; so could the call."""
        for call in self._calls(keyed):
            assert not _holds(keyed.build(call), CANARY), "build_request() put a key in"
        for working, _ in self._works():
            assert CANARY not in repr(keyed.call(_with_canary(keyed, working))), (
                "the key is in the call; declare its setting secret=True"
            )
        for script in self._played_with_canary(keyed):
            for request in requests(script):
                assert not _holds(request, CANARY), (
                    f"a hook put a key into {request.method} {_shown(request)}; only authorize() "
                    "may, and what it returns is never stored"
                )

    def test_no_key_is_in_the_response(self, keyed: Stage) -> None:
        """What the user gets can be shown: no URL of a picture bears the key."""
        for call, conversation in self._works():
            response = self._script(*conversation).play(_with_canary(keyed, call))
            assert CANARY not in response.model_dump_json(), "the key is in the response"

    def test_no_key_is_in_an_error(self, keyed: Stage) -> None:
        """A provider that quotes the key does not get it into an error, nor into its pickle."""
        quoting = reply({"error": {"message": f"bad key {CANARY}", "code": CANARY}}, status=401)
        outcome = self._outcome(_with_canary(keyed, self.call), quoting, repeat=True)
        assert isinstance(outcome, ImpastoError), "a 401 is no success"

        error: BaseException | None = outcome
        while error is not None:
            assert CANARY not in f"{error!r} {error} {vars(error)!r}", (
                f"the key is in {type(error).__name__}"
            )
            error = error.__cause__ or error.__context__
        assert CANARY.encode() not in pickle.dumps(outcome), "the key is in the error's pickle"

    def _played_with_canary(self, stage: Stage) -> list[Script]:
        scripts = []
        for call, conversation in self._works():
            script = self._script(*conversation)
            script.play(_with_canary(stage, call))
            scripts.append(script)
        return scripts

    def _check_place(self, request: Request, auth: Auth | None, homes: frozenset[str]) -> None:
        where = f"{request.method} {_shown(request)}"

        assert origin(request.url) in homes or not _holds(request, CANARY), (
            f"{where}: the key went to a stranger"
        )
        assert CANARY not in request.url or (auth is not None and auth.query), (
            f"{where}: the key is in the URL, which ends up in logs; use a header"
        )
        assert self.key_in_body or CANARY.encode() not in (request.body or b""), (
            f"{where}: the key is in the body; use a header, or set key_in_body=True where the "
            "provider knows no other place"
        )


def _with_canary(stage: Stage, call: Mapping[str, Any]) -> dict[str, Any]:
    """Return *call* with the canary for each of its keys, as a text or a function as before."""
    settings = stage.loaded.provider.settings
    secret = [name for name in call if name in settings and settings[name].secret]
    return {
        **call,
        **{name: (lambda: CANARY) if callable(call[name]) else CANARY for name in secret},
    }


def _holds(request: Request, text: str) -> bool:
    shown = f"{request.url} {dict(request.headers)} {request.json} {request.form} {request.state}"
    return text in shown or text.encode() in (request.body or b"")


def _shown(request: Request) -> str:
    return request.url.partition("?")[0].replace(CANARY, "[the key]")
