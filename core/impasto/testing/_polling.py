"""Contract: polls wait, end at the deadline, and stop the job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest

from impasto._http import Request, origin
from impasto.errors import ImpastoError, Timeout
from impasto.testing._given import PATIENCE, Given, requests
from impasto.testing._reply import Reply
from impasto.testing._script import Script
from impasto.testing._stage import Stage

_SHORTEST_PAUSE = 0.1  # seconds; core waits as long in any case, so less says nothing


class Polls(Given):
    """A job that is not done for a long time."""

    def test_polls_have_pauses(self, sender: Stage) -> None:
        """A provider is not asked again at once."""
        script, _ = self._never_done(sender)
        hasty = [again for _, again in _polls(script) if again.after < _SHORTEST_PAUSE]

        assert not hasty, (
            f"{hasty[0].method} {hasty[0].url} is asked again after {hasty[0].after:g} s; say how "
            "long to wait: request.follow(..., after=seconds)"
        )

    def test_polls_end_at_the_deadline(self, sender: Stage) -> None:
        """A job that never ends ends with `Timeout`, which has the job to go on with."""
        _, outcome = self._never_done(sender)

        assert isinstance(outcome, Timeout), (
            f"a job that is never done ended in {outcome!r}, not in Timeout; core gives up"
        )
        assert outcome.job is not None, (
            "the Timeout has no job to go on with; polls are made with request.follow(...)"
        )

    def test_a_job_that_nobody_waits_for_is_stopped(self, sender: Stage) -> None:
        """At the deadline the provider is told to stop, so that it bills no more."""
        if "build_cancel" not in sender.loaded.own:
            pytest.skip("the plugin has no build_cancel()")
        script, _ = self._never_done(sender)
        asked = [made for hook, made in script.watch.asked if hook == "build_cancel"]

        assert asked, "build_cancel() was not asked for at the deadline, or raised"
        assert isinstance(asked[-1], Request), (
            f"build_cancel() returned {asked[-1]!r} for a pending job; leave the hook out if no "
            "job can be stopped"
        )
        self._check_cancel(asked[-1], script, sender)

    def test_a_job_can_be_asked_for_elsewhere(self, sender: Stage) -> None:
        """What asks for it can be stored, and `submit()` knows that there is something to store."""
        _, outcome = self._never_done(sender)
        provider = sender.loaded.provider
        if not isinstance(outcome, Timeout) or outcome.job is None:
            pytest.skip("another test says what is wrong with the polls")

        assert provider.jobs or "build_cancel" in sender.loaded.own, (
            "orders are answered with a job, and submit() does not know: describe() says jobs=True"
        )
        try:
            outcome.job.to_json()
        except ImpastoError as error:
            raise AssertionError(
                f"{error.message}; the state and the json of a poll are plain values, dicts, lists"
            ) from error

    def _check_cancel(self, cancel: Request, script: Script, stage: Stage) -> None:
        homes = stage.loaded.provider.origins | {origin(requests(script)[0].url)}

        assert (cancel.method, cancel.url) == (script.sent[-1].method, script.sent[-1].url), (
            f"{cancel.method} {cancel.url} was not sent"
        )
        assert _essence(cancel) != _essence(requests(script)[-2]), "build_cancel() polls again"
        assert self.polls_elsewhere or origin(cancel.url) in homes, (
            f"{cancel.url} is not at {', '.join(sorted(homes))}, so no key goes along"
        )

    def _never_done(self, stage: Stage) -> tuple[Script, ImpastoError | None]:
        """Return a script in which "not yet" is the last word, and what it ends in."""
        for length in range(1, len(self.conversation)):
            script, outcome = self._stuck(self.conversation[:length])
            if any(_polls(script)):
                return script, outcome
        reason = "no answer in `conversation` says 'not yet', so that a request is sent again"
        if "build_cancel" in stage.loaded.own:
            pytest.fail(reason)
        pytest.skip(reason)

    def _stuck(self, answers: Sequence[Reply]) -> tuple[Script, ImpastoError | None]:
        script = self._script(*answers, repeat=True)
        try:
            script.play({**self.call, "max_retries": 0, "timeout": PATIENCE})
        except ImpastoError as error:
            return script, error
        return script, None


def _polls(script: Script) -> Iterator[tuple[Request, Request]]:
    """Yield each request that is like the one before it, with that one."""
    for first, again in pairwise(requests(script)):
        if _essence(first) == _essence(again):
            yield first, again


def _essence(request: Request) -> tuple[object, ...]:
    return request.method, request.url, request.json, request.form, request.body
