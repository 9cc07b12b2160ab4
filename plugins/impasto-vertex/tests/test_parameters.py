"""What each parameter becomes on the wire, and what is refused before anything is sent."""

import base64
import io
import json
from pathlib import Path

import PIL.Image
import pytest

from impasto.errors import BadRequestError, UnsupportedParamsError
from impasto.testing import PNG, Script, png, sample
from impasto_vertex import _paths

pytestmark = [
    # Imagen is gone; nothing here depends on the day.
    pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning"),
    # One picture is the answer to whatever was asked.
    pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning"),
]

SAMPLES = Path(__file__).parent / "samples"
IMAGEN, GEMINI = sample(SAMPLES / "imagen.json"), sample(SAMPLES / "gemini.json")
WHO = {"vertex_project": "my-proj", "access_token": "ya29.0123456789abcdef"}
FOX, HAT = png(8, 8), png(8, 8, (20, 30, 40))
# The left half is to be painted anew.
HALF = io.BytesIO()
PIL.Image.merge(
    "RGBA",
    [
        *PIL.Image.new("RGB", (8, 8)).split(),
        PIL.Image.frombytes("L", (8, 8), (b"\0" * 4 + b"\xff" * 4) * 8),
    ],
).save(HALF, "PNG")


def played(model, answer, **call):
    script = Script(answer)
    response = script.play({"prompt": "a fox", **WHO, **call, "model": f"vertex_ai/{model}"})
    return json.loads(script.sent[0].body), response


def gemini(model="gemini-3.1-flash-image", **call):
    """Return the body of a call of Gemini's, and the response."""
    return played(model, GEMINI, **call)


def imagen(model="imagen-4.0-generate-001", **call):
    """Return the body of a call of Imagen's, and the response."""
    return played(model, IMAGEN, **call)


def image_config(**call):
    return gemini(**call)[0]["generationConfig"]["imageConfig"]


class TestGeminisSizes:
    @pytest.mark.parametrize(
        ("model", "size", "expected", "note"),
        [
            ("gemini-3-pro-image", "1024x1024", {"aspectRatio": "1:1", "imageSize": "1K"}, ""),
            ("gemini-3-pro-image", "5504x3072", {"aspectRatio": "16:9", "imageSize": "4K"}, ""),
            (
                "gemini-3-pro-image",
                "1792x1024",
                {"aspectRatio": "16:9", "imageSize": "2K"},
                "2752x1536",
            ),
            (
                "gemini-3-pro-image",
                "1536x1024",
                {"aspectRatio": "3:2", "imageSize": "2K"},
                "2528x1696",
            ),
            ("gemini-3.1-flash-image", "512x512", {"aspectRatio": "1:1", "imageSize": "512"}, ""),
            (
                "gemini-nano-banana-2.1",
                "512x512",
                {"aspectRatio": "1:1", "imageSize": "1K"},
                "1024x1024",
            ),
            ("gemini-nano-banana-2.1", "12288x1536", {"aspectRatio": "8:1", "imageSize": "4K"}, ""),
            ("gemini-2.5-flash-image", "1024x1024", {"aspectRatio": "1:1"}, "does not say"),
            ("gemini-2.5-flash", "1024x1024", {"aspectRatio": "1:1"}, "does not say"),
        ],
    )
    def test_a_size_is_a_row_of_the_table(self, model, size, expected, note):
        """
        Ratio and tier, the smallest that covers it; the fate tells the true pixels.
        """
        body, response = gemini(model, size=size)

        assert expected == body["generationConfig"]["imageConfig"]
        assert note in response.params["size"].note

    @pytest.mark.parametrize(
        ("model", "size"),
        [
            ("gemini-3-pro-image", "16:9"),
            ("gemini-3-pro-image", "auto"),
            ("gemini-3-pro-image", "1000x700"),
            ("gemini-3-pro-image", "8192x8192"),
            ("gemini-3-pro-image", "512x2048"),
            ("gemini-3.1-flash-lite-image", "2048x2048"),
        ],
    )
    def test_other_sizes_are_refused(self, model, size):
        """
        No picture is bought that nobody asked for.
        """
        with pytest.raises(UnsupportedParamsError, match="1024x1024"):
            gemini(model, size=size)

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (
                {"aspect_ratio": "21:9", "image_size": "4K"},
                {"aspectRatio": "21:9", "imageSize": "4K"},
            ),
            ({"aspectRatio": "4:1"}, {"aspectRatio": "4:1"}),
            ({"imageConfig": {"aspectRatio": "1:4"}}, {"aspectRatio": "1:4"}),
            (
                {
                    "image_config": {"imageOutputOptions": {"mimeType": "image/png"}},
                    "size": "512x512",
                },
                {
                    "aspectRatio": "1:1",
                    "imageSize": "512",
                    "imageOutputOptions": {"mimeType": "image/png"},
                },
            ),
        ],
    )
    def test_googles_own_words(self, words, expected):
        """
        The SDK's, the wire's and LiteLLM's.
        """
        assert expected == image_config(**words)

    @pytest.mark.parametrize(
        "words",
        [
            {"size": "1024x1024", "aspect_ratio": "1:1"},
            {"size": "1024x1024", "imageConfig": {"imageSize": "2K"}},
            {"output_format": "png", "output_mime_type": "image/png"},
        ],
    )
    def test_two_words_for_one_field(self, words):
        """
        One of them would be lost.
        """
        with pytest.raises(BadRequestError, match="another parameter set already"):
            gemini(**words)

    @pytest.mark.parametrize(
        ("model", "words"),
        [
            ("gemini-3-pro-image", {"aspect_ratio": "8:1"}),
            ("gemini-3-pro-image", {"image_size": "512"}),
            ("gemini-3.1-flash-lite-image", {"image_size": "2K"}),
            ("gemini-3-pro-image", {"person_generation": "DONT_ALLOW"}),
            ("gemini-3-pro-image", {"output_format": "webp"}),
            ("gemini-3-pro-image", {"quality": "high"}),
            ("gemini-3-pro-image", {"style": "vivid"}),
            ("gemini-3-pro-image", {"negative_prompt": "rain"}),
            ("gemini-3-pro-image", {"background": "transparent"}),
            ("gemini-3-pro-image", {"user": "me"}),
            ("gemini-3-pro-image", {"seed": 2**31}),
            ("gemini-2.5-flash-image", {"image_size": "1K"}),
            ("gemini-2.5-flash-image", {"imageSize": "1K"}),
            ("gemini-2.5-flash-image", {"thinking_level": "LOW"}),
            ("gemini-3-pro-image", {"response_format": "url"}),
            ("gemini-3-pro-image", {"web_search_options": {"search_context_size": "low"}}),
        ],
    )
    def test_what_a_model_does_not_take(self, model, words):
        """
        It is refused, and the parameter is named.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            gemini(model, **words)

        assert next(iter(words)) == caught.value.param


class TestGeminisBody:
    def test_a_plain_one(self):
        """
        One turn of the user's, and pictures only.
        """
        body, _ = gemini()

        assert {
            "contents": [{"role": "user", "parts": [{"text": "a fox"}]}],
            "generationConfig": {"responseModalities": ["IMAGE"]},
        } == body

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (["TEXT", "IMAGE"], {"generationConfig": {"responseModalities": ["TEXT", "IMAGE"]}}),
            ([], {}),
        ],
    )
    def test_modalities(self, given, expected):
        """
        Words as well, or what the model does by itself.
        """
        body, _ = gemini(response_modalities=given)

        assert expected == {name: body[name] for name in body if name != "contents"}

    def test_pictures_come_first(self):
        """
        Each in its own part, with the type of its bytes, then those that Google reads itself.
        """
        address = {"fileUri": "gs://b/a.png", "mimeType": "image/png"}
        body, _ = gemini(image=[FOX, HAT], prompt="add a hat", file_data=[address])
        parts = body["contents"][0]["parts"]

        assert ["inlineData", "inlineData", "fileData", "text"] == [*map(min, parts)]
        assert ["image/png"] * 2 == [part["inlineData"]["mimeType"] for part in parts[:2]]
        assert address == parts[2]["fileData"]

    def test_a_mask_is_refused(self):
        """
        There are none for Gemini, listed or not.
        """
        with pytest.raises(UnsupportedParamsError, match="does not take mask"):
            gemini(image=FOX, mask=FOX)
        with pytest.raises(UnsupportedParamsError, match="say in the prompt which part"):
            gemini("gemini-9-image", image=FOX, mask=FOX)

    def test_fifteen_pictures_are_too_many(self):
        """
        Gemini 3 Pro Image takes fourteen.
        """
        with pytest.raises(UnsupportedParamsError, match="at most 14"):
            gemini("gemini-3-pro-image", image=[PNG] * 15)

    def test_earlier_turns(self):
        """
        They go before, with the signature that the answer brought.
        """
        turns = [
            {"role": "user", "parts": [{"text": "a fox"}]},
            {"role": "model", "parts": [{"text": "ok", "thoughtSignature": "c2ln"}]},
        ]
        body, _ = gemini(contents=turns, prompt="with a hat")

        assert [*turns, {"role": "user", "parts": [{"text": "with a hat"}]}] == body["contents"]

    def test_several_pictures_are_several_calls(self):
        """
        A call makes one; each has a seed of its own.
        """
        script = Script(GEMINI, GEMINI, GEMINI)
        call = {"prompt": "a", "model": "vertex_ai/gemini-3-pro-image", "n": 3, "seed": 7, **WHO}
        response = script.play(call)

        assert 3 == len(response.data)
        assert [7, 8, 9] == sorted(
            json.loads(request.body)["generationConfig"]["seed"] for request in script.sent
        )

    @pytest.mark.parametrize(
        ("words", "path", "expected"),
        [
            ({"thinking_level": "HIGH"}, "generationConfig.thinkingConfig.thinkingLevel", "HIGH"),
            (
                {"thinking_config": {"includeThoughts": True}},
                "generationConfig.thinkingConfig.includeThoughts",
                True,
            ),
            (
                {"system_instruction": "be brief"},
                "systemInstruction",
                {"role": "user", "parts": [{"text": "be brief"}]},
            ),
            (
                {"system_instruction": {"parts": [{"text": "b"}]}},
                "systemInstruction",
                {"parts": [{"text": "b"}]},
            ),
            ({"labels": {"team": "a"}}, "labels", {"team": "a"}),
            ({"web_search_options": {}}, "tools", [{"googleSearch": {}}]),
            ({"output_gcs_uri": "gs://b/o/"}, "outputConfig.outputUriPrefix", "gs://b/o/"),
            ({"top_k": 20}, "generationConfig.topK", 20),
            ({"routingConfig": {"autoMode": {}}}, "generationConfig.routingConfig.autoMode", {}),
            (
                {"output_format": "jpeg", "output_compression": 80},
                "generationConfig.imageConfig.imageOutputOptions",
                {"mimeType": "image/jpeg", "compressionQuality": 80},
            ),
            (
                {"safety_settings": [{"category": "HARM_CATEGORY_IMAGE_HATE", "threshold": "OFF"}]},
                "safetySettings",
                [{"category": "HARM_CATEGORY_IMAGE_HATE", "threshold": "OFF"}],
            ),
        ],
    )
    def test_where_words_go(self, words, path, expected):
        """
        Each to its place in Google's body; what nobody knows is about the generation.
        """
        found, _ = gemini(**words)
        for name in path.split("."):
            found = found[name]

        assert expected == found

    def test_addresses(self):
        """
        Pictures that go to storage come back as addresses, and nothing else can be asked for.
        """
        gemini(output_gcs_uri="gs://b/o/", response_format="url")

        with pytest.raises(UnsupportedParamsError, match="has addresses"):
            gemini(output_gcs_uri="gs://b/o/", response_format="b64_json")

    def test_what_the_caller_gave_stays_as_it_is(self):
        """
        Objects are copied before anything is put into them.
        """
        config = {"imageOutputOptions": {"mimeType": "image/png"}}
        gemini(imageConfig=config, output_compression_quality=80)

        assert {"imageOutputOptions": {"mimeType": "image/png"}} == config


class TestImagensParameters:
    def test_litellms_program(self):
        """
        LiteLLM's documented call, with the wire's own words.
        """
        body, response = imagen("imagegeneration@006", number_of_images=1, aspect_ratio="1:1")

        assert {
            "instances": [{"prompt": "a fox"}],
            "parameters": {"sampleCount": 1, "aspectRatio": "1:1"},
        } == body
        assert 1 == len(response.data)

    def test_a_plain_one_has_no_parameters(self):
        """
        Nothing is sent that nobody set.
        """
        assert {"instances": [{"prompt": "a fox"}]} == imagen()[0]

    @pytest.mark.parametrize(
        ("model", "size", "expected"),
        [
            (
                "imagen-4.0-generate-001",
                "1024x1024",
                {"aspectRatio": "1:1", "sampleImageSize": "1K"},
            ),
            (
                "imagen-4.0-generate-001",
                "1792x1024",
                {"aspectRatio": "16:9", "sampleImageSize": "2K"},
            ),
            ("imagen-3.0-generate-002", "1408x768", {"aspectRatio": "16:9"}),
            ("imagegeneration@006", "768x1408", {"aspectRatio": "9:16"}),
            ("imagen-9.0-generate-001", "1024x768", {"aspectRatio": "4:3"}),
        ],
    )
    def test_a_size_is_a_row_of_the_table(self, model, size, expected):
        """
        Imagen 4 has two tiers, the older ones have none.
        """
        assert expected == imagen(model, size=size)[0]["parameters"]

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ({"safety_filter_level": "block_only_high"}, {"safetySetting": "BLOCK_ONLY_HIGH"}),
            ({"safety_filter_level": "block_some"}, {"safetySetting": "block_some"}),
            ({"person_generation": "allow_adult"}, {"personGeneration": "ALLOW_ADULT"}),
            ({"output_format": "jpeg"}, {"outputOptions": {"mimeType": "image/jpeg"}}),
            ({"output_compression": 80}, {"outputOptions": {"compressionQuality": 80}}),
            ({"n": 3}, {"sampleCount": 3}),
            ({"sampleCount": 3}, {"sampleCount": 3}),
            ({"seed": 7, "add_watermark": False}, {"seed": 7, "addWatermark": False}),
            ({"zz_new": 1}, {"zz_new": 1}),
            ({"output_gcs_uri": "gs://b", "response_format": "url"}, {"storageUri": "gs://b"}),
        ],
    )
    def test_words(self, words, expected):
        """
        The SDK's words become the wire's; what nobody knows is a parameter.
        """
        assert expected == imagen(**words)[0]["parameters"]

    def test_labels_are_beside_the_parameters(self):
        """
        They are about the bill.
        """
        assert {"team": "a"} == imagen(labels={"team": "a"})[0]["labels"]

    @pytest.mark.parametrize(
        ("model", "words"),
        [
            ("imagen-3.0-generate-002", {"negative_prompt": "rain"}),
            ("imagen-3.0-generate-002", {"image_size": "2K"}),
            ("imagen-4.0-generate-001", {"aspect_ratio": "3:2"}),
            ("imagen-4.0-generate-001", {"number_of_images": 9}),
            ("imagen-4.0-generate-001", {"edit_mode": "EDIT_MODE_STYLE"}),
            ("imagen-4.0-generate-001", {"size": "1536x1024"}),
            ("imagen-3.0-generate-002", {"size": "1792x1024"}),
            ("imagen-4.0-generate-001", {"quality": "hd"}),
            ("imagen-4.0-generate-001", {"response_format": "url"}),
        ],
    )
    def test_what_a_model_does_not_take(self, model, words):
        """
        It is refused before anything is sent.
        """
        with pytest.raises(UnsupportedParamsError):
            imagen(model, **words)

    def test_more_than_four_are_split(self):
        """
        A request makes four.
        """
        script = Script(*[sample(SAMPLES / "imagen-two.json")] * 2)
        call = {"prompt": "a", "model": "vertex_ai/imagen-4.0-generate-001", "n": 6, **WHO}
        script.play(call)

        assert [4, 2] == [
            json.loads(request.body)["parameters"]["sampleCount"] for request in script.sent
        ]


def references(**call):
    """Return the references of an edit, without their bytes."""
    body, _ = imagen("imagen-3.0-capability-001", **{"image": FOX, **call})
    return [
        {name: one[name] for name in one if name != "referenceImage"}
        for one in body["instances"][0]["referenceImages"]
    ]


class TestImagensEdits:
    def test_a_picture_is_raw(self):
        """
        One picture is what is to be changed.
        """
        assert [{"referenceId": 1, "referenceType": "REFERENCE_TYPE_RAW"}] == references()

    def test_a_mask_is_white_where_the_picture_is_painted_anew(self):
        """
        What was transparent is white, what was opaque is black.
        """
        body, _ = imagen("imagen-3.0-capability-001", image=FOX, mask=HALF.getvalue())
        mask = body["instances"][0]["referenceImages"][1]
        data = io.BytesIO(base64.b64decode(mask["referenceImage"]["bytesBase64Encoded"]))
        pixels = PIL.Image.open(data).convert("L")

        assert "image/png" == mask["referenceImage"]["mimeType"]
        assert (255, 0) == (pixels.getpixel((0, 0)), pixels.getpixel((7, 0)))
        assert {"maskMode": "MASK_MODE_USER_PROVIDED"} == mask["maskImageConfig"]
        assert "REFERENCE_TYPE_MASK" == mask["referenceType"]

    def test_a_mask_that_vertex_finds(self):
        """
        A mode without a mask; what goes with it goes along.
        """
        found = references(
            mask_mode="MASK_MODE_SEMANTIC",
            segmentation_classes=[40],
            mask_dilation=0.03,
            edit_mode="EDIT_MODE_INPAINT_REMOVAL",
        )

        assert {
            "referenceId": 2,
            "referenceType": "REFERENCE_TYPE_MASK",
            "maskImageConfig": {
                "maskMode": "MASK_MODE_SEMANTIC",
                "maskClasses": [40],
                "dilation": 0.03,
            },
        } == found[1]

    def test_how_it_is_edited(self):
        """
        Mode and steps are parameters.
        """
        body, _ = imagen(
            "imagen-3.0-capability-001",
            image=FOX,
            mask=FOX,
            edit_mode="EDIT_MODE_OUTPAINT",
            base_steps=35,
            n=2,
        )

        assert {
            "sampleCount": 2,
            "editMode": "EDIT_MODE_OUTPAINT",
            "editConfig": {"baseSteps": 35},
        } == body["parameters"]

    def test_references_of_every_kind(self):
        """
        Each says what it is; one that Google reads itself needs no picture.
        """
        told = [
            {"referenceType": "REFERENCE_TYPE_RAW"},
            {
                "referenceType": "REFERENCE_TYPE_CONTROL",
                "controlImageConfig": {"controlType": "CONTROL_TYPE_CANNY"},
            },
            {
                "referenceType": "REFERENCE_TYPE_CONTENT",
                "referenceImage": {"gcsUri": "gs://b/c.png", "mimeType": "image/png"},
            },
        ]
        body, _ = imagen("imagen-3.0-capability-001", image=[FOX, HAT], reference_images=told)
        listed = body["instances"][0]["referenceImages"]

        assert [1, 2, 3] == [one["referenceId"] for one in listed]
        assert [one["referenceType"] for one in told] == [one["referenceType"] for one in listed]
        assert listed[0]["referenceImage"] != listed[1]["referenceImage"]
        assert {"gcsUri": "gs://b/c.png", "mimeType": "image/png"} == listed[2]["referenceImage"]

    @pytest.mark.parametrize(
        "call",
        [
            {"image": [FOX, HAT]},
            {"image": [FOX, HAT], "reference_images": [{"referenceType": "REFERENCE_TYPE_RAW"}]},
            {"reference_images": [{"referenceType": "REFERENCE_TYPE_RAW"}] * 2},
        ],
        ids=["two without a word", "two and one word", "one and two words"],
    )
    def test_pictures_that_nobody_explains(self, call):
        """
        What a picture is for is not guessed.
        """
        with pytest.raises(UnsupportedParamsError, match="says of each what it is") as caught:
            references(**call)

        assert "image" == caught.value.param

    def test_references_without_a_picture_of_the_callers(self):
        """
        A generation after a style that lies in storage.
        """
        told = [
            {
                "referenceType": "REFERENCE_TYPE_STYLE",
                "referenceImage": {"gcsUri": "gs://b/s.png"},
                "styleImageConfig": {"style_description": "glass"},
            }
        ]
        body, _ = imagen("imagen-3.0-capability-001", reference_images=told)

        assert [{"referenceId": 1, **told[0]}] == body["instances"][0]["referenceImages"]

    def test_upscaling(self):
        """
        A picture and a factor, no prompt; mode and count are the SDK's.
        """
        body, _ = imagen(
            "imagen-4.0-upscale-preview",
            prompt=None,
            image=FOX,
            upscale_factor="x4",
            image_preservation_factor=0.5,
        )

        assert ["image"] == [*body["instances"][0]]
        assert {
            "upscaleConfig": {"upscaleFactor": "x4", "imagePreservationFactor": 0.5},
            "sampleCount": 1,
            "mode": "upscale",
        } == body["parameters"]

    @pytest.mark.parametrize(
        ("model", "call", "why"),
        [
            ("imagen-4.0-upscale-preview", {"upscale_factor": "x2"}, "has no prompt"),
            ("virtual-try-on-001", {"person_image": HAT}, "takes no prompt"),
        ],
    )
    def test_a_prompt_where_none_is_taken(self, model, call, why):
        """
        It would be lost.
        """
        with pytest.raises(UnsupportedParamsError, match=why):
            imagen(model, image=FOX, **call)

    @pytest.mark.parametrize(
        ("model", "call", "missing"),
        [
            ("imagen-4.0-upscale-preview", {}, "upscale_factor"),
            ("virtual-try-on-001", {}, "person_image"),
        ],
    )
    def test_what_is_needed(self, model, call, missing):
        """
        It is asked for before anything is sent.
        """
        with pytest.raises(BadRequestError, match=f"needs {missing}"):
            imagen(model, prompt=None, image=FOX, **call)

    def test_trying_on(self):
        """
        A person, and what is to be worn; pictures in any form.
        """
        body, _ = imagen("virtual-try-on-001", prompt=None, image=[FOX, HAT], person_image=HAT)
        (instance,) = body["instances"]

        assert 2 == len(instance["productImages"])
        assert instance["personImage"] == instance["productImages"][1]

    def test_products_in_another_place(self):
        """
        Steps are a parameter of their own there.
        """
        body, _ = imagen("imagen-product-recontext-preview-06-30", image=FOX, base_steps=32)

        assert {"baseSteps": 32} == body["parameters"]
        assert "a fox" == body["instances"][0]["prompt"]


class TestKinds:
    @pytest.mark.parametrize(
        ("model", "call", "said"),
        [
            ("imagen-4.0-generate-001", {"image": FOX}, "no picture to work on"),
            ("imagen-product-recontext-preview-06-30", {}, "works on pictures"),
            ("gemini-3-pro-image", {"image": FOX, "kind": "vary"}, "no variations"),
            ("gemini-of-tomorrow", {"image": FOX, "kind": "vary"}, "no variations"),
        ],
    )
    def test_what_a_model_is_not_there_for(self, model, call, said):
        """
        It is refused, whether a picture is missing or would be lost.
        """
        with pytest.raises(BadRequestError, match=said):
            played(model, GEMINI, **call)


class TestObjects:
    @pytest.mark.parametrize(
        ("play", "words", "place", "expected"),
        [
            (
                gemini,
                {"generationConfig": {"seed": 3, "imageConfig": {}}, "aspect_ratio": "1:1"},
                "generationConfig",
                {"seed": 3, "imageConfig": {"aspectRatio": "1:1"}, "responseModalities": ["IMAGE"]},
            ),
            (
                gemini,
                {"outputConfig": {"outputUriPrefix": "gs://b/"}},
                "outputConfig",
                {"outputUriPrefix": "gs://b/"},
            ),
            (
                imagen,
                {"output_format": "png", "outputOptions": {"compressionQuality": 3}},
                "parameters",
                {"outputOptions": {"mimeType": "image/png", "compressionQuality": 3}},
            ),
            (
                imagen,
                {"n": 1, "parameters": {"aspectRatio": "1:1"}},
                "parameters",
                {"sampleCount": 1, "aspectRatio": "1:1"},
            ),
        ],
    )
    def test_those_of_the_wire_are_taken_apart(self, play, words, place, expected):
        """
        What is in them stands beside what other words say; neither takes the other's place.
        """
        given = json.dumps(words)

        assert expected == play(**words)[0][place]
        assert given == json.dumps(words)

    def test_one_field_twice(self):
        """
        It is seen inside an object as well.
        """
        with pytest.raises(BadRequestError, match="another parameter set already"):
            imagen(output_format="png", outputOptions={"mimeType": "image/jpeg"})

    @pytest.mark.parametrize(
        ("model", "words", "why"),
        [
            ("gemini-of-tomorrow", {"imageConfig": "16:9"}, "takes an object"),
            ("gemini-of-tomorrow", {"response_modalities": "IMAGE"}, "takes a list"),
            ("gemini-of-tomorrow", {"contents": "hi"}, "takes a list"),
            ("gemini-of-tomorrow", {"file_data": {"fileUri": "gs://b/a"}}, "takes a list"),
            ("imagen-9.0-capability", {"reference_images": ["a"]}, "takes a list of objects"),
            ("imagen-9.0-capability", {"reference_images": {}}, "takes a list of objects"),
        ],
    )
    def test_of_the_wrong_type(self, model, words, why):
        """
        They are refused also where no catalogue says what they are.
        """
        with pytest.raises(UnsupportedParamsError, match=why):
            gemini(model, **words)


class TestPaths:
    def test_there_and_back(self):
        """
        Fields are put where their paths say, and found by them.
        """
        fields = {"a.b.c": 1, "a.d": {}, "e": [2]}

        assert {"a": {"b": {"c": 1}, "d": {}}, "e": [2]} == _paths.placed(fields)
        assert {"x.b.c": 1, "x.d": {}} == _paths.by_path("x", {"b": {"c": 1}, "d": {}})
