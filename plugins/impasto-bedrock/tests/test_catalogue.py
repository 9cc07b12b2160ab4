"""models.json against itself, and against what the plugin does with it."""

import json
from pathlib import Path

import pytest

import impasto_bedrock
from impasto_bedrock import _dialects

MODELS = json.loads(Path(impasto_bedrock.__file__).with_name("models.json").read_text())["models"]
BY_NAME = {model["name"]: model for model in MODELS}
STABILITY = [model for model in MODELS if model["facts"]["body"] in ("stable image", "service")]


def test_every_model_has_a_body_that_the_plugin_can_make():
    """
    The four dialects, each used.
    """
    assert set(_dialects._DIALECTS) == {model["facts"]["body"] for model in MODELS}


def test_which_names_answer_bare():
    """
    Three, which LiteLLM's users write so.
    """
    assert {
        "stability.stable-diffusion-xl-v1",
        "stability-ai/stable-diffusion-xl-base-1.0",
        "amazon.titan-image-generator-v1",
    } == {
        name
        for model in MODELS
        if model.get("bare")
        for name in (model["name"], *model.get("aliases", ()))
    }


def test_what_is_gone():
    """
    Days where they are known, and what comes instead.
    """
    assert {
        "stability.stable-image-core-v1:0": None,
        "stability.stable-image-ultra-v1:0": None,
        "stability.sd3-large-v1:0": None,
        "amazon.titan-image-generator-v2:0": "2026-06-30",
        "amazon.titan-image-generator-v1": None,
        "amazon.nova-canvas-v1:0": "2026-09-30",
        "stability.stable-diffusion-xl-v1": "2025-05-20",
        "stability.stable-diffusion-xl-v0": None,
    } == {
        model["name"]: model["lifecycle"].get("retires") for model in MODELS if "lifecycle" in model
    }
    assert all(
        model["lifecycle"]["successor"] in BY_NAME for model in MODELS if "lifecycle" in model
    )


def test_there_are_thirteen_services():
    """
    Each makes edits only, needs a picture, and is asked through a profile.
    """
    services = [model for model in MODELS if model["facts"]["body"] == "service"]

    assert 13 == len(services)
    assert all(["edit"] == model["kinds"] for model in services)
    assert all(model["parameters"]["image"]["required"] for model in services)
    assert all(f"us.{model['name']}" in model["note"] for model in services)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
def test_has_its_common_forms(model):
    """
    Base64 always; Stability makes one picture in a request, Amazon five.
    """
    assert "b64_json" == model["parameters"]["response_format"]["always"]
    assert (5 if model["name"].startswith("amazon.") else 1) == model["max_images"]


@pytest.mark.parametrize("model", STABILITY, ids=lambda model: model["name"])
def test_styles_have_two_names(model):
    """
    The common one and Stability's own, with the same values.
    """
    parameters = model["parameters"]

    assert parameters.get("style") == parameters.get("style_preset")
    assert 17 == len(parameters.get("style", {}).get("values", range(17)))
