"""Which calls are equal: over every field of a call, and over real ones."""

from typing import Any

import pytest
from attrs import evolve, fields

from impasto.testing import PNG, png
from impasto.types import Call, ImageFile, Mask
from impasto_cache._key import LEFT_OUT, key

CALL = Call(kind="generate", provider="acme", model="oil-2", prompt="a fox")
# Another value for each field that takes no text; for a field that is not here, a text will do.
OTHERS: dict[str, Any] = {
    "n": 2,
    "seed": 0,
    "output_compression": 0,
    "images": (ImageFile(data=PNG, mime="image/png", name="a.png"),),
    "mask": Mask(data=PNG, mime="image/png", name="a.png"),
    "extra": {"cfg": 0},
    "drop_params": True,
    "extra_body": {"cfg": False},
    "extra_query": {"v": ["2"]},
    "settings": {"region": "eu"},
    "timeout": 5.0,
    "detached": True,
}


@pytest.mark.parametrize("name", [one.name for one in fields(Call)])
def test_every_field(name):
    """
    It counts, unless it is one of those that are left out; a field of a later version counts.
    """
    other = evolve(CALL, **{name: OTHERS.get(name, "another")})

    assert (name in LEFT_OUT) == (key(CALL) == key(other))


def test_what_is_left_out_exists():
    """
    No name in the list is misspelt.
    """
    assert {one.name for one in fields(Call)} >= LEFT_OUT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"seed": 0}, {"seed": None}),
        ({"extra": {"a": 1}}, {"extra": {"a": True}}),
        ({"extra": {"a": 1}}, {"extra": {"a": "1"}}),
        ({"extra": {"size": "1x1"}}, {"size": "1x1"}),
        ({"style": "vivid"}, {"quality": "vivid"}),
        ({"extra": {"a": ["b", "c"]}}, {"extra": {"a": ["c", "b"]}}),
        ({"extra_body": {"a": 1}}, {"extra": {"a": 1}}),
        ({"prompt": "fox\ud800"}, {"prompt": "fox\ud801"}),
    ],
    ids=str,
)
def test_what_differs(one, other):
    """
    However alike it looks.
    """
    assert key(evolve(CALL, **one)) != key(evolve(CALL, **other))


def test_the_order_of_names_does_not_count():
    """
    In dicts it means nothing.
    """
    one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}

    assert key(evolve(CALL, extra=one)) == key(evolve(CALL, extra=other))


def test_pictures_are_known_by_their_bytes():
    """
    Not by their names, nor by where they were.
    """
    here = ImageFile(data=PNG, mime="image/png", name="a.png")
    there = ImageFile(data=PNG, mime="image/png", name="b.png", url="https://x.test/b.png")
    another = ImageFile(data=png(9), mime="image/png", name="a.png")
    keys = [key(evolve(CALL, images=(one,))) for one in (here, there, another)]
    words = [key(evolve(CALL, extra={"face": one})) for one in (here, there, another)]

    assert [True, False] == [keys[0] == one for one in keys[1:]]
    assert [True, False] == [words[0] == one for one in words[1:]]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("https://a.test/v1", "https://a.test/v1/", True),
        ("https://a.test/v1", "http://localhost:8080/v1", False),
        ("https://mine.openai.azure.com", "https://yours.openai.azure.com", False),
        ("eu-west-1", "us-east-1", True),
    ],
)
def test_another_server_draws_something_else(one, other, equal):
    """
    Settings do not count, but for those that are URLs.
    """
    keys = [key(evolve(CALL, settings={"place": place})) for place in (one, other)]

    assert equal == (keys[0] == keys[1])


def test_what_cannot_be_recognised_again():
    """
    It is asked for each time.
    """
    assert key(evolve(CALL, extra_body={"it": object()})) is None


@pytest.mark.parametrize(
    ("words", "equal"),
    [
        ({}, True),
        ({"user": "u-2"}, True),
        ({"timeout": 5}, True),
        ({"api_key": "sk-another-0123456789"}, True),
        ({"metadata": {"run": 2}}, True),
        ({"max_retries": 0}, True),
        ({"extra_headers": {"X-Trace": "7"}}, True),
        ({"organization": "org-2"}, True),
        ({"n": 2}, False),
        ({"size": "1024x1536"}, False),
        ({"quality": "high"}, False),
        ({"background": "opaque"}, False),
        ({"output_format": "webp"}, False),
        ({"moderation": "low"}, False),
        ({"prompt": "A fox"}, False),
        ({"model": "openai/gpt-image-1"}, False),
        ({"api_base": "http://localhost:9/v1"}, False),
        ({"extra_body": {"a": 1}}, False),
        ({"extra_query": {"a": 1}}, False),
    ],
    ids=str,
)
def test_real_calls(scripted, openai, words, equal):
    """
    As people write them.
    """
    answer = openai.answer(PNG, PNG)
    script = scripted(answer, answer)
    script.play(openai.call)
    script.play({**openai.call, **words})

    assert (1 if equal else 2) == len(script.sent)
