"""The three plugins on real wires: what Script cannot show is what goes over them."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.testing import PNG, FakeServer, reply

PLUGINS = Path(__file__).parent / "plugins"
ARN = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdef123456"
# In a process of its own: what is registered stays registered.
PROGRAM = """
import importlib, json, sys

import impasto

url, calls = sys.argv[1], json.loads(sys.argv[2])
for name, call in calls.items():
    impasto.register(name, importlib.import_module(f"proof_{name}"), replace=True)
    response = impasto.image_generation("a fox", api_base=url, **call)
    print(json.dumps([image.read().hex() for image in response.data]))
"""
CALLS = {
    "bedrock": {
        "model": f"bedrock/{ARN}",
        "base_model": "stability.stable-image-core-v1:1",
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    },
    "replicate": {
        "model": "replicate/a/b",
        "api_key": "r8_0123456789abcdef0123",
        "response_format": "b64_json",
    },
    "stability": {"model": "stability/core", "api_key": "sk-0123456789abcdef"},
}


@pytest.fixture(scope="module")
def played():
    """Return the server that answered all three, and the pictures that came."""

    def answer(received):
        if received.path.startswith("/model/"):
            return reply({"finish_reasons": [None], "images": [base64.b64encode(PNG).decode()]})
        if received.path.startswith("/v1/"):
            urls = {"get": f"{server.url}/v1/predictions/p1", "cancel": f"{server.url}/cancel"}
            done = received.path == "/v1/predictions/p1"
            status, output = ("succeeded", f"{server.url}/out.png") if done else ("starting", None)
            return reply({"status": status, "output": output, "urls": urls})
        return reply(body=PNG, headers={"Content-Type": "image/png", "seed": "7"})

    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(PLUGINS), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        "AWS_BEARER_TOKEN_BEDROCK": "",
    }
    with FakeServer(answer) as server:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, server.url, json.dumps(CALLS)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return server.received, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_pictures_come_and_nothing_else_happens(played):
    """One picture from each, the same bytes; no warning, no complaint at the end."""
    _, pictures, complaints = played

    assert ([[PNG.hex()]] * 3, "") == (pictures, complaints)


def test_an_encoded_name_stays_encoded(played):
    """The path arrives as it was signed, colons and slashes of the ARN encoded."""
    received = played[0][0]

    assert (
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aprovisioned-model"
        "%2Fabcdef123456/invoke"
    ) == received.path
    assert "SignedHeaders=accept;content-type;host;x-amz-date" in received.headers["authorization"]
    assert ("application/json", {"prompt": "a fox"}) == (
        received.headers["content-type"],
        received.json(),
    )


def test_a_key_does_not_go_to_pictures(played):
    """Not even where they lie on the provider's own origin."""
    received = played[0][1:5]

    assert [
        ("GET", "/v1/models/a/b", True),
        ("POST", "/v1/models/a/b/predictions", True),
        ("GET", "/v1/predictions/p1", True),
        ("GET", "/out.png", False),
    ] == [(one.method, one.path, "authorization" in one.headers) for one in received]


def test_a_form_is_a_form_without_a_file(played):
    """With a length and a boundary, and the answer's bytes are the picture's."""
    received = played[0][5]

    kind, _, boundary = received.headers["content-type"].partition("; boundary=")
    assert ("POST", "/v2beta/stable-image/generate/core") == (received.method, received.path)
    assert ("multipart/form-data", "image/*") == (kind, received.headers["accept"])
    assert received.body.startswith(f"--{boundary}\r\n".encode())
    assert str(len(received.body)) == received.headers["content-length"]
