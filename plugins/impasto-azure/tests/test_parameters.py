"""What the caller's words become, and what base_model has to do with it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import impasto
import impasto_azure
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import Script, png, sample
from impasto.types import Call

# Some of the models are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

SAMPLES = Path(__file__).parent / "samples"
ONE, TWO = sample(SAMPLES / "gpt-image.json"), sample(SAMPLES / "gpt-image-two.json")
FOX, HAT, MASK = png(8, 8), png(8, 8, (20, 30, 40)), png(8, 8, (0, 0, 0, 0))
PLACE = {"api_base": "https://my-res.openai.azure.com", "api_key": "az-0123456789abcdef"}


def play(script: Script, base: str | None, **parameters: Any) -> impasto.ImageResponse:
    call = {"prompt": "a fox", "model": "azure/ours", "base_model": base, **PLACE, **parameters}
    return script.play(call)


def body_for(base: str | None, **parameters: Any) -> dict[str, Any]:
    """Return the JSON that goes out, without the prompt."""
    script = Script(ONE)
    play(script, base, **parameters)
    body: dict[str, Any] = json.loads(script.sent[0].body or b"")
    del body["prompt"]
    return body


def fields_of(body: bytes) -> list[tuple[str, bytes]]:
    parts = re.findall(rb'[ ;]name="([^"]*)".*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
    return [(name.decode(), value) for name, value in parts]


REFUSED = {
    "webp": ("gpt-image-2", {"output_format": "webp"}, "output_format"),
    "transparent with jpeg": (
        "gpt-image-2",
        {"background": "transparent", "output_format": "jpeg"},
        "background",
    ),
    "compression with png": ("gpt-image-2", {"output_compression": 50}, "output_compression"),
    "auto quality": ("gpt-image-2", {"quality": "auto"}, "quality"),
    "xhigh with gpt-image-2": ("gpt-image-2", {"quality": "xhigh"}, "quality"),
    "hd with gpt-image-2": ("gpt-image-2", {"quality": "hd"}, "quality"),
    "style": ("gpt-image-2", {"style": "vivid"}, "style"),
    "a seed": ("gpt-image-2", {"seed": 7}, "seed"),
    "negative prompt": ("gpt-image-2", {"negative_prompt": "rain"}, "negative_prompt"),
    "a URL": ("gpt-image-2", {"response_format": "url"}, "response_format"),
    "partial images without a stream": ("gpt-image-2", {"partial_images": 2}, "partial_images"),
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
    "a free size with 1.5": ("gpt-image-1.5", {"size": "1536x864"}, "size"),
    "an edge of 1000": ("gpt-image-2", {"size": "1000x1024"}, "size"),
    "too few pixels": ("gpt-image-2", {"size": "512x512"}, "size"),
    "too many pixels": ("gpt-image-2", {"size": "3840x3840"}, "size"),
    "wider than 3:1": ("gpt-image-2", {"size": "3200x1024"}, "size"),
    "a background with dall-e-3": ("dall-e-3", {"background": "opaque"}, "background"),
    "an edit by dall-e-3": ("dall-e-3", {"image": FOX}, "image"),
    "a style with dall-e-2": ("dall-e-2", {"style": "vivid"}, "style"),
    "a URL of anything": (None, {"response_format": "url"}, "response_format"),
    "a seed of anything": (None, {"seed": 7}, "seed"),
}


class TestRefused:
    @pytest.mark.parametrize(("base", "parameters", "param"), REFUSED.values(), ids=REFUSED)
    def test_before_anything_is_sent(self, base, parameters, param):
        """
        The error names the parameter.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, base, **parameters)

        assert (param, []) == (caught.value.param, script.sent)

    @pytest.mark.parametrize(
        ("base", "parameters", "param"),
        [pytest.param(*case, id=name) for name, case in REFUSED.items() if case[2] != "image"],
    )
    def test_is_dropped_where_that_is_allowed(self, base, parameters, param):
        """
        `drop_params` leaves out that parameter, and no other.
        """
        script = Script(ONE)
        response = play(script, base, **parameters, drop_params=True)
        body = script.sent[0].body
        names = [name for name, _ in fields_of(body)] if "image" in parameters else json.loads(body)

        assert {"prompt", *parameters} - {param} == set(names)
        assert "dropped" == response.params[param].outcome

    def test_variations(self):
        """
        There is no such endpoint.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError, match="no variations") as caught:
            play(script, "gpt-image-2", kind="vary", image=FOX)

        assert ("image", []) == (caught.value.param, script.sent)

    def test_seventeen_pictures(self):
        """
        Sixteen are what an edit takes.
        """
        with pytest.raises(BadRequestError) as caught:
            play(Script(ONE), "gpt-image-2", image=[FOX] * 17)

        assert "image" == caught.value.param


class TestTaken:
    @pytest.mark.parametrize(
        ("base", "parameters"),
        [
            ("gpt-image-2", {"size": "3840x2160", "quality": "high", "n": 1}),
            ("gpt-image-2", {"size": "auto", "background": "transparent"}),
            ("gpt-image-2", {"output_format": "jpeg", "output_compression": 0}),
            ("gpt-image-2", {"output_format": "png", "output_compression": 100}),
            ("gpt-image-2", {"user": "u-1", "moderation": "low"}),
            ("gpt-image-2.5-flare", {"quality": "max", "size": "1536x864"}),
            ("gpt-image-1.5", {"size": "1024x1536", "quality": "medium"}),
            ("gpt-image-2.6-flare", {"complexity": "low", "size": "2048x2048"}),
            ("dall-e-3", {"style": "natural", "quality": "hd", "response_format": "url"}),
            ("dall-e-2", {"size": "256x256", "n": 1, "response_format": "b64_json"}),
        ],
    )
    def test_as_it_is(self, base, parameters):
        """
        By its own name; the user stays "user", as Azure documents it.
        """
        assert parameters == body_for(base, **parameters)

    def test_base64_is_not_asked_for(self):
        """
        It comes in any case, and the field is not supported.
        """
        assert {} == body_for("gpt-image-2", response_format="b64_json")
        assert {} == body_for(None, response_format="b64_json")

    def test_high_fidelity_is_not_asked_for(self):
        """
        gpt-image-2 always has it; 1.5 is asked.
        """
        asked = []
        for base in ("gpt-image-2", "gpt-image-1.5"):
            script = Script(ONE)
            play(script, base, image=FOX, input_fidelity="high")
            asked.append(dict(fields_of(script.sent[0].body)).get("input_fidelity"))

        assert [None, b"high"] == asked

    def test_an_edit_is_a_form(self):
        """
        Several pictures are "image[]" each; the mask goes as it is: transparent means anew.
        """
        script = Script(ONE)
        play(script, "gpt-image-2", image=[FOX, HAT], mask=MASK, quality="low")

        assert [
            ("prompt", b"a fox"),
            ("quality", b"low"),
            ("image[]", FOX),
            ("image[]", HAT),
            ("mask", MASK),
        ] == fields_of(script.sent[0].body)

    def test_more_than_ten_are_split(self):
        """
        Where base_model says what one request makes.
        """
        script = Script(ONE, ONE)
        with pytest.warns(impasto.PartialResultWarning):  # the samples hold one picture each
            play(script, "gpt-image-2", n=12)

        assert [10, 2] == [json.loads(request.body)["n"] for request in script.sent]


class TestBaseModel:
    def test_a_name_is_no_proof(self):
        """
        A deployment that is called like a model may be another one: nothing is verified by it.
        """
        script = Script(ONE)
        words = {"model": "azure/gpt-image-1.5", "size": "1536x864", "quality": "max"}
        response = play(script, None, **words)

        assert {"prompt": "a fox", "size": "1536x864", "quality": "max"} == json.loads(
            script.sent[0].body
        )
        assert {"unverified"} == {fate.outcome for fate in response.params.values()}

    @pytest.mark.parametrize("base", ["gpt-image-1.5", "azure/gpt-image-1.5"])
    def test_it_says_whose_limits_hold(self, base):
        """
        The deployment's own name stays in the URL; "azure/" in front is LiteLLM's way.
        """
        script = Script(ONE)
        with pytest.raises(UnsupportedParamsError, match="1024x1536"):
            play(script, base, size="1536x864")
        response = play(script, base, size="1024x1536")

        assert "/deployments/ours/" in script.sent[0].url
        assert "sent" == response.params["size"].outcome

    def test_a_model_that_nobody_listed(self):
        """
        A GPT Image to come has the family's forms, and none of its limits.
        """
        sent = body_for("gpt-image-9", size="9999x1", quality="ultra", response_format="b64_json")

        assert {"size": "9999x1", "quality": "ultra"} == sent

    def test_a_model_of_another_family(self):
        """
        It takes the words by their own names, unverified.
        """
        words = {"seed": 7, "style": "comic", "response_format": "b64_json", "steps": 4}

        assert words == body_for("somebody-elses", **words)

    @pytest.mark.parametrize("name", ["dall-e-3", "Dalle3", "our-DALL-E"])
    def test_a_name_like_dall_e(self, name):
        """
        It speaks DALL-E's words, so style and response_format go, unverified.
        """
        script = Script(sample(SAMPLES / "dall-e-3.json"))
        words = {"style": "vivid", "quality": "hd", "response_format": "url"}
        response = play(script, None, model=f"azure/{name}", **words)

        assert {"prompt": "a fox", **words} == json.loads(script.sent[0].body)
        assert {"unverified"} == {fate.outcome for fate in response.params.values()}

    def test_nothing_answers_bare(self):
        """
        OpenAI's names are OpenAI's.
        """
        path = Path(impasto_azure.__file__).with_name("models.json")

        assert not any(model.get("bare") for model in json.loads(path.read_text())["models"])


class TestStreaming:
    """
    Core asks for a stream with `call.stream`; the plugin passes that on where it can be done.
    """

    @pytest.mark.parametrize(
        ("name", "parameters", "expected"),
        [
            pytest.param("gpt-image-2", {}, True, id="GPT Image"),
            pytest.param("gpt-image-?", {}, True, id="a deployment of anything"),
            pytest.param("gpt-image-2", {"n": 2}, None, id="two, of which one would be lost"),
            pytest.param("dall-e-3", {}, None, id="DALL-E"),
        ],
    )
    def test_is_asked_for_where_it_is_possible(self, name, parameters, expected):
        """
        Several pictures and DALL-E's come as one answer.
        """
        request = self.request(name, **parameters)

        assert expected == request.json.get("stream")

    def test_partial_images_go_along(self):
        """
        With a stream they are what was asked for.
        """
        request = self.request("gpt-image-2", extra={"partial_images": 2})

        assert {"prompt": "a fox", "partial_images": 2, "stream": True} == request.json

    @staticmethod
    def request(name: str, **parameters: Any) -> Any:
        call = Call(
            kind="generate",
            provider="azure",
            model="ours",
            catalogue_name=name,
            prompt="a fox",
            settings={"api_base": "https://my-res.openai.azure.com"},
            stream=True,
            **parameters,
        )
        return impasto_azure.build_request(call, impasto_azure.translate_params(call))
