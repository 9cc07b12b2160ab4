"""The plugin keeps the contract, with GPT Image, with DALL-E and with a deployment of anything."""

from pathlib import Path

import pytest

import impasto_azure
from impasto.testing import PNG, ProviderContract, sample

SAMPLES = Path(__file__).parent / "samples"
KEY = "az-0123456789abcdef"
BASE = "https://my-resource.openai.azure.com"
GPT_IMAGE = {
    "prompt": "a fox",
    "model": "azure/our-pictures",
    "base_model": "gpt-image-2",
    "size": "1536x1024",
    "quality": "low",
    "response_format": "b64_json",
    "user": "u-1",
    "api_base": BASE,
    "api_key": KEY,
}
EDIT = {
    "prompt": "a hat",
    "model": "azure/our-pictures",
    "base_model": "gpt-image-2",
    "image": PNG,
    "mask": PNG,
    "api_base": BASE,
    "api_key": KEY,
}
DALL_E = {
    "prompt": "a fox",
    "model": "azure/our-drawings",
    "base_model": "dall-e-3",
    "style": "natural",
    "response_format": "url",
    "api_base": BASE,
    "api_version": "2024-02-01",
    "api_key": KEY,
}
ANYTHING = {
    "prompt": "a fox",
    "model": "azure/whatever",
    "quality": "low",
    "api_base": f"{BASE}/openai/v1",
    "azure_ad_token_provider": lambda: "token-0123456789abcdef",
}


class TestContract(ProviderContract):
    plugin = impasto_azure
    call = GPT_IMAGE
    conversation = (sample(SAMPLES / "gpt-image.json"),)
    edit_call = EDIT
    edit_conversation = (sample(SAMPLES / "gpt-image-edit.json"),)
    streamed = (sample(SAMPLES / "stream.json"),)
    refusal = (sample(SAMPLES / "error-filters.json"),)


# DALL-E is gone; nothing here depends on the day.
@pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")
class TestContractOfDallE(ProviderContract):
    plugin = impasto_azure
    call = DALL_E
    conversation = (sample(SAMPLES / "dall-e-3.json"),)
    refusal = (sample(SAMPLES / "error-picture-filtered.json"),)


class TestContractOfAnything(ProviderContract):
    plugin = impasto_azure
    call = ANYTHING
    conversation = (sample(SAMPLES / "gpt-image-plain.json"),)
    refusal = (sample(SAMPLES / "error-moderation.json"),)
