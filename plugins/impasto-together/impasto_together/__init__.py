"""Together AI: https://docs.together.ai/reference/post-images-generations"""

from __future__ import annotations

from impasto import hookimpl, openai_wire
from impasto.errors import ImpastoError
from impasto.types import (
    Call,
    ImageResponse,
    Params,
    Provider,
    Request,
    Response,
    Setting,
)
from impasto_together import _answers, _parameters

CONTRACT = (1, 0)


@hookimpl
def describe() -> Provider:
    return Provider(
        name="together_ai",
        title="Together AI",
        settings={
            "api_key": Setting(
                env=(
                    "TOGETHER_API_KEY",  # the SDK's, and the first that LiteLLM reads
                    "TOGETHER_AI_API_KEY",
                    "TOGETHERAI_API_KEY",
                    "TOGETHER_AI_TOKEN",
                ),
                secret=True,
                required=True,
            ),
            "api_base": Setting(
                env=("TOGETHER_BASE_URL",),
                default="https://api.together.ai/v1",
                url=True,
                note="a host alone gets /v1: the SDK leaves it out since 3.0 and wanted it before",
            ),
        },
        default_model="black-forest-labs/FLUX.1-schnell",
        docs="https://docs.together.ai/docs/images-overview",
    )


@hookimpl
def translate_params(call: Call) -> Params:
    return _parameters.translate(call)


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    # Edits go to the same endpoint, their pictures in the JSON.
    url = openai_wire.images_url(call.settings["api_base"], "generations")
    return openai_wire.generation(url, {"model": call.model, **params.values})


@hookimpl
def parse_response(response: Response) -> ImageResponse:
    return _answers.pictures(response)


@hookimpl
def map_error(response: Response) -> ImpastoError | None:
    return _answers.error(response)
