"""LiteLLM's documented programs for the first six services, with another import, and their calls.

What each does is from its pages on image generation, image edits, and on Bedrock's and Vertex AI's
images (read 2026-11-22); only the keys differ, and where those pages leave the name of a deployment
open, it is open here.
"""

import asyncio
import gc
import inspect
import json
import textwrap
import warnings

import pytest
import vendors
from vendors import VENDORS, serving

from impasto.testing import PNG

# They are of models that are gone; that they warn is tested elsewhere.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ImpastoWarning")

ARN = "arn:aws:bedrock:eu-west-1:000000000000:application-inference-profile/a0a0a0a0a0a0"
PROGRAMS = {
    "azure, from the environment": (
        "azure",
        """
        from impasto import image_generation
        response = image_generation(model="azure/<your deployment name>", prompt="cute baby otter")
        """,
    ),
    "azure, in the call": (
        "azure",
        """
        import os
        from impasto import image_generation
        response = image_generation(
            model="azure/<your deployment name>",
            prompt="cute baby otter",
            api_key=os.environ["AZURE_API_KEY"],
            api_base=os.environ["AZURE_API_BASE"] + "/",
            api_version=os.environ["AZURE_API_VERSION"],
        )
        """,
    ),
    "bedrock": (
        "bedrock",
        """
        from impasto import image_generation
        response = image_generation(
            prompt="A cute baby sea otter",
            model="bedrock/stability.stable-diffusion-xl-v0",
        )
        """,
    ),
    "bedrock, with parameters": (
        "bedrock",
        """
        from impasto import image_generation
        response = image_generation(
            prompt="A cute baby sea otter",
            model="bedrock/stability.stable-diffusion-xl-v0",
            size="128x512",
            seed=30,
        )
        """,
    ),
    "bedrock, in Stability's words": (
        "bedrock",
        """
        import impasto as litellm
        response = litellm.image_generation(
            prompt="A cute baby sea otter",
            model="bedrock/stability.stable-diffusion-xl-v1",
            width=1024,
            height=1024,
            cfg_scale=7.0,
            steps=50,
        )
        """,
    ),
    "bedrock, an inference profile": (
        "bedrock",
        f"""
        from impasto import image_generation
        response = image_generation(
            model="bedrock/amazon.nova-canvas-v1:0",
            model_id="{ARN}",
            prompt="A cute baby sea otter",
        )
        """,
    ),
    "bedrock, guided by colours": (
        "bedrock",
        """
        from impasto import image_generation
        response = image_generation(
            model="bedrock/amazon.nova-canvas-v1:0",
            prompt="A cute baby sea otter",
            taskType="COLOR_GUIDED_GENERATION",
            colorGuidedGenerationParams={"colors": ["#FFFFFF"]},
        )
        """,
    ),
    "bedrock, an edit": (
        "bedrock",
        """
        from impasto import image_edit
        response = image_edit(
            image=open("photo.png", "rb"),
            prompt="Add soft sunset lighting",
            model="bedrock/amazon.nova-canvas-v1:0",
        )
        """,
    ),
    **{
        f"bedrock, {model}": (
            "bedrock",
            f"""
            from impasto import image_generation
            prompt = "A cute baby sea otter"
            response = image_generation(model="bedrock/{model}", prompt=prompt)
            """,
        )
        for model in (
            "stability.sd3-large-v1:0",
            "stability.stable-diffusion-xl-v0",
            "stability.stable-diffusion-xl-v1",
            "amazon.titan-image-generator-v1",
            "amazon.titan-image-generator-v2:0",
            "amazon.nova-canvas-v1:0",
        )
    },
    "vertex_ai": (
        "vertex_ai",
        """
        import impasto as litellm
        response = litellm.image_generation(
            prompt="An olympic size swimming pool",
            model="vertex_ai/imagegeneration@006",
            vertex_ai_project="adroit-crow-413218",
            vertex_ai_location="us-central1",
        )
        """,
    ),
    "vertex_ai, several": (
        "vertex_ai",
        """
        import impasto as litellm
        response = await litellm.aimage_generation(
            prompt="An olympic size swimming pool",
            model="vertex_ai/imagegeneration@006",
            vertex_ai_project="adroit-crow-413218",
            vertex_ai_location="us-central1",
            n=1,
        )
        """,
    ),
    "vertex_ai, in Google's words": (
        "vertex_ai",
        """
        import impasto as litellm
        response = litellm.image_generation(
            prompt="An olympic size swimming pool",
            model="vertex_ai/imagegeneration@006",
            vertex_ai_project="adroit-crow-413218",
            vertex_ai_location="us-central1",
            number_of_images=1,
            aspect_ratio="1:1",
        )
        """,
    ),
    "vertex_ai, Imagen 4": (
        "vertex_ai",
        """
        import impasto as litellm
        response = await litellm.aimage_generation(
            prompt="An olympic size swimming pool with crystal clear water and modern architecture",
            model="vertex_ai/imagen-4.0-generate-preview-06-06",
            vertex_ai_project="your-project-id",
            vertex_ai_location="us-central1",
        )
        """,
    ),
    **{
        f"vertex_ai, {model}": (
            "vertex_ai",
            f"""
            import impasto as litellm
            response = await litellm.aimage_generation(
                prompt="A nano banana dish in a fancy restaurant with a Gemini theme",
                model="vertex_ai/{model}",
                vertex_ai_project="your-project-id",
                vertex_ai_location="us-central1",
                n=1,
                size="1024x1024",
            )
            """,
        )
        for model in (
            "gemini-2.5-flash-image",
            "gemini-3-pro-image-preview",
            "imagen-4.0-generate-001",
        )
    },
    "vertex_ai, an edit": (
        "vertex_ai",
        """
        import os
        import impasto as litellm
        os.environ["VERTEXAI_PROJECT"] = "your-gcp-project-id"
        os.environ["VERTEXAI_LOCATION"] = "us-central1"
        response = litellm.image_edit(
            model="vertex_ai/gemini-2.5-flash",
            image=open("photo.png", "rb"),
            prompt="Add neon lights in the background",
            size="1024x1024",
        )
        """,
    ),
    "vertex_ai, an edit with a mask": (
        "vertex_ai",
        """
        import os
        import impasto as litellm
        os.environ["VERTEXAI_PROJECT"] = "your-gcp-project-id"
        os.environ["VERTEXAI_LOCATION"] = "us-central1"
        response = litellm.image_edit(
            model="vertex_ai/imagen-3.0-capability-001",
            image=open("photo.png", "rb"),
            mask=open("mask.png", "rb"),
            prompt="Turn this into watercolor style scenery",
            n=2,
            size="1024x1024",
        )
        """,
    ),
    "replicate": (
        "replicate",
        """
        from impasto import image_generation
        response = image_generation(
            prompt="A cute baby sea otter", model="replicate/stability-ai/sdxl"
        )
        """,
    ),
    "replicate, named apart": (
        "replicate",
        """
        from impasto import image_generation
        response = image_generation(
            prompt="A cute baby sea otter",
            model="stability-ai/sdxl",
            custom_llm_provider="replicate",
        )
        """,
    ),
    "together_ai": (
        "together_ai",
        """
        from impasto import image_generation
        response = image_generation(
            prompt="A cute baby sea otter",
            model="together_ai/black-forest-labs/FLUX.1-schnell",
            n=1,
            size="1024x768",
            response_format="b64_json",
        )
        """,
    ),
}
ENVIRONMENT = {
    "azure": {"AZURE_API_KEY": VENDORS["azure"].key, "AZURE_API_VERSION": "2025-04-01-preview"},
    "bedrock": {
        "AWS_ACCESS_KEY_ID": VENDORS["bedrock"].key,
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_REGION_NAME": "us-west-2",
    },
    "vertex_ai": {},
    "replicate": {"REPLICATE_API_KEY": VENDORS["replicate"].key},
    "together_ai": {"TOGETHERAI_API_KEY": VENDORS["together_ai"].key},
}
PLACE = {  # the variable that leads to another place than the service's own
    "azure": "AZURE_API_BASE",
    "bedrock": "AWS_BEDROCK_RUNTIME_ENDPOINT",
    "vertex_ai": "GOOGLE_VERTEX_BASE_URL",
    "replicate": "REPLICATE_API_BASE",
    "together_ai": "TOGETHER_BASE_URL",
}


@pytest.fixture
def served(name, monkeypatch, tmp_path):
    """Serve the program's service, with an account there, in a folder with two pictures."""
    from impasto import registry

    service, _ = PROGRAMS[name]
    for one in VENDORS:
        for setting in registry.plugin(one).loaded().provider.settings.values():
            for variable in setting.env:
                monkeypatch.delenv(variable, raising=False)
    for variable in ("VERTEXAI_PROJECT", "VERTEXAI_LOCATION"):  # the programs set them
        monkeypatch.setenv(variable, "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for picture in ("photo.png", "mask.png"):
        (tmp_path / picture).write_bytes(vendors.PNG)
    with serving(service) as server:
        monkeypatch.setenv(PLACE[service], server.url)
        for variable, value in ENVIRONMENT[service].items():
            monkeypatch.setenv(variable, value)
        if service == "vertex_ai":
            path = tmp_path / "service-account.json"
            path.write_text(json.dumps(service_account(f"{server.url}/token")))
            # The default credentials would not be shown to a server of somebody's own.
            monkeypatch.setenv("VERTEXAI_CREDENTIALS", str(path))
        yield server


def service_account(token_uri):
    """Return a service account's file, with a key made for this test."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return {
        "type": "service_account",
        "project_id": "adroit-crow-413218",
        "private_key_id": "1",
        "private_key": key.private_bytes(*form, serialization.NoEncryption()).decode(),
        "client_email": "painter@adroit-crow-413218.iam.gserviceaccount.com",
        "token_uri": token_uri,
    }


def run(source):
    """Run a program, also one that awaits outside of a function as notebooks let it."""
    names = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the programs leave their files open
        code = compile(textwrap.dedent(source), "program", "exec", flags=0x2000)
        assert code.co_flags & inspect.CO_COROUTINE or "await" not in source
        outcome = eval(code, names)
        if inspect.iscoroutine(outcome):
            asyncio.run(outcome)
        response = names["response"]
        del outcome, code, names
        gc.collect()
    return response


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_runs_as_documented(name, served):
    """
    Each program has its pictures at the end: from the service, with the account's key.
    """
    service, source = PROGRAMS[name]
    response = run(source)

    wanted = 2 if "n=2" in source else 1
    assert [PNG] * wanted == [image.read() for image in response.data]
    assert service == response.provider
    assert any(VENDORS[service].buys.split(":")[0] in one.path for one in served.received)


def bodies(served):
    return [json.loads(one.body) for one in served.received if one.body[:1] == b"{"]


@pytest.mark.parametrize("name", ["bedrock, in Stability's words"])
def test_stability_gets_its_own_words(name, served):
    """
    They go where Stability has them.
    """
    run(PROGRAMS[name][1])

    assert [
        {
            "text_prompts": [{"text": "A cute baby sea otter"}],
            "width": 1024,
            "height": 1024,
            "cfg_scale": 7.0,
            "steps": 50,
        }
    ] == [
        {**body, "text_prompts": [{"text": one["text"]} for one in body["text_prompts"]]}
        for body in bodies(served)
    ]


@pytest.mark.parametrize("name", ["vertex_ai, in Google's words"])
def test_imagen_gets_its_own_words(name, served):
    """
    LiteLLM's documented words become the parameters of ":predict".
    """
    run(PROGRAMS[name][1])

    assert [
        {
            "instances": [{"prompt": "An olympic size swimming pool"}],
            "parameters": {"sampleCount": 1, "aspectRatio": "1:1"},
        }
    ] == bodies(served)


@pytest.mark.parametrize("name", ["bedrock, an inference profile"])
def test_the_profile_is_asked(name, served):
    """
    The ARN is in the path, the model's dialect in the body.
    """
    run(PROGRAMS[name][1])

    assert served.received[0].path.startswith("/model/arn%3Aaws%3Abedrock%3Aeu-west-1")
    assert "TEXT_IMAGE" == bodies(served)[0]["taskType"]
