"""models.json against the types of OpenAI's own SDK, and against itself."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import openai.types
import pytest
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase

import impasto_openai

MODELS = json.loads(Path(impasto_openai.__file__).with_name("models.json").read_text())["models"]
BY_NAME = {model["name"]: model for model in MODELS}
GPT_IMAGE = [model for model in MODELS if "gpt-image" in model["name"]]
# The SDK's words for what a request is, not for what is in the picture.
NOT_PARAMETERS = {"model", "stream"}
IN_SIZES = {"size"}


def literals(hint: Any) -> Iterator[Any]:
    """Yield the literal values in a type hint, however deep they are in unions."""
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from literals(part)


GENERATE = get_type_hints(ImageGenerateParamsBase)
EDIT = get_type_hints(ImageEditParamsBase)


def listed(name: str) -> set[Any]:
    """Return every value that some model lists for a parameter."""
    rows = [model["parameters"].get(name, {}) for model in MODELS]
    always = [row["always"] for row in rows if "always" in row]
    return {*always, *(value for row in rows for value in row.get("values", ()))}


class TestAgainstTheSdk:
    def test_every_model_of_the_sdk_is_known(self):
        """
        A model that the SDK names has a row.
        """
        names = {name for model in MODELS for name in (model["name"], *model.get("aliases", ()))}

        assert set(literals(openai.types.ImageModel)) - names == set()

    def test_models_that_the_sdk_does_not_name(self):
        """
        One snapshot stands on OpenAI's deprecations page only.
        """
        names = {name for model in MODELS for name in (model["name"], *model.get("aliases", ()))}

        assert {"gpt-image-1.5-2025-12-16"} == names - set(literals(openai.types.ImageModel))

    @pytest.mark.parametrize("name", ["background", "complexity", "moderation", "output_format"])
    def test_values_are_the_sdks(self, name):
        """
        All models together take all values, and no other.
        """
        assert set(literals(GENERATE[name])) == listed(name)

    @pytest.mark.parametrize("name", ["quality", "response_format", "style"])
    def test_values_with_those_of_dall_e_are_the_sdks(self, name):
        """
        The SDK still types what DALL-E took.
        """
        assert set(literals(GENERATE[name])) == listed(name)

    def test_fidelities_are_the_sdks(self):
        """
        The one parameter that only edits have.
        """
        assert set(literals(EDIT["input_fidelity"])) == listed("input_fidelity")

    def test_named_sizes_are_the_sdks(self):
        """
        Sizes by name; any others are within limits.
        """
        sizes = {size for model in MODELS for size in model["sizes"]["values"]}

        assert set(literals(GENERATE["size"])) == sizes

    def test_every_parameter_of_the_sdk_is_known(self):
        """
        Whatever the SDK takes, some model lists.
        """
        known = {name for model in MODELS for name in model["parameters"]}

        assert known | NOT_PARAMETERS | IN_SIZES >= set(GENERATE) | set(EDIT)


class TestItself:
    def test_every_name_answers_bare(self):
        """
        These names are OpenAI's, so they need no provider in front.
        """
        assert all(model["bare"] for model in MODELS)

    @pytest.mark.parametrize("model", GPT_IMAGE, ids=lambda model: model["name"])
    def test_the_family_has_its_common_forms(self, model):
        """
        Ten pictures, base64 always, edits of sixteen pictures, 32,000 characters.
        """
        parameters = model["parameters"]

        assert (10, "b64_json", ["generate", "edit"], 16, 32_000) == (
            model["max_images"],
            parameters["response_format"]["always"],
            model["kinds"],
            parameters["image"]["max_length"],
            parameters["prompt"]["max_length"],
        )

    def test_what_is_gone_and_going(self):
        """
        Dates and what OpenAI names instead.
        """
        assert {
            "dall-e-2": "2026-05-12",
            "dall-e-3": "2026-05-12",
            "gpt-image-1": "2026-10-23",
            "gpt-image-1.5": "2026-12-01",
            "gpt-image-1-mini": "2026-12-01",
            "chatgpt-image-latest": "2026-12-01",
        } == {
            model["name"]: model["lifecycle"]["retires"]
            for model in MODELS
            if "retires" in model["lifecycle"]
        }
        assert all(
            model["lifecycle"]["successor"] for model in MODELS if "retires" in model["lifecycle"]
        )

    def test_the_default_model_stays(self):
        """
        What is taken where nobody says which is not about to go.
        """
        name = impasto_openai.describe().default_model

        assert "retires" not in BY_NAME[name]["lifecycle"]

    @pytest.mark.parametrize(
        ("name", "quality", "size", "tokens"),
        [
            ("gpt-image-1.5", "low", "1024x1024", 272),
            ("gpt-image-1.5", "medium", "1024x1536", 1584),
            ("gpt-image-1.5", "high", "1536x1024", 6208),
        ],
    )
    def test_a_picture_costs_its_tokens(self, name, quality, size, tokens):
        """
        Both prices of a model agree, to a tenth of a cent, for the tokens that OpenAI documents.
        """
        (per_million,) = (
            Decimal(price["amount"])
            for price in BY_NAME[name]["prices"]
            if price["unit"] == "million output image tokens"
        )
        (per_image,) = (
            Decimal(price["amount"])
            for price in BY_NAME[name]["prices"]
            if price.get("when") == {"quality": quality, "size": size}
        )

        assert abs(tokens * per_million / 1_000_000 - per_image) < Decimal("0.002")
