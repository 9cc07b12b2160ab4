"""What pictures cost: told where the response tells it, exact, and never made up."""

import json
from decimal import Decimal

import pytest

from impasto.testing import PNG
from impasto.types import Image, ImageResponse
from impasto_cli._costs import Cost, cost_of, total
from impasto_cli._documents import document
from impasto_cli._orders import Order, Outcome
from impasto_cli._places import Suggested
from impasto_cli._results import saved
from impasto_cli._sheet import page
from impasto_cli._telling import tell_pictures


def result(cost, pictures=1):
    """Return what came of an order whose response says that it cost *cost* dollars."""
    response = ImageResponse(data=[Image(content=PNG)] * pictures, provider="acme", model="oil-2")
    response._hidden_params["response_cost"] = cost
    order = Order("generate", {"prompt": "a fox"}, Suggested("a-fox", pictures, False))
    return saved(Outcome(order, 1.25, response))


class TestAmounts:
    @pytest.mark.parametrize(
        ("amount", "currency", "shown"),
        [
            ("0.04", "USD", "$0.04"),
            ("0.211", "USD", "$0.211"),
            ("12", "USD", "$12.00"),
            ("0", "USD", "$0.00"),
            ("0.00063", "USD", "$0.00063"),
            ("0.0123456789", "USD", "$0.012346"),
            ("100.5", "EUR", "100.50 EUR"),
        ],
    )
    def test_they_are_written_as_people_do(self, amount, currency, shown):
        """
        Two places at least, six at most, and a sign only for dollars.
        """
        assert shown == str(Cost(Decimal(amount), currency))

    @pytest.mark.parametrize(
        ("costs", "expected"),
        [
            ([Cost(Decimal("0.1")), Cost(Decimal("0.2"))], Cost(Decimal("0.3"))),
            ([Cost(Decimal("0.1")), None], None),
            ([Cost(Decimal("0.1")), Cost(Decimal("0.2"), "EUR")], None),
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
    def test_a_response_that_does_not_tell_has_none(self):
        """
        Unknown is not free.
        """
        assert cost_of(result(None).outcome.response) is None
        assert Cost(Decimal("0.04")) == cost_of(result(0.04).outcome.response)

    @pytest.mark.parametrize(
        ("cost", "pictures", "ends"),
        [
            (0.04, 1, "a-fox.png 8x8  acme/oil-2  1.2 s  $0.04\n"),
            (0.08, 2, "a-fox-2.png 8x8  acme/oil-2  1.2 s  $0.08 for all 2\n"),
            (None, 1, "a-fox.png 8x8  acme/oil-2  1.2 s\n"),
        ],
        ids=["one", "two", "not told"],
    )
    def test_it_ends_the_line(self, capsys, cost, pictures, ends):
        """
        The price of several is theirs together.
        """
        tell_pictures(result(cost, pictures))

        assert capsys.readouterr().out.endswith(ends)

    def test_json_has_it_exactly(self):
        """
        As text: programs add it up.
        """
        told = json.loads(json.dumps(document([result(0.04)], None)))

        assert {"amount": "0.04", "currency": "USD"} == told["cost"]

    def test_the_sheet_has_it_and_the_sum(self, tmp_path):
        """
        Each card its own, and the head the sum.
        """
        text = page([result(0.04), result(0.211)], tmp_path)

        assert "<dt>cost</dt><dd>$0.04</dd>" in text
        assert "2 pictures, 2 models, $0.251" in text
        assert "<dt>cost</dt><dd>not told</dd>" in page([result(None)], tmp_path)
