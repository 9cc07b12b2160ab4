"""The plugin keeps the contract, with each family of models and with one that nobody listed."""

from pathlib import Path

import pytest

import impasto_together
from impasto.testing import PNG, ProviderContract, sample

SAMPLES = Path(__file__).parent / "samples"
KEY = "tgp_v1_0123456789abcdef"
LORA = {"image_loras": [{"path": "https://huggingface.co/a/b", "scale": 0.8}]}
URL, BASE64 = sample(SAMPLES / "url.json"), sample(SAMPLES / "base64.json")
FLUX = {
    "prompt": "a fox",
    "model": "together_ai/black-forest-labs/FLUX.1-schnell",
    "size": "1024x768",
    "n": 1,
    "seed": 7,
    "steps": 4,
    "response_format": "url",
    "api_key": KEY,
}
KONTEXT = {
    "prompt": "a hat",
    "model": "together_ai/black-forest-labs/FLUX.1-kontext-pro",
    "image": PNG,
    "api_key": KEY,
}
GEMINI = {
    "prompt": "a fox",
    "model": "together_ai/google/gemini-3-pro-image",
    "size": "2688x1536",
    "response_format": "b64_json",
    "api_key": KEY,
}
STRANGER = {
    "prompt": "a fox",
    "model": "together_ai/somebody/new-one",
    "n": 1,
    "size": "512x512",
    "sharpness": 3,
    "api_key": KEY,
}


# The catalogue holds models that are gone; nothing here depends on the day.
@pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
class TestContractOfFlux(ProviderContract):
    plugin = impasto_together
    samples = LORA
    call = FLUX
    conversation = (URL,)
    edit_call = KONTEXT
    edit_conversation = (BASE64,)
    refusal = (sample(SAMPLES / "error-nsfw.json"),)


@pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
class TestContractOfGemini(ProviderContract):
    plugin = impasto_together
    samples = LORA
    call = GEMINI
    conversation = (BASE64,)
    edit_call = {**GEMINI, "image": PNG}
    edit_conversation = (URL,)
    refusal = (sample(SAMPLES / "nsfw-in-200.json"),)


@pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
class TestContractOfAStranger(ProviderContract):
    plugin = impasto_together
    samples = LORA
    call = STRANGER
    conversation = (URL,)
    edit_call = {**STRANGER, "image": PNG}
    edit_conversation = (URL,)
    refusal = (sample(SAMPLES / "nsfw-in-200.json"),)
