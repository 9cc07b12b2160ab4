"""Pictures to work on: in the order, as URLs, or uploaded before it; masks in white."""

import base64
import io
import json
import random
from pathlib import Path

import PIL.Image
import pytest

import impasto_replicate
from impasto.errors import (
    APIResponseValidationError,
    BadGatewayError,
    BadRequestError,
    ServiceUnavailableError,
    UnsupportedParamsError,
)
from impasto.testing import PNG, Script, html, png, reply, sample

SAMPLES = Path(__file__).parent / "samples"
API = "https://api.replicate.com/v1"
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
DONE, SDXL, FLUX_2 = (
    sample(SAMPLES / f"{name}.json") for name in ("done", "model-sdxl", "model-flux-2")
)
DEV, FILL = "black-forest-labs/flux-dev", "black-forest-labs/flux-fill-dev"
LARGE = PNG + bytes(256_000)  # what stands behind a picture's end is not looked at


def uploaded(name):
    return reply({"id": name, "urls": {"get": f"{API}/files/{name}"}}, status=201)


def asked(model, **more):
    return {"prompt": "a hat", "model": f"replicate/{model}", "api_key": "r8_0123456789", **more}


def play(call, *answers):
    stage = Script(*answers, plugin=impasto_replicate)
    stage.play(call)
    return stage


def inputs(stage):
    return json.loads(stage.sent[-1].body)["input"]


def picture_in(url):
    return base64.b64decode(url.partition(";base64,")[2])


class TestInTheOrder:
    def test_a_small_picture(self):
        """
        It goes as a data URL, with the type of its bytes.
        """
        stage = play(asked(DEV, image=("photo.jpg", PNG), prompt_strength=0.5), DONE)
        sent = inputs(stage)

        assert sent["image"].startswith("data:image/png;base64,")
        assert PNG == picture_in(sent["image"])
        assert ("a hat", 0.5) == (sent["prompt"], sent["prompt_strength"])

    def test_the_largest_of_the_small(self):
        """
        256 kB are what Replicate says.
        """
        largest = PNG + bytes(256_000 - len(PNG))
        stage = play(asked(DEV, image=largest), DONE)

        assert largest == picture_in(inputs(stage)["image"])

    def test_a_url(self):
        """
        It goes as it is: Replicate fetches it.
        """
        stage = play(asked(DEV, image="https://x.example/room.png"), DONE)

        assert "https://x.example/room.png" == inputs(stage)["image"]
        assert 1 == len(stage.sent)

    def test_several_fields(self):
        """
        FLUX.2 numbers them, from the second on.
        """
        stage = play(asked("black-forest-labs/flux-2-pro", image=[PNG] * 3), FLUX_2, DONE)

        assert {"prompt", "input_image", "input_image_2", "input_image_3"} == set(inputs(stage))

    def test_several_fields_that_nobody_could_look_up(self):
        """
        The catalogue has their names.
        """
        stage = play(asked("black-forest-labs/flux-2-pro", image=[PNG] * 2), html(502), DONE)

        assert {"prompt", "input_image", "input_image_2"} == set(inputs(stage))

    def test_one_field_for_a_list(self):
        """
        Each is sent as fits it, in order, here in the field that the SDK was recorded with.
        """
        images = {"type": "array", "items": {"type": "string", "format": "uri"}}
        schemas = {"Input": {"properties": {"prompt": {"type": "string"}, "images": images}}}
        version = {"id": "hidden", "openapi_schema": {"components": {"schemas": schemas}}}
        learned = reply({"is_official": True, "latest_version": version})
        call = asked("a/b", image=[LARGE, "https://x.example/y.png", PNG, LARGE])
        stage = play(call, learned, uploaded("f1"), uploaded("f2"), DONE)

        sent = inputs(stage)["images"]
        assert [f"{API}/files/f1", "https://x.example/y.png"] == sent[:2]
        assert (PNG, f"{API}/files/f2") == (picture_in(sent[2]), sent[3])

    @pytest.mark.parametrize(
        ("call", "answers"),
        [
            pytest.param(asked(DEV, image=[PNG] * 2), [], id="listed"),
            pytest.param(asked("stability-ai/sdxl", image=[PNG] * 2), [SDXL], id="learned"),
            pytest.param(
                asked("black-forest-labs/flux-2-pro", image=[PNG] * 9), [FLUX_2], id="nine"
            ),
            pytest.param(asked(VERSION, image=[PNG] * 2), [], id="unknown"),
        ],
    )
    def test_one_too_many(self, call, answers):
        """
        It would be lost, so the call is refused.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            play(call, *answers)

        assert "image" == caught.value.param


class TestMasks:
    @pytest.mark.parametrize(
        ("model", "answers", "field"),
        [
            pytest.param(FILL, [], "mask", id="listed"),
            pytest.param("stability-ai/sdxl", [SDXL], "mask", id="learned"),
            pytest.param(VERSION, [], "mask", id="unknown"),
        ],
    )
    def test_white_is_painted_anew(self, model, answers, field):
        """
        What is transparent for OpenAI is white for these models, what is opaque is black.
        """
        mask = PIL.Image.new("RGBA", (8, 8), (10, 20, 30, 255))
        mask.putpixel((3, 2), (10, 20, 30, 0))
        file = io.BytesIO()
        mask.save(file, "PNG")
        stage = play(asked(model, image=PNG, mask=file.getvalue()), *answers, DONE)

        with PIL.Image.open(io.BytesIO(picture_in(inputs(stage)[field]))) as sent:
            pixels = sent.convert("RGB")
        assert (255, 255, 255) == pixels.getpixel((3, 2))
        assert (0, 0, 0) == pixels.getpixel((4, 2))

    def test_a_mask_by_its_url(self):
        """
        It is turned into black and white like any other, so its URL would not do.
        """
        stage = play(asked(FILL, image=PNG, mask="https://x.example/mask.png"), DONE)

        assert inputs(stage)["mask"].startswith("data:image/png;base64,")

    def test_where_there_are_none(self):
        """
        A mask that is ignored would be a picture of something else.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            play(asked(DEV, image=PNG, mask=png(8, 8, (0, 0, 0, 0))))

        assert "mask" == caught.value.param


class TestUploads:
    def test_a_large_picture(self):
        """
        It is uploaded as the SDK does it, which buys nothing; the order has its URL.
        """
        stage = play(asked(DEV, image=("room.png", LARGE)), uploaded("f1"), DONE)

        assert [
            ("POST", f"{API}/files", False),
            ("POST", f"{API}/models/{DEV}/predictions", True),
        ] == [(request.method, request.url, request.buys) for request in stage.sent]
        assert b'name="content"; filename="room.png"' in stage.sent[0].body
        assert b"image/png" in stage.sent[0].body
        assert {"prompt": "a hat", "image": f"{API}/files/f1"} == inputs(stage)

    def test_a_picture_and_a_mask(self):
        """
        One after the other, each into its place.
        """
        noise = PIL.Image.frombytes("L", (700, 700), random.Random(7).randbytes(490_000))
        mask = PIL.Image.new("RGBA", noise.size)
        mask.putalpha(noise)
        file = io.BytesIO()
        mask.save(file, "PNG")
        image = png(700, 700) + bytes(256_000)
        call = asked(FILL, image=image, mask=file.getvalue())
        stage = play(call, uploaded("f1"), uploaded("f2"), DONE)

        assert ["files", "files", "predictions"] == [
            request.url.rpartition("/")[2] for request in stage.sent
        ]
        assert {
            "prompt": "a hat",
            "image": f"{API}/files/f1",
            "mask": f"{API}/files/f2",
        } == inputs(stage)
        assert b'filename="mask.png"' in stage.sent[1].body

    def test_it_is_repeated_like_a_poll(self):
        """
        A bad gateway costs nothing; the order goes out once.
        """
        stage = play(asked(DEV, image=LARGE), html(502), html(502), uploaded("f1"), DONE)

        assert ["files"] * 3 + ["predictions"] == [
            request.url.rpartition("/")[2] for request in stage.sent
        ]

    def test_one_that_fails_has_bought_nothing(self):
        """
        The error says so.
        """
        too_large = reply({"detail": "File too large", "status": 413}, status=413)
        with pytest.raises(BadRequestError) as caught:
            play(asked(DEV, image=LARGE), too_large)

        assert ("File too large", 413, False) == (
            caught.value.message,
            caught.value.status_code,
            caught.value.maybe_accepted,
        )

    def test_an_order_after_it_may_have_been_taken(self):
        """
        What comes after the upload buys, and is not sent twice.
        """
        stage = Script(uploaded("f1"), html(502), plugin=impasto_replicate)
        with pytest.raises(BadGatewayError) as caught:
            stage.play(asked(DEV, image=LARGE))

        assert (2, True) == (len(stage.sent), caught.value.maybe_accepted)

    def test_an_order_after_it_that_was_not_taken(self):
        """
        Likewise, but 503 says that there was no room.
        """
        full = sample(SAMPLES / "error-503.json")
        with pytest.raises(ServiceUnavailableError) as caught:
            play(asked(DEV, image=LARGE), uploaded("f1"), full)

        assert not caught.value.maybe_accepted

    @pytest.mark.parametrize(
        ("strategy", "image", "requests"),
        [("url", PNG, 2), ("base64", LARGE, 1), ("url", "https://x.example/y.png", 2)],
    )
    def test_the_callers_strategy(self, strategy, image, requests):
        """
        The SDK's file_encoding_strategy holds for every picture, whatever its size.
        """
        answers = [uploaded("f1"), DONE][-requests:]
        stage = play(asked(DEV, image=image, file_encoding_strategy=strategy), *answers)

        assert requests == len(stage.sent)
        assert inputs(stage)["image"].startswith("https:" if requests == 2 else "data:")

    def test_nothing_is_uploaded_for_nothing(self):
        """
        What is wrong with the order is found before.
        """
        with pytest.raises(BadRequestError) as caught:
            play(asked(DEV, image=LARGE, wait=99))

        assert "wait" == caught.value.param

    @pytest.mark.parametrize("odd", [{}, {"urls": {}}, {"urls": {"get": None}}, [], None])
    def test_an_upload_without_an_address(self, odd):
        """
        No order goes out that has no picture.
        """
        stage = Script(reply(odd, status=201), plugin=impasto_replicate)
        with pytest.raises(APIResponseValidationError) as caught:
            stage.play(asked(DEV, image=LARGE))

        assert (1, False) == (len(stage.sent), caught.value.maybe_accepted)

    def test_another_strategy(self):
        """
        There are two.
        """
        with pytest.raises(BadRequestError, match="'base64' or 'url'") as caught:
            play(asked(DEV, image=PNG, file_encoding_strategy="zip"))

        assert "file_encoding_strategy" == caught.value.param
