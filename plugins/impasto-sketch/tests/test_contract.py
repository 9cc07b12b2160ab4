"""The renderer keeps the contract, paints what it was asked for, and fails as it is told."""

import asyncio
import io
import time

import PIL.Image
import pytest

import impasto
import impasto_sketch
from impasto.errors import (
    APIResponseValidationError,
    BadRequestError,
    ContentPolicyViolationError,
    InternalServerError,
    RateLimitError,
    Timeout,
    UnsupportedParamsError,
)
from impasto.testing import ProviderContract

SMALL = {"model": "sketch/oil-1", "size": "64x64"}


# It knows no motif for the word, so this is the picture that is painted fastest.
def generate(prompt="justice", **more):
    return impasto.image_generation(prompt, **{**SMALL, **more})


def picture(response):
    return PIL.Image.open(io.BytesIO(response.data[0].read()))


class TestContract(ProviderContract):
    plugin = impasto_sketch
    call = {**SMALL, "prompt": "justice", "n": 2, "seed": 7, "output_format": "webp"}


@pytest.fixture(scope="module")
def third():
    """Return the answer with the picture of the seed 3."""
    return generate(seed=3)


class TestPictures:
    def test_it_says_that_it_is_no_model(self, third):
        """
        Nobody is to take what it paints for the work of a model.
        """
        assert (impasto_sketch.NOTE,) == third.notes
        assert "a renderer and not a model" in impasto_sketch.NOTE

    @pytest.mark.parametrize("output_format", ["png", "jpeg", "webp"])
    def test_the_format_is_what_the_bytes_are(self, output_format):
        """
        Measured and decoded, not only named.
        """
        response = generate(size="96x64", output_format=output_format)

        assert f"image/{output_format}" == response.data[0].mime
        assert (output_format.upper(), (96, 64)) == (
            picture(response).format,
            picture(response).size,
        )
        assert output_format == response.output_format

    @pytest.mark.parametrize("output_format", ["jpeg", "webp"])
    def test_compression_makes_it_smaller(self, output_format):
        """
        It is the quality of those formats that lose something.
        """
        sizes = [
            len(generate(output_format=output_format, output_compression=quality).data[0].read())
            for quality in (5, 95)
        ]

        assert sizes[0] < sizes[1]

    def test_the_same_call_gives_the_same_bytes(self, third):
        """
        Prompt, seed and size decide everything.
        """
        assert third.data == generate(seed=3).data
        assert third.data != generate(seed=4).data

    def test_each_picture_takes_the_next_seed(self, third):
        """
        So that any one of them can be painted again alone.
        """
        both = generate(n=2, seed=2)

        assert [2, 3] == [image.seed for image in both.data]
        assert third.data[0].read() == both.data[1].read()

    def test_the_seed_made_from_the_prompt_is_told(self):
        """
        Who likes the picture can ask for it again, in another size as well.
        """
        made = generate()

        assert made.data[0].read() == generate(seed=made.data[0].seed).data[0].read()

    def test_a_transparent_background_is_transparent(self):
        """
        There is an alpha channel, with clear and with covered parts.
        """
        alpha = picture(generate("a fox", background="transparent")).getchannel("A")

        assert (0, 255) == alpha.getextrema()

    def test_an_opaque_background_hides_nothing(self, third):
        """
        By default the whole sheet is painted.
        """
        assert "RGB" == picture(third).mode


class TestParameters:
    def test_transparent_and_jpeg_do_not_go_together(self):
        """
        A jpeg has no alpha channel, and nobody is to get a picture with a background instead.
        """
        with pytest.raises(UnsupportedParamsError, match="no alpha channel") as caught:
            generate(background="transparent", output_format="jpeg")

        assert "background" == caught.value.param

    def test_transparent_is_dropped_where_that_is_allowed(self):
        """
        The format stays, the background goes, and the response says so.
        """
        made = generate(background="transparent", output_format="jpeg", drop_params=True)

        assert "dropped" == made.params["background"].outcome
        assert "JPEG" == picture(made).format

    def test_a_png_is_not_compressed_with_a_loss(self):
        """
        A quality that would change nothing is refused, not swallowed.
        """
        with pytest.raises(UnsupportedParamsError, match="output_format='jpeg'") as caught:
            generate(output_compression=50)

        assert "output_compression" == caught.value.param

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("size", "63x64", id="too small"),
            pytest.param("size", "4097x4096", id="too large"),
            pytest.param("size", "64x640", id="too long"),
            pytest.param("size", "16:9", id="a ratio"),
            pytest.param("output_format", "gif", id="another format"),
            pytest.param("seed", -1, id="a negative seed"),
            pytest.param("quality", "high", id="quality"),
            pytest.param("response_format", "url", id="a URL"),
        ],
    )
    def test_what_it_does_not_do_is_refused(self, name, value):
        """
        With the name of the parameter, and before anything is painted.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            generate(**{name: value})

        assert name == caught.value.param

    def test_pictures_are_not_edited(self, third):
        """
        It paints from words alone.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            impasto.image_edit(third.data[0].read(), "a hat", **SMALL)

        assert "image" == caught.value.param


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            pytest.param("rate_limit", RateLimitError, id="rate_limit"),
            pytest.param("refusal", ContentPolicyViolationError, id="refusal"),
            pytest.param("server_error", InternalServerError, id="server_error"),
            pytest.param("empty", APIResponseValidationError, id="empty"),
        ],
    )
    def test_a_fault_is_the_error_of_a_service(self, fault, kind):
        """
        A program meets what it would meet, with provider and model filled in.
        """
        with pytest.raises(kind) as caught:
            generate(fault=fault)

        assert kind is type(caught.value)
        assert ("sketch", "oil-1") == (caught.value.provider, caught.value.model)

    def test_a_rate_limit_says_when_to_come_back(self):
        """
        As services do.
        """
        with pytest.raises(RateLimitError) as caught:
            generate(fault="rate_limit")

        assert (1.0, True) == (caught.value.retry_after, caught.value.retryable)

    def test_a_refusal_says_what_it_objects_to(self):
        """
        Stage and categories are there to be shown.
        """
        with pytest.raises(ContentPolicyViolationError) as caught:
            generate(fault="refusal")

        assert ("input", ("injected",)) == (caught.value.stage, caught.value.categories)

    def test_an_empty_answer_is_an_error(self):
        """
        No call ever returns without a picture.
        """
        with pytest.raises(APIResponseValidationError) as caught:
            generate(fault="empty")

        assert "empty" == caught.value.code

    def test_a_picture_that_never_comes_ends_at_the_deadline(self):
        """
        The work is done, the answer is not there: what a broken connection looks like.
        """
        with pytest.raises(Timeout, match=r"0\.5 s"):
            generate(fault="timeout", timeout=0.5)

    def test_a_fault_may_come_from_the_environment(self, monkeypatch):
        """
        So that a program need not be changed to be tested.
        """
        monkeypatch.setenv("IMPASTO_SKETCH_FAULT", "server_error")

        with pytest.raises(InternalServerError):
            generate()

    def test_a_fault_that_nobody_knows_is_refused(self):
        """
        The message lists those that there are.
        """
        with pytest.raises(BadRequestError, match="'rate_limit', 'refusal'") as caught:
            generate(fault="earthquake")

        assert "fault" == caught.value.param


class TestLatency:
    def test_it_is_waited_for(self):
        """
        No picture comes before its time.
        """
        begun = time.monotonic()
        generate(latency=0.2)

        assert 0.2 <= time.monotonic() - begun

    def test_it_may_come_from_the_environment(self, monkeypatch):
        """
        As text, since variables are.
        """
        monkeypatch.setenv("IMPASTO_SKETCH_LATENCY", "3000")

        with pytest.raises(Timeout):
            generate(timeout=0.2)

    @pytest.mark.parametrize("latency", ["soon", -1, 3600, float("nan")])
    def test_what_is_no_latency_is_refused(self, latency):
        """
        It takes seconds, less than an hour of them.
        """
        with pytest.raises(BadRequestError, match="seconds from 0") as caught:
            generate(latency=latency)

        assert "latency" == caught.value.param

    def test_who_goes_away_frees_the_thread(self):
        """
        A call that nobody waits for stops, or the next ones would wait behind it.
        """

        async def test():
            for _ in range(4):  # more than there are threads
                waiting = impasto.aimage_generation("justice", **SMALL, latency=3000)
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(waiting, 0.1)
            return await impasto.aimage_generation("justice", **SMALL, timeout=60)

        assert 1 == len(asyncio.run(test()).data)
