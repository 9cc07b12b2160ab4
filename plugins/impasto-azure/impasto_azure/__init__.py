"""Azure OpenAI: https://learn.microsoft.com/azure/foundry/openai/how-to/dall-e"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping

from impasto import gpt_image, hookimpl, openai_wire
from impasto.errors import ContentPolicyViolationError, ImpastoError, UnsupportedParamsError
from impasto.types import (
    COMMON,
    Call,
    Credentials,
    ImageResponse,
    Json,
    Params,
    Partial,
    Provider,
    Request,
    Response,
    Setting,
    Settings,
)
from impasto_azure import _credentials
from impasto_azure._endpoint import endpoint

CONTRACT = (1, 0)

_OPERATIONS = {"generate": "generations", "edit": "edits"}
# With the code contentFilter the message alone tells the picture's filter from the prompt's: the
# same page, "API call rejection" (of 2026-03-20).
_OF_THE_PICTURE = "Generated image was filtered as a result of our safety system"


@hookimpl
def describe() -> Provider:
    return Provider(
        name="azure",
        title="Azure OpenAI",
        settings={
            # The names that openai-python reads go first, then those of LiteLLM and @ai-sdk/azure.
            "api_base": Setting(
                env=("AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"),
                url=True,
                group="place",
                note="the resource's URL, or the whole one of a deployment",
            ),
            "azure_endpoint": Setting(url=True, group="place", note="the SDK's word for api_base"),
            "azure_resource_name": Setting(env=("AZURE_RESOURCE_NAME",), group="place"),
            "azure_deployment": Setting(note="where it is not the model's name that says it"),
            "api_version": Setting(
                env=("OPENAI_API_VERSION", "AZURE_API_VERSION", "AZURE_OPENAI_API_VERSION")
            ),
            "api_key": Setting(
                env=("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"), secret=True, group="key"
            ),
            "azure_ad_token": Setting(
                env=("AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN"), secret=True, group="key"
            ),
            "azure_ad_token_provider": Setting(
                secret=True, group="key", note="a function that returns a token, async or not"
            ),
            "client_secret": Setting(env=("AZURE_CLIENT_SECRET",), secret=True, group="key"),
            "tenant_id": Setting(env=("AZURE_TENANT_ID",)),
            "client_id": Setting(env=("AZURE_CLIENT_ID",)),
            "azure_scope": Setting(note="what a token of Entra ID is for"),
        },
        auth=None,  # one of two headers; authorize() knows which
        docs="https://learn.microsoft.com/azure/foundry/openai/how-to/dall-e",
    )


@hookimpl
def resolve_model(model: str) -> str:
    # Whoever deploys a model names the deployment, so its name proves nothing: it is not looked
    # up, and base_model says which model it is.  It only tells whose words are spoken.
    return "dall-e-?" if re.search("(?i)dall-?e", model) else "gpt-image-?"


@hookimpl
def translate_params(call: Call) -> Params:
    if call.kind not in _OPERATIONS:
        raise UnsupportedParamsError(
            "Azure OpenAI has no variations; image_edit() makes another picture of it",
            param="image",
        )
    if gpt_image.is_name(call.catalogue_name):
        return gpt_image.translate(call)
    return call.translate(*COMMON)


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    place = endpoint(call.settings)
    deployment = str(call.settings.get("azure_deployment") or call.model)
    fields = dict(params.values)
    if place.is_v1:  # in the classic form the URL names it, and some models refuse the field
        fields["model"] = deployment
    if gpt_image.is_name(call.catalogue_name) and gpt_image.streams(call):
        fields["stream"] = True
    send = openai_wire.generation if call.kind == "generate" else openai_wire.edit
    return send(place.url(_OPERATIONS[call.kind], deployment), fields)


@hookimpl
def get_credentials(settings: Settings) -> Credentials | Awaitable[Credentials]:
    return _credentials.found(settings)


@hookimpl
def authorize(request: Request, credentials: Credentials) -> Request:
    if "token" in credentials:
        return request.with_headers({"Authorization": f"Bearer {credentials['token']}"})
    return request.with_headers({"api-key": credentials["key"]})


@hookimpl
def parse_response(response: Response) -> ImageResponse | Request:
    return openai_wire.answer(response)


@hookimpl
def parse_event(event: Mapping[str, Json]) -> Partial | ImageResponse | None:
    return openai_wire.event(event)


@hookimpl
def map_error(response: Response) -> ImpastoError | None:
    error = openai_wire.error(response)
    if isinstance(error, ContentPolicyViolationError) and error.code == "contentFilter":
        picture = error.message.rstrip(".") == _OF_THE_PICTURE
        error.stage = error.stage or ("output" if picture else "input")
    return error
