"""A provider some of whose edits take no prompt, and all of whose edits keep the picture's size."""

from impasto import hookimpl
from impasto.rules import one_picture, refuse, width_and_height
from impasto.types import Image, ImageResponse, Provider, Request

CONTRACT = (1, 0)


@hookimpl
def describe():
    return Provider(name="upscaler", auth=None)


@hookimpl
def translate_params(call):
    listed = call.card is None or "prompt" in call.card.parameters
    silent = not listed or call.extra.get("task") == "clean"
    return call.translate(
        "seed",
        prompt=refuse("no prompt is taken for that") if silent else "text",
        size=width_and_height,
        image=one_picture("picture", lambda file: file.base64),
    )


@hookimpl
def build_request(call, params):
    return Request(url="https://upscaler.example/", json={"model": call.model, **params.values})


@hookimpl
def parse_response(response):
    return ImageResponse(data=[Image(b64_json=response.json()["picture"])])
