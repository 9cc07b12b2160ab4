"""What Together answers, and what becomes of it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.errors import (
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    ContentPolicyViolationError,
    InternalServerError,
    ModelRetiredError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
    UnprocessableEntityError,
)
from impasto.testing import Script, sample

SAMPLES = Path(__file__).parent / "samples"
CALL = {
    "prompt": "a fox",
    "model": "together_ai/black-forest-labs/FLUX.1-schnell",
    "api_key": "tgp_v1_0123456789abcdef",
}


def script_of(*names: str, **more: Any) -> Script:
    return Script(*[sample(SAMPLES / f"{name}.json") for name in names], **more)


def play(name: str, **more: Any) -> impasto.ImageResponse:
    return script_of(name).play({**CALL, **more})


class TestPictures:
    def test_a_url(self):
        """
        A URL comes unless base64 is asked for; what else is said of the picture is kept.
        """
        response = play("url")
        (image,) = response.data

        assert "https://api.together.ai/imgproxy/x.jpg" == image.url
        assert {"index": 0, "type": "url", "timings": {"inference": 0.4}} == dict(
            image.provider_specific_fields
        )
        assert ("oX1", "list") == (
            response.provider_specific_fields["id"],
            response.provider_specific_fields["object"],
        )
        assert "req_1" == response.request_id

    def test_base64(self):
        """
        Asked for as base64, it comes as b64_json, and the bytes say what they are.
        """
        (image,) = play("base64", response_format="b64_json").data

        assert ("image/png", 2, 2, None) == (image.mime, image.width, image.height, image.url)

    def test_a_url_where_base64_was_asked_for(self):
        """
        Core fetches it.
        """
        script = script_of("url")
        response = script.play({**CALL, "response_format": "b64_json"})

        assert ["https://api.together.ai/imgproxy/x.jpg"] == script.fetched
        assert response.data[0].b64_json is not None

    @pytest.mark.parametrize("name", ["two", "out-of-order"])
    def test_several_come_in_their_order(self, name):
        """
        The index says which is which.
        """
        first, second = play(name, n=2).data

        assert [0, 1] == [one.provider_specific_fields["index"] for one in (first, second)]
        assert first.b64_json == play("two", n=2).data[0].b64_json

    def test_without_a_type(self):
        """
        The field itself says what it holds.
        """
        assert play("without-type").data[0].b64_json is not None

    def test_unknown_fields(self):
        """
        What nobody knows yet neither disturbs nor is lost.
        """
        response = play("unknown-fields")

        assert {"x": 1} == response.provider_specific_fields["surprise"]
        assert 1 == response.data[0].provider_specific_fields["new"]

    def test_nothing_is_made_up(self):
        """
        Together tells no tokens, no seed and no rewritten prompt.
        """
        response = play("url")

        assert (None, None, None) == (
            response.usage,
            response.data[0].seed,
            response.data[0].revised_prompt,
        )

    def test_none_is_an_error(self):
        """
        A success without pictures is none; the order may have been taken.
        """
        with pytest.raises(APIResponseValidationError) as caught:
            play("no-pictures")

        assert ("empty", True) == (caught.value.code, caught.value.maybe_accepted)


ERRORS = {
    "steps": (BadRequestError, 400, "invalid_parameter", "steps must be between 1 and 4"),
    "seed": (BadRequestError, 400, "invalid_request_error", "Unsupported use of 'seed' parameter"),
    "key": (AuthenticationError, 401, "invalid_api_key", "Invalid API key provided"),
    "credit": (PaymentRequiredError, 402, "credit_limit", "Credit limit exceeded"),
    "forbidden": (PermissionDeniedError, 403, "invalid_request_error", "forbidden"),
    "model": (NotFoundError, 404, "model_not_available", "Unable to access model"),
    "model-400": (NotFoundError, 400, "model_not_available", "Unable to access model m."),
    "request-timeout": (Timeout, 408, "timeout", "request timed out"),
    "conflict": (ConflictError, 409, "conflict", "conflict"),
    "nsfw": (ContentPolicyViolationError, 422, "nsfw", "NSFW content detected"),
    "nsfw-400": (ContentPolicyViolationError, 400, "invalid_request_error", "NSFW content detec"),
    "unprocessable": (UnprocessableEntityError, 422, "invalid_request_error", "multiple of 8"),
    "rate-limit": (RateLimitError, 429, "rate_limit", "You have reached the rate limit"),
    "server": (InternalServerError, 500, "server_error", "Internal server error"),
    "overloaded": (ServiceUnavailableError, 503, "server_overloaded", "overloaded"),
    "overloaded-529": (InternalServerError, 529, "x", "overloaded"),
    "html": (BadGatewayError, 502, None, "<html/>"),
    "text": (BadRequestError, 400, None, "bad"),
    "list": (UnprocessableEntityError, 422, None, "negative_prompt not allowed"),
    "trace": (InternalServerError, 500, "server_error", "boom"),
}
RETRYABLE = (RateLimitError, InternalServerError, BadGatewayError, ServiceUnavailableError, Timeout)


class TestErrors:
    def test_every_sample_has_a_row(self):
        """
        A new error needs one.
        """
        assert {f"error-{name}" for name in ERRORS} == {
            path.stem for path in SAMPLES.glob("error-*.json")
        }

    @pytest.mark.parametrize("name", ERRORS)
    def test_becomes_what_it_means(self, name):
        """
        Class, status, code, Together's words, and whether waiting helps.
        """
        kind, status, code, message = ERRORS[name]
        with pytest.raises(APIError) as caught:
            play(f"error-{name}", max_retries=0)
        error = caught.value

        assert (kind, status, code) == (type(error), error.status_code, error.code)
        assert message in error.message
        assert issubclass(kind, RETRYABLE) == error.retryable
        assert "together_ai" == error.provider

    def test_the_field_is_named(self):
        """
        Where Together says which parameter it was.
        """
        with pytest.raises(BadRequestError) as caught:
            play("error-steps")

        assert "steps" == caught.value.param

    def test_a_trace_is_a_request_id(self):
        """
        Together's support asks for it.
        """
        with pytest.raises(InternalServerError) as caught:
            play("error-trace", max_retries=0)

        assert "trace-1" == caught.value.request_id

    @pytest.mark.parametrize("name", ["error-nsfw", "error-nsfw-400", "nsfw-in-200"])
    def test_a_refusal(self, name):
        """
        It tells what was found, not where: Together does not say; and it is not repeated.
        """
        script = script_of(name, repeat=True)
        with pytest.raises(ContentPolicyViolationError) as caught:
            script.play({**CALL, "max_retries": 3})

        assert (None, ("nsfw",), 1) == (
            caught.value.stage,
            caught.value.categories,
            len(script.sent),
        )

    def test_a_rate_limit_is_waited_for(self):
        """
        As long as Together asks.
        """
        script = script_of("error-rate-limit", "url")
        script.play(CALL)

        assert [9.0] == script.slept

    def test_an_empty_account_is_not_asked_again(self):
        """
        Waiting fills no account.
        """
        script = script_of("error-credit", repeat=True)
        with pytest.raises(PaymentRequiredError):
            script.play({**CALL, "max_retries": 3})

        assert 1 == len(script.sent)


IN_A_SUCCESS = {
    "server": (InternalServerError, 500, "server_error"),
    "rate-limit": (RateLimitError, 429, "rate_limit"),
    "credit": (PaymentRequiredError, 402, "credit_limit"),
    "overloaded": (ServiceUnavailableError, 503, "server_overloaded"),
    "model": (NotFoundError, 404, "model_not_available"),
    "nsfw": (ContentPolicyViolationError, 400, "nsfw"),
    "unknown": (APIError, 200, "odd_error"),
}


class TestErrorsInASuccess:
    @pytest.mark.parametrize("name", IN_A_SUCCESS)
    def test_becomes_what_it_means(self, name):
        """
        The code says what it is, whatever the status; the SDK takes it for an answer.
        """
        kind, status, code = IN_A_SUCCESS[name]
        with pytest.raises(APIError) as caught:
            play(f"{name}-in-200", max_retries=0)

        assert (kind, status, code) == (
            type(caught.value),
            caught.value.status_code,
            caught.value.code,
        )
        assert caught.value.message


class TestRetiredModels:
    @pytest.mark.parametrize("name", ["error-model", "error-model-400"])
    def test_is_asked_and_explained(self, name):
        """
        A warning goes before; Together's refusal, in either status, is a `ModelRetiredError`.
        """
        script = script_of(name, now=datetime(2026, 9, 1, tzinfo=UTC))
        model = "together_ai/black-forest-labs/FLUX.1-kontext-dev"
        with (
            pytest.warns(impasto.ModelRetiredWarning, match="2026-02-27"),
            pytest.raises(ModelRetiredError) as caught,
        ):
            script.play({**CALL, "model": model})

        assert ("2026-02-27", "black-forest-labs/FLUX.1-kontext-pro", "model_not_available") == (
            caught.value.date,
            caught.value.successor,
            caught.value.code,
        )

    def test_a_living_model_that_is_not_found(self):
        """
        Without a date it is only not there: no access, or a typing error.
        """
        with pytest.raises(NotFoundError) as caught:
            play("error-model")

        assert NotFoundError is type(caught.value)
