"""The programs of LiteLLM's image documentation for Vertex AI, but for the import."""

import asyncio
import base64
import io
import json

import PIL.Image
import pytest
from cryptography.hazmat.primitives import serialization

import impasto as litellm
from impasto import aimage_generation, image_edit, image_generation
from impasto.testing import FakeServer, png, reply

# Imagen is gone; nothing here depends on the day.
pytestmark = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")

POOL = "An olympic size swimming pool"
TOKEN = "ya29.0123456789abcdef"
SQUARE = base64.b64encode(png(32, 32)).decode()


class Google(FakeServer):
    """Vertex AI and its token endpoint, as those programs know them."""

    def __init__(self):
        super().__init__(self._said)

    def _said(self, received):
        if received.path == "/token":
            return reply({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
        if received.headers.get("authorization") != f"Bearer {TOKEN}":
            told = {"code": 401, "message": "who is it?", "status": "UNAUTHENTICATED"}
            return reply({"error": told}, status=401)
        if received.path.endswith(":predict"):
            count = received.json().get("parameters", {}).get("sampleCount", 1)
            one = {"mimeType": "image/png", "bytesBase64Encoded": SQUARE}
            return reply({"predictions": [one] * count})
        part = {"inlineData": {"mimeType": "image/png", "data": SQUARE}}
        content = {"role": "model", "parts": [part]}
        return reply({"candidates": [{"content": content, "finishReason": "STOP"}]})

    @property
    def orders(self):
        """What came in, but for tokens."""
        return [received for received in self.received if received.path != "/token"]


@pytest.fixture
def google(nothing_set, tmp_path, key):
    """Start the server, and leave a service account where programs look for it."""
    nothing_set.chdir(tmp_path)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with Google() as server:
        account = {
            "type": "service_account",
            "project_id": "adroit-crow-413218",
            "private_key": pem.decode(),
            "client_email": "sa@p.iam.gserviceaccount.com",
            "token_uri": f"{server.url}/token",
        }
        (tmp_path / "service-account.json").write_text(json.dumps(account))
        nothing_set.setenv("VERTEXAI_CREDENTIALS", str(tmp_path / "service-account.json"))
        nothing_set.setenv("GOOGLE_VERTEX_BASE_URL", server.url)
        yield server


def path(project, location, model, method):
    within = f"/v1beta1/projects/{project}/locations/{location}"
    return f"{within}/publishers/google/models/{model}:{method}"


class TestGeneration:
    @pytest.mark.parametrize("more", [{}, {"n": 1}], ids=["basic", "one picture"])
    def test_imagen_2(self, google, more):
        """
        The documented call, project and location in LiteLLM's words.
        """
        response = image_generation(
            prompt=POOL,
            model="vertex_ai/imagegeneration@006",
            vertex_ai_project="adroit-crow-413218",
            vertex_ai_location="us-central1",
            **more,
        )

        expected = path("adroit-crow-413218", "us-central1", "imagegeneration@006", "predict")
        assert [expected] == [received.path for received in google.orders]
        assert SQUARE == response.data[0].b64_json

    @pytest.mark.parametrize("model", ["vertex_ai/imagegeneration@006", "imagegeneration@006"])
    def test_in_googles_words(self, google, nothing_set, model):
        """
        The wire's own parameters, with the project out of the environment.
        """
        nothing_set.setenv("VERTEXAI_PROJECT", "my-project")
        nothing_set.setenv("VERTEXAI_LOCATION", "us-east1")
        litellm.image_generation(prompt=POOL, model=model, number_of_images=1, aspect_ratio="1:1")
        (order,) = google.orders

        assert path("my-project", "us-east1", "imagegeneration@006", "predict") == order.path
        assert {
            "instances": [{"prompt": POOL}],
            "parameters": {"sampleCount": 1, "aspectRatio": "1:1"},
        } == order.json()

    def test_imagen_4_awaited(self, google):
        """
        A preview's name, asynchronously.
        """
        response = asyncio.run(
            aimage_generation(
                prompt=POOL,
                model="vertex_ai/imagen-4.0-generate-preview-06-06",
                vertex_ai_project="adroit-crow-413218",
                vertex_ai_location="us-central1",
            )
        )

        assert 1 == len(response.data)
        assert google.orders[0].path.endswith("/imagen-4.0-generate-preview-06-06:predict")

    @pytest.mark.parametrize(
        "model",
        [
            "gemini-2.0-flash-preview-image",
            "gemini-2.5-flash-image-preview",
            "gemini-3-pro-image-preview",
        ],
    )
    def test_gemini(self, google, model):
        """
        Names in its table, listed here or not.
        """
        response = image_generation(
            prompt="A futuristic cityscape at sunset",
            model=f"vertex_ai/{model}",
            n=1,
            size="1024x1024",
            vertex_project="my-project",
        )

        assert 1 == len(response.data)
        assert google.orders[0].path.endswith(f"/{model}:generateContent")

    def test_credentials_as_a_path(self, google, nothing_set):
        """
        The file is named in the call.
        """
        nothing_set.delenv("VERTEXAI_CREDENTIALS")
        image_generation(
            prompt=POOL,
            model="vertex_ai/imagegeneration@006",
            vertex_ai_credentials="service-account.json",
        )

        assert "/projects/adroit-crow-413218/" in google.orders[0].path


class TestEdits:
    def test_gemini(self, google, tmp_path):
        """
        A Gemini that no catalogue lists, and an open file.
        """
        (tmp_path / "original_image.png").write_bytes(png(64, 64))
        with open("original_image.png", "rb") as image:  # noqa: PTH123 - as documented
            response = image_edit(
                model="vertex_ai/gemini-2.5-flash",
                image=image,
                prompt="Add neon lights in the background",
                size="1024x1024",
            )
        (order,) = google.orders

        assert order.path.endswith("/gemini-2.5-flash:generateContent")
        assert ["inlineData", "text"] == [
            next(iter(part)) for part in order.json()["contents"][0]["parts"]
        ]
        assert SQUARE == response.data[0].b64_json

    def test_imagen_with_a_mask(self, google, tmp_path):
        """
        The mask goes along, and its transparent parts are white.
        """
        (tmp_path / "original_image.png").write_bytes(png(64, 64))
        (tmp_path / "mask_image.png").write_bytes(png(64, 64, (0, 0, 0, 0)))
        with open("original_image.png", "rb") as image, open("mask_image.png", "rb") as mask:  # noqa: PTH123
            response = litellm.image_edit(
                model="vertex_ai/imagen-3.0-capability-001",
                image=image,
                mask=mask,
                prompt="Turn this into watercolor style scenery",
                n=2,
                size="1024x1024",
            )
        body = google.orders[0].json()
        _, sent = body["instances"][0]["referenceImages"]
        data = base64.b64decode(sent["referenceImage"]["bytesBase64Encoded"])

        assert 2 == len(response.data)
        assert {"sampleCount": 2, "aspectRatio": "1:1"} == body["parameters"]
        assert {255} == set(PIL.Image.open(io.BytesIO(data)).convert("L").tobytes())
