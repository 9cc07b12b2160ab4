"""The two plugins on real wires: what Script cannot show is what goes over them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.testing import PNG, FakeServer, reply

PLUGINS = Path(__file__).parent / "plugins"
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
    "replicate": {
        "model": "replicate/a/b",
        "api_key": "r8_0123456789abcdef0123",
        "response_format": "b64_json",
    },
    "stability": {"model": "stability/core", "api_key": "sk-0123456789abcdef"},
}


@pytest.fixture(scope="module")
def played():
    """Return the server that answered both, and the pictures that came."""

    def answer(received):
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

    assert ([[PNG.hex()]] * 2, "") == (pictures, complaints)


def test_a_key_does_not_go_to_pictures(played):
    """Not even where they lie on the provider's own origin."""
    received = played[0][:4]

    assert [
        ("GET", "/v1/models/a/b", True),
        ("POST", "/v1/models/a/b/predictions", True),
        ("GET", "/v1/predictions/p1", True),
        ("GET", "/out.png", False),
    ] == [(one.method, one.path, "authorization" in one.headers) for one in received]


def test_a_form_is_a_form_without_a_file(played):
    """With a length and a boundary, and the answer's bytes are the picture's."""
    received = played[0][4]

    kind, _, boundary = received.headers["content-type"].partition("; boundary=")
    assert ("POST", "/v2beta/stable-image/generate/core") == (received.method, received.path)
    assert ("multipart/form-data", "image/*") == (kind, received.headers["accept"])
    assert received.body.startswith(f"--{boundary}\r\n".encode())
    assert str(len(received.body)) == received.headers["content-length"]
