"""Oil: a provider of jobs that paints and edits; small, and as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto import hookimpl
from impasto.errors import (
    APIError,
    ContentPolicyViolationError,
    ImpastoError,
    UnsupportedParamsError,
    class_of_status,
)
from impasto.rules import always, width_and_height
from impasto.types import (
    Call,
    Image,
    ImageResponse,
    Params,
    Partial,
    Provider,
    Request,
    Response,
    Setting,
)

CONTRACT = (1, 0)


@hookimpl
def describe() -> Provider:
    return Provider(
        name="oil",
        settings={
            "api_key": Setting(env=("OIL_KEY",), secret=True, required=True),
            "api_base": Setting(default="https://api.oil.example/v1", url=True),
        },
        default_model="oil-2",
    )


@hookimpl
def translate_params(call: Call) -> Params:
    def background(value: str) -> Mapping[str, str]:
        if value == "transparent" and call.output_format == "jpeg":
            raise UnsupportedParamsError("a jpeg has no alpha channel")
        return {"background": value}

    return call.translate(
        *("prompt", "n", "seed", "quality", "image", "mask"),
        size=width_and_height,
        background=background,
        output_format="format",
        response_format=always("url"),
    )


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    fields = {"model": call.model, **params.values}
    if call.kind == "edit":
        return Request(url=_url(call, "edits"), form=fields, step="submit")
    if call.stream:
        fields["stream"] = True
    return Request(url=_url(call, "jobs"), json=fields, step="submit")


def _url(call: Call, path: str) -> str:
    return f"{call.settings['api_base']}/{path}"


@hookimpl
def parse_response(call: Call, request: Request, response: Response) -> ImageResponse | Request:
    body = response.json()
    match body["state"]:
        case "done":
            return ImageResponse(data=[Image(url=url) for url in body["pictures"]])
        case "refused":
            raise ContentPolicyViolationError(body["why"], stage="output")
        case "failed":
            raise APIError(body["why"])
        case "painting" as state:
            job = body["job"]
            url = _url(call, f"jobs/{job}")
            return request.follow(url, step="poll", state={"job": job}, after=2.0, progress=state)
    raise ValueError(f"no such state: {body['state']!r}")


@hookimpl
def parse_event(event: Mapping[str, Any]) -> Partial | ImageResponse | None:
    said = event["data"]
    if "sketch" in said:
        return Partial(image=Image(url=said["sketch"]))
    if "picture" in said:
        return ImageResponse(data=[Image(url=said["picture"])])
    return None


@hookimpl
def map_error(response: Response) -> ImpastoError | None:
    try:
        error = response.json()["error"]
        code, message = str(error["code"]), str(error["message"])
    except (LookupError, TypeError, ValueError):
        return None
    if code == "blocked":
        return ContentPolicyViolationError(message, code=code, stage="input")
    return class_of_status(response.status)(message, code=code)


@hookimpl
def build_cancel(call: Call, request: Request) -> Request:
    return request.follow(_url(call, f"jobs/{request.state['job']}/cancel"), method="POST")
