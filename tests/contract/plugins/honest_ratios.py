"""A provider with blocking credentials, signatures, the model in the path, and ratios."""

import hashlib
import hmac
import os
import time
from urllib.parse import quote

from impasto import hookimpl
from impasto.errors import UnsupportedParamsError
from impasto.rules import Mapped, always, as_ratio
from impasto.types import Credentials, Image, ImageResponse, Provider, Request, Setting

CONTRACT = (1, 0)
HOME = "https://region-1.ratios.example"


@hookimpl
def describe():
    return Provider(
        name="ratios",
        settings={"secret_key": Setting(env=("RATIOS_KEY",), secret=True), "region": Setting()},
        auth=None,
        default_model="wide:1",
    )


@hookimpl
def resolve_model(model):
    return model.rpartition("/")[2]


@hookimpl
def translate_params(call):
    def quality(value):
        return Mapped({}, "what it does by itself") if value == "normal" else {"steps": 50}

    def compression(value):
        if call.output_format != "jpeg":
            raise UnsupportedParamsError("only a jpeg is compressed; set output_format='jpeg'")
        return {"compression": value}

    return call.translate(
        *("prompt", "seed"),
        output_format=lambda value: {"mime": f"image/{value}"},
        output_compression=compression,
        quality=quality,
        size=as_ratio(call, "ratio", "tier"),
        response_format=always("b64_json"),
    )


@hookimpl
def build_request(call, params):
    fields = dict(params.values)
    model = call.card.name if call.card is not None else call.model
    text = {"prompt": fields.pop("prompt")}
    body = (
        {"text": text, "config": {"steps": 20, **fields}}
        if model == "wide:1"
        else {**text, **fields}
    )
    return Request(url=f"{HOME}/model/{quote(call.model, safe='')}/invoke", json=body)


@hookimpl
async def get_credentials(settings):
    time.sleep(0.001)
    found = settings.get("secret_key") or os.environ["RATIOS_KEY"]
    return Credentials({"secret_key": found}, expires_at=time.time() + 3600)


@hookimpl
def authorize(request, credentials, now):
    stamp = now.strftime("%Y%m%dT%H%M%SZ").encode()
    key = credentials["secret_key"].encode()
    signature = hmac.new(key, stamp + request.body, hashlib.sha256).hexdigest()
    return request.with_headers({"X-Date": stamp.decode(), "X-Signature": signature})


@hookimpl
def parse_response(response):
    return ImageResponse(data=[Image(b64_json=one) for one in response.json()["images"]])
