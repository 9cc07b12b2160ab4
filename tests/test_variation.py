"""`image_variation`: pictures like one that is given, for the few models that make them."""

from __future__ import annotations

import asyncio
import base64
import io

import pytest

import impasto
from impasto.testing import PNG, FakeServer, Received, Reply, reply

ANSWER = {"created": 1, "data": [{"b64_json": base64.b64encode(PNG).decode()}]}
OLD = pytest.mark.filterwarnings("ignore::impasto.ModelRetiredWarning")


def of_the_dialect(received: Received) -> Reply:
    return reply(ANSWER) if received.path == "/v1/images/variations" else reply({}, status=404)


@pytest.fixture
def server():
    with FakeServer(of_the_dialect) as server:
        yield server


@OLD
@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "awaited"])
def test_a_picture_and_nothing_else(server, blocking):
    """
    As LiteLLM's documentation has it: model and picture; DALL-E 2 lives on in other servers.
    """
    call = {"model": "openai/dall-e-2", "image": PNG, "api_base": server.url, "api_key": "-" * 20}
    if blocking:
        response = impasto.image_variation(**call)
    else:
        response = asyncio.run(impasto.aimage_variation(**call))

    assert PNG == response.data[0].read()
    assert b'name="image"; filename="image.png"' in server.received[0].body
    assert "/v1/images/variations" == server.received[0].path


@OLD
def test_every_parameter_goes_along(server):
    """
    LiteLLM loses all of these.
    """
    server.will(reply({"data": ANSWER["data"] * 2}))
    impasto.image_variation(
        io.BytesIO(PNG),
        "openai/dall-e-2",
        2,
        "b64_json",
        "512x512",
        "hash-1",
        api_base=server.url,
        api_key="-" * 20,
        extra_headers={"X-Team": "art"},
    )
    body = server.received[0].body

    assert all(text in body for text in (b"\r\n\r\n2\r\n", b"b64_json", b"512x512", b"hash-1"))
    assert "art" == server.received[0].headers["x-team"]


@pytest.mark.parametrize(
    "model", ["openai/gpt-image-2", "together_ai/black-forest-labs/FLUX.1-schnell"]
)
def test_a_model_that_makes_none(model):
    """
    The error says what does nearly the same.
    """
    with pytest.raises(impasto.UnsupportedParamsError, match="image_edit\\(\\) with a prompt"):
        impasto.image_variation(PNG, model, api_key="-" * 20)


@OLD
def test_an_endpoint_that_the_vendor_dropped(server):
    """
    A 404 of DALL-E's is explained: the model is gone, and what to use instead.
    """
    server.will(reply({"error": {"message": "Invalid URL"}}, status=404))
    with pytest.raises(impasto.ModelRetiredError) as caught:
        impasto.image_variation(PNG, "openai/dall-e-2", api_base=server.url, api_key="-" * 20)

    assert "gpt-image" in caught.value.successor


def test_a_picture_is_needed():
    """
    Without one there is nothing to vary, and nothing is sent.
    """
    with pytest.raises(impasto.BadRequestError, match="image is missing"):
        impasto.image_variation(None, "openai/dall-e-2", api_key="-" * 20)
