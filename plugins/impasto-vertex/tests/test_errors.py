"""Every error that Google documents, or that was seen, has its class, code and message."""

from datetime import UTC, datetime

import pytest

from impasto.errors import (
    APIError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    ImpastoError,
    InternalServerError,
    ModelRetiredError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
    UnprocessableEntityError,
)
from impasto.testing import Script, html, reply

# Imagen is gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

WHO = {"vertex_project": "my-proj", "access_token": "ya29.0123456789abcdef", "max_retries": 0}
GEMINI = {"prompt": "a fox", "model": "vertex_ai/gemini-3-pro-image", **WHO}
IMAGEN = {"prompt": "a fox", "model": "vertex_ai/imagen-4.0-generate-001", **WHO}
RAI = (
    "The prompt could not be submitted. This prompt contains sensitive words that violate "
    "Google's Responsible AI practices. Support codes: 58061214, 17301594"
)


def failing(call, answer, **stage):
    """Return the error that *answer* becomes."""
    with pytest.raises(ImpastoError) as caught:
        Script(answer, repeat=True, **stage).play(call)
    return caught.value


def said(code, status, message="what Google says", **more):
    return {"error": {"code": code, "message": message, "status": status, **more}}


ROWS = [
    # status, Google's word, class, retryable
    (400, "INVALID_ARGUMENT", BadRequestError, False),
    (400, "FAILED_PRECONDITION", BadRequestError, False),
    (401, "UNAUTHENTICATED", AuthenticationError, False),
    (403, "PERMISSION_DENIED", PermissionDeniedError, False),
    (404, "NOT_FOUND", NotFoundError, False),
    (422, "X", UnprocessableEntityError, False),
    (429, "RESOURCE_EXHAUSTED", RateLimitError, True),
    (499, "CANCELLED", APIError, False),
    (500, "INTERNAL", InternalServerError, True),
    (503, "UNAVAILABLE", ServiceUnavailableError, True),
    (504, "DEADLINE_EXCEEDED", Timeout, True),
]


class TestTable:
    @pytest.mark.parametrize("call", [GEMINI, IMAGEN], ids=["gemini", "imagen"])
    @pytest.mark.parametrize("wrapped", [False, True], ids=["an object", "a list of one"])
    @pytest.mark.parametrize(
        ("status", "word", "kind", "retryable"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS]
    )
    def test_a_row(self, call, wrapped, status, word, kind, retryable):
        """
        The status decides the class; Google's word is the code, its sentence the message.
        """
        body = said(status, word)
        error = failing(call, reply([body] if wrapped else body, status=status))

        assert (kind, status, word, retryable) == (
            type(error),
            error.status_code,
            error.code,
            error.retryable,
        )
        assert "what Google says" == error.message
        assert "vertex_ai" == error.provider

    def test_a_page(self):
        """
        What a proxy says goes by its status.
        """
        assert (BadGatewayError, 502) == (type(error := failing(GEMINI, html())), error.status_code)


class TestRefusals:
    @pytest.mark.parametrize("call", [GEMINI, IMAGEN], ids=["gemini", "imagen"])
    def test_a_refused_prompt(self, call):
        """
        Google has no code for it; its whole sentence tells, and the support codes say of what.
        """
        error = failing(call, reply(said(400, "INVALID_ARGUMENT", RAI), status=400))

        assert isinstance(error, ContentPolicyViolationError)
        assert ("input", ("58061214", "17301594"), "INVALID_ARGUMENT") == (
            error.stage,
            error.categories,
            error.code,
        )

    @pytest.mark.parametrize(
        "message",
        [
            "Invalid prompt: 'responsible AI practices of a safety officer'",
            "The prompt is too long: a poster about Google's Responsible AI",
        ],
    )
    def test_a_prompt_that_is_quoted(self, message):
        """
        Words of a prompt do not make a refusal.
        """
        error = failing(GEMINI, reply(said(400, "INVALID_ARGUMENT", message), status=400))

        assert BadRequestError is type(error)

    def test_only_with_400(self):
        """
        A server that fails has not refused.
        """
        error = failing(GEMINI, reply(said(500, "INTERNAL", RAI), status=500))

        assert InternalServerError is type(error)


class TestKeys:
    def test_a_wrong_key(self):
        """
        It comes with 400, and a reason of its own.
        """
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        body = said(400, "INVALID_ARGUMENT", "API key not valid.", details=[info])
        error = failing(GEMINI, reply(body, status=400))

        assert (AuthenticationError, 400, False) == (
            type(error),
            error.status_code,
            error.retryable,
        )

    def test_a_token_of_the_wrong_type(self):
        """
        It is about who asks.
        """
        info = {"reason": "ACCESS_TOKEN_TYPE_UNSUPPORTED", "domain": "googleapis.com"}
        body = said(401, "UNAUTHENTICATED", "invalid credentials", details=[info])

        assert AuthenticationError is type(failing(GEMINI, reply(body, status=401)))


class TestWaiting:
    @pytest.mark.parametrize(
        ("delay", "seconds"),
        [("37s", 37.0), ("0.5s", 0.5), ("", None), ("soon", None), (7, None), (None, None)],
    )
    def test_what_google_asks_for(self, delay, seconds):
        """
        RetryInfo says how long; the SDK does not read it.
        """
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
        body = said(429, "RESOURCE_EXHAUSTED", details=["odd", {"violations": []}, info])

        assert seconds == failing(GEMINI, reply(body, status=429)).retry_after

    def test_the_header_goes_first(self):
        """
        It is from the server that was asked.
        """
        body = said(429, "RESOURCE_EXHAUSTED", details=[{"retryDelay": "37s"}])
        answer = reply(body, status=429, headers={"Retry-After": "9"})

        assert 9.0 == failing(GEMINI, answer).retry_after

    def test_it_is_waited_for(self):
        """
        Core repeats what was not billed, after what Google asks for.
        """
        body = said(429, "RESOURCE_EXHAUSTED", details=[{"retryDelay": "37s"}])
        script = Script(reply(body, status=429), repeat=True)
        with pytest.raises(RateLimitError):
            script.play({name: value for name, value in GEMINI.items() if name != "max_retries"})

        assert [37.0, 37.0] == script.slept


class TestRetired:
    def test_a_real_one(self):
        """
        A 404 for a model that is gone says so, with its successor and Google's words.
        """
        message = (
            "Publisher Model `projects/p/locations/us-central1/publishers/google/models/"
            "imagen-4.0-generate-001` was not found or your project does not have access to it."
        )
        now = datetime(2026, 11, 22, tzinfo=UTC)
        error = failing(IMAGEN, reply(said(404, "NOT_FOUND", message), status=404), now=now)

        assert isinstance(error, ModelRetiredError)
        assert ("2026-08-17", "gemini-nano-banana-2.1", 404) == (
            error.date,
            error.successor,
            error.status_code,
        )
        assert message in error.message


class TestOddities:
    @pytest.mark.parametrize(
        "body",
        [
            {"error": "odd"},
            {"error": {"message": ""}},
            {"error": {"message": "m", "details": {"reason": "x"}}},
            {"error": {"message": "m", "status": None, "code": None}},
            [],
            [7],
        ],
    )
    def test_what_cannot_be_read(self, body):
        """
        The status decides.
        """
        error = failing(GEMINI, reply(body, status=403))

        assert (PermissionDeniedError, 403) == (type(error), error.status_code)
        assert error.message
