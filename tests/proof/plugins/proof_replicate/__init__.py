"""Replicate: https://replicate.com/docs/reference/http"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from impasto import hookimpl
from impasto.errors import APIError, ContentPolicyViolationError, UnsupportedParamsError
from impasto.rules import Rule, always, as_ratio, width_and_height
from impasto.types import (
    AnySize,
    Call,
    Image,
    ImageFile,
    ImageResponse,
    Json,
    Model,
    Parameter,
    Params,
    Provider,
    Request,
    Response,
    Setting,
    Sizes,
)

CONTRACT = (1, 0)

# What models call the common parameters, the commonest name first.
_NAMES = {
    "prompt": ("prompt", "text", "caption"),
    "image": ("image", "input_image"),
    "n": ("num_outputs", "num_images", "number_of_images"),
    "seed": ("seed",),
    "negative_prompt": ("negative_prompt",),
    "output_format": ("output_format",),
    "output_compression": ("output_quality",),
}
_REFUSALS = ("nsfw", "flagged as sensitive", "(e005)")  # as cog-flux, cog-sdxl and others say it
_INLINE = 256_000  # bytes; what is larger is to be uploaded, says the reference of "input"
_UNCHECKED = (
    "nothing says of which model this is a version, so nothing was checked against its schema"
)


@hookimpl
def describe() -> Provider:
    return Provider(
        name="replicate",
        settings={
            "api_key": Setting(env=("REPLICATE_API_TOKEN",), secret=True, required=True),
            "api_base": Setting(
                env=("REPLICATE_BASE_URL",), default="https://api.replicate.com", url=True
            ),
        },
        default_model="black-forest-labs/flux-schnell",
    )


@hookimpl
def resolve_model(model: str) -> str:
    return model.partition(":")[0]


@hookimpl
def learn(call: Call) -> Request | None:
    name, _, version = call.model.partition(":")
    if "/" not in name:
        return None  # a version alone does not say of which model it is
    path = f"/models/{name}/versions/{version}" if version else f"/models/{name}"
    return Request(url=_url(call, path), method="GET")


def _url(call: Call, path: str) -> str:
    return f"{call.settings['api_base'].removesuffix('/v1')}/v1{path}"


@hookimpl
def read_card(call: Call) -> Model | None:
    if call.learned is None:
        return None
    version = call.learned.get("latest_version", call.learned)
    schemas = version["openapi_schema"]["components"]["schemas"]
    fields, required = schemas["Input"]["properties"], schemas["Input"].get("required", ())
    names = {
        common: name
        for common, candidates in _NAMES.items()
        for name in [one for one in candidates if one in fields][:1]
    }
    own = {name: name for name in fields if name not in names.values()}
    parameters = {
        caller: _parameter(fields[name], schemas, required=name in required)
        for caller, name in {**own, **names}.items()
    }
    if "image" in parameters:  # a URL in the model's words, pictures in the caller's
        needed = parameters["image"].required
        parameters["image"] = Parameter(type="array", max_length=1, required=needed)
    official = call.learned.get("is_official", "latest_version" not in call.learned)
    return Model(
        name=call.model,
        kinds=("generate", "edit") if "image" in parameters else ("generate",),
        parameters=parameters,
        sizes=_sizes(fields, parameters.get("aspect_ratio")),
        max_images=int(parameters["n"].maximum or 1) if "n" in names else 1,
        facts={"names": names, "version": None if official else version["id"]},
    )


def _parameter(field: Json, schemas: Mapping[str, Json], *, required: bool) -> Parameter:
    for part in field.get("allOf", ()):  # lists of values stand beside the input
        field = {**schemas[part["$ref"].rpartition("/")[2]], **field}
    return Parameter(
        type=field["type"],
        values=tuple(field["enum"]) if "enum" in field else None,
        minimum=field.get("minimum"),
        maximum=field.get("maximum"),
        required=required,
    )


def _sizes(fields: Mapping[str, Json], ratio: Parameter | None) -> Sizes | None:
    if "width" in fields:
        width = fields["width"]
        return Sizes(any=AnySize(min_edge=width.get("minimum", 1), max_edge=width.get("maximum")))
    words = ratio.values if ratio is not None else None
    return Sizes(ratios={word: {} for word in words if ":" in word}) if words else None


@hookimpl
def translate_params(call: Call) -> Params:
    names = _facts(call).get("names") or {common: names[0] for common, names in _NAMES.items()}
    rules: dict[str, Rule] = {**names, "response_format": always("url")}
    if "image" in names:
        rules["image"] = _one_picture(names["image"])
    if call.card is not None and call.card.sizes is not None:
        ratios = call.card.sizes.ratios
        rules["size"] = as_ratio(call, "aspect_ratio") if ratios else width_and_height
    return call.translate(**rules)


def _facts(call: Call) -> Mapping[str, Any]:
    return call.card.facts if call.card is not None else {}


def _one_picture(name: str) -> Rule:
    def rule(images: tuple[ImageFile, ...]) -> Mapping[str, Json | ImageFile]:
        if len(images) > 1:
            raise UnsupportedParamsError(f"takes one picture, not {len(images)}")
        return {name: images[0].data_url if len(images[0].data) <= _INLINE else images[0]}

    return rule


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    name, _, version = call.model.partition(":")
    version = version or _facts(call).get("version") or ("" if "/" in name else name)
    url = _url(call, "/predictions" if version else f"/models/{name}/predictions")
    order: dict[str, Any] = {"version": version} if version else {}  # official models refuse one
    order["input"] = dict(params.values)
    for field, picture in params.values.items():
        if isinstance(picture, ImageFile):
            del order["input"][field]
            return Request(
                url=_url(call, "/files"),
                form={"content": picture},
                buys=False,
                step="upload",
                state={"url": url, "order": order, "field": field},
            )
    return _order(call, url, order)


def _order(call: Call, url: str, order: Mapping[str, Json]) -> Request:
    # Without a number of seconds it waits for a minute, the longest there is.
    headers = {} if call.detached else {"Prefer": "wait"}
    return Request(url=url, json=order, headers=headers, step="create")


@hookimpl
def parse_response(call: Call, request: Request, response: Response) -> ImageResponse | Request:
    body = response.json()
    if request.step == "upload":
        order, field = request.state["order"], request.state["field"]
        values = {**order["input"], field: body["urls"]["get"]}
        return _order(call, request.state["url"], {**order, "input": values})
    urls = list(dict.fromkeys(_urls(body.get("output"))))
    if urls or body["status"] == "succeeded":
        notes = () if "/" in call.model else (_UNCHECKED,)
        return ImageResponse(data=[Image(url=url) for url in urls], notes=notes)
    if body["status"] in ("starting", "processing"):
        return request.follow(
            body["urls"]["get"],
            step="poll",
            state={"cancel": body["urls"]["cancel"]},
            after=min(5.0, max(0.5, request.after * 1.5)),  # the SDK begins with 0.5 s
            progress=body["status"],
        )
    said = str(body.get("error") or f"the prediction is {body['status']}")
    if any(word in said.lower() for word in _REFUSALS):
        raise ContentPolicyViolationError(said, code=body["status"])
    raise APIError(said, code=body["status"])


def _urls(output: Json) -> Iterator[str]:
    """Yield the URLs in *output*, which is a text, a list or an object, as the model likes."""
    if isinstance(output, str) and output.startswith(("https:", "http:", "data:")):
        yield output
    elif isinstance(output, (list, dict)):
        for one in output.values() if isinstance(output, dict) else output:
            yield from _urls(one)


@hookimpl
def build_cancel(request: Request) -> Request:
    return request.follow(request.state["cancel"], method="POST", step="cancel")
