"""Contract: the recorded answers become pictures, by requests that can be stored."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from impasto._answer import ImageResponse
from impasto._call import COMMON
from impasto._http import Request
from impasto.errors import ImpastoError
from impasto.testing._given import Given, requests, told
from impasto.testing._stage import Stage


class Converses(Given):
    """A call that works works."""

    def test_a_call_gives_pictures(self, stage: Stage) -> None:
        """The recorded answers become pictures that can be read."""
        _check_pictures(self._outcome(self.call, *self.conversation), self.call)

    def test_an_edit_gives_pictures(self, stage: Stage) -> None:
        """The same for an edit."""
        if self.edit_call is None:
            pytest.skip("no edit_call is given")
        _check_pictures(self._outcome(self.edit_call, *self.edit_conversation), self.edit_call)

    def test_requests_can_be_stored(self, sender: Stage) -> None:
        """Another process can go on with a pending request: it is plain data, `state` is JSON."""
        for script in self._played():
            for request in requests(script):
                _check_storable(request)

    def test_what_buys_says_so(self, sender: Stage) -> None:
        """Orders are marked, or they would be repeated; polls are not, or they would not be."""
        for script in self._played():
            made = requests(script)
            orders = [index for index, request in enumerate(made) if request.buys]

            assert orders, "no request has buys=True, so core may send the order twice"
            for request in made[orders[0] + 1 :]:
                assert not (request.buys and request.method == "GET"), (
                    f"GET {request.url} comes after the order and has buys=True, so it is not "
                    "repeated when the network fails; make it with request.follow(...)"
                )


def _check_pictures(outcome: ImageResponse | ImpastoError, call: Mapping[str, Any]) -> None:
    assert isinstance(outcome, ImageResponse), (
        f"the answers given to the contract should end in pictures, not in {told(outcome)}"
    )
    for image in outcome.data:
        assert image.url or image.b64_json, "a picture without bytes or URL"
        assert len(repr(image)) < 500, "a picture whose repr shows pixels"
    for name in {"image" if name == "images" else name for name in call} & set(COMMON):
        assert name in outcome.params, f"response.params does not say what became of {name}"


def _check_storable(request: Request) -> None:
    try:
        same = json.loads(json.dumps(request.state)) == request.state
    except (TypeError, ValueError):
        same = False
    assert same, (
        f"{request.method} {request.url}: state={request.state!r} is not the same after a way "
        "through JSON; keep to dicts with text as keys, lists, text, numbers, booleans and None"
    )
    assert pickle.loads(pickle.dumps(request)) == request, (  # noqa: S301 - our own pickle
        f"{request.method} {request.url} is another after pickling"
    )
