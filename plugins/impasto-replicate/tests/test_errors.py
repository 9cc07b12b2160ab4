"""What goes wrong, at the interface and in a prediction, becomes what people catch."""

import json
from pathlib import Path

import pytest

import impasto_replicate
from impasto.errors import (
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    InternalServerError,
    NotFoundError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    UnprocessableEntityError,
)
from impasto.testing import Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
CALL = {
    "prompt": "a fox",
    "model": f"replicate/stability-ai/sdxl:{VERSION}",
    "api_key": "r8_0123456789",
    "max_retries": 0,
}
NO_VERSION = (
    "The specified version does not exist (or perhaps you don't have permission to use it?)"
)
FLUX_WORDS = (
    "All generated images contained NSFW content. Try running it again with a different prompt."
)
SENSITIVE = (
    "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
)


def error_of(*answers):
    with pytest.raises(APIError) as caught:
        Script(*answers, plugin=impasto_replicate).play(CALL)
    return caught.value


def ended(**fields):
    said = json.loads(sample(SAMPLES / "failed-memory.json").body)
    return reply({**said, **fields}, status=201)


class TestProblems:
    """Problem documents: title, detail, status, invalid_fields."""

    @pytest.mark.parametrize(
        ("name", "kind", "message", "code", "retryable"),
        [
            ("400", BadRequestError, "Malformed", "Bad request", False),
            (
                "401",
                AuthenticationError,
                "You did not pass a valid authentication token",
                "Unauthenticated",
                False,
            ),
            (
                "none",
                AuthenticationError,
                "You did not pass an authentication token",
                "Unauthenticated",
                False,
            ),
            (
                "402",
                PaymentRequiredError,
                "You have insufficient credit to run this model.",
                "Insufficient credit",
                False,
            ),
            ("403", PermissionDeniedError, "no", "Forbidden", False),
            (
                "404",
                NotFoundError,
                "The requested resource could not be found.",
                "Not Found",
                False,
            ),
            (
                "422-version",
                UnprocessableEntityError,
                NO_VERSION,
                "Invalid version or not permitted",
                False,
            ),
            (
                "422-input",
                UnprocessableEntityError,
                "- input: prompt is required\n",
                "required",
                False,
            ),
            (
                "429",
                RateLimitError,
                "Request was throttled. Expected available in 1 second.",
                None,
                True,
            ),
            ("500", InternalServerError, "An error occurred", None, True),
            ("503", ServiceUnavailableError, "x", None, True),
            ("html", BadGatewayError, "<html/>", None, True),
        ],
    )
    def test_each(self, name, kind, message, code, retryable):
        """
        Class, Replicate's words, the problem's type or title as the code, whether to try again.
        """
        error = error_of(sample(SAMPLES / f"error-{name}.json"))

        assert (kind, message, code, retryable) == (
            type(error),
            error.message,
            error.code,
            error.retryable,
        )

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ([{"type": "required", "field": "input", "description": "prompt is required"}], None),
            ([{"type": "number_lte", "field": "input.num_outputs"}], "num_outputs"),
            ([{"field": "version"}], "version"),
            ([], None),
        ],
    )
    def test_invalid_fields(self, fields, param):
        """
        The first of them is the parameter.
        """
        problem = {"title": "Input validation failed", "detail": "-", "invalid_fields": fields}

        assert param == error_of(reply(problem, status=422)).param

    def test_a_type_of_its_own(self):
        """
        RFC 7807's "about:blank" says nothing; anything else is the code.
        """
        problem = {"type": "https://replicate.com/problems/x", "title": "t", "detail": "d"}

        assert "https://replicate.com/problems/x" == error_of(reply(problem, status=400)).code

    @pytest.mark.parametrize("odd", [[{"detail": "odd"}], "odd", {"detail": {"a": "odd"}}, None])
    def test_a_body_in_another_form(self, odd):
        """
        The SDK breaks on a list; here the status decides.
        """
        error = error_of(reply(odd, status=400))

        assert BadRequestError is type(error)
        assert error.message

    @pytest.mark.parametrize(
        ("body", "headers", "seconds"),
        [
            ({"detail": "x"}, {"Retry-After": "3"}, 3),
            ({"detail": "x", "retry_after": 4}, {"Retry-After": "3"}, 3),
            ({"detail": "x", "retry_after": 4}, {}, 4),
            ({"detail": "Request was throttled. Expected available in 1 second."}, {}, 1),
            ({"detail": "Expected available in 12.5 seconds."}, {}, 12.5),
            ({"detail": "a limit; it resets in ~30s."}, {}, 30),
            ({"detail": "come back in spring"}, {}, None),
        ],
    )
    def test_when_to_come_again(self, body, headers, seconds):
        """
        The header goes before the body, a number before words.
        """
        error = error_of(reply(body, status=429, headers=headers))

        assert seconds == error.retry_after


class TestPredictions:
    """HTTP says 200 or 201; the prediction says what went wrong."""

    @pytest.mark.parametrize(
        ("name", "message", "code", "stage", "categories"),
        [
            (
                "failed-nsfw",
                "NSFW content detected. Try running it again, or try a different prompt.",
                "failed",
                "output",
                ("nsfw",),
            ),
            ("failed-nsfw-flux", FLUX_WORDS, "failed", "output", ("nsfw",)),
            ("failed-sensitive", SENSITIVE, "E005", None, ("sensitive",)),
        ],
    )
    def test_a_refusal(self, name, message, code, stage, categories):
        """
        There is no code but in the words; the checkers of FLUX and SDXL look at the output.
        """
        error = error_of(sample(SAMPLES / f"{name}.json"))

        assert ContentPolicyViolationError is type(error)
        assert (message, code, stage, categories) == (
            error.message,
            error.code,
            error.stage,
            error.categories,
        )
        assert not error.retryable

    @pytest.mark.parametrize(
        ("name", "message", "code", "retryable"),
        [
            ("failed-memory", "CUDA out of memory", "failed", False),
            ("canceled", "the prediction is canceled", "canceled", False),
            ("aborted", "the prediction is aborted", "aborted", True),
        ],
    )
    def test_another_end(self, name, message, code, retryable):
        """
        Nothing is polled for ever; "aborted" had not begun, so another try may well do.
        """
        error = error_of(sample(SAMPLES / "starting.json"), sample(SAMPLES / f"{name}.json"))

        assert (APIError, message, code, retryable) == (
            type(error),
            error.message,
            error.code,
            error.retryable,
        )

    @pytest.mark.parametrize(("seconds", "may"), [(1.5, True), (0, False), (None, False)])
    def test_what_it_may_have_cost(self, seconds, may):
        """
        Seconds that a model ran are billed, whatever came of it.
        """
        error = error_of(ended(metrics={"predict_time": seconds}))

        assert may == error.maybe_accepted

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param({"title": "Odd", "detail": "odd", "status": 1}, id="a problem document"),
            pytest.param({"id": "p1"}, id="no status"),
            pytest.param({"id": None, "status": "starting"}, id="no id to poll"),
        ],
    )
    def test_a_success_that_is_no_prediction(self, body):
        """
        The order may have been taken, and the error says so.
        """
        error = error_of(reply(body, status=201))

        assert APIResponseValidationError is type(error)
        assert error.maybe_accepted

    @pytest.mark.parametrize(
        ("fields", "code", "message"),
        [
            ({"status": "hibernating", "error": None}, "hibernating", "the prediction is"),
            ({"error": {"code": 7, "why": "odd"}}, "failed", '{"code": 7, "why": "odd"}'),
            ({"error": "Prediction interrupted; please retry (E6716)"}, "E6716", "interrupted"),
            ({"error": None, "metrics": None}, "failed", "the prediction is failed"),
        ],
    )
    def test_what_nobody_knows(self, fields, code, message):
        """
        It is an error with whatever it says, never a poll without end.
        """
        error = error_of(ended(**fields))

        assert APIError is type(error)
        assert code == error.code
        assert message in error.message
