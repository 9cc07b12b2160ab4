"""What the caller's words become, and which of them do not go together."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

import impasto
import impasto_openai
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import Script, png, sample
from impasto.types import Call

# DALL-E and the first GPT Images are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

SAMPLES = Path(__file__).parent / "samples"
ONE, TWO = sample(SAMPLES / "gpt-image.json"), sample(SAMPLES / "gpt-image-two.json")
KEY = "sk-0123456789abcdef"
FOX, MASK = png(8, 8), png(8, 8, (0, 0, 0, 0))


def play(script: Script, model: str, **parameters: Any) -> impasto.ImageResponse:
    return script.play(
        {"prompt": "a fox", "model": f"openai/{model}", "api_key": KEY, **parameters}
    )


def body_for(model: str, **parameters: Any) -> dict[str, Any]:
    """Return the JSON that goes out, without model and prompt."""
    script = Script(ONE)
    play(script, model, **parameters)
    body: dict[str, Any] = json.loads(script.sent[0].body or b"")
    del body["model"], body["prompt"]
    return body


def fields_of(body: bytes) -> set[str]:
    return {name.decode() for name in re.findall(rb'[ ;]name="([^"]*)"', body)}


CASES = {
    "transparent with jpeg": (
        "gpt-image-2",
        {"background": "transparent", "output_format": "jpeg"},
        "background",
    ),
    "transparent with gif": (
        "gpt-image-2.6-flare",
        {"background": "transparent", "output_format": "gif"},
        "background",
    ),
    "compression with png": ("gpt-image-2", {"output_compression": 50}, "output_compression"),
    "compression with png, said": (
        "gpt-image-2",
        {"output_compression": 50, "output_format": "png"},
        "output_compression",
    ),
    "compression with gif": (
        "gpt-image-2.6-flare",
        {"output_compression": 50, "output_format": "gif"},
        "output_compression",
    ),
    "compression with svg": (
        "gpt-image-2.6-flare",
        {"output_compression": 50, "output_format": "svg"},
        "output_compression",
    ),
    "two SVGs": ("gpt-image-2.6-flare", {"output_format": "svg", "n": 2}, "n"),
    "gif with a mask": (
        "gpt-image-2.6-flare",
        {"image": FOX, "mask": MASK, "output_format": "gif"},
        "output_format",
    ),
    "frames of a png": ("gpt-image-2.6-flare", {"frame_count": 4}, "frame_count"),
    "duration of a webp": (
        "gpt-image-2.6-flare",
        {"frame_duration_ms": 100, "output_format": "webp"},
        "frame_duration_ms",
    ),
    "an SVG's author for a png": (
        "gpt-image-2.6-flare",
        {"svg": {"model": "gpt-6"}},
        "svg",
    ),
    "markup with a mask": (
        "gpt-image-2.5-flare",
        {"image": FOX, "mask": MASK, "markup": MASK},
        "markup",
    ),
    "markup without a picture": ("gpt-image-2.5-flare", {"markup": MASK}, "markup"),
    "markup with gpt-image-2": ("gpt-image-2", {"image": FOX, "markup": "marks"}, "markup"),
    "markup with gpt-image-9": ("gpt-image-9", {"image": FOX, "markup": "marks"}, "markup"),
    "partial images without a stream": (
        "gpt-image-2",
        {"partial_images": 2},
        "partial_images",
    ),
    "low fidelity with gpt-image-2": (
        "gpt-image-2",
        {"image": FOX, "input_fidelity": "low"},
        "input_fidelity",
    ),
    "high fidelity with mini": (
        "gpt-image-1-mini",
        {"image": FOX, "input_fidelity": "high"},
        "input_fidelity",
    ),
    "fidelity to nothing": ("gpt-image-1.5", {"input_fidelity": "high"}, "input_fidelity"),
    "xhigh with gpt-image-2": ("gpt-image-2", {"quality": "xhigh"}, "quality"),
    "hd with gpt-image-2": ("gpt-image-2", {"quality": "hd"}, "quality"),
    "svg with gpt-image-2": ("gpt-image-2", {"output_format": "svg"}, "output_format"),
    "style with gpt-image-2": ("gpt-image-2", {"style": "vivid"}, "style"),
    "a seed with gpt-image-2": ("gpt-image-2", {"seed": 7}, "seed"),
    "a seed with gpt-image-9": ("gpt-image-9", {"seed": 7}, "seed"),
    "a URL of gpt-image-2": ("gpt-image-2", {"response_format": "url"}, "response_format"),
    "a URL of gpt-image-9": ("gpt-image-9", {"response_format": "url"}, "response_format"),
    "transparent with jpeg, gpt-image-9": (
        "gpt-image-9",
        {"background": "transparent", "output_format": "jpeg"},
        "background",
    ),
    "a background with dall-e-3": ("dall-e-3", {"background": "opaque"}, "background"),
    "a style with dall-e-2": ("dall-e-2", {"style": "vivid"}, "style"),
    "hd with dall-e-2": ("dall-e-2", {"quality": "hd"}, "quality"),
}


class TestCombinations:
    """
    What OpenAI answers 400 to is refused before anything is sent.
    """

    @pytest.mark.parametrize(("model", "parameters", "param"), CASES.values(), ids=CASES)
    def test_is_refused(self, model, parameters, param):
        """
        The error names the parameter, and nothing was sent.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, model, **parameters)

        assert param == caught.value.param
        assert [] == script.sent

    @pytest.mark.parametrize(("model", "parameters", "param"), CASES.values(), ids=CASES)
    def test_is_dropped_where_that_is_allowed(self, model, parameters, param):
        """
        `drop_params` leaves out that parameter, and no other.
        """
        script = Script(TWO)
        response = play(script, model, **parameters, drop_params=True)
        (request,) = script.sent
        fields = fields_of(request.body) if "image" in parameters else set(json.loads(request.body))

        assert {"prompt", "model", *parameters} - {param} == fields
        assert "dropped" == response.params[param].outcome

    def test_a_dropped_format_does_not_count(self):
        """
        gpt-image-2 makes no SVG; without it a transparent PNG is possible, compression is not.
        """
        sent = body_for(
            "gpt-image-2",
            output_format="svg",
            background="transparent",
            output_compression=50,
            drop_params=True,
        )

        assert {"background": "transparent"} == sent

    def test_a_format_that_the_caller_leaves_out_does_not_count(self):
        """
        `additional_drop_params` leaves png, which may be transparent.
        """
        sent = body_for(
            "gpt-image-2",
            output_format="jpeg",
            background="transparent",
            additional_drop_params=["output_format"],
        )

        assert {"background": "transparent"} == sent

    def test_a_prompt_of_32_001_characters(self):
        """
        A prompt that is too long is refused also where parameters may be dropped.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, "gpt-image-2", prompt="x" * 32_001, drop_params=True)

        assert "prompt" == caught.value.param

    def test_seventeen_pictures(self):
        """
        Sixteen are what an edit takes.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, "gpt-image-2", image=[FOX] * 17)

        assert "image" == caught.value.param

    def test_an_edit_without_a_prompt(self):
        """
        What is to be changed has to be said.
        """
        script = Script(ONE)
        with pytest.raises(BadRequestError) as caught:
            play(script, "gpt-image-2", image=FOX, prompt=None)

        assert "prompt" == caught.value.param


class TestWords:
    def test_user_becomes_safety_identifier(self):
        """
        The field's name changed with GPT Image.
        """
        assert {"safety_identifier": "u-1"} == body_for("gpt-image-2", user="u-1")

    def test_user_beside_safety_identifier(self):
        """
        Both go as they are; the server prefers safety_identifier.
        """
        sent = body_for("gpt-image-2", user="u-1", safety_identifier="hash-1")

        assert {"user": "u-1", "safety_identifier": "hash-1"} == sent

    def test_user_beside_a_safety_identifier_that_is_left_out(self):
        """
        Then it takes its place.
        """
        sent = body_for(
            "gpt-image-2",
            user="u-1",
            safety_identifier="hash-1",
            additional_drop_params=["safety_identifier"],
        )

        assert {"safety_identifier": "u-1"} == sent

    def test_user_of_dall_e(self):
        """
        DALL-E's servers know user only.
        """
        assert {"user": "u-1"} == body_for("dall-e-3", user="u-1")

    def test_base64_is_not_asked_for(self):
        """
        GPT Image sends nothing else, and answers 400 to the field.
        """
        script = Script(ONE)
        response = play(script, "gpt-image-2", response_format="b64_json")

        assert b"response_format" not in script.sent[0].body
        assert "not needed" == response.params["response_format"].outcome

    def test_high_fidelity_is_not_asked_for(self):
        """
        gpt-image-2 always has it, and answers 400 to the field.
        """
        script = Script(ONE)
        response = play(script, "gpt-image-2", image=FOX, input_fidelity="high")

        assert b"input_fidelity" not in script.sent[0].body
        assert "not needed" == response.params["input_fidelity"].outcome

    def test_what_fits_is_sent_and_said_to_be(self):
        """
        The fate of each parameter is what happened.
        """
        script = Script(ONE)
        response = play(
            script,
            "gpt-image-2.6-flare",
            quality="max",
            output_format="gif",
            frame_count=16,
            complexity="low",
            moderation="low",
            novelty=1,
        )

        assert {
            "prompt": "sent",
            "quality": "sent",
            "output_format": "sent",
            "frame_count": "sent",
            "complexity": "sent",
            "moderation": "sent",
            "novelty": "unverified",
        } == {name: fate.outcome for name, fate in response.params.items()}

    def test_markup_is_a_file(self, tmp_path):
        """
        It is taken in any form, as image and mask are.
        """
        path = tmp_path / "marks.png"
        path.write_bytes(MASK)
        for markup in (MASK, path, "data:image/png;base64," + base64.b64encode(MASK).decode()):
            script = Script(ONE)
            play(script, "gpt-image-2.5-sunburst", image=FOX, markup=markup)

            assert {"prompt", "model", "image", "markup"} == fields_of(script.sent[0].body)
            assert b"\r\n\r\n" + MASK + b"\r\n--" in script.sent[0].body


class TestSizes:
    @pytest.mark.parametrize(
        ("model", "size"),
        [
            ("gpt-image-2", "auto"),
            ("gpt-image-2", "1024x1024"),
            ("gpt-image-2", "1536x864"),
            ("gpt-image-2", "3840x2160"),
            ("gpt-image-2", "2160x3840"),
            ("gpt-image-2", "1440x480"),
            ("gpt-image-2", "640x1024"),
            ("gpt-image-2.5-flare-2026-09-08", "816x816"),
            ("gpt-image-2.6-sunburst", "2880x2880"),
            ("gpt-image-1.5", "auto"),
            ("gpt-image-1.5", "1024x1536"),
            ("gpt-image-9", "5000x4999"),
            ("dall-e-3", "1792x1024"),
            ("dall-e-2", "256x256"),
        ],
    )
    def test_is_taken(self, model, size):
        """
        It goes as it is.
        """
        assert {"size": size} == body_for(model, size=size)

    @pytest.mark.parametrize(
        ("model", "size"),
        [
            pytest.param("gpt-image-2", "1000x1024", id="no multiple of 16"),
            pytest.param("gpt-image-2", "1024x1030", id="no multiple of 16 high"),
            pytest.param("gpt-image-2", "3856x1600", id="an edge above 3840"),
            pytest.param("gpt-image-2", "1600x512", id="wider than 3:1"),
            pytest.param("gpt-image-2", "512x1600", id="narrower than 1:3"),
            pytest.param("gpt-image-2", "800x800", id="fewer than 655,360 pixels"),
            pytest.param("gpt-image-2", "2896x2896", id="more than 8,294,400 pixels"),
            pytest.param("gpt-image-2", "16:9", id="a ratio"),
            pytest.param("gpt-image-2", "big", id="a word"),
            pytest.param("gpt-image-1.5", "1536x864", id="none of the three"),
            pytest.param("gpt-image-1-mini", "1792x1024", id="DALL-E's"),
            pytest.param("dall-e-3", "auto", id="auto with dall-e-3"),
            pytest.param("dall-e-3", "512x512", id="dall-e-2's"),
            pytest.param("dall-e-2", "1024x1792", id="dall-e-3's"),
        ],
    )
    def test_is_refused(self, model, size):
        """
        The message lists what would do.
        """
        script = Script(ONE)
        with pytest.raises(
            UnsupportedParamsError, match=r"makes (auto|1024x1024|256x256)"
        ) as caught:
            play(script, model, size=size)

        assert "size" == caught.value.param
        assert [] == script.sent


class TestSplit:
    def test_dall_e_3_makes_one_at_a_time(self):
        """
        Three pictures are three requests.
        """
        script = Script(*[sample(SAMPLES / "dall-e-3.json")] * 3)
        response = play(script, "dall-e-3", n=3, response_format="url")

        assert [1, 1, 1] == [json.loads(request.body)["n"] for request in script.sent]
        assert 3 == len(response.data)

    def test_tokens_of_all_parts_are_added(self):
        """
        Twelve pictures are ten and two; the usage is that of both requests.
        """
        script = Script(ONE, TWO)
        with pytest.warns(impasto.PartialResultWarning):  # the samples hold three pictures
            response = play(script, "gpt-image-2", n=12)

        assert [10, 2] == [json.loads(request.body)["n"] for request in script.sent]
        assert (62, 4960, 5022) == (
            response.usage.input_tokens,
            response.usage.output_tokens,
            response.usage.total_tokens,
        )
        assert {"image_tokens": 0, "text_tokens": 62} == response.usage.input_tokens_details


class TestUnknownModels:
    def test_gpt_image_9_follows_gpt_image(self):
        """
        A future model has the family's forms, but none of its limits.
        """
        sent = body_for(
            "gpt-image-9",
            n=1,
            quality="ultra",
            size="5000x5000",
            user="u",
            response_format="b64_json",
        )

        assert {
            "n": 1,
            "quality": "ultra",
            "size": "5000x5000",
            "safety_identifier": "u",
        } == sent

    def test_gpt_image_9_behind_a_gateway(self):
        """
        The vendor in front makes no difference.
        """
        assert {"safety_identifier": "u"} == body_for("openai/gpt-image-9", user="u")

    def test_gpt_image_9_is_marked_unverified(self):
        """
        Nobody knows whether it takes that.
        """
        script = Script(ONE)
        response = play(script, "gpt-image-9", quality="ultra")

        assert "unverified" == response.params["quality"].outcome

    def test_a_gateways_name_with_the_vendor_in_front(self):
        """
        Behind a gateway "openai/gpt-image-2" is gpt-image-2: the name goes whole, the limits hold.
        """
        script = Script(ONE)
        response = play(script, "openai/gpt-image-2", user="u", quality="high")

        assert {
            "model": "openai/gpt-image-2",
            "prompt": "a fox",
            "quality": "high",
            "safety_identifier": "u",
        } == json.loads(script.sent[0].body)
        assert "sent" == response.params["quality"].outcome

    def test_a_deployments_name_with_its_base_model(self):
        """
        `base_model` says whose rules hold.
        """
        script = Script(ONE)
        response = play(
            script, "our-pictures", base_model="gpt-image-2", user="u", response_format="b64_json"
        )

        assert {
            "model": "our-pictures",
            "prompt": "a fox",
            "safety_identifier": "u",
        } == json.loads(script.sent[0].body)
        assert "not needed" == response.params["response_format"].outcome

    def test_a_compatible_servers_model_takes_every_word(self):
        """
        The dialect's own names, and each is marked as unverified.
        """
        words = {
            "n": 2,
            "size": "640x640",
            "quality": "fine",
            "style": "digital_illustration",
            "response_format": "b64_json",
            "user": "u",
            "seed": 7,
            "negative_prompt": "rain",
            "background": "opaque",
            "output_format": "png",
            "output_compression": 5,
            "moderation": "low",
            "steps": 4,
        }
        script = Script(TWO)
        response = play(script, "FLUX.1-schnell", **words, api_base="http://127.0.0.1:1234")

        assert {"model": "FLUX.1-schnell", "prompt": "a fox", **words} == json.loads(
            script.sent[0].body
        )
        assert {"unverified"} == {fate.outcome for fate in response.params.values()}


class TestVariations:
    def test_dall_e_2_is_asked_as_it_was(self):
        """
        Servers that still speak its form have the endpoint; there is no prompt.
        """
        script = Script(sample(SAMPLES / "dall-e-2.json"))
        play(script, "dall-e-2", kind="vary", image=FOX, n=2, size="256x256", prompt=None)
        (request,) = script.sent

        assert "https://api.openai.com/v1/images/variations" == request.url
        assert {"model", "image", "n", "size"} == fields_of(request.body)

    def test_gpt_image_makes_none(self):
        """
        It has no variations, and nothing is sent.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, "gpt-image-2", kind="vary", image=FOX, prompt="like this")

        assert "image" == caught.value.param


class TestStreaming:
    """
    Core asks for a stream with `call.stream`; the plugin passes that on where it can be done.
    """

    @pytest.mark.parametrize(
        ("model", "parameters", "expected"),
        [
            pytest.param("gpt-image-2", {}, True, id="GPT Image"),
            pytest.param("gpt-image-2", {"n": 1, "output_format": "webp"}, True, id="one webp"),
            pytest.param("gpt-image-2", {"n": 2}, None, id="two, of which one would be lost"),
            pytest.param("gpt-image-2.6-flare", {"output_format": "gif"}, None, id="gif"),
            pytest.param("gpt-image-2.6-flare", {"output_format": "svg"}, None, id="svg"),
            pytest.param("dall-e-3", {}, None, id="DALL-E"),
            pytest.param("FLUX.1-schnell", {}, None, id="another server's model"),
        ],
    )
    def test_is_asked_for_where_it_is_possible(self, model, parameters, expected):
        """
        GIF, SVG, several pictures and other models come as one answer.
        """
        call = self.call(model, **parameters)
        request = impasto_openai.build_request(call, impasto_openai.translate_params(call))

        assert expected == request.json.get("stream")

    def test_partial_images_go_along(self):
        """
        With a stream they are what was asked for.
        """
        call = self.call("gpt-image-2", extra={"partial_images": 2})
        request = impasto_openai.build_request(call, impasto_openai.translate_params(call))

        assert {"stream": True, "partial_images": 2} == {
            name: request.json.get(name) for name in ("stream", "partial_images")
        }

    @staticmethod
    def call(model: str, **parameters: Any) -> Call:
        settings = {"api_base": "https://api.openai.com/v1"}
        return Call(
            kind="generate",
            provider="openai",
            model=model,
            prompt="a fox",
            settings=settings,
            stream=True,
            **parameters,
        )
