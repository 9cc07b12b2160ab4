"""`estimate()`: what a call may cost, an interval, or None and why."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

import impasto
from impasto import Estimate, hookimpl
from impasto.testing import PNG
from impasto.types import Call, Grid, Params

WHEN = {"source": "the list", "date": "2026-11-01"}
OLDER = {"source": "another list", "date": "2026-10-01"}


@hookimpl
def translate_params(call: Call) -> Params:
    return call.translate("prompt", "n", "size", "quality", image=lambda _: {})


@pytest.fixture
def told(acme, registered, tmp_path):
    """Return a function that explains a call of a model with these facts."""

    def told(row: dict[str, Any], **call: Any) -> impasto.Explanation:
        models = tmp_path / "models.json"
        models.write_text(json.dumps({"models": [{"name": "oil-2", **row}]}))
        registered(acme.plugin(translate_params), models)
        return impasto.explain(**{**acme.call, **call})

    return told


IMAGE = {"unit": "image", "amount": "0.04", **WHEN}
LOW = {"unit": "image", "amount": "0.02", "when": {"quality": "low"}, **WHEN}
HIGH = {"unit": "image", "amount": "0.08", "when": {"quality": "high"}, **OLDER}
AREA = {"unit": "megapixel", "amount": "0.01", **WHEN}
QUALITY = {"parameters": {"quality": {"values": ["low", "high", "auto"], "default": "auto"}}}
ANY = {"any": {"min_edge": 500, "max_edge": 2000}}
TEXT_IN = {"unit": "million input text tokens", "amount": "5", **WHEN}
PICTURE_IN = {"unit": "million input image tokens", "amount": "8", **WHEN}
TEXT_OUT = {"unit": "million output text tokens", "amount": "10", **WHEN}
PICTURE_OUT = {"unit": "million output image tokens", "amount": "30", **WHEN}
TOKENS = [TEXT_IN, PICTURE_IN, PICTURE_OUT]
DRAWN = {"unit": "output image tokens", "least": 1000, "most": 1000, **WHEN}
# "a fox" in bytes, and what may stand round it
WORDS = Decimal(5 + 100) * 5 / 1_000_000


class TestPictures:
    """Prices of a picture, or of its area."""

    @pytest.mark.parametrize(
        ("row", "call", "text"),
        [
            ({"prices": [IMAGE]}, {}, "0.04 USD"),
            ({"prices": [IMAGE]}, {"n": 3}, "0.12 USD"),
            ({"prices": [IMAGE], "max_images": 2}, {"n": 5}, "0.20 USD"),
            ({"prices": [LOW, HIGH], **QUALITY}, {"quality": "high"}, "0.08 USD"),
            ({"prices": [LOW, HIGH], **QUALITY}, {"n": 2}, "0.04 to 0.16 USD"),
            ({"prices": [LOW, HIGH], **QUALITY}, {"quality": "auto"}, "0.02 to 0.08 USD"),
            ({"prices": [AREA]}, {"size": "2000x1000"}, "0.02 USD"),
            ({"prices": [AREA], "sizes": ANY}, {}, "0.0025 to 0.04 USD"),
            ({"prices": [{**IMAGE, "included": {"steps": 4}}]}, {"steps": 6}, "0.06 USD"),
            ({"prices": [{**IMAGE, "included": {"steps": 4}}]}, {"steps": 2}, "0.04 USD"),
            ({"prices": [LOW, HIGH, IMAGE]}, {}, "0.02 to 0.08 USD"),
            ({"prices": [{**IMAGE, "amount": "0"}]}, {}, "0.00 USD"),
            ({"prices": [IMAGE]}, {"num_outputs": 4}, "0.16 USD"),
        ],
        ids=[
            "one",
            "several",
            "split",
            "by what is asked for",
            "by what the provider may choose",
            "by what it is left to choose",
            "by area",
            "by the areas that there are",
            "more than is included",
            "less than is included",
            "by all that may be",
            "for nothing",
            "the provider's own word for n",
        ],
    )
    def test_known(self, told, row, call, text):
        """
        One amount where all is said, else the least and the most.
        """
        assert text == str(told(row, **call).estimate)

    @pytest.mark.parametrize(
        ("row", "call", "why"),
        [
            ({}, {}, "its catalogue has no price for it"),
            ({"unpriced": "it is a secret"}, {}, "it is a secret"),
            ({"prices": [IMAGE]}, {"model": "acme/oil-3"}, "no catalogue lists it"),
            ({"prices": [IMAGE]}, {"extra_body": {"n": 9}}, "extra_body goes into the request"),
            ({"prices": [LOW]}, {}, "its price depends on quality, which the call does not say"),
            ({"prices": [LOW], **QUALITY}, {}, "no price is known for quality=high"),
            ({"prices": [AREA]}, {}, "it is paid by the megapixel"),
            ({"prices": [{**IMAGE, "unit": "second"}]}, {}, "how long it takes"),
            ({"prices": [LOW, {**HIGH, "currency": "EUR"}]}, {}, "in several currencies"),
        ],
        ids=[
            "no price",
            "and the reason",
            "not listed",
            "what is added unread",
            "depends on what is not said",
            "not for all that the provider may choose",
            "any size",
            "by the second",
            "two currencies",
        ],
    )
    def test_unknown(self, told, row, call, why):
        """
        None, never 0; why is said.
        """
        said = told(row, **call)

        assert said.estimate is None
        assert why in said.unpriced
        assert f"costs: unknown; {said.unpriced}" in str(said)

    def test_what_it_says(self, told):
        """
        The basis, and the facts behind it, the oldest date first.
        """
        estimate = told({"prices": [LOW, HIGH], **QUALITY}).estimate

        assert {
            "low": "0.02",
            "high": "0.08",
            "currency": "USD",
            "basis": "image",
            "date": "2026-10-01",
            "source": "the list; another list",
        } == estimate.model_dump()

    def test_explain_shows_it(self, told):
        """
        Printed with the rest.
        """
        assert "costs: 0.04 USD" in str(told({"prices": [IMAGE]})).splitlines()


class TestTokens:
    """Prices of tokens, whose number is bounded."""

    @pytest.mark.parametrize(
        ("tokens", "call", "low", "high"),
        [
            ([DRAWN], {}, Decimal("0.03"), Decimal("0.03") + WORDS),
            ([DRAWN], {"n": 3}, Decimal("0.09"), Decimal("0.09") + WORDS),
            (
                [{**DRAWN, "when": {"quality": "low"}}, {**DRAWN, "most": 4000}],
                {},
                Decimal("0.03"),
                Decimal("0.12") + WORDS,
            ),
            (
                [DRAWN, {**DRAWN, "per": "partial_images", "least": 0, "most": 100}],
                {"partial_images": 2},
                Decimal("0.03"),
                Decimal("0.036") + WORDS,
            ),
            (
                [DRAWN, {"unit": "input image tokens", "per": "input", "most": 500, **WHEN}],
                {"image": [PNG, PNG]},
                Decimal("0.03"),
                Decimal("0.038") + Decimal(305) * 5 / 1_000_000,
            ),
        ],
        ids=["a picture", "several", "by quality", "by a parameter", "pictures that go in"],
    )
    def test_known(self, told, tokens, call, low, high):
        """
        A word is at most as many tokens as it has bytes.
        """
        estimate = told({"prices": TOKENS, "tokens": tokens, **EDITS}, **call).estimate

        assert ("tokens", low, high) == (estimate.basis, estimate.low, estimate.high)

    @pytest.mark.parametrize(
        ("row", "call", "why"),
        [
            ({"prices": TOKENS}, {}, "how many tokens a picture takes is not published"),
            ({"prices": [*TOKENS, TEXT_OUT], "tokens": [DRAWN]}, {}, "it writes words as well"),
            (
                {"prices": TOKENS, "tokens": [DRAWN]},
                {"image": PNG},
                "how many tokens a picture that goes in takes is not published",
            ),
            (
                {"prices": TOKENS, "tokens": [{**DRAWN, "unless": ["tools"]}]},
                {"tools": [1]},
                "what tools brings along is not known",
            ),
            (
                {"prices": TOKENS, "tokens": [{**DRAWN, "when": {"quality": "low"}}]},
                {"quality": "high"},
                "is not published for quality=high",
            ),
        ],
        ids=["no count", "words that come", "pictures that go in", "unless", "another quality"],
    )
    def test_unknown(self, told, row, call, why):
        """
        Where one of the counts has no bound, the whole has none.
        """
        said = told({**row, **EDITS}, **call)

        assert (None, True) == (said.estimate, why in said.unpriced), said.unpriced

    @pytest.mark.parametrize(
        ("more", "call", "high"),
        [
            ({"most": 32000}, {}, "0.96"),
            ({"most": 32000}, {"longest": 4000}, "0.12"),
            ({}, {"longest": 4000}, "0.12"),
            ({"most": 32000}, {"longest": 10}, "0.03"),
        ],
        ids=["the model's", "the call's", "the call's alone", "at least the picture"],
    )
    def test_words_and_pictures_together(self, told, more, call, high):
        """
        A bound of both holds for any mixture; a parameter may make it narrower.
        """
        both = {"unit": "output tokens", "per": "call", "limit": "longest", **more, **WHEN}
        row = {"prices": [*TOKENS, TEXT_OUT], "tokens": [DRAWN, both], **EDITS}

        estimate = told(row, **call).estimate

        assert (Decimal("0.03"), Decimal(high) + WORDS) == (estimate.low, estimate.high)

    def test_no_bound_but_a_way_to_set_one(self, told):
        """
        The parameter is named.
        """
        both = {"unit": "output tokens", "per": "call", "limit": "longest", **WHEN}

        said = told({"prices": [*TOKENS, TEXT_OUT], "tokens": [DRAWN, both]})

        assert "longest sets one" in said.unpriced

    def test_tokens_or_pictures(self, told):
        """
        Where the provider may not count tokens, what a picture costs by itself is in it, too.
        """
        row = {"prices": [*TOKENS, {**IMAGE, "amount": "0.029"}], "tokens": [DRAWN]}

        assert Decimal("0.029") == told(row).estimate.low


EDITS = {"kinds": ["generate", "edit"]}


class TestGrid:
    """Tokens by the edges of a picture."""

    @pytest.mark.parametrize(
        ("across", "size", "tokens"),
        [
            (16, (1024, 1024), 196),
            (48, (1024, 1024), 1756),
            (96, (1024, 1024), 7024),
            (96, (1536, 1024), 5488),
            (96, (1792, 1024), 5063),
            (96, (3584, 2048), 12329),
            (16, (976, 704), 129),
            (16, (960, 720), 130),
        ],
        ids=str,
    )
    def test_as_openai_counts(self, across, size, tokens):
        """
        Numbers that developers read from OpenAI's calculator.
        """
        assert tokens == Grid(across=across, base=2_000_000, share=4_000_000).tokens(*size)

    def test_bounds(self):
        """
        No size within the limits is beyond them.
        """
        grid = Grid(across=16, base=2_000_000, share=4_000_000)
        sizes = [(1456, 496), (816, 816), (2160, 3840), (2880, 2880), (3840, 1280)]

        assert all(
            grid.fewest(655_360, 3) <= grid.tokens(*size) <= grid.most(8_294_400) for size in sizes
        )


class TestCalls:
    """The functions."""

    def test_blocking_and_awaited_agree(self):
        """
        The same interval; without a price, None.
        """
        call = {"prompt": "a fox", "model": "openai/gpt-image-2", "quality": "low"}

        assert isinstance(impasto.estimate(**call), Estimate)
        assert impasto.estimate(**call) == asyncio.run(impasto.aestimate(**call))
        assert impasto.estimate("a fox", "openai/dall-e-3") is None

    def test_nothing_is_needed_for_it(self, monkeypatch):
        """
        Not even a key.
        """
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)

        estimate = impasto.estimate(
            "a fox", "openai/gpt-image-2", size="1024x1024", quality="low", n=12
        )

        assert Decimal(12 * 196 * 30) / 1_000_000 == estimate.low
