"""A provider without a key and without models.json, whose answer is the picture itself."""

from urllib.parse import quote, urlencode

from impasto import hookimpl
from impasto.rules import always, width_and_height
from impasto.types import Image, ImageResponse, Provider, Request

CONTRACT = (1, 0)


@hookimpl
def describe():
    return Provider(name="bare", auth=None)


@hookimpl
def translate_params(call):
    return call.translate(
        "prompt", "seed", size=width_and_height, response_format=always("b64_json")
    )


@hookimpl
def build_request(call, params):
    query = dict(params.values)
    path = quote(query.pop("prompt"), safe="")
    asked = urlencode({"model": call.model, **query}, doseq=True)
    return Request(url=f"https://bare.example/p/{path}?{asked}", method="GET")


@hookimpl
def parse_response(response):
    if response.content_type not in ("image/png", "image/jpeg"):
        raise ValueError(f"{response.content_type} is no picture")
    return ImageResponse(data=[Image(content=response.body)])
