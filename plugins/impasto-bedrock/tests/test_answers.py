"""What Bedrock and the models behind it answer, and what becomes of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from impasto.errors import (
    APIError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    InternalServerError,
    ModelRetiredError,
    ModelRetiredWarning,
    NotFoundError,
    PartialResultWarning,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServiceUnavailableError,
    Timeout,
)
from impasto.testing import PNG, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
CALL = {"prompt": "a red fox", "model": "bedrock/stability.stable-image-core-v1:1", "api_key": "k"}
NOVA = {**CALL, "model": "bedrock/amazon.nova-canvas-v1:0"}
SDXL = {**CALL, "model": "bedrock/stability.stable-diffusion-xl-v1"}


def play(name, call=CALL, **more):
    return Script(sample(SAMPLES / f"{name}.json")).play({**call, "max_retries": 0, **more})


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "seed"),
        [("stable-image", 42), ("seeds-as-text", 42), ("sdxl", 42), ("titan", None)],
    )
    def test_have_their_seeds(self, name, seed):
        """
        Whatever the family, a number.
        """
        (image,) = play(name).data

        assert (seed, "image/png", 2, 2) == (image.seed, image.mime, image.width, image.height)

    def test_the_answer_has_the_id_that_support_asks_for(self):
        """
        It comes in a header.
        """
        assert "11111111-2222-3333-4444-555555555555" == play("stable-image").request_id

    def test_a_mask_that_was_asked_for(self):
        """
        It is what else AWS says of the answer.
        """
        response = play("titan-mask")

        assert 1 == len(response.data)
        assert response.data[0].b64_json == response.provider_specific_fields["maskImage"]

    def test_bytes(self):
        """
        Where "accept" asks for a picture, the body is one.
        """
        script = Script(reply(body=PNG, headers={"Content-Type": "image/png"}))
        response = script.play({**NOVA, "accept": "image/png"})

        assert PNG == response.data[0].read()

    def test_some_may_be_refused(self):
        """
        Those that came are kept; what happened to the others is said.
        """
        with pytest.warns(PartialResultWarning, match="have been blocked"):
            response = play("titan-some", NOVA, n=2)

        assert (1, ("Some generated image(s) have been blocked.",)) == (
            len(response.data),
            response.notes,
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "stage", "categories", "code"),
        [
            ("refusal-stability", "input", (), "Filter reason: prompt"),
            ("refusal-prompt", "input", (), "Filter reason: prompt"),
            ("refusal-input", "input", (), "Filter reason: input image"),
            ("refusal-output", "output", (), "Filter reason: output image"),
            ("refusal-titan", "output", (), None),
            ("sdxl-filtered", "output", (), "CONTENT_FILTERED"),
            ("moderated", None, ("Derivative Works Filter",), "Request Moderated"),
            ("error-blocked", "input", (), "ValidationException"),
        ],
    )
    def test_tells_the_stage(self, name, stage, categories, code):
        """
        With HTTP 200 in all forms but one; nothing was made, so nothing is in doubt.
        """
        with pytest.raises(ContentPolicyViolationError) as caught:
            play(name)
        error = caught.value

        assert (stage, categories, code) == (error.stage, error.categories, error.code)
        assert (False, False) == (error.retryable, error.maybe_accepted)

    def test_a_prompt_that_speaks_of_filters_is_none(self):
        """
        AWS's own sentence stands at the beginning; elsewhere it is somebody's prompt.
        """
        quoted = {"message": "'This request has been blocked by our content filters.' is too long"}
        headers = {"x-amzn-ErrorType": "ValidationException"}
        with pytest.raises(BadRequestError) as caught:
            Script(reply(quoted, status=400, headers=headers)).play(CALL)

        assert BadRequestError is type(caught.value)


class TestFailuresInASuccess:
    @pytest.mark.parametrize(
        ("name", "kind", "code", "retryable"),
        [
            ("inference-error", InternalServerError, "Inference error", True),
            ("sdxl-error", InternalServerError, "ERROR", True),
            ("unknown-reason", APIError, "Something new", False),
        ],
    )
    def test_may_have_been_billed(self, name, kind, code, retryable):
        """
        They came with 200, and AWS does not say what it bills.
        """
        with pytest.raises(kind) as caught:
            play(name)
        error = caught.value

        assert (kind, code, retryable) == (type(error), error.code, error.retryable)
        assert error.maybe_accepted

    def test_are_repeated_for_who_asks(self):
        """
        With max_retries the caller takes the risk of paying twice.
        """
        script = Script(
            sample(SAMPLES / "inference-error.json"), sample(SAMPLES / "stable-image.json")
        )
        response = script.play({**CALL, "max_retries": 1})

        assert (2, 1) == (len(script.sent), len(response.data))


# class, status, code, beginning of the message, retryable, maybe_accepted
ERRORS = {
    "validation": (BadRequestError, 400, "ValidationException", "Malformed", False, False),
    "quota": (QuotaExceededError, 400, "ServiceQuotaExceededException", "quota", False, False),
    "type-in-body": (BadRequestError, 400, "SerializationException", "Expected", False, False),
    "lower-case": (BadRequestError, 400, "ValidationException", "m", False, False),
    "no-type": (BadRequestError, 400, None, "m", False, False),
    "access": (PermissionDeniedError, 403, "AccessDeniedException", "You don't", False, False),
    "signature": (AuthenticationError, 403, "InvalidSignatureException", "The req", False, False),
    "expired": (AuthenticationError, 403, "ExpiredTokenException", "The sec", False, False),
    "token": (AuthenticationError, 403, None, "Authentication failed", False, False),
    "not-found": (NotFoundError, 404, "ResourceNotFoundException", "Could not", False, False),
    "timeout": (Timeout, 408, "ModelTimeoutException", "Model has", True, True),
    "unknown": (APIError, 418, "BrandNewException", "m", False, False),
    "model": (APIError, 424, "ModelErrorException", "The model", True, False),
    "throttled": (RateLimitError, 429, "ThrottlingException", "Too many", True, False),
    "not-ready": (RateLimitError, 429, "ModelNotReadyException", "Model is", True, False),
    "internal": (InternalServerError, 500, "InternalServerException", "internal", True, True),
    "gateway": (BadGatewayError, 502, None, "<html>bad", True, True),
    "unavailable": (
        ServiceUnavailableError,
        503,
        "ServiceUnavailableException",
        "unavailable",
        True,
        False,
    ),
}
ELSEWHERE = {"blocked", "end-of-life"}  # a refusal, and a model that is gone


class TestErrors:
    def test_every_sample_has_a_row(self):
        """
        A new recording of an error needs one.
        """
        assert {path.stem.removeprefix("error-") for path in SAMPLES.glob("error-*.json")} == {
            *ERRORS,
            *ELSEWHERE,
        }

    @pytest.mark.parametrize("name", ERRORS)
    def test_are_told_by_their_names(self, name):
        """
        A header or the body has the name; the body says "message" or "Message".
        """
        kind, status, code, message, retryable, maybe = ERRORS[name]
        with pytest.raises(kind) as caught:
            play(f"error-{name}")
        error = caught.value

        assert (kind, status, code) == (type(error), error.status_code, error.code)
        assert error.message.startswith(message)
        assert (retryable, maybe) == (error.retryable, error.maybe_accepted)

    @pytest.mark.parametrize(
        ("milliseconds", "slept"), [("2500", [2.5]), ("60", [0.1]), ("30000", [30.0])]
    )
    def test_aws_own_header_says_when_to_come_again(self, milliseconds, slept):
        """
        In milliseconds; never sooner than a tenth of a second.
        """
        headers = {"x-amzn-ErrorType": "ThrottlingException", "x-amz-retry-after": milliseconds}
        busy = reply({"message": "Slow"}, status=429, headers=headers)
        script = Script(busy, sample(SAMPLES / "stable-image.json"))
        script.play(CALL)

        assert slept == script.slept

    def test_a_header_that_makes_no_sense(self):
        """
        Then the status decides.
        """
        headers = {"x-amz-retry-after": "soon"}
        with pytest.raises(RateLimitError, match="Slow"):
            Script(reply({"message": "Slow"}, status=429, headers=headers)).play(
                {**CALL, "max_retries": 0}
            )

    def test_a_name_before_a_body_that_is_cut(self):
        """
        The header is enough.
        """
        headers = {
            "x-amzn-ErrorType": "ServiceQuotaExceededException",
            "Content-Type": "application/json",
        }
        with pytest.raises(QuotaExceededError) as caught:
            Script(reply(body=b'{"mess', status=400, headers=headers)).play(CALL)

        assert "ServiceQuotaExceededException" == caught.value.code


class TestRetiredModels:
    def test_goes_soon(self):
        """
        It is asked, with a warning three months ahead.
        """
        answer = sample(SAMPLES / "titan.json")
        script = Script(answer, now=datetime(2026, 8, 1, tzinfo=UTC))
        with pytest.warns(ModelRetiredWarning, match="will be retired on 2026-09-30"):
            response = script.play(NOVA)

        assert 1 == len(response.data)

    def test_is_gone(self):
        """
        It is asked all the same; AWS's answer comes with the day and what comes instead.
        """
        with (
            pytest.warns(ModelRetiredWarning, match="was retired on 2025-05-20"),
            pytest.raises(ModelRetiredError, match="end of its life") as caught,
        ):
            play("error-end-of-life", SDXL)

        assert ("2025-05-20", "stability.stable-image-core-v1:1", 404) == (
            caught.value.date,
            caught.value.successor,
            caught.value.status_code,
        )

    @pytest.mark.parametrize(
        ("model", "successor"),
        [
            ("amazon.titan-image-generator-v1", "stability.stable-image-core-v1:1"),
            ("stability.sd3-large-v1:0", "stability.sd3-5-large-v1:0"),
            ("stability.never-heard-of-v1:0", None),
        ],
    )
    def test_without_a_day(self, model, successor):
        """
        AWS's own words tell it where no day is known.
        """
        with pytest.raises(ModelRetiredError) as caught:
            play("error-end-of-life", {**CALL, "model": f"bedrock/{model}"})

        assert (None, successor, "ResourceNotFoundException") == (
            caught.value.date,
            caught.value.successor,
            caught.value.code,
        )

    def test_a_model_that_is_not_there(self):
        """
        That is a typing error, or another region; nobody retired it.
        """
        with pytest.raises(NotFoundError) as caught:
            play("error-not-found")

        assert NotFoundError is type(caught.value)
