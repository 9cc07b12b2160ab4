"""What OpenAI and its imitators answer, and what becomes of it."""

import base64
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.errors import (
    APIResponseValidationError,
    ContentPolicyViolationError,
    InternalServerError,
    ModelRetiredError,
    NotFoundError,
    PartialResultWarning,
    QuotaExceededError,
    RateLimitError,
)
from impasto.testing import FakeServer, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
CALL = {"prompt": "a fox", "model": "openai/gpt-image-2", "api_key": "sk-0123456789abcdef"}


def play(*names: str, **more: Any) -> impasto.ImageResponse:
    return Script(*[sample(SAMPLES / f"{name}.json") for name in names]).play({**CALL, **more})


class TestPictures:
    def test_gpt_image(self):
        """
        Bytes, tokens and what the server echoes.
        """
        response = play("gpt-image")

        assert ("image/png", 2, 2) == (
            response.data[0].mime,
            response.data[0].width,
            response.data[0].height,
        )
        assert (1764000000, "1024x1024", "high", "opaque", "png") == (
            response.created,
            response.size,
            response.quality,
            response.background,
            response.output_format,
        )
        assert (50, 4160, 4210) == (
            response.usage.input_tokens,
            response.usage.output_tokens,
            response.usage.total_tokens,
        )
        assert {"image_tokens": 4160, "text_tokens": 0} == response.usage.output_tokens_details
        assert "req_abc" == response.request_id

    def test_dall_e_3(self):
        """
        A URL, and the prompt as the server rewrote it; no tokens.
        """
        response = play("dall-e-3")

        assert ("https://files.example/img-1.png", "A red fox, detailed", None) == (
            response.data[0].url,
            response.data[0].revised_prompt,
            response.usage,
        )

    def test_base64_of_a_server_that_sends_urls(self):
        """
        Where base64 is asked for and a URL comes, core fetches it.
        """
        script = Script(sample(SAMPLES / "dall-e-3.json"))
        response = script.play({**CALL, "model": "openai/stranger", "response_format": "b64_json"})

        assert ["https://files.example/img-1.png"] == script.fetched
        assert response.data[0].b64_json is not None

    def test_svg(self):
        """
        The drawing is text; its author's tokens stand beside it.
        """
        response = play("gpt-image-svg", model="openai/gpt-image-2.6-flare", output_format="svg")
        (image,) = response.data

        assert ("image/svg+xml", "gpt-6") == (
            image.mime,
            response.provider_specific_fields["svg_usage"]["model"],
        )
        assert image.read().startswith(b"<svg")

    def test_unknown_fields(self):
        """
        What nobody knows yet neither disturbs nor is lost.
        """
        response = play("unknown-fields")

        assert ("ultra", {"surprise": {"x": 1}}, {"new_field": 1}) == (
            response.quality,
            response.provider_specific_fields,
            response.data[0].provider_specific_fields,
        )

    def test_base64_behind_a_data_url(self):
        """
        Some servers write "data:image/png;base64," in front.
        """
        response = play("data-url")

        assert response.data[0].b64_json.startswith("iVBOR")
        assert base64.b64decode(response.data[0].b64_json) == response.data[0].read()
        assert "image/png" == response.data[0].mime

    def test_an_error_in_the_place_of_a_picture(self):
        """
        The other picture is there, and a note and a warning say what is missing.
        """
        with pytest.warns(PartialResultWarning):
            response = play("one-failed", n=2)

        assert 1 == len(response.data)
        assert ("one picture failed: The picture was withheld.",) == response.notes


class TestNothing:
    @pytest.mark.parametrize("name", ["data-null", "data-missing"])
    def test_is_an_error(self, name):
        """
        A success without pictures is none; the order may have been taken.
        """
        with pytest.raises(APIResponseValidationError) as caught:
            play(name)

        assert caught.value.maybe_accepted
        assert "req_abc" == caught.value.request_id

    def test_an_empty_object(self):
        """
        The same for nothing at all.
        """
        with pytest.raises(APIResponseValidationError):
            Script(reply({})).play(CALL)


class TestErrorsInASuccess:
    def test_an_error_object(self):
        """
        Its code says what it is, whatever the status.
        """
        with pytest.raises(RateLimitError) as caught:
            play("error-in-200", max_retries=0)

        assert ("rate_limit_exceeded", 429) == (caught.value.code, caught.value.status_code)

    def test_a_refusal(self):
        """
        A refusal is one with HTTP 200 as well.
        """
        with pytest.raises(ContentPolicyViolationError) as caught:
            play("refusal-in-200")

        assert ("violence",) == caught.value.categories


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "code", "stage", "categories"),
        [
            ("error-moderation", "moderation_blocked", None, ("violence",)),
            ("error-moderation-details", "moderation_blocked", "output", ("violence", "self-harm")),
            ("error-content-policy", "content_policy_violation", None, ()),
            ("error-content-filter", "content_policy_violation", None, ("violence",)),
        ],
    )
    def test_tells_stage_and_categories(self, name, code, stage, categories):
        """
        From the details where they are typed, else from the end of the message.
        """
        with pytest.raises(ContentPolicyViolationError) as caught:
            play(name)

        assert (code, stage, categories, 400) == (
            caught.value.code,
            caught.value.stage,
            caught.value.categories,
            caught.value.status_code,
        )

    def test_is_not_repeated(self):
        """
        Asking again would be refused again.
        """
        script = Script(sample(SAMPLES / "error-moderation.json"), repeat=True)
        with pytest.raises(ContentPolicyViolationError):
            script.play({**CALL, "max_retries": 3})

        assert 1 == len(script.sent)


class TestMoney:
    @pytest.mark.parametrize(("name", "status"), [("error-quota", 429), ("error-billing", 400)])
    def test_an_exhausted_account_is_not_asked_again(self, name, status):
        """
        The SDK sends three times; here the first answer is enough.
        """
        script = Script(sample(SAMPLES / f"{name}.json"), repeat=True)
        with pytest.raises(QuotaExceededError) as caught:
            script.play({**CALL, "max_retries": 3})

        assert (1, status, False) == (
            len(script.sent),
            caught.value.status_code,
            caught.value.retryable,
        )

    def test_a_rate_limit_is_waited_for(self):
        """
        "retry-after-ms" goes before "retry-after", as in the SDK.
        """
        script = Script(
            sample(SAMPLES / "error-rate-limit.json"), sample(SAMPLES / "gpt-image.json")
        )
        script.play(CALL)

        assert [1.5] == script.slept


class TestRetiredModels:
    @pytest.mark.parametrize(
        ("model", "date"),
        [("dall-e-3", "2026-05-12"), ("dall-e-2", "2026-05-12"), ("gpt-image-1", "2026-10-23")],
    )
    def test_is_asked_and_explained(self, model, date):
        """
        A warning with the date goes before; OpenAI's refusal becomes a `ModelRetiredError`.
        """
        call = {**CALL, "model": f"openai/{model}"}
        with FakeServer() as server:
            server.will(sample(SAMPLES / "error-retired.json"))
            with (
                pytest.warns(impasto.ModelRetiredWarning, match=date),
                pytest.raises(ModelRetiredError) as caught,
            ):
                impasto.image_generation(**call, api_base=server.url)

        assert (date, 404, "model_not_found") == (
            caught.value.date,
            caught.value.status_code,
            caught.value.code,
        )
        assert "gpt-image-2" in caught.value.successor

    def test_a_living_model_that_is_not_found(self):
        """
        Without a date it is only not there: no access, or a typing error.
        """
        with pytest.raises(NotFoundError) as caught:
            play("error-retired")

        assert NotFoundError is type(caught.value)


class TestStreams:
    """
    A stream comes where the caller's own words ask for one; the last picture is the answer.
    """

    @pytest.mark.parametrize(
        "name", ["stream", "stream-edit", "stream-without-names", "stream-heartbeat"]
    )
    def test_the_completed_picture_is_the_answer(self, name):
        """
        Partial pictures, comments and events that nobody knows are passed over.
        """
        response = play(name, extra_body={"stream": True})

        assert (1764000009, "1024x1024", "high", 100) == (
            response.created,
            response.size,
            response.quality,
            response.usage.total_tokens,
        )
        assert "image/png" == response.data[0].mime

    def test_cut_before_the_picture(self):
        """
        The SDK just ends; here it is an error that says that the order may have been taken.
        """
        with pytest.raises(APIResponseValidationError) as caught:
            play("stream-cut", extra_body={"stream": True})

        assert caught.value.maybe_accepted

    def test_an_error_among_the_events(self):
        """
        It is raised as what it is.
        """
        with pytest.raises(InternalServerError) as caught:
            play("stream-error", extra_body={"stream": True})

        assert ("server_error", "The server had an error") == (
            caught.value.code,
            caught.value.message,
        )
