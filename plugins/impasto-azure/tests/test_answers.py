"""What Azure answers, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.errors import (
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
)
from impasto.testing import FakeServer, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
CALL = {
    "prompt": "a fox",
    "model": "azure/ours",
    "api_base": "https://my-res.openai.azure.com",
    "api_key": "az-0123456789abcdef",
}


def play(*names: str, **more: Any) -> impasto.ImageResponse:
    return Script(*[sample(SAMPLES / f"{name}.json") for name in names]).play({**CALL, **more})


def failing(name: str, **more: Any) -> Any:
    with pytest.raises(ImpastoError) as caught:
        play(name, **{"max_retries": 0, **more})
    return caught.value


class TestPictures:
    def test_gpt_image(self):
        """
        Bytes, tokens, echoes, and the id that support asks for.
        """
        response = play("gpt-image")

        assert ("image/png", 2, 2) == (
            response.data[0].mime,
            response.data[0].width,
            response.data[0].height,
        )
        assert (1764000000, "1024x1024", "high", "opaque", "png", "a-1") == (
            response.created,
            response.size,
            response.quality,
            response.background,
            response.output_format,
            response.request_id,
        )
        assert (50, 4160, 4210) == (
            response.usage.input_tokens,
            response.usage.output_tokens,
            response.usage.total_tokens,
        )
        assert ("azure", "ours") == (response.provider, response.model)

    def test_the_pages_example(self):
        """
        A picture and nothing else.
        """
        response = play("gpt-image-plain")

        assert (1698116662, 1, None) == (response.created, len(response.data), response.usage)
        assert "image/png" == response.data[0].mime

    def test_dall_e(self):
        """
        A URL, the prompt as it was rewritten, and what the filters found.
        """
        (image,) = play("dall-e-3", model="azure/dalle3").data

        assert "https://dalleprodsec.blob.core.windows.net/x/img.png?sig=abc" == image.url
        assert "A fox" == image.revised_prompt
        assert {"content_filter_results", "prompt_filter_results"} == set(
            image.provider_specific_fields
        )

    @pytest.mark.parametrize("name", ["stream", "stream-edit"])
    def test_a_stream(self, name):
        """
        The events are OpenAI's; the completed picture is the answer.
        """
        response = play(name, extra_body={"stream": True})

        assert (1764000009, 100) == (response.created, response.usage.total_tokens)
        assert "image/png" == response.data[0].mime

    def test_a_refusal_in_a_stream(self):
        """
        It is one there as well.
        """
        error = failing("stream-error", extra_body={"stream": True})

        assert (ContentPolicyViolationError, ("violence",)) == (type(error), error.categories)


# Each recorded refusal: code, stage, categories and how the message begins.
REFUSALS = {
    "prompt-filtered": ("contentFilter", "input", (), "Your task failed"),
    "picture-filtered": ("contentFilter", "output", (), "Generated image was filtered"),
    "filters": ("content_policy_violation", None, ("violence",), "Your request was rejected"),
    "filters-of-chat": ("content_filter", None, ("hate", "sexual"), "The response was filtered"),
    "moderation": ("moderation_blocked", None, ("violence",), "Your request was rejected by"),
}
# Each other recorded error: class, status, code, retryable, and a part of the message.
ERRORS = {
    "blocked": (PermissionDeniedError, 403, "Forbidden", False, "temporarily blocked"),
    "token": (AuthenticationError, 401, None, False, "audience is incorrect"),
    "subscription": (AuthenticationError, 401, None, False, "missing subscription key"),
    "key": (AuthenticationError, 401, "401", False, "invalid subscription key"),
    "deployment": (NotFoundError, 404, "DeploymentNotFound", False, "does not exist"),
    "resource": (NotFoundError, 404, "404", False, "Resource not found"),
    "rate-limit": (RateLimitError, 429, "429", True, "retry after 6 seconds"),
    "invalid-value": (BadRequestError, 400, "invalid_value", False, "77x77"),
    "server": (InternalServerError, 500, "InternalServerError", True, "had an error"),
    "unavailable": (ServiceUnavailableError, 503, "503", True, "temporarily unable"),
    "gateway": (BadGatewayError, 502, None, True, "Bad Gateway"),
    "empty": (InternalServerError, 500, None, True, "HTTP 500"),
}


class TestErrors:
    def test_every_sample_is_read(self):
        """
        A new recording of an error needs a row.
        """
        assert {path.stem for path in SAMPLES.glob("error-*.json")} == {
            f"error-{name}" for name in (*REFUSALS, *ERRORS)
        }

    @pytest.mark.parametrize("name", REFUSALS)
    def test_refusals(self, name):
        """
        Class, code, stage and categories, in each of the service's forms.
        """
        code, stage, categories, begins = REFUSALS[name]
        error = failing(f"error-{name}")

        assert (ContentPolicyViolationError, 400) == (type(error), error.status_code)
        assert (code, stage, categories) == (error.code, error.stage, error.categories)
        assert error.message.startswith(begins)
        assert not error.retryable

    @pytest.mark.parametrize("name", ERRORS)
    def test_others(self, name):
        """
        Class, status, code, and whether asking again makes sense.
        """
        kind, status, code, retryable, part = ERRORS[name]
        error = failing(f"error-{name}")

        assert (kind, status, code, retryable) == (
            type(error),
            error.status_code,
            error.code,
            error.retryable,
        )
        assert part in error.message
        assert ("azure", "ours") == (error.provider, error.model)

    def test_a_blocked_resource_is_no_refusal_of_the_prompt(self):
        """
        Every prompt fails for days, whatever the words about content policy; it is not repeated.
        """
        script = Script(sample(SAMPLES / "error-blocked.json"), repeat=True)
        with pytest.raises(PermissionDeniedError) as caught:
            script.play({**CALL, "max_retries": 3})

        assert not isinstance(caught.value, ContentPolicyViolationError)
        assert 1 == len(script.sent)

    def test_a_refusal_is_not_repeated(self):
        """
        Asking again would be refused again.
        """
        script = Script(sample(SAMPLES / "error-filters.json"), repeat=True)
        with pytest.raises(ContentPolicyViolationError):
            script.play({**CALL, "max_retries": 3})

        assert 1 == len(script.sent)

    def test_a_rate_limit_is_waited_for(self):
        """
        As long as the service asks.
        """
        script = Script(
            sample(SAMPLES / "error-rate-limit.json"), sample(SAMPLES / "gpt-image.json")
        )
        script.play(CALL)

        assert [6.0] == script.slept

    def test_the_request_id(self):
        """
        Azure's own header has it.
        """
        assert "g-1" == failing("error-filters").request_id

    def test_words_in_a_filter_message_are_no_stage(self):
        """
        Only the whole sentence of the service says that the picture was filtered.
        """
        said = {"code": "contentFilter", "message": "Generated image was filtered, it said"}
        script = Script(reply({"error": said}, status=400))
        with pytest.raises(ContentPolicyViolationError) as caught:
            script.play(CALL)

        assert "input" == caught.value.stage


class TestRetiredModels:
    @pytest.mark.parametrize(
        ("base", "date"), [("dall-e-3", "2026-03-04"), ("gpt-image-1", "2026-10-23")]
    )
    def test_is_asked_and_explained(self, base, date):
        """
        base_model warns with the date; the service's own refusal becomes a `ModelRetiredError`.
        """
        with FakeServer() as server:
            server.will(sample(SAMPLES / "error-deployment.json"))
            with (
                pytest.warns(impasto.ModelRetiredWarning, match=f"{date}; use gpt-image-2"),
                pytest.raises(ModelRetiredError) as caught,
            ):
                impasto.image_generation(**{**CALL, "api_base": server.url}, base_model=base)

        assert (date, "gpt-image-2", "DeploymentNotFound") == (
            caught.value.date,
            caught.value.successor,
            caught.value.code,
        )

    def test_a_deployments_name_warns_of_nothing(self, recwarn):
        """
        It may be any model's.
        """
        script = Script(sample(SAMPLES / "gpt-image.json"))
        script.play({**CALL, "model": "azure/gpt-image-1"})

        assert [] == list(recwarn)
