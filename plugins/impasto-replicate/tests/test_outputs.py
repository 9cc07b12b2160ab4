"""What predictions bring: URLs in every form, seeds, notes, and nothing."""

import base64
import json
from pathlib import Path

import pytest

import impasto_replicate
from impasto.errors import APIResponseValidationError, PartialResultWarning
from impasto.testing import PNG, Script, html, reply, sample

SAMPLES = Path(__file__).parent / "samples"
OUT = "https://replicate.delivery/xezq/abc/out-0.webp"
CALL = {
    "prompt": "a fox",
    "model": "replicate/black-forest-labs/flux-schnell",
    "api_key": "r8_0123456789",
}


def script(*names, **stage):
    answers = [sample(SAMPLES / f"{name}.json") for name in names]
    return Script(*answers, plugin=impasto_replicate, **stage)


def prediction(**fields):
    said = json.loads(sample(SAMPLES / "done.json").body)
    return reply({**said, **fields}, status=201)


def read(answer, **more):
    return Script(answer, plugin=impasto_replicate).play({**CALL, **more})


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "urls"),
        [
            pytest.param("done", [OUT], id="a list"),
            pytest.param("output-text", [OUT], id="a text"),
            pytest.param("output-object", [OUT], id="an object, each URL once"),
            pytest.param(
                "output-http", ["http://x.example/i.png"], id="a URL that the SDK leaves a text"
            ),
            pytest.param("processing-done", [OUT], id="before the status says so"),
        ],
    )
    def test_urls_are_found(self, name, urls):
        """
        Wherever the model puts them.
        """
        response = script(name).play(CALL)

        assert urls == [image.url for image in response.data]

    def test_a_data_url(self):
        """
        It is a picture already: nothing has to be fetched.
        """
        stage = script("output-data-url")
        (image,) = stage.play({**CALL, "response_format": "b64_json"}).data

        assert ([], "image/png") == (stage.fetched, image.mime)
        assert base64.b64decode(image.b64_json) == image.read()

    def test_they_are_fetched_without_the_key(self):
        """
        replicate.delivery gives them to whoever has the URL.
        """
        stage = script("done", pictures={OUT: PNG})
        response = stage.play({**CALL, "response_format": "b64_json"})

        assert ([OUT], 1) == (stage.fetched, len(stage.sent))
        assert PNG == response.data[0].read()

    def test_uploaded_files_need_the_key(self):
        """
        What is below the interface's own /v1/files is asked for there, and nowhere else.
        """
        first, second = (
            reply(body=body, headers={"Content-Type": "image/png"}) for body in (PNG, PNG + b"2")
        )
        stage = Script(
            sample(SAMPLES / "output-at-home.json"), first, second, plugin=impasto_replicate
        )
        response = stage.play(CALL)

        assert [
            ("https://api.replicate.com/v1/files/f1", "Bearer r8_0123456789", False),
            ("https://api.replicate.com/v1/files/f2", "Bearer r8_0123456789", False),
        ] == [
            (request.url, request.headers["Authorization"], request.buys)
            for request in stage.sent[1:]
        ]
        assert [PNG, None, PNG + b"2"] == [
            base64.b64decode(image.b64_json) if image.b64_json else None for image in response.data
        ]
        assert OUT == response.data[1].url

    @pytest.mark.parametrize("odd", [html(200), reply({}), reply(body=b"")], ids=str)
    def test_what_comes_for_an_uploaded_file_is_no_picture(self, odd):
        """
        A page is not handed on as one.
        """
        stage = Script(sample(SAMPLES / "output-at-home.json"), odd, plugin=impasto_replicate)
        with pytest.raises(APIResponseValidationError, match="it is no picture"):
            stage.play(CALL)


class TestBeside:
    def test_the_seed(self):
        """
        FLUX and SDXL write it into their logs.
        """
        response = script("seeded").play(CALL)

        assert 4711 == response.data[0].seed

    def test_a_seed_in_the_output(self):
        """
        Where the model tells it, nobody has to guess; other words are kept.
        """
        response = read(prediction(output={"image": OUT, "seed": 3, "look": "oil"}, logs=None))

        assert 3 == response.data[0].seed
        assert {"seed": 3, "look": "oil"} == response.provider_specific_fields["output"]

    def test_no_seed(self):
        """
        Of several pictures it is only the first one's, and a prompt in the logs is not it.
        """
        two = read(prediction(output=[OUT, f"{OUT}2"], logs="Using seed: 7"), n=2)
        quoted = read(prediction(logs="Prompt: Using seed: 7"))

        assert [None, None] == [image.seed for image in two.data]
        assert quoted.data[0].seed is None

    def test_what_else_was_said(self):
        """
        The id for Replicate's support, the seconds, the logs.
        """
        response = script("some").play({**CALL, "num_outputs": 3})

        assert {
            "id": "pred1",
            "model": "black-forest-labs/flux-schnell",
            "version": "hidden",
            "metrics": {"predict_time": 1.5, "image_count": 2},
            "logs": "Using seed: 4711\nNSFW content detected in image 1\n"
            "Total safe images: 2 out of 3",
        } == response.provider_specific_fields


class TestFewer:
    FEWER = (
        "fewer pictures came than were asked for; models leave out, without a word, "
        "what their filters flag"
    )

    def test_than_asked(self):
        """
        What came is returned, with a note and a warning.
        """
        with pytest.warns(PartialResultWarning, match="2 of 3 pictures came"):
            response = script("some").play({**CALL, "n": 3})

        assert (2, (self.FEWER,)) == (len(response.data), response.notes)

    def test_than_asked_in_the_models_words(self):
        """
        Likewise for num_outputs.
        """
        response = script("some").play({**CALL, "num_outputs": 3})

        assert (2, (self.FEWER,)) == (len(response.data), response.notes)

    def test_a_number_that_is_none(self):
        """
        What a model makes of the caller's own words is not known here.
        """
        assert () == read(prediction(), num_outputs="many").notes

    def test_before_it_failed(self):
        """
        What was made is not lost; the note says what happened.
        """
        broken = prediction(status="failed", error="CUDA out of memory")
        response = read(broken, n=1)

        assert [OUT] == [image.url for image in response.data]
        assert ("not all of it came: CUDA out of memory",) == response.notes


class TestNothing:
    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            pytest.param(sample(SAMPLES / "output-null.json"), "no output", id="null"),
            pytest.param(
                sample(SAMPLES / "removed.json"),
                "Replicate has removed the output already, as it does after an hour",
                id="removed",
            ),
            pytest.param(prediction(output=[]), "no output", id="an empty list"),
            pytest.param(
                prediction(output="a fox, painted"),
                "the output is 'a fox, painted', without any URL",
                id="a text",
            ),
        ],
    )
    def test_a_success_without_a_picture(self, answer, why):
        """
        It is an error that says what there was instead, and it may have cost something.
        """
        with pytest.raises(APIResponseValidationError) as caught:
            read(answer)

        assert f"the answer holds no picture: {why}" == caught.value.message
        assert ("empty", True) == (caught.value.code, caught.value.maybe_accepted)
