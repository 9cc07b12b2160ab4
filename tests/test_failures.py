"""Errors made out of answers: the right class, every field, and what a retired model means."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import errors, hookimpl
from impasto._failures import completed, from_status, retired
from impasto.errors import (
    APIError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    ModelRetiredError,
    NotFoundError,
    RateLimitError,
)
from impasto.testing import Script, reply
from impasto.types import Call, Lifecycle, Model, Response

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
CALL = Call(kind="generate", provider="acme", model="oil-2", prompt="a fox")


def answer(body: object = None, status: int = 400, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=json.dumps(body).encode())


class TestStatus:
    """What a status alone says."""

    @pytest.mark.parametrize(
        ("status", "kind", "retryable"),
        [
            (400, "BadRequestError", False),
            (401, "AuthenticationError", False),
            (402, "PaymentRequiredError", False),
            (403, "PermissionDeniedError", False),
            (404, "NotFoundError", False),
            (405, "APIError", False),
            (408, "Timeout", True),
            (409, "ConflictError", False),
            (413, "BadRequestError", False),
            (418, "APIError", False),
            (422, "UnprocessableEntityError", False),
            (429, "RateLimitError", True),
            (451, "APIError", False),
            (500, "InternalServerError", True),
            (502, "BadGatewayError", True),
            (503, "ServiceUnavailableError", True),
            (504, "Timeout", True),
            (520, "InternalServerError", True),
            (529, "InternalServerError", True),
            (599, "InternalServerError", True),
        ],
    )
    def test_its_class(self, status: int, kind: str, retryable: bool):
        """
        The class that people catch, the status itself, and whether a repeat makes sense.
        """
        error = from_status(answer({}, status))

        assert getattr(errors, kind) is type(error)
        assert (status, retryable) == (error.status_code, error.retryable)

    @pytest.mark.parametrize(
        "prompt",
        ["photo of highway 403", "500 Internal Server Error sign", "a timeout occurred", "429"],
    )
    def test_words_do_not_change_it(self, prompt: str):
        """
        A prompt that is quoted in the error does not decide what kind of error it is.
        """
        error = from_status(answer({"error": {"message": f"cannot draw {prompt!r}"}}))

        assert (BadRequestError, 400) == (type(error), error.status_code)

    @given(st.binary(max_size=300), st.integers(400, 599))
    def test_no_body_breaks_it(self, body: bytes, status: int):
        """
        Whatever the body is, there is an error with a message.
        """
        error = from_status(Response(status=status, body=body))
        error = completed(error, CALL, Response(status=status, body=body), buys=True, now=NOON)

        assert error.message
        assert status == error.status_code


class TestCompleted:
    """What core adds to an error, whoever made it."""

    def test_what_is_missing(self):
        """
        Provider, model, status, headers, body, request id and pause are filled in.
        """
        headers = {"x_request_id": "req_1", "retry_after": "5"}
        error = completed(
            APIError("oh"), CALL, answer({"a": 1}, 429, **headers), buys=True, now=NOON
        )

        assert ("acme", "oil-2", 429) == (error.provider, error.model, error.status_code)
        assert ('{"a": 1}', "req_1", 5.0) == (error.body, error.request_id, error.retry_after)

    def test_what_the_plugin_said_stays(self):
        """
        A plugin that knows better is not overruled, but for the status.
        """
        error = BadRequestError(
            "oh", provider="other", model="m", body="b", request_id="r", retry_after=1.0
        )
        headers = {"x_request_id": "req_1", "retry_after": "5"}
        completed(error, CALL, answer({}, 422, **headers), buys=True, now=NOON)

        assert ("other", "m", "b", "r", 1.0, 422) == (
            error.provider,
            error.model,
            error.body,
            error.request_id,
            error.retry_after,
            error.status_code,
        )

    def test_an_error_within_a_success(self):
        """
        Its status is its class's: 200 is no error's.
        """
        error = completed(RateLimitError("oh"), CALL, answer({}, 200), buys=True, now=NOON)

        assert 429 == error.status_code

    def test_without_an_answer(self):
        """
        Only who is filled in.
        """
        error = completed(APIError("oh"), CALL, None, buys=True, now=NOON)

        assert ("acme", None, None) == (error.provider, error.status_code, error.body)
        assert not error.maybe_accepted

    @pytest.mark.parametrize(("word", "retryable"), [("false", False), ("true", True)])
    def test_should_retry(self, word: str, retryable: bool):
        """
        A provider may say that a repeat makes no sense.
        """
        response = answer({}, 500, x_should_retry=word)
        error = completed(from_status(response), CALL, response, buys=True, now=NOON)

        assert retryable == error.retryable

    @pytest.mark.parametrize("buys", [True, False])
    @pytest.mark.parametrize(
        ("status", "doubtful"),
        [(400, False), (408, True), (429, False), (500, True), (503, False), (524, True)],
    )
    def test_doubt(self, status: int, doubtful: bool, buys: bool):
        """
        Only an order may have been taken, and only where no refusal came.
        """
        response = answer({}, status)
        error = completed(from_status(response), CALL, response, buys=buys, now=NOON)

        assert (doubtful and buys) == error.maybe_accepted


def card(retires: date | None, successor: str | None = "oil-3") -> Model:
    return Model(name="oil-2", lifecycle=Lifecycle(retires=retires, successor=successor))


class TestRetired:
    """A model that its provider no longer serves."""

    PAST = date(2026, 1, 1)

    @pytest.mark.parametrize("kind", [BadRequestError, NotFoundError])
    def test_past_its_day(self, kind: type[ImpastoError]):
        """
        A 400 or 404 after that day becomes an error that names day and successor.
        """
        call = Call(kind="generate", provider="acme", model="oil-2", card=card(self.PAST))
        before = completed(
            kind("no such model", code="gone", param="model"),
            call,
            answer({"a": 1}, kind.status_code or 0, x_request_id="req_1"),
            buys=True,
            now=NOON,
        )
        error = retired(before, call, "2026-01-15")

        assert isinstance(error, ModelRetiredError)
        assert ("2026-01-01", "oil-3") == (error.date, error.successor)
        assert "no such model" in error.message
        assert "oil-3" in error.message
        for name in ("provider", "model", "status_code", "code", "param", "body", "request_id"):
            assert getattr(before, name) == getattr(error, name)

    @pytest.mark.parametrize(
        ("model", "error", "today"),
        [
            (None, NotFoundError("oh"), "2026-01-15"),
            (card(None), NotFoundError("oh"), "2026-01-15"),
            (card(PAST), NotFoundError("oh"), "2025-12-31"),
            (card(PAST), RateLimitError("oh"), "2026-01-15"),
            (card(PAST), ContentPolicyViolationError("oh"), "2026-01-15"),
            (card(PAST), APIError("oh", status_code=404), "2026-01-15"),
        ],
        ids=["unknown", "no day", "before", "another status", "a refusal", "the plugin's own"],
    )
    def test_otherwise(self, model: Model | None, error: ImpastoError, today: str):
        """
        Any other error stays what it is.
        """
        call = Call(kind="generate", provider="acme", model="oil-2", card=model)

        assert error is retired(error, call, today)

    def test_in_a_call(self, acme, tmp_path):
        """
        A retired model warns, is sent all the same, and its 404 is explained.
        """
        models = tmp_path / "models.json"
        lifecycle = {
            "retires": "2026-01-01",
            "successor": "oil-3",
            "source": "https://acme.test/models (read 2026-01-02)",
        }
        models.write_text(json.dumps({"models": [{"name": "oil-2", "lifecycle": lifecycle}]}))
        script = Script(reply({}, status=404), plugin=acme.plugin(), models=models)
        with (
            pytest.warns(errors.ModelRetiredWarning, match="was retired on 2026-01-01"),
            pytest.raises(ModelRetiredError) as caught,
        ):
            script.play(acme.call)

        assert 1 == len(script.sent)
        assert "oil-3" == caught.value.successor


def test_map_error_is_asked_for_each_failure(acme):
    """
    The plugin's word goes before the status, its silence leaves it to the status.
    """

    @hookimpl
    def map_error(response: Response) -> ImpastoError | None:
        return RateLimitError("slowly") if response.status == 400 else None

    script = Script(*(reply({}, status=400), reply({}, status=422)), plugin=acme.plugin(map_error))
    with pytest.raises(errors.UnprocessableEntityError):
        script.play(acme.call)

    assert 2 == len(script.sent)
