"""What the caller's words become, and which models take which of them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import PNG, Script, png, reply, sample

# Some of the models are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

ANSWER = sample(Path(__file__).parent / "samples" / "base64.json")
# As many as any request here asks for.
FOUR = reply({"data": [{"index": 0, "b64_json": base64.b64encode(PNG).decode()}] * 4})
SCHNELL = "black-forest-labs/FLUX.1-schnell"
PRO_1 = "black-forest-labs/FLUX.1.1-pro"
KONTEXT = "black-forest-labs/FLUX.1-kontext-pro"
PRO_2, DEV_2, FLEX_2, MAX_2 = (
    f"black-forest-labs/FLUX.2-{which}" for which in ("pro", "dev", "flex", "max")
)
GEMINI, FLASH, LITE = (
    "google/gemini-3-pro-image",
    "google/flash-image-2.5",
    "google/flash-image-3.1-lite",
)
QWEN = "Qwen/Qwen-Image"
STRANGER = "somebody/new-one"
FOX, HAT = png(8, 8), png(8, 8, (20, 30, 40))
URL = "https://pictures.example/fox.png"


def play(script: Script, model: str, **parameters: Any) -> impasto.ImageResponse:
    key = "tgp_v1_0123456789abcdef"
    return script.play(
        {"prompt": "a fox", "model": f"together_ai/{model}", "api_key": key, **parameters}
    )


def bodies_for(model: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return the JSON of each request that goes out, without model and prompt."""
    script = Script(FOUR, repeat=True)
    play(script, model, **parameters)
    bodies = [json.loads(request.body or b"") for request in script.sent]
    return [
        {name: value for name, value in body.items() if name not in ("model", "prompt")}
        for body in bodies
    ]


def body_for(model: str, **parameters: Any) -> dict[str, Any]:
    (body,) = bodies_for(model, **parameters)
    return body


def data_url(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


class TestWords:
    @pytest.mark.parametrize("model", [SCHNELL, KONTEXT, PRO_2, GEMINI, QWEN, STRANGER])
    def test_nothing_said_is_nothing_sent(self, model):
        """
        The model and the prompt, and no field besides: null would break some models.
        """
        script = Script(ANSWER)
        play(script, model, seed=None, size=None, steps=None)

        assert {"model": model, "prompt": "a fox"} == json.loads(script.sent[0].body)

    @pytest.mark.parametrize("model", [SCHNELL, GEMINI, STRANGER])
    @pytest.mark.parametrize(("ours", "theirs"), [("b64_json", "base64"), ("url", "url")])
    def test_response_format(self, model, ours, theirs):
        """
        Base64 has another name in the request than in the answer.
        """
        assert {"response_format": theirs} == body_for(model, response_format=ours)

    @pytest.mark.parametrize("model", [SCHNELL, STRANGER])
    @pytest.mark.parametrize(
        ("ours", "theirs"), [("jpeg", "jpeg"), ("jpg", "jpeg"), ("png", "png")]
    )
    def test_output_format(self, model, ours, theirs):
        """
        JPEG is what comes by itself; the file's extension is understood.
        """
        assert {"output_format": theirs} == body_for(model, output_format=ours)

    def test_all_together(self):
        """
        Common words and Together's own, in one request.
        """
        sent = body_for(
            DEV_2,
            n=2,
            size="1024x768",
            seed=42,
            response_format="b64_json",
            output_format="png",
            steps=28,
            guidance=7.5,
            prompt_upsampling=False,
            image_loras=[{"path": "https://huggingface.co/a/b", "scale": 0.8}],
            reference_images=[URL],
            disable_safety_checker=True,
        )

        assert {
            "n": 2,
            "width": 1024,
            "height": 768,
            "seed": 42,
            "response_format": "base64",
            "output_format": "png",
            "steps": 28,
            "guidance": 7.5,
            "prompt_upsampling": False,
            "image_loras": [{"path": "https://huggingface.co/a/b", "scale": 0.8}],
            "reference_images": [URL],
            "disable_safety_checker": True,
        } == sent

    def test_what_nobody_listed_passes(self):
        """
        An unknown model takes every word of Together's, and others, unchecked.
        """
        words = {"steps": 99, "guidance_scale": 3.5, "image_url": URL, "sharpness": 3}
        script = Script(ANSWER)
        response = play(script, STRANGER, **words)

        assert words.items() <= json.loads(script.sent[0].body).items()
        assert {"unverified"} == {response.params[name].outcome for name in words}


class TestSizes:
    @pytest.mark.parametrize("model", [SCHNELL, KONTEXT, DEV_2, QWEN, STRANGER])
    def test_pixels(self, model):
        """
        A size is two numbers.
        """
        assert {"width": 1024, "height": 768} == body_for(model, size="1024x768")

    @pytest.mark.parametrize(
        ("model", "size", "sent"),
        [
            pytest.param(GEMINI, "2688x1536", "2688x1536", id="a row of the table"),
            pytest.param(GEMINI, "4096x4096", "4096x4096", id="4K"),
            pytest.param(GEMINI, "1000x1000", "1024x1024", id="the smallest that covers it"),
            pytest.param(GEMINI, "1792x1024", "2688x1536", id="too large for 1K"),
            pytest.param(FLASH, "512x512", "1024x1024", id="one tier only"),
        ],
    )
    def test_fixed_sizes(self, model, size, sent):
        """
        Google's models have a table; the answer tells the pixels that the picture really has.
        """
        script = Script(ANSWER)
        response = play(script, model, size=size)
        body = json.loads(script.sent[0].body)

        assert sent == f"{body['width']}x{body['height']}"
        assert ("" if sent == size else f"the picture has {sent}") == response.params["size"].note

    @pytest.mark.parametrize(
        ("model", "size"),
        [
            pytest.param(SCHNELL, "1001x1000", id="no multiple of 8"),
            pytest.param(SCHNELL, "248x1024", id="too small"),
            pytest.param(SCHNELL, "1928x1024", id="too large"),
            pytest.param(SCHNELL, "auto", id="a word"),
            pytest.param(PRO_2, "4096x4096", id="more than nine megapixels"),
            pytest.param(GEMINI, "1000x730", id="no ratio of Google's"),
            pytest.param(FLASH, "2048x2048", id="larger than Flash makes"),
            pytest.param(STRANGER, "16:9", id="a ratio"),
        ],
    )
    def test_is_refused(self, model, size):
        """
        A size that the model does not make is never replaced by another.
        """
        script = Script(ANSWER)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, model, size=size)

        assert ("size", []) == (caught.value.param, script.sent)

    def test_flux_2_pro_makes_nine_megapixels(self):
        """
        It alone goes beyond 1920.
        """
        assert {"width": 3000, "height": 3000} == body_for(PRO_2, size="3000x3000")

    def test_width_and_height(self):
        """
        Together's own words do as well.
        """
        assert {"width": 1024, "height": 768} == body_for(SCHNELL, width=1024, height=768)

    def test_not_twice(self):
        """
        A size beside a width is a contradiction.
        """
        with pytest.raises(BadRequestError, match="give one of the two"):
            body_for(SCHNELL, size="1024x768", width=512)

    @pytest.mark.parametrize("model", [SCHNELL, STRANGER])
    def test_a_size_beside_a_ratio(self, model):
        """
        So is one beside an aspect ratio.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            body_for(model, size="1024x768", aspect_ratio="4:3")

        assert "aspect_ratio" == caught.value.param

    def test_a_dropped_size_leaves_the_ratio(self):
        """
        What is dropped contradicts nothing.
        """
        sent = body_for(SCHNELL, size="4096x4096", aspect_ratio="1:1", drop_params=True)

        assert {"aspect_ratio": "1:1"} == sent


# Who takes what, from the tables of Together's own skills.
TAKEN = {
    "aspect_ratio": ("16:9", {SCHNELL, KONTEXT}),
    "steps": (4, {SCHNELL, KONTEXT, DEV_2, FLEX_2, QWEN}),
    "guidance": (7.5, {DEV_2, FLEX_2}),
    "guidance_scale": (3.5, {QWEN}),
    "prompt_upsampling": (False, {PRO_2, DEV_2, FLEX_2, MAX_2}),
    "negative_prompt": ("rain", {SCHNELL, QWEN}),
    "seed": (7, {SCHNELL, PRO_1, KONTEXT, PRO_2, DEV_2, FLEX_2, MAX_2, QWEN}),
    "image_url": (URL, {KONTEXT, PRO_2, FLEX_2}),
    "reference_images": ([URL], {PRO_2, DEV_2, FLEX_2, MAX_2, GEMINI, FLASH}),
    "image_loras": ([{"path": URL, "scale": 1}], {DEV_2}),
    "disable_safety_checker": (True, {SCHNELL, DEV_2, FLEX_2, QWEN}),
}
FAMILIES = (SCHNELL, PRO_1, KONTEXT, PRO_2, DEV_2, FLEX_2, MAX_2, GEMINI, FLASH, LITE, QWEN)


class TestWhoTakesWhat:
    @pytest.mark.parametrize("model", FAMILIES)
    @pytest.mark.parametrize("name", TAKEN)
    def test_is_sent_or_refused(self, model, name):
        """
        A word goes to the models that take it; with others it is refused, and nothing is sent.
        """
        value, models = TAKEN[name]
        if model in models:
            assert {name: value} == body_for(model, **{name: value})
            return
        script = Script(ANSWER)
        with pytest.raises(UnsupportedParamsError) as caught:
            play(script, model, **{name: value})

        assert (name, []) == (caught.value.param, script.sent)
        assert f"{model} does not take {name}" in caught.value.message

    @pytest.mark.parametrize(
        ("model", "name", "value"),
        [(GEMINI, "seed", 7), (PRO_2, "steps", 20), (SCHNELL, "user", "u")],
    )
    def test_is_dropped_where_that_is_allowed(self, model, name, value):
        """
        `drop_params` leaves it out and says so.
        """
        script = Script(ANSWER)
        response = play(script, model, **{name: value}, drop_params=True)

        assert {"model": model, "prompt": "a fox"} == json.loads(script.sent[0].body)
        assert "dropped" == response.params[name].outcome

    def test_the_body_takes_what_we_refuse(self):
        """
        Tables may be wrong: `extra_body` goes past them.
        """
        assert {"steps": 20} == body_for(PRO_2, extra_body={"steps": 20})

    @pytest.mark.parametrize("model", [SCHNELL, GEMINI, STRANGER])
    @pytest.mark.parametrize(
        "word", ["quality", "style", "background", "user", "moderation", "output_compression"]
    )
    def test_what_together_has_no_field_for(self, model, word):
        """
        OpenAI's words are refused, with every model.
        """
        value = 50 if word == "output_compression" else "standard"
        with pytest.raises(UnsupportedParamsError) as caught:
            body_for(model, **{word: value})

        assert word == caught.value.param

    @pytest.mark.parametrize(
        ("model", "words"),
        [
            pytest.param(SCHNELL, {"output_format": "webp"}, id="webp"),
            pytest.param(STRANGER, {"output_format": "webp"}, id="webp of a stranger"),
            pytest.param(SCHNELL, {"steps": 51}, id="too many steps"),
            pytest.param(SCHNELL, {"steps": 0}, id="no steps"),
            pytest.param(SCHNELL, {"aspect_ratio": "21:9"}, id="a ratio that it does not have"),
            pytest.param(DEV_2, {"image_loras": [{}, {}, {}]}, id="three LoRAs"),
            pytest.param(SCHNELL, {"seed": "seven"}, id="a seed in words"),
        ],
    )
    def test_values(self, model, words):
        """
        What is outside the limits is refused before anything is sent.
        """
        script = Script(ANSWER)
        with pytest.raises(BadRequestError) as caught:
            play(script, model, **words)

        assert ([*words], []) == ([caught.value.param], script.sent)


class TestHowMany:
    @pytest.mark.parametrize("model", [SCHNELL, DEV_2, QWEN])
    def test_four_at_once(self, model):
        """
        Four are one request.
        """
        assert [{"n": 4}] == bodies_for(model, n=4)

    def test_five_are_split(self):
        """
        The fifth is a request of its own, and the seed counts on.
        """
        sent = bodies_for(SCHNELL, n=5, seed=7)

        assert [{"n": 4, "seed": 7}, {"n": 1, "seed": 11}] == sorted(
            sent, key=lambda body: body["seed"]
        )

    @pytest.mark.parametrize("model", [PRO_1, KONTEXT, PRO_2, GEMINI])
    def test_one_each(self, model):
        """
        Of those that make one in a request three are three requests.
        """
        images = {"image": FOX} if model == KONTEXT else {}
        sent = bodies_for(model, n=3, **images)

        assert [1, 1, 1] == [body["n"] for body in sent]


class TestPictures:
    @pytest.mark.parametrize("model", [KONTEXT, PRO_2, FLEX_2, STRANGER])
    def test_one_is_changed(self, model):
        """
        One picture is the one to change.
        """
        assert {"image_url": data_url(FOX)} == body_for(model, image=FOX)

    @pytest.mark.parametrize("model", [DEV_2, MAX_2, GEMINI, FLASH])
    def test_one_is_a_reference(self, model):
        """
        Where a model takes no picture to change, one is a reference.
        """
        assert {"reference_images": [data_url(FOX)]} == body_for(model, image=FOX)

    @pytest.mark.parametrize("model", [PRO_2, DEV_2, FLEX_2, MAX_2, GEMINI, FLASH, STRANGER])
    def test_several_are_references(self, model):
        """
        In the order in which they are given.
        """
        sent = body_for(model, image=[FOX, HAT])

        assert {"reference_images": [data_url(FOX), data_url(HAT)]} == sent

    def test_a_url(self):
        """
        A URL goes as it is: for an edit, once it has been seen to be a picture, and as
        Together's own word unseen.
        """
        script = Script(ANSWER, pictures={URL: HAT})
        play(script, KONTEXT, image=URL)

        assert [URL] == script.fetched
        assert URL == json.loads(script.sent[0].body)["image_url"]
        assert {"image_url": URL} == body_for(KONTEXT, image_url=URL)

    def test_edits_go_to_the_same_endpoint(self):
        """
        Together has one for all.
        """
        script = Script(ANSWER)
        play(script, KONTEXT, image=FOX)

        assert "https://api.together.ai/v1/images/generations" == script.sent[0].url

    def test_kontext_takes_one(self):
        """
        A second picture would be lost.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            body_for(KONTEXT, image=[FOX, HAT])

        assert "image" == caught.value.param

    @pytest.mark.parametrize("model", [SCHNELL, PRO_1, LITE, QWEN])
    def test_some_take_none(self, model):
        """
        With a model that edits nothing the picture is refused, not left out.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            body_for(model, image=FOX, drop_params=True)

        assert "image" == caught.value.param

    def test_not_twice(self):
        """
        A picture to change beside the URL of another is a contradiction.
        """
        with pytest.raises(BadRequestError):
            body_for(STRANGER, image=FOX, image_url=URL)

    def test_both_sorts(self):
        """
        A picture to change and references go together, where a model takes both.
        """
        sent = body_for(PRO_2, image=FOX, reference_images=[URL])

        assert {"image_url": data_url(FOX), "reference_images": [URL]} == sent

    @pytest.mark.parametrize("model", [KONTEXT, GEMINI, STRANGER])
    def test_no_masks(self, model):
        """
        No model knows masks; to leave one out would paint all of the picture anew.
        """
        script = Script(ANSWER)
        with pytest.raises(UnsupportedParamsError, match="say in the prompt") as caught:
            play(script, model, image=FOX, mask=png(8, 8, (0, 0, 0, 0)), drop_params=True)

        assert ("mask", []) == (caught.value.param, script.sent)

    @pytest.mark.parametrize(("model", "param"), [(KONTEXT, "image"), (STRANGER, "prompt")])
    def test_no_variations(self, model, param):
        """
        Nothing is made without a prompt, by models that nobody knows either.
        """
        script = Script(ANSWER)
        with pytest.raises(BadRequestError) as caught:
            play(script, model, kind="vary", prompt=None, image=FOX)

        assert (param, []) == (caught.value.param, script.sent)
