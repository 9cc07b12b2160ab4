"""Contract: what goes wrong is an error, and the right one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from impasto._answer import ImageResponse
from impasto.errors import (
    APIResponseValidationError,
    ContentPolicyViolationError,
    ImpastoError,
    PluginError,
    Timeout,
    class_of_status,
)
from impasto.testing._given import Given, told
from impasto.testing._reply import Reply, html, reply
from impasto.testing._stage import Stage

_STATUSES = (400, 401, 402, 403, 404, 408, 409, 418, 422, 429, 500, 502, 503, 504, 529)
_ODD_BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"done"',
    "a number": b"7",
    "an empty object": b"{}",
    "half an object": b'{"data": [{"b64_json": "iVBOR',
    "a page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "bytes": b"\x00\xff\xfe\x80",
}
_ODD_ERRORS: Mapping[str, bytes] = {
    "an error that is a text": b'{"error": "odd"}',
    "an error that is null": b'{"error": null}',
    "an error without a message": b'{"error": {"message": null, "code": null}}',
    "errors in a list": b'{"errors": [{"message": "odd"}], "detail": [{"msg": "odd"}]}',
}
_NO_JSON = frozenset({"nothing", "half an object", "a page", "bytes"})
# Prompts are quoted in messages, so anything may stand there.
_NUMBERS = "the prompt is too long: highway 403 and 500 sheep at 429 metres, 404 of them white"
_WORDS = "the prompt is too long: a sign that says rate limit, unauthorized, not found, timeout"
# Here no provider refuses a picture, so these words are somebody's prompt as well.
_POLICY = "a queue for the safety policy exhibition: nsfw, moderation, blocked content"
_NEVER_A_REFUSAL = frozenset({401, 404, 408, 429, 502, 503, 504, 529})


class Fails(Given):
    """Statuses, odd bodies and refusals become the classes that people catch."""

    @pytest.mark.parametrize("status", _STATUSES)
    def test_every_status_is_the_right_error(self, sender: Stage, status: int) -> None:
        """HTTP statuses become the classes that people catch, whatever words come along."""
        messages = [_NUMBERS, _WORDS, *([_POLICY] if status in _NEVER_A_REFUSAL else [])]
        told = [
            reply({"error": {"message": one, "code": "odd"}}, status=status) for one in messages
        ]
        for answer in (*told, reply({}, status=status), html(status)):
            self._check_error(sender, answer)

    @pytest.mark.parametrize("odd", [*_ODD_BODIES, *_ODD_ERRORS])
    def test_errors_in_an_odd_form_are_errors(self, sender: Stage, odd: str) -> None:
        """An error whose body is not what the provider documents is known by its status."""
        for status in (400, 500):
            for kind in ("application/json", "text/html"):
                headers = {"Content-Type": kind}
                self._check_error(
                    sender,
                    reply(body={**_ODD_BODIES, **_ODD_ERRORS}[odd], status=status, headers=headers),
                )

    @pytest.mark.parametrize("odd", _ODD_BODIES)
    def test_odd_bodies_are_errors(self, sender: Stage, odd: str) -> None:
        """A success that makes no sense is an error of ours, never a success, never another's."""
        for kind in ("application/json", "text/html"):
            answer = reply(body=_ODD_BODIES[odd], headers={"Content-Type": kind})
            for call, conversation in self._works():
                for step in range(len(conversation)):
                    outcome = self._outcome(call, *conversation[:step], answer, repeat=True)
                    if self.nothing_is_a_refusal and odd == "an empty object":
                        assert isinstance(outcome, ContentPolicyViolationError), told(outcome)
                        continue
                    _check_nonsense(outcome, odd, f"answer {step + 1}, {kind}, being {odd}")

    def test_a_refusal_is_an_error(self, stage: Stage) -> None:
        """A refused picture raises `ContentPolicyViolationError`, whatever the HTTP status."""
        if not self.refusal:
            pytest.skip("no refusal is given")
        outcome = self._outcome(self.call, *self.refusal, repeat=True)

        assert isinstance(outcome, ContentPolicyViolationError), (
            f"a refusal became {told(outcome)}, not ContentPolicyViolationError"
        )
        assert outcome.message, "the error does not say what happened"

    def test_a_failed_job_is_an_error(self, stage: Stage) -> None:
        """A job that failed raises at once, and is not asked for until the deadline."""
        if not self.failed:
            pytest.skip("no failed job is given")
        outcome = self._outcome(self.call, *self.failed, repeat=True)

        assert isinstance(outcome, ImpastoError), f"a failed job became {told(outcome)}"
        assert not isinstance(outcome, (Timeout, PluginError)), (
            f"a failed job became {told(outcome)}; raise what it says"
        )
        assert outcome.message, "the error does not say what happened"

    def _check_error(self, stage: Stage, answer: Reply) -> None:
        error, expected = (
            self._outcome(self.call, answer, repeat=True),
            class_of_status(answer.status),
        )
        what = f"status {answer.status} with {answer.body[:90]!r}"

        assert isinstance(error, expected), (
            f"{what} became {told(error)}, not {expected.__name__}; go by the status and the "
            "provider's own codes, and return None from map_error() for what it does not know"
        )
        assert error.status_code == answer.status, f"{what} has status_code {error.status_code}"
        assert error.provider == stage.loaded.provider.name, f"{what} is of {error.provider!r}"
        assert error.message.strip(), f"{what} became an error without a message"


def _check_nonsense(outcome: ImageResponse | ImpastoError, odd: str, what: str) -> None:
    assert not isinstance(outcome, Timeout), f"{what}, was taken for 'not yet' until the deadline"
    assert isinstance(outcome, APIResponseValidationError), (
        f"{what}, became {told(outcome)}; let the KeyError, TypeError or ValueError out of "
        "parse_response() and core makes APIResponseValidationError of it"
    )
    assert odd not in _NO_JSON or outcome.code != "empty", (
        f"{what}, was taken for an answer without pictures; let the ValueError out of "
        "parse_response()"
    )
