"""A provider that takes forms and answers with the picture itself keeps the contract."""

import email
import email.policy
import io

import PIL.Image
import proof_stability
import pytest

from impasto.errors import (
    APIResponseValidationError,
    BadRequestError,
    ContentPolicyViolationError,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    UnprocessableEntityError,
    UnsupportedParamsError,
)
from impasto.testing import PNG, ProviderContract, Script, png, reply
from impasto.types import Request

CALL = {"prompt": "a fox", "model": "stability/core", "api_key": "sk-0123456789abcdef"}
EDIT = {**CALL, "model": "stability/inpaint", "image": PNG}
MASKED = {**EDIT, "mask": PNG}
PICTURE = reply(
    body=PNG,
    headers={
        "Content-Type": "image/png",
        "finish-reason": "SUCCESS",
        "seed": "343940597",
        "x-request-id": "req-1",
    },
)
FILTERED = reply(
    body=PNG, headers={"Content-Type": "image/png", "finish-reason": "CONTENT_FILTERED"}
)


class TestContract(ProviderContract):
    """The contract, with a form and raw bytes."""

    plugin = proof_stability
    call = CALL
    conversation = (PICTURE,)
    edit_call = MASKED
    edit_conversation = (PICTURE,)
    refusal = (FILTERED,)


def script(*replies):
    return Script(*(replies or [PICTURE] * 9), plugin=proof_stability)


def refused(name, *errors, status):
    return reply({"id": "37a9", "name": name, "errors": list(errors)}, status=status)


def parts(request: Request) -> dict[str, email.message.EmailMessage]:
    """Return the parts of a multipart body, by name."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    found = list(form.iter_parts())
    return {part.get_param("name", header="content-disposition"): part for part in found}


def fields(request: Request) -> dict[str, str]:
    return {name: part.get_content().rstrip("\r\n") for name, part in parts(request).items()}


class TestGenerate:
    """Text to image."""

    def test_a_form_without_a_file_is_multipart(self):
        """Stability takes multipart/form-data always, pictures or none."""
        stage = script()
        stage.play({**CALL, "size": "1344x768", "style": "anime", "seed": 7})

        (sent,) = stage.sent
        assert "https://api.stability.ai/v2beta/stable-image/generate/core" == sent.url
        assert sent.headers["Content-Type"].startswith("multipart/form-data; boundary=")
        assert "image/*" == sent.headers["Accept"]
        assert "Bearer sk-0123456789abcdef" == sent.headers["Authorization"]
        assert {
            "prompt": "a fox",
            "seed": "7",
            "style_preset": "anime",
            "aspect_ratio": "16:9",
        } == fields(sent)

    def test_the_answer_is_the_picture(self):
        """The bytes are the body; seed and request id come from headers."""
        response = script().play(CALL)

        (image,) = response.data
        assert PNG == image.read()
        assert ("image/png", 8, 8) == (image.mime, image.width, image.height)
        assert (343940597, "req-1") == (image.seed, response.request_id)

    def test_several_pictures_are_several_requests(self):
        """One picture is what a request makes; each part of a split has a seed of its own."""
        stage = script()
        response = stage.play({**CALL, "n": 3, "seed": 7})

        assert ["7", "8", "9"] == [fields(sent)["seed"] for sent in stage.sent]
        assert 3 == len(response.data)
        assert "split into 3 requests" == response.params["n"].note

    def test_the_user_goes_into_a_header(self):
        """Not every parameter is a field of the body."""
        stage = script()
        response = stage.play({**CALL, "user": "u-17"})

        (sent,) = stage.sent
        assert "u-17" == sent.headers["stability-client-user-id"]
        assert {"prompt": "a fox"} == fields(sent)
        assert {"stability-client-user-id": "u-17"} == response.params["user"].sent

    def test_an_unlisted_model_of_a_known_family_goes_where_its_family_goes(self):
        """A model that is newer than the catalogue works, its parameters unverified."""
        stage = script()
        response = stage.play({**CALL, "model": "stability/sd3.6-large", "cfg_scale": 4.5, "n": 2})

        sent, _ = stage.sent
        assert sent.url.endswith("/generate/sd3")
        assert {"prompt": "a fox", "cfg_scale": "4.5", "model": "sd3.6-large"} == fields(sent)
        assert "unverified" == response.params["cfg_scale"].outcome

    def test_extra_body_joins_the_form(self):
        """What the caller adds is a part like the others, and the list of fates says so."""
        stage = script()
        response = stage.play({**CALL, "extra_body": {"creativity": 0.5}})

        assert {"prompt": "a fox", "creativity": "0.5"} == fields(stage.sent[0])
        assert "unverified" == response.params["extra_body.creativity"].outcome

    def test_a_url_is_not_to_be_had(self):
        """Bytes are all there is: "url" is refused before anything is sent."""
        stage = script()
        with pytest.raises(UnsupportedParamsError) as caught:
            stage.play({**CALL, "response_format": "url"})

        assert ("response_format", []) == (caught.value.param, stage.sent)

    def test_a_url_may_be_given_up(self):
        """With drop_params the bytes come instead, and the list of fates says so."""
        response = script().play({**CALL, "response_format": "url", "drop_params": True})

        assert "dropped" == response.params["response_format"].outcome
        assert PNG == response.data[0].read()


class TestEdit:
    """Pictures to work on, and the mask that other vendors mean."""

    def test_picture_and_mask_are_files(self):
        """The picture goes as it is; the mask is white where OpenAI's is transparent."""
        mask = PIL.Image.new("RGBA", (8, 8), (0, 0, 0, 255))
        mask.paste((0, 0, 0, 0), (0, 0, 4, 8))
        stage = script()
        stage.play({**EDIT, "mask": mask})

        (sent,) = stage.sent
        found = parts(sent)
        white = PIL.Image.open(io.BytesIO(found["mask"].get_content()))
        assert sent.url.endswith("/edit/inpaint")
        assert ["image/png"] * 2 == [found[name].get_content_type() for name in ("image", "mask")]
        assert PNG == found["image"].get_content()
        assert "image.png" == found["image"].get_filename()
        assert (255, 0) == (white.getpixel((0, 0)), white.getpixel((7, 7)))

    def test_a_second_picture_is_refused(self):
        """It would be lost: the model takes one."""
        stage = script()
        with pytest.raises(UnsupportedParamsError) as caught:
            stage.play({**EDIT, "image": [PNG, png(9, 9)]})

        assert ("image", []) == (caught.value.param, stage.sent)

    def test_a_model_without_edits_refuses_the_picture(self):
        """Sending the prompt alone would buy another picture."""
        stage = script()
        with pytest.raises(UnsupportedParamsError) as caught:
            stage.play({**CALL, "image": PNG, "drop_params": True})

        assert ("image", []) == (caught.value.param, stage.sent)


class TestRefusals:
    """What the provider will not do."""

    def test_a_blurred_picture_is_a_refusal(self):
        """The status says 200 and the body is a picture, but a header says that it is none."""
        with pytest.raises(ContentPolicyViolationError) as caught:
            script(FILTERED).play(CALL)

        assert "output" == caught.value.stage

    def test_a_moderated_prompt_is_a_refusal(self):
        """It comes with 403, which is no matter of permissions here."""
        answer = refused("content_moderation", "Your request was flagged.", status=403)
        with pytest.raises(ContentPolicyViolationError) as caught:
            script(answer).play(CALL)

        error = caught.value
        assert ("input", "content_moderation") == (error.stage, error.code)
        assert (403, "Your request was flagged.") == (error.status_code, error.message)

    @pytest.mark.parametrize(
        ("name", "status", "kind"),
        [
            ("bad_request", 400, BadRequestError),
            ("payment_required", 402, PaymentRequiredError),
            ("not_found", 404, NotFoundError),
            ("payload_too_large", 413, BadRequestError),
            ("invalid_language", 422, UnprocessableEntityError),
            ("rate_limit_exceeded", 429, RateLimitError),
        ],
    )
    def test_errors_are_json(self, name, status, kind):
        """The answer's own words and code reach the caller."""
        answer = refused(name, "seed: must be below 4294967295", "prompt: too long", status=status)
        with pytest.raises(kind) as caught:
            script(answer).play({**CALL, "max_retries": 0})

        assert "seed: must be below 4294967295; prompt: too long" == caught.value.message
        assert name == caught.value.code

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(reply({"id": "8a1f"}), id="JSON"),
            pytest.param(
                reply(body=b"no pixels", headers={"Content-Type": "image/png"}), id="mislabelled"
            ),
        ],
    )
    def test_what_is_no_picture_is_an_error(self, answer):
        """A success that holds no picture is none, and may have been paid for."""
        with pytest.raises(APIResponseValidationError) as caught:
            script(answer).play(CALL)

        assert caught.value.maybe_accepted
