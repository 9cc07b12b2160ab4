"""A thousand calls at once, to six services, with faults of every kind, and cancelled at random."""

from pathlib import Path

import pytest
from faults import ORDERS, PICTURES, POLLS
from storm import raged

CALLS = 1_000

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="only there can one see which files are open"
)


@pytest.fixture(scope="module", params=["awaited", "blocking"])
def storm(request):
    """Return a storm that is over, how its calls ended, and what it left behind."""
    return raged(request.param, CALLS)


def test_everything_goes_wrong(storm):
    """
    It is a storm: most kinds of faults were met, and some pictures came all the same.
    """
    weather, ended, _ = storm
    faults = {"order": ORDERS, "poll": POLLS, "picture": PICTURES}
    kinds = {f"{what}: {fault}" for what, some in faults.items() for fault in some}

    assert len(kinds & {*weather.met}) > len(kinds) / 2  # a busy machine cancels many early
    assert {"picture", "Timeout", "APIConnectionError"} <= {one.outcome for one in ended}
    assert CALLS == len(ended)


def test_all_end_in_a_picture_or_a_documented_error(storm):
    """
    Nothing that is raised is anything but an `ImpastoError`, or the caller's own cancellation.
    """
    _, ended, _ = storm

    assert [] == [one for one in ended if not one.is_documented]


def test_none_is_billed_more_often_than_it_was_asked_for(storm):
    """
    Once by itself, and with `max_retries=n` at most n times more.
    """
    _, ended, _ = storm

    assert [] == [one for one in ended if one.is_billed_unasked]


def test_what_may_be_billed_is_reported(storm):
    """
    Where the service took the order and no response came, the error says `maybe_accepted`.
    """
    _, ended, _ = storm

    assert [] == [one for one in ended if one.is_silent]


def test_nothing_is_left(storm):
    """
    No task, thread, file or socket, and neither a warning nor a complaint of asyncio's.
    """
    *_, left = storm

    assert ([], [], {}) == (left.tasks, left.threads, dict(left.files))
    assert ([], []) == (left.warned, left.logged)
