"""models.json against the types of Together's own SDK, and against itself."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from together.types import ImageGenerateParams

import impasto_together

MODELS = json.loads(Path(impasto_together.__file__).with_name("models.json").read_text())["models"]
BY_NAME = {model["name"]: model for model in MODELS}
LIVING = [model for model in MODELS if "retires" not in model.get("lifecycle", {})]
HINTS = get_type_hints(ImageGenerateParams)
# The SDK does not name these; Together's own skills do.
BEYOND_THE_SDK = {"aspect_ratio", "guidance", "prompt_upsampling"}


def literals(hint: Any) -> Iterator[Any]:
    """Yield the literal values in a type hint, however deep they are in unions."""
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from literals(part)


def parameters() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for model in MODELS:
        for name, row in model.get("parameters", {}).items():
            yield model["name"], name, row


class TestAgainstTheSdk:
    def test_every_model_of_the_sdk_is_known(self):
        """
        A model that the SDK names has a row.
        """
        assert set(literals(HINTS["model"])) <= set(BY_NAME)

    def test_every_parameter_of_the_sdk_is_known(self):
        """
        Whatever the SDK takes some model lists, and little besides.
        """
        listed = {name for _, name, _ in parameters()} - {"image"}

        assert listed | {"model"} == set(HINTS) | BEYOND_THE_SDK

    def test_formats_are_the_sdks(self):
        """
        But for the file's extension, and for the name that base64 has everywhere else.
        """
        listed = {
            (name, value)
            for _, name, row in parameters()
            if name in ("output_format", "response_format")
            for value in row["values"]
        }

        assert {("output_format", "jpg"), ("response_format", "b64_json")} == {
            (name, value) for name, value in listed if value not in literals(HINTS[name])
        }


class TestItself:
    def test_no_name_is_bare(self):
        """
        Others serve models of the same names.
        """
        assert not any(model.get("bare") for model in MODELS)

    @pytest.mark.parametrize("model", LIVING, ids=lambda model: model["name"])
    def test_what_lives_is_known(self, model):
        """
        A living model has its parameters, its sizes and how many it makes at once.
        """
        assert {"prompt", "n", "response_format"} <= set(model["parameters"])
        assert model["sizes"]
        assert model["max_images"] == model["parameters"]["n"]["maximum"]
        assert ("image" in model["parameters"]) == ("edit" in model.get("kinds", []))

    def test_what_is_gone(self):
        """
        Days, and what comes instead.
        """
        assert {
            "FLUX.1-schnell-Free": ("2026-02-20", "black-forest-labs/FLUX.1-schnell"),
            "FLUX.1-dev": ("2026-02-27", "black-forest-labs/FLUX.2-dev"),
            "FLUX.1-dev-lora": ("2026-02-20", "black-forest-labs/FLUX.2-dev"),
            "FLUX.1-kontext-dev": ("2026-02-27", "black-forest-labs/FLUX.1-kontext-pro"),
            "FLUX.1-krea-dev": ("2026-05-27", "black-forest-labs/FLUX.2-dev"),
            "FLUX.1-canny": ("2026-02-20", None),
            "FLUX.1-depth": ("2026-02-20", None),
            "FLUX.1-redux": ("2026-02-20", None),
            "FLUX.1-pro": ("2026-02-20", "black-forest-labs/FLUX.1.1-pro"),
            "stable-diffusion-xl-base-1.0": (
                "2026-03-18",
                "stabilityai/stable-diffusion-3-medium",
            ),
            "imagen-4.0-preview": ("2026-08-17", "google/flash-image-2.5"),
            "imagen-4.0-fast": ("2026-08-17", "google/flash-image-2.5"),
            "imagen-4.0-ultra": ("2026-08-17", "google/flash-image-2.5"),
        } == {
            model["name"].partition("/")[2]: (
                model["lifecycle"]["retires"],
                model["lifecycle"].get("successor"),
            )
            for model in MODELS
            if model not in LIVING
        }

    def test_successors_live(self):
        """
        Nobody is sent on to a model that is gone as well.
        """
        named = {model.get("lifecycle", {}).get("successor") for model in MODELS} - {None}

        assert named <= {model["name"] for model in LIVING}

    def test_the_default_model_lives(self):
        """
        What is taken where nobody says which is not gone.
        """
        assert BY_NAME[impasto_together.describe().default_model] in LIVING

    def test_every_size_of_gemini_has_its_price(self):
        """
        It is priced by the picture: the same in 1K and 2K, more in 4K.
        """
        gemini = BY_NAME["google/gemini-3-pro-image"]
        sizes = {
            true: Decimal("0.24") if tier == "4K" else Decimal("0.134")
            for tiers in gemini["sizes"]["ratios"].values()
            for tier, true in tiers.items()
        }

        assert sizes == {
            price["when"]["size"]: Decimal(price["amount"]) for price in gemini["prices"]
        }

    def test_all_else_is_priced_by_the_megapixel(self):
        """
        As Together does it.
        """
        units = {
            price["unit"]
            for model in MODELS
            if model["name"] != "google/gemini-3-pro-image"
            for price in model.get("prices", [])
        }

        assert {"megapixel"} == units
