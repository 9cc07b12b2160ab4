"""The first six services on loopback: they check the key and the form, and answer as the real ones do.

``python vendors.py NAME SECONDS BYTES`` serves one of them from a process of its own until its
standard input ends, each picture of so many bytes after so many seconds; it prints its URL.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import evolve, field, frozen

from impasto.testing import PNG, FakeServer, Received, Reply, reply


@cache
def encoded(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


@cache
def of_size(size: int) -> bytes:
    """Return a picture of *size* bytes: behind its end may be anything."""
    return PNG + random.Random(7).randbytes(max(0, size - len(PNG)))


@frozen(kw_only=True)
class Vendor:
    """One service, and what somebody who has an account there writes.

    Attributes:
        answer: What it answers to a request, with the picture that it makes.
        settings: Keywords of a call: model, key, and what else it needs.
        buys: Part of the path that orders a picture.
    """

    answer: Callable[[Received, bytes], Reply]
    settings: Mapping[str, Any]
    buys: str
    key: str = field(kw_only=True)


def openai(received: Received, picture: bytes) -> Reply:
    if received.headers.get("authorization") != f"Bearer {KEYS['openai']}":
        return wrong("Incorrect API key provided", 401, code="invalid_api_key")
    asked = json.loads(received.body)
    if not asked.get("prompt"):
        return wrong("Missing required parameter: 'prompt'", 400, param="prompt")
    data = [{"b64_json": encoded(picture)}] * asked.get("n", 1)
    return reply({"created": 1_780_000_000, "data": data}, headers={"x-request-id": "req_1"})


def wrong(message: str, status: int, **more: str) -> Reply:
    return reply({"error": {"message": message, **more}}, status=status)


def azure(received: Received, picture: bytes) -> Reply:
    url = urlsplit(received.path)
    if received.headers.get("api-key") != KEYS["azure"]:
        return wrong("Access denied due to invalid subscription key", 401, code="401")
    if "api-version" not in parse_qs(url.query) and "/openai/v1/" not in url.path:
        return wrong("Resource not found", 404, code="404")
    if not re.search("/openai/(deployments/[^/]+|v1)/images/(generations|edits)$", url.path):
        return wrong("Resource not found", 404, code="404")
    asked = {} if b"form-data" in received.body[:200] else as_object(received.body)
    data = [{"b64_json": encoded(picture)}] * asked.get("n", 1)
    return reply({"created": 1_780_000_000, "data": data}, headers={"apim-request-id": "a-1"})


def as_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*; a form is none."""
    try:
        return dict(json.loads(body))
    except ValueError:
        return {}


def bedrock(received: Received, picture: bytes) -> Reply:
    signed = received.headers.get("authorization", "")
    if f"Credential={KEYS['bedrock']}/" not in signed or "/bedrock/aws4_request" not in signed:
        return amazon("The security token included in the request is invalid.", 403, "Unrecognized")
    found = re.fullmatch("/model/([^/]+)/invoke", received.path)
    if found is None:
        return amazon("not found", 404, "ResourceNotFoundException")
    model, asked = unquote(found[1]), json.loads(received.body)
    if "text_prompts" in asked:
        return reply(
            {
                "result": "success",
                "artifacts": [{"seed": 7, "base64": encoded(picture), "finishReason": "SUCCESS"}],
            }
        )
    if "taskType" in asked:
        count = asked.get("imageGenerationConfig", {}).get("numberOfImages", 1)
        return reply({"images": [encoded(picture)] * count, "error": None})
    if "stability" in model and asked.get("prompt"):
        return reply({"seeds": [7], "finish_reasons": [None], "images": [encoded(picture)]})
    return amazon("Malformed input request", 400, "ValidationException")


def amazon(message: str, status: int, kind: str) -> Reply:
    return reply({"message": message}, status=status, headers={"x-amzn-ErrorType": kind})


def vertex_ai(received: Received, picture: bytes) -> Reply:
    if received.path == "/token":
        return reply(
            {"access_token": KEYS["vertex_ai"], "expires_in": 3599, "token_type": "Bearer"}
        )
    if received.headers.get("authorization") != f"Bearer {KEYS['vertex_ai']}":
        return google("Request had invalid authentication credentials.", 401, "UNAUTHENTICATED")
    place = (
        "/projects/[^/]+/locations/[^/]+/publishers/google/models/[^/]+:(predict|generateContent)"
    )
    found = re.search(f"{place}$", unquote(received.path))
    if found is None:
        return google("Not found", 404, "NOT_FOUND")
    asked = json.loads(received.body)
    if found[1] == "predict":
        one = {"bytesBase64Encoded": encoded(picture), "mimeType": "image/png"}
        return reply({"predictions": [one] * asked.get("parameters", {}).get("sampleCount", 1)})
    part = {"inlineData": {"mimeType": "image/png", "data": encoded(picture)}}
    return reply(
        {
            "candidates": [
                {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
            ],
            "usageMetadata": {
                "promptTokenCount": 4,
                "candidatesTokenCount": 1290,
                "totalTokenCount": 1294,
            },
        }
    )


def google(message: str, code: int, status: str) -> Reply:
    return reply({"error": {"code": code, "message": message, "status": status}}, status=code)


_numbers = itertools.count(1)
SCHEMA = {
    "components": {
        "schemas": {
            "Input": {
                "type": "object",
                "required": ["prompt"],
                "properties": {
                    "prompt": {"type": "string"},
                    "width": {"type": "integer", "default": 1024},
                    "height": {"type": "integer", "default": 1024},
                    "num_outputs": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
                    "seed": {"type": "integer"},
                    "negative_prompt": {"type": "string"},
                },
            }
        }
    }
}
VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"


def replicate(received: Received, picture: bytes) -> Reply:
    if received.path.startswith("/pictures/"):
        return reply(body=picture, headers={"Content-Type": "image/png"})
    if received.headers.get("authorization") != f"Bearer {KEYS['replicate']}":
        said = "You did not pass a valid authentication token"
        return reply({"title": "Unauthenticated", "detail": said, "status": 401}, status=401)
    home = f"http://{received.headers['host']}"
    if received.method == "GET" and received.path.startswith("/v1/models/"):
        version = {"id": VERSION, "openapi_schema": SCHEMA}
        whole = "/versions/" in received.path
        return reply(version if whole else {"latest_version": version})
    if received.method == "GET":
        return reply(prediction(home, received.path.rpartition("/")[2], "succeeded"))
    if received.path.endswith("/cancel"):
        return reply(prediction(home, received.path.split("/")[3], "canceled"))
    count = json.loads(received.body)["input"].get("num_outputs", 1)
    number = f"p{next(_numbers)}x{count}"
    waited = received.headers.get("prefer", "").startswith("wait")
    return reply(prediction(home, number, "succeeded" if waited else "starting"), status=201)


def prediction(home: str, number: str, status: str) -> dict[str, Any]:
    api = f"{home}/v1/predictions/{number}"
    count = int(number.rpartition("x")[2])
    output = [f"{home}/pictures/{number}-{index}.png" for index in range(count)]
    urls = {"get": api, "cancel": f"{api}/cancel"}
    made = output if status == "succeeded" else None
    return {"id": number, "status": status, "output": made, "error": None, "urls": urls}


def together_ai(received: Received, picture: bytes) -> Reply:
    if received.headers.get("authorization") != f"Bearer {KEYS['together_ai']}":
        return wrong("Invalid API key provided", 401, type="invalid_request_error")
    if received.path != "/v1/images/generations":
        return wrong("Unable to find route", 404)
    asked = json.loads(received.body)
    if None in asked.values():
        return wrong("null is not allowed", 422)
    form = {"base64": "b64_json"}.get(asked.get("response_format"), "url")
    home = f"http://{received.headers['host']}"
    one = (
        {"b64_json": encoded(picture)} if form == "b64_json" else {"url": f"{home}/pictures/1.png"}
    )
    data = [{"index": index, "type": form, **one} for index in range(asked.get("n", 1))]
    return reply({"id": "o1", "model": asked["model"], "object": "list", "data": data})


KEYS = {
    "openai": "sk-0123456789abcdef",
    "azure": "az-0123456789abcdef",
    "bedrock": "AKIDEXAMPLE",
    "vertex_ai": "ya29.0123456789abcdef",
    "replicate": "r8_0123456789abcdef0123",
    "together_ai": "tg-0123456789abcdef",
}
VENDORS = {
    "openai": Vendor(
        answer=openai,
        key=KEYS["openai"],
        settings={"model": "openai/gpt-image-2", "api_key": KEYS["openai"]},
        buys="/images/generations",
    ),
    "azure": Vendor(
        answer=azure,
        key=KEYS["azure"],
        settings={
            "model": "azure/mine",
            "base_model": "gpt-image-2",
            "api_key": KEYS["azure"],
            "api_version": "2025-04-01-preview",
            "api_base": "https://my-resource.openai.azure.com",
        },
        buys="/images/generations",
    ),
    "bedrock": Vendor(
        answer=bedrock,
        key=KEYS["bedrock"],
        settings={
            "model": "bedrock/stability.stable-image-core-v1:1",
            "aws_access_key_id": KEYS["bedrock"],
            "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            "aws_region_name": "us-west-2",
        },
        buys="/invoke",
    ),
    "vertex_ai": Vendor(
        answer=vertex_ai,
        key=KEYS["vertex_ai"],
        settings={
            "model": "vertex_ai/gemini-3.1-flash-image",
            "access_token": KEYS["vertex_ai"],
            "vertex_project": "my-project",
        },
        buys=":generateContent",
    ),
    "replicate": Vendor(
        answer=replicate,
        key=KEYS["replicate"],
        settings={
            "model": "replicate/black-forest-labs/flux-schnell",
            "api_key": KEYS["replicate"],
        },
        buys="/predictions",
    ),
    "together_ai": Vendor(
        answer=together_ai,
        key=KEYS["together_ai"],
        settings={
            "model": "together_ai/black-forest-labs/FLUX.1-schnell",
            "response_format": "b64_json",
            "api_key": KEYS["together_ai"],
        },
        buys="/images/generations",
    ),
}


def serving(name: str, seconds: float = 0.0, picture: bytes = PNG) -> FakeServer:
    """Return a server that answers as the service *name*, each order after *seconds*."""
    vendor = VENDORS[name]

    def answer(received: Received) -> Reply:
        whole = vendor.answer(received, picture)
        ordered = received.method == "POST" and vendor.buys in received.path
        return evolve(whole, delay=seconds) if ordered else whole

    return FakeServer(answer)


if __name__ == "__main__":
    with serving(sys.argv[1], float(sys.argv[2]), of_size(int(sys.argv[3]))) as server:
        print(server.url, flush=True)
        sys.stdin.read()
