"""`prices()`: lists of one's own, strictly read, that go before the catalogue's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal

import pytest

import impasto
from impasto import BadRequestError
from impasto.testing import FakeServer

PRICE = {"unit": "image", "amount": "0.02", "source": "our contract", "date": "2026-11-20"}


@pytest.fixture(autouse=True)
def as_before():
    """Forget them when the test is over."""
    yield
    impasto.prices()


class TestWhatTheyHoldFor:
    """Costs and estimates."""

    def test_estimates(self):
        """
        Their source and date are told.
        """
        impasto.prices({"openai/dall-e-3": [PRICE]})

        estimate = impasto.estimate("a fox", "openai/dall-e-3")

        assert ("0.02 USD", "our contract", "2026-11-20") == (
            str(estimate),
            estimate.source,
            str(estimate.date),
        )

    def test_costs(self):
        """
        Of models that a catalogue lists, by whatever name, and of others.
        """
        impasto.prices(
            {"openai/gpt-image-2": [PRICE], "openai/new-1": [{**PRICE, "amount": "0.03"}]}
        )
        with FakeServer() as server:
            costs = [
                impasto.image_generation(
                    "a fox", model=f"openai/{model}", api_base=server.url, api_key="-"
                ).cost
                for model in ("gpt-image-2", "gpt-image-2-2026-04-21", "new-1")
            ]

        assert [Decimal("0.02"), Decimal("0.02"), Decimal("0.03")] == [one.amount for one in costs]
        assert {"our contract"} == {one.source for one in costs}

    def test_by_an_alias_of_the_provider(self):
        """
        Whichever of its names is written, there and in the call.
        """
        impasto.prices({"vertex_ai/imagegeneration@006": [PRICE]})

        said = impasto.estimate("a fox", "vertex/imagegeneration@006")

        assert "0.02 USD" == str(said)

    def test_the_latest_list_alone(self):
        """
        Another one replaces it; None goes back to the beginning.
        """
        impasto.prices({"openai/dall-e-3": [PRICE]})
        impasto.prices({"openai/dall-e-2": [PRICE]})
        second = [impasto.estimate("a fox", f"openai/dall-e-{at}") for at in (2, 3)]
        impasto.prices(None)

        assert [True, False] == [one is not None for one in second]
        assert impasto.estimate("a fox", "openai/dall-e-2") is None


class TestFiles:
    """JSON, as a person writes it."""

    def test_a_file(self, tmp_path):
        """
        The same as a mapping.
        """
        path = tmp_path / "my.json"
        path.write_text(json.dumps({"openai/dall-e-3": [PRICE]}))
        impasto.prices(path)

        assert "0.02 USD" == str(impasto.estimate("a fox", "openai/dall-e-3"))

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("{", "Expecting property name"),
            ("[]", 'it takes {"provider/model": [prices]}'),
            ('{"dall-e-3": []}', "'dall-e-3' is not \"provider/model\""),
            ('{"a/b": [], "a/b": []}', "the key 'a/b' stands twice"),
            ('{"a/b": {}}', "prices['a/b']"),
            ('{"a/b": [{"unit": "image"}]}', "prices['a/b'][0]"),
            (json.dumps({"a/b": [{**PRICE, "amount": 0.02}]}), "prices['a/b'][0].amount"),
            (json.dumps({"a/b": [PRICE, {**PRICE, "unit": "picture"}]}), "prices['a/b'][1].unit"),
            (json.dumps({"a/b": [{**PRICE, "prise": 1}]}), "prise"),
            (json.dumps({"a/b": [{**PRICE, "date": "today"}]}), "prices['a/b'][0].date"),
        ],
        ids=[
            "no JSON",
            "a list",
            "no provider",
            "twice",
            "no list",
            "fields missing",
            "a float",
            "a unit that there is none of",
            "an unknown field",
            "no date",
        ],
    )
    def test_what_is_wrong_with_it(self, tmp_path, text, told):
        """
        The message names the file and the place in it; what held before still does.
        """
        path = tmp_path / "my.json"
        path.write_text(text)
        impasto.prices({"openai/dall-e-3": [PRICE]})

        with pytest.raises(BadRequestError) as caught:
            impasto.prices(path)

        assert str(path) in str(caught.value)
        assert told in str(caught.value)
        assert impasto.estimate("a fox", "openai/dall-e-3") is not None

    @pytest.mark.parametrize("source", [7, [PRICE], "nowhere.json"], ids=repr)
    def test_no_list_at_all(self, source):
        """
        Neither a path nor a mapping, or a path where nothing is.
        """
        with pytest.raises(BadRequestError, match="prices"):
            impasto.prices(source)


class TestVariable:
    """IMPASTO_PRICES."""

    def _run(self, path) -> subprocess.CompletedProcess[str]:
        code = "import impasto; print(impasto.estimate('a fox', 'openai/dall-e-3'))"
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "IMPASTO_PRICES": str(path)},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def test_it_names_a_file(self, tmp_path):
        """
        Which holds from the beginning.
        """
        path = tmp_path / "my.json"
        path.write_text(json.dumps({"openai/dall-e-3": [PRICE]}))

        assert "0.02 USD\n" == self._run(path).stdout

    def test_what_is_wrong_is_said_before_anything_is_paid(self, tmp_path):
        """
        At the first call.
        """
        done = self._run(tmp_path / "nowhere.json")

        assert 1 == done.returncode
        assert "IMPASTO_PRICES: " in done.stderr


def test_a_steps_price_is_counted(acme, registered, tmp_path):
    """
    What goes beyond what a price includes costs in proportion, before and after.
    """
    models = tmp_path / "models.json"
    price = {**PRICE, "included": {"steps": 4}}
    models.write_text(json.dumps({"models": [{"name": "oil-2", "prices": [price]}]}))
    registered(acme.plugin(), models)
    call = {**acme.call, "steps": 10}
    with FakeServer(lambda _: acme.pictures()) as server:
        cost = impasto.image_generation(**call, api_base=server.url).cost

    assert ("0.05 USD", Decimal("0.05")) == (str(impasto.estimate(**call)), cost.amount)
