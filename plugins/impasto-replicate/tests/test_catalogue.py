"""models.json against itself: what is a fact there holds for the models that share it."""

import json
from pathlib import Path

import pytest

import impasto_replicate

MODELS = json.loads(Path(impasto_replicate.__file__).with_name("models.json").read_text())["models"]
BY_NAME = {model["name"]: model for model in MODELS}
LISTED = [model for model in MODELS if "parameters" in model]


class TestSizes:
    @pytest.mark.parametrize("name", ["flux-schnell", "flux-dev"])
    def test_a_quarter_of_a_megapixel(self, name):
        """
        It has half the edges of a whole one, in every ratio.
        """
        ratios = BY_NAME[f"black-forest-labs/{name}"]["sizes"]["ratios"]

        assert 11 == len(ratios)
        for tiers in ratios.values():
            width, height = map(int, tiers["1"].split("x"))
            assert {"0.25": f"{width // 2}x{height // 2}", "1": f"{width}x{height}"} == tiers

    def test_ratios_are_words_as_well(self):
        """
        What a size becomes, the model's own word takes.
        """
        for model in LISTED:
            how = model["facts"].get("size", {})
            if "ratio" in how:
                assert set(model["sizes"]["ratios"]) == set(
                    model["parameters"][how["ratio"]]["values"]
                )


class TestRows:
    def test_the_default_model_needs_no_look(self):
        """
        Who names no model waits for one answer only.
        """
        default = BY_NAME[impasto_replicate.describe().default_model]

        assert default["facts"]["official"]
        assert default["parameters"]

    @pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
    def test_facts_have_a_source(self, model):
        """
        Parameters are from the models' own sources, names from another SDK's list.
        """
        known = ("predict.py (read 2026-11-22)", "@ai-sdk/replicate 3.0.46 (read 2026-11-22)")

        assert any(source in model["note"] for source in known)

    def test_prices(self):
        """
        Where a source names one, it is that of a picture; what was only recalled is left out.
        """
        prices = [price for model in MODELS for price in model.get("prices", ())]

        assert {("image", "primary"), ("image", "secondary")} == {
            (price["unit"], price["certainty"]) for price in prices
        }
        assert all("prices" in model or model["unpriced"] for model in MODELS)

    @pytest.mark.parametrize("model", LISTED, ids=lambda model: model["name"])
    def test_names_and_pictures(self, model):
        """
        Whatever is sent under another name is listed, and so are the fields for pictures.
        """
        parameters = model["parameters"]

        assert set(model["facts"]["names"]) <= set(parameters)
        assert ("pictures" in model["facts"]) == ("image" in parameters)
