"""Replicate: https://replicate.com/docs/reference/http"""

from __future__ import annotations

from impasto import hookimpl
from impasto.errors import ImpastoError
from impasto.types import (
    Call,
    ImageResponse,
    Model,
    Params,
    Provider,
    Request,
    Response,
    Setting,
)
from impasto_replicate import _errors, _orders, _predictions, _references, _schemas, _words

CONTRACT = (1, 0)


@hookimpl
def describe() -> Provider:
    return Provider(
        name="replicate",
        title="Replicate",
        settings={
            "api_key": Setting(
                # The SDK's name first, then the one that LiteLLM documents.
                env=("REPLICATE_API_TOKEN", "REPLICATE_API_KEY"),
                secret=True,
                required=True,
                unless="api_base",
            ),
            "api_base": Setting(
                env=("REPLICATE_BASE_URL", "REPLICATE_API_BASE"),
                default="https://api.replicate.com",
                url=True,
                note="a gateway; with or without /v1",
            ),
            "wait": Setting(note="True: up to a minute in one request; seconds, 1 to 60; False"),
            "poll_interval": Setting(
                env=("REPLICATE_POLL_INTERVAL",), default=0.5, note="seconds before the first poll"
            ),
            "file_encoding_strategy": Setting(
                note='"base64" or "url", for every picture; by default the larger ones are uploaded'
            ),
            "check_schema": Setting(
                default=True, note="False: no look at the schema of a model that nobody listed"
            ),
        },
        default_model="black-forest-labs/flux-schnell",
        docs="https://replicate.com/docs",
    )


@hookimpl
def resolve_model(model: str) -> str:
    return model.partition(":")[0]


@hookimpl
def learn(call: Call) -> Request | None:
    return _references.schema_request(call)


@hookimpl
def read_card(call: Call) -> Model | None:
    return None if call.learned is None else _schemas.card(call, call.learned)


@hookimpl
def translate_params(call: Call) -> Params:
    return _words.translate(call)


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    return _orders.begin(call, params)


@hookimpl
def parse_response(call: Call, request: Request, response: Response) -> ImageResponse | Request:
    if request.step == "upload":
        return _orders.go_on(call, request, response.json())
    if request.step == "download":
        return _predictions.downloaded(call, request, response)
    return _predictions.read(call, request, response.json())


@hookimpl
def map_error(request: Request, response: Response) -> ImpastoError | None:
    return _errors.of_response(request, response)


@hookimpl
def build_cancel(call: Call, request: Request) -> Request | None:
    return _predictions.cancel(call, request)
