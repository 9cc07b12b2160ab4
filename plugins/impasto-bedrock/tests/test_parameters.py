"""What a call's parameters become in each of the forms of body."""

import base64
import io
import json
from pathlib import Path

import PIL.Image
import pytest

from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import Script, png, sample

SAMPLES = Path(__file__).parent / "samples"
# Models that are gone are asked all the same, whatever the day; the answers hold one picture each.
pytestmark = [
    pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning"),
    pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning"),
]

CORE = "stability.stable-image-core-v1:1"
ULTRA = "stability.stable-image-ultra-v1:1"
SD3 = "stability.sd3-5-large-v1:0"
TITAN = "amazon.titan-image-generator-v2:0"
NOVA = "amazon.nova-canvas-v1:0"
SDXL = "stability.stable-diffusion-xl-v1"
INPAINT = "us.stability.stable-image-inpaint-v1:0"
FOX, HAT = png(), png(colour=(1, 2, 3))
FOX64, HAT64 = (base64.b64encode(picture).decode() for picture in (FOX, HAT))


def played(model, **call):
    """Return the script after a call to *model*, and the response."""
    name = "sdxl" if model == SDXL else "stable-image"
    script = Script(*[sample(SAMPLES / f"{name}.json")] * 5)
    arguments = {"prompt": "a red fox", "api_key": "k-1", **call}
    return script, script.play({**arguments, "model": f"bedrock/{model}"})


def body(model, **call):
    """Return the body that goes out."""
    return json.loads(played(model, **call)[0].sent[0].body)


def refusal(model, **call):
    """Return why a call is refused before anything is sent."""
    with pytest.raises(UnsupportedParamsError) as caught:
        played(model, **call)
    return caught.value


def half_clear(*alphas: int) -> bytes:
    """Return a mask of two columns for each of *alphas*."""
    picture = PIL.Image.new("RGBA", (8, 8), (9, 9, 9, 255))
    for index, alpha in enumerate(alphas):
        picture.paste((9, 9, 9, alpha), (2 * index, 0, 2 * index + 2, 8))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def greys(encoded: str) -> list[int]:
    """Return the grey of every second pixel of the first row of a mask that went out."""
    with PIL.Image.open(io.BytesIO(base64.b64decode(encoded))) as picture:
        assert (8, 8) == picture.size
        return [picture.convert("L").getpixel((column, 0)) for column in (0, 2, 4, 6)]


class TestStableImage:
    def test_is_one_flat_object(self):
        """
        A size becomes a ratio.
        """
        assert {
            "prompt": "a red fox",
            "negative_prompt": "blurry",
            "aspect_ratio": "16:9",
            "output_format": "jpeg",
            "style_preset": "anime",
            "seed": 42,
        } == body(
            CORE,
            negative_prompt="blurry",
            size="1344x768",
            output_format="jpeg",
            style="anime",
            seed=42,
        )

    @pytest.mark.parametrize(
        ("size", "ratio"),
        [
            ("1024x1024", "1:1"),
            ("512x512", "1:1"),
            ("1536x1024", "3:2"),
            ("1024x1536", "2:3"),
            ("1792x1024", "16:9"),
            ("1536x864", "16:9"),
            ("1024x1792", "9:16"),
            ("1280x1024", "5:4"),
        ],
    )
    def test_sizes_are_ratios(self, size, ratio):
        """
        Within two per cent, as people write them for other models.
        """
        assert ratio == body(CORE, size=size)["aspect_ratio"]

    def test_a_ratio_in_its_own_words(self):
        """
        It needs no translation.
        """
        assert "21:9" == body(CORE, aspect_ratio="21:9")["aspect_ratio"]

    @pytest.mark.parametrize(
        ("model", "call"),
        [
            pytest.param(CORE, {"size": "1024x768"}, id="4:3, which it does not make"),
            pytest.param(CORE, {"aspect_ratio": "4:3"}, id="4:3 in its own words"),
            pytest.param(CORE, {"size": "2048x2048"}, id="more pixels than it makes"),
            pytest.param(CORE, {"quality": "hd"}, id="no qualities"),
            pytest.param(CORE, {"response_format": "url"}, id="no URLs"),
            pytest.param(CORE, {"output_format": "webp"}, id="no webp"),
            pytest.param(CORE, {"style": "vivid"}, id="DALL-E's style"),
            pytest.param(CORE, {"user": "u-1"}, id="no users"),
            pytest.param(CORE, {"background": "transparent"}, id="no transparency"),
            pytest.param(CORE, {"seed": 4294967295}, id="a seed that is too large"),
            pytest.param(ULTRA, {"style": "anime"}, id="no styles"),
            pytest.param(SD3, {"image": FOX, "strength": 1.5}, id="too strong"),
            pytest.param(
                SD3, {"image": FOX, "strength": 1, "size": "1024x1024"}, id="an edit's size"
            ),
            pytest.param(SD3, {"image": FOX, "strength": 1, "mask": FOX}, id="no masks"),
            pytest.param(SD3, {"image": [FOX, HAT], "strength": 1}, id="one picture only"),
            pytest.param(CORE, {"image": FOX}, id="no edits"),
        ],
    )
    def test_what_it_does_not_take_is_refused(self, model, call):
        """
        By its row, before any money is spent.
        """
        assert refusal(model, **call).param in call

    def test_an_edit_of_sd3_says_its_mode(self):
        """
        The server wants it; the caller's call says it already.
        """
        assert {
            "prompt": "a red fox",
            "mode": "image-to-image",
            "image": FOX64,
            "strength": 0.0,
            "output_format": "webp",
        } == body(SD3, image=FOX, strength=0.0, output_format="webp")

    def test_an_edit_of_sd3_needs_a_strength(self):
        """
        Nobody knows which one was meant.
        """
        with pytest.raises(BadRequestError, match="strength"):
            played(SD3, image=FOX)

    def test_an_edit_of_ultra(self):
        """
        A picture beside the prompt is enough.
        """
        assert {"prompt": "a red fox", "image": FOX64} == body(ULTRA, image=FOX)

    def test_more_pictures_are_split_and_seeded_apart(self):
        """
        One is made in each request.
        """
        script, response = played(CORE, n=3, seed=7)

        assert [7, 8, 9] == [json.loads(sent.body)["seed"] for sent in script.sent]
        assert 3 == len(response.data)


class TestServices:
    def test_inpaint(self):
        """
        Flat, with the mask beside the picture; what is 0 is sent.
        """
        sent = body(INPAINT, image=FOX, mask=png(colour=(0, 0, 0, 0)), grow_mask=0)

        assert {"prompt", "image", "mask", "grow_mask"} == set(sent)
        assert (FOX64, 0) == (sent["image"], sent["grow_mask"])

    @pytest.mark.parametrize(
        ("service", "call"),
        [
            ("stable-outpaint", {"left": 64, "creativity": 0.5}),
            ("stable-image-search-recolor", {"prompt": "red", "select_prompt": "the hat"}),
            ("stable-image-search-replace", {"prompt": "a fox", "search_prompt": "the dog"}),
            ("stable-image-remove-background", {"output_format": "webp"}),
            ("stable-image-control-sketch", {"prompt": "a fox", "control_strength": 0.7}),
            ("stable-image-control-structure", {"prompt": "a fox", "control_strength": 1.0}),
            ("stable-image-style-guide", {"prompt": "a fox", "fidelity": 0.5}),
            ("stable-fast-upscale", {"output_format": "png"}),
            ("stable-conservative-upscale", {"prompt": "a fox", "creativity": 0.35}),
            ("stable-creative-upscale", {"prompt": "a fox", "style_preset": "anime"}),
        ],
    )
    def test_have_words_of_their_own(self, service, call):
        """
        They go as they are, each checked against the service's row.
        """
        script, response = played(
            f"us.stability.{service}-v1:0", **{"prompt": None, "image": FOX, **call}
        )

        assert {"image": FOX64, **call} == json.loads(script.sent[0].body)
        assert {"sent"} == {response.params[name].outcome for name in call}

    def test_a_style_is_transferred_between_two_pictures(self):
        """
        The one to work on, and the one whose style it gets, which may be in any form as well.
        """
        assert {"init_image": FOX64, "style_image": HAT64} == body(
            "us.stability.stable-style-transfer-v1:0", prompt=None, image=FOX, style_image=HAT
        )

    def test_a_size_of_the_style_guide_is_a_ratio(self):
        """
        It alone makes pictures of another size.
        """
        model = "us.stability.stable-image-style-guide-v1:0"

        assert "3:2" == body(model, image=FOX, size="1536x1024")["aspect_ratio"]

    @pytest.mark.parametrize(
        "service",
        ["stable-image-erase-object", "stable-image-remove-background", "stable-fast-upscale"],
    )
    def test_some_take_no_prompt(self, service):
        """
        It would be lost, and the picture another than asked for; nobody may drop it.
        """
        call = {"image": FOX, "mask": FOX} if "erase" in service else {"image": FOX}
        error = refusal(f"us.stability.{service}-v1:0", **call, drop_params=True)

        assert "prompt" == error.param

    @pytest.mark.parametrize(
        ("service", "needed", "call"),
        [
            ("stable-image-erase-object", "mask", {}),
            ("stable-image-search-recolor", "select_prompt", {"prompt": "red"}),
            ("stable-image-search-replace", "search_prompt", {"prompt": "red"}),
            ("stable-style-transfer", "style_image", {}),
            ("stable-image-inpaint", "prompt", {}),
        ],
    )
    def test_what_is_needed_is_asked_for(self, service, needed, call):
        """
        Before anything is sent.
        """
        with pytest.raises(BadRequestError) as caught:
            played(f"us.stability.{service}-v1:0", **{"prompt": None, "image": FOX, **call})

        assert needed == caught.value.param

    def test_need_a_picture(self):
        """
        A generation with one of them says so.
        """
        with pytest.raises(BadRequestError) as caught:
            played(INPAINT)

        assert "image" == caught.value.param


# AWS's user guide; the capital in "inPainting" is its own
OBJECTS = {
    "COLOR_GUIDED_GENERATION": "colorGuidedGenerationParams",
    "IMAGE_VARIATION": "imageVariationParams",
    "INPAINTING": "inPaintingParams",
    "OUTPAINTING": "outPaintingParams",
    "BACKGROUND_REMOVAL": "backgroundRemovalParams",
}


class TestTitan:
    def test_text_to_image(self):
        """
        What belongs to the text, and how to draw.
        """
        assert {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {
                "text": "a red fox",
                "negativeText": "blurry",
                "conditionImage": FOX64,
                "controlMode": "CANNY_EDGE",
                "controlStrength": 0.7,
            },
            "imageGenerationConfig": {
                "numberOfImages": 2,
                "quality": "premium",
                "height": 1024,
                "width": 1024,
                "cfgScale": 8.0,
                "seed": 42,
            },
        } == body(
            TITAN,
            negative_prompt="blurry",
            conditionImage=FOX,
            controlMode="CANNY_EDGE",
            controlStrength=0.7,
            n=2,
            quality="hd",
            size="1024x1024",
            cfgScale=8.0,
            seed=42,
        )

    def test_nothing_but_a_prompt(self):
        """
        Then there is nothing to say of how to draw.
        """
        assert {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a red fox"}} == body(TITAN)

    @pytest.mark.parametrize(
        ("quality", "sent"),
        [
            ("standard", "standard"),
            ("low", "standard"),
            ("medium", "standard"),
            ("high", "premium"),
            ("hd", "premium"),
            ("premium", "premium"),
        ],
    )
    def test_qualities(self, quality, sent):
        """
        Everybody's words for AWS's two.
        """
        assert {"quality": sent} == body(TITAN, quality=quality)["imageGenerationConfig"]

    def test_sides_as_two_words(self):
        """
        They are checked as the one size that they are.
        """
        assert {"width": 1173, "height": 640} == body(TITAN, width=1173, height=640)[
            "imageGenerationConfig"
        ]

    @pytest.mark.parametrize(
        ("call", "task", "fields"),
        [
            pytest.param(
                {"image": FOX}, "IMAGE_VARIATION", {"images", "text"}, id="a picture and a prompt"
            ),
            pytest.param(
                {"image": [FOX, HAT], "similarityStrength": 0.2},
                "IMAGE_VARIATION",
                {"images", "text", "similarityStrength"},
                id="two pictures",
            ),
            pytest.param(
                {"image": FOX, "mask": FOX},
                "INPAINTING",
                {"image", "text", "maskImage"},
                id="a mask",
            ),
            pytest.param(
                {"image": FOX, "maskPrompt": "the hat"},
                "INPAINTING",
                {"image", "text", "maskPrompt"},
                id="a mask in words",
            ),
            pytest.param(
                {
                    "image": FOX,
                    "mask": FOX,
                    "taskType": "OUTPAINTING",
                    "outPaintingMode": "PRECISE",
                },
                "OUTPAINTING",
                {"image", "text", "maskImage", "outPaintingMode"},
                id="outpainting",
            ),
            pytest.param(
                {"image": FOX, "prompt": None, "taskType": "BACKGROUND_REMOVAL"},
                "BACKGROUND_REMOVAL",
                {"image"},
                id="nothing but a picture",
            ),
            pytest.param(
                {
                    "taskType": "COLOR_GUIDED_GENERATION",
                    "colors": ["#FF8800"],
                    "referenceImage": FOX,
                },
                "COLOR_GUIDED_GENERATION",
                {"text", "colors", "referenceImage"},
                id="colours",
            ),
            pytest.param(
                {"kind": "vary", "prompt": None, "image": FOX},
                "IMAGE_VARIATION",
                {"images"},
                id="a variation",
            ),
        ],
    )
    @pytest.mark.parametrize("model", [TITAN, NOVA])
    def test_tasks(self, model, call, task, fields):
        """
        Pictures and masks say which is meant, or AWS's own word does.
        """
        sent = body(model, **call)
        name = OBJECTS[task]

        assert {"taskType": task, name: sent[name]} == sent
        assert fields == set(sent[name])

    def test_aws_own_objects_are_filled_up(self):
        """
        Whoever writes them as AWS's examples do finds the prompt in them.
        """
        assert {
            "taskType": "COLOR_GUIDED_GENERATION",
            "colorGuidedGenerationParams": {"colors": ["#FFFFFF"], "text": "a red fox"},
            "imageGenerationConfig": {"cfgScale": 7.0, "seed": 1},
        } == body(
            NOVA,
            taskType="COLOR_GUIDED_GENERATION",
            colorGuidedGenerationParams={"colors": ["#FFFFFF"]},
            imageGenerationConfig={"cfgScale": 7.0},
            seed=1,
        )

    @pytest.mark.parametrize(
        ("call", "param"),
        [
            ({"style": "PHOTOREALISM", "taskType": "COLOR_GUIDED_GENERATION"}, "style"),
            ({"similarityStrength": 0.5}, "similarityStrength"),
            ({"taskType": "INPAINTING"}, "taskType"),
            ({"taskType": "VIRTUAL_TRY_ON"}, "taskType"),
            ({"image": FOX, "taskType": "TEXT_IMAGE"}, "taskType"),
            ({"image": FOX, "mask": FOX, "maskPrompt": "the hat"}, "maskPrompt"),
            ({"image": FOX, "mask": FOX, "taskType": "IMAGE_VARIATION"}, "mask"),
            ({"image": [FOX, HAT], "mask": FOX}, "image"),
            ({"image": FOX, "mask": FOX, "size": "1024x1024"}, "size"),
            ({"image": FOX, "taskType": "BACKGROUND_REMOVAL"}, "prompt"),
            ({"image": FOX, "prompt": None, "taskType": "BACKGROUND_REMOVAL", "seed": 0}, "seed"),
            ({"inPaintingParams": {"text": "no"}}, "inPaintingParams"),
            ({"textToImageParams": "no"}, "textToImageParams"),
            ({"output_format": "jpeg"}, "output_format"),
            ({"quality": "auto"}, "quality"),
            ({"size": "1000x1000"}, "size"),
            ({"width": 1024}, "width"),
            ({"width": 1000, "height": 1000}, "width"),
            ({"cfgScale": 1.0}, "cfgScale"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, call, param):
        """
        Nova Canvas refuses it as well, but for money and time.
        """
        assert param == refusal(NOVA, **call).param

    def test_a_seed_of_zero_is_sent(self):
        """
        It is a seed as good as any.
        """
        assert {"seed": 0} == body(NOVA, seed=0)["imageGenerationConfig"]

    def test_five_pictures_are_one_request_and_six_are_two(self):
        """
        A given seed goes on where the first part ended.
        """
        script, _ = played(TITAN, n=6, seed=10)

        assert [{"numberOfImages": 5, "seed": 10}, {"numberOfImages": 1, "seed": 15}] == [
            json.loads(sent.body)["imageGenerationConfig"] for sent in script.sent
        ]


class TestStableDiffusion:
    def test_prompts_have_weights(self):
        """
        What is not to be seen is a prompt that weighs less than nothing.
        """
        assert {
            "text_prompts": [
                {"text": "a red fox", "weight": 1.0},
                {"text": "blurry", "weight": -1.0},
            ],
            "width": 1216,
            "height": 832,
            "style_preset": "photographic",
            "steps": 50,
            "seed": 0,
        } == body(
            SDXL,
            negative_prompt="blurry",
            size="1216x832",
            style="photographic",
            steps=50,
            seed=0,
        )

    @pytest.mark.parametrize(
        ("call", "param"),
        [
            ({"width": 1024, "height": 1000}, "width"),
            ({"height": 1024}, "height"),
            ({"cfg_scale": 36}, "cfg_scale"),
            ({"steps": 9}, "steps"),
            ({"samples": 2}, "samples"),
            ({"text_prompts": [{"text": "a"}]}, "text_prompts"),
        ],
    )
    def test_words_of_its_own_are_checked(self, call, param):
        """
        Against the card, as the common ones are.
        """
        assert param == refusal(SDXL, **call).param

    def test_prompts_in_its_own_words(self):
        """
        Other weights are for whoever writes the body.
        """
        prompts = [{"text": "a fox", "weight": 0.5}, {"text": "a hat", "weight": 0.5}]

        assert {"text_prompts": prompts} == body(SDXL, extra_body={"text_prompts": prompts})


class TestMasks:
    """
    Transparent where the picture is to be painted anew; columns: so, half so, hardly, not at all.
    """

    MASK = half_clear(0, 100, 200, 255)

    @pytest.mark.parametrize(
        ("model", "call", "name", "expected"),
        [
            pytest.param(
                INPAINT, {}, "mask", [255, 155, 55, 0], id="Stability: white, greys in part"
            ),
            pytest.param(
                SDXL,
                {},
                "mask_image",
                [255, 155, 55, 0],
                id="Stable Diffusion: white, as it is told",
            ),
            pytest.param(NOVA, {}, "maskImage", [0, 0, 255, 255], id="inpainting: black, no greys"),
            pytest.param(
                NOVA,
                {"taskType": "OUTPAINTING"},
                "maskImage",
                [255, 255, 0, 0],
                id="outpainting: white, no greys",
            ),
        ],
    )
    def test_have_the_vendors_polarity(self, model, call, name, expected):
        """
        Checked by the pixels that went out.
        """
        sent = body(model, image=FOX, mask=self.MASK, **call)
        (mask,) = (
            fields[name]
            for fields in (sent, *sent.values())
            if isinstance(fields, dict) and name in fields
        )

        assert expected == greys(mask)

    def test_stable_diffusion_is_told_which(self):
        """
        It knows both.
        """
        assert "MASK_IMAGE_WHITE" == body(SDXL, image=FOX, mask=self.MASK)["mask_source"]

    def test_object_to_erase(self):
        """
        The same for what is to be erased, without a prompt.
        """
        model = "us.stability.stable-image-erase-object-v1:0"
        sent = body(model, prompt=None, image=FOX, mask=self.MASK)

        assert [255, 155, 55, 0] == greys(sent["mask"])


class TestHeaders:
    def test_carry_what_is_not_the_models(self):
        """
        By the names that boto3 has for them; an object goes as JSON.
        """
        script, response = played(
            NOVA,
            accept="*/*",
            contentType="application/json",
            trace="ENABLED",
            guardrailIdentifier="gr123abc",
            guardrailVersion="DRAFT",
            performanceConfigLatency="optimized",
            serviceTier="flex",
            requestMetadata={"team": "a"},
        )
        headers = script.sent[0].headers

        assert {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "X-Amzn-Bedrock-Trace": "ENABLED",
            "X-Amzn-Bedrock-GuardrailIdentifier": "gr123abc",
            "X-Amzn-Bedrock-GuardrailVersion": "DRAFT",
            "X-Amzn-Bedrock-PerformanceConfig-Latency": "optimized",
            "X-Amzn-Bedrock-Service-Tier": "flex",
            "X-Amzn-Bedrock-Request-Metadata": '{"team": "a"}',
        } == {name: value for name, value in headers.items() if name != "Authorization"}
        assert {"taskType", "textToImageParams"} == set(json.loads(script.sent[0].body))
        assert {"trace": "ENABLED"} == {
            "trace": response.params["trace"].sent["X-Amzn-Bedrock-Trace"]
        }

    @pytest.mark.parametrize(
        "call",
        [
            {"trace": "on"},
            {"serviceTier": "cheap"},
            {"guardrailVersion": 1},
            {"requestMetadata": "naïve"},
            {"guardrailIdentifier": "a\r\nb"},
            {"contentType": "text/plain"},
        ],
    )
    def test_take_what_botocore_knows(self, call):
        """
        Nothing else, and nothing that no header can carry.
        """
        assert refusal(NOVA, **call).param in call


class TestStrangers:
    @pytest.mark.parametrize(
        ("model", "expected"),
        [
            ("stability.new-image-v9:0", {"prompt": "a red fox", "seed": 1, "gloss": 2}),
            (
                "amazon.new-canvas-v2:0",
                {
                    "taskType": "TEXT_IMAGE",
                    "textToImageParams": {"text": "a red fox"},
                    "imageGenerationConfig": {"seed": 1, "gloss": 2},
                },
            ),
            (
                "stability.stable-diffusion-xl-v2",
                {"text_prompts": [{"text": "a red fox", "weight": 1.0}], "seed": 1, "gloss": 2},
            ),
        ],
    )
    def test_take_their_makers_body(self, model, expected):
        """
        Unverified, and one picture of Stability's in each request.
        """
        script, response = played(model, seed=1, gloss=2, n=2)
        sent = json.loads(script.sent[0].body)
        sent.get("imageGenerationConfig", {}).pop("numberOfImages", None)

        assert expected == sent
        assert "unverified" == response.params["gloss"].outcome
        assert (1 if model.startswith("amazon") else 2) == len(script.sent)

    def test_an_edit_is_a_service(self):
        """
        All of Stability's edits have one flat form.
        """
        assert {"prompt": "a red fox", "image": FOX64} == body(
            "us.stability.new-service-v1:0", image=FOX
        )

    def test_of_other_makers_are_not_guessed(self):
        """
        There is no picture in a language model.
        """
        with pytest.raises(BadRequestError, match="base_model"):
            played("anthropic.claude-9")
