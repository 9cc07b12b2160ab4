"""What the painter promises: the same words and seed, the same picture; other words, another."""

import subprocess
import sys
from hashlib import sha256

import pytest
from PIL import Image, ImageStat

from impasto_sketch._scene import paint
from impasto_sketch._words import read

SMALL = {"width": 96, "height": 96, "seed": 7}


def digest(picture: Image.Image) -> str:
    return sha256(picture.tobytes()).hexdigest()


def lightness(picture: Image.Image) -> float:
    return ImageStat.Stat(picture.convert("L")).mean[0]


def redness(picture: Image.Image) -> float:
    red, green, blue = ImageStat.Stat(picture).mean
    return red / (green + blue)


class TestDeterminism:
    def test_another_process_paints_the_same_pixels(self):
        """
        Nothing depends on the hash seed of a process, or on what was painted before.
        """
        program = (
            "from hashlib import sha256; from impasto_sketch._scene import paint;"
            "picture = paint('two foxes by a lake', width=96, height=64, seed=3);"
            "print(sha256(picture.tobytes()).hexdigest())"
        )
        command = [sys.executable, "-c", program]
        elsewhere = subprocess.run(command, capture_output=True, text=True, check=True)

        expected = digest(paint("two foxes by a lake", width=96, height=64, seed=3))

        assert expected == elsewhere.stdout.strip()

    def test_letters_composed_or_not_are_the_same_words(self):
        """
        Case and Unicode form say nothing about a picture.
        """
        composed = paint("M\u00dcHLE", **SMALL)
        decomposed = paint("mu\u0308hle", **SMALL)

        assert digest(composed) == digest(decomposed)

    def test_another_seed_is_another_picture(self):
        """
        Positions, clouds and strokes come from the seed.
        """
        one = paint("a lighthouse", width=96, height=96, seed=1)
        other = paint("a lighthouse", width=96, height=96, seed=2)

        assert digest(one) != digest(other)


class TestSize:
    @pytest.mark.parametrize(
        "size",
        [
            pytest.param((64, 64), id="smallest"),
            pytest.param((97, 31), id="odd"),
            pytest.param((600, 60), id="very-wide"),
            pytest.param((60, 600), id="very-tall"),
        ],
    )
    def test_a_picture_has_the_size_that_was_asked_for(self, size):
        """
        To the pixel, whatever size it was painted at.
        """
        width, height = size

        picture = paint("a boat", width=width, height=height, seed=0)

        assert size == picture.size

    def test_a_picture_larger_than_the_working_size_is_enlarged(self):
        """
        Beyond 2048 x 2048 pixels the painting is scaled up.
        """
        picture = paint("justice", width=2304, height=2048, seed=0)

        assert picture.size == (2304, 2048)


class TestTransparent:
    @pytest.mark.parametrize("prompt", ["a red fox", "sunset over the sea", "justice"])
    def test_the_subject_stands_alone(self, prompt):
        """
        There is paint, and there is none; with no thing in the prompt too.
        """
        picture = paint(prompt, transparent=True, **SMALL)

        assert (picture.mode, picture.getchannel("A").getextrema()) == ("RGBA", (0, 255))

    def test_an_opaque_picture_has_no_alpha(self):
        """
        Only *transparent* makes RGBA.
        """
        assert paint("a red fox", **SMALL).mode == "RGB"


class TestWords:
    def test_night_is_darker_than_noon(self):
        """
        The time of day moves the whole palette.
        """
        night, noon = paint("hills at night", **SMALL), paint("hills at noon", **SMALL)

        assert lightness(night) < 0.7 * lightness(noon)

    def test_red_is_redder_than_blue(self):
        """
        A colour of no thing tunes the picture.
        """
        assert redness(paint("red hills", **SMALL)) > redness(paint("blue hills", **SMALL))

    def test_winter_is_whiter_than_summer(self):
        """
        Snow lies on the ground.
        """
        winter = paint("a meadow at noon in winter", **SMALL)
        summer = paint("a meadow at noon in summer", **SMALL)

        assert lightness(winter) > lightness(summer)

    @pytest.mark.parametrize(
        ("prompt", "expected"),
        [
            ("a lighthouse at night", ("night", "sea", [("lighthouse", 1)])),
            ("Ein Leuchtturm bei Nacht", ("night", "sea", [("lighthouse", 1)])),
            ("un phare, la nuit", ("night", "sea", [("lighthouse", 1)])),
            ("un faro en la noche", ("night", "sea", [("lighthouse", 1)])),
            ("three cats in a garden", ("", "garden", [("cat", 3)])),
            ("cherry trees by a lake", ("", "lake", [("blossom", 3)])),
            ("poppies", ("", "field", [("poppy", 3)])),
            ("a hot-air balloon at sunrise", ("dawn", "hills", [("balloon", 1)])),
            ("justice", ("", "", [])),
        ],
    )
    def test_words_become_a_scene(self, prompt, expected):
        """
        Time, place and subjects with their number, in four languages.
        """
        scene = read(prompt)

        actual = (scene.time, scene.place, [(s.name, s.count) for s in scene.subjects])

        assert expected == actual

    def test_a_colour_belongs_to_the_noun_beside_it(self):
        """
        "a blue boat" is not a blue picture.
        """
        scene = read("a blue boat on a lake")

        assert (scene.tint, scene.subjects[0].colour) == (None, (47, 98, 196))

    @pytest.mark.parametrize(
        "prompt",
        [
            pytest.param("", id="empty"),
            pytest.param("justice", id="abstract"),
            pytest.param("美しい夜の海", id="japanese"),
            pytest.param("غروب الشمس", id="arabic"),
            pytest.param("🦊🌙", id="emoji"),
            pytest.param("\ud800 \x00", id="surrogate"),
            pytest.param("a cat and " * 20_000, id="long"),
        ],
    )
    def test_any_prompt_makes_a_picture(self, prompt):
        """
        Never an error, never a blank.
        """
        picture = paint(prompt, **SMALL)

        assert max(ImageStat.Stat(picture).stddev) > 10


class TestReport:
    def test_the_share_that_is_done_only_grows(self):
        """
        From 0 to 1, often enough to be watched.
        """
        shares: list[float] = []

        paint("a castle", report=shares.append, **SMALL)

        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert len(shares) >= 10

    def test_a_report_that_raises_stops_the_painting(self):
        """
        This is how a caller who has given up is heard.
        """

        def give_up(share: float) -> None:
            if share > 0.3:
                raise TimeoutError(share)

        with pytest.raises(TimeoutError):
            paint("a castle", report=give_up, **SMALL)
