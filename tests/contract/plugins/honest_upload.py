"""A provider to which pictures are uploaded first, that wants its key in the body, and whose
jobs live at another host that needs no key.
"""

import json
import logging

from attrs import evolve

from impasto import hookimpl
from impasto.types import Image, ImageResponse, Provider, Request, Setting

CONTRACT = (1, 0)
HOME = "https://api.upload.example"


@hookimpl
def describe():
    key = Setting(env=("UPLOAD_TOKEN",), secret=True, required=True)
    return Provider(name="upload", settings={"api_key": key}, auth=None, jobs=True)


@hookimpl
def translate_params(call):
    return call.translate("prompt", "n", "image", response_format="as")


@hookimpl
def build_request(call, params):
    logging.getLogger(__name__).debug("an order for %s", call.model)
    order = {key: value for key, value in params.values.items() if key != "image"}
    if call.kind == "generate":
        return _order({"order": order})
    picture = params["image"][0]
    return Request(url=f"{HOME}/files", form={"file": picture}, state={"order": order}, buys=False)


def _order(state, **more):
    return Request(url=f"{HOME}/orders", json={**state["order"], **more}, state=state)


@hookimpl
def authorize(request, credentials):
    import honest_sdk  # late, because such libraries take their time

    if request.headers["Content-Type"] != "application/json":
        return request
    body = honest_sdk.merged(json.loads(request.body), credentials["api_key"])
    return evolve(request, body=json.dumps(body).encode())


@hookimpl
def parse_response(request, response):
    body = response.json()
    if "file" in body:
        return _order(request.state, file=body["file"])
    if "job" in body:
        return request.follow(f"https://jobs.upload.example/{body['job']}", after=1.0)
    return ImageResponse(data=[Image(b64_json=one) for one in body["data"]])
