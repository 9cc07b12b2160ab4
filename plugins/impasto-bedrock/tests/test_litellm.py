"""The programs in LiteLLM's documentation run as they are written, but for the import."""

import base64
import io
from pathlib import Path

import pytest

import impasto as litellm
from impasto.testing import FakeServer, png, sample

SAMPLES = Path(__file__).parent / "samples"
# The models that it documents are gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")


@pytest.fixture
def server(monkeypatch):
    """Return a server that answers as Stable Diffusion does, with the environment that leads there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-0123456789")
    monkeypatch.setenv("AWS_REGION_NAME", "us-west-2")
    with FakeServer(lambda _: sample(SAMPLES / "sdxl.json")) as server:
        monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", server.url)
        yield server


def sent(server):
    """Return the path and the body of the one request that arrived."""
    (received,) = server.received
    assert "/us-west-2/bedrock/aws4_request" in received.headers["authorization"]
    return received.path, received.json()


SDXL = {"text_prompts": [{"text": "A cute baby sea otter", "weight": 1.0}]}


class TestGenerations:
    def test_the_first_example(self, server):
        """
        Three variables and a prompt, for a model of 2023.
        """
        response = litellm.image_generation(
            prompt="A cute baby sea otter",
            model="bedrock/stability.stable-diffusion-xl-v0",
        )

        assert ("/model/stability.stable-diffusion-xl-v0/invoke", SDXL) == sent(server)
        assert response.data[0].b64_json == response["data"][0]["b64_json"]

    @pytest.mark.parametrize("size", [{"size": "128x512"}, {"width": 128, "height": 512}])
    def test_a_size_and_a_seed(self, server, size):
        """
        The size in one word, or in two.
        """
        litellm.image_generation(
            prompt="A cute baby sea otter",
            model="bedrock/stability.stable-diffusion-xl-v0",
            seed=30,
            **size,
        )

        assert {**SDXL, "width": 128, "height": 512, "seed": 30} == sent(server)[1]

    def test_words_of_the_model(self, server):
        """
        The model's own words stand beside the common ones.
        """
        litellm.image_generation(
            prompt="A cute baby sea otter",
            model="bedrock/stability.stable-diffusion-xl-v1",
            width=1024,
            height=1024,
            cfg_scale=7.0,
            steps=50,
        )

        assert {
            **SDXL,
            "width": 1024,
            "height": 1024,
            "cfg_scale": 7.0,
            "steps": 50,
        } == sent(server)[1]

    @pytest.mark.parametrize(
        ("model", "path", "body"),
        [
            (
                "bedrock/stability.stability.sd3-large-v1:0",
                "stability.stability.sd3-large-v1%3A0",
                {"prompt": "a fox"},
            ),
            (
                "bedrock/amazon.titan-image-generator-v1",
                "amazon.titan-image-generator-v1",
                {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a fox"}},
            ),
            (
                "bedrock/amazon.titan-image-generator-v2:0",
                "amazon.titan-image-generator-v2%3A0",
                {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a fox"}},
            ),
            (
                "bedrock/amazon.nova-canvas-v1:0",
                "amazon.nova-canvas-v1%3A0",
                {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a fox"}},
            ),
        ],
    )
    def test_models_of_its_table(self, server, model, path, body):
        """
        A name that is written there with an error goes out as it is.
        """
        litellm.image_generation(prompt="a fox", model=model)

        assert (f"/model/{path}/invoke", body) == sent(server)

    def test_an_inference_profile_of_ones_own(self, server, monkeypatch):
        """
        model_id is asked, in its own region; the model says which body it takes.
        """
        monkeypatch.delenv("AWS_REGION_NAME")
        litellm.image_generation(
            model="bedrock/amazon.nova-canvas-v1:0",
            model_id="arn:aws:bedrock:eu-west-1:000000000000:application-inference-profile/a0a0a0a0a0a0",
            prompt="a fox",
        )
        (received,) = server.received

        assert (
            "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A000000000000"
            "%3Aapplication-inference-profile%2Fa0a0a0a0a0a0/invoke"
        ) == received.path
        assert "/eu-west-1/bedrock/aws4_request" in received.headers["authorization"]

    def test_colours(self, server):
        """
        AWS's own task, with its object.
        """
        litellm.image_generation(
            model="bedrock/amazon.nova-canvas-v1:0",
            prompt="a fox",
            taskType="COLOR_GUIDED_GENERATION",
            colorGuidedGenerationParams={"colors": ["#FFFFFF"]},
        )

        assert {
            "taskType": "COLOR_GUIDED_GENERATION",
            "colorGuidedGenerationParams": {"colors": ["#FFFFFF"], "text": "a fox"},
        } == sent(server)[1]


class TestEdits:
    @pytest.mark.parametrize(
        ("more", "task", "name", "fields"),
        [
            ({}, "IMAGE_VARIATION", "imageVariationParams", {"images", "text"}),
            ({"mask": True}, "INPAINTING", "inPaintingParams", {"image", "maskImage", "text"}),
            (
                {"mask": True, "taskType": "OUTPAINTING"},
                "OUTPAINTING",
                "outPaintingParams",
                {"image", "maskImage", "text"},
            ),
            (
                {"maskPrompt": "the sky", "taskType": "OUTPAINTING"},
                "OUTPAINTING",
                "outPaintingParams",
                {"image", "maskPrompt", "text"},
            ),
        ],
    )
    def test_open_files(self, server, more, task, name, fields):
        """
        What is given says which task is meant.
        """
        mask = {"mask": io.BytesIO(png(colour=(0, 0, 0, 0)))} if "mask" in more else {}
        litellm.image_edit(
            image=io.BytesIO(png()),
            prompt="Add soft sunset lighting",
            model="bedrock/amazon.nova-canvas-v1:0",
            **{**more, **mask},
        )
        body = sent(server)[1]

        assert (task, fields) == (body["taskType"], set(body[name]))

    def test_a_background_is_removed(self, server):
        """
        With the picture and nothing else.
        """
        litellm.image_edit(
            image=io.BytesIO(png()),
            model="bedrock/amazon.nova-canvas-v1:0",
            taskType="BACKGROUND_REMOVAL",
        )

        assert {
            "taskType": "BACKGROUND_REMOVAL",
            "backgroundRemovalParams": {"image": base64.b64encode(png()).decode()},
        } == sent(server)[1]
