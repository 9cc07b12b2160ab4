"""The first six services over a real socket: asked once, however they answer."""

import pytest
from vendors import VENDORS, serving

import impasto
import impasto_cache
from impasto._api import dispatch
from impasto.testing import PNG


@pytest.mark.parametrize("name", VENDORS)
def test_the_second_call_sends_nothing(name, monkeypatch):
    """
    No order, no poll, no fetch of a picture, not even for a token.
    """
    monkeypatch.setattr(dispatch(), "extras", {})
    impasto.use("cache")
    with serving(name) as server:
        call = {"prompt": "a fox", **VENDORS[name].settings, "api_base": server.url}
        first = impasto.image_generation(**call)
        asked = len(server.received)
        second = impasto.image_generation(**call)

        assert asked == len(server.received)
    assert [False, True] == [impasto_cache.is_hit(one) for one in (first, second)]
    assert [PNG, PNG] == [one.data[0].read() for one in (first, second)]
    assert [*first.params] == [*second.params]
    assert (first.model, first.provider) == (second.model, second.provider)
