"""Nobody pays twice: connections that break at every fifth byte, with each of the first six services.

`tests/benchmarks/promises.py` breaks them at every byte.
"""

import asyncio

import pytest
from breaking import WAYS, broken

from impasto.errors import APIConnectionError, APIResponseValidationError

everywhere = pytest.mark.parametrize("way", WAYS)


@pytest.fixture(scope="module")
def came():
    """Return a function that returns what came of calls of a way; each way is gone once."""
    kept = {}

    def all_of(way):
        if way not in kept:
            kept[way] = asyncio.run(broken(way, step=5))
        return kept[way]

    return all_of


@everywhere
def test_no_order_arrives_twice(came, way):
    """
    What broke off may have been paid for, so nothing is ordered again that nobody asked for.
    """
    assert [] == [one for one in came(way) if one.orders > 1]


@everywhere
def test_an_order_that_may_have_been_taken_is_said_to_be(came, way):
    """
    Where the whole order arrived and no picture came, the error says `maybe_accepted`.
    """
    lost = [one for one in came(way) if one.orders and one.lost]

    assert lost
    assert [] == [one for one in lost if not one.error.maybe_accepted]


@everywhere
def test_what_costs_nothing_is_asked_for_again(came, way):
    """
    A poll and a picture that break off are asked for again: by itself where that can be seen, and
    else by the error's job.  Nothing that was paid for is lost.
    """
    after = [one for one in came(way) if one.broke.number > 0]

    assert [] == [one for one in after if one.lost]
    assert [] == [one for one in after if one.error is not None and one.broke.ends != "unsaid"]


@everywhere
def test_errors_say_that_the_connection_broke(came, way):
    """
    They are of the two documented kinds: no whole answer, or one that makes no sense.
    """
    errors = [one.error for one in came(way) if one.error is not None]

    assert {APIConnectionError} <= {type(error) for error in errors}
    assert {type(error) for error in errors} <= {APIConnectionError, APIResponseValidationError}
