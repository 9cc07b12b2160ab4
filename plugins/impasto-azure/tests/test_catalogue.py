"""models.json against Azure's page, as far as it was read, and against OpenAI's SDK."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import openai.types
import pytest
from openai.types.image_generate_params import ImageGenerateParamsBase

import impasto_azure

MODELS = json.loads(Path(impasto_azure.__file__).with_name("models.json").read_text())["models"]
GPT_IMAGE = [model for model in MODELS if "gpt-image" in model["name"]]


def literals(hint: Any) -> Iterator[Any]:
    """Yield the literal values in a type hint, however deep they are in unions."""
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from literals(part)


class TestModels:
    def test_what_is_gone_and_going(self):
        """
        Azure's own dates: earlier than OpenAI's for DALL-E 3, later for 1.5.
        """
        assert {
            "gpt-image-2": "2027-04-21",
            "gpt-image-2.5-flare": "2027-09-09",
            "gpt-image-2.5-sunburst": "2027-09-09",
            "gpt-image-1.5": "2026-12-16",
            "gpt-image-1-mini": "2027-04-07",
            "gpt-image-1": "2026-10-23",
            "dall-e-3": "2026-03-04",
            "dall-e-2": None,
        } == {model["name"]: model["lifecycle"].get("retires") for model in MODELS}

    def test_names_are_openais(self):
        """
        base_model takes the names that people know, snapshots included.
        """
        names = {name for model in MODELS for name in (model["name"], *model.get("aliases", ()))}

        assert {"gpt-image-1.5-2025-12-16"} == names - set(literals(openai.types.ImageModel))

    @pytest.mark.parametrize("model", GPT_IMAGE, ids=lambda model: model["name"])
    def test_the_family_on_azure(self, model):
        """
        Ten pictures, base64 always, edits, PNG and JPEG alone.
        """
        parameters = model["parameters"]

        assert (10, "b64_json", ["generate", "edit"], ["png", "jpeg"]) == (
            model["max_images"],
            parameters["response_format"]["always"],
            model["kinds"],
            parameters["output_format"]["values"],
        )

    def test_qualities(self):
        """
        There is no "auto"; without a word it is high, and medium with mini.
        """
        told = {model["name"]: model["parameters"]["quality"] for model in GPT_IMAGE}

        assert not any("auto" in quality["values"] for quality in told.values())
        assert {"gpt-image-1-mini": "medium"} == {
            name: quality["default"]
            for name, quality in told.items()
            if quality["default"] != "high"
        }

    @pytest.mark.parametrize(
        "name", ["background", "moderation", "quality", "output_format", "style", "response_format"]
    )
    def test_values_are_words_of_the_sdk(self, name):
        """
        Whatever a model lists, OpenAI's SDK has a type for.
        """
        hints = get_type_hints(ImageGenerateParamsBase)
        listed = {
            value
            for model in MODELS
            for value in model["parameters"].get(name, {}).get("values", ())
        }

        assert listed
        assert listed <= set(literals(hints[name]))
