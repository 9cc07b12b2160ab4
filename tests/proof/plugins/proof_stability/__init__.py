"""Stability AI: https://platform.stability.ai/docs/api-reference"""

from __future__ import annotations

from impasto import hookimpl
from impasto.errors import ContentPolicyViolationError, ImpastoError, class_of_status
from impasto.rules import always, as_ratio
from impasto.types import (
    Call,
    Image,
    ImageResponse,
    Model,
    Params,
    Provider,
    Request,
    Response,
    Setting,
)

CONTRACT = (1, 0)


@hookimpl
def describe() -> Provider:
    return Provider(
        name="stability",
        settings={
            "api_key": Setting(env=("STABILITY_API_KEY",), secret=True, required=True),
            "api_base": Setting(default="https://api.stability.ai", url=True),
        },
        default_model="core",
    )


@hookimpl
def read_card(call: Call) -> Model | None:
    if call.card is not None:
        return None
    task = "edit" if call.kind == "edit" else "generate"
    path = "sd3" if call.model.startswith("sd3") else call.model  # all of SD 3 share one
    return Model(name=call.model, max_images=1, facts={"path": f"{task}/{path}"})


@hookimpl
def translate_params(call: Call) -> Params:
    return call.translate(
        *("prompt", "negative_prompt", "seed", "output_format", "image"),
        mask=lambda mask: {"mask": mask.as_white()},
        style="style_preset",
        size=as_ratio(call, "aspect_ratio"),
        user="stability-client-user-id",
        response_format=always("b64_json"),
    )


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    fields, headers = dict(params.values), {"Accept": "image/*"}
    if "stability-client-user-id" in fields:
        headers["stability-client-user-id"] = fields.pop("stability-client-user-id")
    if call.model.startswith("sd3"):
        fields["model"] = call.model
    assert call.card is not None
    url = f"{call.settings['api_base']}/v2beta/stable-image/{call.card.facts['path']}"
    return Request(url=url, form=fields, headers=headers)


@hookimpl
def parse_response(response: Response) -> ImageResponse:
    if response.headers.get("finish-reason") == "CONTENT_FILTERED":  # the picture is blurred
        raise ContentPolicyViolationError("the picture was filtered", stage="output")
    seed = response.headers.get("seed")
    image = Image(content=response.body, seed=int(seed) if seed else None)
    if image.mime is None:
        raise ValueError("it is no picture")
    return ImageResponse(data=[image])


@hookimpl
def map_error(response: Response) -> ImpastoError | None:
    body = response.json()
    message, code = "; ".join(body["errors"]), str(body["name"])
    if code == "content_moderation":
        return ContentPolicyViolationError(message, code=code, stage="input")
    return class_of_status(response.status)(message, code=code)
