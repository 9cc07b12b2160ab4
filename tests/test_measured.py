"""What became of size, count and format is measured from the bytes, where it is something else."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from impasto import Fate, hookimpl
from impasto.testing import PNG, Script, png, reply
from impasto.types import Image, ImageResponse

JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffc00011080010002003012200021101031101"
)


def response(fates: dict[str, Any], *images: Image) -> ImageResponse:
    """Return an answer to a call in which *fates* were sent as they were given."""
    params = {name: Fate(name, "sent", given, {name: given}) for name, given in fates.items()}
    return ImageResponse(data=list(images), params=params)


def pictures(*sizes: tuple[int, int]) -> list[Image]:
    return [Image(content=png(*size)) for size in sizes]


@pytest.mark.parametrize(
    ("given", "images", "came"),
    [
        ({"size": "16x8"}, pictures((16, 8)), None),
        ({"size": "16x8"}, pictures((8, 8)), "8x8"),
        ({"size": "auto"}, pictures((16, 8), (16, 8)), "16x8"),
        ({"size": "16x8"}, pictures((16, 8), (8, 8)), "16x8, 8x8"),
        ({"size": "16x8"}, [Image(url="https://h.example/1", width=8, height=8)], None),
        ({"n": 2}, pictures((8, 8), (8, 8)), None),
        ({"n": 3}, pictures((8, 8), (8, 8)), 2),
        ({"output_format": "png"}, pictures((8, 8)), None),
        ({"output_format": "webp"}, pictures((8, 8)), "png"),
        ({"output_format": "jpg"}, [Image(content=JPEG)], None),
        ({"output_format": "webp"}, [Image(url="https://h.example/1.webp")], None),
    ],
    ids=[
        "the size that was asked for",
        "another size",
        "a word for a size",
        "two sizes",
        "a size that is only said",
        "as many",
        "fewer",
        "the format that was asked for",
        "another format",
        "another name of the format",
        "a format that is not known yet",
    ],
)
def test_what_came(given, images, came):
    """
    Only what is measured counts, and only where it differs.
    """
    fate = response(given, *images).params[next(iter(given))]

    assert came == fate.came
    assert ("sent", next(iter(given.values()))) == (fate.outcome, fate.given)


def test_what_was_dropped_was_not_asked_for():
    """
    A size that was left out is not compared.
    """
    fate = Fate("size", "dropped", "16x8")

    assert ImageResponse(data=pictures((8, 8)), params={"size": fate}).params["size"].came is None


def test_parameters_that_have_no_measure_stay():
    """
    Quality is nothing that bytes tell.
    """
    answer = response({"quality": "high", "size": "16x8"}, *pictures((8, 8)))

    assert answer.params["quality"].came is None
    assert ["quality", "size"] == list(answer.params)


def test_it_travels():
    """
    A pickled answer, and its dump, say the same.
    """
    answer = pickle.loads(pickle.dumps(response({"size": "16x8"}, *pictures((8, 8)))))

    assert "8x8" == answer.params["size"].came == answer.model_dump()["params"]["size"]["came"]


def test_of_a_whole_call(acme, tmp_path):
    """
    Also where the call was split, over all of its parts.
    """

    @hookimpl
    def parse_response(response) -> ImageResponse:
        return ImageResponse(data=[Image(content=PNG)] * response.json()["pictures"])

    models = tmp_path / "models.json"
    models.write_text('{"models": [{"name": "oil-2", "max_images": 2}]}')
    script = Script(
        *(reply({"pictures": 2}), reply({"pictures": 1})),
        plugin=acme.plugin(parse_response),
        models=models,
    )
    answer = script.play({**acme.call, "n": 3, "size": "64x64"})

    assert (None, "8x8") == (answer.params["n"].came, answer.params["size"].came)
