"""The plugin keeps the contract, with GPT Image, with DALL-E and with a server's own model."""

from pathlib import Path

import pytest

import impasto_openai
from impasto.testing import PNG, ProviderContract, sample

SAMPLES = Path(__file__).parent / "samples"
KEY = "sk-0123456789abcdef"
SOME = {"svg": {"model": "gpt-6"}}
GPT_IMAGE = {
    "prompt": "a fox",
    "model": "openai/gpt-image-2",
    "size": "1536x1024",
    "quality": "low",
    "response_format": "b64_json",
    "user": "hash-1",
    "api_key": KEY,
}
EDIT = {"prompt": "a hat", "model": "openai/gpt-image-2", "image": PNG, "mask": PNG, "api_key": KEY}
DALL_E = {
    "prompt": "a fox",
    "model": "openai/dall-e-3",
    "style": "natural",
    "response_format": "url",
    "api_key": KEY,
}
DALL_E_EDIT = {**EDIT, "model": "openai/dall-e-2"}
STRANGER = {
    "prompt": "a fox",
    "model": "openai/black-forest-labs/FLUX.1-schnell",
    "n": 2,
    "seed": 7,
    "steps": 4,
    "api_base": "https://pictures.example/v1",
    "api_key": KEY,
}


class TestContract(ProviderContract):
    plugin = impasto_openai
    samples = SOME
    call = GPT_IMAGE
    conversation = (sample(SAMPLES / "gpt-image.json"),)
    edit_call = EDIT
    edit_conversation = (sample(SAMPLES / "gpt-image-edit.json"),)
    streamed = (sample(SAMPLES / "stream.json"),)
    refusal = (sample(SAMPLES / "error-moderation.json"),)


# DALL-E is gone; nothing here depends on the day.
@pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
class TestContractOfDallE(ProviderContract):
    plugin = impasto_openai
    samples = SOME
    call = DALL_E
    conversation = (sample(SAMPLES / "dall-e-3.json"),)
    edit_call = DALL_E_EDIT
    edit_conversation = (sample(SAMPLES / "dall-e-2.json"),)
    refusal = (sample(SAMPLES / "error-content-policy.json"),)


class TestContractOfAnotherServer(ProviderContract):
    plugin = impasto_openai
    samples = SOME
    call = STRANGER
    conversation = (sample(SAMPLES / "dall-e-2.json"),)
    refusal = (sample(SAMPLES / "refusal-in-200.json"),)
