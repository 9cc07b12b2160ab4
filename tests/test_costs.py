"""`response.cost`: what a call cost by the catalogue's prices, or None, but never 0 for unknown."""

from __future__ import annotations

import json
import pickle
from decimal import Decimal
from typing import Any

import pytest

from impasto import Cost, hookimpl
from impasto.errors import APIResponseValidationError, PluginError
from impasto.testing import PNG, Script, png, reply
from impasto.types import Image, ImageResponse, Usage

WHEN = {"source": "the list", "date": "2026-11-01"}


@hookimpl
def parse_response(response) -> ImageResponse:
    body = response.json()
    usage = Usage(**body["usage"]) if "usage" in body else None
    size = body.get("content")
    one = Image(url="https://pictures.acme.test/1") if size is None else Image(content=png(*size))
    charged = body.get("charged")
    told = None if charged is None else Cost.reported(charged, source="charged")
    return ImageResponse(data=[one] * body.get("pictures", 1), usage=usage, charged=told)


@pytest.fixture
def cost(acme, tmp_path):
    """Return a function that makes a call of a model with these prices, and gives its cost."""

    def cost(prices: list[dict[str, Any]], answer: dict[str, Any], **call: Any) -> Cost | None:
        models = tmp_path / "models.json"
        row = {"name": "oil-2", "prices": [{**WHEN, **price} for price in prices]}
        models.write_text(json.dumps({"models": [row]}))
        script = Script(reply(answer), plugin=acme.plugin(parse_response), models=models)
        response = script.play({**acme.call, **call})
        assert response._hidden_params["response_cost"] == (
            None if response.cost is None else float(response.cost)
        )
        return response.cost

    return cost


IMAGE = {"unit": "image", "amount": "0.04"}
SMALL = {"unit": "image", "amount": "0.02", "when": {"size": "512x512"}}
AREA = {"unit": "megapixel", "amount": "0.01"}
TEXT_IN = {"unit": "million input text tokens", "amount": "5"}
PICTURE_IN = {"unit": "million input image tokens", "amount": "8"}
PICTURE_OUT = {"unit": "million output image tokens", "amount": "30"}
TOKENS = [TEXT_IN, PICTURE_IN, PICTURE_OUT]


class TestPictures:
    """Prices of a picture, or of its area."""

    @pytest.mark.parametrize(
        ("prices", "answer", "call", "amount"),
        [
            ([IMAGE], {}, {}, "0.04"),
            ([IMAGE], {"pictures": 3}, {"n": 3}, "0.12"),
            ([SMALL, IMAGE], {"content": [512, 512]}, {}, "0.02"),
            ([SMALL, IMAGE], {"content": [640, 512]}, {"size": "512x512"}, "0.04"),
            ([SMALL, IMAGE], {}, {"size": "512x512"}, "0.02"),
            ([AREA], {"content": [1000, 500]}, {}, "0.005"),
            ([AREA], {}, {"size": "2000x1000"}, "0.02"),
            ([{**IMAGE, "amount": "0"}], {}, {}, "0"),
        ],
        ids=[
            "one",
            "several that came",
            "by the size that came",
            "whatever size was asked for",
            "by the size that was asked for, where nothing is measured yet",
            "by area",
            "by the area that was asked for",
            "for nothing",
        ],
    )
    def test_known(self, cost, prices, answer, call, amount):
        """
        What came decides, then what was asked for.
        """
        assert Decimal(amount) == cost(prices, answer, **call).amount

    def test_words_that_are_no_texts(self, cost):
        """
        Whatever the caller passes on, it does not keep the cost from being known.
        """
        found = cost([SMALL, IMAGE], {}, mood={1: "calm"})

        assert Decimal("0.04") == found.amount

    @pytest.mark.parametrize(
        ("prices", "answer"),
        [([], {}), ([SMALL], {"content": [640, 512]}), ([AREA], {})],
        ids=["no price", "none for this size", "no size"],
    )
    def test_unknown(self, cost, prices, answer):
        """
        None, not 0.
        """
        assert cost(prices, answer) is None


class TestTokens:
    """Prices of tokens, by the provider's own count."""

    @pytest.mark.parametrize(
        ("usage", "amount"),
        [
            ({"input_tokens": 1000, "output_tokens": 2000}, "0.065"),
            (
                {
                    "input_tokens": 1500,
                    "output_tokens": 2000,
                    "input_tokens_details": {"text_tokens": 1000, "image_tokens": 500},
                },
                "0.069",
            ),
        ],
        ids=["words in", "words and pictures in"],
    )
    def test_known(self, cost, usage, amount):
        """
        Each kind at its own price.
        """
        found = cost(TOKENS, {"usage": usage})

        assert (Decimal(amount), "tokens") == (found.amount, found.basis)

    @pytest.mark.parametrize(
        ("prices", "usage"),
        [
            ([TEXT_IN], {"input_tokens": 10, "output_tokens": 20}),
            (TOKENS, {"input_tokens": 10}),
            (TOKENS, {"output_tokens": 10}),
            (
                TOKENS,
                {
                    "input_tokens": 10,
                    "output_tokens": 20,
                    "input_tokens_details": {"text_tokens": 10, "cached_tokens": 5},
                },
            ),
            (TOKENS, {"input_tokens": 10, "output_tokens": -1_000_000}),
            (TOKENS, {"input_tokens": 10, "output_tokens": float("nan")}),
            (TOKENS, {"input_tokens": float("inf"), "output_tokens": 20}),
            (TOKENS, {"input_tokens": "many", "output_tokens": 20}),
            (
                TOKENS,
                {
                    "input_tokens": 10,
                    "output_tokens": 20,
                    "output_tokens_details": {"text_tokens": 1_000_000},
                },
            ),
            (
                TOKENS,
                {
                    "input_tokens": 10,
                    "output_tokens": 20,
                    "input_tokens_details": {"text_tokens": {"old": 10}},
                },
            ),
            (TOKENS, {"input_tokens": 10, "output_tokens": 10**400}),
        ],
        ids=[
            *("no price for those that came", "none came", "none went in", "some were cached"),
            *("less than none", "no number", "no end", "a word", "more words than there are"),
            *("several kinds", "more than there can be"),
        ],
    )
    def test_unknown(self, cost, prices, usage):
        """
        Where one part is not known, the whole is not.
        """
        assert cost(prices, {"usage": usage}) is None

    def test_what_is_no_count_loses_no_picture(self, acme, tmp_path):
        """
        Not of one request, nor of several that are added up.
        """
        odd = {"input_tokens": "10", "output_tokens": 20, "input_tokens_details": [1]}
        nested = {"output_tokens": 20, "output_tokens_details": {"image_tokens": {"high": 20}}}
        models = tmp_path / "models.json"
        row = {"name": "oil-2", "max_images": 1, "prices": [{**WHEN, **one} for one in TOKENS]}
        models.write_text(json.dumps({"models": [row]}))
        answers = [reply({"usage": one}) for one in (odd, nested, nested)]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)
        response = script.play({**acme.call, "n": 3})

        assert (3, None, 60) == (len(response.data), response.cost, response.usage.output_tokens)
        assert {"image_tokens": {"high": 40}} == response.usage.output_tokens_details


class TestReported:
    """What the provider says that it charged, and what answers without asking one."""

    @pytest.mark.parametrize(
        ("charged", "amount"), [(0.04, "0.04"), ("0.0125", "0.0125"), (0, "0")], ids=str
    )
    def test_goes_before_lists_of_prices(self, cost, charged, amount):
        """
        The provider knows better than a list, and its number is not rounded on the way.
        """
        found = cost([{**IMAGE, "amount": "7"}], {"charged": charged})

        assert (Decimal(amount), "reported", None) == (found.amount, found.basis, found.date)

    @pytest.mark.parametrize("charged", [-1, "much", True, "NaN"], ids=str)
    def test_nonsense(self, cost, charged):
        """
        What is no amount of money makes no sense, and is no cost.
        """
        with pytest.raises(APIResponseValidationError, match="is no amount of money"):
            cost([], {"charged": charged})

    @pytest.mark.parametrize(
        ("second", "amount"), [({"charged": 0.02}, "0.06"), ({}, None)], ids=["all", "one of two"]
    )
    def test_parts_are_added_up(self, acme, tmp_path, second, amount):
        """
        What a split call was charged; where one part does not say it, and nothing else does,
        it is unknown.
        """
        models = tmp_path / "models.json"
        models.write_text(json.dumps({"models": [{"name": "oil-2", "max_images": 1}]}))
        answers = [reply({"charged": 0.04}), reply(second)]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)

        found = script.play({**acme.call, "n": 2}).cost

        assert amount == (None if found is None else str(found.amount))

    def test_by_a_list_in_part(self, acme, tmp_path):
        """
        Where one part is charged and another one priced, the sum is by the list.
        """
        models = tmp_path / "models.json"
        row = {"name": "oil-2", "max_images": 1, "prices": [{**WHEN, **IMAGE}]}
        models.write_text(json.dumps({"models": [row]}))
        answers = [reply({"charged": 0.05}), reply({})]
        script = Script(*answers, plugin=acme.plugin(parse_response), models=models)

        found = script.play({**acme.call, "n": 2}).cost

        assert ("0.09", "image", "2026-11-01") == (
            str(found.amount),
            found.basis,
            str(found.date),
        )

    def test_nothing_but_a_cost(self, acme):
        """
        A plugin that hands over something else is broken, and is told so.
        """

        @hookimpl
        def parse_response(response) -> ImageResponse:
            return ImageResponse(data=[Image(url="https://acme.test/1")], charged=0.04)

        script = Script(reply({}), plugin=acme.plugin(parse_response))

        with pytest.raises(PluginError, match="parse_response\\(\\) returned"):
            script.play(acme.call)

    def test_cached(self):
        """
        An extra that answers without asking a provider says that it cost nothing.
        """
        response = ImageResponse(charged=Cost.cached("acme-cache"))

        assert 0.0 == response._hidden_params["response_cost"]
        assert ("cache", "acme-cache") == (response.cost.basis, response.cost.source)


class TestMoney:
    """The value itself."""

    def test_what_it_says(self, cost):
        """
        Amount, currency, basis, the day of the price and where it is from.
        """
        found = cost([IMAGE], {})

        assert ("USD", "image", "2026-11-01", "the list") == (
            found.currency,
            found.basis,
            found.date.isoformat(),
            found.source,
        )

    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [
            ("0.04", "USD", "$0.04"),
            ("1.5", "USD", "$1.50"),
            ("0.0027", "USD", "$0.0027"),
            ("20", "EUR", "€20.00"),
            ("7", "CHF", "7.00 CHF"),
            ("0", "USD", "$0.00"),
            ("1E+2", "USD", "$100.00"),
            ("0.0123456789", "USD", "$0.012346"),
        ],
    )
    def test_it_reads_as_money(self, cost, amount, currency, text):
        """
        Two places at least, and no more than there are.
        """
        assert text == str(cost([{**IMAGE, "amount": amount, "currency": currency}], {}))

    def test_it_travels(self, acme, tmp_path):
        """
        A pickled response knows its cost.
        """
        models = tmp_path / "models.json"
        models.write_text(
            json.dumps({"models": [{"name": "oil-2", "prices": [{**WHEN, **IMAGE}]}]})
        )
        script = Script(reply({}), plugin=acme.plugin(parse_response), models=models)
        response = pickle.loads(pickle.dumps(script.play(acme.call)))

        assert Decimal("0.04") == response.cost.amount


def test_split_calls_cost_the_sum(acme, tmp_path):
    """
    Three pictures of a model that makes one at a time are three prices.
    """
    models = tmp_path / "models.json"
    row = {"name": "oil-2", "max_images": 1, "prices": [{**WHEN, **IMAGE}]}
    models.write_text(json.dumps({"models": [row]}))
    script = Script(reply({}), repeat=True, plugin=acme.plugin(parse_response), models=models)

    assert Decimal("0.12") == script.play({**acme.call, "n": 3}).cost.amount


def test_the_embedded_renderer_is_free():
    """
    Nothing, and known to be nothing.
    """
    import impasto

    response = impasto.image_generation("a fox", model="sketch/oil-1", size="64x64")

    assert "$0.00" == str(response.cost)
    assert PNG[:8] == response.data[0].read()[:8]
