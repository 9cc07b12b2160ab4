"""The plugin keeps the contract, with Gemini and with each of the things that Imagen does."""

from pathlib import Path

import pytest

import impasto_vertex
from impasto.testing import PNG, ProviderContract, sample

# Imagen is gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

SAMPLES = Path(__file__).parent / "samples"
WHERE = {"vertex_project": "my-proj", "vertex_location": "us-central1"}
TOKEN = {**WHERE, "access_token": "ya29.0123456789abcdef"}
SOME = {
    "reference_images": [{"referenceType": "REFERENCE_TYPE_STYLE"}],
    "web_search_options": {},
    "contents": [{"role": "user", "parts": [{"text": "zz"}]}],
    "file_data": [{"fileUri": "gs://zz/zz.png", "mimeType": "image/png"}],
    "imageConfig": {"aspectRatio": "1:1"},
    "image_config": {"aspectRatio": "1:1"},
    "thinking_config": {"includeThoughts": True},
}


class TestContract(ProviderContract):
    plugin = impasto_vertex
    samples = SOME
    call = {"prompt": "a fox", "model": "vertex_ai/gemini-3-pro-image", "size": "1376x768", **TOKEN}
    conversation = (sample(SAMPLES / "gemini.json"),)
    edit_call = {**call, "prompt": "a hat", "image": PNG, "seed": 7}
    edit_conversation = (sample(SAMPLES / "gemini-thoughts.json"),)
    refusal = (sample(SAMPLES / "gemini-refused.json"),)


class TestContractOfImagen(ProviderContract):
    plugin = impasto_vertex
    samples = SOME
    call = {
        "prompt": "a fox",
        "model": "vertex_ai/imagen-4.0-generate-001",
        "n": 2,
        "size": "1024x1024",
        "response_format": "b64_json",
        **TOKEN,
    }
    conversation = (sample(SAMPLES / "imagen-two.json"),)
    edit_call = {
        "prompt": "a hat",
        "model": "vertex_ai/imagen-3.0-capability-001",
        "image": PNG,
        "mask": PNG,
        "edit_mode": "EDIT_MODE_INPAINT_INSERTION",
        **TOKEN,
    }
    edit_conversation = (sample(SAMPLES / "imagen.json"),)
    refusal = (sample(SAMPLES / "imagen-filtered.json"),)
    nothing_is_a_refusal = True


class TestContractOfPictureTools(ProviderContract):
    plugin = impasto_vertex
    samples = SOME
    call = {
        "model": "vertex_ai/imagen-4.0-upscale-preview",
        "image": PNG,
        "upscale_factor": "x2",
        **TOKEN,
    }
    conversation = (sample(SAMPLES / "imagen.json"),)
    edit_call = {
        "model": "vertex_ai/virtual-try-on-001",
        "image": PNG,
        "person_image": PNG,
        "vertex_project": "my-proj",
        "access_token": lambda: "ya29.0123456789abcdef",
    }
    edit_conversation = (sample(SAMPLES / "imagen.json"),)
    refusal = (sample(SAMPLES / "imagen-nothing.json"),)
    nothing_is_a_refusal = True


class TestContractOfExpressMode(ProviderContract):
    plugin = impasto_vertex
    samples = SOME
    call = {
        "prompt": "a fox",
        "model": "vertex_ai/gemini-of-tomorrow-image",
        "size": "1024x1024",
        "api_key": "AQ.0123456789abcdef",
    }
    conversation = (sample(SAMPLES / "gemini.json"),)
    refusal = (sample(SAMPLES / "gemini-blocked.json"),)
