"""What the common parameters become, by the catalogue and by a schema that was looked up."""

import json
from pathlib import Path

import pytest

import impasto_replicate
from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import PNG, Script, reply, sample

SAMPLES = Path(__file__).parent / "samples"
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
DONE, SDXL, FINE_TUNE, FLUX_2 = (
    sample(SAMPLES / f"{name}.json")
    for name in ("done", "model-sdxl", "model-fine-tune", "model-flux-2")
)
SCHNELL, DEV = "black-forest-labs/flux-schnell", "black-forest-labs/flux-dev"
FILL = "black-forest-labs/flux-fill-dev"
OUT = "https://replicate.delivery/xezq/abc/out"


def asked(model, **more):
    return {"prompt": "a fox", "model": f"replicate/{model}", "api_key": "r8_0123456789", **more}


def made(count):
    """Return a prediction with so many pictures."""
    said = json.loads(DONE.body)
    return reply({**said, "output": [f"{OUT}-{at}.webp" for at in range(count)]}, status=201)


def schema(properties, required=(), **beside):
    """Return the description of an official model with these inputs."""
    schemas = {"Input": {"properties": properties, "required": list(required)}, **beside}
    version = {"id": "hidden", "openapi_schema": {"components": {"schemas": schemas}}}
    return reply({"is_official": True, "latest_version": version})


def inputs(call, *answers):
    """Return the input that is ordered, and the response."""
    stage = Script(*answers, DONE, plugin=impasto_replicate)
    response = stage.play(call)
    return json.loads(stage.sent[-1].body)["input"], response


def refusal(call, *answers):
    """Return the error of a call that orders nothing."""
    stage = Script(*answers, plugin=impasto_replicate)
    with pytest.raises(BadRequestError) as caught:
        stage.play(call)

    assert len(answers) == len(stage.sent)
    return caught.value


class TestListedModels:
    """By the catalogue."""

    def test_everything_at_once(self):
        """
        Common words become FLUX's, its own pass as they are.
        """
        stage = Script(made(2), plugin=impasto_replicate)
        response = stage.play(
            asked(
                SCHNELL,
                n=2,
                size="1344x768",
                seed=7,
                output_format="jpeg",
                output_compression=90,
                num_inference_steps=2,
                go_fast=False,
                disable_safety_checker=True,
            )
        )

        assert {
            "prompt": "a fox",
            "num_outputs": 2,
            "aspect_ratio": "16:9",
            "megapixels": "1",
            "seed": 7,
            "output_format": "jpg",
            "output_quality": 90,
            "num_inference_steps": 2,
            "go_fast": False,
            "disable_safety_checker": True,
        } == json.loads(stage.sent[0].body)["input"]
        assert {"sent", "mapped"} == {fate.outcome for fate in response.params.values()}

    @pytest.mark.parametrize(
        ("size", "ratio", "megapixels", "note"),
        [
            ("1024x1024", "1:1", "1", ""),
            ("512x512", "1:1", "0.25", ""),
            ("832x1216", "2:3", "1", ""),
            ("320x768", "9:21", "0.25", ""),
            ("1280x720", "16:9", "1", "the picture has 1344x768"),
            ("600x400", "3:2", "0.25", "the picture has 608x416"),
        ],
    )
    def test_sizes_of_flux(self, size, ratio, megapixels, note):
        """
        A ratio and the smallest tier that covers it; the true pixels are told.
        """
        sent, response = inputs(asked(SCHNELL, size=size))

        assert (ratio, megapixels) == (sent["aspect_ratio"], sent["megapixels"])
        assert note == response.params["size"].note

    def test_a_size_and_its_own_words(self):
        """
        Both say the same thing, so one of them is too many.
        """
        error = refusal(asked(SCHNELL, size="1024x1024", megapixels="0.25"))

        assert "megapixels" == error.param

    def test_sizes_of_sdxl(self):
        """
        Pixels stay pixels, in multiples of 8.
        """
        sdxl = f"stability-ai/sdxl:{VERSION}"

        assert {"prompt": "a fox", "width": 1152, "height": 896} == inputs(
            asked(sdxl, size="1152x896")
        )[0]
        assert "divisible by 8" in refusal(asked(sdxl, size="1001x1000")).message

    @pytest.mark.parametrize(
        ("model", "name", "value"),
        [
            pytest.param(SCHNELL, "negative_prompt", "rain", id="FLUX knows no negative prompt"),
            pytest.param(SCHNELL, "image", PNG, id="schnell edits nothing"),
            pytest.param(SCHNELL, "num_inference_steps", 5, id="above the most"),
            pytest.param(SCHNELL, "num_inference_steps", "four", id="of another type"),
            pytest.param(SCHNELL, "output_format", "tiff", id="not among the values"),
            pytest.param(SCHNELL, "output_compression", 101, id="above a hundred"),
            pytest.param(SCHNELL, "size", "1000x300", id="no such ratio"),
            pytest.param(SCHNELL, "size", "1536x1024", id="larger than every tier"),
            pytest.param(SCHNELL, "size", "16:9", id="a ratio is no size"),
            pytest.param(SCHNELL, "quality", "high", id="no qualities"),
            pytest.param(SCHNELL, "style", "vivid", id="no styles"),
            pytest.param(SCHNELL, "user", "u-1", id="no users"),
            pytest.param(SCHNELL, "background", "transparent", id="no backgrounds"),
            pytest.param(DEV, "prompt_strength", 0.5, id="for edits only"),
        ],
    )
    def test_what_is_not_taken(self, model, name, value):
        """
        It is refused before anything is sent, and left out where the caller allows that.
        """
        error = refusal(asked(model, **{name: value}))

        assert (UnsupportedParamsError, name) == (type(error), error.param)

    @pytest.mark.parametrize("name", ["quality", "user", "output_format"])
    def test_what_is_dropped(self, name):
        """
        The answer says so.
        """
        sent, response = inputs(asked(SCHNELL, drop_params=True, **{name: "zz"}))

        assert {"prompt": "a fox"} == sent
        assert "dropped" == response.params[name].outcome

    def test_a_png_has_no_quality(self):
        """
        FLUX would take output_quality and do nothing with it.
        """
        error = refusal(asked(SCHNELL, output_format="png", output_compression=50))

        assert "output_compression" == error.param

    @pytest.mark.parametrize("name", ["size", "aspect_ratio", "megapixels"])
    def test_an_edit_has_the_shape_of_its_picture(self, name):
        """
        flux-dev takes the words and does nothing with them, so they are refused.
        """
        value = {"size": "1024x1024", "aspect_ratio": "1:1", "megapixels": "1"}[name]

        assert name == refusal(asked(DEV, image=PNG, **{name: value})).param

    def test_an_edit_may_have_the_size_of_its_picture(self):
        """
        Without a mask SDXL keeps it; the answer says that this may be.
        """
        _, response = inputs(asked(f"stability-ai/sdxl:{VERSION}", image=PNG, size="512x512"))

        assert (
            "a model may keep the size of the picture that it works on"
            == response.params["size"].note
        )

    def test_response_format(self):
        """
        Replicate sends URLs; bytes are fetched.
        """
        urls = inputs(asked(SCHNELL, response_format="url"))[1].params["response_format"]
        _, fetched = inputs(asked(SCHNELL, response_format="b64_json"))

        assert ("not needed", "mapped") == (
            urls.outcome,
            fetched.params["response_format"].outcome,
        )
        assert PNG == fetched.data[0].read()

    def test_more_pictures_than_a_request_makes(self):
        """
        They are split, and seeds go on counting.
        """
        stage = Script(made(4), made(1), plugin=impasto_replicate)
        response = stage.play(asked(SCHNELL, n=5, seed=7))

        sent = [json.loads(request.body)["input"] for request in stage.sent]
        assert [(4, 7), (1, 11)] == [(one["num_outputs"], one["seed"]) for one in sent]
        assert 5 == len(response.data)

    def test_webhooks_stand_beside_the_input(self):
        """
        As the SDK sends them.
        """
        stage = Script(DONE, plugin=impasto_replicate)
        hook = {"webhook": "https://h.example", "webhook_events_filter": ["completed"]}
        stage.play(asked(SCHNELL, **hook))

        assert {"input": {"prompt": "a fox"}, **hook} == json.loads(stage.sent[0].body)


class TestLearnedModels:
    """By the schema that a model publishes."""

    def test_a_fine_tune(self):
        """
        FLUX's words; a size is a custom ratio with its edges; JPEG has the model's name.
        """
        sent, response = inputs(
            asked("me/my-lora", size="1280x720", output_format="jpeg", output_compression=80),
            FINE_TUNE,
        )

        assert {
            "prompt": "a fox",
            "aspect_ratio": "custom",
            "width": 1280,
            "height": 720,
            "output_format": "jpg",
            "output_quality": 80,
        } == sent
        assert "unverified" not in {fate.outcome for fate in response.params.values()}

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("size", "1281x720", id="an edge that is no multiple of 16"),
            pytest.param("size", "1456x720", id="an edge above the maximum"),
            pytest.param("size", "240x720", id="an edge below the minimum"),
            pytest.param("negative_prompt", "rain", id="not in the schema"),
            pytest.param("aspect_ratio", "7:5", id="not among the values"),
            pytest.param("seed", 7.5, id="of another type"),
            pytest.param("n", 0, id="no picture at all"),
        ],
    )
    def test_what_the_schema_forbids(self, name, value):
        """
        After the look at the schema nothing goes out.
        """
        answers = [] if name in ("n", "seed") else [FINE_TUNE]  # core refuses those by itself

        assert name == refusal(asked("me/my-lora", **{name: value}), *answers).param

    def test_ratios_that_are_words(self):
        """
        "match_input_image" is no size, but the model's own word takes it.
        """
        sent, _ = inputs(
            asked("black-forest-labs/flux-2-pro", aspect_ratio="match_input_image"), FLUX_2
        )

        assert "match_input_image" == sent["aspect_ratio"]

    def test_a_ratio_without_pixels(self):
        """
        The model says which ratios, but not how large they are.
        """
        sent, response = inputs(asked("black-forest-labs/flux-2-pro", size="1500x1000"), FLUX_2)

        assert "3:2" == sent["aspect_ratio"]
        assert "the provider does not say how many pixels that has" == response.params["size"].note

    def test_a_model_that_makes_one(self):
        """
        Without a field for a number it is asked several times.
        """
        stage = Script(FLUX_2, DONE, DONE, plugin=impasto_replicate)
        response = stage.play(asked("black-forest-labs/flux-2-pro", n=2))

        sent = [json.loads(request.body)["input"] for request in stage.sent[1:]]
        assert [{"prompt": "a fox"}] * 2 == sent
        assert 2 == len(response.data)

    @pytest.mark.parametrize(
        ("field", "kind", "name", "value"),
        [
            pytest.param("text", {"type": "string"}, "prompt", "a fox", id="text"),
            pytest.param("caption", {"type": "string"}, "prompt", "a fox", id="caption"),
            pytest.param("num_images", {"type": "integer", "maximum": 4}, "n", 1, id="num_images"),
            pytest.param(
                "number_of_images", {"type": "integer"}, "n", 3, id="a number without a maximum"
            ),
            pytest.param("style_type", {"type": "string"}, "style", "anime", id="style_type"),
            pytest.param("style_preset", {"type": "string"}, "style", "anime", id="style_preset"),
            pytest.param(
                "quality",
                {"type": "string", "enum": ["low", "high"]},
                "quality",
                "low",
                id="quality in words",
            ),
            pytest.param(
                "quality", {"type": "integer"}, "output_compression", 80, id="quality in numbers"
            ),
            pytest.param("background", {"type": "string"}, "background", "auto", id="background"),
            pytest.param("moderation", {"type": "string"}, "moderation", "low", id="moderation"),
            pytest.param("user", {"type": "string"}, "user", "u-1", id="user"),
        ],
    )
    def test_names(self, field, kind, name, value):
        """
        Each common parameter goes by the first fitting name that the schema has.
        """
        prompt = {} if name == "prompt" else {"prompt": {"type": "string"}}
        stage = Script(
            schema({field: kind, **prompt}),
            made(value if name == "n" else 1),
            plugin=impasto_replicate,
        )
        stage.play({**asked("a/b"), name: value})

        assert value == json.loads(stage.sent[-1].body)["input"][field]

    @pytest.mark.parametrize(
        ("fields", "size", "sent"),
        [
            pytest.param(
                {"size": {"type": "string", "enum": ["1024x1024", "1365x1024"]}},
                "1365x1024",
                {"size": "1365x1024"},
                id="a list of sizes",
            ),
            pytest.param(
                {"size": {"type": "string"}}, "1000x700", {"size": "1000x700"}, id="any text"
            ),
            pytest.param(
                {"image_size": {"enum": ["512x512", "auto"], "type": "string"}},
                "auto",
                {"image_size": "auto"},
                id="image_size",
            ),
            pytest.param(
                {
                    "resolution": {"type": "string", "enum": ["None", "1024x1024"]},
                    "aspect_ratio": {"type": "string", "enum": ["1:1", "3:2"]},
                },
                "1024x1024",
                {"resolution": "1024x1024"},
                id="exact pixels before a ratio",
            ),
            pytest.param(
                {
                    "resolution": {"type": "string", "enum": ["None", "1024x1024"]},
                    "aspect_ratio": {"type": "string", "enum": ["1:1", "3:2"]},
                },
                "1536x1024",
                {"aspect_ratio": "3:2"},
                id="a ratio where no pixels fit",
            ),
            pytest.param(
                {
                    "width": {"type": "integer", "enum": [256, 512]},
                    "height": {"type": "integer", "enum": [256, 512]},
                },
                "256x512",
                {"width": 256, "height": 512},
                id="lists of edges",
            ),
            pytest.param(
                {
                    "width": {"type": "integer", "minimum": 64, "multipleOf": 32},
                    "height": {"type": "integer", "maximum": 2048},
                },
                "64x2048",
                {"width": 64, "height": 2048},
                id="limits of edges",
            ),
        ],
    )
    def test_sizes(self, fields, size, sent):
        """
        A size becomes what the schema has for it.
        """
        learned = schema({"prompt": {"type": "string"}, **fields})

        assert {"prompt": "a fox", **sent} == inputs(asked("a/b", size=size), learned)[0]

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"size": {"type": "string", "enum": ["1K", "2K"]}}, id="tiers"),
            pytest.param(
                {"width": {"type": "integer", "enum": [256]}, "height": {"enum": [256]}},
                id="lists of edges",
            ),
            pytest.param({"aspect_ratio": {"type": "string"}}, id="any ratio"),
            pytest.param({}, id="nothing"),
        ],
    )
    def test_sizes_without_a_translation(self, fields):
        """
        What the schema has is for the caller to say in the model's own words.
        """
        learned = schema({"prompt": {"type": "string"}, **fields})

        assert "size" == refusal(asked("a/b", size="1024x1024"), learned).param

    def test_where_both_names_of_jpeg_are_known(self):
        """
        The caller's goes.
        """
        formats = {"type": "string", "enum": ["jpg", "jpeg", "png"]}
        learned = schema({"prompt": {"type": "string"}, "output_format": formats})

        assert "jpeg" == inputs(asked("a/b", output_format="jpeg"), learned)[0]["output_format"]

    def test_what_the_schema_needs(self):
        """
        It is asked for before anything is bought, in common or in own words.
        """
        properties = {"prompt": {"type": "string"}, "input_image": {"type": "string"}}
        learned = schema(properties, required=["prompt", "input_image"])
        own = inputs(asked("a/b", input_image="https://x.example/a.png"), learned)[0]

        assert "image" == refusal(asked("a/b"), learned).param
        assert "https://x.example/a.png" == own["input_image"]

    def test_a_list_of_values_beside_the_input(self):
        """
        It is found by its reference, alone or as one way of two with null.
        """
        reference = {"$ref": "#/components/schemas/look"}
        learned = schema(
            {
                "prompt": {"type": "string"},
                "first": {"allOf": [reference]},
                "second": {"anyOf": [reference, {"type": "null"}]},
                "third": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            },
            look={"type": "string", "enum": ["oil", "ink"]},
        )
        sent, _ = inputs(asked("a/b", first="oil", second="ink", third=3), learned)

        assert ("oil", "ink", 3) == (sent["first"], sent["second"], sent["third"])
        assert "first" == refusal(asked("a/b", first="pen"), learned).param
        assert "second" == refusal(asked("a/b", second="pen"), learned).param

    def test_a_field_of_two_types(self):
        """
        Nobody checks it, and the rest of the schema counts.
        """
        learned = schema({"prompt": {"type": "string"}, "odd": {"type": ["string", "null"]}})

        assert 7 == inputs(asked("a/b", odd=7), learned)[0]["odd"]


class TestUnknownModels:
    """Nothing is known of what a bare version takes."""

    def test_a_size(self):
        """
        Nobody knows what it becomes, so the caller has to say.
        """
        error = refusal(asked(VERSION, size="1024x1024"))

        assert "aspect_ratio='3:2', or width and height" in error.message
        assert {"prompt": "a fox", "width": 1024, "height": 768} == inputs(
            asked(VERSION, width=1024, height=768)
        )[0]

    def test_jpeg(self):
        """
        Most models call it "jpg".
        """
        assert "jpg" == inputs(asked(VERSION, output_format="jpeg"))[0]["output_format"]
