"""What pictures cost: told where the response tells it, exact, and never made up."""

import json
from datetime import date
from decimal import Decimal

import pytest

from impasto import Cost
from impasto.testing import PNG
from impasto.types import Image, ImageResponse
from impasto_cli._costs import total
from impasto_cli._documents import document
from impasto_cli._orders import Order, Outcome
from impasto_cli._places import Suggested
from impasto_cli._results import saved
from impasto_cli._sheet import page
from impasto_cli._telling import tell_pictures


def cost(amount, currency="USD"):
    """Return so much money."""
    read = date(2026, 11, 1)
    return Cost(
        amount=Decimal(amount), currency=currency, basis="image", date=read, source="a list"
    )


def result(amount, pictures=1):
    """Return what came of an order of a model whose pictures cost *amount* dollars together."""
    response = ImageResponse(data=[Image(content=PNG)] * pictures, provider="acme", model="oil-2")
    vars(response)["cost"] = None if amount is None else cost(amount)
    order = Order("generate", {"prompt": "a fox"}, Suggested("a-fox", pictures, False))
    return saved(Outcome(order, 1.25, response), metadata=False)


class TestAmounts:
    @pytest.mark.parametrize(
        ("costs", "expected"),
        [
            ([cost("0.1"), cost("0.2")], cost("0.3")),
            ([cost("0.1"), None], None),
            ([cost("0.1"), cost("0.2", "EUR")], None),
            ([], None),
        ],
        ids=["dollars", "one unknown", "two currencies", "none"],
    )
    def test_a_sum_is_of_what_is_known(self, costs, expected):
        """
        A sum that leaves something out would be a lie.
        """
        assert expected == total(costs)


class TestTelling:
    @pytest.mark.parametrize(
        ("amount", "pictures", "ends"),
        [
            ("0.04", 1, "a-fox.png 8x8  acme/oil-2  1.2 s  $0.04\n"),
            ("0.08", 2, "a-fox-2.png 8x8  acme/oil-2  1.2 s  $0.08 for all 2\n"),
            (None, 1, "a-fox.png 8x8  acme/oil-2  1.2 s\n"),
        ],
        ids=["one", "two", "not told"],
    )
    def test_it_ends_the_line(self, capsys, amount, pictures, ends):
        """
        The price of several is theirs together.
        """
        tell_pictures(result(amount, pictures))

        assert capsys.readouterr().out.endswith(ends)

    def test_json_has_it_exactly(self):
        """
        As text: programs add it up.
        """
        told = json.loads(json.dumps(document([result("0.04")], None)))

        assert {"amount": "0.04", "currency": "USD"} == told["cost"]

    def test_the_sheet_has_it_and_the_sum(self, tmp_path):
        """
        Each card its own, and the head the sum.
        """
        text = page([result("0.04"), result("0.211")], tmp_path)

        assert "<dt>cost</dt><dd>$0.04</dd>" in text
        assert "2 pictures, 2 models, $0.251" in text
        assert "<dt>cost</dt><dd>not told</dd>" in page([result(None)], tmp_path)
