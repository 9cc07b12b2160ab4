"""The plugin keeps the contract: with models that it knows, that it looks up, and that nobody knows."""

from pathlib import Path

import impasto_replicate
from impasto.testing import PNG, ProviderContract, sample

SAMPLES = Path(__file__).parent / "samples"
KEY = "r8_0123456789abcdef0123"
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"
STARTING, PROCESSING, DONE = (
    sample(SAMPLES / f"{name}.json") for name in ("starting", "processing", "polled")
)
POLLED = (STARTING, PROCESSING, DONE)
NSFW = (STARTING, sample(SAMPLES / "failed-nsfw.json"))
OUT_OF_MEMORY = (STARTING, sample(SAMPLES / "failed-memory.json"))


def asked(model, **more):
    return {"prompt": "a fox", "model": f"replicate/{model}", "api_key": KEY, **more}


class TestContractOfAListedModel(ProviderContract):
    """An official model whose parameters are in the catalogue: nothing is looked up."""

    plugin = impasto_replicate
    call = asked(
        "black-forest-labs/flux-dev",
        n=1,
        size="1216x832",
        seed=7,
        output_format="jpeg",
        output_compression=90,
        guidance=3.5,
    )
    conversation = POLLED
    edit_call = asked("black-forest-labs/flux-fill-dev", image=PNG, mask=PNG)
    edit_conversation = POLLED
    refusal = NSFW
    failed = OUT_OF_MEMORY


class TestContractOfALearnedModel(ProviderContract):
    """A community model: its latest version and its schema are looked up."""

    plugin = impasto_replicate
    call = asked("stability-ai/sdxl", size="1152x896", negative_prompt="rain", scheduler="DDIM")
    conversation = POLLED
    edit_call = asked("stability-ai/sdxl", image=PNG, mask=PNG)
    edit_conversation = POLLED
    refusal = NSFW
    failed = OUT_OF_MEMORY
    learned = sample(SAMPLES / "model-sdxl.json")


class TestContractOfAFineTune(ProviderContract):
    """A model that no catalogue lists."""

    plugin = impasto_replicate
    call = asked("me/my-lora", n=1, size="1024x768", output_format="png")
    conversation = POLLED
    edit_call = asked("me/my-lora", image=PNG, mask=PNG)
    edit_conversation = POLLED
    refusal = (STARTING, sample(SAMPLES / "failed-sensitive.json"))
    failed = (STARTING, sample(SAMPLES / "aborted.json"))
    learned = sample(SAMPLES / "model-fine-tune.json")


class TestContractOfAVersion(ProviderContract):
    """Nobody says whose version it is: everything passes in the caller's words."""

    plugin = impasto_replicate
    call = asked(VERSION, seed=7, width=512)
    conversation = (STARTING, PROCESSING, DONE)
    edit_call = asked(VERSION, image=PNG)
    edit_conversation = POLLED
    refusal = NSFW
    failed = (STARTING, sample(SAMPLES / "canceled.json"))


class TestContractOfADeployment(ProviderContract):
    """Likewise for what somebody has deployed."""

    plugin = impasto_replicate
    call = asked("deployments/acme/my-app", n=1, wait=False)
    conversation = POLLED
    refusal = NSFW
    failed = OUT_OF_MEMORY
