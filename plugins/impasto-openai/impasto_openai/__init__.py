"""OpenAI: https://platform.openai.com/docs/api-reference/images"""

from __future__ import annotations

from collections.abc import Mapping

from impasto import gpt_image, hookimpl, openai_wire
from impasto.errors import ImpastoError
from impasto.types import (
    COMMON,
    Call,
    ImageResponse,
    Json,
    Params,
    Partial,
    Provider,
    Request,
    Response,
    Setting,
)

CONTRACT = (1, 0)

_ENDPOINTS = {"generate": "generations", "edit": "edits", "vary": "variations"}
_ACCOUNT = {"organization": "OpenAI-Organization", "project": "OpenAI-Project"}


@hookimpl
def describe() -> Provider:
    return Provider(
        name="openai",
        title="OpenAI",
        settings={
            "api_key": Setting(
                env=("OPENAI_API_KEY",), secret=True, required=True, unless="api_base"
            ),
            "api_base": Setting(
                # The SDK's name first, then the one that LiteLLM documents and ignores.
                env=("OPENAI_BASE_URL", "OPENAI_API_BASE"),
                default="https://api.openai.com/v1",
                url=True,
                note="a gateway, or any server that speaks OpenAI's dialect",
            ),
            # The SDK's name first, then LiteLLM's.
            "organization": Setting(env=("OPENAI_ORG_ID", "OPENAI_ORGANIZATION")),
            "project": Setting(env=("OPENAI_PROJECT_ID",)),
        },
        default_model="gpt-image-2",
        docs="https://platform.openai.com/docs/guides/image-generation",
    )


@hookimpl
def resolve_model(model: str) -> str:
    # Gateways put the vendor in front: "openai/gpt-image-2" with api_base is gpt-image-2.
    return model.rpartition("/")[2]


@hookimpl
def translate_params(call: Call) -> Params:
    if _is_gpt_image(call):
        return gpt_image.translate(call, user=_user(call))
    # DALL-E has these names from the catalogue; a model that nobody listed belongs to a server
    # that speaks the dialect, and most of those take seed and negative_prompt by these names.
    return call.translate(*COMMON)


def _is_gpt_image(call: Call) -> bool:
    return gpt_image.is_name(call.card.name if call.card else resolve_model(call.model))


def _user(call: Call) -> str:
    """Return the field for *user*, which gives way to safety_identifier, as on the server."""
    newer = "safety_identifier"
    return "user" if call.extra.get(newer) else newer


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    url = openai_wire.images_url(call.settings["api_base"], _ENDPOINTS[call.kind])
    fields = {"model": call.model, **params.values}
    if _is_gpt_image(call) and gpt_image.streams(call):
        fields["stream"] = True
    send = openai_wire.generation if call.kind == "generate" else openai_wire.edit
    return send(url, fields, _account(call.settings))


def _account(settings: Mapping[str, Json]) -> dict[str, str]:
    return {header: settings[name] for name, header in _ACCOUNT.items() if name in settings}


@hookimpl
def parse_response(response: Response) -> ImageResponse | Request:
    return openai_wire.answer(response)


@hookimpl
def parse_event(event: Mapping[str, Json]) -> Partial | ImageResponse | None:
    return openai_wire.event(event)


@hookimpl
def map_error(response: Response) -> ImpastoError | None:
    return openai_wire.error(response)
