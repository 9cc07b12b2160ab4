"""Google Vertex AI: https://cloud.google.com/vertex-ai/generative-ai/docs"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime

from attrs import evolve

from impasto import hookimpl
from impasto.errors import BadRequestError, ImpastoError
from impasto.types import (
    Call,
    Credentials,
    ImageResponse,
    Json,
    Model,
    Params,
    Partial,
    Provider,
    Request,
    Response,
    Setting,
    Settings,
)
from impasto_vertex import _credentials, _errors, _gemini, _imagen, _resource

CONTRACT = (1, 0)

# Every model of these families is asked with predict, every other one with generateContent.
_IMAGEN = ("imagen", "imagegeneration", "virtual-try-on")
# Settings that say who asks, so that a key from the environment is not needed.
_WHO = (
    "vertex_project",
    "vertex_ai_project",
    "vertex_credentials",
    "vertex_ai_credentials",
    "access_token",
)


@hookimpl
def describe() -> Provider:
    return Provider(
        name="vertex_ai",
        title="Google Vertex AI",
        settings={
            "api_key": Setting(
                env=("GOOGLE_API_KEY",),
                secret=True,
                group="account",
                yields_to=_WHO,  # many have one that is for the Gemini API alone
                note="express mode: the key knows its project",
            ),
            "access_token": Setting(secret=True, note="or a function, sync or async, for it"),
            "vertex_credentials": Setting(
                env=("VERTEXAI_CREDENTIALS", "VERTEX_CREDENTIALS"),
                secret=True,
                file=True,
                group="credentials",
                note="a file, JSON, a dict, or google-auth's Credentials",
            ),
            "vertex_ai_credentials": Setting(secret=True, file=True, group="credentials"),
            "vertex_project": Setting(
                env=("VERTEXAI_PROJECT", "VERTEX_AI_PROJECT", "GOOGLE_CLOUD_PROJECT"),
                group="account",
            ),
            "vertex_ai_project": Setting(group="account"),
            "vertex_location": Setting(
                env=("VERTEXAI_LOCATION", "VERTEX_AI_LOCATION", "GOOGLE_CLOUD_LOCATION"),
                group="location",
            ),
            "vertex_ai_location": Setting(group="location"),
            "quota_project": Setting(note="who pays, where it is not the credentials' own"),
            "api_base": Setting(env=("GOOGLE_VERTEX_BASE_URL",), url=True),
            "api_version": Setting(
                env=("GOOGLE_GENAI_API_VERSION",),
                # Google's documents have v1, with the same fields; its SDK sends all of these
                # calls to v1beta1, in both of its major versions.
                default="v1beta1",
            ),
        },
        auth=None,
        default_model="gemini-nano-banana-2.1",
        docs="https://cloud.google.com/vertex-ai/generative-ai/docs/image/overview",
    )


@hookimpl
def resolve_model(model: str) -> str | None:
    return _resource.catalogue_name(model)


@hookimpl
def read_card(call: Call) -> Model | None:
    if call.card is not None:
        return None
    if _resource.is_endpoint(call.catalogue_name):
        raise BadRequestError(
            f"{call.model} does not say which model stands behind it; pass base_model=..., "
            "such as 'gemini-2.5-flash-image'",
            param="base_model",
        )
    most, sizes = (4, _imagen.SIZES) if _is_imagen(call) else (1, _gemini.SIZES)
    return Model(name=call.catalogue_name, kinds=("generate", "edit"), max_images=most, sizes=sizes)


def _is_imagen(call: Call) -> bool:
    return call.catalogue_name.startswith(_IMAGEN)


@hookimpl
def translate_params(call: Call) -> Params:
    return _imagen.translate(call) if _is_imagen(call) else _gemini.translate(call)


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    quota = call.settings.get("quota_project")
    headers = {"x-goog-user-project": quota} if quota else {}
    if _is_imagen(call):
        body = _imagen.body(call, params)
        asked = body.get("parameters", {}).get("sampleCount")
        url = _resource.url(call.settings, call.model, "predict")
        return Request(url=url, json=body, headers=headers, state={"asked": asked})
    # Not streamGenerateContent, even with call.stream: nobody documents partial pictures, and
    # where the one that has the picture is not the last chunk, usage and cost would be lost.
    url = _resource.url(call.settings, call.model, "generateContent")
    return Request(url=url, json=_gemini.body(params), headers=headers)


@hookimpl
def get_credentials(settings: Settings) -> Credentials | Awaitable[Credentials]:
    return _credentials.find(settings)


@hookimpl
def authorize(request: Request, credentials: Credentials, now: datetime) -> Request:
    if "token" not in credentials:
        request = evolve(request, url=_resource.without_project(request.url))
        key = credentials.get("api_key")
        return request.with_headers({"x-goog-api-key": key}) if key else request
    url = _resource.completed(request.url, credentials.facts.get("project"))
    if url is None:
        raise BadRequestError(
            "neither the settings nor the credentials say which project: pass vertex_project=... "
            "or set VERTEXAI_PROJECT",
            param="vertex_project",
        )
    headers = {"Authorization": f"Bearer {credentials['token']}"}
    if "quota_project" in credentials.facts:
        headers["x-goog-user-project"] = credentials.facts["quota_project"]
    return evolve(request, url=url).with_headers(headers)


@hookimpl
def parse_response(call: Call, request: Request, response: Response) -> ImageResponse | Request:
    if _is_imagen(call):
        return _imagen.answer(response, request.state.get("asked"))
    return _gemini.answer(response)


@hookimpl
def parse_event(event: Mapping[str, Json]) -> Partial | ImageResponse | None:
    return _gemini.event(event)


@hookimpl
def map_error(response: Response) -> ImpastoError | None:
    return _errors.error(response)
