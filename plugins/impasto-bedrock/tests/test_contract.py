"""The plugin keeps the contract, with each of the forms of body that Bedrock's models take."""

from pathlib import Path

import pytest

import impasto_bedrock
from impasto.testing import PNG, ProviderContract, sample

SAMPLES = Path(__file__).parent / "samples"
KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
# Sides go together, and only in some pairs; AWS's own objects are what they are.
SOME = {"size": "1024x1024", "width": 1024, "height": 1024, "colors": ["#FF8800"]}
# Some models here are gone; nothing depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")


class TestContract(ProviderContract):
    plugin = impasto_bedrock
    samples = SOME
    call = {
        "prompt": "a red fox",
        "model": "bedrock/stability.stable-image-core-v1:1",
        "size": "1344x768",
        "negative_prompt": "blurry",
        "style": "photographic",
        "output_format": "jpeg",
        "seed": 42,
        "trace": "ENABLED",
        **KEYS,
    }
    conversation = (sample(SAMPLES / "stable-image.json"),)
    edit_call = {
        "prompt": "a hat",
        "model": "bedrock/us.stability.stable-image-inpaint-v1:0",
        "image": PNG,
        "mask": PNG,
        "grow_mask": 0,
        **KEYS,
    }
    edit_conversation = conversation
    refusal = (sample(SAMPLES / "refusal-prompt.json"),)


class TestContractOfTitan(ProviderContract):
    plugin = impasto_bedrock
    samples = SOME
    call = {
        "prompt": "a red fox",
        "model": "bedrock/amazon.titan-image-generator-v2:0",
        "size": "1024x1024",
        "quality": "hd",
        "n": 1,
        "cfgScale": 8.0,
        **KEYS,
    }
    conversation = (sample(SAMPLES / "titan.json"),)
    edit_call = {
        "prompt": "a hat",
        "model": "bedrock/amazon.nova-canvas-v1:0",
        "image": PNG,
        "mask": PNG,
        **KEYS,
    }
    edit_conversation = conversation
    refusal = (sample(SAMPLES / "refusal-titan.json"),)


class TestContractOfStableDiffusion(ProviderContract):
    """It also has a token instead of keys, which needs no signature."""

    plugin = impasto_bedrock
    samples = SOME
    call = {
        "prompt": "a red fox",
        "model": "bedrock/stability.stable-diffusion-xl-v0",
        "width": 1024,
        "height": 1024,
        "cfg_scale": 7.0,
        "steps": 50,
        "api_key": "bedrock-api-key-xyz",
    }
    conversation = (sample(SAMPLES / "sdxl.json"),)
    edit_call = {
        "prompt": "a hat",
        "model": "bedrock/stability.stable-diffusion-xl-v1",
        "image": PNG,
        "mask": PNG,
        "api_key": "bedrock-api-key-xyz",
    }
    edit_conversation = conversation
    refusal = (sample(SAMPLES / "sdxl-filtered.json"),)
