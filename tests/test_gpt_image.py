"""GPT Image's rules, which hold wherever the family is served."""

from __future__ import annotations

from typing import Any

import pytest

from impasto import gpt_image
from impasto.errors import UnsupportedParamsError
from impasto.types import Call, Model, Parameter


def call(**parameters: Any) -> Call:
    return Call(kind="generate", provider="acme", model="gpt-image-9", prompt="a fox", **parameters)


def translated(**parameters: Any) -> dict[str, Any]:
    """Return the fields but for the prompt."""
    values = dict(gpt_image.translate(call(**parameters)).values)
    del values["prompt"]
    return values


class TestNames:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("gpt-image-2", True),
            ("gpt-image-9-comet", True),
            ("chatgpt-image-latest", True),
            ("dall-e-3", False),
            ("gpt-5", False),
            ("my-gpt-image-2", False),
        ],
    )
    def test_is_name(self, name, expected):
        """
        By how the names of the family begin.
        """
        assert expected == gpt_image.is_name(name)


class TestTranslate:
    def test_words_have_their_own_names(self):
        """
        All but response_format, which asks for what comes in any case.
        """
        words = {
            "n": 2,
            "size": "auto",
            "quality": "low",
            "background": "transparent",
            "output_format": "webp",
            "output_compression": 50,
            "moderation": "low",
            "user": "u-1",
        }

        assert words == translated(**words, response_format="b64_json")

    @pytest.mark.parametrize(
        "word",
        [{"style": "vivid"}, {"seed": 7}, {"negative_prompt": "rain"}, {"response_format": "url"}],
        ids=lambda word: next(iter(word)),
    )
    def test_what_the_family_does_not_know(self, word):
        """
        It is refused, whichever the model.
        """
        with pytest.raises(UnsupportedParamsError) as caught:
            translated(**word)

        assert caught.value.param in word

    def test_a_providers_own_rule(self):
        """
        It goes before the family's.
        """
        params = gpt_image.translate(call(user="u-1"), user="safety_identifier")

        assert {"prompt": "a fox", "safety_identifier": "u-1"} == params.values

    def test_what_does_not_go_together_is_refused_all_the_same(self):
        """
        A rule of its own does not take that back.
        """
        with pytest.raises(UnsupportedParamsError, match="'png' or 'webp'"):
            gpt_image.translate(
                call(background="transparent", output_format="jpeg"), background="backdrop"
            )

    @pytest.mark.parametrize(
        ("made", "compression", "taken"),
        [
            ("png", 100, True),
            (None, 100, True),
            ("png", 99, False),
            (None, 0, False),
            ("jpeg", 0, True),
            ("webp", 99, True),
            ("gif", 100, False),
        ],
    )
    def test_compression(self, made, compression, taken):
        """
        A PNG takes none but the default.
        """
        asked = {"output_format": made, "output_compression": compression}
        try:
            sent: Any = translated(**asked)["output_compression"]
        except UnsupportedParamsError:
            sent = None

        assert (compression if taken else None) == sent


class TestFormat:
    def test_png_is_the_default(self):
        """
        Where nothing is said, and where what is said is left out.
        """
        no_webp = Model(name="m", parameters={"output_format": Parameter(values=("png", "jpeg"))})

        assert "png" == gpt_image.output_format(call())
        assert "webp" == gpt_image.output_format(call(output_format="webp"))
        assert "png" == gpt_image.output_format(call(output_format="webp", card=no_webp))

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({"stream": True}, True),
            ({"stream": True, "n": 1}, True),
            ({"stream": True, "n": 2}, False),
            ({"stream": True, "output_format": "gif"}, False),
            ({}, False),
        ],
    )
    def test_streams(self, parameters, expected):
        """
        One picture, of a format that comes in parts, and only where that is wanted.
        """
        assert expected == gpt_image.streams(call(**parameters))
